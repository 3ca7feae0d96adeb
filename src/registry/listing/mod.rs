//! Tag lists that carry digests: one request answers many tags, where a registry offers it.
//!
//! Whatever goes wrong here is no failure of anything: what a list does not answer is asked for
//! tag by tag. The first refusal ends it for that host. quay's API never sees a robot's login.

mod pages;
#[cfg(any(test, fuzzing))]
pub(crate) mod properties;

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use http::{HeaderMap, Method, StatusCode};
use url::Url;

use pages::{Answers, Page};

use super::auth::{Authorization, Holder};
use super::endpoint::{base, below};
use super::error::{Error, Kind};
use super::tags::next_page;
use super::transport::{Answer, Call};
use super::{Client, Options};
use crate::error::{Class, LoginName};
use crate::model::{Digest, Host, Repository, Tag};

/// Fewer tags than this are asked for one by one: a page may answer none of them.
const WORTH: usize = 8;

/// Tags a page of quay's, which gives no more.
const QUAY_PAGE: &str = "100";

/// Tags a page of Google's, as its own tools ask for; it gives fewer as it likes.
const GOOGLE_PAGE: &str = "10000";

/// The largest page.
const LIMIT: u64 = 16 << 20;

/// How a registry lists tags with digests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TagListing {
    /// `GET /api/v1/repository/NAME/tag/`, in pages.
    Quay,
    /// A `manifest` map in the answer to `GET /v2/NAME/tags/list`, in pages that a `Link` leads to.
    Google,
}

/// Which hosts have such lists, and which turned out not to give them to us.
#[derive(Debug)]
pub(super) struct Listings {
    named: Vec<(Host, TagListing)>,
    /// What quay's API takes, and the host that it is for: an OAuth token, which is no robot's login.
    token: Option<(Host, ApiToken)>,
    hosts: Mutex<HashMap<Host, Arc<State>>>,
}

/// An OAuth token of quay's API, and where it stands.
#[derive(Debug, Clone)]
struct ApiToken {
    authorization: Authorization,
    place: Arc<str>,
}

impl ApiToken {
    fn holder(&self) -> Holder {
        let login = LoginName { user: None, place: Arc::clone(&self.place) };
        Holder { login: Some(login), as_it_is: true }
    }
}

#[derive(Debug, Default)]
struct State {
    has_ended: AtomicBool,
    has_answered: AtomicBool,
    /// Until the first answer one asks and the others wait: a refusal is for all of them.
    first: tokio::sync::Mutex<()>,
}

impl Listings {
    /// # Errors
    /// A token file was named and cannot be read or sent.
    pub(super) fn new(options: &Options) -> Result<Self, Error> {
        let token = options.quay_api_token_file.as_deref().map(|path| {
            let failed = |cause| Error::local(format!("reading {}", path.display()), Class::Invalid, cause);
            let text = std::fs::read_to_string(path).map_err(|error| failed(error.into()))?;
            let text = Some(text.trim()).filter(|text| !text.is_empty());
            let token = text.and_then(|text| Authorization::bearer(&text.into()));
            let token = token.ok_or_else(|| failed("it holds no token that can be sent".into()));
            let place = format!("the OAuth token in {}", path.display()).into();
            token.map(|authorization| (quay(options), ApiToken { authorization, place }))
        });
        Ok(Self { named: options.tag_listing.clone(), token: token.transpose()?, hosts: Mutex::default() })
    }

    /// The OAuth token, for the one host that it belongs to.
    fn token_for(&self, host: &Host) -> Option<&ApiToken> {
        let (home, token) = self.token.as_ref()?;
        (home == host).then_some(token)
    }

    /// How `host` lists tags with digests; None: not at all, or no more in this run.
    fn of(&self, host: &Host) -> Option<(TagListing, Arc<State>)> {
        let named = self.named.iter().find(|(named, _)| named == host).map(|(_, listing)| *listing);
        let listing = named.or_else(|| known(host))?;
        let mut hosts = self.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        let state = Arc::clone(hosts.entry(host.clone()).or_default());
        (!state.has_ended.load(Ordering::SeqCst)).then_some((listing, state))
    }
}

/// Whose OAuth token it is: that of the first Quay that was named, else of quay.io.
fn quay(options: &Options) -> Host {
    let mut named = options.tag_listing.iter().filter(|(_, listing)| *listing == TagListing::Quay);
    named.next().map_or_else(|| Host::new("quay.io"), |(host, _)| host.clone())
}

fn known(host: &Host) -> Option<TagListing> {
    let name = host.as_str();
    if name == "quay.io" {
        return Some(TagListing::Quay);
    }
    let is_google = name == "gcr.io" || name.ends_with(".gcr.io") || name.ends_with(".pkg.dev");
    is_google.then_some(TagListing::Google)
}

impl Client {
    /// Whether `host` may list tags with digests.
    #[must_use]
    pub fn lists_digests(&self, host: &Host) -> bool {
        self.shared.listings.of(host).is_some()
    }

    /// What tags of `repository` name now, of those that are `wanted` and that lists with digests
    /// answer for fewer requests than a HEAD each. A tag that is not among them may exist all the
    /// same. None: the registry has no such lists, or does not give them to us.
    pub async fn tag_digests(
        &self,
        repository: &Repository,
        wanted: &HashSet<Tag>,
    ) -> Option<HashMap<Tag, Digest>> {
        if wanted.len() < WORTH {
            return None;
        }
        let (listing, state) = self.shared.listings.of(&repository.host)?;
        let mut answers = Answers::to(wanted);
        let mut next = self.first_page(listing, repository).ok();
        while let Some(url) = next.filter(|_| answers.are_worth_more()) {
            let Some(mut page) = self.page_of(repository, (listing, &state), url).await else { break };
            next = page.next.take();
            answers.add(page);
        }
        (answers.pages() > 0).then(|| answers.into_found())
    }

    /// One page; None: there is none to be had from this host.
    async fn page_of(
        &self,
        repository: &Repository,
        (listing, state): (TagListing, &State),
        url: Url,
    ) -> Option<Page> {
        let mut first = None;
        if !state.has_answered.load(Ordering::SeqCst) {
            first = Some(state.first.lock().await);
        }
        if state.has_answered.load(Ordering::SeqCst) {
            first = None;
        }
        if state.has_ended.load(Ordering::SeqCst) {
            return None;
        }
        let page = self.page(repository, listing, url).await;
        match &page {
            Ok(_) => state.has_answered.store(true, Ordering::SeqCst),
            Err(error) => {
                tracing::debug!(host = %repository.host, %error, "no more tag lists with digests from this host");
                state.has_ended.store(true, Ordering::SeqCst);
            }
        }
        drop(first);
        page.ok()
    }

    fn first_page(&self, listing: TagListing, repository: &Repository) -> Result<Url, Error> {
        match listing {
            TagListing::Google => {
                let mut url = below(&self.shared.options, repository, "tags/list")?;
                url.query_pairs_mut().append_pair("n", GOOGLE_PAGE);
                Ok(url)
            }
            TagListing::Quay => {
                let mut url = base(&self.shared.options, &repository.host)?;
                url.set_path(&format!("/api/v1/repository/{}/tag/", repository.name));
                url.query_pairs_mut()
                    .append_pair("limit", QUAY_PAGE)
                    .append_pair("onlyActiveTags", "true")
                    .append_pair("page", "1");
                Ok(url)
            }
        }
    }

    async fn page(&self, repository: &Repository, listing: TagListing, url: Url) -> Result<Page, Error> {
        let call = self.call(repository, url);
        let mut answer = match listing {
            TagListing::Google => self.request_once(&call).await?,
            TagListing::Quay => self.send_as_nobody(&call).await?.or_refused().await?,
        };
        let body = answer.bytes(LIMIT).await?;
        let page = Page::read(listing, &body, next_page(&answer, &call.url), &call.url);
        page.ok_or_else(|| answer.error(Kind::Answer("the tag list has no digests".to_owned())))
    }

    fn call(&self, repository: &Repository, url: Url) -> Call {
        Call::pull(self.role, Method::GET, repository, url, &format!("tag list of {repository}"))
    }

    /// Sends `call` once, with the OAuth token if there is one and no other login; no redirects.
    pub(super) async fn send_as_nobody(&self, call: &Call) -> Result<Answer, Error> {
        let shared = &self.shared;
        let permit = shared.acquire(&call.need.host, &call.operation).await?;
        let client = shared.client_for(call.lane, (&call.url, true), 0);
        let (mut headers, token) = (HeaderMap::new(), shared.listings.token_for(&call.need.host));
        if let Some(ApiToken { authorization, .. }) = token {
            let disclosed = shared.disclose(authorization, &call.url, &mut headers);
            disclosed.map_err(|kind| call.error(kind))?;
        }
        shared.may_send(call)?;
        let request = client.request(call.method.clone(), call.url.clone()).headers(headers);
        shared.counters.tally().request(&call.method);
        let stall = shared.options.stall_timeout;
        let response = match tokio::time::timeout(stall, request.send()).await {
            Ok(sent) => sent.map_err(|error| call.error(Kind::of(error)))?,
            Err(_) => return Err(call.error(Kind::Stalled(stall))),
        };
        // Other answers of this API do not count as the host's first: that one brings the challenge.
        if matches!(response.status(), StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE) {
            permit.host().answered(response.status(), response.headers(), Some(permit.epoch()));
        }
        let answer = shared.answer(call, response, call.url.clone(), permit);
        Ok(match token {
            Some(token) => answer.made_as(token.holder(), token.authorization.clone()),
            None => answer,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hosts_with_such_lists_are_known_and_others_are_not_tried() {
        let cases = [
            ("quay.io", Some(TagListing::Quay)),
            ("gcr.io", Some(TagListing::Google)),
            ("eu.gcr.io", Some(TagListing::Google)),
            ("europe-docker.pkg.dev", Some(TagListing::Google)),
            ("notgcr.io", None),
            ("quay.io.example.com", None),
            ("docker.io", None),
        ];
        for (host, expected) in cases {
            assert_eq!(known(&Host::new(host)), expected, "{host}");
        }
    }
}
