//! Tags are deleted by their names, never the manifests under them: there is no way here to name a digest.

use super::Client;
use super::endpoint::{base, below};
use super::error::Error;
use super::transport::Call;
use crate::error::Classify as _;
use crate::model::{Repository, Tag};

/// By which API a tag is deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeleteBy {
    /// `DELETE /v2/NAME/manifests/TAG`, with the login of the role (OCI distribution spec, Deleting tags).
    Distribution,
    /// quay's `DELETE /api/v1/repository/NAME/tag/TAG`, with the token of
    /// [`quay_api_token_file`](super::Options::quay_api_token_file) and no other login.
    Quay,
}

/// What became of a tag that was to be deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TagDeletion {
    /// The registry deleted it.
    Deleted,
    /// The registry says that it has no such tag. That it knows this way to delete one is not said by that.
    Absent {
        /// It was asked before, and the answer was lost.
        again: bool,
    },
}

impl Client {
    /// Deletes `tag` of `repository` and nothing else: the manifest stays for whatever else names it.
    ///
    /// # Errors
    /// See [`Error::refuses_tag_deletion`] for a registry that cannot do that.
    pub async fn delete_tag(
        &self,
        repository: &Repository,
        tag: &Tag,
        by: DeleteBy,
    ) -> Result<TagDeletion, Error> {
        let call = self.deletion_call(repository, tag, by)?;
        let deleted = self.shared.retry.run(|| self.delete_once(&call, by)).await;
        match deleted {
            Ok(()) => Ok(TagDeletion::Deleted),
            Err(error) if error.status() == Some(404) => {
                Ok(TagDeletion::Absent { again: error.attempts() > 1 })
            }
            Err(error) => Err(error),
        }
    }

    fn deletion_call(&self, repository: &Repository, tag: &Tag, by: DeleteBy) -> Result<Call, Error> {
        let options = &self.shared.options;
        let url = match by {
            DeleteBy::Distribution => below(options, repository, &format!("manifests/{tag}"))?,
            DeleteBy::Quay => {
                let mut url = base(options, &repository.host)?;
                url.set_path(&format!("/api/v1/repository/{}/tag/{tag}", repository.name));
                url
            }
        };
        Ok(Call::delete(self.role, repository, url, &format!("tag {repository}:{tag}")))
    }

    async fn delete_once(&self, call: &Call, by: DeleteBy) -> Result<(), Error> {
        let answer = match by {
            DeleteBy::Distribution => self.request_once(call).await?,
            DeleteBy::Quay => self.send_as_nobody(call).await?.or_refused().await?,
        };
        answer.or_page().map(drop)
    }
}
