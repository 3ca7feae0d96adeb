//! The directories that files make up.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;

use super::super::document::Stream;
use super::place::Placed;
use super::wanted::Directory;
use crate::model::{Finding, Key, Severity};

/// An architecture, and a build if it is told.
type Build = (Arc<str>, Option<Arc<str>>);

/// The directories of these files, and what people should know of them.
pub(super) fn directories(stream: &Stream, placed: &[Placed<'_>]) -> (Vec<Directory>, Vec<Finding>) {
    let mut builds: BTreeMap<Option<Key>, BTreeSet<Build>> = BTreeMap::new();
    for Placed { key, artifact, .. } in placed {
        let build = (Arc::clone(&artifact.place.arch), artifact.release.clone());
        builds.entry(key.parent()).or_default().insert(build);
    }
    let wanted: HashSet<usize> = placed.iter().map(|placed| placed.at).collect();
    let mut directories = Vec::new();
    let mut warnings = Vec::new();
    for (key, builds) in builds {
        if builds.len() > 1 {
            warnings.push(mixed(stream, key.as_ref(), builds.len()));
        }
        let is_single = builds.len() == 1;
        for (arch, release) in builds {
            let Some(release) = release else { continue };
            let is_whole = is_single && is_whole(stream, &wanted, (&arch, &release));
            directories.push(Directory { key: key.clone(), arch, release, is_whole });
        }
    }
    (directories, warnings)
}

/// Whether everything that the stream lists of a build is wanted.
fn is_whole(stream: &Stream, wanted: &HashSet<usize>, (arch, release): (&str, &str)) -> bool {
    let mut listed = stream.artifacts.iter().enumerate();
    listed.all(|(at, artifact)| {
        let is_of_it = *artifact.place.arch == *arch && artifact.release.as_deref() == Some(release);
        !is_of_it || wanted.contains(&at)
    })
}

fn mixed(stream: &Stream, key: Option<&Key>, builds: usize) -> Finding {
    let name = key.map_or("the root", Key::as_str);
    let message = format!("`{name}` would hold files of {builds} builds: it is never marked complete");
    Finding::about(&stream.file, Severity::Warning, "mixed-directory", message)
        .hint("give a layout with `{arch}` and `{release}` in its directories, such as `build`")
}
