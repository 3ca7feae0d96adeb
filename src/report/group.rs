//! Gathers rows that did not end well, so that one cause is told once.

use std::collections::HashMap;

use crate::model::{Outcome, Row};

use super::words::{help, place, verdict};

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
