//! TLS: whom we trust, and what is said where that is not enough.
//!
//! `tests/data/tls` holds a CA, and a certificate of it for 127.0.0.1 with its key, which guards nothing.

use std::path::PathBuf;
use std::sync::Arc;

use image_mirror::error::{Chain, Class, Classify};
use image_mirror::model::{Host, ImageRef, Repository, Tag, Version};
use image_mirror::registry::{Client, Credentials, Options};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

use super::client_with;
use crate::support::{FakeRegistry, any};

fn data(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data/tls").join(name)
}

/// A registry behind TLS that knows one answer.
async fn secure() -> (Host, JoinSet<()>) {
    let chain = vec![CertificateDer::from_pem_file(data("server.pem")).unwrap()];
    let key = PrivateKeyDer::from_pem_file(data("server.key")).unwrap();
    let config = ServerConfig::builder().with_no_client_auth().with_single_cert(chain, key).unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let host = Host::new(&listener.local_addr().unwrap().to_string());
    let mut server = JoinSet::new();
    server.spawn(async move {
        loop {
            let (socket, _) = listener.accept().await.unwrap();
            let Ok(mut stream) = acceptor.accept(socket).await else { continue };
            let _ = stream.read(&mut [0; 4096]).await;
            let answer = b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
            let _ = stream.write_all(answer).await;
            let _ = stream.shutdown().await;
        }
    });
    (host, server)
}

fn image(host: &Host) -> ImageRef {
    let repository = Repository { host: host.clone(), name: "a/b".into() };
    ImageRef::new(repository, Version::Tag(Tag::parse("v1").unwrap()))
}

fn trusting(host: &Host, ca_files: Vec<PathBuf>) -> Client {
    client_with(|options| (options.tls, options.ca_files) = (vec![host.clone()], ca_files))
}

#[tokio::test]
async fn a_certificate_of_an_unknown_authority_is_refused_at_once_with_the_flag_that_helps() {
    let (host, _server) = secure().await;
    let client = trusting(&host, Vec::new());

    let error = client.head_manifest(&image(&host)).await.unwrap_err();

    assert_eq!((error.class(), error.attempts()), (Class::Protocol, 1));
    assert_eq!(error.unreached(), Some(host.as_str()));
    assert!(error.advice().unwrap().contains("--ca-file"), "{error:?}");
    assert!(Chain(&error).to_string().contains("UnknownIssuer"), "{}", Chain(&error));
    assert_eq!(client.wire().requests.head, 1, "trust does not come with time");
}

#[tokio::test]
async fn a_certificate_of_an_authority_that_was_named_is_trusted() {
    let (host, _server) = secure().await;
    let client = trusting(&host, vec![data("ca.pem")]);
    assert_eq!(client.head_manifest(&image(&host)).await.unwrap(), None);
}

#[tokio::test]
async fn https_to_a_registry_that_speaks_http_says_which_flag_helps() {
    let registry = FakeRegistry::start().await;
    let host = Host::new(registry.host());
    let error = trusting(&host, Vec::new()).head_manifest(&image(&host)).await.unwrap_err();
    assert_eq!((error.class(), error.attempts()), (Class::Protocol, 1));
    assert!(error.advice().unwrap().contains("--plain-http"), "{error:?}");
    assert_eq!(registry.count(any()), 0);
}

#[tokio::test]
async fn http_to_a_registry_that_speaks_https_fails() {
    let (host, _server) = secure().await;
    let error = super::client().head_manifest(&image(&host)).await.unwrap_err();
    assert_eq!(error.unreached(), Some(host.as_str()));
}

#[test]
fn a_ca_file_that_is_absent_or_holds_no_certificate_stops_everything() {
    for name in ["absent.pem", "server.key"] {
        let options = Options { ca_files: vec![data(name)], ..Options::default() };
        let none = Credentials::anonymous;
        let error = Client::new(options, none(), none()).unwrap_err();
        assert_eq!(error.class(), Class::Invalid, "{name}");
        assert!(error.to_string().contains(name), "{error}");
    }
}

#[test]
fn a_client_certificate_without_its_key_stops_everything() {
    let options = Options { client_certificate: Some(data("server.pem")), ..Options::default() };
    let none = Credentials::anonymous;
    let error = Client::new(options, none(), none()).unwrap_err();
    assert_eq!(error.class(), Class::Invalid);
}
