//! Failures: where in the pipeline, of which class, after how many attempts, and why.
//!
//! Errors of the adapters keep their cause typed (`#[source]`) and never repeat it in their text;
//! [`Chain`] prints an error and its causes once each, on one line.

mod blame;

use std::error::Error;
use std::fmt;
use std::io;
use std::sync::Arc;

pub use blame::{Blame, LoginName, Right, lacking};
use serde::{Deserialize, Serialize};

/// The stage of the pipeline at which an entry stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// Reading what is wanted: files, lines, tag lists.
    Read,
    /// Finding the digest that the source has now.
    Resolve,
    /// Comparing with what the target has.
    Plan,
    /// Moving blobs and manifests.
    Transfer,
    /// Asserting what the target answers afterwards.
    Verify,
    /// Deleting a tag.
    Delete,
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Read => "read",
            Self::Resolve => "resolve",
            Self::Plan => "plan",
            Self::Transfer => "transfer",
            Self::Verify => "verify",
            Self::Delete => "delete",
        })
    }
}

/// What kind of failure it was; it drives retries, the exit code and who must act.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Class {
    /// The input is wrong: someone must edit a line.
    Invalid,
    /// It may work next time: connection errors, timeouts, 5xx.
    Transient,
    /// The registry asked us to slow down for longer than we may wait.
    Throttled,
    /// The credential lacks the right.
    Denied,
    /// The thing named does not exist.
    Missing,
    /// Bytes did not match their digest or size.
    Corrupt,
    /// The other side did something that the specification does not allow, or that we do not support.
    Protocol,
    /// We were stopped: the right to write ended.
    Interrupted,
}

impl Class {
    /// The class of a file that cannot be read.
    #[must_use]
    pub fn of_file(error: &io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::NotFound => Self::Missing,
            io::ErrorKind::PermissionDenied => Self::Denied,
            _ => Self::Transient,
        }
    }
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Invalid => "invalid",
            Self::Transient => "transient",
            Self::Throttled => "throttled",
            Self::Denied => "denied",
            Self::Missing => "missing",
            Self::Corrupt => "corrupt",
            Self::Protocol => "protocol",
            Self::Interrupted => "interrupted",
        })
    }
}

/// An adapter's error that knows its class, so that nobody above has to read its text.
pub trait Classify: Error + Send + Sync + 'static {
    /// The class of this error; a total match, without a wildcard arm.
    fn class(&self) -> Class;

    /// How many times the operation was tried, the first time included.
    fn attempts(&self) -> u32 {
        1
    }

    /// What the person on call should do, where the adapter knows more than the class says.
    fn advice(&self) -> Option<String> {
        None
    }

    /// The host that never gave an answer in this run, if that is why this failed.
    fn unreached(&self) -> Option<&str> {
        None
    }

    /// What it comes down to, if many lines may fail for the same.
    fn blame(&self) -> Option<Blame> {
        None
    }
}

/// Why an entry failed. Cheap to clone, since entries that share a source share its failure.
#[derive(Debug, Clone)]
pub struct Failure {
    /// The stage at which the entry stopped.
    pub stage: Stage,
    /// The class of the failure.
    pub class: Class,
    /// How many times the failing operation was tried.
    pub attempts: u32,
    /// What to do about it, in words for the person on call.
    pub advice: Option<Arc<str>>,
    /// The host that never answered in this run, if that is the cause.
    pub unreached: Option<Arc<str>>,
    /// What it comes down to, if other entries may fail for the same.
    pub blame: Option<Arc<Blame>>,
    source: Arc<dyn Error + Send + Sync>,
}

impl Failure {
    /// A failure of `stage` caused by `error`, classed by the error itself.
    pub fn new(stage: Stage, error: impl Classify) -> Self {
        Self::shared(stage, &Arc::new(error))
    }

    /// As [`Failure::new`], for an error that several entries share.
    pub fn shared<E: Classify>(stage: Stage, error: &Arc<E>) -> Self {
        Self {
            stage,
            class: error.class(),
            attempts: error.attempts(),
            advice: error.advice().map(Arc::from),
            unreached: error.unreached().map(Arc::from),
            blame: error.blame().map(Arc::new),
            source: Arc::<E>::clone(error),
        }
    }

    /// The same failure, met while something that belongs to the entry was copied: `what` names it.
    #[must_use]
    pub fn within(self, what: impl Into<String>) -> Self {
        if self.unreached.is_some() {
            // Many entries share this cause, and it must read the same for all.
            return self;
        }
        Self { source: Arc::new(Within { what: what.into(), cause: Arc::clone(&self.source) }), ..self }
    }

    /// Whether a line or file of the input is wrong, rather than anything in the world.
    #[must_use]
    pub fn is_bad_input(&self) -> bool {
        self.stage == Stage::Read && self.class == Class::Invalid
    }

    /// The cause, with its own causes behind it.
    #[must_use]
    pub fn cause(&self) -> &(dyn Error + Send + Sync + 'static) {
        &*self.source
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} failed", self.stage)?;
        if self.attempts > 1 {
            write!(f, " after {} attempts", self.attempts)?;
        }
        Ok(())
    }
}

impl Error for Failure {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&*self.source)
    }
}

/// A failure's cause, and what it was met at.
#[derive(Debug, thiserror::Error)]
#[error("{what}")]
struct Within {
    what: String,
    #[source]
    cause: Arc<dyn Error + Send + Sync>,
}

/// An error with its causes, and what to do about it, on one line.
#[must_use]
pub fn advised(error: &(impl Classify + 'static)) -> String {
    let advice = error.advice().map(|advice| format!("; {advice}")).unwrap_or_default();
    format!("{}{advice}", Chain(error))
}

/// Prints an error and its causes on one line, each once: `a: b: c`.
#[derive(Debug)]
pub struct Chain<'a>(pub &'a (dyn Error + 'static));

impl fmt::Display for Chain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)?;
        let mut next = self.0.source();
        while let Some(cause) = next {
            write!(f, ": {cause}")?;
            next = cause.source();
        }
        Ok(())
    }
}
