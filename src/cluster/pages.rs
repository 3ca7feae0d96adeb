//! Lists of ImageStreams, page by page, and single ones.

use std::collections::HashSet;
use std::fmt::Write as _;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::Cluster;
use super::ask::{Call, Place, Question, Right};
use super::error::{Error, Kind};
use super::text::{GROUP, PLURAL, VERSION};

/// Objects in a page.
pub(super) const PAGE: u32 = 500;
/// A million ImageStreams; a list of more is none.
const MOST_PAGES: usize = 2_000;
/// How often a list may expire before it is read to its end.
const MOST_STARTS: u32 = 5;

#[derive(Deserialize)]
struct Page<'a> {
    kind: String,
    #[serde(default)]
    metadata: Metadata,
    #[serde(borrow)]
    items: Option<Vec<&'a RawValue>>,
}

#[derive(Default, Deserialize)]
struct Metadata {
    #[serde(rename = "continue")]
    next: Option<String>,
}

impl Cluster {
    /// The ImageStreams of a namespace (none: of all), as they are now: never an old list out of a cache.
    ///
    /// `read` gets the JSON of one object at a time, as soon as its page is there; memory holds one page of it. A list
    /// that expires on the way is begun anew: `read` then sees objects again, and what it made of them before is
    /// dropped, so that nothing is there twice.
    ///
    /// # Errors
    /// The API server cannot be reached, refuses, or answers nonsense. Nothing of an incomplete list is returned.
    pub async fn image_streams<T: Send>(
        &self,
        namespace: Option<&str>,
        mut read: impl FnMut(&str) -> T + Send,
    ) -> Result<Vec<T>, Error> {
        let question = list(namespace)?;
        for _ in 0..MOST_STARTS {
            match self.all_pages(&question, &mut read).await {
                Err(error) if matches!(error.kind(), Kind::Refused(refused) if refused.is_gone()) => {
                    tracing::debug!(operation = question.operation, "the list expired, and is begun anew");
                }
                listed => return listed,
            }
        }
        Err(self.error(question.operation, &question.right, Kind::Expired(MOST_STARTS)))
    }

    /// One ImageStream as it is now; none: it is not there.
    ///
    /// # Errors
    /// The API server cannot be reached or refuses, or has no ImageStreams at all.
    pub async fn image_stream<T>(
        &self,
        namespace: &str,
        name: &str,
        read: impl FnOnce(&str) -> T,
    ) -> Result<Option<T>, Error> {
        let operation = format!("reading the ImageStream `{namespace}/{name}`");
        if !is_segment(name) {
            return Err(Error::setup(operation, format!("`{name}` can be no name of an ImageStream").into()));
        }
        let path = format!("{}/{name}", path(Some(namespace), &operation)?);
        let question = Question { call: Call::Get, path, operation, right: Right::get(namespace) };
        let body = match self.ask(&question).await {
            Ok(body) => body,
            Err(error) if matches!(error.kind(), Kind::Refused(refused) if refused.is_absent(name)) => {
                return Ok(None);
            }
            Err(error) => return Err(error),
        };
        let object: &RawValue =
            serde_json::from_slice(&body).map_err(|error| self.unreadable(&question, &error))?;
        Ok(Some(read(object.get())))
    }

    async fn all_pages<T>(
        &self,
        question: &Question,
        read: &mut impl FnMut(&str) -> T,
    ) -> Result<Vec<T>, Error> {
        let (mut all, mut next, mut tokens) = (Vec::new(), None, HashSet::new());
        loop {
            let path = with_query(&question.path, next.as_deref());
            let Question { call, operation, right, .. } = question;
            let (call, operation, right) = (call.clone(), operation.clone(), right.clone());
            let asked = Question { call, path, operation, right };
            let body = self.ask(&asked).await?;
            let page: Page =
                serde_json::from_slice(&body).map_err(|error| self.unreadable(question, &error))?;
            if !page.kind.ends_with("List") {
                return Err(
                    self.nonsense_of(question, format!("a `{}` where a list was asked for", page.kind))
                );
            }
            all.extend(page.items.unwrap_or_default().into_iter().map(|object| read(object.get())));
            next = page.metadata.next.filter(|token| !token.is_empty());
            let Some(token) = &next else { return Ok(all) };
            if tokens.len() + 1 == MOST_PAGES || !tokens.insert(token.clone()) {
                return Err(self.endless(question, tokens.len() + 1));
            }
        }
    }

    fn endless(&self, question: &Question, pages: usize) -> Error {
        let said = format!("page {pages} does not lead to a further one");
        self.error(question.operation.clone(), &question.right, Kind::Endless(said))
    }

    pub(super) fn unreadable(&self, question: &Question, error: &serde_json::Error) -> Error {
        self.nonsense_of(question, error.to_string())
    }

    fn nonsense_of(&self, question: &Question, said: String) -> Error {
        self.error(question.operation.clone(), &question.right, Kind::Answer(said))
    }
}

fn list(namespace: Option<&str>) -> Result<Question, Error> {
    let operation = format!("listing ImageStreams {}", Place(namespace));
    let path = path(namespace, &operation)?;
    Ok(Question { call: Call::Get, path, operation, right: Right::list(namespace) })
}

pub(super) fn path(namespace: Option<&str>, operation: &str) -> Result<String, Error> {
    match namespace {
        None => Ok(format!("/apis/{GROUP}/{VERSION}/{PLURAL}")),
        Some(name) if is_segment(name) => Ok(format!("/apis/{GROUP}/{VERSION}/namespaces/{name}/{PLURAL}")),
        Some(name) => Err(Error::setup(operation, format!("`{name}` can be no name of a namespace").into())),
    }
}

/// Whether a name can stand in a path as it is: all names can that Kubernetes takes.
pub(super) fn is_segment(name: &str) -> bool {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_');
    !name.is_empty() && name != "." && name != ".." && name.chars().all(is_plain)
}

/// No `resourceVersion`: with one, the API server may answer with what it remembers.
fn with_query(path: &str, next: Option<&str>) -> String {
    let mut path = format!("{path}?limit={PAGE}");
    if let Some(token) = next {
        let escaped: String = url::form_urlencoded::byte_serialize(token.as_bytes()).collect();
        let _ = write!(path, "&continue={escaped}");
    }
    path
}
