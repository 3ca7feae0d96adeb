//! Why a command attempts nothing, and how that is said.

use std::io;

use crate::cli::connect::ConnectError;
use crate::cli::exit::Exit;
use crate::cli::output::Output;
use crate::error::{Chain, Class, Classify};
use crate::model::{Finding, KeyError};
use crate::objects;
use crate::redact::mask_logins;
use crate::registry;
use crate::state::LockError;
use crate::stream::document::EditError;
use crate::stream::location::BaseError;
use crate::stream::origins::OriginsError;
use crate::stream::pins::GlobError;
use crate::stream::plan::{AliasError, TemplateError};
use crate::stream::validate::PrefixError;

/// Why nothing is attempted.
#[derive(Debug, thiserror::Error)]
pub(super) enum NothingAttempted {
    #[error("the stream file cannot be used: nothing was attempted")]
    Findings(Vec<Finding>),
    #[error("cannot read {}; name a file that is there, or an address", mask_logins(.name))]
    File { name: String, source: io::Error },
    #[error(transparent)]
    Source(#[from] registry::Error),
    #[error("cannot reach a destination")]
    Store(#[from] objects::Error),
    #[error(transparent)]
    Connect(#[from] ConnectError),
    #[error(transparent)]
    Origins(#[from] OriginsError),
    #[error(transparent)]
    Base(#[from] BaseError),
    #[error(transparent)]
    Alias(#[from] AliasError),
    #[error(transparent)]
    Key(#[from] KeyError),
    #[error("`--prefix-layout` is no layout")]
    Template(#[from] TemplateError),
    #[error("the stream file cannot be changed")]
    Edit(#[from] EditError),
    #[error(transparent)]
    Prefix(#[from] PrefixError),
    #[error("a pattern cannot be used")]
    Glob(#[from] GlobError),
    #[error("nothing of the stream is selected: nothing was attempted")]
    Unselected,
    #[error("{0}")]
    Usage(String),
    #[error("cannot take the destination")]
    Lock(#[from] LockError),
    #[error("cannot listen for signals")]
    Signals(#[source] io::Error),
}

impl NothingAttempted {
    fn exit(&self) -> Exit {
        // Nobody's input is wrong: the next run may well go.
        let is_passing = |class| matches!(class, Class::Transient | Class::Throttled);
        match self {
            Self::Source(error) if is_passing(error.class()) => Exit::Unfinished,
            Self::Store(error) if is_passing(error.class()) => Exit::Unfinished,
            Self::Lock(LockError::Held(_) | LockError::Contended) => Exit::Guarded,
            Self::Lock(error) if is_passing(error.class()) => Exit::Unfinished,
            _ => Exit::Usage,
        }
    }

    fn advice(&self) -> Option<String> {
        match self {
            Self::Source(error) => error.advice(),
            Self::Store(error) => error.advice(),
            Self::Origins(error) => error.advice(),
            Self::Lock(error) => error.advice(),
            _ => None,
        }
    }

    /// Says it.
    pub(super) fn refuse(&self, output: &Output) -> Exit {
        if let Self::Findings(findings) = self {
            output.findings(findings);
        }
        let advice = self.advice().map(|advice| format!("; {advice}")).unwrap_or_default();
        tracing::error!("{}{advice}", Chain(self));
        self.exit()
    }
}
