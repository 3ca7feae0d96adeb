//! A preflight that does what a test says.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use image_mirror::publish::preflight::{Check, Preflight, Project, Scope, auth_file};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::sync::oneshot;

pub(super) const IMAGE: &str = "quay.io/redhat-isv-containers/p1:7.6.1-2";
pub(super) const TOKEN: &str = "t0ken/+of the?api";
pub(super) const PASSWORD: &str = "p4ss&word=of\"robot";
const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/publish/preflight_stand_in.py");

/// A program that stands in for preflight, in a folder of its own. What it can do is told in its text.
pub(super) struct StandIn {
    folder: TempDir,
}

impl StandIn {
    pub(super) fn new(mode: &Value) -> Self {
        let stand_in = Self { folder: tempfile::tempdir().unwrap() };
        // No copy, which could be open for writing in a program that another test starts just then.
        std::os::unix::fs::symlink(SCRIPT, stand_in.program()).unwrap();
        stand_in.steer(mode);
        stand_in
    }

    /// It does so from its next run on.
    pub(super) fn steer(&self, mode: &Value) {
        fs::write(self.folder.path().join("preflight.mode"), mode.to_string()).unwrap();
    }

    pub(super) fn program(&self) -> PathBuf {
        self.folder.path().join("preflight")
    }

    /// What each run was given, in their order.
    pub(super) fn runs(&self) -> Vec<Value> {
        let read = |number| fs::read(self.folder.path().join(format!("preflight.run-{number}.json"))).ok();
        (1..).map_while(read).map(|run| serde_json::from_slice(&run).unwrap()).collect()
    }

    /// The arguments of each run.
    pub(super) fn arguments(&self) -> Vec<String> {
        let words =
            |run: Value| serde_json::from_value::<Vec<String>>(run["argv"].clone()).unwrap().join(" ");
        self.runs().into_iter().map(words).collect()
    }

    pub(super) fn preflight(&self) -> Preflight {
        Preflight {
            command: self.program(),
            version: None,
            timeout: Duration::from_mins(10),
            pyxis_env: "prod".to_owned(),
            pyxis_host: None,
            inherit: vec![
                ("PATH".to_owned(), "/usr/bin:/bin".into()),
                ("SECRET".to_owned(), "of ours".into()),
            ],
        }
    }

    /// Checks `IMAGE` for two platforms, and submits.
    pub(super) fn check(&self) -> Check {
        let project =
            Project { component_id: "p1".to_owned(), api_token: TOKEN.to_owned().into(), submit: true };
        let password = PASSWORD.to_owned().into();
        Check {
            image: IMAGE.to_owned(),
            scope: Scope::Whole(both()),
            project: Some(project),
            docker_config: auth_file(self.folder.path(), "quay.io", "org+p1-robot", &password).unwrap(),
            folder: self.state(),
            attempt: 1,
        }
    }

    /// As [`check`](Self::check), of the source: without submitting.
    pub(super) fn precheck(&self) -> Check {
        let mut check = self.check();
        check.project.as_mut().unwrap().submit = false;
        check
    }

    /// Where the attempts are kept.
    pub(super) fn state(&self) -> PathBuf {
        self.folder.path().join("state/7.6.1-2")
    }

    /// A pipe that the modes that hang hold open.
    pub(super) fn pipe(&self) -> Pipe {
        Pipe::new(&self.folder.path().join("pipe"))
    }
}

pub(super) fn both() -> Vec<String> {
    ["amd64", "arm64"].map(ToOwned::to_owned).to_vec()
}

pub(super) fn mode(name: &str) -> Value {
    json!({ "mode": name })
}

/// Tells when programs are there that hold it, and when all of them are gone.
pub(super) struct Pipe {
    pub(super) path: PathBuf,
    here: Option<oneshot::Receiver<()>>,
    gone: oneshot::Receiver<()>,
}

impl Pipe {
    fn new(path: &Path) -> Self {
        assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
        let ((is_here, here), (is_gone, gone)) = (oneshot::channel(), oneshot::channel());
        let at = path.to_owned();
        std::thread::spawn(move || {
            let mut pipe = BufReader::new(fs::File::open(at).unwrap());
            pipe.read_line(&mut String::new()).unwrap();
            let _ = is_here.send(());
            pipe.read_to_end(&mut Vec::new()).unwrap();
            let _ = is_gone.send(());
        });
        Self { path: path.to_owned(), here: Some(here), gone }
    }

    pub(super) async fn here(&mut self) {
        self.here.take().unwrap().await.unwrap();
    }

    /// Ends when no program has it open any more, and never before.
    pub(super) async fn gone(self) {
        self.gone.await.unwrap();
    }
}
