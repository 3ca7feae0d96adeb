//! What a token for pushes names beside what is due: it saves the next ones.
//!
//! First what is planned to be written, for its turn comes. Then what was used lately: a mount needs the
//! repository that it writes to and the one that it mounts from in one token, and a run mounts between
//! any two that it writes to; and tokens that end are renewed by one. All as far as the size of a token
//! allows.

use std::collections::{HashSet, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::Name;
use super::scope::{Action, ScopeSet};

/// So many repositories that are planned for go before those that were used.
const AHEAD: usize = ScopeSet::MOST / 2;

/// So many repositories are remembered to have been used.
const USED: usize = 2 * ScopeSet::MOST;

/// The rights of one account that may go along.
#[derive(Debug, Default)]
pub(super) struct Beside(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    planned: VecDeque<ScopeSet>,
    /// All that was ever planned: many entries need the same.
    met: HashSet<ScopeSet>,
    /// The last used first.
    used: Vec<(Name, Action)>,
    is_given_up: bool,
}

impl Beside {
    /// Says that `needed` will be due.
    pub(super) fn plan(&self, needed: ScopeSet) {
        let mut state = self.lock();
        if !state.is_given_up && !state.met.contains(&needed) {
            state.met.insert(needed.clone());
            state.planned.push_back(needed);
        }
    }

    /// Takes note that `needed` is granted, and used now.
    pub(super) fn note_used(&self, needed: &ScopeSet) {
        let used = &mut self.lock().used;
        for (name, action) in needed.iter() {
            let at = used.iter().position(|(held, _)| held == name);
            let held = at.map_or(action, |at| used.remove(at).1);
            used.insert(0, (Name::clone(name), held.max(action)));
        }
        used.truncate(USED);
    }

    /// Takes note that a token for `scopes` was had.
    pub(super) fn note_granted(&self, scopes: &ScopeSet) {
        self.lock().planned.retain(|planned| !scopes.covers(planned));
    }

    /// `due` with what still fits.
    pub(super) fn added_to(&self, due: &ScopeSet, fits: impl Fn(&ScopeSet) -> bool) -> ScopeSet {
        let state = self.lock();
        if state.is_given_up {
            return due.clone();
        }
        let used = state.used.iter().map(|(name, action)| {
            let mut one = ScopeSet::default();
            one.add(name, *action);
            one
        });
        let planned = || state.planned.iter().cloned();
        let ahead = filled(due.clone(), planned(), |all| fits(all) && all.len() <= due.len() + AHEAD);
        filled(filled(ahead, used, &fits), planned(), &fits)
    }

    /// A token was refused that is granted without them.
    pub(super) fn give_up(&self) {
        *self.lock() = State { is_given_up: true, ..State::default() };
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// `scopes` and as many of `more` as fit.
fn filled(
    scopes: ScopeSet,
    more: impl Iterator<Item = ScopeSet>,
    fits: impl Fn(&ScopeSet) -> bool,
) -> ScopeSet {
    more.fold(scopes, |all, one| {
        let both = all.with(&one);
        if fits(&both) { both } else { all }
    })
}
