//! The policies of a command: those of files and that of the flags, and what `lint` says by them.

use std::path::Path;
use std::sync::Arc;

use super::output::Output;
use super::settings::PolicySettings;
use crate::mapping::{Destination, Entry, Finding, MappingSet, Severity, Wish};
use crate::policy::{self, AllowList, Pattern, Policies};

/// A policy that cannot be read; what is wrong with it was said.
#[derive(Debug, thiserror::Error)]
#[error(
    "a policy for targets cannot be used: nothing was attempted; mend what is named above (docs/policies.md), then run again"
)]
pub(super) struct UnusablePolicy;

/// The policies that govern `set`.
///
/// # Errors
/// When any of them cannot be read, after saying why.
pub(super) fn load(
    settings: &PolicySettings,
    set: &MappingSet,
    output: &Output,
) -> Result<Policies, UnusablePolicy> {
    find(settings, set.files().iter().map(|file| (&file.name, file.path.as_deref())), output)
}

/// The policies that govern what the file at `config` asks for, if there is one, and what flags pick.
///
/// # Errors
/// As [`load`].
pub(super) fn beside(
    settings: &PolicySettings,
    config: Option<&Path>,
    output: &Output,
) -> Result<Policies, UnusablePolicy> {
    let config = config.map(|path| (Arc::from(path.display().to_string()), path));
    find(settings, config.iter().map(|(name, path)| (name, Some(*path))), output)
}

fn find<'a>(
    settings: &PolicySettings,
    files: impl IntoIterator<Item = (&'a Arc<str>, Option<&'a Path>)>,
    output: &Output,
) -> Result<Policies, UnusablePolicy> {
    match policy::find(&settings.files, files) {
        Ok(policies) => Ok(policies.and(settings.flags.clone())),
        Err(findings) => {
            output.findings(&findings);
            Err(UnusablePolicy)
        }
    }
}

/// Targets that are in no place that is allowed. What tags a wildcard stands for is not known here.
pub(super) fn not_allowed(policies: &Policies, set: &MappingSet) -> Vec<Finding> {
    let entries = set.entries().iter();
    entries.flat_map(|entry| outside(policies, entry).map(|allow| finding(entry, allow))).collect()
}

/// Whether the target of `entry` is in no place that is allowed.
pub(super) fn forbid(policies: &Policies, entry: &Entry) -> bool {
    outside(policies, entry).next().is_some()
}

fn outside<'a>(policies: &'a Policies, entry: &'a Entry) -> impl Iterator<Item = &'a AllowList> {
    policies
        .allow_lists(entry.wish.origin())
        .filter(|allow| !allow.patterns.iter().any(|pattern| fits(pattern, &entry.wish)))
}

fn fits(pattern: &Pattern, wish: &Wish) -> bool {
    match wish {
        Wish::Exact(desired) => pattern.covers(&desired.target),
        Wish::Wildcard(wildcard) => match &wildcard.target {
            Destination::Registry(repository) => pattern.reaches(repository),
            Destination::Layout(directory) => pattern.reaches_directory(directory),
        },
    }
}

fn finding(entry: &Entry, allow: &AllowList) -> Finding {
    let target = match &entry.wish {
        Wish::Exact(desired) => desired.target.to_string(),
        Wish::Wildcard(wildcard) => wildcard.target.to_string(),
    };
    let message = format!("`{target}` is not among the places that are allowed");
    let places: Vec<String> = allow.patterns.iter().map(|pattern| format!("`{pattern}`")).collect();
    entry.target_finding(Severity::Error, "target-not-allowed", message).hint(format!(
        "{} allows {}",
        allow.rule,
        places.join(", ")
    ))
}
