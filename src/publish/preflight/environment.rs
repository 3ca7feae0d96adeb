//! The environment of the program, made from nothing.

use std::ffi::OsString;

use secrecy::ExposeSecret as _;

use super::Preflight;
use super::attempt::{Attempt, Logs};
use super::check::Check;

/// What the program inherits of our environment, where it is set: where programs and files are, the way to the network.
pub const INHERITED: [&str; 11] = [
    "PATH",
    "HOME",
    "TMPDIR",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "NO_PROXY",
    "http_proxy",
    "https_proxy",
    "no_proxy",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
];

/// Names and values of an environment.
pub(super) type Environment = Vec<(String, OsString)>;

impl Preflight {
    /// What it has of ours.
    pub(super) fn inherited(&self) -> Environment {
        let may_have = |name: &str| INHERITED.contains(&name);
        self.inherit.iter().filter(|(name, _)| may_have(name)).cloned().collect()
    }

    /// All that it is told by its environment, in which others can not look as they can in its arguments.
    pub(super) fn environment(&self, check: &Check, attempt: &Attempt, logs: &Logs) -> Environment {
        let mut all = self.inherited();
        let mut set = |name: &str, value: OsString| all.push((format!("PFLT_{name}"), value));
        set("PYXIS_ENV", (&self.pyxis_env).into());
        if let Some(host) = &self.pyxis_host {
            set("PYXIS_HOST", host.into());
        }
        set("DOCKERCONFIG", attempt.docker_config().into());
        set("ARTIFACTS", attempt.artifacts().into());
        set("LOGFILE", logs.log().into());
        // What it says of images that were submitted is of this level.
        set("LOGLEVEL", "info".into());
        if let Some(project) = &check.project {
            // Its name since 1.12, and the one before that.
            set("CERTIFICATION_COMPONENT_ID", (&project.component_id).into());
            set("CERTIFICATION_PROJECT_ID", (&project.component_id).into());
            set("PYXIS_API_TOKEN", project.api_token.expose_secret().into());
        }
        all
    }
}
