//! Takes a report in again from its JSON, so that the parts of a whole can be put together.
//!
//! What was said of a row is kept as it was said: its ends as text, and a failure's causes as one.

use std::collections::HashMap;
use std::fmt::Display;
use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;

use super::json::{Document, FormerFields, PartFields, PresenceWord, RowFields, StandingFields, VERSION};
use super::words::clean;
use super::{Part, Report};
use crate::error::{Blame, Class, Classify, Failure};
use crate::model::{
    Cause, Compared, Digest, Foreseen, Former, Locator, Moved, Outcome, Reason, Refusal, Replacement, Row,
    Shard, ShardError, Skip, Standing, Tag, Update, Wire,
};

/// Why a file is no report that can be taken in.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// It is something else.
    #[error("it is no report; name files that a run wrote, `image-mirror-report.json`")]
    Json(#[from] serde_json::Error),
    /// It is of another version.
    #[error("it is a report of version {0}, and this program reads version {VERSION}")]
    Version(u32),
    /// A field says what no report of this version says.
    #[error("`{field}` says `{said}`, which this program does not know")]
    Word {
        /// The field.
        field: &'static str,
        /// What it says.
        said: String,
    },
    /// It names a shard that does not exist.
    #[error("it names no shard")]
    Shard(#[from] ShardError),
}

/// Takes in what [`json`](super::json()) gave.
///
/// # Errors
/// When it is no report of this version.
pub fn read(bytes: &[u8]) -> Result<Report, ReadError> {
    #[derive(Deserialize)]
    struct Versioned {
        version: u32,
    }
    let Versioned { version } = serde_json::from_slice(bytes)?;
    if version != VERSION {
        return Err(ReadError::Version(version));
    }
    let document: Document<Vec<RowFields>> = serde_json::from_slice(bytes)?;
    let causes = document.causes.into_iter().map(|cause| (cause.id, Arc::new(cause.blame))).collect();
    let started = humantime::parse_rfc3339(&document.started);
    let (wire, requests) = (document.totals.wire, document.totals.requests);
    Ok(Report {
        command: document.command,
        dry_run: document.dry_run,
        started: started.map_err(|_| unknown("started", &document.started))?,
        elapsed: duration(document.elapsed_seconds)?,
        exit_code: document.exit_code,
        unwritten: false,
        part: document.shard.map(PartFields::part).transpose()?,
        compared: compared(document.since, document.removed),
        rows: document.rows.into_iter().map(|row| row.row(&causes)).collect::<Result<_, _>>()?,
        wire: Wire { received: wire.received, sent: wire.sent, requests },
        state: document.state,
    })
}

impl PartFields {
    fn part(self) -> Result<Part, ReadError> {
        Ok(Part { shard: Shard::new(self.index, self.count)?, set: self.set })
    }
}

impl StandingFields {
    fn standing(self) -> Result<Standing, ReadError> {
        let time = |field, text: &str| humantime::parse_rfc3339(text).map_err(|_| unknown(field, text));
        Ok(Standing {
            first_seen: time("first_seen", &self.first_seen)?,
            verified: self.verified.map(|verified| time("verified", &verified)).transpose()?,
            failures: self.failures,
            unfinished: false,
            quarantined: self.quarantined,
        })
    }
}

impl RowFields {
    fn row(self, causes: &HashMap<usize, Arc<Blame>>) -> Result<Row, ReadError> {
        let mut outcome = self.outcome()?;
        if let Outcome::Failed(failure) = &mut outcome {
            failure.blame = self.cause.and_then(|cause| causes.get(&cause).cloned());
        }
        Ok(Row {
            outcome,
            elapsed: duration(self.elapsed_seconds)?,
            origin: self.origin,
            owner: self.owner,
            source: Locator::Text(self.source.into()),
            target: Locator::Text(self.target.into()),
            digest: self.digest,
            previous: self.previous,
            backups: tags("backups", &self.backups)?,
            tags: tags("tags", &self.tags)?,
            note: self.note.map(Into::into),
            moved: Moved { bytes: self.bytes, requests: self.requests },
            attempts: self.attempts,
            standing: self.standing.map(StandingFields::standing).transpose()?,
            foreseen: foreseen(self.created.as_deref(), self.previous_created.as_deref(), self.repository)?,
        })
    }

    fn outcome(&self) -> Result<Outcome, ReadError> {
        let reason = self.reason.as_deref().unwrap_or_default();
        Ok(match &*self.outcome {
            "kept" => Outcome::Kept,
            "copied" => Outcome::Copied(copy_reason(reason)?),
            "planned" => Outcome::Planned(copy_reason(reason)?),
            "updated" => Outcome::Updated(one_of(UPDATES, reason)?),
            "deleted" => Outcome::Deleted,
            "skipped" => Outcome::Skipped(self.skip(reason)?),
            "refused" => Outcome::Refused(self.refusal(reason)?),
            "failed" => Outcome::Failed(self.failure(reason)?),
            "unfinished" => Outcome::Unfinished(cause(reason)?),
            other => return Err(unknown("outcome", other)),
        })
    }

    fn skip(&self, reason: &str) -> Result<Skip, ReadError> {
        if let Some(skip) = told_skip(reason) {
            return Ok(skip);
        }
        let Some(least) = reason.strip_prefix("the source is younger than ") else {
            let plain = [
                Skip::MatchedNothing,
                Skip::SourceMissing,
                Skip::FilteredOut,
                Skip::Gone,
                Skip::NoSuchDate,
                Skip::Overtaken,
                Skip::Locked,
                Skip::NoRelease,
                Skip::Unmirrored,
                Skip::SameContent,
            ];
            return one_of(plain, reason);
        };
        let least = humantime::parse_duration(least).map_err(|_| unknown("reason", reason))?;
        Ok(Skip::TooYoung { least, rule: self.rule.clone().map(Arc::new) })
    }

    fn refusal(&self, reason: &str) -> Result<Refusal, ReadError> {
        if let Some(why) = reason.strip_prefix("a guard says no: ") {
            let advice = self.help.as_deref().unwrap_or_default().into();
            return Ok(Refusal::Guarded { why: clean(why).into(), advice });
        }
        let Some(rule) = &self.rule else { return refusal(reason) };
        let said = reason.strip_prefix(&*clean(&format!("by {rule}:"))).map(str::trim_start);
        let refused = refusal(said.ok_or_else(|| unknown("reason", reason))?)?;
        Ok(Refusal::ByRule(Arc::new(rule.clone()), Box::new(refused)))
    }

    fn failure(&self, reason: &str) -> Result<Failure, ReadError> {
        let (Some(stage), Some(class)) = (self.stage, self.class) else {
            return Err(unknown("stage", "null"));
        };
        let advice = self.help.as_deref().map(str::to_owned);
        Ok(Failure::new(stage, Told { reason: reason.to_owned(), class, attempts: self.attempts, advice }))
    }
}

/// A failure as an earlier report told it.
#[derive(Debug, thiserror::Error)]
#[error("{reason}")]
struct Told {
    reason: String,
    class: Class,
    attempts: u32,
    advice: Option<String>,
}

impl Classify for Told {
    fn class(&self) -> Class {
        self.class
    }

    fn attempts(&self) -> u32 {
        self.attempts
    }

    fn advice(&self) -> Option<String> {
        self.advice.clone()
    }
}

const UPDATES: [Update; 6] = [
    Update::Repaired,
    Update::Referrers,
    Update::ImageStream,
    Update::Retriggered,
    Update::Marked,
    Update::Unmarked,
];
/// Those that say nothing of their own.
const PLAIN_REFUSALS: [Refusal; 5] =
    [Refusal::Exists, Refusal::Forbidden, Refusal::AgeUnknown, Refusal::Differs, Refusal::Newer];
const PLAIN_CAUSES: [Cause; 5] =
    [Cause::Deadline, Cause::Interrupted, Cause::SourceMoved, Cause::Withheld, Cause::NotAllThere];

fn copy_reason(said: &str) -> Result<Reason, ReadError> {
    let reasons = [
        Reason::Absent,
        Reason::Differs,
        Reason::Unknown,
        Reason::Forced,
        Reason::Referrers,
        Reason::Expired,
        Reason::Orphan,
        Reason::Stray,
        Reason::Reclaimed,
    ];
    one_of(reasons, said)
}

/// What holds words of somebody else; none: it says something else.
fn told_skip(said: &str) -> Option<Skip> {
    let within = |before: &str| said.strip_prefix(before).map(|text| Some(clean(text).into()));
    let plain = |skip: Skip| (said == skip.to_string()).then_some(skip);
    within("ignored: ")
        .map(Skip::Ignored)
        .or_else(|| within("left for the next run: ").flatten().map(Skip::Deferred))
        .or_else(|| within("the tag has no image: its import failed: ").map(Skip::NoImage))
        .or_else(|| plain(Skip::Ignored(None)))
        .or_else(|| plain(Skip::NoImage(None)))
}

fn refusal(said: &str) -> Result<Refusal, ReadError> {
    let digest = |text: &str| match text {
        "absent" => Ok(None),
        _ => Digest::parse(text).map(Some).map_err(|_| unknown("reason", said)),
    };
    let moved = said.strip_prefix("the target was moved by someone else: expected ");
    match moved.and_then(|digests| digests.split_once(", found ")) {
        Some((expected, found)) => Ok(Refusal::Moved { expected: digest(expected)?, found: digest(found)? }),
        None => too_many(said).map_or_else(|| tag_refusal(said), Ok),
    }
}

/// None: it says something else.
fn too_many(said: &str) -> Option<Refusal> {
    let (expired, rest) = said.split_once(" of ")?;
    let (tags, rest) = rest.split_once(" tags are old enough to be deleted, which is more than `")?;
    let bound = rest.strip_suffix("` allows")?.into();
    Some(Refusal::TooMany { expired: expired.parse().ok()?, tags: tags.parse().ok()?, bound })
}

fn tag_refusal(said: &str) -> Result<Refusal, ReadError> {
    if let Some(text) = said.strip_prefix("the tag to keep it by would be no tag: ") {
        return Ok(Refusal::NoTag(text.into()));
    }
    match said.strip_prefix("the tag to keep it by, ").and_then(|rest| rest.split_once(", is ")) {
        Some((tag, found)) => {
            let found = Digest::parse(found).map_err(|_| unknown("reason", said))?;
            Ok(Refusal::Taken { tag: tag_of("reason", tag)?, found })
        }
        None => one_of(PLAIN_REFUSALS, said),
    }
}

fn tags(field: &'static str, tags: &[String]) -> Result<Vec<Tag>, ReadError> {
    tags.iter().map(|tag| tag_of(field, tag)).collect()
}

fn tag_of(field: &'static str, tag: &str) -> Result<Tag, ReadError> {
    Tag::parse(tag).map_err(|_| unknown(field, tag))
}

fn cause(said: &str) -> Result<Cause, ReadError> {
    if let Some(cause) = timed_out(said) {
        return Ok(cause);
    }
    if let Some(said) = said.strip_prefix("could not tell: ") {
        return Ok(Cause::Untold(clean(said).into()));
    }
    if let Some(why) = said.strip_prefix("not begun: ") {
        return Ok(Cause::Deferred(clean(why).into()));
    }
    match said.split_once(" never answered: ") {
        Some((host, error)) => Ok(Cause::Unreachable { host: host.into(), error: error.into() }),
        None => one_of(PLAIN_CAUSES, said),
    }
}

/// None: it says something else.
fn timed_out(said: &str) -> Option<Cause> {
    let (after, awaited) = said.strip_prefix("timed out after ")?.split_once(" waiting for ")?;
    let after = humantime::parse_duration(after).ok()?;
    Some(Cause::TimedOut { after, awaited: clean(awaited).into() })
}

/// The one of `known` that reads as `said`.
fn one_of<T: Display>(known: impl IntoIterator<Item = T>, said: &str) -> Result<T, ReadError> {
    known.into_iter().find(|one| one.to_string() == said).ok_or_else(|| unknown("reason", said))
}

/// What a plan was compared with; files that only took over lines of others are in no report.
fn compared(commit: Option<Arc<str>>, removed: Vec<FormerFields>) -> Option<Compared> {
    let text = |said: String| Locator::Text(said.into());
    let former = |fields: FormerFields| Former {
        now: fields.now.map(|now| Replacement { origin: now.origin, target: text(now.target) }),
        origin: fields.origin,
        source: text(fields.source),
        target: text(fields.target),
    };
    let removed = removed.into_iter().map(former).collect();
    commit.map(|commit| Compared { commit, removed, relocated: Vec::new() })
}

fn foreseen(
    created: Option<&str>,
    previous: Option<&str>,
    repository: Option<PresenceWord>,
) -> Result<Option<Foreseen>, ReadError> {
    let instant = |said: &str| humantime::parse_rfc3339(said).map_err(|_| unknown("created", said));
    let (created, previous_created) = (created.map(instant).transpose()?, previous.map(instant).transpose()?);
    let foreseen = Foreseen { created, previous_created, repository: repository.map(Into::into) };
    Ok(Some(foreseen).filter(|known| *known != Foreseen::default()))
}

fn duration(seconds: f64) -> Result<Duration, ReadError> {
    Duration::try_from_secs_f64(seconds).map_err(|_| unknown("elapsed_seconds", &seconds.to_string()))
}

fn unknown(field: &'static str, said: &str) -> ReadError {
    ReadError::Word { field, said: said.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_skipped_row_says_in_words_of_its_own_is_read_back() {
        let skips = [
            Skip::NoImage(None),
            Skip::NoImage(Some("not found".into())),
            Skip::Ignored(None),
            Skip::Ignored(Some("broken: upstream".into())),
        ];
        for skip in skips {
            assert_eq!(told_skip(&skip.to_string()), Some(skip));
        }
        assert_eq!(told_skip("the source is younger than 1day"), None);
        let hostile = told_skip("ignored: u:S3CRET@x.io\u{1b}[2J").map(|skip| skip.to_string());
        assert_eq!(hostile.as_deref(), Some("ignored: ********@x.io [2J"));
    }

    #[test]
    fn a_wait_in_vain_is_read_back() {
        let after = Duration::from_secs(630);
        let waited = Cause::TimedOut { after, awaited: "the import waiting for b".into() };
        assert_eq!(cause(&waited.to_string()).unwrap(), waited);
        assert!(cause("timed out after a while waiting for b").is_err());
    }

    #[test]
    fn what_could_not_be_told_is_read_back_whatever_was_said() {
        for said in ["mirror.example.com: status 503", "a.example.com never answered: no such host"] {
            let untold = Cause::Untold(said.into());
            assert_eq!(cause(&untold.to_string()).unwrap(), untold);
        }
    }

    #[test]
    fn every_update_is_read_back() {
        for update in UPDATES {
            assert_eq!(one_of(UPDATES, &update.to_string()).unwrap(), update);
        }
        assert!(one_of(UPDATES, "forced").is_err());
    }

    #[test]
    fn every_reason_to_write_is_read_back() {
        let reasons = [
            Reason::Absent,
            Reason::Differs,
            Reason::Unknown,
            Reason::Forced,
            Reason::Referrers,
            Reason::Expired,
            Reason::Orphan,
            Reason::Stray,
            Reason::Reclaimed,
        ];
        for reason in reasons {
            assert_eq!(copy_reason(&reason.to_string()).unwrap(), reason);
        }
        assert!(copy_reason("repaired").is_err());
    }
}
