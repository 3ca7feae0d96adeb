//! Who takes part: our program, the floor, skopeo, and whoever is named.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::str::FromStr;

use crate::Result;
use crate::floor;
use crate::set::Set;

pub const OURS: &str = "image-mirror";
pub const FLOOR: &str = "floor";
pub const SKOPEO: &str = "skopeo";
pub const CURL: &str = "curl";
/// skopeo processes at a time.
const AT_A_TIME: &str = "16";
/// The name of our report in the folder for reports.
const REPORT: &str = "image-mirror-report.json";

/// One blob from one registry to another, as an upload takes it.
const PIPE: &str = r#"set -euo pipefail
location=$(curl -sSf -X POST -D - -o /dev/null "$TO/uploads/" | tr -d '\r' | sed -n 's/^location: //Ip')
curl -sSf "$FROM/$DIGEST" | curl -sSf -o /dev/null -T - "$location&digest=$DIGEST"
"#;

/// Somebody who mirrors, besides us.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Peer {
    Skopeo,
    /// An executable of somebody's; `docs/performance.md` says what it is given.
    Other {
        name: String,
        path: PathBuf,
    },
}

impl FromStr for Peer {
    type Err = Box<dyn std::error::Error + Send + Sync>;

    fn from_str(text: &str) -> Result<Self> {
        match text.split_once('=') {
            Some((name, path)) => Ok(Self::Other { name: name.to_owned(), path: fs::canonicalize(path)? }),
            None if text == SKOPEO => Ok(Self::Skopeo),
            None => Err(format!("PEERS: `{text}` is neither `{SKOPEO}` nor NAME=PATH nor `none`").into()),
        }
    }
}

/// Somebody who takes part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Tool {
    Ours,
    /// Looks only, where nothing else is to be done.
    Floor,
    /// Pipes the largest blob, and does nothing else.
    Curl,
    Peer(Peer),
}

/// What is to be done.
#[derive(Debug)]
pub struct Errand<'a> {
    /// An empty folder, which is home and working directory.
    pub folder: &'a Path,
    /// Our program.
    pub program: &'a Path,
    /// The certificate to trust, the only file of its folder.
    pub authority: &'a Path,
    pub set: &'a Set,
    pub source: &'a str,
    /// A host, or a folder of one: `HOST/new`.
    pub targets: &'a [String],
    /// The file with the logins, where any is needed.
    pub authfile: Option<&'a Path>,
}

impl Tool {
    pub fn name(&self) -> &str {
        match self {
            Self::Ours => OURS,
            Self::Floor => FLOOR,
            Self::Curl => CURL,
            Self::Peer(Peer::Skopeo) => SKOPEO,
            Self::Peer(Peer::Other { name, .. }) => name,
        }
    }

    /// The command that runs it; it sees nothing of our environment.
    pub fn command(&self, errand: &Errand<'_>) -> Result<Command> {
        let mapping = errand.folder.join("mapping_bench");
        fs::write(&mapping, errand.set.mapping(errand.source, errand.targets))?;
        let mut command = match self {
            Self::Ours => errand.ours(&mapping),
            Self::Floor => errand.floor()?,
            Self::Curl => errand.curl(),
            Self::Peer(Peer::Skopeo) => errand.skopeo()?,
            Self::Peer(Peer::Other { path, .. }) => errand.other(path, &mapping),
        };
        let home = errand.folder;
        command.env("HOME", home).env("XDG_RUNTIME_DIR", home).env("PATH", "/usr/bin:/bin").current_dir(home);
        Ok(command)
    }
}

impl Errand<'_> {
    /// Each host that takes part.
    fn hosts(&self) -> Vec<&str> {
        let targets = self.targets.iter().map(|target| target.split('/').next().unwrap_or_default());
        let mut hosts: Vec<_> = std::iter::once(self.source).chain(targets).collect();
        hosts.dedup();
        hosts
    }

    fn ours(&self, mapping: &Path) -> Command {
        let mut command = Command::new(self.program);
        command.arg("run").arg(mapping).arg("--ca-file").arg(self.authority);
        for host in self.hosts() {
            command.args(["--tls", host]);
        }
        if let Some(authfile) = self.authfile {
            command.arg("--authfile").arg(authfile);
        }
        command.env("ARTIFACTS", self.folder);
        command
    }

    /// Our report of the run.
    pub fn report(&self) -> Result<serde_json::Value> {
        let report = fs::read(self.folder.join(REPORT)).map_err(|error| format!("no report: {error}"))?;
        Ok(serde_json::from_slice(&report)?)
    }

    fn floor(&self) -> Result<Command> {
        let list = self.folder.join("list");
        fs::write(&list, floor::list(self.set, &self.hosts()))?;
        let mut command = Command::new(std::env::current_exe()?);
        command.arg(floor::FLOOR).arg(self.authority).arg(list);
        Ok(command)
    }

    /// One process a repository and target: the one way in which it skips what is there.
    fn skopeo(&self) -> Result<Command> {
        let mut pairs = String::new();
        for target in self.targets {
            for repository in self.set.repositories() {
                // It keeps the last word of the repository's name.
                let folder = repository.rsplit_once('/').map_or("", |(folder, _)| folder);
                writeln!(pairs, "{}/{repository} {target}/{folder}", self.source)?;
            }
        }
        fs::write(self.folder.join("pairs"), pairs)?;
        let certificates = self.authority.parent().unwrap_or(self.authority).display();
        let mut command = Command::new("xargs");
        command.args(["-a", "pairs", "-P", AT_A_TIME, "-L", "1", SKOPEO, "--insecure-policy", "sync"]);
        command.args(["--all", "--preserve-digests", "--keep-going", "--src", "docker", "--dest", "docker"]);
        command.arg(format!("--src-cert-dir={certificates}"));
        command.arg(format!("--dest-cert-dir={certificates}"));
        if let Some(authfile) = self.authfile {
            command.arg("--authfile").arg(authfile);
        }
        Ok(command)
    }

    fn curl(&self) -> Command {
        let mut command = Command::new("bash");
        command.args(["-c", PIPE]).env("CURL_CA_BUNDLE", self.authority);
        let repository = self.set.repositories().into_iter().next().unwrap_or_default();
        command.env("FROM", format!("https://{}/v2/{repository}/blobs", self.source));
        command.env("TO", format!("https://{}/v2/{repository}/blobs", self.targets.join("")));
        command.env("DIGEST", self.set.largest().map_or("", |blob| &blob.digest));
        command
    }

    fn other(&self, path: &Path, mapping: &Path) -> Command {
        let mut command = Command::new(path);
        command.env("MAPPING", mapping).env("CA_FILE", self.authority);
        command.env("SOURCE", self.source).env("TARGETS", self.targets.join(" "));
        if let Some(authfile) = self.authfile {
            command.env("AUTHFILE", authfile);
        }
        command
    }
}
