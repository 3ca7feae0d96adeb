//! Puts the files of a stream where they belong.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::super::document::Stream;
use super::super::findings;
use super::super::sums;
use super::claims::{Claims, Content};
use super::directories::directories;
use super::layout::{LayoutSettings, Ocp};
use super::place::{Placed, beside, place};
use super::template::Placeholder;
use super::wanted::{Plan, Wanted};
use crate::model::{Finding, Key, Severity};

/// Where the `selected` artifacts of a stream belong.
///
/// # Errors
/// Everything that is wrong: files that belong nowhere, and places that two different files would have. All warnings too.
pub fn plan(stream: &Stream, selected: &[usize], settings: &LayoutSettings) -> Result<Plan, Vec<Finding>> {
    let (ocp, mut warnings) = ocp(stream, settings)?;
    let mut errors = Vec::new();
    let mut placed = Vec::new();
    for at in selected {
        match place(stream, *at, settings, ocp.as_ref().map(Ocp::as_str)) {
            Ok(one) => placed.push(one),
            Err(findings) => errors.extend(findings),
        }
    }
    warnings.extend(without_release(stream, &placed));
    let mut claims = claimed(stream, &placed, settings);
    admit_aliases(&mut claims, &mut placed);
    claims.check_folders();
    errors.append(&mut claims.findings);
    let directories = if settings.has_directories() {
        let (directories, mixed) = directories(stream, &placed);
        warnings.extend(mixed);
        directories
    } else {
        Vec::new()
    };
    if errors.is_empty() {
        Ok(Plan { files: merged(&placed, settings), directories, warnings })
    } else {
        errors.append(&mut warnings);
        Err(errors)
    }
}

/// The version of OpenShift, if the layout needs it.
fn ocp(stream: &Stream, settings: &LayoutSettings) -> Result<(Option<Ocp>, Vec<Finding>), Vec<Finding>> {
    if settings.ocp.is_some() || !settings.layout.template().has(Placeholder::Ocp) {
        return Ok((settings.ocp.clone(), Vec::new()));
    }
    let about = |severity, message: String| {
        Finding::about(&stream.file, severity, "ocp", message).hint("say which version it is: --ocp 4.16")
    };
    let Some(guessed) = Ocp::guessed(&stream.name) else {
        let message =
            format!("the layout has `{{ocp}}`, and `{}` does not tell the version of OpenShift", stream.name);
        return Err(vec![about(Severity::Error, message)]);
    };
    let message = format!(
        "the version of OpenShift is taken for {guessed}, since the stream is called `{}`",
        stream.name
    );
    Ok((Some(guessed), vec![about(Severity::Warning, message)]))
}

/// One warning for each platform without a build.
fn without_release(stream: &Stream, placed: &[Placed<'_>]) -> Vec<Finding> {
    let mut told = BTreeSet::new();
    let artifacts = placed.iter().map(|placed| placed.artifact);
    let first = artifacts.filter(|artifact| {
        artifact.release.is_none()
            && told.insert((Arc::clone(&artifact.place.arch), Arc::clone(&artifact.place.artifact)))
    });
    let message = "its platform is listed without a release";
    first.map(|artifact| findings::warning(stream, artifact, "no-release", message)).collect()
}

/// All keys that the files have in their own right.
fn claimed<'a>(stream: &'a Stream, placed: &[Placed<'_>], settings: &LayoutSettings) -> Claims<'a> {
    let mut claims = Claims::new(stream);
    for Placed { at, file, key, signature, .. } in placed {
        claims.claim(key, Content::File(file.sha256.clone()), *at);
        if let Some((_, key)) = signature {
            claims.claim(key, Content::Signature(file.sha256.clone()), *at);
        }
    }
    if settings.has_directories() {
        for Placed { at, key, .. } in placed {
            // A name that is no key is none that a file could have.
            for own in sums::UNLISTED.iter().filter_map(|name| beside(key, name).ok()) {
                claims.claim(&own, Content::Own, *at);
            }
        }
    }
    claims
}

/// Leaves those further keys that nothing else is to have.
fn admit_aliases(claims: &mut Claims<'_>, placed: &mut [Placed<'_>]) {
    for Placed { alias, file, at, .. } in placed.iter_mut() {
        *alias = alias.take().filter(|key| claims.claim_alias(key, &file.sha256, *at));
    }
    for Placed { installer, file, at, .. } in placed {
        *installer = installer.take().filter(|key| claims.claim_if_free(key, &file.sha256, *at));
    }
}

/// The files, each key once.
fn merged(placed: &[Placed<'_>], settings: &LayoutSettings) -> Vec<Wanted> {
    let mut files: Vec<Wanted> = Vec::new();
    let mut by_key: BTreeMap<&Key, usize> = BTreeMap::new();
    for one in placed {
        let file = wanted(one, settings);
        if let Some(at) = by_key.get(&one.key) {
            merge(&mut files[*at], file);
        } else {
            by_key.insert(&one.key, files.len());
            files.push(file);
        }
    }
    files
}

fn wanted(placed: &Placed<'_>, settings: &LayoutSettings) -> Wanted {
    let Placed { at, artifact, file, key, alias, installer, signature } = placed;
    let place = &artifact.place;
    Wanted {
        artifacts: vec![*at],
        source: file.location.clone(),
        key: key.clone(),
        aliases: alias.iter().chain(installer).cloned().collect(),
        sha256: file.sha256.clone(),
        uncompressed: file.uncompressed.clone(),
        is_uncompressed_doubtful: &*place.artifact == "gcp" && &*place.format == "tar.gz",
        signature: signature.clone(),
        is_immutable: settings.layout.is_immutable(),
    }
}

/// The same file, listed once more.
fn merge(file: &mut Wanted, again: Wanted) {
    file.artifacts.extend(again.artifacts);
    file.is_uncompressed_doubtful |= again.is_uncompressed_doubtful;
    if file.uncompressed.is_none() {
        file.uncompressed = again.uncompressed;
    }
    if file.signature.is_none() {
        file.signature = again.signature;
    }
    for alias in again.aliases {
        if !file.aliases.contains(&alias) {
            file.aliases.push(alias);
        }
    }
}
