//! Programs of others, as Debian packages them: `docker-registry` (Distribution 2.8) and `skopeo`.
//!
//! A registry listens on a loopback port of its own, keeps its data in a temporary folder, and is ended when
//! it is dropped. Nothing is skipped where a program is absent: the test fails and says what to install.

use std::fs::{File, read_to_string};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;

use super::registry::{ISSUER, TokenServer};

const INSTALL: &str = "apt-get install docker-registry skopeo apache2-utils python3-yaml";

/// What it writes to its log once it listens.
const LISTENING: &str = "listening on ";

/// A `docker-registry` of our own.
#[derive(Debug)]
pub struct RealRegistry {
    host: String,
    folder: TempDir,
    child: Child,
}

/// How a real registry knows its clients.
#[derive(Debug, Clone)]
enum Access {
    Open,
    Htpasswd { name: String, password: String },
    Tokens(TokenServer),
}

impl RealRegistry {
    /// One that is open to everybody.
    pub async fn open() -> Self {
        Self::start(Access::Open).await
    }

    /// One that wants this login.
    pub async fn htpasswd(name: &str, password: &str) -> Self {
        Self::start(Access::Htpasswd { name: name.to_owned(), password: password.to_owned() }).await
    }

    /// One that wants tokens of this server, which must be a `signing` one.
    pub async fn tokens(tokens: &TokenServer) -> Self {
        Self::start(Access::Tokens(tokens.clone())).await
    }

    /// `127.0.0.1:PORT`
    pub fn host(&self) -> &str {
        &self.host
    }

    /// `127.0.0.1:PORT/repository:tag`
    pub fn image(&self, repository: &str, tag: &str) -> String {
        format!("{}/{repository}:{tag}", self.host)
    }

    /// What it has written to its log so far; a line for each request is among it.
    pub fn log(&self) -> String {
        read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }

    /// The requests in its log, as `GET /v2/… 200`, in the order they were answered.
    pub fn requests(&self) -> Vec<String> {
        let log = self.log();
        let lines = log.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        let answered = lines.filter(|line| line["http.response.status"].is_number());
        let text = |line: &Value, key: &str| line[key].as_str().unwrap_or_default().to_owned();
        answered
            .filter(|line| text(line, "msg").starts_with("response completed"))
            .map(|line| {
                let (method, uri) = (text(&line, "http.request.method"), text(&line, "http.request.uri"));
                format!("{method} {uri} {}", line["http.response.status"])
            })
            .collect()
    }

    async fn start(access: Access) -> Self {
        tokio::task::spawn_blocking(move || Self::launch(&access)).await.expect("docker-registry runs")
    }

    fn launch(access: &Access) -> Self {
        let program = find("docker-registry");
        let folder = tempfile::tempdir().expect("a temporary folder");
        let config = folder.path().join("config.yml");
        // JSON is YAML.
        std::fs::write(&config, configuration(folder.path(), access).to_string()).expect("a file");
        let log = File::create(folder.path().join("log")).expect("a file");
        let mut command = clean(&program, folder.path());
        command.arg("serve").arg(config).stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
        let child = command.spawn().expect("docker-registry can be run");
        let mut registry = Self { host: String::new(), folder, child };
        registry.host = registry.listening();
        registry
    }

    /// Waits until it says in its log which port it got; at most ten seconds.
    fn listening(&mut self) -> String {
        for _ in 0..1000 {
            let log = self.log();
            if let Some((_, after)) = log.split_once(LISTENING) {
                let end = after.find(|letter: char| !letter.is_ascii_digit() && !".:".contains(letter));
                return after[..end.unwrap_or(after.len())].to_owned();
            }
            if self.child.try_wait().is_ok_and(|ended| ended.is_some()) {
                break;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        panic!("docker-registry does not listen: {}", self.log());
    }
}

impl Drop for RealRegistry {
    fn drop(&mut self) {
        // Both fail only where it has ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn configuration(folder: &Path, access: &Access) -> Value {
    let mut configuration = json!({
        "version": 0.1,
        "log": {"level": "info", "formatter": "json", "accesslog": {"disabled": true}},
        "storage": {"filesystem": {"rootdirectory": folder.join("data")}, "delete": {"enabled": true}},
        "http": {"addr": "127.0.0.1:0", "secret": "shared by nobody"},
    });
    match access {
        Access::Open => {}
        Access::Htpasswd { name, password } => {
            let path = folder.join("htpasswd");
            let made = clean(&find("htpasswd"), folder).arg("-Bbn").args([name, password]).output();
            std::fs::write(&path, made.expect("htpasswd can be run").stdout).expect("a file");
            configuration["auth"] = json!({"htpasswd": {"realm": "real registry", "path": path}});
        }
        Access::Tokens(tokens) => {
            let path = folder.join("certificate.pem");
            std::fs::write(&path, tokens.certificate()).expect("a file");
            configuration["auth"] = json!({"token": {
                "realm": tokens.realm(), "service": tokens.service(), "issuer": ISSUER, "rootcertbundle": path,
            }});
        }
    }
    configuration
}

/// Where a program is; fails the test where it is not.
fn find(program: &str) -> PathBuf {
    let folders = ["/usr/bin", "/usr/local/bin", "/bin", "/usr/sbin"];
    let path = folders.iter().map(|folder| Path::new(folder).join(program)).find(|path| path.exists());
    path.unwrap_or_else(|| panic!("`{program}` is not installed; this test needs it: {INSTALL}"))
}

/// A command that sees nothing of the environment that the tests run in.
fn clean(program: &Path, home: &Path) -> Command {
    let mut command = Command::new(program);
    command
        .env_clear()
        .env("HOME", home)
        .env("XDG_RUNTIME_DIR", home)
        .env("PATH", "/usr/bin:/bin")
        .current_dir(home);
    command
}

/// Runs skopeo with these words, without TLS verification where it is to be said before the command's own
/// flags: `skopeo(&["inspect", "--raw", "--tls-verify=false", "docker://…"])`.
pub async fn skopeo(words: &[&str]) -> Output {
    let words: Vec<_> = words.iter().map(|&word| word.to_owned()).collect();
    let ran = tokio::task::spawn_blocking(move || {
        let home = tempfile::tempdir().expect("a temporary folder");
        // Its own policy file may be absent; nothing here is signed.
        clean(&find("skopeo"), home.path())
            .arg("--insecure-policy")
            .args(words)
            .output()
            .expect("skopeo can be run")
    });
    ran.await.expect("skopeo runs")
}

/// The raw manifest of `image` (`HOST/repository:tag`) as skopeo reads it; `login` is `name:password`.
pub async fn skopeo_raw(image: &str, login: Option<&str>) -> Vec<u8> {
    let address = format!("docker://{image}");
    let mut words = vec!["inspect", "--raw", "--tls-verify=false"];
    words.extend(login.iter().flat_map(|login| ["--creds", login]));
    words.push(&address);
    succeeded(skopeo(&words).await).stdout
}

/// Copies with skopeo, everything and byte for byte; `from` and `to` are `HOST/repository:tag`.
/// `logins` are `--src-creds=name:password` and `--dest-creds=name:password`, where needed.
pub async fn skopeo_copy(from: &str, to: &str, logins: &[&str]) {
    let (from, to) = (format!("docker://{from}"), format!("docker://{to}"));
    let mut words =
        vec!["copy", "--all", "--preserve-digests", "--src-tls-verify=false", "--dest-tls-verify=false"];
    words.extend(logins);
    words.extend([from.as_str(), to.as_str()]);
    succeeded(skopeo(&words).await);
}

/// The output of a program that must have succeeded.
pub fn succeeded(output: Output) -> Output {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    output
}
