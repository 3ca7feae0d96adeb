//! `stream validate` on the wire: what servers say of the files of a stream, and what comes of it.

use std::sync::Arc;

use image_mirror::engine::Stop;
use image_mirror::error::Class;
use image_mirror::model::{Cause, Digest, Locator, Outcome, Row};
use image_mirror::registry::Client;
use image_mirror::stream::document::{Artifact, Container, File, Place, Stream};
use image_mirror::stream::validate::{Level, Prefix, Selected, Validation, validate};
use url::Url;

use super::fetch::{client, client_with};
use crate::support::{FakeRegistry, FileFault, FileServer, Image, Nobody};

fn artifact(arch: &str, location: Url, content: &[u8]) -> Artifact {
    let name = location.path_segments().unwrap().next_back().unwrap().to_owned();
    let place =
        Place { arch: arch.into(), artifact: "metal".into(), format: "iso".into(), kind: "disk".into() };
    let signature = Url::parse(&format!("{location}.sig")).ok();
    let sha256 = Digest::of(content);
    let file =
        File { location, name: name.into(), sha256, uncompressed: None, uncompressed_fault: None, signature };
    Artifact { place, line: 1, release: None, file: Ok(file) }
}

fn stream(artifacts: Vec<Artifact>, containers: Vec<Container>) -> Stream {
    Stream {
        file: "rhcos.json".into(),
        name: "rhcos-4.16".into(),
        last_modified: None,
        architectures: Vec::new(),
        platforms: Vec::new(),
        artifacts,
        containers,
        clouds: Vec::new(),
    }
}

/// Two files below `/pub`, of two architectures.
fn two(server: &FileServer) -> Stream {
    server.put("/pub/a", "aaaa").put("/pub/b", "bbbb");
    stream(
        vec![
            artifact("x86_64", server.url("/pub/a"), b"aaaa"),
            artifact("aarch64", server.url("/pub/b"), b"bbbb"),
        ],
        Vec::new(),
    )
}

fn usual(server: &FileServer) -> Validation {
    Validation {
        level: Level::Head,
        require_prefixes: vec![Prefix::parse(server.url("/pub").as_str()).unwrap()],
        signatures: false,
        missing_statuses: Vec::new(),
        jobs: 4,
    }
}

async fn rows_by(client: &Client, stream: &Stream, validation: &Validation) -> Vec<Row> {
    let artifacts: Vec<usize> = (0..stream.artifacts.len()).collect();
    let containers: Vec<usize> = (0..stream.containers.len()).collect();
    validate(
        stream,
        &Selected { artifacts: &artifacts, containers: &containers },
        validation,
        (client, &Stop::default()),
    )
    .await
}

async fn rows(stream: &Stream, validation: &Validation) -> Vec<Row> {
    rows_by(&client(), stream, validation).await
}

/// `kept`, the class of a failure, or what could not be told.
fn said(row: &Row) -> String {
    match &row.outcome {
        Outcome::Kept => "kept".to_owned(),
        Outcome::Failed(failure) => failure.class.to_string(),
        Outcome::Unfinished(Cause::Untold(said)) => format!("untold: {said}"),
        other => format!("{other:?}"),
    }
}

fn all_said(rows: &[Row]) -> Vec<String> {
    rows.iter().map(said).collect()
}

fn why(row: &Row) -> String {
    match &row.outcome {
        Outcome::Failed(failure) => image_mirror::error::Chain(failure).to_string(),
        other => format!("{other:?}"),
    }
}

// 14.58
#[tokio::test]
async fn files_that_are_there_are_kept_each_by_one_request_in_the_order_of_their_places() {
    let server = FileServer::start().await;
    let found = rows(&two(&server), &usual(&server)).await;
    assert_eq!(all_said(&found), ["kept", "kept"]);
    let places: Vec<String> = found.iter().map(|row| row.origin.to_string()).collect();
    assert_eq!(places, ["aarch64/metal/iso/disk of rhcos.json", "x86_64/metal/iso/disk of rhcos.json"]);
    assert!(matches!(&found[0].target, Locator::Url(url) if url.expose().path() == "/pub/b"));
    assert_eq!((found[0].moved.requests, server.asked().len()), (1, 2));
}

// 14.59
#[tokio::test]
async fn a_403_below_a_required_prefix_is_a_missing_file_and_elsewhere_nobody_can_tell() {
    let server = FileServer::start().await;
    let listed = two(&server);
    server.remove("/pub/a").missing(403);
    let found = rows(&listed, &usual(&server)).await;
    assert_eq!(all_said(&found), ["kept", "missing"]);
    assert_eq!(server.count("/pub/a"), 1, "it was asked for again");

    let anywhere = Validation { require_prefixes: Vec::new(), ..usual(&server) };
    assert_eq!(said(&rows(&listed, &anywhere).await[1]), "untold: 127.0.0.1: status 403");
    let named = vec![(image_mirror::model::Host::new(server.host()), vec![403])];
    let named = Validation { missing_statuses: named, ..anywhere };
    assert_eq!(said(&rows(&listed, &named).await[1]), "missing");
}

// 14.60
#[tokio::test]
async fn a_folder_or_a_page_in_the_place_of_a_file_is_a_missing_file() {
    let server = FileServer::start().await;
    let listed = two(&server);
    server.remove("/pub/a").fault("/pub/a", FileFault::redirect(302, "/pub/a/")).put("/pub/a/", "no HTML");
    server.put_page("/pub/b");
    let found = rows(&listed, &usual(&server)).await;
    assert_eq!(all_said(&found), ["missing", "missing"]);
    assert!(why(&found[0]).contains("HTML") && why(&found[1]).contains("folder"), "{found:?}");

    // What the folder leads on to is no file either.
    server.fault("/pub/a", FileFault::redirect(302, "/pub/a/"));
    server.fault("/pub/a/", FileFault::redirect(302, "/pub/a/index")).put("/pub/a/index", "no HTML");
    assert_eq!(said(&rows(&listed, &usual(&server)).await[1]), "missing");
}

// 14.61
#[tokio::test]
async fn a_file_behind_an_address_that_is_signed_for_get_is_there() {
    let server = FileServer::start().await;
    let listed = two(&server);
    server.fault("/pub/a", FileFault::redirect(307, "/bucket/a?signature=x")).put("/bucket/a", "aaaa");
    assert_eq!(all_said(&rows(&listed, &usual(&server)).await), ["kept", "kept"]);
    assert!(server.asked().iter().all(|asked| asked.method == "GET"));
}

// 14.62
#[tokio::test]
async fn a_server_that_is_down_or_out_of_reach_tells_nothing() {
    let server = FileServer::start().await;
    let mut listed = two(&server);
    let nobody = Nobody::new();
    let silent = Url::parse(&format!("http://{}/pub/c", nobody.host())).unwrap();
    listed.artifacts.push(artifact("s390x", silent, b"c"));
    server.always("/pub/a", FileFault::status(503)).always("/pub/b", FileFault::status(401));
    let validation = Validation { require_prefixes: Vec::new(), ..usual(&server) };
    let client = client_with(|options| options.attempts = 2);
    let found = rows_by(&client, &listed, &validation).await;
    let said = all_said(&found);
    assert!(said.iter().all(|said| said.starts_with("untold: ")), "{said:?}");
    assert!(said[0].ends_with("status 401") && said[2].ends_with("status 503"), "{said:?}");
    assert_eq!((server.count("/pub/a"), server.count("/pub/b")), (2, 1));
}

// 14.63
#[tokio::test]
async fn what_is_missing_is_said_beside_what_could_not_be_told() {
    let server = FileServer::start().await;
    let listed = two(&server);
    server.remove("/pub/a").always("/pub/b", FileFault::status(503));
    let client = client_with(|options| options.attempts = 2);
    let said = all_said(&rows_by(&client, &listed, &usual(&server)).await);
    assert!(said[0].starts_with("untold: ") && said[1] == "missing", "{said:?}");
}

// 14.64, 14.65
#[tokio::test]
async fn a_location_that_is_not_below_a_prefix_is_wrong_and_not_asked_for() {
    let server = FileServer::start().await;
    let mut listed = two(&server);
    server.put("/public/a", "aaaa");
    listed.artifacts[0] = artifact("x86_64", server.url("/public/a"), b"aaaa");
    let found = rows(&listed, &usual(&server)).await;
    assert_eq!(all_said(&found), ["kept", "invalid"]);
    assert!(why(&found[1]).contains("not below http://127.0.0.1"), "{}", why(&found[1]));
    assert_eq!(server.count("/public/a"), 0);
}

// 14.66
#[tokio::test]
async fn a_list_of_sums_is_read_once_and_must_say_what_the_stream_says() {
    let server = FileServer::start().await;
    let listed = two(&server);
    let validation = Validation { level: Level::Checksum, ..usual(&server) };
    let [a, b] = [b"aaaa", b"bbbb"].map(|content| Digest::of(content));
    server.put("/pub/sha256sum.txt", format!("{}  a\n{}  b\n", a.hex(), b.hex()));
    assert_eq!(all_said(&rows(&listed, &validation).await), ["kept", "kept"]);
    assert_eq!(server.count("/pub/sha256sum.txt"), 1);

    server.put("/pub/sha256sum.txt", format!("{}  a\n", b.hex()));
    let found = rows(&listed, &validation).await;
    assert_eq!(all_said(&found), ["missing", "corrupt"]);
    assert!(why(&found[1]).contains(b.hex()) && why(&found[0]).contains("does not list"), "{found:?}");

    server.remove("/pub/sha256sum.txt");
    assert_eq!(all_said(&rows(&listed, &validation).await), ["missing", "missing"]);
    server.always("/pub/sha256sum.txt", FileFault::status(500));
    let said = all_said(&rows(&listed, &validation).await);
    assert!(said.iter().all(|said| said.starts_with("untold: ")), "{said:?}");
}

// 14.67
#[tokio::test]
async fn an_empty_file_is_none_whatever_the_server_makes_of_ranges() {
    let server = FileServer::start().await;
    let listed = two(&server);
    server.put("/pub/a", "").put("/pub/b", "").fault("/pub/b", FileFault::NoRanges);
    let found = rows(&listed, &usual(&server)).await;
    assert_eq!(all_said(&found), ["corrupt", "corrupt"]);
    assert_eq!(server.asked().len(), 2, "what an empty file is does not change by asking");
}

#[tokio::test]
async fn the_deep_level_hashes_every_byte_over_cuts() {
    let server = FileServer::start().await;
    let listed = two(&server);
    let validation = Validation { level: Level::Deep, ..usual(&server) };
    server.fault("/pub/a", FileFault::Header("x", "the probe".to_owned()));
    server.fault("/pub/a", FileFault::Cut(2)).fault("/pub/a", FileFault::NoRanges);
    assert_eq!(all_said(&rows(&listed, &validation).await), ["kept", "kept"]);
    server.put("/pub/a", "aaab");
    let found = rows(&listed, &validation).await;
    assert_eq!(all_said(&found), ["kept", "corrupt"]);
    assert_eq!(found[1].attempts, 5, "another server behind the name may have the right one");
    assert_eq!(
        all_said(&rows(&listed, &usual(&server)).await),
        ["kept", "kept"],
        "the level asks for no more"
    );
}

#[tokio::test]
async fn signatures_are_looked_at_only_if_they_are_required() {
    let server = FileServer::start().await;
    let mut listed = two(&server);
    server.put("/pub/a.sig", "signed");
    assert_eq!(all_said(&rows(&listed, &usual(&server)).await), ["kept", "kept"]);
    assert_eq!(server.count("/pub/b.sig"), 0);
    let validation = Validation { signatures: true, ..usual(&server) };
    let found = rows(&listed, &validation).await;
    assert_eq!(all_said(&found), ["missing", "kept"]);
    assert!(why(&found[0]).contains("its signature is missing"), "{}", why(&found[0]));
    // What the stream lists no signature of needs none.
    let Ok(file) = &mut listed.artifacts[1].file else { panic!("it is usable") };
    file.signature = None;
    assert_eq!(all_said(&rows(&listed, &validation).await), ["kept", "kept"]);
}

#[tokio::test]
async fn a_container_image_is_looked_for_by_its_digest() {
    let (server, registry) = (FileServer::start().await, FakeRegistry::start().await);
    let image = Image::oci().layer(b"boot image").build();
    registry.put_image("r/x", "rel", &image);
    let container = |digest_ref: Option<String>| Container {
        arch: "x86_64".into(),
        line: 1,
        release: None,
        image: Some(format!("{}/r/x:gone", registry.host()).into()),
        digest_ref: digest_ref.map(Arc::from),
    };
    let at = |digest: &Digest| container(Some(format!("{}/r/x@{digest}", registry.host())));
    let listed = stream(
        Vec::new(),
        vec![
            at(&image.digest),
            at(&Digest::of(b"other")),
            container(None),
            container(Some(format!("{}/r/x:rel", registry.host()))),
        ],
    );
    let found = rows(&listed, &usual(&server)).await;
    assert_eq!(all_said(&found), ["kept", "missing", "invalid", "invalid"]);
    assert_eq!(found[0].origin.to_string(), "x86_64/images/kubevirt of rhcos.json");
    assert_eq!(found[2].outcome.word(), "failed");
    assert_eq!(Class::Invalid.to_string(), said(&found[3]));
    assert_eq!(server.asked().len(), 0);
}
