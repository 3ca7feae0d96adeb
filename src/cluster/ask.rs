//! One question to the API server: the right it takes, and how often it is asked.

use std::fmt;
use std::sync::atomic::Ordering;
use std::time::Duration;

use bytes::Bytes;
use http::header::{ACCEPT, CONTENT_TYPE};
use http::{Method, Request};
use kube::client::Body;

use super::Cluster;
use super::client::kind_of;
use super::error::{Error, Kind};
use super::refused::Refused;

/// The first try included.
const ATTEMPTS: u32 = 5;
/// The API server itself gives up after one minute.
const PATIENCE: Duration = Duration::from_secs(90);
const BACKOFF_MIN: Duration = Duration::from_millis(500);
const BACKOFF_MAX: Duration = Duration::from_secs(16);

/// What an account must be allowed to do, as RBAC names it.
#[derive(Debug, Clone)]
pub(super) struct Right {
    verbs: &'static str,
    /// With its API group.
    resource: &'static str,
    /// None: in all of them.
    namespace: Option<String>,
}

const IMAGE_STREAMS: &str = "imagestreams.image.openshift.io";
const TAGS: &str = "imagestreamtags.image.openshift.io";
const CONFIG_MAPS: &str = "configmaps";
const LEASES: &str = "leases.coordination.k8s.io";

impl Right {
    pub(super) fn list(namespace: Option<&str>) -> Self {
        Self { verbs: "list", resource: IMAGE_STREAMS, namespace: namespace.map(str::to_owned) }
    }

    pub(super) fn watch(namespace: Option<&str>) -> Self {
        Self { verbs: "list and watch", ..Self::list(namespace) }
    }

    pub(super) fn get(namespace: &str) -> Self {
        Self { verbs: "get", ..Self::list(Some(namespace)) }
    }

    pub(super) fn create(namespace: &str) -> Self {
        Self { verbs: "create", ..Self::list(Some(namespace)) }
    }

    pub(super) fn update(namespace: &str) -> Self {
        Self { verbs: "update", ..Self::list(Some(namespace)) }
    }

    pub(super) fn put_tag(namespace: &str) -> Self {
        Self { verbs: "create and update", resource: TAGS, ..Self::list(Some(namespace)) }
    }

    pub(super) fn delete_tag(namespace: &str) -> Self {
        Self { verbs: "delete", resource: TAGS, ..Self::list(Some(namespace)) }
    }

    pub(super) fn lease(namespace: &str) -> Self {
        Self { verbs: "get, create and update", resource: LEASES, namespace: Some(namespace.to_owned()) }
    }

    pub(super) fn config_map(verb: &'static str, namespace: &str) -> Self {
        Self { verbs: verb, resource: CONFIG_MAPS, namespace: Some(namespace.to_owned()) }
    }

    /// The operation that takes it, in words.
    pub(super) fn watching(&self) -> String {
        format!("watching ImageStreams {}", Place(self.namespace.as_deref()))
    }

    /// What to do where neither the API nor the namespace is to be found.
    pub(super) fn where_to_look(&self, host: &str) -> String {
        let Self { resource, namespace, .. } = self;
        match namespace {
            Some(namespace) => {
                format!("see that {host} serves `{resource}`, and that it has the namespace `{namespace}`")
            }
            None => format!("see that {host} serves `{resource}`: an OpenShift cluster does"),
        }
    }
}

impl fmt::Display for Right {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { verbs, resource, namespace } = self;
        write!(f, "{verbs} `{resource}` {}", Place(namespace.as_deref()))
    }
}

/// A namespace, or all of them, in words.
pub(super) struct Place<'a>(pub(super) Option<&'a str>);

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(namespace) => write!(f, "in the namespace `{namespace}`"),
            None => f.write_str("in all namespaces"),
        }
    }
}

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Call {
    Get,
    /// Creates this; it is sent again where no answer comes, for a second one would be refused.
    Post(Bytes),
    /// Replaces what is there by this, which says what it replaces, or else may be there more than once.
    Put(Bytes),
    Delete,
}

impl Call {
    fn method(&self) -> Method {
        match self {
            Self::Get => Method::GET,
            Self::Post(_) => Method::POST,
            Self::Put(_) => Method::PUT,
            Self::Delete => Method::DELETE,
        }
    }

    fn body(&self) -> Option<&Bytes> {
        match self {
            Self::Post(body) | Self::Put(body) => Some(body),
            Self::Get | Self::Delete => None,
        }
    }
}

/// A request, and how to speak of it.
#[derive(Debug)]
pub(super) struct Question {
    pub(super) call: Call,
    pub(super) path: String,
    /// `listing ImageStreams in …`
    pub(super) operation: String,
    pub(super) right: Right,
}

impl Cluster {
    /// Asks until there is an answer, or one that another try would not change. What is asked for may so be done twice;
    /// nothing here does harm by that.
    pub(super) async fn ask(&self, question: &Question) -> Result<Bytes, Error> {
        let mut attempts = 1;
        loop {
            let kind =
                match tokio::time::timeout(PATIENCE, self.ask_once(&question.call, &question.path)).await {
                    Ok(Ok(body)) => return Ok(body),
                    Ok(Err(kind)) => kind,
                    Err(_) => Kind::silent(&self.server, PATIENCE),
                };
            if attempts == ATTEMPTS || !kind.is_worth_another_try() {
                return Err(self.error(question.operation.clone(), &question.right, kind).after(attempts));
            }
            tracing::debug!(operation = question.operation, cause = %crate::error::Chain(&kind), attempts, "trying again");
            tokio::time::sleep(wait(&kind, attempts)).await;
            attempts += 1;
        }
    }

    async fn ask_once(&self, call: &Call, path: &str) -> Result<Bytes, Kind> {
        let mut request =
            Request::builder().method(call.method()).uri(path).header(ACCEPT, "application/json");
        if call.body().is_some() {
            request = request.header(CONTENT_TYPE, "application/json");
        }
        let body = call.body().map_or_else(Body::empty, |body| Body::from(body.to_vec()));
        let request = request.body(body);
        let request = request.map_err(|error| Kind::Setup(error.into()))?;
        let kind_of = |error| kind_of(error, &self.server);
        self.asked.fetch_add(1, Ordering::Relaxed);
        let (parts, body) = self.client.send(request).await.map_err(kind_of)?.into_parts();
        self.note_answer();
        let body = body.collect_bytes().await.map_err(kind_of)?;
        if parts.status.is_success() {
            return Ok(body);
        }
        Err(Kind::Refused(Refused::read(parts.status, &parts.headers, &body)))
    }

    /// As [`Cluster::error`], of what the client says.
    pub(super) fn failed(&self, operation: String, right: &Right, error: kube::Error) -> Error {
        if matches!(error, kube::Error::Api(_)) {
            self.note_answer();
        }
        self.error(operation, right, kind_of(error, &self.server))
    }

    pub(super) fn error(&self, operation: String, right: &Right, kind: Kind) -> Error {
        Error::at(&self.server, operation, Some(right.clone()), kind).answered(self.has_answered())
    }
}

/// As long as the API server asks for, else at random: up to half a second, doubled each time.
fn wait(kind: &Kind, failed: u32) -> Duration {
    if let Kind::Refused(refused) = kind
        && let Some(wait) = refused.retry_after()
    {
        return wait;
    }
    let longest = BACKOFF_MIN.saturating_mul(1 << failed.saturating_sub(1).min(16)).min(BACKOFF_MAX);
    longest.mul_f64(fastrand::f64())
}
