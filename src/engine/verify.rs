//! Asserts that the target names what was sent: the digest that it answers must be the source's.
//!
//! `--verify-content`, which asks for everything below a name, is a transfer in mode `Check`.

use super::Error;
use super::transfer::Transfer;
use crate::error::{Failure, Stage};
use crate::model::{Digest, Endpoint, Manifest};

impl Transfer<'_> {
    /// A child is named by its digest; a registry that answers another one has changed it.
    pub(super) fn assert_child(&self, child: &Manifest, answered: Option<&Digest>) -> Result<(), Failure> {
        match answered {
            Some(answered) if *answered != child.digest => {
                Err(self.other_digest(&child.digest, answered.as_str()))
            }
            _ => Ok(()),
        }
    }

    /// The digest in the answer to the PUT; where there is none, one HEAD.
    pub(super) async fn assert_name(
        &self,
        manifest: &Manifest,
        answered: Option<Digest>,
    ) -> Result<(), Failure> {
        let target = &self.planned.desired.target;
        let answered = match (answered, target) {
            (Some(answered), _) => Some(answered),
            (None, Endpoint::Registry(image)) => {
                let found = self.engine.target.head_manifest(image).await;
                found.map_err(|error| Failure::new(Stage::Verify, error))?.map(|found| found.digest)
            }
            (None, Endpoint::Layout(_)) => None,
        };
        match answered {
            Some(answered) if answered == manifest.digest => Ok(()),
            other => Err(self
                .other_digest(&manifest.digest, other.as_ref().map_or("that it is absent", Digest::as_str))),
        }
    }

    fn other_digest(&self, expected: &Digest, answered: &str) -> Failure {
        let target = self.planned.desired.target.clone();
        let (expected, answered) = (expected.clone(), answered.to_owned());
        Failure::new(Stage::Verify, Error::OtherDigest { target, expected, answered })
    }
}
