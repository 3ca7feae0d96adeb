//! Writes of single ImageStreams and of their tags.
//!
//! A write whose answer was lost is sent again, since none does harm twice: what replaces an ImageStream says which
//! version it replaces, and what creates one is refused when there is one. Whoever is told of a conflict reads again.

use std::time::Duration;

use bytes::Bytes;
use serde_json::Value;

use super::Cluster;
use super::ask::{Call, Question, Right};
use super::error::{Error, Kind};
use super::pages::{is_segment, path};
use super::refused::Refused;
use super::text::TAGS;

/// Who changes a tag changes its ImageStream, which others do at the same time.
const TRIES: u32 = 5;
const LONGEST_WAIT: Duration = Duration::from_secs(1);

/// What became of a write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Written {
    /// The API server took it.
    Stored,
    /// Nothing was written: what is there is not what it was taken for.
    Conflict,
}

impl Cluster {
    /// Creates an ImageStream; a conflict: there is one.
    ///
    /// # Errors
    /// The API server cannot be reached or refuses.
    pub async fn create_image_stream(
        &self,
        namespace: &str,
        name: &str,
        object: &Value,
    ) -> Result<Written, Error> {
        let operation = format!("creating the ImageStream `{namespace}/{name}`");
        let path = path(Some(namespace), &operation)?;
        let call = Call::Post(bytes(object));
        self.write(Question { call, path, operation, right: Right::create(namespace) }, name).await
    }

    /// Replaces an ImageStream by `object`, which has the `resourceVersion` that it was read with; a conflict: it is
    /// another by now, or gone.
    ///
    /// # Errors
    /// The API server cannot be reached or refuses; `object` has no `resourceVersion`, and would replace anything.
    pub async fn replace_image_stream(
        &self,
        namespace: &str,
        name: &str,
        object: &Value,
    ) -> Result<Written, Error> {
        let operation = format!("updating the ImageStream `{namespace}/{name}`");
        let version = object.pointer("/metadata/resourceVersion").and_then(Value::as_str);
        if version.is_none_or(str::is_empty) {
            return Err(Error::setup(operation, "it was read without a `resourceVersion`".into()));
        }
        let path = format!("{}/{}", path(Some(namespace), &operation)?, segment(name, &operation)?);
        let call = Call::Put(bytes(object));
        self.write(Question { call, path, operation, right: Right::update(namespace) }, name).await
    }

    /// Makes `stream:tag` what `object` says, whether it is there or not.
    ///
    /// # Errors
    /// The API server cannot be reached or refuses.
    pub async fn put_image_stream_tag(
        &self,
        namespace: &str,
        (stream, tag): (&str, &str),
        object: &Value,
    ) -> Result<(), Error> {
        let operation = format!("tagging `{namespace}/{stream}:{tag}`");
        let all = tags(namespace, &operation)?;
        let path = format!("{all}/{}:{}", segment(stream, &operation)?, segment(tag, &operation)?);
        let right = Right::put_tag(namespace);
        let put = Question { call: Call::Put(bytes(object)), path, operation, right };
        let refused = match self.ask_through_conflicts(&put).await {
            Err(error) if refusal(&error).is_some_and(Refused::forbids_replacing) => error,
            answered => return answered,
        };
        tracing::debug!(operation = put.operation, cause = %crate::error::Chain(&refused), "creating it instead");
        let post = Question { call: Call::Post(bytes(object)), path: all, ..put };
        match self.ask(&post).await {
            // It was there all the same, or it is there since the answer to the first try was lost.
            Err(error) if refusal(&error).is_some_and(Refused::is_conflict) => Ok(()),
            answered => answered.map(drop),
        }
    }

    /// Deletes `stream:tag`, from what is wanted and from what is there; that it is gone already is fine.
    ///
    /// # Errors
    /// The API server cannot be reached or refuses.
    pub async fn delete_image_stream_tag(
        &self,
        namespace: &str,
        stream: &str,
        tag: &str,
    ) -> Result<(), Error> {
        let operation = format!("deleting the tag `{namespace}/{stream}:{tag}`");
        let all = tags(namespace, &operation)?;
        let path = format!("{all}/{}:{}", segment(stream, &operation)?, segment(tag, &operation)?);
        let right = Right::delete_tag(namespace);
        let question = Question { call: Call::Delete, path, operation, right };
        match self.ask_through_conflicts(&question).await {
            Err(error) if refusal(&error).is_some_and(Refused::names_what_is_missing) => Ok(()),
            answered => answered,
        }
    }

    pub(super) async fn write(&self, question: Question, name: &str) -> Result<Written, Error> {
        let is_conflict = |refused: &Refused| {
            refused.is_conflict() || (matches!(question.call, Call::Put(_)) && refused.is_absent(name))
        };
        match self.ask(&question).await {
            Ok(_) => Ok(Written::Stored),
            Err(error) if refusal(&error).is_some_and(is_conflict) => Ok(Written::Conflict),
            Err(error) => Err(error),
        }
    }

    /// As [`Cluster::ask`]; a conflict is the API server's own with who else writes, and is asked through.
    async fn ask_through_conflicts(&self, question: &Question) -> Result<(), Error> {
        let mut tries = 1;
        loop {
            match self.ask(question).await {
                Err(error) if tries < TRIES && refusal(&error).is_some_and(Refused::is_conflict) => {
                    tokio::time::sleep(LONGEST_WAIT.mul_f64(fastrand::f64())).await;
                    tries += 1;
                }
                Err(error) => return Err(if tries > 1 { error.after(tries) } else { error }),
                Ok(_) => return Ok(()),
            }
        }
    }
}

fn refusal(error: &Error) -> Option<&Refused> {
    match error.kind() {
        Kind::Refused(refused) => Some(refused),
        _ => None,
    }
}

pub(super) fn bytes(object: &Value) -> Bytes {
    object.to_string().into()
}

/// The path of the tags of a namespace.
fn tags(namespace: &str, operation: &str) -> Result<String, Error> {
    let streams = path(Some(namespace), operation)?;
    let (namespace, _) = streams.rsplit_once('/').unwrap_or_default();
    Ok(format!("{namespace}/{TAGS}"))
}

fn segment<'a>(name: &'a str, operation: &str) -> Result<&'a str, Error> {
    if is_segment(name) {
        return Ok(name);
    }
    Err(Error::setup(operation, format!("`{name}` can be no name of an ImageStream or a tag").into()))
}
