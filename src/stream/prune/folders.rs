//! What only a destination on disk has: links, and a place for what was deleted.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use crate::model::Key;
use crate::objects::Store;
use crate::state::StateError;

/// Folders in which a link to the latest build may be: `rhcos/`, `rhcos/pre-release/`, `rhcos/pre-release/X.Y/`.
const DEPTH: usize = 3;
const TRASH: &str = "trash";

/// A link on the way to `folder`, if there is one.
pub(super) async fn link_above(store: &Store, folder: &Key) -> io::Result<Option<PathBuf>> {
    let Store::Directory(directory) = store else { return Ok(None) };
    let (directory, folder) = (directory.clone(), folder.clone());
    on_disk(move || {
        let mut above = std::iter::successors(Some(folder), Key::parent).map(|key| directory.path(&key));
        Ok(above.find(|path| path.is_symlink()))
    })
    .await
}

/// Links named `latest…` below `folder`, and the names of what they lead to.
pub(super) async fn latest_links(store: &Store, folder: &Key) -> io::Result<Vec<(Key, Arc<str>)>> {
    let Store::Directory(directory) = store else { return Ok(Vec::new()) };
    let (path, folder) = (directory.path(folder), folder.clone());
    on_disk(move || {
        let mut found = Vec::new();
        links(&path, &folder, DEPTH, &mut found)?;
        Ok(found)
    })
    .await
}

fn links(path: &Path, folder: &Key, depth: usize, found: &mut Vec<(Key, Arc<str>)>) -> io::Result<()> {
    let entries = match fs::read_dir(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        entries => entries?,
    };
    for entry in entries {
        let entry = entry?;
        let Some(key) = entry.file_name().to_str().and_then(|name| folder.join(name).ok()) else { continue };
        let kind = entry.file_type()?;
        if kind.is_symlink() && key.name().starts_with("latest") {
            // It may lead there over other links.
            let targets = [Some(fs::read_link(entry.path())?), fs::canonicalize(entry.path()).ok()];
            let names: BTreeSet<_> =
                targets.iter().flatten().filter_map(|target| target.file_name()).collect();
            let names = names.into_iter().map(|name| (key.clone(), name.to_string_lossy().into()));
            found.extend(names);
        } else if kind.is_dir() && depth > 1 {
            links(&entry.path(), &key, depth - 1, found)?;
        }
    }
    Ok(())
}

/// Puts a whole directory aside, where it stays for a while. False: this destination has no such place.
pub(super) async fn set_aside(store: &Store, directory: &Key, now: SystemTime) -> Result<bool, StateError> {
    let when = humantime::format_rfc3339_seconds(now);
    let aside = Key::of_state(&format!("{TRASH}/{when}/{directory}"))?;
    Ok(store.trash(directory, &aside).await?)
}

/// Removes what was put aside at least `ttl` ago.
pub(super) async fn purge(store: &Store, now: SystemTime, ttl: Duration) -> io::Result<()> {
    let Store::Directory(own) = store else { return Ok(()) };
    let trash = own.path(&Key::of_state(TRASH).map_err(io::Error::other)?);
    on_disk(move || {
        let entries = match fs::read_dir(&trash) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            entries => entries?,
        };
        for entry in entries {
            let entry = entry?;
            let when = entry.file_name().to_str().and_then(|name| humantime::parse_rfc3339(name).ok());
            let age = when.and_then(|when| now.duration_since(when).ok());
            if age.is_some_and(|age| age >= ttl) {
                fs::remove_dir_all(entry.path())?;
            }
        }
        Ok(())
    })
    .await
}

async fn on_disk<T: Send + 'static>(work: impl FnOnce() -> io::Result<T> + Send + 'static) -> io::Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(io::Error::other)?
}
