//! Compares what is wanted with what is there. Pure: no I/O, nothing asynchronous.

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
    if let Some(refusal) = guards.iter().find_map(|guard| refusal(guard, found)) {
        return Action::Refuse(refusal);
    }
    Action::Copy(match found {
        _ if same => Reason::Forced,
        Found::Absent => Reason::Absent,
        Found::Is(_) => Reason::Differs,
        Found::Unknown => Reason::Unknown,
    })
}

fn refusal(guard: &Guard, found: &Found) -> Option<Refusal> {
    match (guard, found) {
        (Guard::Absent, Found::Is(_)) => Some(Refusal::Exists),
        (Guard::Is(expected), found) if found.digest() != Some(expected) => {
            Some(Refusal::Moved { expected: Some(expected.clone()), found: found.digest().cloned() })
        }
        (Guard::Absent | Guard::Is(_) | Guard::Unmoved, _) => None,
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
