//! Asserts that the target names what was sent: the digest that it answers must be the source's.
//!
//! `--verify-content`, which asks for everything below a name, is a transfer in mode `Check`.

use super::Error;
use super::meanwhile::End;
use super::plan::Found;
use super::transfer::Transfer;
use crate::error::{Failure, Stage};
use crate::model::{Digest, Endpoint, Manifest};

impl Transfer<'_> {
    /// A child is named by its digest; a registry that answers another one has changed it.
    pub(super) fn assert_child(&self, child: &Manifest, answered: Option<&Digest>) -> Result<(), Failure> {
        match answered {
            Some(answered) if *answered != child.digest => {
                Err(other_digest(&self.planned.desired.target, &child.digest, answered.as_str()))
            }
            _ => Ok(()),
        }
    }

    /// The digest in the answer to the PUT; where there is none, one HEAD, which someone else may have come before.
    pub(super) async fn assert_name(
        &self,
        manifest: &Manifest,
        (answered, before): (Option<Digest>, Found),
    ) -> Result<End, Failure> {
        match answered {
            Some(answered) if answered == manifest.digest => Ok(End::Done(before)),
            Some(other) => Err(other_digest(&self.planned.desired.target, &manifest.digest, other.as_str())),
            None => match self.named_now(&self.planned.desired.target).await? {
                Some(found) if found == manifest.digest => Ok(End::Done(before)),
                other => self.named_otherwise(&manifest.digest, other).await,
            },
        }
    }

    /// As [`Transfer::assert_name`], for a further tag.
    pub(super) async fn assert_further(
        &self,
        name: &Endpoint,
        manifest: &Manifest,
        answered: Option<Digest>,
    ) -> Result<(), Failure> {
        let found = match answered {
            Some(answered) => Some(answered),
            None => self.named_now(name).await?,
        };
        match found {
            Some(found) if found == manifest.digest => Ok(()),
            other => {
                let found = other.as_ref().map_or("that it is absent", Digest::as_str);
                Err(other_digest(name, &manifest.digest, found))
            }
        }
    }

    async fn named_now(&self, name: &Endpoint) -> Result<Option<Digest>, Failure> {
        let Endpoint::Registry(image) = name else { return Ok(None) };
        let found = self.engine.target.head_manifest(image).await;
        Ok(found.map_err(|error| Failure::new(Stage::Verify, error))?.map(|found| found.digest))
    }
}

fn other_digest(target: &Endpoint, expected: &Digest, answered: &str) -> Failure {
    let (target, expected, answered) = (target.clone(), expected.clone(), answered.to_owned());
    Failure::new(Stage::Verify, Error::OtherDigest { target, expected, answered })
}
