//! Gathers rows that did not end well, so that one cause is told once.

use std::borrow::Cow;
use std::collections::HashMap;

use crate::model::{Outcome, Row};

use super::causes::gather;
use super::words::{clean, help, number, place, verdict};

/// Rows of one file and owner.
pub(super) struct Group<'a> {
    /// The file that asked for them.
    pub(super) file: String,
    /// Who answers for it.
    pub(super) owner: Option<&'a str>,
    /// What went wrong, each cause once.
    pub(super) troubles: Vec<Trouble<'a>>,
}

/// Rows that ended in the same way for the same reason.
pub(super) struct Trouble<'a> {
    /// What happened.
    pub(super) verdict: String,
    /// What to do about it.
    pub(super) help: String,
    /// The rows it happened to, at least one.
    pub(super) rows: Vec<&'a Row>,
}

impl Group<'_> {
    /// How many rows are in the group.
    pub(super) fn len(&self) -> usize {
        self.troubles.iter().map(|trouble| trouble.rows.len()).sum()
    }
}

/// The causes that several failed rows share, wherever these were asked for; and all rows but those.
pub(super) fn shared<'a>(rows: &[&'a Row]) -> (Vec<Trouble<'a>>, Vec<&'a Row>) {
    let blamed = rows.iter().enumerate().filter_map(|(at, row)| match &row.outcome {
        Outcome::Failed(failure) => failure.blame.as_deref().map(|blame| (blame, at)),
        _ => None,
    });
    let mut is_shared = vec![false; rows.len()];
    let mut troubles = Vec::new();
    for cause in gather(blamed).into_iter().filter(|cause| cause.members.len() > 1) {
        for at in &cause.members {
            is_shared[*at] = true;
        }
        let rows: Vec<&Row> = cause.members.iter().map(|at| rows[*at]).collect();
        let help = cause.help.or_else(|| help(rows[0]).map(Cow::into_owned)).unwrap_or_default();
        troubles.push(Trouble { verdict: clean(&cause.sentence), help: clean(&help), rows });
    }
    let rest = rows.iter().zip(is_shared).filter(|(_, is_shared)| !is_shared).map(|(row, _)| *row);
    (troubles, rest.collect())
}

impl Trouble<'_> {
    /// Whom it concerns: each file with its owner and how many of its rows, in the order they come.
    pub(super) fn concerned(&self) -> Vec<String> {
        let mut counts: Vec<((String, Option<&str>), u64)> = Vec::new();
        for row in &self.rows {
            let of = (place(&row.origin).1, row.owner.as_deref());
            match counts.iter_mut().rfind(|(known, _)| *known == of) {
                Some((_, count)) => *count += 1,
                None => counts.push((of, 1)),
            }
        }
        let shown = |((file, owner), count): ((String, Option<&str>), u64)| {
            let owner = owner.map_or("no owner".to_owned(), |owner| format!("owner {owner}"));
            format!("{file} ({owner}): {}", number(count))
        };
        counts.into_iter().map(shown).collect()
    }
}

/// The rows that `wanted` picks, by file and owner in the order they come, then by cause.
pub(super) fn by_file<'a>(rows: &[&'a Row], wanted: fn(&Outcome) -> bool) -> Vec<Group<'a>> {
    let mut groups: Vec<(String, Option<&'a str>, Vec<&'a Row>)> = Vec::new();
    let mut known: HashMap<(String, Option<&'a str>), usize> = HashMap::new();
    for &row in rows.iter().filter(|row| wanted(&row.outcome)) {
        let (file, owner) = (place(&row.origin).1, row.owner.as_deref());
        let at = *known.entry((file.clone(), owner)).or_insert(groups.len());
        if at == groups.len() {
            groups.push((file, owner, Vec::new()));
        }
        groups[at].2.push(row);
    }
    groups
        .into_iter()
        .map(|(file, owner, rows)| Group { file, owner, troubles: by_cause(&rows, wanted) })
        .collect()
}

/// The rows that `wanted` picks, by cause in the order they come.
pub(super) fn by_cause<'a>(rows: &[&'a Row], wanted: fn(&Outcome) -> bool) -> Vec<Trouble<'a>> {
    let mut troubles: Vec<Trouble<'a>> = Vec::new();
    let mut known: HashMap<(String, String), usize> = HashMap::new();
    for &row in rows.iter().filter(|row| wanted(&row.outcome)) {
        let verdict = verdict(row).unwrap_or_default();
        let help = help(row).unwrap_or_default().into_owned();
        let at = *known.entry((verdict.clone(), help.clone())).or_insert(troubles.len());
        if at == troubles.len() {
            troubles.push(Trouble { verdict, help, rows: Vec::new() });
        }
        troubles[at].rows.push(row);
    }
    troubles
}
