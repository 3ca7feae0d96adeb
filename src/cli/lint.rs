//! `lint`: mapping files in, findings out. Asks registries only with `--resolve`, and never to write.

use std::sync::{Arc, Mutex, PoisonError};

use serde::Serialize;

use super::args::OutputFormat;
use super::connect;
use super::exit::Exit;
use super::output::Output;
use super::policies;
use super::rows::Way;
use super::settings::{Copying, Lint};
use super::stop::{self, Patience};
use crate::engine::{Extent, Silent, Stop};
use crate::error::{Chain, Stage};
use crate::mapping::{self, Finding, Input, LintOptions, MappingSet, ReadOptions, Severity, Span, Wish};
use crate::model::{Origin, Outcome, Row};
use crate::policy::Policies;
use crate::redact;

/// Why nothing was checked.
#[derive(Debug, thiserror::Error)]
enum NothingChecked {
    #[error("the mapping files cannot be read")]
    Files(#[from] mapping::ReadError),
    #[error("no mapping file could be read")]
    Nothing,
    #[error(transparent)]
    Policy(#[from] policies::UnusablePolicy),
    #[error(transparent)]
    Lint(#[from] mapping::LintError),
    #[error(transparent)]
    Connect(#[from] connect::ConnectError),
    #[error("cannot listen for signals")]
    Signals(#[from] std::io::Error),
}

/// Does what `settings` say.
pub(super) async fn lint(settings: Lint, output: &Output) -> Exit {
    match check(&settings, output).await {
        Ok((checked, exit)) => output.data(&checked.render(settings.output)).or(exit),
        Err(error) => output.refuse(&error),
    }
}

async fn check(settings: &Lint, output: &Output) -> Result<(Checked, Exit), NothingChecked> {
    let inputs: Vec<Input> = settings.inputs.iter().map(Input::from).collect();
    let set = mapping::read(&inputs, &ReadOptions { strict: settings.strict })?;
    let policies = policies::load(&settings.policy, &set, output)?;
    let options = LintOptions { jobs_dir: settings.jobs_dir.clone() };
    let mut findings = set.findings().to_vec();
    findings.extend(mapping::lint(&set, &options)?);
    findings.extend(policies::not_allowed(&policies, &set));
    if set.files().is_empty() {
        output.findings(&findings);
        return Err(NothingChecked::Nothing);
    }
    let entries = set.entries().iter().map(|entry| Listed::of(&entry.wish)).collect();
    let mut exit = Exit::AsDesired;
    if settings.resolve {
        let (found, of_rows) = resolve(settings, set).await?;
        findings.extend(found);
        exit = of_rows;
    }
    let counts = |finding: &Finding| finding.is_error() || settings.strict;
    if findings.iter().any(counts) {
        exit = exit.or(Exit::Failed);
    }
    Ok((Checked { entries, findings }, exit))
}

/// Looks whether the sources exist.
async fn resolve(settings: &Lint, set: MappingSet) -> Result<(Vec<Finding>, Exit), NothingChecked> {
    let client = connect::client(&settings.connection, None)?;
    let signals = stop::signals()?;
    connect::announce(&client, &set, &Policies::default());
    let lines = Lines::of(&set);
    let told = Mutex::new(Vec::new());
    let stop = Stop::default();
    let tell = |findings| told.lock().unwrap_or_else(PoisonError::into_inner).extend(findings);
    let copying = Copying::names_only();
    let way = Way {
        copying: &copying,
        policies: &Policies::default(),
        jobs: 1,
        extent: Extent::Sources,
        visible_targets: false,
        source_check: None,
        deadline: None,
        dates: false,
        past: None,
        observer: Arc::new(Silent),
        stop: stop.clone(),
        tell: &tell,
    };
    let patience = Patience { deadline: None, grace: std::time::Duration::ZERO };
    let rows = tokio::select! {
        rows = way.take(set, &client) => rows,
        never = stop::watch(stop, signals, patience) => match never {},
    };
    let mut findings: Vec<Finding> = rows.iter().filter_map(|row| lines.finding(row)).collect();
    findings.extend(told.into_inner().unwrap_or_else(PoisonError::into_inner));
    let unfinished: Vec<Row> =
        rows.into_iter().filter(|row| matches!(row.outcome, Outcome::Unfinished(_))).collect();
    Ok((findings, Exit::of(&unfinished)))
}

/// The files again, to show the line that a row came from.
struct Lines(Vec<Arc<mapping::MappingFile>>);

impl Lines {
    fn of(set: &MappingSet) -> Self {
        Self(set.files().to_vec())
    }

    /// What a row says of its source, if that is not as it should be.
    fn finding(&self, row: &Row) -> Option<Finding> {
        let (code, said) = match &row.outcome {
            Outcome::Failed(failure) if failure.stage == Stage::Resolve => {
                ("source", Chain(failure.cause()).to_string())
            }
            Outcome::Unfinished(cause) => ("not-checked", cause.to_string()),
            _ => return None,
        };
        let (file, line) = row.origin.line()?;
        let message = format!("the source `{}` could not be found: {said}", row.source);
        let mut finding = Finding::about(file, Severity::Error, code, message);
        finding.span =
            self.0.iter().find(|known| known.name == *file).map(|file| source_word(file.line(line), line));
        Some(finding)
    }
}

/// The first word of a line, which is its source.
fn source_word(line: &[u8], number: u32) -> Span {
    let text = redact::mask_logins(&String::from_utf8_lossy(line));
    let before = text.chars().take_while(|c| c.is_whitespace()).count();
    let word = text.chars().skip(before).take_while(|c| !c.is_whitespace() && *c != '=').count();
    let narrow = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
    Span { line: number, column: narrow(before + 1), len: narrow(word.max(1)), text: text.into() }
}

/// What `lint` prints.
#[derive(Debug, Serialize)]
struct Checked {
    entries: Vec<Listed>,
    findings: Vec<Finding>,
}

/// An entry with its references in full.
#[derive(Debug, Serialize)]
struct Listed {
    origin: Origin,
    source: String,
    target: String,
}

impl Listed {
    fn of(wish: &Wish) -> Self {
        let origin = wish.origin().clone();
        match wish {
            Wish::Exact(desired) => {
                Self { origin, source: desired.source.to_string(), target: desired.target.to_string() }
            }
            Wish::Wildcard(wildcard) => {
                let source = format!("{}:{}", wildcard.source, wildcard.pattern.as_str());
                Self { origin, source, target: wildcard.target.to_string() }
            }
        }
    }
}

impl Checked {
    fn render(&self, format: OutputFormat) -> String {
        match format {
            OutputFormat::Json => serde_json::to_string_pretty(self).unwrap_or_default() + "\n",
            OutputFormat::Text => {
                let errors = self.findings.iter().filter(|finding| finding.is_error()).count();
                let warnings = self.findings.len() - errors;
                let separator = if self.findings.is_empty() { "" } else { "\n" };
                format!(
                    "{}{separator}{}, {}, {}\n",
                    mapping::render(&self.findings),
                    counted(self.entries.len(), "entry", "entries"),
                    counted(errors, "error", "errors"),
                    counted(warnings, "warning", "warnings"),
                )
            }
        }
    }
}

fn counted(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_source_of_a_line_is_its_first_word() {
        let span = source_word("  q.io/a/b:v1=q.io/c/d q.io/e".as_bytes(), 7);
        assert_eq!((span.line, span.column, span.len), (7, 3, 11));
        assert!(!source_word(b"user:secret@q.io/a b", 1).text.contains("secret"));
    }
}
