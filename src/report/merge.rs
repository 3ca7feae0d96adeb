//! Puts the reports of all shards of a run together: the same rows as one run over the whole set would have had.

use std::collections::BTreeMap;
use std::time::SystemTime;

use super::{Part, Report};
use crate::model::Shard;

/// Why reports are not the parts of one whole.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum MergeError {
    /// There are none.
    #[error("there is no report to merge")]
    Nothing,
    /// One is whole already.
    #[error("`{name}` is the report of a whole run, of no shard")]
    Whole {
        /// Its file.
        name: String,
    },
    /// Two are of the same shard.
    #[error("`{first}` and `{second}` are both of shard {shard}; name one of them")]
    Twice {
        /// The file of the one.
        first: String,
        /// The file of the other.
        second: String,
        /// Their shard.
        shard: Shard,
    },
    /// Two do not belong together.
    #[error("`{first}` and `{second}` differ in {what}, so they are no shards of one run")]
    Strangers {
        /// The file of the one.
        first: String,
        /// The file of the other.
        second: String,
        /// What tells them apart.
        what: &'static str,
    },
}

/// What parts make together.
#[derive(Debug)]
pub struct Merged {
    /// All of it. Its exit code is the caller's to decide.
    pub report: Report,
    /// What each part exited with.
    pub exit_codes: Vec<u8>,
    /// Shards of which there was no report.
    pub missing: Vec<u32>,
}

/// Puts parts together, each with the name that errors call it by.
///
/// # Errors
/// When they are not of one run, or one of them is there twice.
pub fn merge(parts: Vec<(String, Report)>) -> Result<Merged, MergeError> {
    let mut known: BTreeMap<u32, (String, Report)> = BTreeMap::new();
    let mut count = 0;
    for (name, report) in parts {
        let Some(Part { shard, .. }) = report.part else { return Err(MergeError::Whole { name }) };
        if let Some((_, (first, other))) = known.first_key_value()
            && let Some(what) = difference(other, &report)
        {
            return Err(MergeError::Strangers { first: first.clone(), second: name, what });
        }
        count = shard.count();
        if let Some((first, _)) = known.get(&shard.index()) {
            return Err(MergeError::Twice { first: first.clone(), second: name, shard });
        }
        known.insert(shard.index(), (name, report));
    }
    let missing = (0..count).filter(|index| !known.contains_key(index)).collect();
    let exit_codes = known.values().map(|(_, report)| report.exit_code).collect();
    let report = known.into_values().map(|(_, report)| report).reduce(joined).ok_or(MergeError::Nothing)?;
    Ok(Merged { report: Report { part: None, state: None, ..report }, exit_codes, missing })
}

/// What tells two reports apart that belong to different runs, if anything does.
fn difference(one: &Report, other: &Report) -> Option<&'static str> {
    let (part, other_part) = (one.part.as_ref(), other.part.as_ref());
    let count = |part: Option<&Part>| part.map(|part| part.shard.count());
    let set = |part: Option<&'_ Part>| part.map(|part| part.set.clone());
    [
        (count(part) != count(other_part), "how many shards there are"),
        (set(part) != set(other_part), "the mapping files that they read"),
        ((&one.command, one.dry_run) != (&other.command, other.dry_run), "the command that was run"),
    ]
    .into_iter()
    .find_map(|(differs, what)| differs.then_some(what))
}

/// Both together: from the start of the first to the end of the last.
fn joined(mut one: Report, other: Report) -> Report {
    let end = |report: &Report| report.started + report.elapsed;
    let (started, ended): (_, SystemTime) = (one.started.min(other.started), end(&one).max(end(&other)));
    one.rows.extend(other.rows);
    one.wire += other.wire;
    Report { started, elapsed: ended.duration_since(started).unwrap_or_default(), ..one }
}
