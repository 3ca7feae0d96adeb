//! What the machine can do: a program that only looks. It HEADs the tags of each host, all at once on one HTTP/2 connection
//! a host, and ends with the last answer. The benchmark starts itself again as it.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use futures_util::{TryStreamExt as _, stream};
use http::header::ACCEPT;
use http::{Method, Request};
use hyper::client::conn::http2::{Builder, SendRequest};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::aws_lc_rs::default_provider;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use crate::Result;
use crate::set::Set;

/// The word that makes this program be that one: `--floor CA_FILE LIST`.
pub const FLOOR: &str = "--floor";

const STREAMS: usize = 128;
const MANIFESTS: &str = "application/vnd.oci.image.index.v1+json, application/vnd.oci.image.manifest.v1+json, \
    application/vnd.docker.distribution.manifest.list.v2+json, application/vnd.docker.distribution.manifest.v2+json";

/// What it is to look at, a line each: `HOST PATH`.
pub fn list(set: &Set, hosts: &[&str]) -> String {
    let path = |host: &str| {
        let line =
            |line: &crate::set::Line| format!("{host} /v2/{}/manifests/{}\n", line.repository, line.tag);
        set.lines.iter().map(line).collect::<String>()
    };
    hosts.iter().map(|host| path(host)).collect()
}

/// The program itself.
pub fn child(authority: &Path, list: &Path) -> Result<()> {
    let list = std::fs::read_to_string(list)?;
    let mut hosts = BTreeMap::<_, Vec<_>>::new();
    for (host, path) in list.lines().filter_map(|line| line.split_once(' ')) {
        hosts.entry(host).or_default().push(path);
    }
    let tls = connector(authority)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let looks = hosts.into_iter().map(|(host, paths)| look(&tls, host, paths));
        futures_util::future::try_join_all(looks).await.map(drop)
    })
}

fn connector(authority: &Path) -> Result<TlsConnector> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(authority)?)?;
    let config = ClientConfig::builder_with_provider(Arc::new(default_provider()));
    let mut config =
        config.with_safe_default_protocol_versions()?.with_root_certificates(roots).with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec()];
    Ok(TlsConnector::from(Arc::new(config)))
}

async fn look(tls: &TlsConnector, host: &str, paths: Vec<&str>) -> Result<()> {
    let address: SocketAddr = host.parse()?;
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let stream = tls.connect(ServerName::IpAddress(address.ip().into()), stream).await?;
    let mut client = Builder::new(TokioExecutor::new());
    client.initial_max_send_streams(STREAMS);
    let (requests, connection) = client.handshake(TokioIo::new(stream)).await?;
    let mut connections = JoinSet::new();
    connections.spawn(connection);
    stream::iter(paths.into_iter().map(Ok))
        .try_for_each_concurrent(STREAMS, |path| head(requests.clone(), host, path))
        .await
}

async fn head(mut requests: SendRequest<axum::body::Body>, host: &str, path: &str) -> Result<()> {
    let request = Request::builder().method(Method::HEAD).uri(format!("https://{host}{path}"));
    let request = request.header(ACCEPT, MANIFESTS).body(axum::body::Body::empty())?;
    requests.ready().await?;
    let answer = requests.send_request(request).await?;
    if answer.status().is_success() {
        Ok(())
    } else {
        Err(format!("{} {host}{path}", answer.status()).into())
    }
}
