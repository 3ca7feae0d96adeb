//! Copies on this machine of what a destination knows of its files, so that it need not be asked. One that is old or lost
//! costs requests, and nothing else: what it says of a file counts only while the file is recognised as the same.

use std::path::Path;

use super::known::Known;
use crate::model::{Digest, Key};
use crate::objects::{Directory, Store};
use crate::state::record::StateError;

/// The copies of what one destination knows.
#[derive(Debug)]
pub struct Cache(Store);

impl Cache {
    /// Those of `store` in the directory `state`, in which each destination has a folder of its own.
    #[must_use]
    pub fn of(state: &Path, store: &Store) -> Self {
        let folder = Digest::of(store.identity().as_bytes()).hex().to_owned();
        Self(Store::Directory(Directory::new(state.join(folder))))
    }

    /// The copy of what is known of the files in `directory`; nothing, where there is none that can be read.
    pub async fn read(&self, directory: Option<&Key>) -> Known {
        Known::read(&self.0, directory).await.unwrap_or_default()
    }

    /// Keeps a copy.
    ///
    /// # Errors
    /// When it cannot be written.
    pub async fn write(&self, directory: Option<&Key>, known: &Known) -> Result<(), StateError> {
        known.write(&self.0, directory).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::objects::{Kind, Over};

    #[tokio::test]
    async fn a_copy_is_of_its_destination_alone_and_a_damaged_one_knows_nothing() {
        let [state, one, two] = std::array::from_fn(|_| tempfile::tempdir().unwrap());
        let [one, two] = [&one, &two].map(|folder| Store::Directory(Directory::new(folder.path().into())));
        let file = Key::parse("a").unwrap();
        let stamp = one.write(&file, "x".into(), Kind::Mutable, &Over::Nothing).await.unwrap();
        let mut known = Known::default();
        known.note("a", stamp, Digest::of(b"x"));
        Cache::of(state.path(), &one).write(None, &known).await.unwrap();
        assert_eq!(Cache::of(state.path(), &one).read(None).await, known);
        assert_eq!(Cache::of(state.path(), &two).read(None).await, Known::default());
        let folder = Digest::of(one.identity().as_bytes()).hex().to_owned();
        std::fs::write(state.path().join(folder).join(".image-mirror/known/root.json"), "{").unwrap();
        assert_eq!(Cache::of(state.path(), &one).read(None).await, Known::default());
    }
}
