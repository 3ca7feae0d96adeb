//! Counts what happened and prints it.

use std::collections::BTreeMap;
use std::fmt;

use super::checks::Checks;
use super::weather::{CUT, Counts};
use crate::support::Ran;

/// So many of the things that were wrong are printed.
const SHOWN: usize = 20;

/// What became of all runs.
#[derive(Debug, Default)]
pub(super) struct Tally {
    /// By exit code; none: killed.
    pub(super) runs: BTreeMap<Option<i32>, usize>,
    /// By outcome, and the class of failures; of runs that ended.
    pub(super) rows: BTreeMap<String, usize>,
    /// Uploads that ended in the middle of their bytes.
    pub(super) cut_uploads: usize,
    /// What no run may do, whatever happens to it.
    pub(super) wrong: Vec<String>,
}

impl Tally {
    pub(super) fn add(&mut self, ran: &Ran, entries: usize) {
        *self.runs.entry(ran.code).or_default() += 1;
        let Some(code) = ran.code else { return };
        if !matches!(code, 0 | 1 | 3)
            || ran.stderr.contains("panicked")
            || ran.stdout.contains("internal error")
        {
            self.wrong.push(format!("a run that broke down: {ran}"));
            return;
        }
        let mut exact = 0;
        for row in ran.rows() {
            let word = |key: &str| row[key].as_str().unwrap_or_default().to_owned();
            let class = if row["class"].is_null() { String::new() } else { format!(", {}", word("class")) };
            *self.rows.entry(word("outcome") + &class).or_default() += 1;
            exact += usize::from(!word("target").contains("/mirror/any-"));
        }
        if exact != entries {
            self.wrong.push(format!("{exact} rows of {entries} lines: {ran}"));
        }
    }

    pub(super) fn kills(&self) -> usize {
        self.runs.get(&None).copied().unwrap_or_default()
    }
}

/// The figures of a whole chaos run.
pub(super) struct Figures<'a> {
    pub(super) requests: u64,
    pub(super) faults: &'a Counts,
    pub(super) tally: &'a Tally,
    pub(super) checks: &'a Checks,
}

impl fmt::Display for Figures<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { requests, faults, tally, checks } = self;
        writeln!(f, "{requests} requests, {} of them spoilt:", faults.values().sum::<usize>())?;
        sums(f, faults.iter().map(|((name, _), count)| ((*name).to_owned(), *count)))?;
        writeln!(f, "by what was asked for:")?;
        sums(f, faults.iter().map(|((_, kind), count)| (format!("{kind:?}"), *count)))?;
        writeln!(f, "{} runs, of which were killed: {}", tally.runs.values().sum::<usize>(), tally.kills())?;
        let by_code = tally.runs.iter().filter_map(|(code, count)| Some((code.as_ref()?, count)));
        sums(f, by_code.map(|(code, count)| (format!("exit code {code}"), *count)))?;
        let by_faults: usize =
            faults.iter().filter(|((name, _), _)| *name == CUT).map(|(_, count)| count).sum();
        writeln!(
            f,
            "{} uploads cut in the middle, at most {by_faults} of them by faults",
            tally.cut_uploads
        )?;
        writeln!(f, "rows of the runs that ended:")?;
        sums(f, tally.rows.iter().map(|(row, count)| (row.clone(), *count)))?;
        let wrong = checks.wrong.len() + tally.wrong.len();
        writeln!(
            f,
            "{} writes of a tag, {} tags read to the last byte, {wrong} wrong",
            checks.writes, checks.tags
        )?;
        checks.wrong.iter().chain(&tally.wrong).take(SHOWN).try_for_each(|line| writeln!(f, "error: {line}"))
    }
}

fn sums(f: &mut fmt::Formatter<'_>, counts: impl Iterator<Item = (String, usize)>) -> fmt::Result {
    let mut sums = BTreeMap::<String, usize>::new();
    counts.for_each(|(what, count)| *sums.entry(what).or_default() += count);
    sums.iter().try_for_each(|(what, count)| writeln!(f, "  {count:>7}  {what}"))
}
