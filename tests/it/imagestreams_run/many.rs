//! Thousands of tags to a real registry, judged by skopeo; and the same again, a day later too.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use futures_util::{StreamExt as _, stream};
use image_mirror::engine::{Engine, Options, Silent, Stop};
use image_mirror::imagestreams::{Inventory, wish};
use image_mirror::model::{Batch, Row};
use image_mirror::registry::{self, Client, Credentials};

use super::{CI, everything};
use crate::support::{FakeRegistry, Image, RealRegistry, StreamList, any, skopeo, skopeo_raw, succeeded};

const DAY: Duration = Duration::from_hours(24);

/// What tags should be.
type Expected = BTreeMap<String, Image>;

/// An image of its own for each number, on a layer that all share.
fn image(number: usize) -> Image {
    Image::oci().layer_of(2000, 7).layer(format!("layer {number}")).build()
}

/// The moving tags `numbers` of several namespaces, in the registry of the cluster and in a file, with these images.
fn fill(
    source: &FakeRegistry,
    numbers: impl Iterator<Item = usize>,
    of: fn(usize) -> Image,
) -> (StreamList, Expected) {
    let (mut streams, mut tags) = (StreamList::of(source.host()), BTreeMap::new());
    for number in numbers {
        let (namespace, name, tag) =
            (format!("ns{}", number % 5), format!("stream{}", number % 97), format!("v{number}"));
        let image = of(number);
        source.put_untagged(&format!("{namespace}/{name}"), &image);
        streams.put(&format!("{namespace}/{name}:{tag}"), &image.digest);
        tags.insert(format!("{namespace}_{name}_{tag}"), image);
    }
    (streams, tags)
}

/// Mirrors all ImageStreams of the file `list`, as a run that began then.
async fn mirror(list: &Path, target: &str, began: SystemTime) -> (Vec<Row>, Client) {
    let asked = everything(target);
    let streams = Inventory::Files(vec![list.to_owned()]).read(&asked.needed()).await.unwrap();
    let wish = wish(&asked, &streams);
    let entries = wish.wanted.into_iter().map(|wanted| wanted.desired).collect();
    let client =
        Client::new(registry::Options::default(), Credentials::anonymous(), Credentials::anonymous())
            .unwrap();
    let options = Options { visible_targets: true, began, ..Options::default() };
    let engine = Engine::new(&client, options, Arc::new(Silent), Stop::default());
    (engine.run(stream::iter([Batch::admit(entries).batch])).await, client)
}

/// How the dated keep tags of a day begin.
fn day(at: SystemTime) -> String {
    let text = humantime::format_rfc3339_seconds(at).to_string();
    text.chars().filter(char::is_ascii_digit).take(8).collect()
}

fn dated<'a>(images: impl Iterator<Item = &'a Image>, at: SystemTime) -> Expected {
    let day = day(at);
    images.map(|image| (format!("{day}_sha256_{}", image.digest.hex()), image.clone())).collect()
}

async fn all_tags_of_a_file(count: usize) {
    let (source, target) = (FakeRegistry::start().await, RealRegistry::open().await);
    let folder = tempfile::tempdir().unwrap();
    let (before, now) = (folder.path().join("before.json"), folder.path().join("now.json"));
    // Every fourth tag was another image until yesterday.
    let (old_streams, old) = fill(&source, (0..count).step_by(4), |number| image(number + 1_000_000));
    let (streams, tags) = fill(&source, 0..count, image);
    std::fs::write(&before, old_streams.json()).unwrap();
    std::fs::write(&now, streams.json()).unwrap();
    let today = SystemTime::now();

    mirror(&before, target.host(), today - DAY).await;
    let (rows, _) = mirror(&now, target.host(), today).await;
    assert_eq!(rows.iter().filter(|row| row.outcome.word() == "copied").count(), count);
    told(count, today.elapsed().unwrap());
    let mut expected = tags.clone();
    expected.extend(dated(old.values(), today - DAY));
    expected.extend(dated(old.values().chain(tags.values()), today));
    assert_right(&target, &expected).await;

    for later in [Duration::ZERO, DAY] {
        source.clear_log();
        let (rows, client) = mirror(&now, target.host(), today + later).await;
        assert!(rows.iter().all(|row| row.outcome.word() == "kept"), "{later:?} later");
        let requests = client.wire().requests;
        assert_eq!(requests.head, count as u64, "one HEAD a moving tag, {later:?} later");
        let others =
            requests.token + requests.get + requests.post + requests.put + requests.patch + requests.delete;
        assert_eq!((others, source.count(any())), (0, 0), "nothing else, {later:?} later");
    }
}

#[expect(clippy::print_stderr, reason = "a figure for the closing note of a change")]
fn told(count: usize, took: Duration) {
    eprintln!("{count} tags, {} of which moved, were mirrored in {took:?}", count.div_ceil(4));
}

/// Every tag is what it should be, as skopeo sees it, and there is no other.
async fn assert_right(target: &RealRegistry, expected: &Expected) {
    stream::iter(expected)
        .for_each_concurrent(4, |(tag, image)| async move {
            let raw = skopeo_raw(&target.image(CI, tag), None).await;
            assert_eq!(raw, image.bytes, "{tag}");
        })
        .await;
    let repository = format!("docker://{}/{CI}", target.host());
    let listed = succeeded(skopeo(&["list-tags", "--tls-verify=false", &repository]).await).stdout;
    let listed: serde_json::Value = serde_json::from_slice(&listed).unwrap();
    let listed: BTreeSet<&str> =
        listed["Tags"].as_array().unwrap().iter().map(|tag| tag.as_str().unwrap()).collect();
    assert_eq!(listed, expected.keys().map(String::as_str).collect(), "and no other tag");
}

#[tokio::test]
async fn a_hundred_tags_and_their_keep_tags_are_right_and_stay_so_at_a_head_each() {
    all_tags_of_a_file(100).await;
}

#[tokio::test]
#[ignore = "large: two thousand tags, run by `make test-large`"]
async fn large_two_thousand_tags_and_their_keep_tags_are_right_and_stay_so_at_a_head_each() {
    all_tags_of_a_file(2000).await;
}
