//! Thousands of tags to a real registry, judged by skopeo; and the same again, a day later too.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use futures_util::{StreamExt as _, stream};
use image_mirror::engine::{Engine, Options, Silent, Stop};
use image_mirror::imagestreams::{Inventory, wish};
use image_mirror::model::{Batch, Row};
use image_mirror::registry::{self, Client, Credentials};

use super::{CI, everything, today};
use crate::support::{FakeRegistry, Image, RealRegistry, StreamList, any, skopeo, skopeo_raw, succeeded};

/// So many distinct images lie under the tags.
const IMAGES: usize = 40;

/// `count` tags of several namespaces, all of them in the registry of the cluster.
fn fill(source: &FakeRegistry, count: usize) -> (StreamList, BTreeMap<String, Image>) {
    let images: Vec<Image> = (0..IMAGES)
        .map(|seed| Image::oci().layer_of(2000, 7).layer_of(300, seed as u64 + 100).build())
        .collect();
    let (mut streams, mut tags) = (StreamList::of(source.host()), BTreeMap::new());
    for at in 0..count {
        let (namespace, name) = (format!("ns{}", at % 5), format!("stream{}", at % 97));
        let (image, tag) = (&images[at % IMAGES], format!("v{at}"));
        source.put_untagged(&format!("{namespace}/{name}"), image);
        streams.put(&format!("{namespace}/{name}:{tag}"), &image.digest);
        tags.insert(format!("{namespace}_{name}_{tag}"), image.clone());
    }
    (streams, tags)
}

/// Mirrors all ImageStreams of the file `list`, as if the run began `ahead` of now.
async fn mirror(list: &std::path::Path, target: &str, ahead: Duration) -> (Vec<Row>, Client) {
    let asked = everything(target);
    let streams = Inventory::Files(vec![list.to_owned()]).read(&asked.needed()).await.unwrap();
    let wish = wish(&asked, &streams);
    let entries = wish.wanted.into_iter().map(|wanted| wanted.desired).collect();
    let client =
        Client::new(registry::Options::default(), Credentials::anonymous(), Credentials::anonymous())
            .unwrap();
    let options = Options { visible_targets: true, began: SystemTime::now() + ahead, ..Options::default() };
    let engine = Engine::new(&client, options, Arc::new(Silent), Stop::default());
    (engine.run(stream::iter([Batch::admit(entries).batch])).await, client)
}

async fn all_tags_of_a_file(count: usize) {
    let (source, target) = (FakeRegistry::start().await, RealRegistry::open().await);
    let (streams, tags) = fill(&source, count);
    let folder = tempfile::tempdir().unwrap();
    let list = folder.path().join("streams.json");
    std::fs::write(&list, streams.json()).unwrap();

    let began = SystemTime::now();
    let (rows, _) = mirror(&list, target.host(), Duration::ZERO).await;
    assert_eq!(rows.iter().filter(|row| row.outcome.word() == "copied").count(), count);
    told(count, began.elapsed().unwrap());
    assert_right(&target, &tags).await;

    for days in [0, 1] {
        source.clear_log();
        let (rows, client) = mirror(&list, target.host(), Duration::from_hours(24 * days)).await;
        assert!(rows.iter().all(|row| row.outcome.word() == "kept"), "{days} days later");
        let requests = client.wire().requests;
        assert_eq!(requests.head, count as u64, "one HEAD a moving tag, {days} days later");
        let others =
            requests.token + requests.get + requests.post + requests.put + requests.patch + requests.delete;
        assert_eq!((others, source.count(any())), (0, 0), "nothing else, {days} days later");
    }
}

#[expect(clippy::print_stderr, reason = "a figure for the closing note of a change")]
fn told(count: usize, took: Duration) {
    eprintln!("{count} tags were mirrored in {took:?}");
}

/// Every moving tag, and one keep tag an image, are what they should be, as skopeo sees it.
async fn assert_right(target: &RealRegistry, tags: &BTreeMap<String, Image>) {
    let mut expected: BTreeMap<String, Image> = tags.clone();
    for image in tags.values() {
        expected.insert(format!("{}_sha256_{}", today(), image.digest.hex()), image.clone());
    }
    assert_eq!(expected.len(), tags.len() + IMAGES.min(tags.len()));
    stream::iter(&expected)
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
