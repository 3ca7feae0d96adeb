//! The folders `latest`: links to the directory of the newest release where a destination has links, copies of it where not.

use std::collections::{BTreeMap, BTreeSet};

use super::error::MirrorError;
use crate::model::{Digest, Key};
use crate::objects::{Expected, Kind, Object, Over, Pointed, Store};
use crate::stream::plan::{Directory, ReleaseVersion};
use crate::stream::state::StateError;
use crate::stream::sums::{MARK, SUMS, Sums};
use crate::stream::versions::Versions;

const LARGEST: u64 = 1 << 20;

/// A folder `latest` that is to be something else.
#[derive(Debug)]
pub(super) struct Due {
    from: Key,
    to: Key,
    objects: Vec<Object>,
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
        if !is_right(store, &from, &to).await? {
            let is_of_either = |object: &&Object| object.key.is_below(&from) || object.key.is_below(&to);
            let objects = objects.iter().filter(is_of_either).cloned().collect();
            due.push(Due { from, to, objects });
        }
    }
    Ok(due)
}

async fn is_right(store: &Store, from: &Key, to: &Key) -> Result<bool, MirrorError> {
    if !store.is_bucket() {
        return Ok(store.pointed(to).await?.as_ref() == Some(from));
    }
    Ok(read(store, from).await? == read(store, to).await?)
}

/// Makes it so. Gives what was written.
pub(super) async fn follow(store: &Store, due: &Due) -> Result<Vec<Key>, MirrorError> {
    match store.point(&due.to, &due.from).await? {
        Pointed::Already => Ok(Vec::new()),
        Pointed::Changed => Ok(vec![due.to.clone()]),
        Pointed::NoLinks => copy(store, due).await,
    }
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

/// Makes `to` a copy of `from`: data first, then the sums, then the mark; what is of another version goes last.
async fn copy(store: &Store, Due { from, to, objects }: &Due) -> Result<Vec<Key>, MirrorError> {
    let Some(sums) = read(store, from).await? else { return Ok(Vec::new()) };
    let names = |folder: &Key| {
        objects
            .iter()
            .filter(|object| object.key.is_below(folder))
            .map(|object| object.key.name().to_owned())
            .collect::<BTreeSet<_>>()
    };
    let (wanted, there) = (names(from), names(to));
    let mut changed = Vec::new();
    for name in wanted.iter().filter(|name| !matches!(name.as_str(), MARK | SUMS)) {
        let Some(sha256) = sums.get(name) else { continue };
        changed.push(copy_one(store, (from, to), name, sha256).await?);
    }
    for name in [SUMS, MARK] {
        let Some((content, _)) = store.read(&join(Some(from), name)?, LARGEST).await? else { continue };
        let key = join(Some(to), name)?;
        store.write(&key, content, Kind::Mutable, &Over::Anything).await?;
        changed.push(key);
    }
    for name in there.difference(&wanted) {
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

async fn read(store: &Store, folder: &Key) -> Result<Option<Sums>, MirrorError> {
    let Some((content, _)) = store.read(&join(Some(folder), SUMS)?, LARGEST).await? else { return Ok(None) };
    Ok(Some(Sums::parse(&String::from_utf8_lossy(&content))?))
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
