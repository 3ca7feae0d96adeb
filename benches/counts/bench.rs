//! One benchmark: registries with their relays, the program, its peer, and what was found wrong.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::direct::Direct;
use crate::floor::Floor;
use crate::measure::{Cost, measured};
use crate::proxy::{Kind, Passed, Proxy};
use crate::set::Set;
use crate::support::real::RealRegistry;
use crate::support::run::{REPORT, Run};
use crate::table::{Ran, note};

pub type Result<T> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;

pub const OURS: &str = "image-mirror";
const PEER: &str = "skopeo sync";
/// skopeo processes at a time.
const AT_A_TIME: &str = "16";

/// A real registry behind a relay.
pub struct Registry {
    registry: RealRegistry,
    pub proxy: Proxy,
}

impl Registry {
    pub async fn start() -> Result<Self> {
        let registry = RealRegistry::open().await;
        let proxy = Proxy::start(registry.host()).await?;
        Ok(Self { registry, proxy })
    }

    pub async fn filled(set: &Set) -> Result<Self> {
        let registry = Self::start().await?;
        registry.direct()?.fill(set).await?;
        Ok(registry)
    }

    pub fn direct(&self) -> Result<Direct> {
        Direct::new(self.registry.host())
    }
}

/// What one run is about.
pub struct Scenario<'a> {
    pub name: &'static str,
    pub set: &'a Set,
    pub source: &'a Registry,
    /// None: the source, under `new/`.
    pub target: Option<&'a Registry>,
    pub floor: Floor,
}

/// What was run so far, and what was wrong with it.
#[derive(Default)]
pub struct Bench {
    pub runs: Vec<Ran>,
    pub wrong: Vec<String>,
}

impl Bench {
    /// Mirrors with the program, compares what it says with what passed, and looks at the target.
    pub async fn ours(&mut self, scenario: &Scenario<'_>) -> Result<()> {
        note(&format!("{}: {OURS}", scenario.name));
        let source = scenario.source.proxy.host();
        let target = scenario.target.map_or(format!("{source}/new"), |target| target.proxy.host().to_owned());
        let run = Run::new(["run", "mapping_bench"])
            .mapping("mapping_bench", &scenario.set.mapping(source, &target));
        let (cost, report) = ours(&run.command()).await?;
        let ran = self.finish(scenario, OURS, cost).await?;
        self.compare(&ran, &report);
        self.hold_to_figures(&ran);
        self.runs.push(ran);
        Ok(())
    }

    /// Mirrors with skopeo, one process a repository.
    pub async fn peer(&mut self, scenario: &Scenario<'_>) -> Result<()> {
        note(&format!("{}: {PEER}", scenario.name));
        let Some(target) = scenario.target else { return Ok(()) };
        let folder = tempfile::tempdir()?;
        let repositories: Vec<_> = scenario.set.repositories().into_iter().collect();
        std::fs::write(folder.path().join("repositories"), repositories.join("\n"))?;
        let (cost, output) =
            measured(&skopeo(folder.path(), scenario.source.proxy.host(), target.proxy.host())).await?;
        if !output.status.success() {
            self.wrong.push(format!(
                "{}: {PEER}: {}",
                scenario.name,
                String::from_utf8_lossy(&output.stderr)
            ));
        }
        let ran = self.finish(scenario, PEER, cost).await?;
        self.runs.push(ran);
        Ok(())
    }

    async fn finish(&mut self, scenario: &Scenario<'_>, who: &str, cost: Cost) -> Result<Ran> {
        let source = scenario.source.proxy.take();
        let target = scenario.target.map(|target| target.proxy.take()).unwrap_or_default();
        let (judge, folder) = match scenario.target {
            Some(target) => (target.direct()?, ""),
            None => (scenario.source.direct()?, "new/"),
        };
        let wrong = judge.wrong(scenario.set, folder).await?;
        self.wrong.extend(wrong.iter().map(|path| format!("{}: {who}: not right: {path}", scenario.name)));
        let refused = source.refused.iter().chain(&target.refused);
        for (status, count) in refused {
            note(&format!("{}: {who}: {count} answers with status {status}", scenario.name));
        }
        Ok(Ran { scenario: scenario.name, who: who.to_owned(), cost, source, target, floor: scenario.floor })
    }

    /// What the report says must be what passed.
    fn compare(&mut self, ran: &Ran, report: &Value) {
        let both = ran.source.clone().and(&ran.target);
        let said = |path: &str| report["totals"].pointer(path).and_then(Value::as_u64).unwrap_or_default();
        let mut pairs: Vec<_> = ["HEAD", "GET", "POST", "PATCH", "PUT", "DELETE"]
            .iter()
            .map(|method| {
                (*method, said(&format!("/requests/{}", method.to_lowercase())), both.method(method))
            })
            .collect();
        pairs.push(("bytes received", said("/wire/received"), both.down()));
        pairs.push(("bytes sent", said("/wire/sent"), both.up));
        for (what, said, passed) in pairs.into_iter().filter(|(_, said, passed)| said != passed) {
            self.wrong.push(format!("{}: {what}: the report says {said}, {passed} passed", ran.scenario));
        }
        if report["exit_code"] != 0 {
            self.wrong.push(format!("{}: exit code {}", ran.scenario, report["exit_code"]));
        }
    }

    fn hold_to_figures(&mut self, ran: &Ran) {
        let (floor, source, target) = (&ran.floor, &ran.source, &ran.target);
        let both = source.clone().and(target);
        let writes = |passed: &Passed| {
            ["POST", "PUT", "PATCH", "DELETE"].iter().map(|method| passed.method(method)).sum()
        };
        let is_one_registry = target.total() == 0;
        let blob_bytes = source.down.get(&Kind::Blob).copied().unwrap_or_default();
        let mut figures = vec![
            ("requests, at most", both.total().max(floor.allowed), floor.allowed),
            (
                "GETs of blobs at the source",
                source.count("GET", |kind| kind == Kind::Blob),
                floor.source_blobs,
            ),
            ("bytes of blobs from the source", blob_bytes, floor.blob_bytes),
            ("PUTs of manifests", both.count("PUT", |kind| kind == Kind::Manifest), floor.manifests),
            (
                "GETs of manifests at the source",
                source.count("GET", |kind| kind == Kind::Manifest),
                floor.source_manifests,
            ),
            ("PUTs of blobs", both.count("PUT", |kind| kind == Kind::Upload), floor.source_blobs),
        ];
        if !is_one_registry {
            figures.push(("writes at the source", writes(source), 0));
        }
        if floor.manifests == 0 {
            figures.push(("writes", writes(&both), 0));
        }
        for (what, found, due) in figures.into_iter().filter(|(_, found, due)| found != due) {
            self.wrong.push(format!("{}: {what}: {found}, due {due}", ran.scenario));
        }
    }

    /// Says that a figure is broken where it is.
    pub fn at_most(&mut self, what: &str, found: u64, most: u64) {
        if found > most {
            self.wrong.push(format!("{what}: {found}, at most {most}"));
        }
    }
}

/// Runs the program; its report.
pub async fn ours(command: &Command) -> Result<(Cost, Value)> {
    let (cost, output) = measured(command).await?;
    let artifacts = command.get_envs().find(|(name, _)| *name == "ARTIFACTS").and_then(|(_, value)| value);
    let report = Path::new(artifacts.unwrap_or_default()).join(REPORT);
    let report = std::fs::read(report)
        .map_err(|error| format!("no report ({error}): {}", String::from_utf8_lossy(&output.stderr)))?;
    Ok((cost, serde_json::from_slice(&report)?))
}

fn skopeo(folder: &Path, source: &str, target: &str) -> Command {
    let mut command = Command::new("xargs");
    command.args(["-a", "repositories", "-P", AT_A_TIME, "-I", "{}", "skopeo", "--insecure-policy", "sync"]);
    command.args(["--all", "--preserve-digests", "--keep-going", "--src", "docker", "--dest", "docker"]);
    command.args(["--src-tls-verify=false", "--dest-tls-verify=false"]);
    // It keeps the last word of the repository's name.
    command.args([format!("{source}/{{}}"), format!("{target}/set")]);
    command
        .env("HOME", folder)
        .env("XDG_RUNTIME_DIR", folder)
        .env("PATH", "/usr/bin:/bin")
        .current_dir(folder);
    command
}
