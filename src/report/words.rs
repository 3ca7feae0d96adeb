//! A row in words: the same ones in every format that people read.
//!
//! Text that came from outside (causes, lines as written) passes through [`clean`], so that neither a
//! registry nor a mapping file can write into somebody's terminal or show a login.

use std::borrow::Cow;
use std::time::Duration;

use crate::error::{Chain, Failure};
use crate::model::{Digest, Locator, Origin, Outcome, Reason, Row, Tag, Wire};
use crate::redact::{mask_logins, one_line};

use super::advice::{advice, cause_advice, refusal_advice};

/// Makes text from outside fit for one line; logins become stars.
#[must_use]
pub fn clean(text: &str) -> String {
    mask_logins(&one_line(text))
}

/// Where a row was asked for, and its file alone.
#[must_use]
pub fn place(origin: &Origin) -> (String, String) {
    (clean(&origin.to_string()), clean(origin.group()))
}

/// A row's source or target, fit to be printed.
#[must_use]
pub fn name(locator: &Locator) -> String {
    match locator {
        Locator::Image(_) => locator.to_string(),
        Locator::Layout(_) | Locator::Path(_) | Locator::Url(_) | Locator::Object(_) | Locator::Text(_) => {
            clean(&locator.to_string())
        }
    }
}

/// `SOURCE -> TARGET (file:line)`; `TARGET (REPOSITORY)` of a row that copies nothing.
pub(super) fn edge(row: &Row) -> String {
    let (source, target, place) = (name(&row.source), name(&row.target), place(&row.origin).0);
    if source.is_empty() { format!("{target} ({place})") } else { format!("{source} -> {target} ({place})") }
}

/// `TARGET <- SOURCE (file:line)`, `TARGET (REPOSITORY)` of a row that copies nothing: the same from run to run, so without
/// the digest that a source is pinned by.
pub(super) fn title(row: &Row) -> String {
    let (source, target, place) = (name(&row.source), name(&row.target), place(&row.origin).0);
    if source.is_empty() {
        return format!("{target} ({place})");
    }
    format!("{target} <- {} ({place})", unpinned(&source))
}

/// The source that a row's [`title`] does not name in full.
pub(super) fn pinned_source(row: &Row) -> Option<String> {
    Some(name(&row.source)).filter(|source| unpinned(source) != source)
}

fn unpinned(image: &str) -> &str {
    image
        .rsplit_once('@')
        .filter(|(_, digest)| Digest::parse(digest).is_ok())
        .map_or(image, |(image, _)| image)
}

/// What happened, with its causes once each; none for a row of which there is nothing to say.
pub(super) fn verdict(row: &Row) -> Option<String> {
    match &row.outcome {
        Outcome::Kept | Outcome::Deleted => None,
        Outcome::Copied(reason) | Outcome::Planned(reason) => Some(reason.to_string()),
        Outcome::Updated(update) => Some(update.to_string()),
        Outcome::Skipped(skip) => Some(skip.to_string()),
        Outcome::Refused(refusal) if refusal.rule().is_some() => Some(clean(&format!("refused {refusal}"))),
        Outcome::Refused(refusal) => Some(format!("refused: {refusal}")),
        Outcome::Failed(failure) => Some(clean(&Chain(failure).to_string())),
        Outcome::Unfinished(cause) => Some(clean(&format!("unfinished: {cause}"))),
    }
}

/// Why, for programs: the stable words of a reason, or the causes of a failure without its stage.
pub(super) fn reason(row: &Row) -> Option<String> {
    match &row.outcome {
        Outcome::Failed(failure) => Some(clean(&Chain(failure.cause()).to_string())),
        Outcome::Refused(refusal) => Some(clean(&refusal.to_string())),
        Outcome::Unfinished(cause) => Some(clean(&cause.to_string())),
        _ => verdict(row),
    }
}

/// As [`reason`], with what else people want to know: which rule decided, which tags the image has besides, and by which
/// the old one is kept.
pub(super) fn full_reason(row: &Row) -> String {
    let mut text = reason(row).unwrap_or_default();
    if let (Outcome::Skipped(_), Some(rule)) = (&row.outcome, row.outcome.rule()) {
        text = format!("{text}, as {} asks", clean(&rule.to_string()));
    }
    if !row.tags.is_empty() {
        text = format!("{text}; it is tagged {} too", list(&row.tags));
    }
    if !row.backups.is_empty() {
        text = format!("{text}; the old one is kept as {}", list(&row.backups));
    }
    match &row.note {
        Some(note) if text.is_empty() => clean(note),
        Some(note) => format!("{text}: {}", clean(note)),
        None => text,
    }
}

fn list(tags: &[Tag]) -> String {
    tags.iter().map(Tag::as_str).collect::<Vec<_>>().join(", ")
}

/// What the person on call should do about a row; none where nothing is to be done.
#[must_use]
pub fn help(row: &Row) -> Option<Cow<'static, str>> {
    match &row.outcome {
        Outcome::Failed(failure) => Some(failure_help(failure)),
        Outcome::Refused(refusal) => Some(refusal_advice(refusal)),
        Outcome::Unfinished(cause) => Some(cause_advice(cause)),
        _ => None,
    }
}

fn failure_help(failure: &Failure) -> Cow<'static, str> {
    failure
        .advice
        .as_deref()
        .map_or_else(|| Cow::Borrowed(advice(failure.class, failure.stage)), |own| Cow::Owned(clean(own)))
}

/// The one line that names a row which did not end well, without the word `error:` before it:
/// `SOURCE -> TARGET (file:line): resolve failed after 3 attempts: HEAD …: status 503`.
#[must_use]
pub fn failure_line(row: &Row) -> String {
    match verdict(row) {
        Some(verdict) => format!("{}: {verdict}", edge(row)),
        None => edge(row),
    }
}

/// The first twelve hex digits of a digest, with its algorithm.
pub(super) fn short(digest: &Digest) -> String {
    format!("{}:{:.12}", digest.algorithm(), digest.hex())
}

/// `old -> new`, in short digests; `-` for nothing.
pub(super) fn change(row: &Row) -> String {
    let side = |digest: &Option<Digest>| digest.as_ref().map_or_else(|| "-".to_owned(), short);
    format!("{} -> {}", side(&row.previous), side(&row.digest))
}

/// A duration as people say it: `3.2 s`, `12m 3s`.
pub(super) fn duration(elapsed: Duration) -> String {
    if elapsed < Duration::from_mins(1) {
        format!("{:.1} s", elapsed.as_secs_f64())
    } else {
        humantime::format_duration(Duration::from_secs(elapsed.as_secs())).to_string()
    }
}

/// `1 entry`, `1,000 entries`.
pub(super) fn entries(count: usize) -> String {
    if count == 1 { "1 entry".to_owned() } else { format!("{} entries", number(count as u64)) }
}

/// A number with a comma before each three digits.
#[must_use]
pub fn number(count: u64) -> String {
    let digits = count.to_string();
    let mut out = String::with_capacity(digits.len() * 4 / 3);
    for (at, digit) in digits.char_indices() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// Bytes in the largest unit of which there is at least one.
#[must_use]
pub fn bytes(count: u64) -> String {
    let (mut tenths, mut units) = (u128::from(count) * 10, ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"].iter());
    let mut unit = None;
    while tenths >= 10_240 {
        let Some(next) = units.next() else { break };
        (tenths, unit) = (tenths / 1024, Some(next));
    }
    unit.map_or_else(|| format!("{count} B"), |unit| format!("{}.{} {unit}", tenths / 10, tenths % 10))
}

/// The bytes of a row by what was done for them; `-` for none.
pub(super) fn moved(row: &Row) -> String {
    let kinds = row.moved.bytes;
    let parts: Vec<String> =
        [(kinds.copied, "copied"), (kinds.mounted, "mounted"), (kinds.present, "present")]
            .into_iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, kind)| format!("{} {kind}", bytes(count)))
            .collect();
    if parts.is_empty() { "-".to_owned() } else { parts.join(", ") }
}

/// The bytes of all rows by what was done for them.
pub(super) fn blobs(report: &super::Report) -> String {
    let sums = report.totals().bytes;
    let [copied, mounted] = if report.dry_run { ["to copy", "to mount"] } else { ["copied", "mounted"] };
    let [sent, linked, found] = [sums.copied, sums.mounted, sums.present].map(bytes);
    format!("{sent} {copied}, {linked} {mounted}, {found} present")
}

/// The requests of a run; those for tokens are counted apart.
pub(super) fn requests(wire: &Wire) -> String {
    let sent = wire.requests;
    let writes = sent.post + sent.patch + sent.put + sent.delete;
    let [all, writes, tokens] = [sent.head + sent.get + writes, writes, sent.token].map(number);
    format!("{all} requests ({writes} writes), {tokens} tokens")
}

/// The bytes of bodies, each way.
pub(super) fn bodies(wire: &Wire) -> String {
    format!("{} received, {} sent", bytes(wire.received), bytes(wire.sent))
}

/// What a dry run would do with a row, as people say it.
pub(super) fn would(reason: Reason) -> &'static str {
    match reason {
        Reason::Expired | Reason::Orphan => "would be deleted",
        Reason::Stray => "would be marked",
        Reason::Reclaimed => "would lose its mark",
        Reason::Absent | Reason::Differs | Reason::Unknown | Reason::Forced | Reason::Referrers => {
            "would be copied"
        }
    }
}

/// An outcome's word as people say it; where rows that are planned differ in what would become of them, their own word.
pub(super) fn spoken(report: &super::Report, word: &'static str) -> &'static str {
    let planned = |row: &Row| match row.outcome {
        Outcome::Planned(reason) => Some(would(reason)),
        _ => None,
    };
    let mut said = report.rows.iter().filter_map(planned);
    match (word, said.next()) {
        ("planned", Some(first)) if said.all(|other| other == first) => first,
        (word, _) => word,
    }
}

/// What an exit code says about the run.
pub(super) fn exit_meaning(report: &super::Report) -> &'static str {
    let counts = report.totals().counts;
    match report.exit_code {
        0 if counts.failed + counts.refused > 0 => "nothing failed but what is quarantined",
        0 if counts.planned > 0 => "nothing failed; this was a dry run, nothing was written",
        0 => "everything is as desired",
        1 if report.unwritten && counts.failed + counts.refused == 0 => {
            "the report files could not be written"
        }
        1 if counts.failed + counts.refused + counts.unfinished == 0 => "a check found something",
        1 => "at least one entry failed or was refused",
        2 if !report.rows.is_empty() => "what was asked for cannot be done; nothing was written",
        2 => "bad input or usage; nothing was attempted",
        3 => "could not tell or could not finish; it is safe to run again",
        4 => "a guard refused the whole operation",
        5 => "timed out waiting for an outside party",
        _ => "not an exit code of this program",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_from_outside_stays_on_its_line_and_keeps_its_logins() {
        assert_eq!(clean("a\x1b[31m\nb\r\n\u{202e}c"), "a [31m b c");
        assert_eq!(clean("HEAD u:pw@quay.io/a"), "HEAD ****@quay.io/a");
    }

    #[test]
    fn numbers_are_written_as_people_read_them() {
        assert_eq!([7, 999, 1_000, 1_234_567].map(number), ["7", "999", "1,000", "1,234,567"]);
        let counts = [0, 1_023, 1_024, 1_048_575, 12_897_485, u64::MAX];
        assert_eq!(counts.map(bytes), ["0 B", "1023 B", "1.0 KiB", "1023.9 KiB", "12.3 MiB", "15.9 EiB"]);
    }

    #[test]
    fn a_duration_is_seconds_up_to_a_minute() {
        assert_eq!(duration(Duration::from_millis(3249)), "3.2 s");
        assert_eq!(duration(Duration::from_millis(723_900)), "12m 3s");
    }
}
