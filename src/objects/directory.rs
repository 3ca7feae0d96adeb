//! Files of a directory. What is written is written aside, flushed to disk, and renamed.

use std::fs::{self, Metadata};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;

use super::error::{Error, Kind};
use super::{Object, Over, Stamp};
use crate::model::{Digest, Hasher, Key};

/// So much is read at a time.
const CHUNK: usize = 1 << 20;

/// A directory as a destination.
#[derive(Debug, Clone)]
pub struct Directory {
    root: Arc<Path>,
}

impl Directory {
    /// The directory at `root`, which is made when something is first written.
    #[must_use]
    pub fn new(root: PathBuf) -> Self {
        Self { root: root.into() }
    }

    /// The directory itself.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Where a key is.
    #[must_use]
    pub fn path(&self, key: &Key) -> PathBuf {
        self.root.join(key.as_str())
    }

    pub(super) async fn list(&self, folder: Option<&Key>) -> Result<Vec<Object>, Error> {
        let (own, folder) = (self.clone(), folder.cloned());
        blocking(move || own.list_now(folder.as_ref())).await
    }

    fn list_now(&self, folder: Option<&Key>) -> Result<Vec<Object>, Error> {
        let mut found = Vec::new();
        let start = folder.map_or_else(|| self.root.to_path_buf(), |folder| self.path(folder));
        collect(folder, &start, &mut found)
            .map_err(|error| Error::new(format!("listing {}", start.display()), Kind::Io(error)))?;
        found.sort_by(|a, b| a.key.cmp(&b.key));
        Ok(found)
    }

    pub(super) async fn look(&self, key: &Key) -> Result<Option<Object>, Error> {
        let (path, key) = (self.path(key), key.clone());
        blocking(move || {
            let looked = match fs::symlink_metadata(&path) {
                Ok(metadata) if metadata.is_file() => object(key, &metadata).map(Some),
                Ok(_) => Ok(None),
                Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
                Err(error) => Err(error),
            };
            looked.map_err(|error| Error::new(format!("looking at {}", path.display()), Kind::Io(error)))
        })
        .await
    }

    pub(super) async fn read(&self, key: &Key, limit: u64) -> Result<Option<(Bytes, Stamp)>, Error> {
        let path = self.path(key);
        blocking(move || {
            let failed = |kind| Error::new(format!("reading {}", path.display()), kind);
            let mut file = match fs::File::open(&path) {
                Ok(file) => file,
                Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
                Err(error) => return Err(failed(Kind::Io(error))),
            };
            let metadata = file.metadata().map_err(|error| failed(Kind::Io(error)))?;
            if metadata.len() > limit {
                return Err(failed(Kind::TooLarge(limit)));
            }
            let mut content = Vec::new();
            file.read_to_end(&mut content).map_err(|error| failed(Kind::Io(error)))?;
            Ok(Some((content.into(), stamp(&metadata))))
        })
        .await
    }

    pub(super) async fn sha256(&self, object: &Object) -> Result<Digest, Error> {
        let path = self.path(&object.key);
        blocking(move || {
            digest_of(&path)
                .map_err(|error| Error::new(format!("reading {}", path.display()), Kind::Io(error)))
        })
        .await
    }

    pub(super) async fn write(&self, key: &Key, content: Bytes, over: &Over) -> Result<Stamp, Error> {
        let (own, key, over) = (self.clone(), key.clone(), over.clone());
        blocking(move || {
            let path = own.path(&key);
            write_now(&path, &content, &over)
                .map_err(|kind| Error::new(format!("writing {}", path.display()), kind))
        })
        .await
    }

    pub(super) async fn delete(&self, key: &Key) -> Result<(), Error> {
        let path = self.path(key);
        blocking(move || match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(Error::new(format!("deleting {}", path.display()), Kind::Io(error)))
            }
            _ => Ok(()),
        })
        .await
    }
}

fn collect(folder: Option<&Key>, path: &Path, found: &mut Vec<Object>) -> io::Result<()> {
    let entries = match fs::read_dir(path) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    for entry in entries {
        let entry = entry?;
        let name = entry.file_name();
        let Some(key) = name.to_str().and_then(|name| child(folder, name)) else { continue };
        let metadata = entry.metadata()?;
        if metadata.is_dir() {
            collect(Some(&key), &entry.path(), found)?;
        } else if metadata.is_file() {
            found.push(object(key, &metadata)?);
        }
    }
    Ok(())
}

/// A name of a folder as a key; our own folder is none unless it was asked for.
fn child(folder: Option<&Key>, name: &str) -> Option<Key> {
    match folder {
        Some(folder) => folder.join(name).ok(),
        None => Key::parse(name).ok(),
    }
}

fn object(key: Key, metadata: &Metadata) -> io::Result<Object> {
    Ok(Object { key, size: metadata.len(), modified: metadata.modified()?, stamp: stamp(metadata) })
}

fn stamp(metadata: &Metadata) -> Stamp {
    let (seconds, nanos) = (metadata.mtime(), metadata.mtime_nsec());
    Stamp::new(format!("{seconds}.{nanos:09}-{}-{}", metadata.len(), metadata.ino()))
}

fn digest_of(path: &Path) -> io::Result<Digest> {
    let (mut file, mut hasher, mut chunk) = (fs::File::open(path)?, Hasher::sha256(), vec![0; CHUNK]);
    loop {
        match file.read(&mut chunk)? {
            0 => return Ok(hasher.finish()),
            read => hasher.update(&chunk[..read]),
        }
    }
}

fn write_now(path: &Path, content: &[u8], over: &Over) -> Result<Stamp, Kind> {
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder).map_err(Kind::Io)?;
    let mut aside = tempfile::Builder::new()
        .prefix(".image-mirror-")
        .permissions(fs::Permissions::from_mode(0o644))
        .tempfile_in(folder)
        .map_err(Kind::Io)?;
    aside.write_all(content).map_err(Kind::Io)?;
    aside.as_file().sync_all().map_err(Kind::Io)?;
    let file = match over {
        Over::Anything => aside.persist(path).map_err(|error| Kind::Io(error.error))?,
        Over::Nothing => aside.persist_noclobber(path).map_err(|error| taken(error.error))?,
        Over::Only(seen) => {
            let now = fs::symlink_metadata(path).map_err(|_| Kind::Changed)?;
            if stamp(&now) != *seen {
                return Err(Kind::Changed);
            }
            aside.persist(path).map_err(|error| Kind::Io(error.error))?
        }
    };
    fs::File::open(folder).and_then(|folder| folder.sync_all()).map_err(Kind::Io)?;
    Ok(stamp(&file.metadata().map_err(Kind::Io)?))
}

fn taken(error: io::Error) -> Kind {
    if error.kind() == io::ErrorKind::AlreadyExists { Kind::Changed } else { Kind::Io(error) }
}

/// Runs `work` where it may wait for a disk.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            Err(_) => std::future::pending().await,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(text: &str) -> Key {
        Key::parse(text).unwrap()
    }

    #[tokio::test]
    async fn what_was_written_is_listed_and_read_and_gone_once_deleted() {
        let folder = tempfile::tempdir().unwrap();
        let store = Directory::new(folder.path().join("not/there/yet"));
        assert_eq!(store.list(None).await.unwrap(), []);
        store.write(&key("a/b"), "one".into(), &Over::Nothing).await.unwrap();
        store.write(&Key::of_state("x").unwrap(), "own".into(), &Over::Nothing).await.unwrap();
        let listed = store.list(None).await.unwrap();
        assert_eq!(listed.iter().map(|object| object.key.as_str()).collect::<Vec<_>>(), ["a/b"]);
        assert_eq!(store.look(&key("a/b")).await.unwrap().unwrap(), listed[0]);
        assert_eq!(store.read(&key("a/b"), 3).await.unwrap().unwrap().0, "one");
        assert!(matches!(store.read(&key("a/b"), 2).await.unwrap_err().kind(), Kind::TooLarge(2)));
        assert_eq!(store.sha256(&listed[0]).await.unwrap(), Digest::of(b"one"));
        store.delete(&key("a/b")).await.unwrap();
        store.delete(&key("a/b")).await.unwrap();
        assert_eq!(store.look(&key("a/b")).await.unwrap(), None);
        let own = store.list(Some(&Key::of_state("x").unwrap().parent().unwrap())).await.unwrap();
        assert_eq!(own.len(), 1, "what is our own is listed where it is asked for");
    }

    #[tokio::test]
    async fn a_write_replaces_only_what_it_may() {
        let folder = tempfile::tempdir().unwrap();
        let (store, key) = (Directory::new(folder.path().into()), key("a"));
        let first = store.write(&key, "one".into(), &Over::Nothing).await.unwrap();
        let again = store.write(&key, "two".into(), &Over::Nothing).await.unwrap_err();
        assert!(matches!(again.kind(), Kind::Changed));
        store.write(&key, "two".into(), &Over::Only(first.clone())).await.unwrap();
        let late = store.write(&key, "three".into(), &Over::Only(first)).await.unwrap_err();
        assert!(matches!(late.kind(), Kind::Changed));
        assert_eq!(store.read(&key, 9).await.unwrap().unwrap().0, "two");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left aside");
    }
}
