//! What was found, for people: a line for each group of repositories that are alike, then what is wrong, each once.

use std::collections::HashMap;
use std::fmt::Write as _;

use comfy_table::{ContentArrangement, Table, presets};

use super::checks::{Answer, Check, Trouble};
use super::document::side;
use super::{Checked, Role};
use crate::error::LoginName;
use crate::model::{Host, Origin};
use crate::report::{self, number};

/// How many lines of one cause are named before the rest is counted.
const NAMED: usize = 5;

/// The text, ending in a newline.
pub(super) fn render(checked: &Checked, width: Option<u16>) -> String {
    let mut out = table(&checked.checks, width);
    out.push('\n');
    troubles(&mut out, &checked.checks);
    untold(&mut out, &checked.checks);
    for warning in &checked.warnings {
        let _ = writeln!(out, "warning: {warning}; no line that was checked needs it\n");
    }
    let _ = writeln!(out, "{}", verdict(checked));
    out
}

/// What makes repositories one line of the table.
type Alike<'a> = (&'static str, &'a Host, Option<&'a LoginName>, &'static str, &'static str);

fn alike(check: &Check) -> Alike<'_> {
    let host = &check.need.repository.host;
    (side(check.need.role), host, check.login.as_ref(), word(&check.pull), push_word(check))
}

fn word(answer: &Answer) -> &'static str {
    match answer {
        Answer::Granted => "yes",
        Answer::Absent => "nothing there",
        Answer::Lacking(_) => "NO",
        Answer::Untold => "cannot be told",
        Answer::Unknown(_) => "not known",
    }
}

fn push_word(check: &Check) -> &'static str {
    match &check.push {
        Some(answer) => word(answer),
        None if check.need.role == Role::Source => "-",
        None => "not asked",
    }
}

fn table(checks: &[Check], width: Option<u16>) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_header([
        "side",
        "repositories",
        "login",
        "tokens from",
        "pull",
        "push",
    ]);
    if let Some(width) = width {
        table.set_content_arrangement(ContentArrangement::Dynamic).set_width(width);
    }
    for group in grouped(checks) {
        let (side, _, login, pull, push) = alike(group[0]);
        let login = login.map_or_else(|| "anonymous".to_owned(), ToString::to_string);
        let tokens = group[0].token_host.clone().unwrap_or_else(|| "-".to_owned());
        table.add_row([
            side.to_owned(),
            repositories(&group),
            login,
            tokens,
            pull.to_owned(),
            push.to_owned(),
        ]);
    }
    table.lines().fold(String::new(), |out, line| out + line.trim() + "\n")
}

/// Repositories that are alike, in the order in which the first of them comes.
fn grouped(checks: &[Check]) -> Vec<Vec<&Check>> {
    let mut known: HashMap<Alike<'_>, usize> = HashMap::new();
    let mut groups: Vec<Vec<&Check>> = Vec::new();
    for check in checks {
        let at = *known.entry(alike(check)).or_insert(groups.len());
        match groups.get_mut(at) {
            Some(group) => group.push(check),
            None => groups.push(vec![check]),
        }
    }
    groups
}

/// The repository, or what their names begin with and how many they are.
fn repositories(group: &[&Check]) -> String {
    let host = &group[0].need.repository.host;
    let [first, rest @ ..] = group else { return String::new() };
    let mut prefix: Vec<&str> = first.need.repository.name.split('/').collect();
    for check in rest {
        let same = prefix.iter().zip(check.need.repository.name.split('/')).take_while(|(a, b)| *a == b);
        let same = same.count();
        prefix.truncate(same);
    }
    let place = std::iter::once(host.as_str()).chain(prefix).collect::<Vec<_>>().join("/");
    if rest.is_empty() { place } else { format!("{place}/… ({})", number(group.len() as u64)) }
}

/// Each cause once: what is missing first, then what is not known.
fn troubles(out: &mut String, checks: &[Check]) {
    let mut blamed = Vec::new();
    for check in checks {
        for trouble in check.troubles() {
            match &trouble.blame {
                Some(blame) => blamed.push((blame, (trouble, check))),
                None => cause(out, &trouble.said, &[(trouble, check)]),
            }
        }
    }
    for gathered in report::gather(blamed) {
        cause(out, &gathered.sentence, &gathered.members);
    }
}

fn cause(out: &mut String, sentence: &str, members: &[(&Trouble, &Check)]) {
    let _ = writeln!(out, "error: {}", report::clean(sentence));
    if let Some(first) = members.first().map(|(trouble, _)| *trouble) {
        if first.said != sentence {
            let _ = writeln!(out, "  {}", first.said);
        }
        if let Some(help) = &first.help {
            let _ = writeln!(out, "  help: {help}");
        }
    }
    needed_by(out, members.iter().map(|(_, check)| *check));
    out.push('\n');
}

fn needed_by<'a>(out: &mut String, checks: impl Iterator<Item = &'a Check>) {
    let mut lines: Vec<(&Origin, &Check)> = Vec::new();
    for check in checks {
        lines.extend(check.need.origins.iter().map(|origin| (origin, check)));
    }
    for (origin, check) in lines.iter().take(NAMED) {
        let _ = writeln!(out, "  needed by {} for {}", report::place(origin).0, check.need.repository);
    }
    if lines.len() > NAMED {
        let _ = writeln!(out, "  and {} more lines", number((lines.len() - NAMED) as u64));
    }
}

fn untold(out: &mut String, checks: &[Check]) {
    let is_untold = |check: &&Check| matches!(check.push, Some(Answer::Untold));
    let groups = grouped(checks).into_iter().filter(|group| is_untold(&group[0]));
    for group in groups {
        let _ = writeln!(
            out,
            "note: whether {} may be pushed to cannot be told without writing: the registry has no token service, or \
             one whose tokens only it can read\n",
            repositories(&group)
        );
    }
}

fn verdict(checked: &Checked) -> String {
    let has = |check: &Check, wanted: fn(&Answer) -> bool| check.answers().any(wanted);
    let lacking = |check: &&Check| has(check, |answer| matches!(answer, Answer::Lacking(_)));
    let open = |check: &&Check| {
        has(check, |answer| matches!(answer, Answer::Untold | Answer::Unknown(_))) && !lacking(check)
    };
    let all = checked.checks.len();
    let (lacking, open) =
        (checked.checks.iter().filter(lacking).count(), checked.checks.iter().filter(open).count());
    let [fine, lacking, open] = [all - lacking - open, lacking, open].map(|count| number(count as u64));
    format!(
        "{} repositories: {fine} as needed, {lacking} without a right, {open} could not be told",
        number(all as u64)
    )
}
