//! Names for what is there already: hard links, symbolic links, and folders that are moved away.

use std::fs;
use std::io;
use std::os::unix::fs::symlink;
use std::path::{Component, Path, PathBuf};

use tempfile::TempPath;

use super::super::error::{Error, Kind};
use super::super::{Expected, Over, Pointed, Stamp};
use super::disk::{blocking, retried};
use super::partial::Partial;
use super::{CHUNK, Directory, aside, flush_folder, renamed_over_nothing, stamp, within};
use crate::model::Key;

impl Directory {
    /// Gives the file under `from` a second name; where the file system has no such thing, copies it.
    pub(in super::super) async fn copy(
        &self,
        from: &Key,
        to: &Key,
        expected: &Expected,
    ) -> Result<Stamp, Error> {
        let (source, over) = (from.clone(), expected.over.clone());
        let linked = self.on("linking", to, move |root, to| link(root, &source, to, &over)).await;
        match linked {
            Err(error) if has_no_links(error.kind()) => self.copy_bytes(from, to, expected).await,
            linked => linked,
        }
    }

    async fn copy_bytes(&self, from: &Key, to: &Key, expected: &Expected) -> Result<Stamp, Error> {
        use std::os::unix::fs::FileExt as _;
        let file =
            self.on("reading", from, |root, from| Ok(fs::File::open(within::path(root, from)?)?)).await?;
        let file = std::sync::Arc::new(file);
        let mut partial = Partial::open(self, to, expected).await?;
        loop {
            let (file, at) = (std::sync::Arc::clone(&file), partial.offset());
            let read = blocking(move || {
                let mut chunk = vec![0; CHUNK];
                retried(|| file.read_at(&mut chunk, at)).map(|read| {
                    chunk.truncate(read);
                    chunk
                })
            })
            .await
            .map_err(|error| Error::new(format!("reading {}", self.path(from).display()), error.into()))?;
            if read.is_empty() {
                return partial.commit().await;
            }
            partial.write(&read).await?;
        }
    }

    /// Lets the symbolic link `link` lead to `to`.
    pub(in super::super) async fn point(&self, link: &Key, to: &Key) -> Result<Pointed, Error> {
        let to = to.clone();
        self.on("pointing", link, move |root, link| {
            let (path, target) = (within::path_in_made_folder(root, link)?, relative(link, &to));
            match fs::symlink_metadata(&path) {
                Ok(metadata) if !metadata.is_symlink() => return Err(Kind::NotALink),
                Ok(_) if fs::read_link(&path)? == target => return Ok(Pointed::Already),
                Err(error) if !within::is_absent(&error) => return Err(error.into()),
                _ => {}
            }
            let aside = free_name(root)?;
            symlink(&target, &aside)?;
            retried(|| fs::rename(&aside, &path))?;
            flush_folder(&path)?;
            Ok(Pointed::Changed)
        })
        .await
    }

    /// What the symbolic link `link` leads to, if it is one and leads to a key.
    pub(in super::super) async fn pointed(&self, link: &Key) -> Result<Option<Key>, Error> {
        self.on("reading", link, |root, link| match fs::read_link(within::path_of_link(root, link)?) {
            Ok(target) => Ok(resolved(link, &target)),
            // It is no link.
            Err(error) if error.kind() == io::ErrorKind::InvalidInput || within::is_absent(&error) => {
                Ok(None)
            }
            Err(error) => Err(error.into()),
        })
        .await
    }

    /// Renames `folder` to `into`, which must not be there.
    pub(in super::super) async fn trash(&self, folder: &Key, into: &Key) -> Result<bool, Error> {
        let into = into.clone();
        self.on("moving", folder, move |root, folder| {
            let from = within::path_of_link(root, folder)?;
            match fs::symlink_metadata(&from) {
                Ok(_) => {}
                Err(error) if within::is_absent(&error) => return Ok(false),
                Err(error) => return Err(error.into()),
            }
            let to = within::path_in_made_folder(root, &into)?;
            if fs::symlink_metadata(&to).is_ok() {
                return Err(Kind::Changed);
            }
            fs::rename(&from, &to)?;
            flush_folder(&to)?;
            flush_folder(&from)?;
            Ok(true)
        })
        .await
    }
}

fn link(root: &Path, from: &Key, to: &Key, over: &Over) -> Result<Stamp, Kind> {
    let source = within::path(root, from)?;
    let path = within::path_in_made_folder(root, to)?;
    if let Over::Only(seen) = over
        && fs::symlink_metadata(&path).ok().is_none_or(|now| stamp(&now) != *seen)
    {
        return Err(Kind::Changed);
    }
    let name = free_name(root)?;
    fs::hard_link(&source, &name)?;
    // Of two names of one file, a rename leaves both.
    let name = TempPath::try_from_path(name)?;
    if *over == Over::Nothing {
        renamed_over_nothing(&name, &path)?;
    } else {
        retried(|| fs::rename(&name, &path))?;
    }
    flush_folder(&path)?;
    Ok(stamp(&fs::symlink_metadata(&path)?))
}

/// Whether it was refused because of what the file system can, not because of what is there.
fn has_no_links(kind: &Kind) -> bool {
    let (Kind::Io(error) | Kind::OtherFileSystem(error)) = kind else { return false };
    matches!(
        error.kind(),
        io::ErrorKind::Unsupported
            | io::ErrorKind::PermissionDenied
            | io::ErrorKind::TooManyLinks
            | io::ErrorKind::CrossesDevices
    )
}

/// A path aside at which nothing is.
fn free_name(root: &Path) -> Result<PathBuf, Kind> {
    let file = tempfile::Builder::new().prefix(".link-").tempfile_in(aside(root)?)?;
    Ok(file.path().to_path_buf())
}

/// The way from the folder that `link` is in to `to`.
fn relative(link: &Key, to: &Key) -> PathBuf {
    let (folder, to) = (link.parent(), to.as_str());
    let folder: Vec<&str> =
        folder.as_ref().map(|folder| folder.as_str().split('/').collect()).unwrap_or_default();
    let shared = folder.iter().zip(to.split('/')).take_while(|(a, b)| **a == *b).count();
    let up = std::iter::repeat_n("..", folder.len() - shared);
    up.chain(to.split('/').skip(shared)).collect()
}

/// Where `target` leads from the folder that `link` is in; none: out of the root.
fn resolved(link: &Key, target: &Path) -> Option<Key> {
    let folder = link.parent();
    let mut names: Vec<&str> =
        folder.as_ref().map(|folder| folder.as_str().split('/').collect()).unwrap_or_default();
    for part in target.components() {
        match part {
            Component::Normal(name) => names.push(name.to_str()?),
            Component::ParentDir => drop(names.pop()?),
            Component::CurDir => {}
            Component::RootDir | Component::Prefix(_) => return None,
        }
    }
    Key::parse(&names.join("/")).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_leads_to_where_it_was_pointed_and_never_out_of_the_root() {
        let key = |text: &str| Key::parse(text).unwrap();
        for (link, to, way) in [
            ("a/latest", "a/4.16.1", "4.16.1"),
            ("latest", "a/4.16.1", "a/4.16.1"),
            ("a/b/latest", "a/c/d", "../c/d"),
            ("x/y/z", "a", "../../a"),
            ("a/latest", "ab/c", "../ab/c"),
        ] {
            assert_eq!(relative(&key(link), &key(to)), Path::new(way));
            assert_eq!(resolved(&key(link), Path::new(way)), Some(key(to)));
        }
        for out in ["../../etc", "/etc", "..", "../.image-mirror/lock"] {
            assert_eq!(resolved(&key("a/latest"), Path::new(out)), None, "{out}");
        }
    }
}
