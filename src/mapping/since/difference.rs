//! What two sets ask for differently. Pure.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use crate::mapping::finding::Finding;
use crate::mapping::set::{Entry, MappingSet, Wish};
use crate::model::{Former, Locator, Origin, Relocated, Replacement};

/// What a line asks for: its source and its target, as text.
type Pair = (String, String);

/// Whether the line of these ends stands in for one that is gone.
type IsSame = fn(&Former, &(Locator, Locator)) -> bool;

/// Keeps of `set` what `old` does not ask for; gives what only `old` asks for, and what stands in another file now.
pub(super) fn keep_new(set: &mut MappingSet, old: &MappingSet) -> (Vec<Former>, Vec<Relocated>) {
    let before = pairs(old);
    let now = pairs(set);
    let relocated = relocated(&before, &now);
    let mut removed: Vec<Former> = Vec::new();
    let mut gone: Vec<_> = before.iter().filter(|(pair, _)| !now.contains_key(*pair)).collect();
    gone.sort_by_key(|(pair, entry)| (entry.wish.origin(), *pair));
    for (_, entry) in gone {
        let (source, target) = ends(entry);
        removed.push(Former { origin: entry.wish.origin().clone(), source, target, now: None });
    }
    let added = now.iter().filter(|(pair, _)| !before.contains_key(*pair)).map(|(_, entry)| *entry);
    replace(&mut removed, added.collect());
    let known: HashSet<Pair> = before.into_keys().collect();
    set.entries.retain(|entry| !known.contains(&pair(entry)));
    keep_new_lines(set, old);
    (removed, relocated)
}

/// All that a set asks for, also where it contradicts itself.
fn pairs(set: &MappingSet) -> HashMap<Pair, &Entry> {
    set.entries.iter().chain(&set.contested).map(|entry| (pair(entry), entry)).collect()
}

fn pair(entry: &Entry) -> Pair {
    let (source, target) = ends(entry);
    (source.to_string(), target.to_string())
}

fn ends(entry: &Entry) -> (Locator, Locator) {
    match &entry.wish {
        Wish::Exact(desired) => (desired.source.clone().into(), desired.target.clone().into()),
        Wish::Wildcard(wildcard) => {
            let source = format!("{}:{}", wildcard.source, wildcard.pattern.as_str());
            (Locator::Text(source.into()), Locator::Text(wildcard.target.to_string().into()))
        }
    }
}

/// Says of what is gone which new line stands in its place: first those with its target, then those with its source.
fn replace(removed: &mut [Former], mut added: Vec<&Entry>) {
    added.sort_by_key(|entry| (entry.wish.origin(), pair(entry)));
    let by: [IsSame; 2] =
        [|former, (_, target)| former.target == *target, |former, (source, _)| former.source == *source];
    for is_same in by {
        for former in removed.iter_mut().filter(|former| former.now.is_none()) {
            let Some(at) = added.iter().position(|entry| is_same(former, &ends(entry))) else { continue };
            let entry = added.remove(at);
            former.now = Some(Replacement { origin: entry.wish.origin().clone(), target: ends(entry).1 });
        }
    }
}

/// What is asked for as before, in another file.
fn relocated(before: &HashMap<Pair, &Entry>, now: &HashMap<Pair, &Entry>) -> Vec<Relocated> {
    let mut counts: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    for (pair, entry) in now {
        let Some(old) = before.get(pair) else { continue };
        let (from, to) = (old.wish.origin().group(), entry.wish.origin().group());
        if from != to {
            *counts.entry((from, to)).or_default() += 1;
        }
    }
    let relocated = counts.into_iter();
    relocated.map(|((from, to), count)| Relocated { from: from.into(), to: to.into(), count }).collect()
}

/// Keeps what is wrong with lines only where their text is new: once for each time that it was there before.
fn keep_new_lines(set: &mut MappingSet, old: &MappingSet) {
    let mut known: HashMap<Vec<u8>, u32> = HashMap::new();
    for file in &old.files {
        for number in 1..=file.line_count() {
            *known.entry(file.line(number).to_vec()).or_default() += 1;
        }
    }
    let mut is_new = |line: &[u8]| match known.get_mut(line) {
        Some(left) if *left > 0 => {
            *left -= 1;
            false
        }
        _ => true,
    };
    let mut new: HashMap<Arc<str>, Vec<bool>> = HashMap::new();
    for file in &set.files {
        let lines = (1..=file.line_count()).map(|number| is_new(file.line(number))).collect();
        new.insert(Arc::clone(&file.name), lines);
    }
    let is_new = |file: &str, line: u32| {
        line == 0 || new.get(file).and_then(|lines| lines.get(line as usize - 1)).copied().unwrap_or(true)
    };
    let origin_is_new = |origin: &Origin| origin.line().is_none_or(|(file, line)| is_new(file, line));
    set.rows.retain(|row| origin_is_new(&row.origin));
    set.findings.retain(|finding: &Finding| is_new(&finding.file, finding.line()));
}
