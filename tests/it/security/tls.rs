//! TLS: who is believed, who we say we are, and what is said where that is not enough.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use image_mirror::error::{Chain, Class, Classify as _};
use image_mirror::model::{Host, ImageRef, Repository, Tag, Version};
use image_mirror::registry::{Client, Error, Options};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair, date_time_ymd};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::server::WebPkiClientVerifier;
use tokio_rustls::rustls::{RootCertStore, ServerConfig};

use super::{bearer_challenge, client_of, image};
use crate::support::{Run, Spy, found, reply_with};

/// What is wrong with a server, if anything.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Server {
    Good,
    WrongName,
    Expired,
    SelfSigned,
    /// Wants a certificate of ours.
    Strict,
}

/// A server behind TLS that has nothing, and counts the requests that got through.
struct Secure {
    host: String,
    folder: TempDir,
    asked: Arc<AtomicUsize>,
    _server: JoinSet<()>,
}

/// An authority, a certificate that it signed, and its key, written down as PEM.
fn identity(folder: &Path, server: Server) -> (CertificateDer<'static>, Vec<u8>, CertificateDer<'static>) {
    let (ca_key, key) = (KeyPair::generate().unwrap(), KeyPair::generate().unwrap());
    let mut ca = CertificateParams::new(Vec::new()).unwrap();
    ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = ca.self_signed(&ca_key).unwrap();
    let name = if server == Server::WrongName { "elsewhere.test" } else { "127.0.0.1" };
    let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
    if server == Server::Expired {
        (params.not_before, params.not_after) = (date_time_ymd(2019, 1, 1), date_time_ymd(2020, 1, 1));
    }
    let signed = match server {
        Server::SelfSigned => params.self_signed(&key).unwrap(),
        _ => params.signed_by(&key, &Issuer::new(ca, ca_key)).unwrap(),
    };
    for (file, text) in
        [("ca.pem", authority.pem()), ("own.pem", signed.pem()), ("own.key", key.serialize_pem())]
    {
        std::fs::write(folder.join(file), text).unwrap();
    }
    (signed.der().clone(), key.serialize_der(), authority.der().clone())
}

impl Secure {
    async fn start(server: Server) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (own, key, authority) = identity(folder.path(), server);
        let builder = ServerConfig::builder();
        let builder = if server == Server::Strict {
            let mut roots = RootCertStore::empty();
            roots.add(authority).unwrap();
            builder.with_client_cert_verifier(WebPkiClientVerifier::builder(Arc::new(roots)).build().unwrap())
        } else {
            builder.with_no_client_auth()
        };
        let config = builder.with_single_cert(vec![own], PrivateKeyDer::try_from(key).unwrap()).unwrap();
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (host, asked) = (listener.local_addr().unwrap().to_string(), Arc::<AtomicUsize>::default());
        let (count, mut tasks) = (Arc::clone(&asked), JoinSet::new());
        tasks.spawn(async move {
            loop {
                let (socket, _) = listener.accept().await.unwrap();
                let Ok(mut stream) = acceptor.accept(socket).await else { continue };
                if matches!(stream.read(&mut [0; 4096]).await, Ok(1..)) {
                    count.fetch_add(1, Ordering::SeqCst);
                }
                let answer = b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
                let _ = stream.write_all(answer).await;
                let _ = stream.shutdown().await;
            }
        });
        Self { host, folder, asked, _server: tasks }
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn client(&self, change: impl FnOnce(&mut Options)) -> Client {
        client_of("{}", &[], |options| {
            (options.tls, options.ca_files) = (vec![Host::new(&self.host)], vec![self.file("ca.pem")]);
            change(options);
        })
    }

    async fn ask(&self, client: &Client) -> Result<(), Error> {
        let repository = Repository { host: Host::new(&self.host), name: "a/b".into() };
        let image = ImageRef::new(repository, Version::Tag(Tag::parse("v1").unwrap()));
        client.head_manifest(&image).await.map(drop)
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

#[tokio::test]
async fn a_server_that_cannot_show_who_it_is_gets_no_request_and_the_reason_is_said_once() {
    let cases = [
        (Server::SelfSigned, "invalid peer certificate"),
        (Server::WrongName, "not valid for name"),
        (Server::Expired, "expired"),
    ];
    for (server, words) in cases {
        let server = Secure::start(server).await;
        let client = server.client(|_| {});
        let error = server.ask(&client).await.unwrap_err();
        let said = Chain(&error).to_string();
        assert_eq!((error.class(), error.attempts(), server.asked()), (Class::Protocol, 1, 0), "{said}");
        assert_eq!(said.matches(words).count(), 1, "{said}");
        assert_eq!(error.unreached(), Some(server.host.as_str()));
    }
    let good = Secure::start(Server::Good).await;
    good.ask(&good.client(|_| {})).await.unwrap();
    assert_eq!(good.asked(), 1);
}

#[tokio::test]
async fn a_server_that_wants_a_certificate_of_ours_gets_it_or_is_named_with_the_flag_that_helps() {
    let server = Secure::start(Server::Strict).await;
    let error = server.ask(&server.client(|_| {})).await.unwrap_err();
    assert_eq!(server.asked(), 0);
    assert!(error.advice().is_some_and(|advice| advice.contains("--client-cert")), "{}", Chain(&error));

    let with_ours = server.client(|options| {
        options.client_certificate = Some(server.file("own.pem"));
        options.client_key = Some(server.file("own.key"));
    });
    server.ask(&with_ours).await.unwrap();
    assert_eq!(server.asked(), 1);
}

#[tokio::test]
async fn our_certificate_is_shown_to_a_registry_and_its_token_service_and_not_to_whom_they_send_us() {
    let server = Secure::start(Server::Strict).await;
    let registry = Spy::start().await;
    let client = client_of("{}", &[], |options| {
        options.ca_files = vec![server.file("ca.pem")];
        options.client_certificate = Some(server.file("own.pem"));
        options.client_key = Some(server.file("own.key"));
    });
    let there = format!("https://{}/x", server.host);
    registry.answers(move |_| reply_with(307, "location", &there));
    client.get_manifest(&image(&registry)).await.unwrap_err();
    assert_eq!(server.asked(), 0, "a redirect is not our reason to say who we are");

    let realm = format!("https://{}/token", server.host);
    registry.answers(move |_| bearer_challenge(&realm));
    let _ = client.get_manifest(&image(&registry)).await;
    assert_eq!(server.asked(), 1);

    let there = format!("https://{}/y", server.host);
    registry.answers(move |_| reply_with(307, "location", &there));
    client.tags(&super::repository(&registry)).await.unwrap_err();
    assert_eq!(server.asked(), 1, "nor is a session that was opened with it taken up again");
}

#[tokio::test]
async fn files_that_are_no_certificates_are_named_and_nothing_is_attempted() {
    let folder = tempfile::tempdir().unwrap();
    identity(folder.path(), Server::Good);
    let path = |name: &str| folder.path().join(name).display().to_string();
    let (own, key, other) = (path("own.pem"), path("own.key"), tempfile::tempdir().unwrap());
    identity(other.path(), Server::Good);
    let foreign_key = other.path().join("own.key").display().to_string();
    let cases: [&[&str]; 7] = [
        &["--ca-file", "absent.pem"],
        &["--ca-file", "/dev/null"],
        &["--ca-file", "garbage.pem"],
        &["--ca-file", &key],
        &["--client-cert", &own],
        &["--client-cert", &own, "--client-key", "garbage.pem"],
        &["--client-cert", &own, "--client-key", &foreign_key],
    ];
    for words in cases {
        let garbage = "-----BEGIN CERTIFICATE-----\n%%%\n-----END CERTIFICATE-----\n";
        let run = Run::new(["run"]).args(words).args(["mapping_x"]).file("garbage.pem", garbage);
        let ran = run.mapping("mapping_x", "oci:none:v1 oci:other:v1\n").run().await.exits(2);
        let named = words.iter().filter(|word| !word.starts_with("--"));
        assert!(named.into_iter().any(|file| ran.stderr.contains(file)), "{words:?}\n{ran}");
        assert_eq!(ran.stderr.lines().count(), 1, "{ran}");
    }
}

#[tokio::test]
async fn a_registry_that_is_named_for_tls_is_never_asked_in_the_clear() {
    let registry = Spy::start().await;
    registry.answers(|_| found("{}"));
    let client = client_of("{}", &[], |options| options.tls = vec![Host::new(registry.host())]);
    client.get_manifest(&image(&registry)).await.unwrap_err();
    assert_eq!(registry.log(), []);
}
