//! Where one artifact belongs.

use url::Url;

use super::super::document::{Artifact, File, Stream};
use super::super::{findings, location};
use super::layout::LayoutSettings;
use super::rename::Renamed;
use super::template::{RenderError, Values};
use crate::model::{Finding, Key, KeyError};
use crate::redact::SafeUrl;

/// An artifact, and where it belongs.
pub(super) struct Placed<'a> {
    /// Which it is in the stream's list.
    pub(super) at: usize,
    /// As it is listed.
    pub(super) artifact: &'a Artifact,
    /// Its file.
    pub(super) file: &'a File,
    /// Where that belongs.
    pub(super) key: Key,
    /// A further key for it.
    pub(super) alias: Option<Key>,
    /// A further key for older installers, which gives way to any other.
    pub(super) installer: Option<Key>,
    /// Where its signature is, and where that belongs.
    pub(super) signature: Option<(Url, Key)>,
}

/// Why an artifact belongs nowhere.
#[derive(Debug, thiserror::Error)]
enum Misplaced {
    #[error(transparent)]
    Render(#[from] RenderError),
    #[error(transparent)]
    Key(#[from] KeyError),
    #[error("it is listed without a release, and the layout `release` puts a version in its place")]
    NoRelease,
    #[error("the version `{0}` is of another architecture")]
    Arch(String),
    #[error("the signature at `{0}` has no name that a file could have")]
    Signature(SafeUrl),
}

/// Where the artifact `at` belongs.
///
/// # Errors
/// Everything that is wrong with it.
pub(super) fn place<'a>(
    stream: &'a Stream,
    at: usize,
    settings: &LayoutSettings,
    ocp: Option<&str>,
) -> Result<Placed<'a>, Vec<Finding>> {
    let artifact = &stream.artifacts[at];
    let file = artifact.file.as_ref().map_err(Vec::clone)?;
    placed(stream, at, (artifact, file), settings, ocp).map_err(|error| {
        let cause = std::error::Error::source(&error).map(|cause| format!(": {cause}")).unwrap_or_default();
        vec![findings::error(stream, artifact, "no-place", &format!("{error}{cause}"))]
    })
}

fn placed<'a>(
    stream: &Stream,
    at: usize,
    (artifact, file): (&'a Artifact, &'a File),
    settings: &LayoutSettings,
    ocp: Option<&str>,
) -> Result<Placed<'a>, Misplaced> {
    let Renamed { name, alias, installer } = renamed(artifact, settings, &file.name)?;
    let release = artifact.release.as_deref();
    let values = Values { place: &artifact.place, stream: &stream.name, ocp, release, name: Some(&name) };
    let key = settings.key_aliases.canonical(&settings.layout.template().render(&values)?)?;
    let further = |name: Option<String>| name.map(|name| beside(&key, &name)).transpose();
    let (alias, installer) = (further(alias)?, further(installer)?);
    let signature = match &file.signature {
        Some(url) => {
            let name = renamed(artifact, settings, &signature_name(url)?)?.name;
            Some((url.clone(), beside(&key, &name)?))
        }
        None => None,
    };
    Ok(Placed { at, artifact, file, key, alias, installer, signature })
}

fn signature_name(url: &Url) -> Result<String, Misplaced> {
    let name = location::names(url).and_then(|mut names| names.pop());
    name.filter(|name| !name.is_empty()).ok_or_else(|| Misplaced::Signature(SafeUrl::new(url.clone())))
}

/// How a file of `artifact` is called in the layout.
fn renamed(artifact: &Artifact, settings: &LayoutSettings, name: &str) -> Result<Renamed, Misplaced> {
    let Some(version) = settings.layout.version() else {
        return Ok(Renamed::unchanged(name));
    };
    let release = artifact.release.as_deref().ok_or(Misplaced::NoRelease)?;
    let arch = &*artifact.place.arch;
    if !version.is_of(arch) {
        return Err(Misplaced::Arch(version.to_string()));
    }
    Ok(version.rename(arch, release, name))
}

/// What is called `name` in the folder of `key`.
pub(super) fn beside(key: &Key, name: &str) -> Result<Key, KeyError> {
    key.parent().map_or_else(|| Key::parse(name), |folder| folder.join(name))
}
