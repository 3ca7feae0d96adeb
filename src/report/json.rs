//! The report for programs: a versioned contract, described by `docs/report.schema.json`. [`read`](super::read) takes
//! it in again, so both directions share the types of this file.

use std::borrow::Cow;
use std::collections::HashMap;
use std::io::{self, Write};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize, Serializer};

use crate::error::{Blame, Class, Stage};
use crate::model::{Bytes, Digest, Former, Origin, Outcome, Presence, Requests, Row, Rule, Standing, State};

use super::causes::blame;
use super::totals::Counts;
use super::words::{clean, help, name, reason};
use super::{Part, RenderError, Report, text_of};

/// Raised when a reader of the old form would misread the new one; fields may be added without it
/// only together with the schema.
pub(super) const VERSION: u32 = 1;

/// The report; `R` is its rows, which are written one at a time and read together.
#[derive(Serialize, Deserialize)]
pub(super) struct Document<R> {
    pub(super) version: u32,
    pub(super) command: String,
    pub(super) dry_run: bool,
    pub(super) started: String,
    pub(super) elapsed_seconds: f64,
    pub(super) exit_code: u8,
    #[serde(default)]
    pub(super) shard: Option<PartFields>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) state: Option<State>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) causes: Vec<CauseFields>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) since: Option<Arc<str>>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) removed: Vec<FormerFields>,
    pub(super) rows: R,
    pub(super) totals: TotalFields,
}

#[derive(Serialize, Deserialize)]
pub(super) struct PartFields {
    pub(super) index: u32,
    pub(super) count: u32,
    pub(super) set: Digest,
}

/// What rows come down to, each once.
#[derive(Serialize, Deserialize)]
pub(super) struct CauseFields {
    pub(super) id: usize,
    #[serde(flatten)]
    pub(super) blame: Blame,
    message: String,
    help: Option<String>,
    count: usize,
}

#[derive(Serialize, Deserialize)]
pub(super) struct RowFields {
    pub(super) origin: Origin,
    pub(super) owner: Option<Arc<str>>,
    pub(super) source: String,
    pub(super) target: String,
    pub(super) digest: Option<Digest>,
    pub(super) previous: Option<Digest>,
    pub(super) outcome: Cow<'static, str>,
    pub(super) reason: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) rule: Option<Rule>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) backups: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) tags: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) note: Option<Cow<'static, str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) created: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) previous_created: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) repository: Option<PresenceWord>,
    pub(super) stage: Option<Stage>,
    pub(super) class: Option<Class>,
    #[serde(default)]
    pub(super) help: Option<Cow<'static, str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) cause: Option<usize>,
    pub(super) attempts: u32,
    pub(super) bytes: Bytes,
    pub(super) requests: u32,
    pub(super) elapsed_seconds: f64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) standing: Option<StandingFields>,
}

/// How an entry stands over several runs.
#[derive(Serialize, Deserialize)]
pub(super) struct StandingFields {
    pub(super) first_seen: String,
    pub(super) verified: Option<String>,
    /// At the end of the run.
    age_seconds: u64,
    pub(super) failures: u32,
    pub(super) quarantined: bool,
}

/// A line that is not there any more, or otherwise.
#[derive(Serialize, Deserialize)]
pub(super) struct FormerFields {
    pub(super) origin: Origin,
    pub(super) source: String,
    pub(super) target: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) now: Option<ReplacementFields>,
}

/// The line in its place.
#[derive(Serialize, Deserialize)]
pub(super) struct ReplacementFields {
    pub(super) origin: Origin,
    pub(super) target: String,
}

/// Whether a repository exists.
#[derive(Serialize, Deserialize, Clone, Copy)]
#[serde(rename_all = "lowercase")]
pub(super) enum PresenceWord {
    New,
    Exists,
    Untold,
}

impl From<Presence> for PresenceWord {
    fn from(presence: Presence) -> Self {
        match presence {
            Presence::New => Self::New,
            Presence::Exists => Self::Exists,
            Presence::Untold => Self::Untold,
        }
    }
}

impl From<PresenceWord> for Presence {
    fn from(word: PresenceWord) -> Self {
        match word {
            PresenceWord::New => Self::New,
            PresenceWord::Exists => Self::Exists,
            PresenceWord::Untold => Self::Untold,
        }
    }
}

impl From<&Former> for FormerFields {
    fn from(former: &Former) -> Self {
        let now = former
            .now
            .as_ref()
            .map(|now| ReplacementFields { origin: now.origin.clone(), target: name(&now.target) });
        let (source, target) = (name(&former.source), name(&former.target));
        Self { origin: former.origin.clone(), source, target, now }
    }
}

fn removed(report: &Report) -> Vec<FormerFields> {
    report.compared.iter().flat_map(|compared| &compared.removed).map(FormerFields::from).collect()
}

fn instant(at: SystemTime) -> String {
    humantime::format_rfc3339_seconds(at).to_string()
}

#[derive(Serialize, Deserialize)]
pub(super) struct TotalFields {
    #[serde(flatten)]
    pub(super) counts: Counts,
    pub(super) bytes: Bytes,
    pub(super) wire: WireFields,
    pub(super) requests: Requests,
}

#[derive(Serialize, Deserialize)]
pub(super) struct WireFields {
    pub(super) received: u64,
    pub(super) sent: u64,
}

impl From<&Part> for PartFields {
    fn from(part: &Part) -> Self {
        Self { index: part.shard.index(), count: part.shard.count(), set: part.set.clone() }
    }
}

impl RowFields {
    fn of(row: &Row, cause: Option<usize>, ended: SystemTime) -> Self {
        let failure = match &row.outcome {
            Outcome::Failed(failure) => Some(failure),
            _ => None,
        };
        let foreseen = row.foreseen.unwrap_or_default();
        Self {
            origin: row.origin.clone(),
            owner: row.owner.clone(),
            source: name(&row.source),
            target: name(&row.target),
            digest: row.digest.clone(),
            previous: row.previous.clone(),
            outcome: row.outcome.word().into(),
            reason: reason(row),
            rule: row.outcome.rule().cloned(),
            backups: row.backups.iter().map(ToString::to_string).collect(),
            tags: row.tags.iter().map(ToString::to_string).collect(),
            note: row.note.as_deref().map(|note| clean(note).into()),
            created: foreseen.created.map(instant),
            previous_created: foreseen.previous_created.map(instant),
            repository: foreseen.repository.map(Into::into),
            stage: failure.map(|failure| failure.stage),
            class: failure.map(|failure| failure.class),
            help: help(row),
            cause,
            attempts: row.attempts,
            bytes: row.moved.bytes,
            requests: row.moved.requests,
            elapsed_seconds: seconds(row.elapsed),
            standing: row.standing.map(|standing| StandingFields::of(&standing, ended)),
        }
    }
}

impl StandingFields {
    fn of(standing: &Standing, ended: SystemTime) -> Self {
        Self {
            first_seen: instant(standing.first_seen),
            verified: standing.verified.map(instant),
            age_seconds: standing.age(ended).as_secs(),
            failures: standing.failures,
            quarantined: standing.quarantined,
        }
    }
}

/// Rows that become fields only when their turn comes.
struct Rows<'a> {
    sorted: Vec<&'a Row>,
    /// The cause of each, by its place.
    causes: Vec<Option<usize>>,
    /// When the run ended.
    ended: SystemTime,
}

impl Serialize for Rows<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let rows = self.sorted.iter().zip(&self.causes);
        serializer.collect_seq(rows.map(|(row, cause)| RowFields::of(row, *cause, self.ended)))
    }
}

/// The causes of `rows`, counted from 1, and which one each row has.
fn causes(rows: &[&Row]) -> (Vec<CauseFields>, Vec<Option<usize>>) {
    let mut known: HashMap<Blame, usize> = HashMap::new();
    let mut causes: Vec<CauseFields> = Vec::new();
    let mut of_rows = Vec::with_capacity(rows.len());
    for row in rows {
        let blame = blame(row).map(Cow::into_owned);
        of_rows.push(blame.map(|blame| {
            let next = known.len() + 1;
            let id = *known.entry(blame.clone()).or_insert(next);
            if id == next {
                let message = clean(&blame.to_string());
                let help = blame.help().or_else(|| help(row).map(Cow::into_owned));
                causes.push(CauseFields { id, blame, message, help, count: 0 });
            }
            causes[id - 1].count += 1;
            id
        }));
    }
    (causes, of_rows)
}

/// Renders the report as JSON, one object, ending in a newline.
///
/// # Errors
/// When a value has no form in JSON; none of today's values is such.
pub fn json(report: &Report) -> Result<String, RenderError> {
    text_of(|to| write_json(report, to))
}

/// As [`json`], into `to`.
///
/// # Errors
/// When `to` does not take it.
pub fn write_json(report: &Report, to: &mut dyn Write) -> io::Result<()> {
    let totals = report.totals();
    let wire = report.wire;
    let rows = report.sorted();
    let (causes, of_rows) = causes(&rows);
    let document = Document {
        version: VERSION,
        command: report.command.clone(),
        dry_run: report.dry_run,
        started: humantime::format_rfc3339_seconds(report.started).to_string(),
        elapsed_seconds: seconds(report.elapsed),
        exit_code: report.exit_code,
        shard: report.part.as_ref().map(PartFields::from),
        state: report.state.clone(),
        causes,
        since: report.compared.as_ref().map(|compared| Arc::clone(&compared.commit)),
        removed: removed(report),
        rows: Rows { sorted: rows, causes: of_rows, ended: report.ended() },
        totals: TotalFields {
            counts: totals.counts,
            bytes: totals.bytes,
            wire: WireFields { received: wire.received, sent: wire.sent },
            requests: wire.requests,
        },
    };
    serde_json::to_writer_pretty(&mut *to, &document)?;
    to.write_all(b"\n")
}

/// Seconds with milliseconds: more digits would say more than was measured.
fn seconds(elapsed: Duration) -> f64 {
    (elapsed.as_secs_f64() * 1000.0).round() / 1000.0
}
