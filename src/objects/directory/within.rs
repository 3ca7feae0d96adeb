//! Paths that stay below the root, whatever links lie on them.

use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use crate::model::Key;

use super::super::error::Kind;

/// Of every directory that we make, whatever the umask.
const MODE: u32 = 0o755;

/// The path of `key`, if no link on the way to it leads out of `root`. What is not there yet leads nowhere.
pub(super) fn path(root: &Path, key: &Key) -> Result<PathBuf, Kind> {
    let mut path = root.to_path_buf();
    for name in key.as_str().split('/') {
        path.push(name);
        check(root, &path)?;
    }
    Ok(path)
}

/// The path of `key`, with the folder that it is in made where it was not there.
pub(super) fn path_in_made_folder(root: &Path, key: &Key) -> Result<PathBuf, Kind> {
    made(root)?;
    let mut path = root.to_path_buf();
    if let Some(folder) = key.parent() {
        for name in folder.as_str().split('/') {
            path.push(name);
            check(root, &path)?;
            made(&path)?;
        }
    }
    path.push(key.name());
    Ok(path)
}

fn made(path: &Path) -> io::Result<()> {
    if path.is_dir() {
        return Ok(());
    }
    fs::create_dir_all(path)?;
    fs::set_permissions(path, Permissions::from_mode(MODE))
}

fn check(root: &Path, path: &Path) -> Result<(), Kind> {
    match fs::symlink_metadata(path) {
        Ok(metadata) if metadata.is_symlink() => {}
        Ok(_) => return Ok(()),
        Err(error) if is_absent(&error) => return Ok(()),
        Err(error) => return Err(error.into()),
    }
    let root = fs::canonicalize(root)?;
    match fs::canonicalize(path) {
        Ok(target) if target.starts_with(root) => Ok(()),
        // One that leads nowhere may lead anywhere once something is written there.
        Ok(_) => Err(Kind::Link),
        Err(error) if is_absent(&error) => Err(Kind::Link),
        Err(error) => Err(error.into()),
    }
}

/// Nothing is there, or something on the way to it is a file.
pub(super) fn is_absent(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

/// As [`path`], of something that may itself be a link, which is not followed.
pub(super) fn path_of_link(root: &Path, key: &Key) -> Result<PathBuf, Kind> {
    let folder = key.parent().map_or_else(|| Ok(root.to_path_buf()), |folder| path(root, &folder))?;
    Ok(folder.join(key.name()))
}
