//! The built program, run as a person or Prow runs it: words, environment, standard input; then what came out.
//!
//! It sees nothing of the environment that the tests run in: an empty home, no proxies, no credentials.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::process::Child;
use tokio::sync::watch;
use tokio::task::JoinSet;

/// The name of the report in `$ARTIFACTS`.
pub const REPORT: &str = "image-mirror-report.json";

/// One run of the program, to be set up.
///
/// ```ignore
/// let ran = Run::new(["run", "mapping_x"]).mapping("mapping_x", "a/b:1 c/d:1\n").run().await;
/// assert_eq!(ran.code, 0, "{ran}");
/// assert_eq!(ran.rows().len(), 1);
/// ```
#[derive(Debug)]
pub struct Run {
    words: Vec<String>,
    environment: BTreeMap<String, String>,
    stdin: Vec<u8>,
    within: Duration,
    folder: TempDir,
}

impl Run {
    /// The program with these words after its name. It runs in a folder of its own, with `ARTIFACTS` set.
    pub fn new<W: AsRef<str>>(words: impl IntoIterator<Item = W>) -> Self {
        let words = words.into_iter().map(|word| word.as_ref().to_owned()).collect();
        let folder = tempfile::tempdir().expect("a temporary folder");
        for below in ["home", "artifacts", "work"] {
            std::fs::create_dir(folder.path().join(below)).expect("a folder");
        }
        Self { words, environment: BTreeMap::new(), stdin: Vec::new(), within: PATIENCE, folder }
    }

    /// How long it may take before the test fails instead of hanging. Default: a minute and a half.
    pub fn within(mut self, patience: Duration) -> Self {
        self.within = patience;
        self
    }

    /// More words.
    pub fn args<W: AsRef<str>>(mut self, words: impl IntoIterator<Item = W>) -> Self {
        self.words.extend(words.into_iter().map(|word| word.as_ref().to_owned()));
        self
    }

    /// Sets a variable of its environment.
    pub fn env(mut self, name: &str, value: impl AsRef<str>) -> Self {
        self.environment.insert(name.to_owned(), value.as_ref().to_owned());
        self
    }

    /// What it reads from standard input.
    pub fn stdin(mut self, text: impl AsRef<[u8]>) -> Self {
        self.stdin = text.as_ref().to_vec();
        self
    }

    /// Writes a file in the folder that it runs in.
    pub fn file(self, name: &str, text: impl AsRef<[u8]>) -> Self {
        write(&self.folder().join(name), text.as_ref());
        self
    }

    /// Writes a mapping file in the folder that it runs in.
    pub fn mapping(self, name: &str, text: &str) -> Self {
        write_mapping(&self.folder(), name, text);
        self
    }

    /// A docker config with these logins (`host`, `name`, `password`) in its home.
    pub fn logins(self, logins: &[(&str, &str, &str)]) -> Self {
        let path = self.folder.path().join("home/.docker/config.json");
        write(&path, docker_config(logins).as_bytes());
        self
    }

    /// The folder that it runs in.
    pub fn folder(&self) -> PathBuf {
        self.folder.path().join("work")
    }

    /// The command, for tests that need to do more with it than wait.
    pub fn command(&self) -> Command {
        let home = self.folder.path().join("home");
        let mut command = Command::new(env!("CARGO_BIN_EXE_image-mirror"));
        command
            .env_clear()
            .env("HOME", &home)
            .env("PATH", "/usr/bin:/bin")
            .env("TZ", "UTC")
            .env("NO_COLOR", "1");
        command.env("ARTIFACTS", self.folder.path().join("artifacts"));
        command.envs(&self.environment).args(&self.words).current_dir(self.folder());
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// Runs it to its end. The fakes of this test go on answering meanwhile.
    pub async fn run(self) -> Ran {
        self.start().ended().await
    }

    /// Starts it, for tests that do something while it runs.
    pub fn start(self) -> Running {
        let mut command = tokio::process::Command::from(self.command());
        let mut child = command.kill_on_drop(true).spawn().expect("the program can be run");
        let mut stdin = child.stdin.take().expect("it was piped");
        let stderr = BufReader::new(child.stderr.take().expect("it was piped"));
        let (said, mut pipes) = (watch::Sender::new(String::new()), JoinSet::new());
        let listener = said.subscribe();
        pipes.spawn(async move {
            let mut lines = stderr.split(b'\n');
            while let Ok(Some(line)) = lines.next_segment().await {
                said.send_modify(|text| {
                    writeln!(text, "{}", String::from_utf8_lossy(&line)).expect("a string");
                });
            }
        });
        // A program that does not read all of it closes the pipe, which is no fault of the test.
        pipes.spawn(async move { drop(stdin.write_all(&self.stdin).await) });
        #[expect(clippy::disallowed_methods, reason = "said by whoever measures, not by what is tested")]
        let notes = std::env::var_os("PEAKS");
        if let (Some(file), Some(id)) = (notes, child.id()) {
            pipes.spawn(note_peak(file.into(), id, self.words));
        }
        Running { child, said: listener, within: self.within, folder: self.folder, pipes }
    }
}

/// How long a run may take unless it is told otherwise.
const PATIENCE: Duration = Duration::from_secs(90);

/// A run under way; it is killed when this is dropped.
#[derive(Debug)]
pub struct Running {
    child: Child,
    said: watch::Receiver<String>,
    within: Duration,
    folder: TempDir,
    pipes: JoinSet<()>,
}

impl Running {
    /// Its number among the programs of this machine.
    pub fn id(&self) -> u32 {
        self.child.id().expect("it was not waited for yet")
    }

    /// Ends it at once, as a machine that goes away does, and waits until it is gone.
    pub async fn kill(mut self) {
        self.child.kill().await.expect("it is ours to kill");
    }

    /// As [`Running::kill`] when `moment` comes. Says whether it came: the program may end before.
    pub async fn kill_when(mut self, moment: impl Future<Output = ()>) -> bool {
        let came = tokio::select! {
            () = moment => true,
            ended = self.child.wait() => ended.is_err(),
        };
        if came {
            self.kill().await;
        }
        came
    }

    /// As [`Running::ended`], but ends it at once (SIGKILL) when `moment` comes, if it did not end before.
    pub async fn killed_when(self, moment: impl Future<Output = ()>) -> Ran {
        let id = self.id().to_string();
        let mut ended = std::pin::pin!(self.ended());
        tokio::select! {
            ran = &mut ended => return ran,
            () = moment => {}
        }
        // It may just have ended by itself.
        let _ = Command::new("kill").args(["-KILL", &id]).stderr(Stdio::null()).status();
        ended.await
    }

    /// Asks it to stop, as Prow and Kubernetes do (SIGTERM).
    pub fn terminate(&self) {
        let asked = Command::new("kill").arg(self.id().to_string()).status();
        assert!(asked.expect("kill can be run").success());
    }

    /// Waits for its end, and gives the most memory that it had in use, in bytes.
    ///
    /// The figure of the kernel for ended programs is of no use here: it counts in what the test itself used
    /// before. So it is read every millisecond, and can miss only what the last one added.
    pub async fn ended_with_peak_memory(self) -> (Ran, u64) {
        let (id, mut peak) = (self.id(), 0);
        let watch = async {
            loop {
                let status =
                    tokio::fs::read_to_string(format!("/proc/{id}/status")).await.unwrap_or_default();
                peak = peak.max(peak_in(&status).unwrap_or(0));
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        let ran = tokio::select! {
            ran = self.ended() => ran,
            never = watch => never,
        };
        (ran, peak)
    }

    /// Waits until it has said `words` on standard error.
    pub async fn says(&mut self, words: &str) {
        let saying = self.said.wait_for(|text| text.contains(words));
        let said = tokio::time::timeout(self.within, saying).await.is_ok_and(|said| said.is_ok());
        assert!(said, "the program did not say `{words}`: {}", *self.said.borrow());
    }

    /// What it has said on standard error so far.
    pub fn said(&self) -> String {
        self.said.borrow().clone()
    }

    /// The most memory that it had in use so far, in bytes.
    pub fn peak_memory(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.id())).unwrap_or_default();
        peak_in(&status).expect("it runs")
    }

    /// Waits for its end; fails the test when that takes too long.
    pub async fn ended(self) -> Ran {
        let Self { child, said, within, folder, pipes } = self;
        let output =
            tokio::time::timeout(within, async { (child.wait_with_output().await, pipes.join_all().await) });
        let output = output.await.map(|(output, _)| output.expect("the program ends"));
        let output = output
            .unwrap_or_else(|_| panic!("the program did not end within {within:?}: {}", *said.borrow()));
        let stderr = said.borrow().clone();
        Ran {
            code: output.status.code(),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr,
            folder,
        }
    }
}

/// Appends to `file` how much memory the program had in use at most and how much CPU it took, and what it was started with: `PEAKS=FILE cargo test …`
async fn note_peak(file: PathBuf, id: u32, words: Vec<String>) {
    let read = |name: &str| std::fs::read_to_string(format!("/proc/{id}/{name}")).unwrap_or_default();
    let (mut peak, mut ticks) = (0, 0);
    while let Some(now) = peak_in(&read("status")) {
        let fields = read("stat");
        let fields: Vec<&str> = fields.rsplit(") ").next().unwrap_or_default().split(' ').collect();
        let used = fields.get(11..13).into_iter().flatten().filter_map(|it| it.parse::<u64>().ok()).sum();
        (peak, ticks) = (now, used);
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let line = format!("{} MiB {}0 ms {}\n", peak.div_ceil(1 << 20), ticks, words.join(" "));
    let mut notes =
        std::fs::OpenOptions::new().append(true).create(true).open(file).expect("a file for peaks");
    std::io::Write::write_all(&mut notes, line.as_bytes()).expect("a file for peaks");
}

fn peak_in(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kib: u64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
    Some(kib << 10)
}

/// What became of a run; its folder lives as long as this does.
#[derive(Debug)]
pub struct Ran {
    /// The exit code; None: ended by a signal.
    pub code: Option<i32>,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
    folder: TempDir,
}

impl Ran {
    /// A file of `$ARTIFACTS`.
    pub fn artifact(&self, name: &str) -> String {
        let path = self.folder.path().join("artifacts").join(name);
        std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("no artifact `{name}`: {error}\n{self}"))
    }

    /// The names of all files in `$ARTIFACTS`, sorted.
    pub fn artifacts(&self) -> Vec<String> {
        let files = std::fs::read_dir(self.folder.path().join("artifacts")).expect("a folder");
        let mut names: Vec<_> =
            files.map(|file| file.expect("a file").file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }

    /// The report, parsed.
    pub fn report(&self) -> Value {
        serde_json::from_str(&self.artifact(REPORT)).expect("the report is JSON")
    }

    /// The rows of the report.
    pub fn rows(&self) -> Vec<Value> {
        self.report()["rows"].as_array().expect("a report has rows").clone()
    }

    /// The rows of the report with this outcome.
    pub fn rows_that(&self, outcome: &str) -> Vec<Value> {
        self.rows().into_iter().filter(|row| row["outcome"] == outcome).collect()
    }

    /// Passes the run on when it exited so; shows everything when not.
    #[track_caller]
    pub fn exits(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "the exit code is not {code}\n{self}");
        self
    }

    /// The folder that it ran in.
    pub fn folder(&self) -> PathBuf {
        self.folder.path().join("work")
    }
}

impl std::fmt::Display for Ran {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "exit code {:?}\n--- stdout\n{}\n--- stderr\n{}", self.code, self.stdout, self.stderr)
    }
}

/// Writes a mapping file, and says where.
pub fn write_mapping(folder: &Path, name: &str, text: &str) -> PathBuf {
    let path = folder.join(name);
    write(&path, text.as_bytes());
    path
}

/// A docker config with these logins: `host`, `name`, `password`.
pub fn docker_config(logins: &[(&str, &str, &str)]) -> String {
    use base64::Engine as _;
    let auth = |name: &str, password: &str| {
        base64::engine::general_purpose::STANDARD.encode(format!("{name}:{password}"))
    };
    let auths: serde_json::Map<_, _> = logins
        .iter()
        .map(|(host, name, password)| ((*host).to_owned(), serde_json::json!({"auth": auth(name, password)})))
        .collect();
    serde_json::json!({"auths": auths}).to_string()
}

fn write(path: &Path, text: &[u8]) {
    std::fs::create_dir_all(path.parent().expect("a file is in a folder")).expect("a folder");
    std::fs::write(path, text).expect("a file");
}
