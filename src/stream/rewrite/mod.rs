//! Where the files of a stream are once they are mirrored, as changes of the stream file.

use std::collections::{BTreeSet, HashMap};

use url::Url;

use super::document::{Change, File, Stream};
use super::findings;
use super::location::{Base, BaseError};
use super::plan::{Plan, Wanted};
use crate::error::{Class, Classify};
use crate::model::{Finding, Key};
use crate::redact;

/// What a stream file becomes.
#[derive(Debug, Clone)]
pub struct Rewriting<'a> {
    /// Where the files are.
    pub to: To<'a>,
    /// What becomes of the artifacts that were not selected.
    pub unselected: Unselected,
    /// The artifacts whose signature is not there, so that the file must not say it is.
    pub unsigned: &'a BTreeSet<usize>,
    /// What the metadata say of the change.
    pub touch: Option<Touch>,
}

/// Where files are.
#[derive(Debug, Clone)]
pub enum To<'a> {
    /// At their keys, below a URL.
    Layout {
        /// The URL of the root of the destination.
        base: &'a Base,
        /// The keys of all artifacts that are rewritten.
        plan: &'a Plan,
    },
    /// Where they were, but for the beginning of their URLs. Others stay where they are.
    Prefixes(&'a [PrefixMap]),
}

/// What becomes of the artifacts that were not selected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unselected {
    /// They stay where they are.
    Kept,
    /// They are rewritten as if they were mirrored.
    Rewritten,
    /// They are not listed any more.
    Dropped,
}

/// When a stream was changed, and by what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Touch {
    /// The time, in RFC 3339.
    pub last_modified: String,
    /// The program.
    pub generator: String,
}

/// What was below one URL is below another: `OLD=NEW`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PrefixMap {
    /// Where it was.
    pub old: Base,
    /// Where it is.
    pub new: Base,
}

/// A text that is no [`PrefixMap`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PrefixMapError {
    /// No `=`.
    #[error("`{0}` is not of the form OLD=NEW")]
    Form(String),
    /// One of the two is no URL of a directory.
    #[error(transparent)]
    Base(#[from] BaseError),
}

impl Classify for PrefixMapError {
    fn class(&self) -> Class {
        Class::Invalid
    }

    fn advice(&self) -> Option<String> {
        Some(
            "give two URLs, such as https://a/art=https://b/mirror; a `=` in the first is written `%3D`"
                .to_owned(),
        )
    }
}

impl std::str::FromStr for PrefixMap {
    type Err = PrefixMapError;

    fn from_str(text: &str) -> Result<Self, PrefixMapError> {
        let both = |(old, new)| Ok(Self { old: Base::parse(old)?, new: Base::parse(new)? });
        let form = || PrefixMapError::Form(text.to_owned());
        let map = text.split_once('=').ok_or_else(form).and_then(both);
        // A password may have the `=` at which the text was split, and an error shows what it is about.
        map.map_err(|error| if redact::login(text).is_some() { BaseError::Login.into() } else { error })
    }
}

/// The changes that make the stream file say where its files are. One that says so already is not changed.
///
/// # Errors
/// When an artifact that is to be rewritten has no place in the plan.
pub fn rewrite(
    stream: &Stream,
    selected: &[usize],
    rewriting: &Rewriting<'_>,
) -> Result<Vec<Change>, Vec<Finding>> {
    let selected: BTreeSet<usize> = selected.iter().copied().collect();
    let places = Places::of(&rewriting.to);
    let mut changes = Vec::new();
    let mut findings = Vec::new();
    for (at, artifact) in stream.artifacts.iter().enumerate() {
        match (selected.contains(&at), rewriting.unselected) {
            (false, Unselected::Kept) => {}
            (false, Unselected::Dropped) => changes.push(Change::Removed { artifact: at }),
            _ => match (&artifact.file, places.is_known(at)) {
                // Nobody selects what is no file, and where it is nobody knows.
                (Err(_), _) => {}
                (Ok(_), false) => {
                    let message = "it is to be rewritten, and no place was planned for it";
                    findings.push(findings::error(stream, artifact, "no-place", message));
                }
                (Ok(file), true) => {
                    changes.extend(places.changes(at, file, rewriting.unsigned.contains(&at)));
                }
            },
        }
    }
    if let Some(Touch { last_modified, generator }) = rewriting.touch.clone() {
        changes.push(Change::Touched { last_modified, generator });
    }
    if findings.is_empty() { Ok(changes) } else { Err(findings) }
}

/// Where each file is.
enum Places<'a> {
    Keys(&'a Base, HashMap<usize, &'a Wanted>),
    Prefixes(&'a [PrefixMap]),
}

impl<'a> Places<'a> {
    fn of(to: &To<'a>) -> Self {
        match to {
            To::Layout { base, plan } => {
                let each = |file: &'a Wanted| file.artifacts.iter().map(move |at| (*at, file));
                Self::Keys(base, plan.files.iter().flat_map(each).collect())
            }
            To::Prefixes(maps) => Self::Prefixes(maps),
        }
    }

    fn is_known(&self, at: usize) -> bool {
        match self {
            Self::Keys(_, files) => files.contains_key(&at),
            Self::Prefixes(_) => true,
        }
    }

    fn changes(&self, at: usize, file: &File, is_unsigned: bool) -> Vec<Change> {
        let (location, signature) = self.locations(at, file);
        let mut changes = Vec::new();
        changes.extend(moved(&file.location, location).map(|url| Change::Location { artifact: at, url }));
        match &file.signature {
            Some(_) if is_unsigned => changes.push(Change::Signature { artifact: at, url: None }),
            Some(now) => {
                changes.extend(
                    moved(now, signature).map(|url| Change::Signature { artifact: at, url: Some(url) }),
                );
            }
            None => {}
        }
        changes
    }

    /// Where the file is, and where its signature is; nothing: where they were.
    fn locations(&self, at: usize, file: &File) -> (Option<String>, Option<String>) {
        match self {
            Self::Keys(base, files) => {
                let wanted = files.get(&at);
                let signature = wanted.and_then(|wanted| wanted.signature.as_ref());
                let location = |key: &Key| base.location(key.as_str());
                (wanted.map(|wanted| location(&wanted.key)), signature.map(|(_, key)| location(key)))
            }
            Self::Prefixes(maps) => {
                let signature = file.signature.as_ref();
                (mapped(maps, &file.location), signature.and_then(|signature| mapped(maps, signature)))
            }
        }
    }
}

/// The new URL, unless it says the same.
pub(super) fn moved(now: &Url, new: Option<String>) -> Option<String> {
    new.filter(|new| Url::parse(new).ok().as_ref() != Some(now))
}

/// Where the longest prefix that fits brings a URL, without its query and its fragment.
pub(super) fn mapped(maps: &[PrefixMap], url: &Url) -> Option<String> {
    let fitting = maps.iter().filter_map(|map| Some((&map.new, map.old.rest(url)?)));
    let (new, rest) = fitting.min_by_key(|(_, rest)| rest.len())?;
    Some(format!("{new}{rest}"))
}

#[cfg(test)]
mod tests;
