//! Why there are no settings, or no place by them.

use std::io;
use std::sync::Arc;

use super::template::TemplateError;
use crate::error::{Class, Classify};
use crate::model::Finding;

/// Why there are no settings.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// There is no such file, or it cannot be read.
    #[error("cannot read the settings {file}; name a file that is there by `--config`")]
    Unreadable {
        /// The file.
        file: Arc<str>,
        /// What the file system says.
        source: io::Error,
    },
    /// It says something wrong: all that is wrong in it.
    #[error("the settings cannot be used")]
    Wrong(Vec<Finding>),
}

/// Why something is nowhere, by the settings and the metadata together.
#[derive(Debug, thiserror::Error)]
pub enum PlaceError {
    /// Nothing says where images come from.
    #[error("nothing says where the images of `{0}` come from")]
    NoTemplate(String),
    /// What says it does not fit.
    #[error(transparent)]
    Template(#[from] TemplateError),
    /// It would be no name of a repository.
    #[error("`{0}` is no repository")]
    Name(String),
}

impl Classify for ConfigError {
    fn class(&self) -> Class {
        Class::Invalid
    }
}

impl Classify for PlaceError {
    fn class(&self) -> Class {
        Class::Invalid
    }

    fn advice(&self) -> Option<String> {
        Some(match self {
            Self::NoTemplate(product) => {
                format!("set `source_template` in the settings, for all products or for `{product}`")
            }
            Self::Template(_) => "correct `source_template` in the settings".to_owned(),
            Self::Name(_) => "correct the names in the settings and in the metadata".to_owned(),
        })
    }
}
