//! `explain`: one target in; who asks for it, what both ends hold and what a run would do out.
//!
//! It looks as `plan` does and writes nothing.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::sync::Arc;

use super::connect;
use super::exit::Exit;
use super::history::Kept;
use super::output::Output;
use super::policies;
use super::rows::Way;
use super::settings::Explain;
use super::stop::{self, Patience};
use crate::engine::{Extent, Silent, Stop};
use crate::history::Keeper;
use crate::mapping::{self, Destination, Finding, Input, MappingSet, ReadOptions, Wish};
use crate::model::{
    Batch, Desired, Digest, Endpoint, Guard, ImageRef, Locator, Origin, Outcome, Reason, Reference, Row,
    Standing, Tag, Version,
};
use crate::policy::Policies;
use crate::redact;
use crate::report;

/// Why nothing is explained.
#[derive(Debug, thiserror::Error)]
enum Unexplained {
    #[error("`{0}` is no target; name it as the report does, such as `quay.io/org/name:tag`")]
    Target(String),
    #[error("`{0}` names a repository; say which of its tags, such as `{0}:latest`")]
    NoTag(String),
    #[error("the mapping files cannot be read")]
    Files(#[from] mapping::ReadError),
    #[error(transparent)]
    Policy(#[from] policies::UnusablePolicy),
    #[error(transparent)]
    Connect(#[from] connect::ConnectError),
    #[error("cannot listen for signals")]
    Signals(#[from] std::io::Error),
}

/// What to do about a target that no line names.
const NOBODY: &str = "help: name it as its line does, with host and tag, and name the files that the job reads; if it is to \
                      be mirrored, add a line";

/// Does what `settings` say.
pub(super) async fn explain(settings: Explain, output: &Output) -> Exit {
    match look(&settings, output).await {
        Ok((text, exit)) => output.data(&text).or(exit),
        Err(error) => output.refuse(&error),
    }
}

async fn look(settings: &Explain, output: &Output) -> Result<(String, Exit), Unexplained> {
    let inputs: Vec<Input> = settings.inputs.iter().map(Input::from).collect();
    let set = mapping::read(&inputs, &ReadOptions::default())?;
    let target = Target::parse(&redact::mask_logins(&settings.target))?;
    let policies = policies::load(&settings.policy, &set, output)?;
    let asked = Asked::of(&set, &target);
    if asked.is_empty() {
        let files = set.files().len();
        let text = format!("{}\n  no line of {files} mapping files asks for it\n  {NOBODY}\n", target.0);
        return Ok((text, Exit::Failed));
    }
    let guards = guards(&asked.entries, &policies);
    let mut rows = asked.rejected;
    let planned = plan(settings, (asked.entries, &policies), output).await?;
    rows.extend(planned.rows);
    if let Some(keeper) = planned.keeper {
        keeper.only_tell(&mut rows);
    }
    let exit = Exit::of(&rows);
    Ok((render(&target, &rows, &guards, &asked.findings), exit))
}

/// A target as the report names it.
struct Target(String);

impl Target {
    fn parse(text: &str) -> Result<Self, Unexplained> {
        let Ok(reference) = Reference::parse(text) else {
            let is_layout = text.starts_with("oci:");
            return if is_layout {
                Ok(Self(text.to_owned()))
            } else {
                Err(Unexplained::Target(text.to_owned()))
            };
        };
        let version = match (reference.digest, reference.tag) {
            (Some(digest), _) => Version::Digest(digest),
            (None, Some(tag)) => Version::Tag(tag),
            (None, None) => return Err(Unexplained::NoTag(text.to_owned())),
        };
        Ok(Self(ImageRef::new(reference.repository, version).to_string()))
    }

    fn is(&self, endpoint: &Endpoint) -> bool {
        endpoint.to_string() == self.0
    }

    /// What a wildcard asks for at this target, if it asks for anything.
    fn under(&self, wildcard: &mapping::Wildcard) -> Option<Desired> {
        let place = wildcard.target.to_string();
        let tag = Tag::parse(self.0.strip_prefix(&place)?.strip_prefix(':')?).ok()?;
        if !wildcard.pattern.matches(&tag) {
            return None;
        }
        let source = ImageRef::new(wildcard.source.clone(), Version::Tag(tag.clone()));
        let (origin, owner) = (wildcard.origin.clone(), wildcard.owner.clone());
        let target = Destination::tagged(&wildcard.target, tag);
        Some(Desired { origin, owner, source: Endpoint::Registry(source), target, guards: Vec::new() })
    }
}

/// What the files say of a target.
#[derive(Default)]
struct Asked {
    entries: Vec<Desired>,
    rejected: Vec<Row>,
    findings: Vec<Finding>,
}

impl Asked {
    fn of(set: &MappingSet, target: &Target) -> Self {
        let mut asked = Self::default();
        for entry in set.entries() {
            match &entry.wish {
                Wish::Exact(desired) if target.is(&desired.target) => asked.entries.push(desired.clone()),
                Wish::Exact(_) => {}
                Wish::Wildcard(wildcard) => asked.entries.extend(target.under(wildcard)),
            }
        }
        let of_target = set.rows().iter().filter(|row| row.target.to_string() == target.0);
        asked.rejected.extend(of_target.cloned());
        let mentions = |finding: &&Finding| asked.mentions(finding);
        asked.findings = set.findings().iter().filter(mentions).cloned().collect();
        asked
    }

    fn is_empty(&self) -> bool {
        self.entries.is_empty() && self.rejected.is_empty()
    }

    fn mentions(&self, finding: &Finding) -> bool {
        let origins = self.entries.iter().map(|entry| &entry.origin);
        let origins = origins.chain(self.rejected.iter().map(|row| &row.origin));
        origins.into_iter().any(|origin| origin.line() == Some((&finding.file, finding.line())))
    }
}

/// What rules ask of an entry, by where it was asked for and what it copies.
type Guards = HashMap<(Origin, Locator), Vec<Guard>>;

fn guards(entries: &[Desired], policies: &Policies) -> Guards {
    let key = |entry: &Desired| (entry.origin.clone(), Locator::from(entry.source.clone()));
    entries.iter().map(|entry| (key(entry), policies.guards(entry))).collect()
}

/// What a run would do, and what earlier ones know.
struct Foreseen {
    rows: Vec<Row>,
    keeper: Option<Keeper>,
}

/// What a run would do about `entries`.
async fn plan(
    settings: &Explain,
    (entries, policies): (Vec<Desired>, &Policies),
    output: &Output,
) -> Result<Foreseen, Unexplained> {
    let client = connect::client(&settings.connection, None)?;
    let kept = Kept::new(settings.state.as_ref(), &settings.connection)?;
    let signals = stop::signals()?;
    let stop = Stop::default();
    let tell = |findings: Vec<Finding>| output.findings(&findings);
    let mut way = Way {
        copying: &settings.copying,
        policies,
        jobs: 1,
        extent: Extent::Plan,
        visible_targets: false,
        source_check: None,
        deadline: None,
        dates: false,
        past: None,
        observer: Arc::new(Silent),
        stop: stop.clone(),
        tell: &tell,
    };
    // Lines that contradict one another are each worth a look, so each is a batch of its own.
    let batches: Vec<Batch> = entries.into_iter().map(|entry| Batch::admit(vec![entry]).batch).collect();
    let patience = Patience { deadline: None, grace: std::time::Duration::ZERO };
    let looked = async {
        let keeper = match kept {
            Some(kept) => kept.read(&way.stop).await,
            None => None,
        };
        way.past = keeper.as_ref().map(Keeper::past);
        let rows = way.take_batches(futures_util::stream::iter(batches), &client).await;
        Foreseen { rows, keeper }
    };
    tokio::select! {
        foreseen = looked => Ok(foreseen),
        never = stop::watch(stop, signals, patience) => match never {},
    }
}

fn render(target: &Target, rows: &[Row], guards: &Guards, findings: &[Finding]) -> String {
    let mut out = format!("{}\n", target.0);
    for row in rows {
        let owner =
            row.owner.as_deref().map_or_else(|| "no owner".to_owned(), |owner| format!("owner {owner}"));
        let _ = writeln!(out, "  {} ({owner}) asks for {}", row.origin, row.source);
        for guard in guards.get(&(row.origin.clone(), row.source.clone())).into_iter().flatten() {
            let _ = writeln!(out, "    {guard}");
        }
        if was_looked_at(row) {
            let _ = writeln!(out, "    source  {}", digest(row.digest.as_ref()));
            let _ = writeln!(out, "    target  {}", digest(held(row)));
        }
        let _ = writeln!(out, "    {}", verdict(row));
        if let Some(standing) = &row.standing {
            let _ = writeln!(out, "    {}", past(standing));
        }
        if let Some(help) = report::help(row) {
            let _ = writeln!(out, "    help: {help}");
        }
    }
    if !findings.is_empty() {
        let _ = write!(out, "\n{}", mapping::render(findings));
    }
    out
}

/// How it stood after the last run, in words.
fn past(standing: &Standing) -> String {
    let time = humantime::format_rfc3339_seconds;
    let verified = standing.verified.map_or_else(
        || "never yet equal to its source".to_owned(),
        |at| format!("last equal to its source {}", time(at)),
    );
    let failures = match standing.failures {
        0 => String::new(),
        1 => "; failed in the last run".to_owned(),
        runs => format!("; failed in {runs} runs in a row"),
    };
    let unfinished = if standing.unfinished { "; the last run did not get to its end" } else { "" };
    let quarantined = if standing.quarantined { "; quarantined: tried once a run" } else { "" };
    format!("known since {}; {verified}{failures}{unfinished}{quarantined}", time(standing.first_seen))
}

/// Whether both ends are known; an entry that a rule forbids is not looked at.
fn was_looked_at(row: &Row) -> bool {
    match row.outcome {
        Outcome::Failed(_) | Outcome::Unfinished(_) => false,
        Outcome::Refused(_) => row.digest.is_some(),
        _ => true,
    }
}

fn held(row: &Row) -> Option<&Digest> {
    if matches!(row.outcome, Outcome::Kept) { row.digest.as_ref() } else { row.previous.as_ref() }
}

fn digest(digest: Option<&Digest>) -> String {
    digest.map_or_else(|| "nothing".to_owned(), ToString::to_string)
}

/// What a run would do, in words.
fn verdict(row: &Row) -> String {
    match &row.outcome {
        Outcome::Kept => "a run would keep it: both ends are the same".to_owned(),
        Outcome::Planned(Reason::Referrers) => {
            "a run would keep it, and copy what refers to it and is not there".to_owned()
        }
        Outcome::Planned(reason) => format!("a run would copy it: {reason}"),
        Outcome::Skipped(skip) => format!("a run would skip it: {skip}"),
        Outcome::Refused(refusal) => format!("a run would refuse it: {refusal}"),
        _ => format!("error: {}", report::failure_line(row)),
    }
}
