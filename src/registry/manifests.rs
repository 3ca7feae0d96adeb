//! Manifests: HEAD, GET and PUT, as bytes.

use std::sync::Arc;

use http::header::{ACCEPT, CONTENT_TYPE};
use http::{HeaderValue, Method};

use super::auth::Action;
use super::error::{Error, Kind};
use super::transport::{Answer, Call};
use super::{Client, endpoint};
use crate::model::{Descriptor, Digest, ImageRef, MANIFEST_MEDIA_TYPES, Manifest, ManifestError, Version};

/// No manifest is larger (OCI distribution spec §Pushing Manifests).
const LIMIT: u64 = 4 << 20;
const DIGEST: &str = "docker-content-digest";
/// By this a registry says that it knows what a manifest refers to (OCI distribution spec 1.1).
const SUBJECT: &str = "oci-subject";

/// What a registry says of a manifest that it took.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Stored {
    /// The digest that it stored it under, if it says so.
    pub digest: Option<Digest>,
    /// The manifest under whose referrers it lists it, if it does so by itself.
    pub subject: Option<Digest>,
}

impl Client {
    /// What `image` is now; none: it does not exist. One HEAD, and a GET where its answer has no digest.
    ///
    /// # Errors
    /// Anything but an answer of 200 or 404.
    pub async fn head_manifest(&self, image: &ImageRef) -> Result<Option<Descriptor>, Error> {
        let call = self.manifest_call(Method::HEAD, image)?;
        self.head(image, &call).await
    }

    /// As [`Client::head_manifest`], with the right to write, which may see what the right to read does not. For what is
    /// about to be written: some registries make the repository when that right is asked for.
    ///
    /// # Errors
    /// Anything but an answer of 200 or 404.
    pub async fn head_manifest_to_write(&self, image: &ImageRef) -> Result<Option<Descriptor>, Error> {
        let mut call = self.manifest_call(Method::HEAD, image)?;
        call.need.scopes.iter_mut().for_each(|scope| scope.action = Action::Push);
        self.head(image, &call).await
    }

    async fn head(&self, image: &ImageRef, call: &Call) -> Result<Option<Descriptor>, Error> {
        let answer = match self.request(call).await {
            Ok(answer) => answer,
            Err(error) if error.status() == Some(404) => return Ok(None),
            Err(error) => return Err(error),
        };
        let found = answered_digest(&answer).or_else(|| asked_digest(image).cloned());
        let Some(digest) = found else {
            drop(answer);
            return self.head_by_get(image).await;
        };
        agree(&answer, image, &digest)?;
        let media_type = answer.text(CONTENT_TYPE.as_str()).unwrap_or_default().to_owned();
        let size = answer.length().unwrap_or_default();
        Ok(Some(Descriptor { media_type, digest, size, urls: Vec::new(), platform: None }))
    }

    async fn head_by_get(&self, image: &ImageRef) -> Result<Option<Descriptor>, Error> {
        match self.get_manifest(image).await {
            Ok(Manifest { media_type, digest, bytes }) => {
                let size = bytes.len() as u64;
                Ok(Some(Descriptor { media_type, digest, size, urls: Vec::new(), platform: None }))
            }
            Err(error) if error.status() == Some(404) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The bytes of a manifest, checked against the digest that was asked for, else the one answered.
    ///
    /// # Errors
    /// Also when there are more than 4 MiB of them, or when they have another digest twice.
    pub async fn get_manifest(&self, image: &ImageRef) -> Result<Manifest, Error> {
        let call = self.manifest_call(Method::GET, image)?;
        self.shared.retry.run(async || read(self.request_once(&call).await?, image).await).await
    }

    /// As [`Client::get_manifest`], for whoever must know whether there is one; none: the registry itself says that there is
    /// none. It is a GET, because a HEAD does not tell who says so.
    ///
    /// # Errors
    /// What leaves that open: any other answer, and what is no manifest.
    pub async fn find_manifest(&self, image: &ImageRef) -> Result<Option<Manifest>, Error> {
        let call = self.manifest_call(Method::GET, image)?;
        self.shared
            .retry
            .run(async || match self.request_once(&call).await {
                Ok(answer) => read_known(answer, image).await.map(Some),
                Err(error) if error.denies_existence() => {
                    tracing::debug!(%image, said = ?error, "absent");
                    Ok(None)
                }
                // The next one may be the registry's own.
                Err(error) if error.status() == Some(404) => {
                    Err(call.error(Kind::Answer(format!("{}, but not in a registry's words", error.kind()))))
                }
                Err(error) => Err(error),
            })
            .await
    }

    /// Writes a manifest. The digest is what the registry says it stored, if it says so.
    ///
    /// # Errors
    /// See [`Error::missing_content`] for a manifest whose parts are not there.
    pub async fn put_manifest(
        &self,
        target: &ImageRef,
        manifest: &Manifest,
    ) -> Result<Option<Digest>, Error> {
        self.store_manifest(target, manifest).await.map(|stored| stored.digest)
    }

    /// As [`Client::put_manifest`], with all that the registry says.
    ///
    /// # Errors
    /// See [`Client::put_manifest`].
    pub async fn store_manifest(&self, target: &ImageRef, manifest: &Manifest) -> Result<Stored, Error> {
        let url = endpoint::below(&self.shared.options, &target.repository, &path(target))?;
        let mut call = Call::push(self.role, Method::PUT, &target.repository, url, &target.to_string());
        let media_type = HeaderValue::from_str(&manifest.media_type).map_err(|_| {
            call.error(Kind::Answer("the media type of the manifest is no header value".to_owned()))
        })?;
        call.headers.insert(CONTENT_TYPE, media_type);
        call.body = Some(manifest.bytes.clone());
        self.shared
            .retry
            .run(async || {
                let answer = self.request_once(&call).await?.or_page()?;
                let subject = answer.text(SUBJECT).and_then(|text| Digest::parse(text).ok());
                Ok(Stored { digest: answered_digest(&answer), subject })
            })
            .await
    }

    pub(super) fn manifest_call(&self, method: Method, image: &ImageRef) -> Result<Call, Error> {
        let url = endpoint::below(&self.shared.options, &image.repository, &path(image))?;
        let mut call = Call::pull(self.role, method, &image.repository, url, &image.to_string());
        for media_type in MANIFEST_MEDIA_TYPES {
            call.headers.append(ACCEPT, HeaderValue::from_static(media_type));
        }
        Ok(call)
    }
}

/// The manifest that `answer` brings, checked against the digest that was asked for, else the one answered.
async fn read(answer: Answer, image: &ImageRef) -> Result<Manifest, Error> {
    let mut answer = answer.or_page()?;
    let bytes = answer.bytes(LIMIT).await?;
    let mut manifest = Manifest::new(answer.text(CONTENT_TYPE.as_str()), bytes);
    let expected = asked_digest(image).cloned().or_else(|| answered_digest(&answer));
    if let Some(expected) = expected {
        let found = expected.same_algorithm_of(&manifest.bytes);
        if found != expected {
            return Err(answer.error(Kind::Digest { expected, found }));
        }
        manifest.digest = expected;
    }
    Ok(manifest)
}

/// As [`read`], if it is a manifest at all.
async fn read_known(answer: Answer, image: &ImageRef) -> Result<Manifest, Error> {
    let (operation, host) = (Arc::clone(&answer.operation), image.host().clone());
    let manifest = read(answer, image).await?;
    match manifest.content() {
        Ok(_) | Err(ManifestError::Schema1) => Ok(manifest),
        Err(error) => Err(Error::new(operation, Some(&host), Kind::Answer(error.to_string()))),
    }
}

fn path(image: &ImageRef) -> String {
    format!("manifests/{}", image.version)
}

fn asked_digest(image: &ImageRef) -> Option<&Digest> {
    match &image.version {
        Version::Digest(digest) => Some(digest),
        Version::Tag(_) => None,
    }
}

fn answered_digest(answer: &Answer) -> Option<Digest> {
    Digest::parse(answer.text(DIGEST)?).ok()
}

/// An answer to a request by digest must be about that digest, where both are of one algorithm.
fn agree(answer: &Answer, image: &ImageRef, found: &Digest) -> Result<(), Error> {
    match asked_digest(image) {
        Some(expected) if expected != found && expected.algorithm() == found.algorithm() => {
            Err(answer.error(Kind::Digest { expected: expected.clone(), found: found.clone() }))
        }
        _ => Ok(()),
    }
}
