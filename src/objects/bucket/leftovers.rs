//! What runs that were killed left in a bucket.

use std::time::SystemTime;

use object_store::multipart::MultipartStore as _;

use super::Bucket;
use super::progress::{FOLDER, Progress};
use crate::model::Key;
use crate::objects::{Error, ErrorKind, Object};

impl Bucket {
    /// Only uploads under keys that we noted are looked for: others may upload to the same bucket.
    pub(in super::super) async fn clear_leftovers(&self, before: SystemTime) -> Result<u64, Error> {
        let mut cleared = 0;
        for noted in self.list(Some(&self.progress_folder()?)).await? {
            cleared += self.clear_one(&noted, before).await?;
        }
        Ok(cleared)
    }

    /// Whether there may be any.
    pub(in super::super) async fn has_leftovers(&self) -> Result<bool, Error> {
        Ok(!self.list(Some(&self.progress_folder()?)).await?.is_empty())
    }

    fn progress_folder(&self) -> Result<Key, Error> {
        Key::of_state(FOLDER).map_err(|error| self.error("naming", None, ErrorKind::Key(error)))
    }

    async fn clear_one(&self, noted: &Object, before: SystemTime) -> Result<u64, Error> {
        let progress = Progress::read(self, &noted.key).await?;
        let (cleared, is_kept) = match progress.as_ref().and_then(Progress::key) {
            Some(key) => {
                let fresh = progress.as_ref().filter(|_| noted.modified >= before);
                // Where it is there already nobody would ever go on with it: a run was killed while the store completed it.
                let is_there =
                    self.sha256(&key).await?.is_some_and(|sha256| Progress::is_of(&noted.key, &sha256));
                let kept = fresh.filter(|_| !is_there).and_then(|progress| progress.upload.as_deref());
                self.abort_all_but(&key, kept).await?
            }
            None => (0, false),
        };
        if !is_kept {
            self.delete(&noted.key).await?;
        }
        Ok(cleared)
    }

    /// Aborts the uploads under `key`, but for `kept`. Says how many that were, and whether there is one to keep.
    pub(super) async fn abort_all_but(&self, key: &Key, kept: Option<&str>) -> Result<(u64, bool), Error> {
        let (path, mut aborted, mut is_kept) = (self.path(key)?, 0, false);
        let open = self.0.signed.uploads(&path, &self.0.echo).await;
        for upload in open.map_err(|kind| self.error("listing the uploads of", Some(key), kind))? {
            if kept == Some(upload.upload_id.as_str()) {
                is_kept = true;
            } else {
                self.abort(key, &upload.upload_id).await?;
                aborted += 1;
            }
        }
        Ok((aborted, is_kept))
    }

    /// Aborts an upload; one that is not there is aborted already.
    pub(super) async fn abort(&self, key: &Key, upload: &str) -> Result<(), Error> {
        match self.s3().abort_multipart(&self.path(key)?, &upload.to_owned()).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(self.failed("aborting an upload of", Some(key), &error)),
        }
    }
}
