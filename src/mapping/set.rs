//! The mapping set: everything that the files of a run say, with what is wrong in them.

use std::collections::HashMap;
use std::io;
use std::ops::Range;
use std::sync::Arc;

use super::files::{Input, MappingFile, ReadError, Unreadable, snapshot};
use super::finding::{Finding, Place, Severity};
use super::grammar::{self, Destination, Wanted};
use super::owners::OwnerFinder;
use super::word::{Pattern, Problem};
use crate::error::{Class, Classify, Failure, Stage};
use crate::model::{Batch, Desired, Endpoint, Locator, Origin, Outcome, Repository, Row};
use crate::redact;

/// How mapping files are to be read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ReadOptions {
    /// A target without a host is always an error.
    pub strict: bool,
}

/// A source with a `*`, and one place where the tags that match should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wildcard {
    /// Where it was asked for.
    pub origin: Origin,
    /// Who answers for it.
    pub owner: Option<Arc<str>>,
    /// The repository whose tags are meant.
    pub source: Repository,
    /// Which of them.
    pub pattern: Pattern,
    /// Where they should be.
    pub target: Destination,
}

/// What one pair of a line asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wish {
    /// One image.
    Exact(Desired),
    /// The images whose tags match.
    Wildcard(Wildcard),
}

impl Wish {
    /// Where it was asked for.
    #[must_use]
    pub fn origin(&self) -> &Origin {
        match self {
            Self::Exact(desired) => &desired.origin,
            Self::Wildcard(wildcard) => &wildcard.origin,
        }
    }
}

/// A wish and the place of its target word.
#[derive(Debug, Clone)]
pub struct Entry {
    /// What is asked for.
    pub wish: Wish,
    pub(super) place: Place,
}

impl Entry {
    /// What a wildcard's entry turned out to ask for; its place is the wildcard's.
    pub(super) fn expanded(&self, desired: Desired) -> Self {
        Self { wish: Wish::Exact(desired), place: self.place.clone() }
    }

    /// A finding that points at the target.
    pub fn target_finding(
        &self,
        severity: Severity,
        code: &'static str,
        message: impl Into<String>,
    ) -> Finding {
        self.place.finding(severity, code, message)
    }
}

/// What the files of a run say.
#[derive(Debug, Default)]
pub struct MappingSet {
    pub(super) files: Vec<Arc<MappingFile>>,
    pub(super) entries: Vec<Entry>,
    /// Entries that contradict one another. Each has its row already; what a wildcard adds must not go to their targets either.
    pub(super) contested: Vec<Entry>,
    pub(super) rows: Vec<Row>,
    pub(super) findings: Vec<Finding>,
}

/// Reads everything that `inputs` stand for, each file once, as it is at this moment.
///
/// A line that cannot be mirrored is a row and a finding of the set, no error. `-` reads standard input.
///
/// # Errors
/// Words that stand for nothing that can be read, all of them.
pub fn read(inputs: &[Input], options: &ReadOptions) -> Result<MappingSet, ReadError> {
    let snapshot = snapshot(inputs)?;
    let mut set = MappingSet::default();
    let mut owners = OwnerFinder::default();
    for mut file in snapshot.files {
        file.owner =
            comment_owner(&file).or_else(|| file.path.as_ref().and_then(|path| owners.nearest(path)));
        set.read_file(file, *options);
    }
    for unreadable in snapshot.unreadable {
        set.unreadable(&unreadable, &mut owners);
    }
    for name in snapshot.empty {
        let message = "no file `mapping_*` in this directory";
        set.findings.push(Finding::about(&name, Severity::Warning, "empty-directory", message));
    }
    set.findings.append(&mut owners.findings);
    set.part_conflicts();
    set.sort_findings();
    Ok(set)
}

/// The NAME of a comment `# owner: NAME` before the first entry.
fn comment_owner(file: &MappingFile) -> Option<Arc<str>> {
    for number in 1..=file.line_count() {
        let line = file.line(number);
        if line.trim_ascii().is_empty() {
            continue;
        }
        let comment = String::from_utf8_lossy(grammar::comment(line)?);
        if let Some(name) = comment.trim().strip_prefix("owner:") {
            return Some(name.trim()).filter(|name| !name.is_empty()).map(Arc::from);
        }
    }
    None
}

impl MappingSet {
    /// What is wrong or odd, in the order of the files and their lines.
    #[must_use]
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// A failed row for each line or target that cannot be mirrored.
    #[must_use]
    pub fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// What is asked for, without what contradicts itself.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The files, in the order they were read.
    #[must_use]
    pub fn files(&self) -> &[Arc<MappingFile>] {
        &self.files
    }

    /// Whether the set asks for nothing at all, not even something that cannot be done.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty() && self.rows.is_empty()
    }

    /// Whether any finding is an error.
    #[must_use]
    pub fn has_errors(&self) -> bool {
        self.findings.iter().any(Finding::is_error)
    }

    fn read_file(&mut self, file: MappingFile, options: ReadOptions) {
        let file = Arc::new(file);
        self.files.push(Arc::clone(&file));
        if file.has_bom() {
            let message = "the file begins with a byte order mark, which is left out";
            let place = Place::new(&file, 1, &(0..0));
            let finding = place.finding(Severity::Warning, "byte-order-mark", message);
            self.findings.push(finding.hint("save it as UTF-8 without one"));
        }
        let before = self.entries.len() + self.rows.len();
        for number in 1..=file.line_count() {
            self.read_line(&file, number, options);
        }
        if self.entries.len() + self.rows.len() == before {
            let message = "this file has no entry";
            self.findings.push(Finding::about(&file.name, Severity::Warning, "empty-file", message));
        }
    }

    fn read_line(&mut self, file: &Arc<MappingFile>, number: u32, options: ReadOptions) {
        let line = grammar::read_line(file.line(number), options.strict);
        let origin = Origin::Line { file: Arc::clone(&file.name), line: number };
        let owner = file.owner.clone();
        let text = LineText::new(file.line(number), &line.bad);
        for bad in line.bad {
            let finding = self.note(file, number, bad.problem);
            let known = line.pairs.iter().find(|pair| pair.source == bad.source).and_then(source_of);
            let source = known.map_or_else(|| text.locator(&bad.source), Locator::from);
            let ends = (source, text.locator(&bad.target));
            self.rows.push(failed_row(&origin, owner.as_ref(), ends, Failure::new(Stage::Read, finding)));
        }
        for problem in line.more {
            self.note(file, number, problem);
        }
        for pair in line.pairs {
            let (origin, owner) = (origin.clone(), owner.clone());
            let wish = match pair.wanted {
                Wanted::Exact { source, target } => {
                    Wish::Exact(Desired { origin, owner, source, target, guards: Vec::new() })
                }
                Wanted::Wildcard { source, pattern, target } => {
                    Wish::Wildcard(Wildcard { origin, owner, source, pattern, target })
                }
            };
            let place = Place::new(file, number, &pair.target);
            self.entries.push(Entry { wish, place });
        }
    }

    fn note(&mut self, file: &Arc<MappingFile>, line: u32, problem: Problem) -> Finding {
        let place = Place::new(file, line, &problem.span);
        let mut finding = place.finding(problem.severity, problem.code, problem.message);
        finding.hint = problem.hint;
        self.findings.push(finding.clone());
        finding
    }

    fn unreadable(&mut self, unreadable: &Unreadable, owners: &mut OwnerFinder) {
        let Unreadable { name, path, error } = unreadable;
        let message = format!("cannot be read: {error}");
        self.findings.push(Finding::about(name, Severity::Error, "unreadable", message));
        let origin = Origin::Line { file: Arc::clone(name), line: 0 };
        let failure = Failure::new(Stage::Read, FileError { error: Arc::clone(error) });
        let ends = (Locator::Path(path.clone()), Locator::Text("".into()));
        self.rows.push(failed_row(&origin, owners.nearest(path).as_ref(), ends, failure));
    }

    /// Takes out the exact entries that contradict one another, and those that repeat one.
    fn part_conflicts(&mut self) {
        let entries = std::mem::take(&mut self.entries);
        let (exact, at): (Vec<&Desired>, Vec<usize>) = entries
            .iter()
            .enumerate()
            .filter_map(|(at, entry)| match &entry.wish {
                Wish::Exact(desired) => Some((desired, at)),
                Wish::Wildcard(_) => None,
            })
            .unzip();
        let judged = Batch::judge(&exact);
        let mut contested = vec![false; entries.len()];
        let mut repeated = vec![false; entries.len()];
        for group in judged.conflicts {
            for one in &group {
                contested[at[*one]] = true;
            }
            let group: Vec<(&Desired, &Place)> =
                group.iter().map(|one| (exact[*one], &entries[at[*one]].place)).collect();
            let reported = conflict(&group);
            self.findings.extend(reported.0);
            self.rows.extend(reported.1);
        }
        for (first, again) in judged.repeated {
            repeated[at[again]] = true;
            self.findings.push(repetition(&exact[first].origin, &entries[at[again]].place));
        }
        for (index, entry) in entries.into_iter().enumerate() {
            if contested[index] {
                self.contested.push(entry);
            } else if !repeated[index] {
                self.entries.push(entry);
            }
        }
    }

    fn sort_findings(&mut self) {
        let rank: HashMap<Arc<str>, usize> =
            self.files.iter().enumerate().map(|(rank, file)| (Arc::clone(&file.name), rank)).collect();
        self.findings.sort_by_key(|finding| {
            let column = finding.span.as_ref().map_or(0, |span| span.column);
            (rank.get(&finding.file).copied().unwrap_or(usize::MAX), finding.line(), column)
        });
    }
}

fn source_of(pair: &grammar::Pair) -> Option<Endpoint> {
    match &pair.wanted {
        Wanted::Exact { source, .. } => Some(source.clone()),
        Wanted::Wildcard { .. } => None,
    }
}

/// A repeated entry counts once; this says which one.
pub(super) fn repetition(first: &Origin, again: &Place) -> Finding {
    let message = format!("this repeats {first}, and counts once");
    again.finding(Severity::Warning, "duplicate", message).hint("drop one of the two")
}

/// Findings and rows for entries that want different things of one target.
pub(super) fn conflict(entries: &[(&Desired, &Place)]) -> (Vec<Finding>, Vec<Row>) {
    let mut findings = Vec::new();
    let mut rows = Vec::new();
    for (desired, place) in entries {
        let others = entries.iter().filter(|(other, _)| other.source != desired.source);
        let others: Vec<String> =
            others.map(|(other, _)| format!("from `{}` at {}", other.source, other.origin)).take(3).collect();
        let message = format!("`{}` is also wanted {}", desired.target, others.join(" and "));
        let finding = place
            .finding(Severity::Error, "conflict", message)
            .hint("keep one of these lines, or give the others another tag");
        let failure = Failure::new(Stage::Read, finding.clone());
        findings.push(finding);
        let ends = (desired.source.clone().into(), desired.target.clone().into());
        rows.push(failed_row(&desired.origin, desired.owner.as_ref(), ends, failure));
    }
    (findings, rows)
}

/// A row for what cannot be done.
fn failed_row(origin: &Origin, owner: Option<&Arc<str>>, ends: (Locator, Locator), failure: Failure) -> Row {
    Row::of_nothing(origin.clone(), owner.cloned(), ends, Outcome::Failed(failure))
}

/// A line as it may be shown: its logins are masked before any part is taken.
struct LineText<'a> {
    bytes: &'a [u8],
    masked: Vec<char>,
}

/// How much of a word that does not parse a row shows, in characters.
const SHOWN: usize = 300;

impl<'a> LineText<'a> {
    fn new(bytes: &'a [u8], bad: &[grammar::Bad]) -> Self {
        let masked = if bad.is_empty() {
            Vec::new()
        } else {
            redact::mask_logins(&String::from_utf8_lossy(bytes)).chars().collect()
        };
        Self { bytes, masked }
    }

    fn locator(&self, range: &Range<usize>) -> Locator {
        let count =
            |at: usize| String::from_utf8_lossy(&self.bytes[..at.min(self.bytes.len())]).chars().count();
        let (start, end) = (count(range.start), count(range.end));
        let shown: String = self.masked.iter().take(end).skip(start).take(SHOWN).collect();
        Locator::Text(shown.trim().into())
    }
}

/// A file that is there and cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("the mapping file cannot be read")]
struct FileError {
    #[source]
    error: Arc<io::Error>,
}

impl Classify for FileError {
    fn class(&self) -> Class {
        Class::of_file(&self.error)
    }

    fn advice(&self) -> Option<String> {
        Some("make the file readable, or take it out of the directory".to_owned())
    }
}
