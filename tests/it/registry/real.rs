//! The client against a real registry (Debian's `docker-registry`, open, on loopback).

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, Stdio};

use bytes::Bytes;
use futures_util::StreamExt;
use futures_util::future::BoxFuture;
use image_mirror::model::{
    Descriptor, Digest, Host, ImageRef, Manifest, Reference, Repository, Tag, Version,
};
use image_mirror::registry::{
    BlobSource, BlobStream, Client, Credentials, Error, Opened, Options, Permit, Role,
};

const PROGRAM: &str = "/usr/bin/docker-registry";

/// A registry that ends with the test.
struct Registry {
    child: Child,
    host: String,
    _root: tempfile::TempDir,
}

impl Drop for Registry {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Registry {
    /// None where there is none on this machine (never so on CI).
    fn start() -> Option<Self> {
        if !std::path::Path::new(PROGRAM).exists() {
            #[expect(clippy::disallowed_methods, reason = "only CI must not skip")]
            let ci = std::env::var("CI").is_ok_and(|ci| ci == "true");
            assert!(!ci, "{PROGRAM} is missing");
            eprintln_skipped();
            return None;
        }
        let root = tempfile::tempdir().unwrap();
        let config = root.path().join("config.yml");
        let mut file = std::fs::File::create(&config).unwrap();
        let store = root.path().join("store");
        write!(
            file,
            "version: 0.1\nlog:\n  level: info\n  accesslog:\n    disabled: true\nstorage:\n  delete:\n    enabled: true\n  \
             filesystem:\n    rootdirectory: {}\nhttp:\n  addr: 127.0.0.1:0\n",
            store.display()
        )
        .unwrap();
        let mut child = Command::new(PROGRAM)
            .args(["serve".as_ref(), config.as_os_str()])
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut log = BufReader::new(child.stderr.take().unwrap());
        let mut line = String::new();
        let host = loop {
            line.clear();
            assert!(log.read_line(&mut line).unwrap() > 0, "the registry ended");
            if let Some((_, rest)) = line.split_once("listening on ") {
                let end = rest.find(['"', ',', '\n', ' ']).unwrap_or(rest.len());
                break rest[..end].to_owned();
            }
        };
        // The rest of the log must be read, or the registry blocks on it.
        std::thread::spawn(move || std::io::copy(&mut log, &mut std::io::sink()));
        Some(Self { child, host, _root: root })
    }

    fn repository(&self, name: &str) -> Repository {
        Repository { host: Host::new(&self.host), name: name.into() }
    }
}

#[expect(clippy::print_stderr, reason = "who runs the tests must see that this one did not")]
fn eprintln_skipped() {
    eprintln!("NOT RUN: {PROGRAM} is not installed");
}

struct Memory(Bytes);

impl BlobSource for Memory {
    fn host(&self) -> Option<&Host> {
        None
    }

    fn open(&self, _: Option<Permit>) -> BoxFuture<'_, Result<BlobStream, Error>> {
        let blob = descriptor(&self.0);
        let frames: Vec<_> = self.0.chunks(10_000).map(|chunk| Ok(Bytes::copy_from_slice(chunk))).collect();
        let stream = futures_util::stream::iter(frames).boxed();
        Box::pin(async move { Ok(BlobStream::verified(stream, &blob)) })
    }
}

fn descriptor(bytes: &[u8]) -> Descriptor {
    Descriptor {
        media_type: "application/octet-stream".to_owned(),
        digest: Digest::of(bytes),
        size: bytes.len() as u64,
        urls: Vec::new(),
        platform: None,
    }
}

fn image(text: &str) -> ImageRef {
    let reference = Reference::parse(text).unwrap();
    ImageRef::new(reference.repository, Version::Tag(reference.tag.unwrap()))
}

async fn push(client: &Client, repository: &Repository, bytes: Bytes) -> Descriptor {
    let blob = descriptor(&bytes);
    client.upload_blob(repository, &blob, None, &Memory(bytes), &|_| {}).await.unwrap();
    blob
}

fn manifest_of(config: &Descriptor, layer: &Descriptor) -> Manifest {
    let json = format!(
        r#"{{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json",
            "config":{{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"{}","size":{}}},
            "layers":[{{"mediaType":"application/vnd.oci.image.layer.v1.tar","digest":"{}","size":{}}}]}}"#,
        config.digest, config.size, layer.digest, layer.size
    );
    Manifest::new(Some("application/vnd.oci.image.manifest.v1+json"), json.into())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_image_goes_from_one_real_registry_to_another_and_reads_back_the_same() {
    let (Some(a), Some(b)) = (Registry::start(), Registry::start()) else { return };
    let client = Client::new(Options::default(), Credentials::default(), Credentials::default()).unwrap();
    let target = client.with_role(Role::Target);
    let (from, to) = (a.repository("team/app"), b.repository("mirror/app"));

    let layer: Bytes = (0..3_000_000_u32).map(|n| (n % 251) as u8).collect::<Vec<_>>().into();
    let config = push(&target, &from, Bytes::from_static(b"{}")).await;
    let layer = push(&target, &from, layer).await;
    let manifest = manifest_of(&config, &layer);
    let source = image(&format!("{from}:v1"));
    assert_eq!(target.put_manifest(&source, &manifest).await.unwrap().as_ref(), Some(&manifest.digest));

    let found = client.head_manifest(&source).await.unwrap().unwrap();
    assert_eq!((&found.digest, found.size), (&manifest.digest, manifest.bytes.len() as u64));
    let destination = image(&format!("{to}:v1"));
    assert!(target.head_manifest(&destination).await.unwrap().is_none());

    let early = target.put_manifest(&destination, &manifest).await.unwrap_err();
    assert_eq!(early.missing_content().unwrap(), [config.digest.clone(), layer.digest.clone()]);

    let sent = std::sync::atomic::AtomicU64::new(0);
    let count = |n| {
        sent.fetch_add(n, std::sync::atomic::Ordering::Relaxed);
    };
    for blob in [&config, &layer] {
        let Opened::Session(session) = target.open_upload(&to, None).await.unwrap() else { panic!() };
        let source = client.blob(&from, blob);
        target.upload_blob(&to, blob, Some(session), &*source, &count).await.unwrap();
    }
    assert_eq!(sent.into_inner(), config.size + layer.size);
    target.put_manifest(&destination, &manifest).await.unwrap();
    assert_eq!(target.get_manifest(&destination).await.unwrap(), manifest);
    assert!(target.head_blob(&to, &layer.digest).await.unwrap());
    assert!(!target.head_blob(&b.repository("else/where"), &layer.digest).await.unwrap());
    assert_eq!(target.tags(&to).await.unwrap(), [Tag::parse("v1").unwrap()]);

    let elsewhere = b.repository("mirror/other");
    let mounted = target.open_upload(&elsewhere, Some((&layer.digest, &to))).await.unwrap();
    assert!(matches!(mounted, Opened::Present));
    let unknown = Digest::of(b"nobody has this");
    let Opened::Session(session) = target.open_upload(&elsewhere, Some((&unknown, &to))).await.unwrap()
    else {
        panic!("mounted what is not there")
    };
    target.cancel_upload(session).await;
    assert_eq!(client.wire().requests.patch, 0);
}
