//! The questions to the registries, and what each answer means for a right.

use std::collections::HashMap;

use futures_util::{StreamExt as _, stream};

use super::needs::Need;
use crate::error::{Blame, Chain, Classify as _, LoginName};
use crate::registry::{Client, Error, PushGrant, Role};
use crate::report;

/// Repositories asked at a time; each host has limits of its own.
const AT_ONCE: usize = 64;

/// What is known of a right.
#[derive(Debug)]
pub(super) enum Answer {
    /// It is there.
    Granted,
    /// The registry answers, and has nothing there (yet).
    Absent,
    /// It is not there.
    Lacking(Trouble),
    /// It cannot be told without writing.
    Untold,
    /// The registry or its token service gave no answer that tells.
    Unknown(Trouble),
}

/// Why a right is not there, or not known.
#[derive(Debug)]
pub(super) struct Trouble {
    pub(super) blame: Option<Blame>,
    /// What was asked and answered.
    pub(super) said: String,
    pub(super) help: Option<String>,
}

/// What was found of one repository.
pub(super) struct Check {
    pub(super) need: Need,
    pub(super) login: Option<LoginName>,
    /// Where its tokens come from; none: it asked for no token.
    pub(super) token_host: Option<String>,
    pub(super) pull: Answer,
    /// None: it was not asked for.
    pub(super) push: Option<Answer>,
}

impl Check {
    pub(super) fn answers(&self) -> impl Iterator<Item = &Answer> {
        [Some(&self.pull), self.push.as_ref()].into_iter().flatten()
    }

    pub(super) fn troubles(&self) -> impl Iterator<Item = &Trouble> {
        self.answers().filter_map(Answer::trouble)
    }
}

impl Answer {
    pub(super) fn trouble(&self) -> Option<&Trouble> {
        match self {
            Self::Lacking(trouble) | Self::Unknown(trouble) => Some(trouble),
            Self::Granted | Self::Absent | Self::Untold => None,
        }
    }

    fn of(error: &Error) -> Self {
        let blame = error.blame();
        let is_right = matches!(blame, Some(Blame::Login { .. } | Blame::Right { .. }));
        let help = blame.as_ref().and_then(Blame::help).or_else(|| error.advice());
        let trouble = Trouble { blame, said: report::clean(&Chain(error).to_string()), help };
        if is_right { Self::Lacking(trouble) } else { Self::Unknown(trouble) }
    }

    /// Whether there is no use in asking for more: the login is of none, or nobody answers.
    fn is_hopeless(&self) -> bool {
        match self {
            Self::Lacking(trouble) => matches!(trouble.blame, Some(Blame::Login { .. })),
            Self::Unknown(_) => true,
            Self::Granted | Self::Absent | Self::Untold => false,
        }
    }
}

/// Asks for everything in `needs`, in their order; for `push` too, at targets, if that is wanted.
pub(super) async fn all(needs: Vec<Need>, push: bool, client: &Client) -> Vec<Check> {
    let asked = stream::iter(needs).map(|need| async move {
        let client = client.with_role(need.role);
        let push = push && need.role == Role::Target;
        one(need, push, &client).await
    });
    let mut checks: Vec<Check> = asked.buffered(AT_ONCE).collect().await;
    let token_hosts: HashMap<_, _> = client.token_hosts().into_iter().collect();
    for check in &mut checks {
        check.token_host = token_hosts.get(&check.need.repository.host).cloned();
    }
    checks
}

async fn one(need: Need, ask_push: bool, client: &Client) -> Check {
    let repository = &need.repository;
    let mut pull = match client.try_pull(repository, need.version.as_ref()).await {
        Ok(true) => Answer::Granted,
        Ok(false) => Answer::Absent,
        Err(error) => Answer::of(&error),
    };
    let mut push = None;
    if ask_push && !pull.is_hopeless() {
        let answer = match client.try_push(repository).await {
            Ok(PushGrant::Given) => Answer::Granted,
            Ok(PushGrant::Untold) => Answer::Untold,
            Err(error) => Answer::of(&error),
        };
        // Who may push may pull: what was refused before was not there.
        if matches!((&pull, &answer), (Answer::Lacking(_), Answer::Granted)) {
            pull = Answer::Absent;
        }
        push = Some(answer);
    }
    let login = client.login(repository);
    Check { need, login, token_host: None, pull, push }
}
