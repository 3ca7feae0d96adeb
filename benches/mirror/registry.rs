//! Debian's `docker-registry`, one process each, on loopback.

use std::fs::File;
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};

use crate::Result;
use crate::store::Store;
use crate::tokens::Tokens;

/// A running registry; it ends when this is dropped.
#[derive(Debug)]
pub struct Registry {
    pub store: Store,
    pub host: String,
    child: Child,
}

impl Registry {
    /// Serves `store`; to those with tokens of a service, where one is given by what it says of itself and its front.
    pub fn start(store: Store, tokens: Option<(&Tokens, &str)>) -> Result<Self> {
        // Whoever else asks for a port meanwhile is given another one: they are handed out in turn.
        let host = TcpListener::bind("127.0.0.1:0")?.local_addr()?.to_string();
        let root = store.root();
        let mut configuration = configuration(&store, &host);
        if let Some((tokens, front)) = tokens {
            configuration["auth"] = tokens.configuration(front, root)?;
        }
        let path = root.join("config.yml");
        // JSON is YAML.
        std::fs::write(&path, configuration.to_string())?;
        let mut command = Command::new("docker-registry");
        command.env_clear().env("PATH", "/usr/bin:/usr/local/bin").arg("serve").arg(path).current_dir(root);
        // Its heap is small, so that it collects garbage all the time: that took two fifths of its time.
        command.env("GOGC", "800");
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(File::create(root.join("log"))?);
        let child = command.spawn().map_err(|error| format!("docker-registry: {error}"))?;
        let mut registry = Self { store, host, child };
        registry.wait()?;
        Ok(registry)
    }

    /// Waits until it takes connections; at most ten seconds.
    fn wait(&mut self) -> Result<()> {
        for _ in 0..1000 {
            if TcpStream::connect(&self.host).is_ok() {
                return Ok(());
            }
            if self.child.try_wait()?.is_some() {
                break;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        let log = std::fs::read_to_string(self.store.root().join("log"))?;
        Err(format!("docker-registry does not listen: {log}").into())
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        // Both fail only where it has ended by itself.
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

fn configuration(store: &Store, host: &str) -> Value {
    json!({
        "version": 0.1,
        "log": {"level": "warn", "accesslog": {"disabled": true}},
        "storage": {
            "filesystem": {"rootdirectory": store.root()},
            "delete": {"enabled": true},
            "cache": {"blobdescriptor": "inmemory"},
        },
        "http": {"addr": host, "secret": "shared by nobody"},
    })
}
