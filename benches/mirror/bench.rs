//! One benchmark: grounds for each run, the runs in turns, and what was found wrong.

use std::process::Output;
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;

use crate::Result;
use crate::check;
use crate::fewest::Fewest;
use crate::measure::{Cost, measured};
use crate::path::{Fronts, Passed};
use crate::pool::Pool;
use crate::registry::Registry;
use crate::set::Set;
use crate::settings::Settings;
use crate::store::Store;
use crate::table::note;
use crate::tokens::{Tokens, authfile};
use crate::tools::{Errand, Tool};

/// Where the images go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum To {
    /// So many other registries.
    Others(usize),
    /// `new/` of the source.
    Same,
}

/// What is measured.
#[derive(Debug, Clone)]
pub struct Scenario<'a> {
    pub id: &'static str,
    pub title: &'static str,
    /// What the source holds.
    pub set: &'a Set,
    /// What the targets hold before a run.
    pub before: Option<&'a Set>,
    pub to: To,
    pub rtt: Duration,
    pub runs: usize,
    pub fewest: Fewest,
    /// A run changes nothing, so that the same registries serve all of them, and the floor has something to say.
    pub is_no_op: bool,
    /// Both registries want tokens.
    pub has_tokens: bool,
}

/// A registry behind its front.
#[derive(Debug)]
struct Served {
    registry: Registry,
    host: String,
    /// The front of its token service.
    tokens: Option<String>,
}

/// The registries of a run.
#[derive(Debug)]
struct Ground {
    source: Served,
    targets: Vec<Served>,
}

/// One run of a tool.
#[derive(Debug, Clone)]
pub struct Once {
    pub cost: Cost,
    /// Towards the source; everything, where source and target are one registry.
    pub source: Passed,
    pub target: Passed,
}

impl Once {
    pub fn both(&self) -> Passed {
        self.source.clone().and(&self.target)
    }
}

/// All runs of a tool in a scenario.
#[derive(Debug, Clone)]
pub struct Ran {
    pub scenario: &'static str,
    pub title: &'static str,
    pub who: String,
    pub fewest: Fewest,
    pub lines: u64,
    pub is_no_op: bool,
    pub has_tokens: bool,
    pub runs: Vec<Once>,
}

/// What was run so far, and what was wrong with it.
#[derive(Debug)]
pub struct Bench {
    pub settings: Settings,
    pub pool: Pool,
    pub ran: Vec<Ran>,
    pub wrong: Vec<String>,
    fronts: Fronts,
    tokens: Tokens,
    _certificates: TempDir,
}

/// A peer that takes longer than this is run less often.
const SLOW: f64 = 20.0;
const VERY_SLOW: f64 = 60.0;

impl Bench {
    pub fn new(settings: Settings) -> Result<Self> {
        let certificates = tempfile::tempdir()?;
        let fronts = Fronts::start(certificates.path())?;
        Ok(Self {
            settings,
            pool: Pool::new()?,
            ran: Vec::new(),
            wrong: Vec::new(),
            fronts,
            tokens: Tokens::start()?,
            _certificates: certificates,
        })
    }

    /// Runs everybody in turns: ours, the floor, the peers, and again.
    pub fn run(&mut self, scenario: &Scenario<'_>) -> Result<()> {
        let tools = self.tools(scenario);
        let lines = scenario.set.lines.len() as u64;
        let mut ran: Vec<_> = tools
            .iter()
            .map(|tool| Ran {
                scenario: scenario.id,
                title: scenario.title,
                who: tool.name().to_owned(),
                fewest: scenario.fewest,
                lines,
                is_no_op: scenario.is_no_op,
                has_tokens: scenario.has_tokens,
                runs: Vec::new(),
            })
            .collect();
        let runs = self.settings.runs.unwrap_or(scenario.runs);
        let mut ground = None;
        for _ in 0..runs {
            for (tool, ran) in tools.iter().zip(&mut ran) {
                if ran.runs.len() < most(tool, ran, runs) {
                    let once = self.once(scenario, tool, &mut ground)?;
                    ran.runs.push(once);
                }
            }
        }
        self.close(&mut ground)?;
        self.ran.extend(ran);
        Ok(())
    }

    fn tools(&self, scenario: &Scenario<'_>) -> Vec<Tool> {
        // The floor knows of no tokens.
        let floor = (scenario.is_no_op && !scenario.has_tokens).then_some(Tool::Floor);
        let curl = (scenario.set.lines.len() == 1).then_some(Tool::Curl);
        let peers = self.settings.peers.iter().cloned().map(Tool::Peer);
        std::iter::once(Tool::Ours).chain(floor).chain(curl).chain(peers).collect()
    }

    fn once(&mut self, scenario: &Scenario<'_>, tool: &Tool, ground: &mut Option<Ground>) -> Result<Once> {
        if !scenario.is_no_op {
            self.close(ground)?;
        }
        if ground.is_none() {
            *ground = Some(self.ground(scenario)?);
        }
        let Some(ground) = ground else { return Err("no ground".into()) };
        note(&format!("{} {}: {}", scenario.id, scenario.title, tool.name()));
        let folder = tempfile::tempdir()?;
        let targets = ground.words();
        let authfile = scenario.has_tokens.then(|| authfile(folder.path(), &ground.hosts())).transpose()?;
        let errand = Errand {
            folder: folder.path(),
            program: &self.settings.program.clone(),
            authority: &self.fronts.authority().to_owned(),
            set: scenario.set,
            source: &ground.source.host,
            targets: &targets,
            authfile: authfile.as_deref(),
        };
        let (cost, output) = measured(&tool.command(&errand)?)?;
        let once = self.passed(ground, cost, scenario.rtt)?;
        note(&format!("  {:.2} s, {} requests", cost.wall, once.both().total()));
        let mut wrong = self.look(scenario, ground, tool, &once);
        if *tool == Tool::Ours {
            wrong.extend(
                errand.report().map_or_else(|error| vec![error.to_string()], |said| differ(&once, &said)),
            );
        }
        if !output.status.success() {
            wrong.push(said(&output));
        }
        self.wrong.extend(wrong.into_iter().map(|what| format!("{}: {}: {what}", scenario.id, tool.name())));
        Ok(once)
    }

    /// What passed the fronts, once everything has come out of the delay lines.
    fn passed(&mut self, ground: &Ground, cost: Cost, rtt: Duration) -> Result<Once> {
        std::thread::sleep(2 * rtt + Duration::from_millis(20));
        let source = self.take(&ground.source)?;
        let mut target = Passed::default();
        for served in &ground.targets {
            target = target.and(&self.take(served)?);
        }
        Ok(Once { cost, source, target })
    }

    fn take(&mut self, served: &Served) -> Result<Passed> {
        let passed = self.fronts.take(&served.host)?;
        match &served.tokens {
            Some(tokens) => Ok(passed.and(&self.fronts.take(tokens)?)),
            None => Ok(passed),
        }
    }

    fn look(&self, scenario: &Scenario<'_>, ground: &Ground, tool: &Tool, once: &Once) -> Vec<String> {
        let refused = once.both().refused;
        let refused = refused.iter().map(|(status, count)| format!("{count} answers with status {status}"));
        for refused in refused {
            note(&format!("{}: {}: {refused}", scenario.id, tool.name()));
        }
        let check = |served: &Served, folder| match (tool, scenario.set.largest()) {
            (Tool::Curl, Some(blob)) => {
                check::wrong_blob(&served.registry.store, &self.pool, &blob.digest).into_iter().collect()
            }
            _ => check::wrong(&served.registry.store, &self.pool, scenario.set, folder),
        };
        match scenario.to {
            To::Same => check(&ground.source, "new/"),
            To::Others(_) => ground.targets.iter().flat_map(|target| check(target, "")).collect(),
        }
    }

    fn ground(&mut self, scenario: &Scenario<'_>) -> Result<Ground> {
        let source = self.serve(scenario, Some(scenario.set))?;
        let count = match scenario.to {
            To::Same => 0,
            To::Others(count) => count,
        };
        let targets: Result<_> = (0..count).map(|_| self.serve(scenario, scenario.before)).collect();
        Ok(Ground { source, targets: targets? })
    }

    fn serve(&mut self, scenario: &Scenario<'_>, set: Option<&Set>) -> Result<Served> {
        let store = Store::new()?;
        if let Some(set) = set {
            store.lay(&self.pool, set)?;
        }
        let tokens = match scenario.has_tokens {
            true => Some(self.fronts.open(self.tokens.host(), scenario.rtt)?),
            false => None,
        };
        let service = tokens.as_ref().map(|front| (&self.tokens, front.as_str()));
        let registry = Registry::start(store, service)?;
        let host = self.fronts.open(&registry.host, scenario.rtt)?;
        Ok(Served { registry, host, tokens })
    }

    fn close(&mut self, ground: &mut Option<Ground>) -> Result<()> {
        for served in
            ground.take().into_iter().flat_map(|ground| ground.targets.into_iter().chain([ground.source]))
        {
            for host in std::iter::once(served.host).chain(served.tokens) {
                self.fronts.close(&host)?;
            }
        }
        Ok(())
    }
}

impl Ground {
    fn hosts(&self) -> Vec<&str> {
        std::iter::once(&self.source).chain(&self.targets).map(|served| served.host.as_str()).collect()
    }

    /// What mappings call the targets.
    fn words(&self) -> Vec<String> {
        if self.targets.is_empty() {
            return vec![format!("{}/new", self.source.host)];
        }
        self.targets.iter().map(|target| target.host.clone()).collect()
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

/// The last words of a tool that failed.
fn said(output: &Output) -> String {
    let text = String::from_utf8_lossy(&output.stderr);
    let last: Vec<_> = text.lines().rev().take(6).collect();
    let last: Vec<_> = last.into_iter().rev().collect();
    format!("{}: {}", output.status, last.join("\n"))
}
