//! What a row of the table says: which fault, in which operation, how often, and how it ends.

use image_mirror::error::Class;

use super::operation::Operation;
use super::wrong::Wrong;

/// How often a fault comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Times {
    /// The first time only.
    Once,
    /// Each time, as long as the run asks.
    Always,
}

/// How the line ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ends {
    /// Mirrored, with so many requests more than without the fault.
    Copied {
        /// Fewer than without it, where something could not be known.
        more: i32,
    },
    /// Mirrored; how many requests it took is up to chance.
    CopiedSomehow,
    /// A failed row, after so many attempts.
    Failed { class: Class, attempts: u32 },
    /// A host that never answered: safe to run again.
    Unfinished,
    /// A guard said no.
    Refused,
}

/// One row of the table.
#[derive(Debug, Clone)]
pub(super) struct Cell {
    pub(super) operation: Operation,
    pub(super) fault: Wrong,
    pub(super) times: Times,
    pub(super) ends: Ends,
    /// Words that the message has besides the operation and what is wrong with it.
    pub(super) says: &'static str,
    /// Those words stand in the place of the operation and the status.
    pub(super) instead: bool,
    /// Words that the advice has.
    pub(super) advises: &'static str,
    /// Whether it is also run against a real registry.
    pub(super) is_real: bool,
}

/// The fault comes once.
pub(super) fn once(fault: Wrong, ends: Ends) -> Cell {
    Cell {
        operation: Operation::HeadSource,
        fault,
        times: Times::Once,
        ends,
        says: "",
        instead: false,
        advises: "",
        is_real: false,
    }
}

/// The fault comes each time.
pub(super) fn always(fault: Wrong, ends: Ends) -> Cell {
    Cell { times: Times::Always, ..once(fault, ends) }
}

/// Mirrored, with `more` requests than without the fault.
pub(super) fn copied(more: i32) -> Ends {
    Ends::Copied { more }
}

/// Failed, after `attempts`.
pub(super) fn failed(class: Class, attempts: u32) -> Ends {
    Ends::Failed { class, attempts }
}

impl Cell {
    /// Also run against a real registry.
    pub(super) fn real(mut self) -> Self {
        self.is_real = true;
        self
    }

    /// What the message says in the place of the operation and the status.
    pub(super) fn says_instead(mut self, words: &'static str) -> Self {
        self.instead = true;
        self.says(words)
    }

    /// What the advice says.
    pub(super) fn advises(mut self, words: &'static str) -> Self {
        self.advises = words;
        self
    }

    /// What the message says, besides the operation and the status.
    pub(super) fn says(mut self, words: &'static str) -> Self {
        self.says = words;
        self
    }
}

impl Operation {
    /// The rows of this operation.
    pub(super) fn cells(self, rows: impl IntoIterator<Item = Cell>) -> Vec<Cell> {
        rows.into_iter().map(|cell| Cell { operation: self, ..cell }).collect()
    }
}

impl Ends {
    /// As the page says it.
    pub(super) fn words(self) -> String {
        match self {
            Self::Copied { .. } | Self::CopiedSomehow => "copied".to_owned(),
            Self::Failed { class, .. } => format!("failed, {class}"),
            Self::Unfinished => "unfinished".to_owned(),
            Self::Refused => "refused".to_owned(),
        }
    }

    /// What it took, as the page says it.
    pub(super) fn cost(self) -> String {
        match self {
            Self::Copied { more: 0 } | Self::Refused => "nothing".to_owned(),
            Self::Copied { more: 1 } => "1 request more".to_owned(),
            Self::Copied { more: -1 } => "1 request fewer".to_owned(),
            Self::Copied { more } if more < 0 => format!("{} requests fewer", -more),
            Self::Copied { more } => format!("{more} requests more"),
            Self::CopiedSomehow => "some requests more".to_owned(),
            Self::Failed { attempts: 1, .. } => "1 attempt".to_owned(),
            Self::Failed { attempts, .. } => format!("{attempts} attempts"),
            Self::Unfinished => format!("{} attempts", super::ATTEMPTS),
        }
    }
}

impl Times {
    /// As the page says it.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Once => "once",
            Self::Always => "always",
        }
    }
}
