//! Which cluster, and as whom: a kubeconfig, or what Kubernetes puts into each pod.

use std::path::PathBuf;
use std::time::Duration;

use kube::Config;
use kube::config::{KubeConfigOptions, Kubeconfig, KubeconfigError};

use super::error::{Cause, Error};

/// How to reach a cluster.
#[derive(Debug, Clone, Default)]
pub struct Access {
    /// The kubeconfig's files; as with `kubectl`, the first that says something wins. None: the cluster of this pod.
    pub kubeconfig: Vec<PathBuf>,
    /// The kubeconfig where none is named, if it is there: `~/.kube/config`, as for `kubectl`.
    pub of_home: Option<PathBuf>,
    /// The context of the kubeconfig; none: its current one.
    pub context: Option<String>,
}

/// A watch is silent for 290 seconds at most, so a connection that is for longer leads nowhere.
const LONGEST_SILENCE: Duration = Duration::from_secs(295);
const CONNECT: Duration = Duration::from_secs(10);

impl Access {
    pub(super) async fn config(&self) -> Result<Config, Error> {
        let of_home = self.of_home.clone().filter(|path| self.kubeconfig.is_empty() && path.is_file());
        let files: Vec<PathBuf> = self.kubeconfig.iter().cloned().chain(of_home).collect();
        let mut config = if files.is_empty() { self.of_the_pod()? } else { self.of_files(&files).await? };
        // What is worth another try is decided here, where tries are counted.
        config.default_retry = false;
        config.connect_timeout = Some(CONNECT);
        config.read_timeout = Some(LONGEST_SILENCE);
        Ok(config)
    }

    fn of_the_pod(&self) -> Result<Config, Error> {
        if let Some(context) = &self.context {
            let said = format!("the context `{context}` is named, and no kubeconfig");
            return Err(Error::setup("finding the cluster", said.into()));
        }
        Config::incluster().map_err(|error| Error::no_cluster(Box::new(error)))
    }

    async fn of_files(&self, files: &[PathBuf]) -> Result<Config, Error> {
        let mut merged = Kubeconfig::default();
        for path in files {
            let operation = || format!("reading the kubeconfig `{}`", path.display());
            let read = Kubeconfig::read_from(path).map_err(|error| Error::setup(operation(), told(error)))?;
            merged = merged.merge(read).map_err(|error| Error::setup(operation(), told(error)))?;
        }
        let options = KubeConfigOptions { context: self.context.clone(), ..Default::default() };
        let config = Config::from_custom_kubeconfig(merged, &options).await;
        config.map_err(|error| Error::setup(reading(files), told(error)))
    }
}

fn reading(files: &[PathBuf]) -> String {
    let files: Vec<_> = files.iter().map(|path| format!("`{}`", path.display())).collect();
    format!("reading the kubeconfig {}", files.join(", "))
}

/// The error without the lines of the file that it would show: a token may stand in them.
fn told(error: KubeconfigError) -> Cause {
    match error {
        KubeconfigError::ReadConfig(error, _) => error.into(),
        KubeconfigError::Parse(error) => {
            let place = error.location().map(|at| format!("line {}: ", at.line())).unwrap_or_default();
            format!("{place}this is no kubeconfig").into()
        }
        error => error.to_string().into(),
    }
}
