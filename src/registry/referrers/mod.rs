//! What refers to a manifest: signatures, attestations, SBOMs (OCI distribution spec 1.1 §Listing Referrers).
//!
//! Registries without that API keep the list under a tag ([`fallback`]). Whether a host has the API is found out
//! once a run. Only an answer that says so means that there is none; any other refusal is an error, since a
//! signature that is not seen is lost without a word.

mod fallback;

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};

use http::header::{ACCEPT, CONTENT_TYPE};
use http::{HeaderValue, Method};
use serde::Deserialize;
use url::Url;

use super::Client;
use super::endpoint::{below, same_origin};
use super::error::{Error, Kind};
use super::tags::next_page;
use super::transport::{Answer, Call};
use crate::model::{Descriptor, Digest, Host, OCI_INDEX, Repository};

/// How many manifests may refer to one: more is no list that anybody reads.
const MOST: usize = 1000;
/// How many pages may name nothing.
const IN_VAIN: usize = 10;
/// The largest page: it is an index, as a manifest is.
const LIMIT: u64 = 4 << 20;

/// What a run knows of the hosts' referrers APIs.
#[derive(Debug, Default)]
pub(super) struct Apis(Mutex<HashMap<Host, Arc<Api>>>);

#[derive(Debug, Default)]
struct Api {
    /// Held by the first who asks, while the others wait for what it finds out.
    first: tokio::sync::Mutex<()>,
    is_there: Mutex<Option<bool>>,
}

/// An OCI image index, as far as it matters here. Some registries say null where there is nothing.
#[derive(Deserialize)]
struct List {
    #[serde(rename = "schemaVersion")]
    _schema_version: u32,
    manifests: Option<Vec<Descriptor>>,
}

/// What one request was answered.
enum Asked {
    Page(Vec<Descriptor>, Option<Url>),
    /// This registry has no such API.
    NoApi,
    /// The registry says that it does not know the repository or the subject, which tells nothing about its API.
    UnknownSubject,
}

impl Apis {
    fn of(&self, host: &Host) -> Arc<Api> {
        let mut apis = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(apis.entry(host.clone()).or_default())
    }
}

impl Api {
    fn known(&self) -> Option<bool> {
        *self.is_there.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A host that was seen to have the API keeps it: what a single answer says to the contrary counts for that one.
    fn learn(&self, is_there: bool) {
        self.is_there.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(is_there);
    }
}

impl Client {
    /// What the registry lists as referring to `subject`, by its referrers API. None: it has no such API, or
    /// does not know the subject; then the tag [`Client::referrers_by_tag`] tells.
    ///
    /// # Errors
    /// Any refusal that does not say so, a list that is no index, leads in a circle or to another host, or names more
    /// than 1000.
    pub async fn referrers(
        &self,
        repository: &Repository,
        subject: &Digest,
    ) -> Result<Option<Vec<Descriptor>>, Error> {
        let api = self.shared.referrers.of(&repository.host);
        let mut first = None;
        if api.known().is_none() {
            first = Some(api.first.lock().await);
        }
        if api.known().is_some() {
            first = None;
        }
        if api.known() == Some(false) {
            return Ok(None);
        }
        let listed = self.list_referrers(repository, subject, &api).await;
        drop(first);
        listed
    }

    /// Whether `host` was found to have no referrers API.
    #[must_use]
    pub fn lacks_referrers(&self, host: &Host) -> bool {
        self.shared.referrers.of(host).known() == Some(false)
    }

    async fn list_referrers(
        &self,
        repository: &Repository,
        subject: &Digest,
        api: &Api,
    ) -> Result<Option<Vec<Descriptor>>, Error> {
        let mut url = below(&self.shared.options, repository, &format!("referrers/{subject}"))?;
        let call =
            |url: Url| Call::pull(self.role, Method::GET, repository, url, &what_of(repository, subject));
        let (mut pages, mut found) = (HashSet::new(), Vec::new());
        // A signature hangs on it, or those of all images: one such answer, which may be a mistake, is not believed.
        let mut doubted = false;
        loop {
            let mut call = call(url.clone());
            call.headers.append(ACCEPT, HeaderValue::from_static(OCI_INDEX));
            let (page, next) = match self.referrers_page(&call).await? {
                Asked::Page(page, next) => (page, next),
                Asked::NoApi | Asked::UnknownSubject if pages.is_empty() && !doubted => {
                    doubted = true;
                    continue;
                }
                Asked::NoApi if pages.is_empty() => {
                    api.learn(false);
                    return Ok(None);
                }
                Asked::UnknownSubject if pages.is_empty() => return Ok(None),
                Asked::NoApi | Asked::UnknownSubject => return Err(odd(&call, "ends in the middle")),
            };
            api.learn(true);
            pages.insert(url.clone());
            found.extend(page);
            let Some(next) = next else { break };
            if pages.contains(&next) || !same_origin(&next, &url) {
                return Err(odd(&call, "goes on at an earlier page or at another host"));
            }
            if found.len() > MOST {
                return Err(odd(&call, "names more than 1000 manifests"));
            }
            if pages.len() > found.len() + IN_VAIN {
                return Err(odd(&call, "goes on and on and names nothing"));
            }
            url = next;
        }
        let mut seen = HashSet::new();
        found.retain(|referrer| seen.insert(referrer.digest.clone()));
        if found.len() > MOST {
            return Err(odd(&call(url), "names more than 1000 manifests"));
        }
        Ok(Some(found))
    }

    /// Asks for one page; a page of another kind than an index is of a registry that does not know the address.
    async fn referrers_page(&self, call: &Call) -> Result<Asked, Error> {
        let page = async || {
            let mut answer = self.request_once(call).await?;
            let body = answer.bytes(LIMIT).await?;
            match serde_json::from_slice::<List>(&body) {
                Ok(list) => {
                    Ok(Asked::Page(list.manifests.unwrap_or_default(), next_page(&answer, &call.url)))
                }
                Err(_) if is_json(&answer) => Err(odd(call, "is no OCI image index")),
                Err(_) => Ok(Asked::NoApi),
            }
        };
        match self.shared.retry.run(page).await {
            Err(error) => match error.kind() {
                Kind::Refused(refused) if refused.knows_no_content() => Ok(Asked::UnknownSubject),
                Kind::Refused(refused) if refused.is_unsupported() => Ok(Asked::NoApi),
                _ => Err(error),
            },
            asked => asked,
        }
    }
}

fn what_of(repository: &Repository, subject: &Digest) -> String {
    format!("referrers of {repository}@{subject}")
}

fn odd(call: &Call, what: &str) -> Error {
    call.error(Kind::Answer(format!("the list of referrers {what}")))
}

fn is_json(answer: &Answer) -> bool {
    answer.text(CONTENT_TYPE.as_str()).is_some_and(|media_type| media_type.contains("json"))
}
