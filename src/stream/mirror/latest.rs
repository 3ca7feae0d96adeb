//! The folders `latest`: links to the directory of the newest release where a destination has links, copies of it where not.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;

use super::error::MirrorError;
use crate::model::{Digest, Key};
use crate::objects::{Expected, Kind, Object, Over, Pointed, Store};
use crate::state::StateError;
use crate::stream::plan::{Directory, ReleaseVersion};
use crate::stream::sums::{MARK, SIGNED_SUMS, SUMS, Sums};
use crate::stream::versions::Versions;

const LARGEST: u64 = 1 << 20;

/// What is copied as it is once all files are there, in this order.
const LAST: [&str; 3] = [SUMS, SIGNED_SUMS, MARK];

/// A folder `latest` that is to be something else.
#[derive(Debug)]
pub(super) struct Due {
    from: Key,
    to: Key,
    /// What lies in each of them.
    wanted: BTreeSet<String>,
    there: BTreeSet<String>,
}

/// What was done so that a folder follows.
#[derive(Debug)]
pub(super) enum Followed {
    /// This link leads elsewhere.
    Link(Key),
    /// These were written or deleted.
    Copy(Vec<Key>),
}

/// Every `latest` beside `directory`, the one of `version`, that is not what it is to be.
pub(super) async fn due(
    store: &Store,
    directory: &Directory,
    version: &ReleaseVersion,
) -> Result<Vec<Due>, MirrorError> {
    let base = base(directory, version)?;
    let objects = store.list(base.as_ref()).await?;
    let start = base.as_ref().map_or(0, |base| base.as_str().len() + 1);
    let mark = format!("/{MARK}");
    let marked = objects.iter().filter_map(|object| object.key.as_str()[start..].strip_suffix(&mark));
    let marked: BTreeSet<String> = marked.map(str::to_owned).collect();
    let mut due = Vec::new();
    for latest in versions(&marked).latest() {
        let (from, to) = (join(base.as_ref(), &latest.is)?, join(base.as_ref(), &latest.directory)?);
        let one = Due { wanted: names(&objects, &from), there: names(&objects, &to), from, to };
        if !one.is_right(store).await? {
            due.push(one);
        }
    }
    Ok(due)
}

fn names(objects: &[Object], folder: &Key) -> BTreeSet<String> {
    let inside = objects.iter().filter(|object| object.key.parent().as_ref() == Some(folder));
    inside.map(|object| object.key.name().to_owned()).collect()
}

impl Due {
    /// Whether nothing is to be done. A copy is right when it has the same names, the same sums and the same mark, which
    /// comes last.
    async fn is_right(&self, store: &Store) -> Result<bool, MirrorError> {
        if !store.is_bucket() {
            return Ok(store.pointed(&self.to).await?.as_ref() == Some(&self.from));
        }
        if self.wanted != self.there {
            return Ok(false);
        }
        for name in LAST.iter().filter(|name| self.wanted.contains(**name)) {
            if small(store, &self.from, name).await? != small(store, &self.to, name).await? {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

/// Makes it so. Gives what was written.
pub(super) async fn follow(store: &Store, due: &Due) -> Result<Followed, MirrorError> {
    Ok(match store.point(&due.to, &due.from).await? {
        Pointed::Already => Followed::Copy(Vec::new()),
        Pointed::Changed => Followed::Link(due.to.clone()),
        Pointed::NoLinks => Followed::Copy(copy(store, due).await?),
    })
}

/// What the directories of all versions lie in.
fn base(directory: &Directory, version: &ReleaseVersion) -> Result<Option<Key>, MirrorError> {
    let own = format!("/{}", version.directory());
    let base = directory.key.as_ref().and_then(|key| key.as_str().strip_suffix(&own));
    Ok(base.map(Key::parse).transpose().map_err(StateError::Key)?)
}

fn join(base: Option<&Key>, path: &str) -> Result<Key, MirrorError> {
    let joined = base.map_or_else(|| Key::parse(path), |base| base.join(path));
    Ok(joined.map_err(StateError::Key)?)
}

/// The versions whose directories are complete.
fn versions(marked: &BTreeSet<String>) -> Versions {
    let mut releases: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut pre_releases = Vec::new();
    for path in marked {
        match path.split_once('/') {
            Some(("pre-release", name)) => pre_releases.push(name.to_owned()),
            Some((minor, name)) => releases.entry(minor.to_owned()).or_default().push(name.to_owned()),
            None => {}
        }
    }
    Versions { releases, pre_releases }
}

/// Makes `to` a copy of `from`: its mark goes first, data comes, then the sums, then the mark; what is of another version
/// goes last.
async fn copy(store: &Store, Due { from, to, wanted, there }: &Due) -> Result<Vec<Key>, MirrorError> {
    let listed = small(store, from, SUMS).await?.unwrap_or_default();
    let sums = Sums::parse(&String::from_utf8_lossy(&listed))?;
    store.delete(&join(Some(to), MARK)?).await?;
    let mut changed = Vec::new();
    for name in wanted.iter().filter(|name| !LAST.contains(&name.as_str())) {
        let Some(sha256) = sums.get(name) else {
            tracing::warn!("{from}/{name} is in no list of sums: it is not copied to {to}");
            continue;
        };
        changed.push(copy_one(store, (from, to), name, sha256).await?);
    }
    for name in LAST {
        let Some(content) = small(store, from, name).await? else { continue };
        let key = join(Some(to), name)?;
        store.write(&key, content, Kind::Mutable, &Over::Anything).await?;
        changed.push(key);
    }
    for name in there.difference(wanted) {
        let key = join(Some(to), name)?;
        store.delete(&key).await?;
        changed.push(key);
    }
    Ok(changed)
}

async fn copy_one(
    store: &Store,
    (from, to): (&Key, &Key),
    name: &str,
    sha256: &Digest,
) -> Result<Key, MirrorError> {
    let (from, key) = (join(Some(from), name)?, join(Some(to), name)?);
    let expected = Expected { sha256: sha256.clone(), size: None, kind: Kind::Mutable, over: Over::Anything };
    store.copy(&from, &key, &expected).await?;
    Ok(key)
}

async fn small(store: &Store, folder: &Key, name: &str) -> Result<Option<Bytes>, MirrorError> {
    Ok(store.read(&join(Some(folder), name)?, LARGEST).await?.map(|(content, _)| content))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_counts_by_where_it_is() {
        let marked = ["4.19/4.19.0", "4.19/latest", "pre-release/4.20.0-ec.1", "latest", "x/y"];
        let versions = versions(&marked.map(str::to_owned).into());
        let latest = versions.latest();
        let of: Vec<(&str, &str)> = latest.iter().map(|latest| (&*latest.directory, &*latest.is)).collect();
        assert_eq!(
            of,
            [
                ("4.19/latest", "4.19/4.19.0"),
                ("latest", "4.19/4.19.0"),
                ("pre-release/latest", "pre-release/4.20.0-ec.1"),
                ("pre-release/latest-4.20", "pre-release/4.20.0-ec.1")
            ]
        );
    }
}
