//! What a registry holds, written as Distribution keeps it in a file system: far quicker than pushing it.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::Result;
use crate::pool::Pool;
use crate::set::Set;

/// The storage of one registry.
#[derive(Debug)]
pub struct Store {
    folder: TempDir,
}

impl Store {
    /// An empty one.
    pub fn new() -> Result<Self> {
        Ok(Self { folder: tempfile::tempdir()? })
    }

    /// What the registry is told to keep its data in.
    pub fn root(&self) -> &Path {
        self.folder.path()
    }

    /// Puts all of `set` there. What is there already stays, tags move.
    pub fn lay(&self, pool: &Pool, set: &Set) -> Result<()> {
        for (repository, digest) in set.links().into_keys() {
            self.data(pool, digest)?;
            write(&self.layer(repository, digest), digest)?;
        }
        for (repository, digest) in set.manifests().into_keys() {
            self.data(pool, digest)?;
            write(&self.revision(repository, digest), digest)?;
        }
        for line in &set.lines {
            let (tags, digest) = (self.tags(&line.repository), &line.image.manifest.digest);
            write(&tags.join(&line.tag).join("current/link"), digest)?;
            write(&tags.join(&line.tag).join("index/sha256").join(hex(digest)).join("link"), digest)?;
        }
        Ok(())
    }

    fn data(&self, pool: &Pool, digest: &str) -> Result<()> {
        let path = self.blob(digest);
        fs::create_dir_all(path.parent().unwrap_or(&path))?;
        match fs::hard_link(pool.path(digest), &path) {
            Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(error.into()),
            _ => Ok(()),
        }
    }

    /// The bytes of a blob or manifest.
    pub fn blob(&self, digest: &str) -> PathBuf {
        self.below("blobs/sha256").join(&hex(digest)[..2]).join(hex(digest)).join("data")
    }

    /// The file that says that a repository has a blob.
    pub fn layer(&self, repository: &str, digest: &str) -> PathBuf {
        self.repository(repository).join("_layers/sha256").join(hex(digest)).join("link")
    }

    /// The file that says that a repository has a manifest.
    pub fn revision(&self, repository: &str, digest: &str) -> PathBuf {
        self.repository(repository).join("_manifests/revisions/sha256").join(hex(digest)).join("link")
    }

    /// The folder with one folder for each tag.
    pub fn tags(&self, repository: &str) -> PathBuf {
        self.repository(repository).join("_manifests/tags")
    }

    fn repository(&self, repository: &str) -> PathBuf {
        self.below("repositories").join(repository)
    }

    fn below(&self, folder: &str) -> PathBuf {
        self.root().join("docker/registry/v2").join(folder)
    }
}

fn hex(digest: &str) -> &str {
    digest.trim_start_matches("sha256:")
}

fn write(path: &Path, text: &str) -> Result<()> {
    fs::create_dir_all(path.parent().unwrap_or(path))?;
    Ok(fs::write(path, text)?)
}
