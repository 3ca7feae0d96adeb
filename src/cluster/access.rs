//! Which cluster, and as whom: a kubeconfig, or what Kubernetes puts into each pod.

use std::path::PathBuf;
use std::time::Duration;

use kube::Config;
use kube::config::{ExecInteractiveMode, InClusterError, KubeConfigOptions, Kubeconfig};

use super::client::of_kubeconfig;
use super::error::Error;

/// How to reach a cluster.
#[derive(Debug, Clone, Default)]
pub struct Access {
    /// The files of a kubeconfig that was asked for: each must be there, and the first that says something wins.
    pub kubeconfig: Vec<PathBuf>,
    /// Where a kubeconfig may be if none was asked for. Those that are there count, as for `kubectl`; if none is, it is
    /// the cluster of this pod.
    pub usual: Vec<PathBuf>,
    /// The context of the kubeconfig; none: its current one.
    pub context: Option<String>,
}

/// A watch is silent for 290 seconds at most, so a connection that is for longer leads nowhere.
const LONGEST_SILENCE: Duration = Duration::from_secs(295);
const CONNECT: Duration = Duration::from_secs(10);

impl Access {
    /// What leads to the cluster, and the context of the kubeconfig that says so.
    pub(super) async fn config(&self) -> Result<(Config, Option<String>), Error> {
        let files = self.files();
        let (mut config, context) =
            if files.is_empty() { (self.of_the_pod()?, None) } else { self.of_files(&files).await? };
        // What is worth another try is decided here, where tries are counted.
        config.default_retry = false;
        config.connect_timeout = Some(CONNECT);
        config.read_timeout = Some(LONGEST_SILENCE);
        // Else what a login program says would go to our stderr, and secrets with it; nobody is there to answer it.
        if let Some(program) = &mut config.auth_info.exec {
            program.interactive_mode = Some(ExecInteractiveMode::Never);
        }
        Ok((config, context))
    }

    fn files(&self) -> Vec<PathBuf> {
        if self.kubeconfig.is_empty() {
            self.usual.iter().filter(|path| path.exists()).cloned().collect()
        } else {
            self.kubeconfig.clone()
        }
    }

    fn of_the_pod(&self) -> Result<Config, Error> {
        let none = if self.usual.is_empty() {
            "no kubeconfig is named".to_owned()
        } else {
            format!("there is no kubeconfig at {}", list(&self.usual))
        };
        if let Some(context) = &self.context {
            return Err(Error::no_cluster(format!("{none}, and so no context `{context}`")));
        }
        Config::incluster().map_err(|error| {
            Error::no_cluster(match error {
                InClusterError::ReadEnvironmentVariable(_) => format!("{none}, and this is no pod"),
                error => format!("{none}, and the service account of this pod is of no use: {error}"),
            })
        })
    }

    async fn of_files(&self, files: &[PathBuf]) -> Result<(Config, Option<String>), Error> {
        let mut merged = Kubeconfig::default();
        for path in files {
            let operation = || format!("reading the kubeconfig `{}`", path.display());
            let wrong = |error| Error::setup(operation(), of_kubeconfig(error));
            merged = merged.merge(Kubeconfig::read_from(path).map_err(wrong)?).map_err(wrong)?;
        }
        let context = self.context.clone().or_else(|| merged.current_context.clone());
        let options = KubeConfigOptions { context: context.clone(), ..Default::default() };
        let config = Config::from_custom_kubeconfig(merged, &options).await;
        let operation = || format!("reading the kubeconfig {}", list(files));
        let config = config.map_err(|error| Error::setup(operation(), of_kubeconfig(error)))?;
        Ok((config, context))
    }
}

fn list(files: &[PathBuf]) -> String {
    let files: Vec<_> = files.iter().map(|path| format!("`{}`", path.display())).collect();
    files.join(", ")
}
