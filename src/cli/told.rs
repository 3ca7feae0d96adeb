//! Which causes were told while a run lasts: the first entry that fails for one is, the others are counted.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use crate::error::Blame;
use crate::report::gather;

/// The causes that entries failed for so far.
#[derive(Debug, Default)]
pub(super) struct Told(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    said: HashSet<Blame>,
    /// One an entry, and whether it was told.
    all: Vec<(Arc<Blame>, bool)>,
}

impl Told {
    /// Notes an entry that failed for `blame`. True: it is the first, and is to be told.
    pub(super) fn note(&self, blame: &Arc<Blame>) -> bool {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_new = state.said.insert(kin(blame));
        state.all.push((Arc::clone(blame), is_new));
        is_new
    }

    /// Each cause of which an entry was not told, and of how many entries it is the cause.
    pub(super) fn rest(&self) -> Vec<(String, usize)> {
        let state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let gathered = gather(state.all.iter().map(|(blame, told)| (&**blame, *told)));
        let hidden = gathered.into_iter().filter(|cause| cause.members.contains(&false));
        hidden.map(|cause| (cause.sentence, cause.members.len())).collect()
    }
}

/// The same blame in any other repository: a login that lacks a right in many is told of once.
fn kin(blame: &Blame) -> Blame {
    let mut blame = blame.clone();
    if let Blame::Right { repository, .. } = &mut blame {
        *repository = "".into();
    }
    blame
}
