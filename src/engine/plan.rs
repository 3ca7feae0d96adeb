//! Compares what is wanted with what is there. Pure: no I/O, nothing asynchronous.

use std::sync::Arc;

use crate::model::{Digest, Guard, Reason, Refusal};

/// What the target is now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Found {
    /// It does not exist.
    Absent,
    /// It is this.
    Is(Digest),
    /// The pull credential may not see it (401, 403): the push credential will tell.
    Unknown,
}

impl Found {
    /// The digest, if there is one.
    pub(super) fn digest(&self) -> Option<&Digest> {
        match self {
            Self::Is(digest) => Some(digest),
            Self::Absent | Self::Unknown => None,
        }
    }
}

/// What to do about an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Action {
    /// Nothing: it is as desired.
    Keep,
    /// Write the target.
    Copy(Reason),
    /// A guard forbids it.
    Refuse(Refusal),
}

/// Decides: a target that equals its source is kept, whatever its guards say; else the guards decide
/// whether it may be written.
pub(super) fn plan(wanted: &Digest, found: &Found, guards: &[Guard], force: bool) -> Action {
    let same = found.digest() == Some(wanted);
    if same && !force {
        return Action::Keep;
    }
    if let Some(refusal) = guards.iter().find_map(|guard| refusal(guard, wanted, found)) {
        return Action::Refuse(refusal);
    }
    Action::Copy(match found {
        _ if same => Reason::Forced,
        Found::Absent => Reason::Absent,
        Found::Is(_) => Reason::Differs,
        Found::Unknown => Reason::Unknown,
    })
}

/// Whether a guard forbids an entry whatever its target is, so that nobody needs to look.
pub(super) fn forbidden(guards: &[Guard]) -> Option<Refusal> {
    let forbidding = |guard: &&Guard| matches!(guard.condition(), Guard::Forbidden);
    guards.iter().find(forbidding).map(|guard| by_rule(guard, Refusal::Forbidden))
}

/// Decides once more, right before the name is written: the target, which was `planned`, is `now`.
pub(super) fn refusal_now(
    guards: &[Guard],
    wanted: &Digest,
    planned: &Found,
    now: &Found,
) -> Option<Refusal> {
    let moved = now != planned && now.digest() != Some(wanted);
    guards.iter().find_map(|guard| match guard.condition() {
        _ if !guard.is_about_target() => None,
        Guard::Unmoved | Guard::Tagged(..) if moved => {
            let (expected, found) = (planned.digest().cloned(), now.digest().cloned());
            Some(by_rule(guard, Refusal::Moved { expected, found }))
        }
        _ => refusal(guard, wanted, now),
    })
}

fn refusal(guard: &Guard, wanted: &Digest, found: &Found) -> Option<Refusal> {
    let refusal = match (guard.condition(), found) {
        (Guard::Forbidden, _) => Refusal::Forbidden,
        (Guard::Absent, Found::Is(digest)) if digest != wanted => Refusal::Exists,
        (Guard::Is(expected), Found::Absent | Found::Is(_)) if found.digest() != Some(expected) => {
            Refusal::Moved { expected: Some(expected.clone()), found: found.digest().cloned() }
        }
        _ => return None,
    };
    Some(by_rule(guard, refusal))
}

/// The refusal of `guard`, naming the rule that asked for it.
pub(super) fn by_rule(guard: &Guard, refusal: Refusal) -> Refusal {
    match guard {
        Guard::ByRule(rule, guard) => Refusal::ByRule(Arc::clone(rule), Box::new(by_rule(guard, refusal))),
        _ => refusal,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_is_written_only_when_it_differs_and_no_guard_forbids_it() {
        let (a, b) = (Digest::of(b"a"), Digest::of(b"b"));
        let is = |digest: &Digest| Found::Is(digest.clone());
        let moved = Refusal::Moved { expected: Some(a.clone()), found: None };
        for (found, guards, force, expected) in [
            (is(&a), vec![], false, Action::Keep),
            (is(&a), vec![Guard::Absent], false, Action::Keep),
            (is(&a), vec![], true, Action::Copy(Reason::Forced)),
            (is(&b), vec![], false, Action::Copy(Reason::Differs)),
            (is(&b), vec![Guard::Unmoved], false, Action::Copy(Reason::Differs)),
            (is(&b), vec![Guard::Absent], false, Action::Refuse(Refusal::Exists)),
            (is(&b), vec![Guard::Is(b.clone())], false, Action::Copy(Reason::Differs)),
            (Found::Absent, vec![Guard::Absent], false, Action::Copy(Reason::Absent)),
            (Found::Absent, vec![Guard::Is(a.clone())], false, Action::Refuse(moved)),
            (Found::Unknown, vec![], false, Action::Copy(Reason::Unknown)),
        ] {
            assert_eq!(plan(&a, &found, &guards, force), expected, "{found:?} {guards:?} {force}");
        }
    }
}
