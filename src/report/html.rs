//! The page for people: one file, no script, nothing fetched, readable in a viewer that allows little.
//!
//! A page of many thousand rows helps nobody and stalls the viewer, so rows are shown up to a budget,
//! those that need somebody first, and the rest is counted.

use askama::Template;

use crate::model::{Digest, Outcome, Row};

use super::Report;
use super::files::{JSON_FILE, RenderError};
use super::freshness;
use super::group::{Group, Trouble, by_cause, by_file, shared};
use super::words::{
    blobs, bodies, duration, entries, exit_meaning, full_reason, moved, name, number, place, requests, short,
    spoken,
};

/// Bytes that rows may take; with what is around them the page stays under 3 MB.
const BUDGET: usize = 2_500_000;
/// Bytes of markup around a row or a cause, at most.
const MARKUP: usize = 220;
/// Rows of one cause that are shown before the rest is folded away.
const OPEN: usize = 10;
/// More changed rows than this are folded away.
const UNFOLDED: usize = 200;
/// Characters of a cause or a name that are shown.
const CLIP: usize = 600;

#[derive(Template)]
#[template(path = "summary.html")]
struct Page<'a> {
    title: String,
    command: &'a str,
    dry_run: bool,
    result: &'static str,
    result_class: &'static str,
    exit_code: u8,
    started: String,
    elapsed: String,
    counts: Vec<Count>,
    costs: Vec<(&'static str, String)>,
    causes: Vec<CauseView>,
    groups: Vec<GroupView>,
    quarantined: Vec<GroupView>,
    unfinished: Vec<TroubleView>,
    tables: Vec<TableView>,
    left_out: Option<String>,
    json_file: String,
}

struct Count {
    word: &'static str,
    number: String,
    zero: bool,
}

struct GroupView {
    file: String,
    owner: String,
    count: String,
    troubles: Vec<TroubleView>,
}

/// A cause that entries of any files share.
struct CauseView {
    concerned: Vec<String>,
    trouble: TroubleView,
}

struct TroubleView {
    /// The outcome's word: failed, refused, unfinished.
    kind: &'static str,
    verdict: String,
    help: Vec<Piece>,
    shown: Vec<RowView>,
    folded: Vec<RowView>,
}

/// A piece of text: between backticks or not.
struct Piece {
    text: String,
    code: bool,
}

struct TableView {
    title: String,
    open: bool,
    rows: Vec<RowView>,
}

struct RowView {
    place: String,
    source: String,
    target: String,
    before: String,
    after: String,
    reason: String,
    moved: String,
    /// How it stands over several runs; empty where nobody keeps track.
    stands: String,
}

/// Renders the page.
///
/// # Errors
/// When the template cannot be filled.
pub fn html(report: &Report) -> Result<String, RenderError> {
    Page::of(report).render().map_err(RenderError::new)
}

impl<'a> Page<'a> {
    fn of(report: &'a Report) -> Self {
        let rows = report.sorted();
        let mut budget = Budget { left: BUDGET, left_out: 0 };
        let (apart, active): (Vec<&Row>, Vec<&Row>) = rows.iter().partition(|row| row.is_quarantined());
        let (causes, others) = shared(&active);
        let causes = causes.iter().filter_map(|cause| CauseView::of(cause, &mut budget)).collect();
        let mut groups = |rows: &[&Row]| -> Vec<GroupView> {
            let groups = by_file(rows, Outcome::is_failure);
            groups.iter().filter_map(|group| GroupView::of(group, &mut budget)).collect()
        };
        let (groups, quarantined) = (groups(&others), groups(&apart));
        let unfinished = by_cause(&rows, |outcome| matches!(outcome, Outcome::Unfinished(_)));
        let unfinished =
            unfinished.iter().filter_map(|trouble| TroubleView::of(trouble, &mut budget)).collect();
        let tables = tables(report, &rows, &mut budget);
        Self {
            title: title(report),
            command: &report.command,
            dry_run: report.dry_run,
            result: exit_meaning(report),
            result_class: if report.exit_code == 0 { "good" } else { "bad" },
            exit_code: report.exit_code,
            started: humantime::format_rfc3339_seconds(report.started).to_string(),
            elapsed: duration(report.elapsed),
            counts: counts(report),
            costs: costs(report, &rows),
            causes,
            groups,
            quarantined,
            unfinished,
            tables,
            left_out: (budget.left_out > 0).then(|| entries(budget.left_out)),
            json_file: report.file_name(JSON_FILE),
        }
    }
}

/// What the page may still hold.
struct Budget {
    left: usize,
    left_out: usize,
}

impl Budget {
    /// As many of `rows` as there is room for; the others are counted.
    fn take(&mut self, rows: &[&Row]) -> Vec<RowView> {
        let views: Vec<RowView> =
            rows.iter().map(|row| RowView::of(row)).take_while(|view| self.pay(view.len())).collect();
        self.left_out += rows.len() - views.len();
        views
    }

    /// Whether there was room. Once there was none, there is none for anything smaller either.
    fn pay(&mut self, bytes: usize) -> bool {
        let left = self.left.checked_sub(bytes + MARKUP);
        self.left = left.unwrap_or(0);
        left.is_some()
    }
}

impl GroupView {
    /// None: the page is full.
    fn of(group: &Group<'_>, budget: &mut Budget) -> Option<Self> {
        let owner = group.owner.map_or("nobody is named".to_owned(), clip);
        let failed = |trouble: &&Trouble<'_>| trouble.rows.iter().any(|row| row.outcome.word() == "failed");
        let (first, then): (Vec<_>, Vec<_>) = group.troubles.iter().partition(failed);
        let troubles: Vec<_> =
            first.into_iter().chain(then).filter_map(|trouble| TroubleView::of(trouble, budget)).collect();
        let view = Self { file: clip(&group.file), owner, count: entries(group.len()), troubles };
        (!view.troubles.is_empty()).then_some(view)
    }
}

impl CauseView {
    /// None: the page is full.
    fn of(cause: &Trouble<'_>, budget: &mut Budget) -> Option<Self> {
        let concerned: Vec<String> = cause.concerned().iter().map(|file| clip(file)).collect();
        budget.pay(concerned.iter().map(String::len).sum());
        Some(Self { concerned, trouble: TroubleView::of(cause, budget)? })
    }
}

impl TroubleView {
    /// None: the page is full.
    fn of(trouble: &Trouble<'_>, budget: &mut Budget) -> Option<Self> {
        let (verdict, help) = (clip(&trouble.verdict), clip(&trouble.help));
        budget.pay(verdict.len() + help.len());
        let mut shown = budget.take(&trouble.rows);
        let folded = shown.split_off(shown.len().min(OPEN));
        let kind = shown.first().and(trouble.rows.first())?.outcome.word();
        let verdict = verdict.strip_prefix(&format!("{kind}: ")).unwrap_or(&verdict).to_owned();
        Some(Self { kind, verdict, help: pieces(&help), shown, folded })
    }
}

impl RowView {
    fn of(row: &Row) -> Self {
        let digest = |digest: &Option<Digest>| digest.as_ref().map_or_else(String::new, short);
        let kept = matches!(row.outcome, Outcome::Kept);
        Self {
            place: clip(&place(&row.origin).0),
            source: clip(&name(&row.source)),
            target: clip(&name(&row.target)),
            before: if kept { String::new() } else { digest(&row.previous) },
            after: digest(&row.digest),
            reason: clip(&full_reason(row)),
            moved: moved(row),
            stands: row
                .standing
                .filter(|_| row.outcome.is_failure())
                .map_or_else(String::new, |s| freshness::told(&s)),
        }
    }

    fn len(&self) -> usize {
        let Self { place, source, target, before, after, reason, moved, stands } = self;
        [place, source, target, before, after, reason, moved, stands].iter().map(|text| text.len()).sum()
    }
}

fn tables(report: &Report, rows: &[&Row], budget: &mut Budget) -> Vec<TableView> {
    ["copied", "planned", "updated", "deleted", "skipped", "kept"]
        .into_iter()
        .filter_map(|word| {
            let of_word: Vec<&Row> = rows.iter().copied().filter(|row| row.outcome.word() == word).collect();
            let title = format!("{} {}", entries(of_word.len()), spoken(report, word));
            let open = word != "kept" && of_word.len() <= UNFOLDED;
            let rows = budget.take(&of_word);
            (!of_word.is_empty()).then_some(TableView { title, open, rows })
        })
        .collect()
}

fn title(report: &Report) -> String {
    let counts = report.totals().counts.by_word();
    let some: Vec<String> = counts
        .iter()
        .rev()
        .filter(|(_, count)| *count > 0)
        .map(|(word, count)| format!("{} {}", number(*count), spoken(report, word)))
        .collect();
    let some = if some.is_empty() { "no entries".to_owned() } else { some.join(", ") };
    let shard = report.part.as_ref().map(|part| format!(", shard {}", part.shard)).unwrap_or_default();
    format!("image-mirror {}{shard}: {some}", report.command)
}

/// Outcomes that people look for are named even when there are none.
fn counts(report: &Report) -> Vec<Count> {
    let always = |word: &str| matches!(word, "failed" | "copied" | "kept");
    let order = |word: &str| {
        ["failed", "refused", "unfinished", "copied", "planned", "updated", "deleted", "skipped", "kept"]
            .iter()
            .position(|w| *w == word)
    };
    let mut counts = report.totals().counts.by_word().to_vec();
    counts.sort_by_key(|(word, _)| order(word));
    counts
        .into_iter()
        .filter(|(word, count)| *count > 0 || always(word))
        .map(|(word, count)| Count { word: spoken(report, word), number: number(count), zero: count == 0 })
        .collect()
}

fn costs(report: &Report, rows: &[&Row]) -> Vec<(&'static str, String)> {
    let wire = &report.wire;
    let mut costs = vec![("Blobs", blobs(report)), ("Registries", requests(wire)), ("Wire", bodies(wire))];
    costs.extend(freshness::summary(report, rows).map(|freshness| ("Freshness", freshness)));
    costs
}

/// Splits at backticks; one without a partner is left where it is.
fn pieces(text: &str) -> Vec<Piece> {
    if text.matches('`').count() % 2 == 1 {
        return vec![Piece { text: text.to_owned(), code: false }];
    }
    let piece = |(at, text): (usize, &str)| Piece { text: text.to_owned(), code: at % 2 == 1 };
    text.split('`').enumerate().map(piece).collect()
}

fn clip(text: &str) -> String {
    match text.char_indices().nth(CLIP) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
