//! What was found right before: files of a directory by what they are recognised by. One that was written since has another
//! stamp, and is hashed again; so a record that is old, or lost, costs time and nothing else.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::model::{Digest, Key};
use crate::objects::{Object, Over, Stamp, Store};
use crate::state::record::{self, StateError};

const FOLDER: &str = "known";
/// The root of a destination has no name.
const ROOT: &str = "root";

/// The files of one directory that were found to be what they are.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Known(BTreeMap<String, Seen>);

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Seen {
    stamp: Stamp,
    sha256: Digest,
}

impl Known {
    /// What is known of the files in `directory`; none: in the root. Nothing, where there is no record or none that can
    /// be read: it is only there to save time.
    ///
    /// # Errors
    /// When the destination cannot be read.
    pub async fn read(store: &Store, directory: Option<&Key>) -> Result<Self, StateError> {
        match record::read(store, &key(directory)?).await {
            Ok(found) => Ok(found.map(|(known, _)| known).unwrap_or_default()),
            Err(StateError::Unreadable { .. }) => Ok(Self::default()),
            Err(error) => Err(error),
        }
    }

    /// Notes it for the next run.
    ///
    /// # Errors
    /// When it cannot be written.
    pub async fn write(&self, store: &Store, directory: Option<&Key>) -> Result<(), StateError> {
        record::write(store, &key(directory)?, self, &Over::Anything).await.map(drop)
    }

    /// Forgets a directory that is gone.
    ///
    /// # Errors
    /// When the record cannot be deleted.
    pub async fn forget(store: &Store, directory: &Key) -> Result<(), StateError> {
        Ok(store.delete(&key(Some(directory))?).await?)
    }

    /// What `object` is, if it is as it was when that was found out.
    #[must_use]
    pub fn digest(&self, object: &Object) -> Option<&Digest> {
        let seen = self.0.get(object.key.name())?;
        (seen.stamp == object.stamp).then_some(&seen.sha256)
    }

    /// What is called `name` is this.
    pub fn note(&mut self, name: &str, stamp: Stamp, sha256: Digest) {
        self.0.insert(name.to_owned(), Seen { stamp, sha256 });
    }
}

fn key(directory: Option<&Key>) -> Result<Key, StateError> {
    Ok(Key::of_state(&format!("{FOLDER}/{}.json", directory.map_or(ROOT, Key::as_str)))?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::objects::{Directory, Kind};

    #[tokio::test]
    async fn what_was_written_since_is_not_known_any_more() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::Directory(Directory::new(folder.path().into()));
        let (file, directory) = (Key::parse("d/a").unwrap(), Key::parse("d").unwrap());
        let stamp = store.write(&file, "one".into(), Kind::Mutable, &Over::Nothing).await.unwrap();
        let mut known = Known::default();
        known.note("a", stamp, Digest::of(b"one"));
        known.write(&store, Some(&directory)).await.unwrap();
        let known = Known::read(&store, Some(&directory)).await.unwrap();
        let object = store.look(&file).await.unwrap().unwrap();
        assert_eq!(known.digest(&object), Some(&Digest::of(b"one")));
        store.write(&file, "two".into(), Kind::Mutable, &Over::Anything).await.unwrap();
        let object = store.look(&file).await.unwrap().unwrap();
        assert_eq!(known.digest(&object), None);
    }

    #[tokio::test]
    async fn a_damaged_record_knows_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::Directory(Directory::new(folder.path().into()));
        store.write(&key(None).unwrap(), "{".into(), Kind::Mutable, &Over::Nothing).await.unwrap();
        assert_eq!(Known::read(&store, None).await.unwrap(), Known::default());
    }
}
