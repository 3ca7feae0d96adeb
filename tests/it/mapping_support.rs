//! What the mapping tests share: reading text, tag lists from a table, and a short way to write what came out.

use std::collections::BTreeMap;
use std::sync::Mutex;

use futures_util::StreamExt as _;
use image_mirror::error::{Failure, Stage};
use image_mirror::mapping::{
    Arrival, ExpandOptions, Finding, Input, ListTags, MappingSet, ReadOptions, Severity, batches, read,
};
use image_mirror::model::{Outcome, Repository, Row, Tag};

/// Tag lists by repository; `*` stands for every repository without a list of its own.
#[derive(Debug, Default)]
pub(crate) struct Tags {
    lists: BTreeMap<String, Vec<Tag>>,
    /// Repositories asked for, in order.
    pub(crate) asked: Mutex<Vec<String>>,
}

#[derive(Debug, thiserror::Error)]
#[error("no such repository")]
struct NoSuchRepository;

impl image_mirror::error::Classify for NoSuchRepository {
    fn class(&self) -> image_mirror::error::Class {
        image_mirror::error::Class::Missing
    }
}

impl Tags {
    pub(crate) fn with(mut self, repository: &str, tags: &[&str]) -> Self {
        let tags = tags.iter().map(|tag| Tag::parse(tag).unwrap()).collect();
        self.lists.insert(repository.to_owned(), tags);
        self
    }
}

impl ListTags for Tags {
    async fn list(&self, repository: &Repository) -> Result<Vec<Tag>, Failure> {
        let name = repository.to_string();
        self.asked.lock().unwrap().push(name.clone());
        let list = self.lists.get(&name).or_else(|| self.lists.get("*"));
        list.cloned().ok_or_else(|| Failure::new(Stage::Read, NoSuchRepository))
    }
}

/// What came out of reading and expanding.
#[derive(Debug, Default)]
pub(crate) struct Outcomes {
    /// `source > target`, sorted.
    pub(crate) entries: Vec<String>,
    pub(crate) rows: Vec<Row>,
    pub(crate) findings: Vec<Finding>,
}

impl Outcomes {
    /// One line each: entries, then findings as `error code line:column`.
    pub(crate) fn lines(&self) -> Vec<String> {
        let severity = |finding: &Finding| match finding.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        let findings = self.findings.iter().map(|finding| match &finding.span {
            Some(span) => format!("{} {} {}:{}", severity(finding), finding.code, span.line, span.column),
            None => format!("{} {}", severity(finding), finding.code),
        });
        self.entries.iter().cloned().chain(findings).collect()
    }

    /// Lines and what became of them, for rows.
    pub(crate) fn row_lines(&self) -> Vec<String> {
        let mut rows: Vec<String> = self.rows.iter().map(row_line).collect();
        rows.sort();
        rows
    }
}

pub(crate) fn row_line(row: &Row) -> String {
    let outcome = match &row.outcome {
        Outcome::Failed(failure) => format!("failed {} {}", failure.stage, failure.class),
        Outcome::Skipped(skip) => format!("skipped {skip}"),
        other => other.word().to_owned(),
    };
    format!("{} {} > {}: {outcome}", row.origin, row.source, row.target)
}

pub(crate) fn text(name: &str, bytes: impl AsRef<[u8]>) -> Input {
    Input::Text { name: name.into(), bytes: bytes.as_ref().to_vec() }
}

pub(crate) fn read_text(bytes: impl AsRef<[u8]>) -> MappingSet {
    read(&[text("m", bytes)], &ReadOptions::default()).unwrap()
}

pub(crate) async fn arrivals(set: MappingSet, tags: Tags) -> Vec<Arrival> {
    batches(set, tags, ExpandOptions::default()).collect().await
}

/// Everything that `set` comes to.
pub(crate) async fn outcomes(set: MappingSet, tags: Tags) -> Outcomes {
    let mut out = Outcomes { findings: set.findings().to_vec(), ..Outcomes::default() };
    for arrival in arrivals(set, tags).await {
        let entries = arrival.batch.into_entries();
        out.entries.extend(entries.iter().map(|entry| format!("{} > {}", entry.source, entry.target)));
        out.rows.extend(arrival.rows);
        out.findings.extend(arrival.findings);
    }
    out.entries.sort();
    out
}
