//! The map of origins: where the files of a rewritten stream came from, so that a rewriting can be undone.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use url::Url;

use super::document::{Change, Stream};
use super::findings;
use crate::error::{Class, Classify};
use crate::model::{Digest, Finding};
use crate::redact::SafeUrl;

/// Origins by new locations.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Origins(BTreeMap<String, Origin>);

/// Where a file came from, and what it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// Where it was.
    pub origin: Url,
    /// What its bytes are, in hex digits.
    pub sha256: String,
    /// The build.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub release: Option<Arc<str>>,
    /// The architecture.
    pub arch: Arc<str>,
    /// The platform.
    pub artifact: Arc<str>,
    /// The format.
    pub format: Arc<str>,
    /// The kind.
    pub kind: Arc<str>,
    /// Where its signature was.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub signature: Option<Url>,
}

/// Why a map of origins cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("`{file}` is no map of origins")]
pub struct OriginsError {
    /// The file.
    pub file: String,
    /// What is wrong with it.
    pub source: serde_json::Error,
}

impl Classify for OriginsError {
    fn class(&self) -> Class {
        Class::Invalid
    }

    fn advice(&self) -> Option<String> {
        Some("give the file that `stream rewrite --origins` wrote".to_owned())
    }
}

impl Origins {
    /// What `changes` of a stream must be noted to be undone. What stays where it is has no origin.
    ///
    /// # Errors
    /// When two files that were in different places would be in the same: only one of them could be brought back.
    pub fn of(stream: &Stream, changes: &[Change]) -> Result<Self, Vec<Finding>> {
        let mut origins: BTreeMap<String, Origin> = BTreeMap::new();
        let mut findings = Vec::new();
        for change in changes {
            let Change::Location { artifact, url } = change else { continue };
            let listed = &stream.artifacts[*artifact];
            let Ok(file) = &listed.file else { continue };
            let place = listed.place.clone();
            let origin = Origin {
                origin: file.location.clone(),
                sha256: file.sha256.hex().to_owned(),
                release: listed.release.clone(),
                arch: place.arch,
                artifact: place.artifact,
                format: place.format,
                kind: place.kind,
                signature: file.signature.clone(),
            };
            match origins.get(url) {
                Some(first) if (&first.origin, &first.signature) != (&origin.origin, &origin.signature) => {
                    let shown = SafeUrl::new(first.origin.clone());
                    let message =
                        format!("it and {shown} would both be at {url}, and they come from two places");
                    findings.push(findings::error(stream, listed, "two-origins", &message));
                }
                Some(_) => {}
                None => drop(origins.insert(url.clone(), origin)),
            }
        }
        if findings.is_empty() { Ok(Self(origins)) } else { Err(findings) }
    }

    /// Reads a map.
    ///
    /// # Errors
    /// When `content` is none; `file` is how the user calls it.
    pub fn parse(file: &str, content: &[u8]) -> Result<Self, OriginsError> {
        serde_json::from_slice(content).map_err(|source| OriginsError { file: file.to_owned(), source })
    }

    /// The text of the map.
    #[must_use]
    pub fn render(&self) -> String {
        // Text and numbers by names that are text: that is always JSON.
        let mut text = serde_json::to_string_pretty(self).unwrap_or_default();
        text.push('\n');
        text
    }

    /// This map and a newer one; what is in both is as the newer says.
    #[must_use]
    pub fn merged(mut self, newer: Self) -> Self {
        self.0.extend(newer.0);
        self
    }

    /// Where a file of these bytes, which is at `location` now, came from.
    #[must_use]
    pub fn get(&self, location: &Url, sha256: &Digest) -> Option<&Origin> {
        self.0.get(location.as_str()).filter(|origin| origin.sha256 == sha256.hex())
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;

    fn moved(artifact: usize, url: &str) -> Change {
        Change::Location { artifact, url: url.to_owned() }
    }

    #[test]
    fn a_map_is_read_as_it_was_written_and_a_newer_one_wins() {
        let stream = sample::first();
        let one = Origins::of(&stream, &[moved(0, "https://m/a"), moved(1, "https://m/b")]).unwrap();
        assert_eq!(Origins::parse("o.json", one.render().as_bytes()).unwrap(), one);
        assert!(one.render().ends_with("}\n"));
        let json: serde_json::Value = serde_json::from_str(&one.render()).unwrap();
        let file = stream.artifacts[0].file.as_ref().unwrap();
        assert_eq!(json["https://m/a"]["origin"], file.location.as_str());
        assert_eq!(json["https://m/a"]["sha256"], file.sha256.hex());
        assert_eq!(json["https://m/a"]["release"], "47.83.202102090311-0");
        assert_eq!(json["https://m/a"]["signature"], format!("{}.sig", file.location));

        let newer = Origins::of(&stream, &[moved(2, "https://m/b"), moved(3, "https://m/c")]).unwrap();
        let merged = one.merged(newer);
        let origin = |url: &str, at: usize| {
            let file = stream.artifacts[at].file.as_ref().unwrap();
            merged.get(&Url::parse(url).unwrap(), &file.sha256).map(|origin| origin.origin == file.location)
        };
        assert_eq!(
            [origin("https://m/a", 0), origin("https://m/b", 2), origin("https://m/c", 3)],
            [Some(true); 3]
        );
        assert_eq!(origin("https://m/b", 1), None, "other bytes are there now");
    }

    #[test]
    fn two_origins_of_one_location_are_refused() {
        let stream = sample::first();
        let findings = Origins::of(&stream, &[moved(0, "https://m/a"), moved(1, "https://m/a")]).unwrap_err();
        assert_eq!((findings.len(), findings[0].code, findings[0].line()), (1, "two-origins", 20));
    }

    #[test]
    fn a_file_that_is_no_map_is_an_error() {
        for text in ["", "[]", "{\"https://m/a\": {}}", "{\"https://m/a\": \"https://o/a\"}"] {
            let error = Origins::parse("o.json", text.as_bytes()).unwrap_err();
            assert_eq!(error.to_string(), "`o.json` is no map of origins");
        }
    }
}
