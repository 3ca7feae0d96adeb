//! What each directory is: needed, perhaps needed, or a directory that nothing pins. Pure.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::scan::{Directory, Named, Other, Scan, Tree};
use super::{Policy, PruneSettings};
use crate::model::Key;
use crate::objects::Object;
use crate::report;
use crate::stream::pins::{Pin, PinSet, PinnedBy};
use crate::stream::versions::{has_date, newest_first};

/// What a directory is. Only an orphan may ever go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Class {
    /// Somebody needs it.
    Pinned,
    /// Somebody is bringing it.
    Incomplete,
    /// It is a release that is generally available.
    Released,
    /// It is one of the newest, which may be pinned soon.
    Latest,
    /// It is too new to be judged.
    Young,
    /// It is no release directory, or does not say of which build.
    Unknown,
    /// None of these.
    Orphan,
}

/// A directory, and what it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judged {
    /// Where it is.
    pub directory: Key,
    /// What it is.
    pub class: Class,
    /// Why, in words.
    pub reason: String,
    /// How much is in it.
    pub bytes: u64,
    /// When the newest of its files was stored.
    pub newest: Option<SystemTime>,
    /// How long ago that was.
    pub age: Option<Duration>,
}

/// Who pins a directory, by its build or by the version that it is named after.
pub fn pinning<'a>(pins: &'a PinSet, directory: &'a Directory) -> impl Iterator<Item = &'a Pin> {
    let release = directory.release.as_deref().filter(|release| *release != directory.name());
    let by_release = release.into_iter().flat_map(|release| pins.of(&directory.arch, release));
    pins.of(&directory.arch, directory.name()).chain(by_release)
}

/// What each directory is `now`, in the order of their keys.
#[must_use]
pub fn judge(scan: &Scan, pins: &PinSet, settings: &PruneSettings, now: SystemTime) -> Vec<Judged> {
    let latest = newest(scan, pins, settings);
    let mut judged: Vec<Judged> = Vec::new();
    for directory in &scan.directories {
        let (class, reason) = verdict(directory, pins, &latest, (settings, now));
        judged.push(of(&directory.key, (class, reason), &directory.objects, now));
    }
    for Other { key, objects } in &scan.unknown {
        let unknown = (Class::Unknown, "it is not called as a release directory is".to_owned());
        judged.push(of(key, unknown, objects, now));
    }
    judged.sort_by(|one, other| one.directory.cmp(&other.directory));
    judged
}

fn of(key: &Key, (class, reason): (Class, String), objects: &[Object], now: SystemTime) -> Judged {
    let newest = objects.iter().map(|object| object.modified).max();
    Judged {
        directory: key.clone(),
        class,
        reason,
        bytes: objects.iter().map(|object| object.size).sum(),
        newest,
        age: newest.map(|newest| since(newest, now)),
    }
}

fn verdict(
    directory: &Directory,
    pins: &PinSet,
    latest: &BTreeSet<&Key>,
    (settings, now): (&PruneSettings, SystemTime),
) -> (Class, String) {
    let policy = policy(settings, directory.tree);
    let young = directory.newest().is_none_or(|newest| since(newest, now) < policy.min_age);
    if let Some((class, reason)) = needed(directory, pins) {
        return (class, reason);
    }
    if directory.named == Named::Ga && !settings.include_ga {
        return (Class::Released, "a release that is generally available".to_owned());
    }
    let Some(release) = &directory.release else {
        return (Class::Unknown, "nothing in it says which build it holds".to_owned());
    };
    if !has_date(release) {
        return (Class::Latest, "no date in its name, so it may be among the newest".to_owned());
    }
    if latest.contains(&directory.key) {
        return (Class::Latest, format!("among the {} newest", policy.keep_latest));
    }
    if young {
        return (Class::Young, format!("younger than {}", days(policy.min_age)));
    }
    (Class::Orphan, "nothing pins it".to_owned())
}

/// Who needs it; those who want it in the mirror are named first.
fn needed(directory: &Directory, pins: &PinSet) -> Option<(Class, String)> {
    let mut by: Vec<&PinnedBy> = pinning(pins, directory).map(|pin| &pin.by).collect();
    by.sort_by_key(|by| !by.is_wanted());
    let first = by.first()?;
    if let (PinnedBy::Lease { .. }, false) = (first, directory.is_complete()) {
        return Some((Class::Incomplete, format!("somebody is bringing it: {first}")));
    }
    let more = if by.len() > 1 { format!(" and {} more", by.len() - 1) } else { String::new() };
    Some((Class::Pinned, format!("pinned by {first}{more}")))
}

/// The newest that nothing pins, of each tree, minor version and architecture.
fn newest<'a>(scan: &'a Scan, pins: &PinSet, settings: &PruneSettings) -> BTreeSet<&'a Key> {
    let mut groups: BTreeMap<_, Vec<(&Directory, &Arc<str>)>> = BTreeMap::new();
    for directory in &scan.directories {
        let is_free = pinning(pins, directory).next().is_none()
            && (directory.named != Named::Ga || settings.include_ga);
        let dated = directory.release.as_ref().filter(|release| has_date(release));
        if let (true, Some(release)) = (is_free, dated) {
            let group = (directory.tree, directory.named, &directory.ocp, &directory.arch);
            groups.entry(group).or_default().push((directory, release));
        }
    }
    let mut found = BTreeSet::new();
    for ((tree, ..), mut group) in groups {
        group.sort_by(|(a, of_a), (b, of_b)| {
            newest_first(of_a, of_b).then_with(|| b.newest().cmp(&a.newest()))
        });
        let kept = policy(settings, tree).keep_latest;
        found.extend(group.into_iter().take(kept).map(|(directory, _)| &directory.key));
    }
    found
}

fn policy(settings: &PruneSettings, tree: Tree) -> Policy {
    match tree {
        Tree::Release => settings.release,
        Tree::PreRelease => settings.pre_release,
    }
}

/// How long ago it was; what is yet to come is now.
fn since(time: SystemTime, now: SystemTime) -> Duration {
    now.duration_since(time).unwrap_or_default()
}

/// A duration in whole days, from one day on.
fn days(duration: Duration) -> String {
    match duration.as_secs() / (24 * 60 * 60) {
        0 => humantime::format_duration(Duration::from_secs(duration.as_secs())).to_string(),
        days => format!("{days}d"),
    }
}

impl Judged {
    /// Why, how much and how old, in words.
    #[must_use]
    pub fn note(&self) -> String {
        let age = self.age.map(|age| format!(", {} old", days(age))).unwrap_or_default();
        format!("{}; {}{age}", self.reason, report::bytes(self.bytes))
    }
}
