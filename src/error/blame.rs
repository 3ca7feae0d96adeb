//! What a failure comes down to, where many lines may fail for the same: it is told once, with all of them.
//!
//! Values of text only, for this module knows neither registries nor logins. Nothing here is a secret.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// A right in a repository.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Right {
    /// To read.
    Pull,
    /// To write.
    Push,
    /// To delete a tag.
    Delete,
}

impl fmt::Display for Right {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Pull => "pull",
            Self::Push => "push",
            Self::Delete => "delete",
        })
    }
}

/// A login as it may be named: whose it is, if that is known, and where it stands.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct LoginName {
    /// The user or robot.
    pub user: Option<Arc<str>>,
    /// Its place, in words: ``entry `quay.io/team` of /path/config.json``.
    pub place: Arc<str>,
}

impl fmt::Display for LoginName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.place)?;
        self.user.as_ref().map_or(Ok(()), |user| write!(f, " (user `{user}`)"))
    }
}

impl LoginName {
    /// As the subject of a sentence: ``the login `robot` (entry … of …)``.
    fn subject(&self) -> String {
        let Self { user, place } = self;
        match user {
            Some(user) => format!("the login `{user}` ({place})"),
            None => format!("the login ({place})"),
        }
    }
}

/// What a failure comes down to. Failures with equal blame are one trouble, whatever each was about to do.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Blame {
    /// A login is of no use at a registry, whatever is asked for.
    Login {
        /// The registry.
        host: Arc<str>,
        /// The login.
        login: LoginName,
        /// What is wrong with it: `is refused by …`.
        why: Arc<str>,
    },
    /// A login, or who has none, lacks a right in a repository.
    Right {
        /// The registry.
        host: Arc<str>,
        /// The repository's name within it.
        repository: Arc<str>,
        /// What is lacking.
        right: Right,
        /// The login; none: anonymous.
        login: Option<LoginName>,
    },
    /// A host is in trouble, or in trouble with us.
    Host {
        /// The host.
        host: Arc<str>,
        /// What it does, as a sentence that names it.
        what: Arc<str>,
    },
}

/// Says that `login` lacks `right` at `place`, which is one repository or several.
#[must_use]
pub fn lacking(login: Option<&LoginName>, right: Right, place: &str) -> String {
    match login {
        Some(login) => format!("{} lacks {right} on {place}", login.subject()),
        None => format!("nobody is logged in for {place}, where to {right} takes a login"),
    }
}

impl Blame {
    /// What to do about it; none: the adapter knows better.
    #[must_use]
    pub fn help(&self) -> Option<String> {
        const UNKNOWN: &str = "some registries say the same of a repository that does not exist";
        match self {
            Self::Login { login, .. } => Some(format!("correct or renew {login}")),
            Self::Right { right, login: Some(_), .. } => Some(format!(
                "give the account {right} there, or put one that has it in its place; {UNKNOWN}"
            )),
            Self::Right { right, login: None, .. } => {
                Some(format!("add a login that may {right} there to the credentials file; {UNKNOWN}"))
            }
            Self::Host { .. } => None,
        }
    }
}

impl fmt::Display for Blame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Login { login, why, .. } => write!(f, "{} {why}", login.subject()),
            Self::Right { host, repository, right, login } => {
                f.write_str(&lacking(login.as_ref(), *right, &format!("`{host}/{repository}`")))
            }
            Self::Host { what, .. } => f.write_str(what),
        }
    }
}
