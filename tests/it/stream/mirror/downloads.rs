//! Downloads: cut, wrong, led elsewhere, gone on with in the next run.

use std::fs;
use std::io::Write as _;

use bytes::Bytes;

use crate::stream::world::{FOLDER, QEMU, URL, World, row};
use crate::support::image::random_bytes;
use crate::support::{FileFault, FileServer, Ran};

const SIZE: usize = 3 << 20;
const SIXTY: usize = SIZE * 6 / 10;

async fn world_of_one() -> (World, Bytes, String) {
    let mut world = World::new().await;
    let content = random_bytes(SIZE, 5);
    world.list(QEMU, content.clone());
    let path = world.path(QEMU);
    (world, content, path)
}

fn stored(world: &World) -> Vec<u8> {
    fs::read(world.at(&format!("{FOLDER}/{}", world.file(QEMU)))).unwrap()
}

fn ranges(world: &World) -> Vec<Option<String>> {
    world.server.asked().iter().map(|asked| asked.header("range").map(str::to_owned)).collect()
}

/// A run that gets 60 % and no more.
async fn cut(world: &World, path: &str) -> Ran {
    world.server.fault(path, FileFault::Cut(SIXTY));
    world.mirror(&["--attempts", "1"]).run().await.exits(1)
}

// 14.24
#[tokio::test]
async fn a_file_that_always_comes_wrong_is_not_stored() {
    let (world, _, path) = world_of_one().await;
    world.server.always(&path, FileFault::Flip);
    let ran = world.mirror(&["--url", URL, "--publish-stream", "rhcos.json"]).run().await.exits(1);
    let row = row(&ran, QEMU);
    assert_eq!((&row["outcome"], &row["class"]), (&"failed".into(), &"corrupt".into()), "{row}");
    assert!(row["reason"].to_string().contains("digest"), "{row}");
    assert_eq!(world.server.count(&path), 2, "it was fetched once more");
    assert_eq!(world.keys(), Vec::<String>::new(), "nothing is to be seen");
    assert!(world.partials().is_empty(), "wrong bytes are not kept");
}

// 14.25
#[tokio::test]
async fn a_file_that_came_wrong_once_is_fetched_once_more() {
    let (world, content, path) = world_of_one().await;
    world.server.fault(&path, FileFault::Flip);
    let ran = world.mirror(&[]).run().await.exits(0);
    let row = row(&ran, QEMU);
    assert_eq!((&row["outcome"], &row["attempts"]), (&"copied".into(), &2.into()), "{row}");
    assert_eq!(stored(&world), content);
    assert_eq!(ranges(&world), [None, None], "the second time from its start");
}

// 14.26
#[tokio::test]
async fn a_download_that_was_cut_goes_on_in_the_same_run() {
    let (world, content, path) = world_of_one().await;
    world.server.fault(&path, FileFault::Cut(SIXTY));
    world.mirror(&[]).run().await.exits(0);
    assert_eq!(stored(&world), content);
    assert_eq!(ranges(&world), [None, Some(format!("bytes={SIXTY}-"))]);
}

// 14.26
#[tokio::test]
async fn a_download_that_was_cut_goes_on_in_the_next_run() {
    let (world, content, path) = world_of_one().await;
    cut(&world, &path).await;
    assert_eq!(fs::metadata(world.partial(QEMU)).unwrap().len(), SIXTY as u64);
    assert_eq!(world.keys(), Vec::<String>::new());
    let ran = world.mirror(&[]).run().await.exits(0);
    let row = row(&ran, QEMU);
    assert_eq!(ranges(&world), [None, Some(format!("bytes={SIXTY}-"))]);
    assert_eq!(stored(&world), content);
    assert_eq!(row["note"], format!("the first {SIXTY} bytes were there"));
    assert_eq!((&row["bytes"]["copied"], &row["bytes"]["present"]), (&(SIZE - SIXTY).into(), &SIXTY.into()));
}

// 14.27
#[tokio::test]
async fn a_server_without_ranges_sends_it_all_again() {
    let (world, content, path) = world_of_one().await;
    cut(&world, &path).await;
    world.server.fault(&path, FileFault::NoRanges);
    let ran = world.mirror(&[]).run().await.exits(0);
    assert_eq!(stored(&world), content);
    let row = row(&ran, QEMU);
    assert_eq!((&row["note"], &row["bytes"]["copied"]), (&serde_json::Value::Null, &SIZE.into()), "{row}");
    assert_eq!(world.server.count(&path), 2);
}

// 14.28
#[tokio::test]
async fn what_was_kept_and_is_damaged_is_thrown_away_once() {
    let (world, content, path) = world_of_one().await;
    cut(&world, &path).await;
    let partial = world.partial(QEMU);
    let mut kept = fs::read(&partial).unwrap();
    kept[9] ^= 1;
    fs::write(&partial, kept).unwrap();
    let ran = world.mirror(&[]).run().await.exits(0);
    assert_eq!(stored(&world), content);
    assert_eq!(ranges(&world), [None, Some(format!("bytes={SIXTY}-")), None]);
    let row = row(&ran, QEMU);
    assert_eq!((&row["attempts"], &row["note"]), (&2.into(), &serde_json::Value::Null), "{row}");
    assert!(!partial.exists());
}

// 14.29
#[tokio::test]
async fn a_file_that_became_another_at_the_source_is_fetched_from_its_start() {
    let (mut world, _, path) = world_of_one().await;
    cut(&world, &path).await;
    let kept = fs::read(world.partial(QEMU)).unwrap();
    let validator = fs::read(world.partial(QEMU).with_extension("validator")).unwrap();
    // The digest in the stream is that of the new file; what is kept under it is of the old one.
    let new = random_bytes(SIZE, 6);
    world.listed.clear();
    world.list(QEMU, new.clone());
    fs::write(world.partial(QEMU), kept).unwrap();
    fs::write(world.partial(QEMU).with_extension("validator"), validator).unwrap();
    world.mirror(&[]).run().await.exits(0);
    assert_eq!(stored(&world), new);
    let asked = world.server.asked().pop().unwrap();
    assert_eq!(asked.header("range"), Some(&*format!("bytes={SIXTY}-")));
    assert!(asked.header("if-range").is_some());
    assert_eq!((asked.status, world.server.count(&path)), (200, 2), "one answer was enough");
}

// 14.30
#[tokio::test]
async fn a_file_is_stored_as_it_is_served_whatever_its_encoding_is_called() {
    let mut world = World::new().await;
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(&random_bytes(50_000, 7)).unwrap();
    let content = gzip.finish().unwrap();
    world.list(QEMU, content.clone());
    let header = FileFault::Header("content-encoding", "gzip".to_owned());
    world.server.always(&world.path(QEMU), header);
    world.mirror(&[]).run().await.exits(0);
    assert_eq!(stored(&world), content, "nobody unpacked it");
    assert_eq!(world.server.asked()[0].header("accept-encoding"), Some("identity"));
}

// 14.31
#[tokio::test]
async fn a_redirect_to_another_host_is_followed_without_the_login() {
    let (world, content, path) = world_of_one().await;
    let other = FileServer::start().await;
    other.put("/signed", content.clone());
    let challenge = vec![("www-authenticate", "Basic realm=\"files\"".to_owned())];
    world.server.fault(&path, FileFault::Status(401, challenge));
    world.server.always(&path, FileFault::redirect(307, other.url("/signed").as_str()));
    let run = world.mirror(&[]).logins(&[(world.server.host(), "me", "s3cr3t")]);
    let ran = run.run().await.exits(0);
    assert_eq!(stored(&world), content);
    assert!(world.server.asked()[1].header("authorization").is_some(), "{ran}");
    assert_eq!(other.asked()[0].header("authorization"), None);
}

// 14.32
#[tokio::test]
async fn a_server_that_says_when_to_come_back_is_asked_then() {
    let (world, content, path) = world_of_one().await;
    world.server.fault(&path, FileFault::Status(503, vec![("retry-after", "1".to_owned())]));
    let ran = world.mirror(&[]).run().await.exits(0);
    assert_eq!(stored(&world), content);
    let elapsed = row(&ran, QEMU)["elapsed_seconds"].as_f64().unwrap();
    assert!(elapsed >= 1.0, "{elapsed}");
    assert_eq!(world.server.count(&path), 2, "not before, and not more often");
}
