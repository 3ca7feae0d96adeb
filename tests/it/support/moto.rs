//! `moto_server`, a server that speaks S3 and was written by others; `.ci/moto` installs it.
//!
//! It listens on a loopback port of its own, keeps everything in memory, and is ended when it is dropped. It does
//! not look at signatures.

use std::fs::{File, read_to_string};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tempfile::TempDir;

/// What it writes to its log once it listens.
const LISTENING: &str = "Running on http://";

/// A running `moto_server`.
#[derive(Debug)]
pub struct Moto {
    host: String,
    folder: TempDir,
    child: Child,
}

impl Moto {
    /// Starts one, with an empty bucket called `bucket`.
    pub async fn start(bucket: &str) -> Self {
        let moto = tokio::task::spawn_blocking(Self::launch).await.expect("moto_server runs");
        let made = reqwest::Client::new().put(moto.url(bucket)).send().await.expect("it answers");
        assert!(made.status().is_success(), "{made:?}");
        moto
    }

    /// `http://127.0.0.1:PORT`
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.host)
    }

    /// `http://127.0.0.1:PORT/PATH`
    pub fn url(&self, path: &str) -> String {
        format!("{}/{path}", self.endpoint())
    }

    fn launch() -> Self {
        let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/moto/bin/moto_server");
        assert!(program.exists(), "moto is not installed; this test needs it: .ci/moto");
        let folder = tempfile::tempdir().expect("a temporary folder");
        let log = File::create(folder.path().join("log")).expect("a file");
        let child = Command::new(program)
            .args(["-H", "127.0.0.1", "-p", "0"])
            .env_clear()
            .env("HOME", folder.path())
            .env("PATH", "/usr/bin:/bin")
            .current_dir(folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .expect("moto_server can be run");
        let mut moto = Self { host: String::new(), folder, child };
        moto.host = moto.listening();
        moto
    }

    fn log(&self) -> String {
        read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }

    /// Waits until it says in its log which port it got; at most a minute, as it is Python that is loaded.
    fn listening(&mut self) -> String {
        for _ in 0..6000 {
            if let Some((_, after)) = self.log().split_once(LISTENING)
                && let Some((host, _)) = after.split_once('\n')
            {
                return host.trim().to_owned();
            }
            if self.child.try_wait().is_ok_and(|ended| ended.is_some()) {
                break;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        panic!("moto_server does not listen: {}", self.log());
    }
}

impl Drop for Moto {
    fn drop(&mut self) {
        // Both fail only where it has ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
