//! The API server, as errors speak of it.

use std::fmt;

use kube::Config;

/// Which API server, and how we came to it. Nothing here is secret.
#[derive(Debug, Default)]
pub(super) struct Server {
    /// Host and port.
    pub(super) host: String,
    /// The context of the kubeconfig; none: there is no kubeconfig.
    context: Option<String>,
    /// The login program of the kubeconfig, without its arguments.
    pub(super) program: Option<String>,
}

impl Server {
    /// The one that `config` leads to, by `context`.
    pub(super) fn of(config: &Config, context: Option<String>) -> Self {
        let (url, login) = (&config.cluster_url, &config.auth_info);
        // Not the authority: a name and a password may stand in it.
        let host = url.host().unwrap_or_default();
        let host = url.port_u16().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
        let named = login.exec.as_ref().and_then(|exec| exec.command.as_deref());
        // Who writes arguments into the name of the program does not get them shown.
        let program = named.and_then(|named| named.split_whitespace().next()).map(str::to_owned);
        Self { host, context, program }
    }
}

impl fmt::Display for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the API server of the cluster")?;
        self.context.as_ref().map_or(Ok(()), |context| write!(f, " (context `{context}`)"))
    }
}
