//! TLS: whom we trust, and what is said where that is not enough.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use image_mirror::error::{Chain, Class, Classify};
use image_mirror::model::{Host, ImageRef, Repository, Tag, Version};
use image_mirror::registry::{Client, Credentials, Options};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

use super::client_with;
use crate::support::{FakeRegistry, any};

/// A registry behind TLS that knows one answer.
struct Secure {
    host: Host,
    folder: TempDir,
    _server: JoinSet<()>,
}

impl Secure {
    async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let acceptor = TlsAcceptor::from(Arc::new(identity(folder.path())));
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
        Self { host, folder, _server: server }
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}

/// Makes a CA and a certificate for 127.0.0.1, written down as `ca.pem`, `server.pem` and `server.key`.
fn identity(folder: &Path) -> ServerConfig {
    let (ca_key, key) = (KeyPair::generate().unwrap(), KeyPair::generate().unwrap());
    let mut ca = CertificateParams::new(Vec::new()).unwrap();
    ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    std::fs::write(folder.join("ca.pem"), ca.self_signed(&ca_key).unwrap().pem()).unwrap();
    let server = CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap();
    let server = server.signed_by(&key, &Issuer::new(ca, ca_key)).unwrap();
    std::fs::write(folder.join("server.pem"), server.pem()).unwrap();
    std::fs::write(folder.join("server.key"), key.serialize_pem()).unwrap();
    let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    let builder = ServerConfig::builder().with_no_client_auth();
    builder.with_single_cert(vec![server.der().clone()], key).unwrap()
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
    let server = Secure::start().await;
    let host = &server.host;
    let client = trusting(host, Vec::new());

    let error = client.head_manifest(&image(host)).await.unwrap_err();

    assert_eq!((error.class(), error.attempts()), (Class::Protocol, 1));
    assert_eq!(error.unreached(), Some(host.as_str()));
    assert!(error.advice().unwrap().contains("--ca-file"), "{error:?}");
    assert!(Chain(&error).to_string().contains("UnknownIssuer"), "{}", Chain(&error));
    assert_eq!(client.wire().requests.head, 1, "trust does not come with time");
}

#[tokio::test]
async fn a_certificate_of_an_authority_that_was_named_is_trusted() {
    let server = Secure::start().await;
    let host = &server.host;
    let client = trusting(host, vec![server.file("ca.pem")]);
    assert_eq!(client.head_manifest(&image(host)).await.unwrap(), None);
}

#[tokio::test]
async fn https_to_a_registry_that_speaks_http_says_which_flag_helps() {
    let registry = FakeRegistry::start().await;
    let host = &Host::new(registry.host());
    let error = trusting(host, Vec::new()).head_manifest(&image(host)).await.unwrap_err();
    assert_eq!((error.class(), error.attempts()), (Class::Protocol, 1));
    assert!(error.advice().unwrap().contains("--plain-http"), "{error:?}");
    assert_eq!(registry.count(any()), 0);
}

#[tokio::test]
async fn http_to_a_registry_that_speaks_https_fails() {
    let server = Secure::start().await;
    let host = &server.host;
    let error = super::client().head_manifest(&image(host)).await.unwrap_err();
    assert_eq!(error.unreached(), Some(host.as_str()));
}

fn refused(change: impl FnOnce(&mut Options)) -> image_mirror::registry::Error {
    let mut options = Options::default();
    change(&mut options);
    let none = Credentials::anonymous;
    let error = Client::new(options, none(), none()).unwrap_err();
    assert_eq!(error.class(), Class::Invalid);
    error
}

#[test]
fn a_ca_file_that_is_absent_or_holds_no_certificate_stops_everything() {
    let folder = tempfile::tempdir().unwrap();
    identity(folder.path());
    for name in ["absent.pem", "server.key"] {
        let error = refused(|options| options.ca_files = vec![folder.path().join(name)]);
        assert!(error.to_string().contains(name), "{error}");
    }
}

#[test]
fn a_client_certificate_is_taken_with_its_key_in_one_file_or_two_and_refused_without() {
    let folder = tempfile::tempdir().unwrap();
    identity(folder.path());
    let (certificate, key) = (folder.path().join("server.pem"), folder.path().join("server.key"));
    let error = refused(|options| options.client_certificate = Some(certificate.clone()));
    assert!(error.to_string().contains("server.pem"), "{error}");

    let both = folder.path().join("both.pem");
    let text = [&certificate, &key].map(|path| std::fs::read_to_string(path).unwrap()).concat();
    std::fs::write(&both, text).unwrap();
    client_with(|options| options.client_certificate = Some(both));
    client_with(|options| (options.client_certificate, options.client_key) = (Some(certificate), Some(key)));
}
