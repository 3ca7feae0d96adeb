//! What an operator allows: policies for targets, from files beside the mappings and from flags.
//!
//! 1. `find`: which policy files govern which mapping files.
//! 2. `read`: YAML into a [`Policy`], or everything that is wrong with it.
//! 3. [`Policies::guards`]: a target into the conditions on writing it.
//!
//! Nothing here looks at a registry: the engine holds the conditions against what is there.

mod find;
mod pattern;
#[cfg(any(test, fuzzing))]
pub(crate) mod properties;
mod read;

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;

pub use find::{FILE_NAME, find};
pub use pattern::{Pattern, PatternError};

use crate::model::{Desired, Guard, Origin, Rule};

/// Where targets may be, and nowhere else.
#[derive(Debug, Clone)]
pub struct AllowList {
    /// Where it is written.
    pub rule: Arc<Rule>,
    /// The places.
    pub patterns: Vec<Pattern>,
}

/// What one rule asks for.
#[derive(Debug, Clone)]
pub struct Asked {
    /// What it is called and where it is written.
    pub rule: Arc<Rule>,
    /// Of which targets.
    pub targets: Vec<Pattern>,
    /// The conditions, all of them.
    pub guards: Vec<Guard>,
}

/// One policy: a file of it, or what the flags say.
#[derive(Debug, Clone, Default)]
pub struct Policy {
    /// Where targets may be; none: anywhere.
    pub allow: Option<AllowList>,
    /// What is asked for; every rule that covers a target applies.
    pub asked: Vec<Asked>,
}

/// A policy file that was read.
#[derive(Debug, Clone)]
pub struct PolicyFile {
    /// Its path as its reader would name it.
    pub name: Arc<str>,
    /// Where it lies.
    pub path: PathBuf,
    /// What it holds, byte for byte.
    pub bytes: Vec<u8>,
}

/// The policies of a run. All that govern an entry must agree to it, so that one more never allows more.
#[derive(Debug, Clone, Default)]
pub struct Policies {
    /// Those that govern every entry.
    general: Vec<Arc<Policy>>,
    /// Those that govern the entries of a mapping file besides, by its name.
    of_files: HashMap<Arc<str>, Vec<Arc<Policy>>>,
    /// The files that were found beside mapping files or above them.
    found: Vec<PolicyFile>,
}

impl Policies {
    /// These, and one more that governs every entry.
    #[must_use]
    pub fn and(mut self, policy: Policy) -> Self {
        self.general.push(Arc::new(policy));
        self
    }

    /// The files that were found beside mapping files or above them.
    #[must_use]
    pub fn found(&self) -> &[PolicyFile] {
        &self.found
    }

    /// The conditions on writing the target of `desired`, all of them.
    #[must_use]
    pub fn guards(&self, desired: &Desired) -> Vec<Guard> {
        let forbidden = self.allow_lists(&desired.origin).filter(|allow| !allow.covers(desired));
        let forbidden = forbidden.map(|allow| by_rule(&allow.rule, &Guard::Forbidden));
        let asked = self.governing(&desired.origin).flat_map(|policy| &policy.asked);
        let asked = asked.filter(|asked| asked.targets.iter().any(|pattern| pattern.covers(&desired.target)));
        forbidden
            .chain(asked.flat_map(|asked| asked.guards.iter().map(|guard| by_rule(&asked.rule, guard))))
            .collect()
    }

    /// Whether the target of `desired` is in no place that is allowed.
    #[must_use]
    pub fn forbid(&self, desired: &Desired) -> bool {
        self.allow_lists(&desired.origin).any(|allow| !allow.covers(desired))
    }

    /// The allow-lists that entries of `origin` must be on, all of them.
    pub fn allow_lists(&self, origin: &Origin) -> impl Iterator<Item = &AllowList> {
        self.governing(origin).filter_map(|policy| policy.allow.as_ref())
    }

    fn governing(&self, origin: &Origin) -> impl Iterator<Item = &Policy> {
        let of_file = origin.line().and_then(|(file, _)| self.of_files.get(file));
        self.general.iter().chain(of_file.into_iter().flatten()).map(Arc::as_ref)
    }
}

impl AllowList {
    fn covers(&self, desired: &Desired) -> bool {
        self.patterns.iter().any(|pattern| pattern.covers(&desired.target))
    }
}

fn by_rule(rule: &Arc<Rule>, guard: &Guard) -> Guard {
    Guard::ByRule(Arc::clone(rule), Box::new(guard.clone()))
}
