//! Entries that contradict one another, and the order of those that do not.

use std::collections::HashMap;

use super::claim::{Claim, State};
use super::drafts::failed;
use super::{EntryError, Wanted, Wish};
use crate::imagestreams::loops::{Places, Standing, standings};
use crate::model::{Endpoint, Outcome, Row};

/// So many of the other entries are named.
const NAMED: usize = 3;

/// Adds what is wanted to `wish`, without what contradicts itself, and what goes through several entries in order.
///
/// What has no source is judged with the rest: else the others of a ring would move whenever one of them cannot.
pub(super) fn judged(mut wish: Wish, claims: Vec<Claim>, places: &Places) -> Wish {
    let (stands, conflicts): (Vec<_>, Vec<_>) =
        by_target(&claims).into_iter().partition(|group| agree(&claims, group));
    let conflicts =
        conflicts.iter().flat_map(|group| group.iter().map(|at| (*at, conflict(&claims, *at, group))));
    let mut ends: Vec<(usize, Outcome)> = conflicts.collect();
    // Those that want the same of one target are judged as the first of them.
    let firsts: Vec<_> = stands.iter().map(|group| claims[group[0]].ends(places)).collect();
    let mut levels = HashMap::new();
    for (group, standing) in stands.iter().zip(standings(&firsts)) {
        match standing {
            Standing::Level(level) => _ = levels.insert(group[0], level),
            Standing::Ring(others) => {
                let others: Vec<&Claim> = others.iter().map(|at| &claims[stands[*at][0]]).collect();
                ends.extend(group.iter().map(|at| (*at, in_ring(&others))));
            }
        }
    }
    wish.rows_of(ends, &claims);
    for (at, claim) in claims.into_iter().enumerate() {
        if let (State::Wanted(wanted), Some(level)) = (claim.state, levels.remove(&at)) {
            wish.wanted.push(Wanted { level, ..*wanted });
        }
    }
    wish
}

/// The claims of each target, in the order they came.
fn by_target(claims: &[Claim]) -> Vec<Vec<usize>> {
    let mut known: HashMap<&Endpoint, usize> = HashMap::new();
    let mut groups: Vec<Vec<usize>> = Vec::new();
    for (at, claim) in claims.iter().enumerate() {
        let group = *known.entry(&claim.target).or_insert(groups.len());
        match groups.get_mut(group) {
            Some(group) => group.push(at),
            None => groups.push(vec![at]),
        }
    }
    groups
}

fn agree(claims: &[Claim], group: &[usize]) -> bool {
    group.iter().all(|at| claims[*at].agrees(&claims[group[0]]))
}

/// What becomes of a claim because others of its `group` want something else.
fn conflict(claims: &[Claim], at: usize, group: &[usize]) -> Outcome {
    let claim = &claims[at];
    let others = group.iter().map(|other| &claims[*other]).filter(|other| !other.agrees(claim));
    let (possible, certain): (Vec<&Claim>, Vec<&Claim>) = others.partition(|other| other.is_possible());
    if certain.is_empty()
        && let Some(outcome) = possible.iter().find_map(|other| may_be(other))
    {
        return outcome;
    }
    let others = certain.iter().map(|other| format!("from `{}` by {}", other.source, other.origin));
    failed(EntryError::Conflict {
        target: claim.target.to_string().into(),
        others: others.take(NAMED).collect(),
    })
}

/// What becomes of a claim that leads back to itself through `others`.
fn in_ring(others: &[&Claim]) -> Outcome {
    if let Some(outcome) = others.iter().find_map(|other| may_be(other)) {
        return outcome;
    }
    let others =
        others.iter().map(|other| format!("`{}` -> `{}` by {}", other.source, other.target, other.origin));
    failed(EntryError::Loop { others: others.take(NAMED).collect() })
}

/// What becomes of others because of a claim that is only possible.
fn may_be(claim: &Claim) -> Option<Outcome> {
    let State::Possible(failure) = &claim.state else { return None };
    let what =
        format!("{} may ask for {} as well, and its ImageStream is not known", claim.origin, claim.source);
    Some(Outcome::of_failure(failure.clone().within(what)))
}

impl Wish {
    /// Says what became of claims that cannot stand. What failed before says why already.
    fn rows_of(&mut self, ends: Vec<(usize, Outcome)>, claims: &[Claim]) {
        for (at, outcome) in ends {
            match &claims[at].state {
                State::Wanted(wanted) => {
                    let desired = wanted.desired.clone();
                    let ends = (desired.source.into(), desired.target.into());
                    self.rows.push(Row::of_nothing(desired.origin, desired.owner, ends, outcome));
                }
                State::Ended(row) => {
                    if matches!(self.rows[*row].outcome, Outcome::Skipped(_)) {
                        self.rows[*row].outcome = outcome;
                    }
                }
                State::Possible(_) => {}
            }
        }
    }
}
