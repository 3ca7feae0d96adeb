//! The judge of a run: reads what a registry holds from its storage, past everything that took part, and compares it with
//! the images.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::Read as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use crate::pool::Pool;
use crate::set::Set;
use crate::store::Store;

/// What of `set` is not in `store` as it should be, under `folder`, which is empty or ends in `/`.
pub fn wrong(store: &Store, pool: &Pool, set: &Set, folder: &str) -> Vec<String> {
    let mut wrong = tags(store, set, folder);
    let mut data = BTreeSet::new();
    for (repository, digest) in set.manifests().into_keys() {
        wrong.extend(link(&store.revision(&format!("{folder}{repository}"), digest), digest));
        data.insert(digest);
    }
    for (repository, digest) in set.links().into_keys() {
        wrong.extend(link(&store.layer(&format!("{folder}{repository}"), digest), digest));
        data.insert(digest);
    }
    wrong.extend(data.into_iter().filter_map(|digest| wrong_blob(store, pool, digest)));
    wrong
}

/// Whether `digest` is not in `store` as it should be.
pub fn wrong_blob(store: &Store, pool: &Pool, digest: &str) -> Option<String> {
    (!same(&store.blob(digest), &pool.path(digest))).then(|| format!("the bytes of {digest}"))
}

/// Every tag with its digest, and no other.
fn tags(store: &Store, set: &Set, folder: &str) -> Vec<String> {
    let mut wrong = Vec::new();
    for line in &set.lines {
        let tags = store.tags(&format!("{folder}{}", line.repository));
        wrong.extend(link(&tags.join(&line.tag).join("current/link"), &line.image.manifest.digest));
    }
    for repository in set.repositories() {
        let known = |tag: &str| set.lines.iter().any(|line| line.repository == repository && line.tag == tag);
        let found =
            fs::read_dir(store.tags(&format!("{folder}{repository}"))).into_iter().flatten().flatten();
        let found = found.map(|entry| entry.file_name().to_string_lossy().into_owned());
        wrong.extend(found.filter(|tag| !known(tag)).map(|tag| format!("{repository}:{tag} is too many")));
    }
    wrong
}

/// Where the file does not hold the digest, that.
fn link(path: &Path, digest: &str) -> Option<String> {
    let held = fs::read_to_string(path).unwrap_or_else(|error| error.to_string());
    (held != digest).then(|| format!("{}: `{held}`, not {digest}", path.display()))
}

/// Whether two files hold the same, or are one.
fn same(one: &Path, other: &Path) -> bool {
    let (Ok(mut one), Ok(mut other)) = (File::open(one), File::open(other)) else { return false };
    let (Ok(here), Ok(there)) = (one.metadata(), other.metadata()) else { return false };
    if here.ino() == there.ino() && here.dev() == there.dev() {
        return true;
    }
    let (mut here_bytes, mut there_bytes) = (vec![0; CHUNK], vec![0; CHUNK]);
    let mut left = here.len();
    if left != there.len() {
        return false;
    }
    while left > 0 {
        let size = CHUNK.min(usize::try_from(left).unwrap_or(CHUNK));
        let read =
            one.read_exact(&mut here_bytes[..size]).and_then(|()| other.read_exact(&mut there_bytes[..size]));
        if read.is_err() || here_bytes[..size] != there_bytes[..size] {
            return false;
        }
        left -= size as u64;
    }
    true
}

/// How many bytes are compared at a time.
const CHUNK: usize = 1 << 20;
