//! Entries that contradict one another, and the order of those that do not.

use super::drafts::failed;
use super::{EntryError, Wanted, Wish};
use crate::imagestreams::loops::{Places, Standing, standings};
use crate::imagestreams::names::Names;
use crate::imagestreams::streams::Streams;
use crate::model::{Batch, Desired, Row};

/// So many of the other entries are named.
const NAMED: usize = 3;

/// Takes out what contradicts itself, and puts what goes through several entries in order.
pub(super) fn judged(wish: Wish, names: &Names, streams: &Streams) -> Wish {
    let Wish { wanted, mut rows, findings } = wish;
    let judged = Batch::judge(&wanted);
    for group in &judged.conflicts {
        let group: Vec<&Desired> = group.iter().map(|at| &wanted[*at].desired).collect();
        rows.extend(group.iter().map(|desired| conflict(desired, &group)));
    }
    let mut wanted: Vec<Option<Wanted>> = wanted.into_iter().map(Some).collect();
    let stands: Vec<Wanted> = judged.stands.iter().filter_map(|at| wanted[*at].take()).collect();
    let standings = standings(&ends(&stands, &Places::new(names, streams)));
    for (wanted, standing) in stands.iter().zip(&standings) {
        if let Standing::Ring(others) = standing {
            let others: Vec<&Desired> = others.iter().map(|at| &stands[*at].desired).collect();
            rows.push(in_ring(&wanted.desired, &others));
        }
    }
    let placed = stands.into_iter().zip(standings).filter_map(|(wanted, standing)| match standing {
        Standing::Level(level) => Some(Wanted { level, ..wanted }),
        Standing::Ring(_) => None,
    });
    Wish { wanted: placed.collect(), rows, findings }
}

/// The places that each entry reads and writes.
fn ends(wanted: &[Wanted], places: &Places) -> Vec<(String, String)> {
    let source = |wanted: &Wanted| match &wanted.istag {
        Some(istag) => Places::of_istag(istag),
        None => places.of(&wanted.desired.source),
    };
    wanted.iter().map(|wanted| (source(wanted), places.of(&wanted.desired.target))).collect()
}

fn conflict(desired: &Desired, group: &[&Desired]) -> Row {
    let others = group.iter().filter(|other| other.source != desired.source);
    let others = others.map(|other| format!("from `{}` by {}", other.source, other.origin));
    ended(
        desired,
        EntryError::Conflict {
            target: desired.target.to_string().into(),
            others: others.take(NAMED).collect(),
        },
    )
}

fn in_ring(desired: &Desired, others: &[&Desired]) -> Row {
    let others =
        others.iter().map(|other| format!("`{}` -> `{}` by {}", other.source, other.target, other.origin));
    ended(desired, EntryError::Loop { others: others.take(NAMED).collect() })
}

fn ended(desired: &Desired, error: EntryError) -> Row {
    let ends = (desired.source.clone().into(), desired.target.clone().into());
    Row::of_nothing(desired.origin.clone(), desired.owner.clone(), ends, failed(error))
}
