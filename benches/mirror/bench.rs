//! One benchmark: everybody runs in turns, each run is looked at, and what was wrong is kept.

use std::process::Output;

use serde_json::Value;

use crate::Result;
use crate::check;
use crate::ground::{Ground, Grounds, Served};
use crate::measure::{Cost, measured};
use crate::ran::{Once, Ran};
use crate::scenario::{Scenario, To};
use crate::settings::Settings;
use crate::table::note;
use crate::tokens::authfile;
use crate::tools::{Errand, Tool};

/// What was run so far, and what was wrong with it.
#[derive(Debug)]
pub struct Bench {
    pub settings: Settings,
    pub grounds: Grounds,
    pub ran: Vec<Ran>,
    pub wrong: Vec<String>,
}

/// So many faults of a run are told one by one.
const SHOWN: usize = 20;
/// A peer that takes longer than this is run less often.
const SLOW: f64 = 20.0;
const VERY_SLOW: f64 = 60.0;

impl Bench {
    pub fn new(settings: Settings) -> Result<Self> {
        Ok(Self { settings, grounds: Grounds::new()?, ran: Vec::new(), wrong: Vec::new() })
    }

    /// Runs everybody in turns: ours, the floor, the peers, and again.
    pub fn run(&mut self, scenario: &Scenario<'_>) -> Result<()> {
        let tools = self.tools(scenario);
        let mut ran: Vec<_> = tools.iter().map(|tool| begun(scenario, tool)).collect();
        let runs = self.settings.runs.unwrap_or(scenario.runs);
        let mut kept = None;
        for _ in 0..runs {
            for (tool, ran) in tools.iter().zip(&mut ran) {
                if ran.runs.len() < most(tool, ran, runs) {
                    let ground = kept.take().map_or_else(|| self.grounds.open(scenario), Ok)?;
                    ran.runs.push(self.once(scenario, tool, &ground)?);
                    if scenario.is_no_op {
                        kept = Some(ground);
                    } else {
                        self.grounds.close(ground)?;
                    }
                }
            }
        }
        self.ran.extend(ran);
        kept.map_or(Ok(()), |ground| self.grounds.close(ground))
    }

    fn tools(&self, scenario: &Scenario<'_>) -> Vec<Tool> {
        // The floor knows of no tokens.
        let floor = (scenario.is_no_op && !scenario.has_tokens).then_some(Tool::Floor);
        let curl = (scenario.set.lines.len() == 1).then_some(Tool::Curl);
        let peers = self.settings.peers.iter().cloned().map(Tool::Peer);
        std::iter::once(Tool::Ours).chain(floor).chain(curl).chain(peers).collect()
    }

    fn once(&mut self, scenario: &Scenario<'_>, tool: &Tool, ground: &Ground) -> Result<Once> {
        note(&format!("{} {}: {}", scenario.id, scenario.title, tool.name()));
        let folder = tempfile::tempdir()?;
        let (authority, targets) = (self.grounds.authority(), ground.words());
        let authfile = scenario.has_tokens.then(|| authfile(folder.path(), &ground.hosts())).transpose()?;
        let errand = Errand {
            folder: folder.path(),
            program: &self.settings.program,
            authority: &authority,
            set: scenario.set,
            source: &ground.source.host,
            targets: &targets,
            authfile: authfile.as_deref(),
        };
        let (cost, output) = measured(&tool.command(&errand)?)?;
        let (source, target) = self.grounds.passed(ground, scenario.rtt)?;
        let once = Once { cost, source, target };
        note(&told(cost, &once));
        let mut wrong = self.look(scenario, tool, ground);
        wrong.extend((!output.status.success()).then(|| last_words(&output)));
        if *tool == Tool::Ours {
            wrong.extend(
                errand.report().map_or_else(|error| vec![error.to_string()], |said| differ(&once, &said)),
            );
        }
        if wrong.len() > SHOWN {
            let more = wrong.split_off(SHOWN).len();
            wrong.push(format!("and {more} more"));
        }
        self.wrong.extend(wrong.into_iter().map(|what| format!("{}: {}: {what}", scenario.id, tool.name())));
        Ok(once)
    }

    /// What the targets do not hold as they should.
    fn look(&self, scenario: &Scenario<'_>, tool: &Tool, ground: &Ground) -> Vec<String> {
        let pool = &self.grounds.pool;
        let check = |served: &Served, folder| match (tool, scenario.set.largest()) {
            (Tool::Curl, Some(blob)) => {
                check::wrong_blob(&served.registry.store, pool, &blob.digest).into_iter().collect()
            }
            _ => check::wrong(&served.registry.store, pool, scenario.set, folder),
        };
        match scenario.to {
            To::Same => check(&ground.source, "new/"),
            To::Others(_) => ground.targets.iter().flat_map(|target| check(target, "")).collect(),
        }
    }
}

fn begun(scenario: &Scenario<'_>, tool: &Tool) -> Ran {
    Ran {
        scenario: scenario.id,
        title: scenario.title,
        who: tool.name().to_owned(),
        fewest: scenario.fewest,
        lines: scenario.set.lines.len() as u64,
        is_no_op: scenario.is_no_op,
        has_tokens: scenario.has_tokens,
        runs: Vec::new(),
    }
}

/// How often a tool is run, by how long its first run took.
fn most(tool: &Tool, ran: &Ran, runs: usize) -> usize {
    match ran.runs.first().map_or(0.0, |once| once.cost.wall) {
        _ if *tool == Tool::Ours => runs,
        wall if wall > VERY_SLOW => runs.min(1),
        wall if wall > SLOW => runs.min(3),
        _ => runs,
    }
}

fn told(cost: Cost, once: &Once) -> String {
    let both = once.both();
    let refused = both.refused.iter().map(|(status, count)| format!(", {count} answered {status}"));
    format!("  {:.2} s, {} requests{}", cost.wall, both.total(), refused.collect::<String>())
}

/// Where our report differs from what passed.
fn differ(once: &Once, report: &Value) -> Vec<String> {
    let both = once.both();
    let said = |path: &str| report["totals"].pointer(path).and_then(Value::as_u64).unwrap_or_default();
    let methods = ["token", "head", "get", "post", "patch", "put", "delete"];
    let methods = methods.iter().map(|method| {
        let passed = both.methods.get(*method).copied().unwrap_or_default();
        (*method, said(&format!("/requests/{method}")), passed)
    });
    let bytes =
        [("bytes received", said("/wire/received"), both.down), ("bytes sent", said("/wire/sent"), both.up)];
    let mut wrong: Vec<_> = methods
        .chain(bytes)
        .filter(|(_, said, passed)| said != passed)
        .map(|(what, said, passed)| format!("{what}: the report says {said}, {passed} passed"))
        .collect();
    if report["exit_code"] != 0 {
        wrong.push(format!("exit code {}", report["exit_code"]));
    }
    wrong
}

/// What a tool that failed said at last; the last line of all is what it cost.
fn last_words(output: &Output) -> String {
    let text = String::from_utf8_lossy(&output.stderr);
    let mut lines: Vec<_> = text.lines().rev().skip(1).take(LAST).collect();
    lines.reverse();
    format!("{}: {}", output.status, lines.join("\n"))
}

/// So many lines of it.
const LAST: usize = 6;
