//! Whether a host can be reached at all: the first request goes alone, and who never answers is given up.

use std::sync::Arc;

use tokio::time::Instant;

use super::Policy;
use crate::registry::error::Kind;
use crate::registry::retry;

/// What is known of a host.
#[derive(Debug, Default)]
pub(super) struct Reach {
    stage: Stage,
    /// Failed attempts at reaching the host, and when the next may be made.
    silences: u32,
    ask_again: Option<Instant>,
}

#[derive(Debug, Default)]
enum Stage {
    /// Nobody asked yet, or the last to ask got no answer.
    #[default]
    Untried,
    /// Somebody is asking; the others wait.
    Asked,
    Answered,
    Dead(Arc<Kind>),
}

/// Whether a request may go to a host, as far as reaching it goes.
pub(super) enum Way {
    Open,
    /// As the one that goes alone, and not before then.
    First(Option<Instant>),
    /// Another asks.
    Wait,
}

impl Reach {
    pub(super) fn dead(&self) -> Option<Arc<Kind>> {
        match &self.stage {
            Stage::Dead(cause) => Some(Arc::clone(cause)),
            Stage::Untried | Stage::Asked | Stage::Answered => None,
        }
    }

    pub(super) fn way(&self) -> Way {
        match self.stage {
            Stage::Asked => Way::Wait,
            Stage::Untried => Way::First(self.ask_again.filter(|again| *again > Instant::now())),
            Stage::Answered | Stage::Dead(_) => Way::Open,
        }
    }

    /// A request goes alone.
    pub(super) fn ask(&mut self) {
        self.stage = Stage::Asked;
    }

    /// It was given up before an answer: the next one asks.
    pub(super) fn gave_up(&mut self) {
        if matches!(self.stage, Stage::Asked) {
            self.stage = Stage::Untried;
        }
    }

    pub(super) fn answered(&mut self) {
        if !matches!(self.stage, Stage::Answered) {
            self.stage = Stage::Answered;
            self.silences = 0;
        }
    }

    /// A request got no answer. `Err`: the host is given up for this.
    pub(super) fn silent(&mut self, policy: &Policy, kind: Kind) -> Result<Kind, Arc<Kind>> {
        if !matches!(self.stage, Stage::Untried | Stage::Asked) {
            return Ok(kind);
        }
        self.silences += 1;
        // Trust does not come with time.
        let last = matches!(kind, Kind::Certificate(_) | Kind::Nameless(_) | Kind::NotTls(_));
        if last || (policy.gives_up && self.silences >= policy.attempts) {
            let cause = Arc::new(kind);
            self.stage = Stage::Dead(Arc::clone(&cause));
            return Err(cause);
        }
        self.stage = Stage::Untried;
        let wait = retry::delay(policy.backoff_min, policy.backoff_max, self.silences);
        self.ask_again = Some(Instant::now() + wait);
        Ok(kind)
    }
}
