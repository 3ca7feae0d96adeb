//! Why nothing was attempted.

use std::io;

use crate::cli::connect::ConnectError;
use crate::cli::exit::Exit;
use crate::cli::output::Output;
use crate::error::{Chain, Classify, advised};
use crate::publish::Fault;
use crate::publish::catalog::CatalogError;
use crate::publish::config::ConfigError;
use crate::publish::metadata::MetadataError;

/// Why nothing was attempted.
#[derive(Debug, thiserror::Error)]
pub(super) enum NothingAttempted {
    /// The settings file cannot be used.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The metadata file cannot be used.
    #[error(transparent)]
    Metadata(#[from] MetadataError),
    /// A combination that means nothing.
    #[error(transparent)]
    Fault(#[from] Fault),
    /// No registry can be asked.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// The catalog's API cannot be asked.
    #[error(transparent)]
    Catalog(#[from] CatalogError),
    /// Something of this machine.
    #[error("cannot {what}")]
    Local {
        /// What.
        what: &'static str,
        /// Why.
        source: io::Error,
    },
    /// Signals cannot be heard.
    #[error("cannot listen for signals")]
    Signals(#[source] io::Error),
}

impl NothingAttempted {
    /// Says it.
    pub(super) fn refuse(&self, output: &Output) -> Exit {
        match self {
            Self::Config(ConfigError::Wrong(findings)) => {
                output.findings(findings);
                Exit::Usage
            }
            Self::Metadata(error) => told(error, Exit::Usage),
            Self::Fault(fault) => told(fault, super::exit_of(Some(fault))),
            other => {
                tracing::error!("{}", Chain(other));
                Exit::Usage
            }
        }
    }
}

fn told(error: &(impl Classify + 'static), exit: Exit) -> Exit {
    tracing::error!("{}", advised(error));
    exit
}
