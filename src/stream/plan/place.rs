//! Where one artifact belongs.

use url::Url;

use super::super::document::{Artifact, File, Stream};
use super::super::{findings, location};
use super::layout::LayoutSettings;
use super::rename::Renamed;
use super::template::{RenderError, Values};
use crate::model::{Finding, Key, KeyError};

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
    /// Further keys for it.
    pub(super) aliases: Vec<Key>,
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
    Signature(Box<Url>),
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
    match placed(stream, (artifact, file), settings, ocp) {
        Ok((key, aliases, signature)) => Ok(Placed { at, artifact, file, key, aliases, signature }),
        Err(error) => {
            let cause =
                std::error::Error::source(&error).map(|cause| format!(": {cause}")).unwrap_or_default();
            Err(vec![findings::error(stream, artifact, "no-place", &format!("{error}{cause}"))])
        }
    }
}

type Keys = (Key, Vec<Key>, Option<(Url, Key)>);

fn placed(
    stream: &Stream,
    (artifact, file): (&Artifact, &File),
    settings: &LayoutSettings,
    ocp: Option<&str>,
) -> Result<Keys, Misplaced> {
    let named = |name: &str| renamed(artifact, settings, name);
    let Renamed { name, aliases } = named(&file.name)?;
    let release = artifact.release.as_deref();
    let values = Values { place: &artifact.place, stream: &stream.name, ocp, release, name: Some(&name) };
    let key = settings.layout.template().render(&values)?;
    let key = settings.key_aliases.canonical(&key)?;
    let aliases = aliases.iter().map(|alias| beside(&key, alias)).collect::<Result<_, _>>()?;
    let signature = match &file.signature {
        Some(url) => {
            let name = location::names(url).and_then(|names| names.last().cloned());
            let wrong = || Misplaced::Signature(Box::new(url.clone()));
            let name = name.filter(|name| !name.is_empty()).ok_or_else(wrong)?;
            Some((url.clone(), beside(&key, &named(&name)?.name)?))
        }
        None => None,
    };
    Ok((key, aliases, signature))
}

/// How a file of `artifact` is called in the layout.
fn renamed(artifact: &Artifact, settings: &LayoutSettings, name: &str) -> Result<Renamed, Misplaced> {
    let Some(version) = settings.layout.version() else {
        return Ok(Renamed { name: name.to_owned(), aliases: Vec::new() });
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
