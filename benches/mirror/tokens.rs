//! A token service whose tokens `docker-registry` checks, and the login that it knows.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::runtime::Runtime;

use crate::Result;
use crate::support::registry::{Grant, ISSUER, TokenServer};
use crate::support::run::docker_config;

const NAME: &str = "bench";
const PASSWORD: &str = "known to both";
/// As long as Docker Hub's.
const LIFETIME: Duration = Duration::from_mins(5);

/// The service, in this process.
#[derive(Debug)]
pub struct Tokens {
    server: TokenServer,
    host: String,
    /// It runs on this.
    _runtime: Runtime,
}

impl Tokens {
    pub fn start() -> Result<Self> {
        let runtime = Runtime::new()?;
        let server = TokenServer::builder().account(NAME, PASSWORD, [Grant::everything()]);
        let server = runtime.block_on(server.lifetime(LIFETIME).signing().start());
        let host = server.realm().trim_start_matches("http://").trim_end_matches("/token").to_owned();
        Ok(Self { server, host, _runtime: runtime })
    }

    /// `HOST:PORT`
    pub fn host(&self) -> &str {
        &self.host
    }

    /// What a registry is told of it; `front` is where clients find it, `folder` is the registry's.
    pub fn configuration(&self, front: &str, folder: &Path) -> Result<Value> {
        let path = folder.join("certificate.pem");
        fs::write(&path, self.server.certificate())?;
        Ok(json!({"token": {
            "realm": format!("https://{front}/token"),
            "service": self.server.service(),
            "issuer": ISSUER,
            "rootcertbundle": path,
        }}))
    }
}

/// Writes the login for all of `hosts` into a file of `folder`.
pub fn authfile(folder: &Path, hosts: &[&str]) -> Result<PathBuf> {
    let logins: Vec<_> = hosts.iter().map(|host| (*host, NAME, PASSWORD)).collect();
    let path = folder.join("auth.json");
    fs::write(&path, docker_config(&logins))?;
    Ok(path)
}
