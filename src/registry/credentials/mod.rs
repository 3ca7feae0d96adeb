//! Which login is used for which repository.
//!
//! Reads docker and podman credential files, and the service-account token of the pod for the
//! cluster's own registry. It does not talk to registries and does not read the environment: the
//! places to search come in as [`SearchPaths`].

mod entry;
mod error;
mod file;
mod key;
mod login;
mod program;
#[cfg(any(test, fuzzing))]
pub(crate) mod properties;

#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

pub(crate) use entry::Entry;
pub use error::{CredentialError, LoadError, ProgramFault};
pub use login::Fault;
pub(crate) use login::Login;

use crate::error::LoginName;
use crate::model::{Host, Repository};
use crate::redact::Secret;

/// Where the service account of a pod finds its token, and the CA of the services beside it.
const SERVICE_ACCOUNT: &str = "/var/run/secrets/kubernetes.io/serviceaccount";

/// Where credential files are looked for; the values of the variables of the same names.
#[derive(Debug, Clone, Default)]
pub struct SearchPaths {
    /// `--authfile` or `REGISTRY_AUTH_FILE`: this file and no other.
    pub authfile: Option<PathBuf>,
    /// `XDG_RUNTIME_DIR`.
    pub xdg_runtime_dir: Option<PathBuf>,
    /// `XDG_CONFIG_HOME`; `~/.config` if unset.
    pub xdg_config_home: Option<PathBuf>,
    /// `DOCKER_CONFIG`, a directory; `~/.docker` if unset.
    pub docker_config: Option<PathBuf>,
    /// `HOME`.
    pub home: Option<PathBuf>,
}

impl SearchPaths {
    /// The files to read when none was named, most important first.
    fn files(&self) -> Vec<PathBuf> {
        let in_home = |name: &str| self.home.as_ref().map(|home| home.join(name));
        let config = self.xdg_config_home.clone().or_else(|| in_home(".config"));
        let docker = self.docker_config.clone().or_else(|| in_home(".docker"));
        [
            self.xdg_runtime_dir.as_ref().map(|dir| dir.join("containers/auth.json")),
            config.map(|dir| dir.join("containers/auth.json")),
            docker.map(|dir| dir.join("config.json")),
        ]
        .into_iter()
        .flatten()
        .collect()
    }
}

/// The registry of the cluster that the program runs in: `--cluster-registry HOST`.
#[derive(Debug, Clone)]
pub struct ClusterRegistry {
    /// The registry.
    pub host: Host,
    /// The file with the token; read again before each use, since Kubernetes rotates it.
    pub token: PathBuf,
    /// The CA that signs the certificates of the cluster's services.
    pub ca: PathBuf,
}

impl ClusterRegistry {
    /// The registry `host` with the files of the pod's service account.
    #[must_use]
    pub fn new(host: Host) -> Self {
        let directory = Path::new(SERVICE_ACCOUNT);
        Self { host, token: directory.join("token"), ca: directory.join("service-ca.crt") }
    }
}

/// The logins that one role (source or target) may use. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Credentials(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    /// Most important first: the first of the longest keys wins.
    entries: Vec<Arc<Entry>>,
    /// The first `credsStore`, asked for hosts that no entry names.
    store: Option<Store>,
    warnings: Vec<String>,
    ca: Option<PathBuf>,
}

#[derive(Debug)]
struct Store {
    file: Arc<Path>,
    name: String,
    asked: Mutex<HashMap<Host, Arc<Entry>>>,
}

impl Credentials {
    /// No login for any registry.
    #[must_use]
    pub fn anonymous() -> Self {
        Self::default()
    }

    /// Reads the credential files that `paths` names. Broken entries are kept and fail only the
    /// requests that would use them; what is wrong with whole files that were merely found is in
    /// [`Credentials::warnings`].
    ///
    /// # Errors
    /// A file that was named ([`SearchPaths::authfile`]) and is absent, unreadable or of another form.
    pub fn load<'a>(
        paths: &SearchPaths,
        clusters: impl IntoIterator<Item = &'a ClusterRegistry>,
    ) -> Result<Self, LoadError> {
        let mut inner = Inner::default();
        for cluster in clusters {
            inner.entries.push(Arc::new(Entry::service_account(cluster)));
            inner.ca = Some(cluster.ca.clone());
        }
        match &paths.authfile {
            Some(path) => inner.add(file::read(path)?),
            None => {
                for path in paths.files() {
                    inner.add_found(&path);
                }
            }
        }
        Ok(Self(Arc::new(inner)))
    }

    /// What was wrong with the files as such, a sentence each, without any secret.
    #[must_use]
    pub fn warnings(&self) -> &[String] {
        &self.0.warnings
    }

    /// Logins that can be seen to be of no use, whether anything needs them or not, and why. Programs are not run.
    pub fn useless(&self) -> impl Iterator<Item = (LoginName, String)> {
        self.0.entries.iter().filter_map(|entry| Some((entry.name(), entry.fault()?)))
    }

    /// A CA that is to be trusted besides the usual ones: the one beside the service-account token,
    /// if a cluster registry was named and the file is there.
    #[must_use]
    pub fn extra_ca(&self) -> Option<PathBuf> {
        self.0.ca.clone().filter(|path| path.is_file())
    }

    /// Which login would be used for `repository`, in words, without any secret.
    #[must_use]
    pub fn describe(&self, repository: &Repository) -> String {
        match self.choose(&repository.host, &repository.name) {
            Some(entry) => entry.to_string(),
            None => format!("anonymous (no login matches `{repository}`)"),
        }
    }

    /// The user name and the password for `repository`, for programs that we start; none: there are none, or something else
    /// than a password.
    ///
    /// # Errors
    /// When the entry that would be used is broken, or its program does not give a login.
    pub async fn password(
        &self,
        repository: &Repository,
    ) -> Result<Option<(String, Secret)>, CredentialError> {
        let Some(entry) = self.choose(&repository.host, &repository.name) else { return Ok(None) };
        Ok(entry.login().await?.and_then(|login| match &*login {
            Login::Password { user, password } => Some((user.clone(), password.clone())),
            Login::Identity { .. } | Login::Bearer { .. } => None,
        }))
    }

    /// The entry with the longest key that is `host/name` or a prefix of it in whole components;
    /// of equally long ones the first.
    pub(crate) fn choose(&self, host: &Host, name: &str) -> Option<Arc<Entry>> {
        let mut best: Option<(usize, &Arc<Entry>)> = None;
        for entry in &self.0.entries {
            if let Some(length) = entry.key().matches(host, name)
                && best.is_none_or(|(longest, _)| length > longest)
            {
                best = Some((length, entry));
            }
        }
        match best {
            Some((_, entry)) => Some(Arc::clone(entry)),
            None => self.0.store.as_ref().map(|store| store.entry(host)),
        }
    }
}

impl Inner {
    fn add(&mut self, parsed: file::Parsed) {
        self.entries.extend(parsed.entries.into_iter().map(Arc::new));
        self.warnings.extend(parsed.warnings);
        if let (None, Some(name)) = (&self.store, parsed.store) {
            self.store = Some(Store { file: parsed.file, name, asked: Mutex::default() });
        }
    }

    /// A file that nobody named: its absence is normal, and what is wrong with it is a warning.
    fn add_found(&mut self, path: &Path) {
        match file::read(path) {
            Ok(parsed) => self.add(parsed),
            // A docker configuration need not have logins.
            Err(LoadError::Shape { .. }) => {}
            Err(error) if error.is_absent() => {}
            Err(error) => self.warnings.push(format!("{}; it is not used", crate::error::Chain(&error))),
        }
    }
}

impl Store {
    fn entry(&self, host: &Host) -> Arc<Entry> {
        let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        let entry = asked
            .entry(host.clone())
            .or_insert_with(|| Arc::new(Entry::of_store(&self.file, &self.name, host)));
        Arc::clone(entry)
    }
}
