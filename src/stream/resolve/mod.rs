//! Where an installer under test finds the files of a stream that is not mirrored yet.

use super::document::{Artifact, Change, File, Stream};
use super::findings;
use super::location::{Base, beside, names};
use super::origins::Origins;
use super::plan::{Template, TemplateError, Values};
use super::rewrite::{PrefixMap, mapped, moved};
use crate::model::Finding;
use crate::redact::SafeUrl;

/// Below `…/art/storage/releases`.
const ART_RELEASES: &str = "rhcos-{ocp}{arch_suffix}/{release}/{arch}/{name}";
/// Below `…/art/storage/prod/streams/S`: which `S` it is no location on a mirror says.
const ART_PROD: &str = "builds/{release}/{arch}/{name}";

/// What is known of where files are and where they are to be found.
#[derive(Debug, Clone)]
pub struct Resolving<'a> {
    /// Where the files came from.
    pub origins: Option<&'a Origins>,
    /// How the mirror makes its paths.
    pub mirror: &'a Template,
    /// Where the mirror is. What is not below it stays where it is; none: everything is taken to be there.
    pub mirror_base: Option<&'a Base>,
    /// Where the files are before they are mirrored.
    pub staging: Option<Staging<'a>>,
}

/// Where files are before they are mirrored.
#[derive(Debug, Clone, Copy)]
pub struct Staging<'a> {
    /// The URL below which they are.
    pub prefix: &'a Base,
    /// How its paths are made.
    pub layout: &'a Template,
}

/// The layout of a staging tree: `art-releases`, `art-prod`, or any template.
///
/// # Errors
/// When it is none.
pub fn staging_layout(text: &str) -> Result<Template, TemplateError> {
    match text {
        "art-releases" => ART_RELEASES,
        "art-prod" => ART_PROD,
        own => own,
    }
    .parse()
}

/// The changes that make the `selected` artifacts be found where they are before they are mirrored: where the map of
/// origins says, else where the staging tree has what the mirror's location names.
///
/// # Errors
/// For each artifact of the mirror of which that cannot be told.
pub fn resolve(
    stream: &Stream,
    selected: &[usize],
    resolving: &Resolving<'_>,
) -> Result<Vec<Change>, Vec<Finding>> {
    let mut changes = Vec::new();
    let mut errors = Vec::new();
    for at in selected {
        let artifact = &stream.artifacts[*at];
        match &artifact.file {
            Err(findings) => errors.extend(findings.iter().cloned()),
            Ok(file) => match resolving.found(stream, artifact, file) {
                Where::There(location, signature) => changes.extend(changed(*at, file, location, signature)),
                Where::Unmoved => {}
                Where::Unknown => {
                    let shown = SafeUrl::new(file.location.clone());
                    let message = format!("where {shown} is before it is mirrored cannot be told");
                    let hint =
                        "give the map that `stream rewrite --origins` wrote, and the layout of the mirror";
                    errors.push(findings::error(stream, artifact, "unresolved", &message).hint(hint));
                }
            },
        }
    }
    if errors.is_empty() { Ok(changes) } else { Err(errors) }
}

/// Where a file is found.
enum Where {
    /// There, and its signature.
    There(String, Option<String>),
    /// Where it says: that is not on the mirror.
    Unmoved,
    /// Nobody knows.
    Unknown,
}

impl Resolving<'_> {
    fn found(&self, stream: &Stream, artifact: &Artifact, file: &File) -> Where {
        if let Some(origin) = self.origins.and_then(|origins| origins.get(&file.location, &file.sha256)) {
            let signature = origin.signature.as_ref().map(ToString::to_string);
            return Where::There(origin.origin.to_string(), signature);
        }
        if self.mirror_base.is_some_and(|base| base.rest(&file.location).is_none()) {
            return Where::Unmoved;
        }
        let location = self.staging.as_ref().and_then(|staging| {
            self.rendered(staging, stream, artifact, file).or_else(|| self.swapped(staging, file))
        });
        location.map_or(Where::Unknown, |location| {
            let signature = file.signature.as_ref().and_then(names).and_then(|names| names.last().cloned());
            let signature = signature.map(|name| beside(&location, &name));
            Where::There(location, signature)
        })
    }

    /// What the mirror's location says, put into the layout of the staging tree.
    fn rendered(
        &self,
        staging: &Staging<'_>,
        stream: &Stream,
        artifact: &Artifact,
        file: &File,
    ) -> Option<String> {
        let release = artifact.release.as_deref();
        let known = Values { place: &artifact.place, stream: &stream.name, ocp: None, release, name: None };
        let found = self.mirror.read(&names(&file.location)?, &known)?;
        let key = staging.layout.render(&found.values(&known)).ok()?;
        Some(staging.prefix.location(key.as_str()))
    }

    /// The same path below the staging tree, if both have the same layout.
    fn swapped(&self, staging: &Staging<'_>, file: &File) -> Option<String> {
        let old = self.mirror_base.filter(|_| self.mirror == staging.layout)?.clone();
        mapped(&[PrefixMap { old, new: staging.prefix.clone() }], &file.location)
    }
}

fn changed(at: usize, file: &File, location: String, signature: Option<String>) -> Vec<Change> {
    let location = moved(&file.location, Some(location)).map(|url| Change::Location { artifact: at, url });
    let signed = file.signature.as_ref().and_then(|now| moved(now, signature));
    let signature = signed.map(|url| Change::Signature { artifact: at, url: Some(url) });
    location.into_iter().chain(signature).collect()
}

#[cfg(test)]
mod tests;
