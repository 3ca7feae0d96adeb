//! Files of a directory. What is written is written aside, flushed to disk, and renamed.

mod disk;
mod links;
mod partial;
mod within;

use std::fs::{self, Metadata, Permissions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use bytes::Bytes;
use tempfile::TempPath;

use super::error::{Error, Kind};
use super::taken::Taken;
use super::{Object, Over, Stamp};
use crate::model::{Digest, Hasher, Key};

pub(super) use partial::Partial;

use disk::{blocking, retried};

/// So much is read at a time.
const CHUNK: usize = 1 << 20;
/// Below our own folder: everything that is not whole yet.
const PARTIALS: &str = "partials";
/// Of a file that others may read.
const MODE: u32 = 0o644;

/// A directory as a destination. Clones of it are one.
#[derive(Debug, Clone)]
pub struct Directory {
    root: Arc<Path>,
    taken: Taken,
}

impl Directory {
    /// The directory at `root`, which is made when something is first written.
    #[must_use]
    pub fn new(root: PathBuf) -> Self {
        Self { root: root.into(), taken: Taken::default() }
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

    /// Does `work` on the path of `key`; `doing` says what that is, for errors.
    async fn on<T: Send + 'static>(
        &self,
        doing: &str,
        key: &Key,
        work: impl FnOnce(&Path, &Key) -> Result<T, Kind> + Send + 'static,
    ) -> Result<T, Error> {
        let operation = format!("{doing} {}", self.path(key).display());
        let (root, key) = (Arc::clone(&self.root), key.clone());
        blocking(move || work(&root, &key)).await.map_err(|kind| Error::new(operation, kind))
    }

    pub(super) async fn list(&self, folder: Option<&Key>) -> Result<Vec<Object>, Error> {
        let (own, folder) = (self.clone(), folder.cloned());
        blocking(move || own.list_now(folder.as_ref())).await
    }

    fn list_now(&self, folder: Option<&Key>) -> Result<Vec<Object>, Error> {
        let start = folder.map_or_else(|| self.root.to_path_buf(), |folder| self.path(folder));
        let mut found = retried(|| {
            let mut found = Vec::new();
            collect(folder, &start, &mut found).map(|()| found)
        })
        .map_err(|error| Error::new(format!("listing {}", start.display()), error.into()))?;
        found.sort_by(|a, b| a.key.cmp(&b.key));
        Ok(found)
    }

    pub(super) async fn look(&self, key: &Key) -> Result<Option<Object>, Error> {
        self.on("looking at", key, |root, key| {
            match retried(|| fs::symlink_metadata(root.join(key.as_str()))) {
                Ok(metadata) if metadata.is_file() => Ok(Some(object(key.clone(), &metadata)?)),
                Ok(_) => Ok(None),
                Err(error) if within::is_absent(&error) => Ok(None),
                Err(error) => Err(error.into()),
            }
        })
        .await
    }

    pub(super) async fn read(&self, key: &Key, limit: u64) -> Result<Option<(Bytes, Stamp)>, Error> {
        self.on("reading", key, move |root, key| {
            let path = within::path(root, key)?;
            let mut file = match retried(|| fs::File::open(&path)) {
                Ok(file) => file,
                Err(error) if within::is_absent(&error) => return Ok(None),
                Err(error) => return Err(error.into()),
            };
            let metadata = file.metadata()?;
            if metadata.len() > limit {
                return Err(Kind::TooLarge(limit));
            }
            let mut content = Vec::new();
            file.read_to_end(&mut content)?;
            Ok(Some((content.into(), stamp(&metadata))))
        })
        .await
    }

    pub(super) async fn sha256(&self, object: &Object) -> Result<Digest, Error> {
        self.on("reading", &object.key, |root, key| {
            let path = within::path(root, key)?;
            Ok(retried(|| digest_of(&path))?)
        })
        .await
    }

    pub(super) async fn write(&self, key: &Key, content: Bytes, over: &Over) -> Result<Stamp, Error> {
        let over = over.clone();
        self.on("writing", key, move |root, key| {
            let folder = aside(root)?;
            let mut aside = tempfile::Builder::new().prefix(".small-").tempfile_in(folder)?;
            aside.write_all(&content)?;
            publish(root, aside.as_file(), aside.path(), key, &over)
        })
        .await
    }

    pub(super) async fn delete(&self, key: &Key) -> Result<(), Error> {
        self.on("deleting", key, |root, key| {
            let path = within::path_of_link(root, key)?;
            match retried(|| fs::remove_file(&path)) {
                Err(error) if !within::is_absent(&error) => Err(error.into()),
                _ => Ok(()),
            }
        })
        .await
    }

    /// Removes everything that is not whole and was last written to before `before`; says how many files that were.
    pub(super) async fn clear_leftovers(&self, before: SystemTime) -> Result<u64, Error> {
        self.on("clearing", &Key::of_state(PARTIALS).map_err(no_key)?, move |root, key| {
            let mut cleared = 0;
            let entries = match fs::read_dir(within::path(root, key)?) {
                Ok(entries) => entries,
                Err(error) if within::is_absent(&error) => return Ok(0),
                Err(error) => return Err(error.into()),
            };
            for entry in entries {
                let entry = entry?;
                if entry.metadata()?.modified()? < before {
                    fs::remove_file(entry.path())?;
                    cleared += 1;
                }
            }
            Ok(cleared)
        })
        .await
    }
}

fn no_key(error: crate::model::KeyError) -> Error {
    Error::new("naming a file of our own", Kind::Key(error))
}

/// The folder for what is not whole yet, in the file system of the root.
fn aside(root: &Path) -> Result<PathBuf, Kind> {
    let folder = Key::of_state(PARTIALS).and_then(|folder| folder.join("x")).map_err(Kind::Key)?;
    let mut path = within::path_in_made_folder(root, &folder)?;
    path.pop();
    Ok(path)
}

/// Puts the file that was written at `aside` under its key, for all to see.
fn publish(root: &Path, file: &fs::File, aside: &Path, key: &Key, over: &Over) -> Result<Stamp, Kind> {
    // Never twice: after a failure the second one says that all is well, while what could not be written is forgotten.
    file.sync_all()?;
    file.set_permissions(Permissions::from_mode(MODE))?;
    let path = within::path_in_made_folder(root, key)?;
    if let Over::Only(seen) = over {
        let now = fs::symlink_metadata(&path).map_err(|_| Kind::Changed)?;
        if stamp(&now) != *seen {
            return Err(Kind::Changed);
        }
    }
    if *over == Over::Nothing {
        renamed_over_nothing(aside, &path)?;
    } else {
        retried(|| fs::rename(aside, &path))?;
    }
    flush_folder(&path)?;
    Ok(stamp(&file.metadata()?))
}

fn renamed_over_nothing(aside: &Path, path: &Path) -> Result<(), Kind> {
    match TempPath::try_from_path(aside)?.persist_noclobber(path) {
        Ok(()) => Ok(()),
        Err(failed) => {
            // What is aside belongs to the caller.
            failed.path.keep().map_err(|kept| kept.error)?;
            let error = failed.error;
            if error.kind() == io::ErrorKind::AlreadyExists { Err(Kind::Changed) } else { Err(error.into()) }
        }
    }
}

/// Waits until a file system has written down that `path` is there.
fn flush_folder(path: &Path) -> Result<(), Kind> {
    let folder = path.parent().unwrap_or(Path::new("."));
    Ok(retried(|| fs::File::open(folder)?.sync_all())?)
}

fn collect(folder: Option<&Key>, path: &Path, found: &mut Vec<Object>) -> io::Result<()> {
    let entries = match fs::read_dir(path) {
        Ok(entries) => entries,
        Err(error) if within::is_absent(&error) => return Ok(()),
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
    let mut hasher = Hasher::sha256();
    take_in(&mut fs::File::open(path)?, &mut hasher)?;
    Ok(hasher.finish())
}

/// Hashes the rest of a file; says how many bytes that were.
fn take_in(file: &mut fs::File, hasher: &mut Hasher) -> io::Result<u64> {
    let (mut chunk, mut total) = (vec![0; CHUNK], 0);
    loop {
        match file.read(&mut chunk)? {
            0 => return Ok(total),
            read => {
                hasher.update(&chunk[..read]);
                total += read as u64;
            }
        }
    }
}

#[cfg(test)]
mod tests;
