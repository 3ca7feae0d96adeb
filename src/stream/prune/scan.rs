//! The release directories of a destination, found in its listing.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::SystemTime;

use semver::Version;

use super::refused::Unable;
use super::{PruneSettings, folders};
use crate::model::Key;
use crate::objects::{Object, Store};
use crate::stream::state::Tombstone;
use crate::stream::sums::MARK;
use crate::stream::versions::has_date;

/// No mark is larger.
const LARGEST_MARK: u64 = 4 << 10;

/// One of the two trees below `rhcos/`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Tree {
    /// `rhcos/X.Y/`
    Release,
    /// `rhcos/pre-release/`
    PreRelease,
}

/// After what a release directory is named.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Named {
    /// After its build.
    Build,
    /// After a version that is not yet, or never to be, generally available.
    Version,
    /// After a version that is generally available.
    Ga,
}

/// A directory of one build of one architecture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Directory {
    /// Where it is.
    pub key: Key,
    /// In which tree.
    pub tree: Tree,
    /// The architecture.
    pub arch: Arc<str>,
    /// The minor version: `4.19`.
    pub ocp: Arc<str>,
    /// After what it is named.
    pub named: Named,
    /// The build. None: it is named after a version, and says nowhere which build of it.
    pub release: Option<Arc<str>>,
    /// Everything in it.
    pub objects: Vec<Object>,
}

/// A directory, or a file, that is no release directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Other {
    /// Where it is.
    pub key: Key,
    /// Everything in it.
    pub objects: Vec<Object>,
}

/// A directory that holds the latest build, or a link to one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Latest {
    /// Where it is.
    pub key: Key,
    /// The architecture.
    pub arch: Arc<str>,
    /// The build, or the name of the directory that a link leads to. None: nothing says it.
    pub holds: Option<Arc<str>>,
}

/// What there is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Scan {
    /// Release directories, sorted by key.
    pub directories: Vec<Directory>,
    /// What is none.
    pub unknown: Vec<Other>,
    /// What is called `latest…`.
    pub latest: Vec<Latest>,
}

/// What a file belongs to.
#[derive(Debug, PartialEq, Eq)]
enum Belongs {
    Release(Tree, Arc<str>, Named),
    Latest,
    /// It is a stream file, which lies beside the directories.
    Stream,
    Unknown,
}

impl Scan {
    /// Of which builds those directories are whose deletion began and that nobody wrote to since.
    pub(super) fn remember(&mut self, tombstones: &[Tombstone]) {
        for directory in self.directories.iter_mut().filter(|directory| directory.release.is_none()) {
            let newest = directory.newest();
            let of_it = |tombstone: &&Tombstone| {
                tombstone.directory == directory.key.as_str()
                    && newest.is_some_and(|newest| newest < tombstone.since)
            };
            let tombstone = tombstones.iter().find(of_it);
            directory.release = tombstone.and_then(|tombstone| tombstone.release.as_deref()).map(Arc::from);
        }
    }
}

impl Directory {
    /// The last name of its path.
    #[must_use]
    pub fn name(&self) -> &str {
        self.key.name()
    }

    /// Whether it was marked as complete.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.objects.iter().any(|object| is_mark(&self.key, &object.key))
    }

    /// When the newest of its files was stored.
    #[must_use]
    pub fn newest(&self) -> Option<SystemTime> {
        self.objects.iter().map(|object| object.modified).max()
    }
}

/// Lists what there is of the architectures, and reads which builds directories say that they hold.
///
/// # Errors
/// When any of it cannot be listed or read.
pub async fn scan(store: &Store, settings: &PruneSettings) -> Result<Scan, Unable> {
    let mut scan = Scan::default();
    for arch in &settings.arches {
        let folder = settings.folder(arch)?;
        let listed = store.list(Some(&folder)).await?;
        grouped(&folder, arch, listed, &mut scan)?;
        for (key, target) in folders::latest_links(store, &folder).await? {
            scan.latest.push(Latest { key, arch: Arc::clone(arch), holds: Some(target) });
        }
    }
    for directory in &mut scan.directories {
        directory.release = match directory.named {
            Named::Build => Some(directory.name().into()),
            Named::Version | Named::Ga => mark_of(store, &directory.key).await?,
        };
    }
    for latest in scan.latest.iter_mut().filter(|latest| latest.holds.is_none()) {
        latest.holds = mark_of(store, &latest.key).await?;
    }
    Ok(scan)
}

/// Puts what was listed below `folder` into the directories that it makes up.
fn grouped(folder: &Key, arch: &Arc<str>, listed: Vec<Object>, scan: &mut Scan) -> Result<(), Unable> {
    let mut groups: BTreeMap<Key, (Belongs, Vec<Object>)> = BTreeMap::new();
    for object in listed {
        let below = object.key.as_str().get(folder.as_str().len() + 1..).unwrap_or_default();
        let names: Vec<&str> = below.split('/').collect();
        let (depth, belongs) = belongs(&names);
        let key = folder.join(&names[..depth].join("/"))?;
        let group = groups.entry(key).or_insert_with(|| (Belongs::Unknown, Vec::new()));
        // What is called as the folder itself is only a marker of it, if there is more.
        if group.1.is_empty() || names.len() > depth {
            group.0 = belongs;
        }
        group.1.push(object);
    }
    for (key, (belongs, objects)) in groups {
        let arch = Arc::clone(arch);
        match belongs {
            Belongs::Release(tree, ocp, named) => {
                scan.directories.push(Directory { key, tree, arch, ocp, named, release: None, objects });
            }
            Belongs::Latest => scan.latest.push(Latest { key, arch, holds: None }),
            Belongs::Unknown => scan.unknown.push(Other { key, objects }),
            Belongs::Stream => {}
        }
    }
    Ok(())
}

/// What the file with these names below `rhcos/` belongs to, and how many of the names are those of the directory.
fn belongs(names: &[&str]) -> (usize, Belongs) {
    match names {
        [first, _, ..] if first.starts_with("latest") => (1, Belongs::Latest),
        ["pre-release", second, _, ..] if second.starts_with("latest") => (2, Belongs::Latest),
        ["pre-release", minor, rest @ ..] if is_minor(minor) && !rest.is_empty() => {
            within(2, Tree::PreRelease, minor, rest)
        }
        ["pre-release", version, _, ..] => {
            let release = |(ocp, named)| Belongs::Release(Tree::PreRelease, ocp, named);
            (2, version_of(version).map_or(Belongs::Unknown, release))
        }
        ["pre-release", file] => (2, beside(file)),
        [minor, rest @ ..] if is_minor(minor) && !rest.is_empty() => within(1, Tree::Release, minor, rest),
        [file] => (1, beside(file)),
        _ => (1, Belongs::Unknown),
    }
}

/// As [`belongs`], in the folder of a minor version.
fn within(above: usize, tree: Tree, minor: &str, below: &[&str]) -> (usize, Belongs) {
    let belongs = match below {
        [file] => beside(file),
        [name, ..] if name.starts_with("latest") => Belongs::Latest,
        [name, ..] => match version_of(name) {
            Some((ocp, named)) if *ocp == *minor => Belongs::Release(tree, ocp, named),
            _ if is_build(name) => Belongs::Release(tree, minor.into(), Named::Build),
            _ => Belongs::Unknown,
        },
        [] => Belongs::Unknown,
    };
    (above + 1, belongs)
}

fn beside(file: &str) -> Belongs {
    let is_stream = file.rsplit_once('.').is_some_and(|(_, end)| end == "json");
    if is_stream { Belongs::Stream } else { Belongs::Unknown }
}

/// The minor version that a directory named after a version is of.
fn version_of(name: &str) -> Option<(Arc<str>, Named)> {
    if let Some(minor) = name.strip_prefix("dev-").filter(|minor| is_minor(minor)) {
        return Some((minor.into(), Named::Version));
    }
    let version = Version::parse(name).ok().filter(|_| !has_date(name))?;
    let named = if version.pre.is_empty() { Named::Ga } else { Named::Version };
    Some((format!("{}.{}", version.major, version.minor).into(), named))
}

/// `4.19`
fn is_minor(name: &str) -> bool {
    numbers(name) == Some(2)
}

/// `9.6.20250121-0`
fn is_build(name: &str) -> bool {
    let (build, rest) = name.split_once('-').map_or((name, None), |(build, rest)| (build, Some(rest)));
    numbers(build).is_some_and(|count| count > 1) && rest.is_none_or(|rest| numbers(rest).is_some())
}

/// How many numbers are joined by dots; none: something else is there.
fn numbers(text: &str) -> Option<usize> {
    let is_number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    text.split('.').all(is_number).then(|| text.split('.').count())
}

/// Whether `key` is the mark of the directory.
pub(super) fn is_mark(directory: &Key, key: &Key) -> bool {
    key.name() == MARK && key.parent().as_ref() == Some(directory)
}

/// The build that a directory says it holds.
pub(super) async fn mark_of(store: &Store, directory: &Key) -> Result<Option<Arc<str>>, Unable> {
    let read = store.read(&directory.join(MARK)?, LARGEST_MARK).await?;
    let text = read.and_then(|(content, _)| String::from_utf8(content.to_vec()).ok());
    Ok(text.map(|text| text.trim().to_owned()).filter(|text| is_build(text)).map(Arc::from))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_called_as_a_release_is_called_is_one_and_nothing_else() {
        let release = |tree, ocp: &str, named| Belongs::Release(tree, ocp.into(), named);
        let (tree, pre) = (Tree::Release, Tree::PreRelease);
        let cases = [
            ("4.8/47.83.202102090311-0/a.iso", 2, release(tree, "4.8", Named::Build)),
            ("4.8/47.83.202102090311-0/a/b", 2, release(tree, "4.8", Named::Build)),
            ("4.19/9.6.20250121-0/a", 2, release(tree, "4.19", Named::Build)),
            ("4.19/4.19.3/a", 2, release(tree, "4.19", Named::Ga)),
            ("4.19/latest/a", 2, Belongs::Latest),
            ("latest/a", 1, Belongs::Latest),
            ("pre-release/4.20.0-ec.1/a", 2, release(pre, "4.20", Named::Version)),
            ("pre-release/dev-4.20/a", 2, release(pre, "4.20", Named::Version)),
            ("pre-release/latest-4.20/a", 2, Belongs::Latest),
            ("pre-release/latest/a", 2, Belongs::Latest),
            ("pre-release/4.20/9.6.20250707-1.3/a", 3, release(pre, "4.20", Named::Build)),
            ("pre-release/rhcos-4.20-prerelease.json", 2, Belongs::Stream),
            ("4.8/backup/a", 2, Belongs::Unknown), // 14.88
            ("4.8/47.83.202102090311-0-old/a", 2, Belongs::Unknown),
            ("4.8/47/a", 2, Belongs::Unknown),
            ("4.8/README", 2, Belongs::Unknown),
            ("pre-release/test/a", 2, Belongs::Unknown),
            ("old/4.8/47.83.202102090311-0/a", 1, Belongs::Unknown),
            ("latest", 1, Belongs::Unknown),
        ];
        for (path, depth, expected) in cases {
            let names: Vec<&str> = path.split('/').collect();
            assert_eq!(belongs(&names), (depth, expected), "{path}");
        }
    }
}
