//! What can be wrong with the file. None of it quotes what stands in the file, for that may be a secret.

use std::io;
use std::sync::Arc;

use crate::error::{Class, Classify};

/// Why the file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum MetadataError {
    /// It cannot be read.
    #[error("cannot read {file}; name a file that is there by `--metadata`")]
    File {
        /// The file.
        file: Arc<str>,
        /// What the file system says.
        source: io::Error,
    },
    /// It is no JSON.
    #[error("{file} is no JSON: line {line}, column {column}: {what}")]
    Json {
        /// The file.
        file: Arc<str>,
        /// The line, from 1.
        line: usize,
        /// The column, from 1.
        column: usize,
        /// What is the matter there.
        what: &'static str,
    },
    /// A value.
    #[error("`{path}` in {file} {wrong}")]
    Value {
        /// The file.
        file: Arc<str>,
        /// Where in it: `products.server.project_id`.
        path: String,
        /// What is wrong with it.
        wrong: Wrong,
    },
    /// A file that a value names cannot be read.
    #[error("cannot read the file that `{path}` in {file} names")]
    SecretFile {
        /// The file.
        file: Arc<str>,
        /// Where in it.
        path: String,
        /// What the file system says.
        source: io::Error,
    },
}

/// What is wrong with a value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Wrong {
    /// It is not there.
    #[error("is missing")]
    Missing,
    /// It is `null`.
    #[error("is null")]
    Null,
    /// It is `""`, or the file that it names is.
    #[error("is empty")]
    Empty,
    /// It is no text.
    #[error("is no text")]
    NoText,
    /// It has no keys.
    #[error("is no object")]
    NoObject,
    /// The variable that it names is not set.
    #[error("names the variable {0}, which is not set")]
    Unset(String),
    /// The file that it names is none that holds one secret.
    #[error("names a file that is no text")]
    NoSecret,
    /// It is no name of a repository.
    #[error("is no name that a repository can have")]
    NoName,
    /// It is no name of a project.
    #[error("has more than one `-`, and is no project")]
    NoProject,
}

impl MetadataError {
    /// What to make of a parser's error, whose own words may quote the file.
    pub(super) fn json(file: &Arc<str>, error: &serde_json::Error) -> Self {
        let what = match error.classify() {
            serde_json::error::Category::Eof => "it ends too early",
            _ => "something stands there that is no JSON",
        };
        Self::Json { file: Arc::clone(file), line: error.line(), column: error.column(), what }
    }
}

impl Classify for MetadataError {
    fn class(&self) -> Class {
        Class::Invalid
    }

    fn advice(&self) -> Option<String> {
        let text = match self {
            Self::File { .. } | Self::SecretFile { .. } => return None,
            Self::Json { .. } => "correct it there; `jq empty FILE` tells whether it is JSON",
            Self::Value { wrong: Wrong::Unset(_), .. } => "set the variable for this command",
            Self::Value { wrong: Wrong::NoProject, .. } => {
                "it is the number of the component at connect.redhat.com/component/view/NUMBER"
            }
            Self::Value { .. } => "correct it there; nothing was asked of any registry",
        };
        Some(text.to_owned())
    }
}
