//! HEAD, GET and PUT of manifests.

use image_mirror::error::{Class, Classify};
use image_mirror::model::{Digest, Manifest};

use super::{by_digest, client, repository, tagged};
use crate::support::{FakeRegistry, Fault, Image, Kind, any, on, writes};

#[tokio::test]
async fn a_head_costs_one_request_and_offers_every_manifest_type() {
    let registry = FakeRegistry::start().await;
    let image = Image::docker().layer("a").build();
    registry.put_image("a/b", "v1", &image);

    let found = client().head_manifest(&tagged(&registry, "a/b", "v1")).await.unwrap().unwrap();

    assert_eq!(found.digest, image.digest);
    assert_eq!((found.size, found.media_type), (image.bytes.len() as u64, image.media_type));
    let requests = registry.requests();
    assert_eq!(requests.len(), 1);
    let offered: Vec<_> = requests[0].headers.get_all("accept").iter().collect();
    assert_eq!(offered, image_mirror::model::MANIFEST_MEDIA_TYPES);
}

#[tokio::test]
async fn a_head_without_a_digest_is_followed_by_one_get_whose_body_is_hashed() {
    let registry = FakeRegistry::builder().without_digest_header().start().await;
    let image = Image::oci().layer("a").build();
    registry.put_image("a/b", "v1", &image);
    let client = client();

    let found = client.head_manifest(&tagged(&registry, "a/b", "v1")).await.unwrap().unwrap();
    assert_eq!((found.digest, found.size), (image.digest.clone(), image.bytes.len() as u64));
    assert_eq!((registry.count(Kind::HeadManifest), registry.count(Kind::GetManifest)), (1, 1));

    // By digest there is nothing to find out.
    let found = client.head_manifest(&by_digest(&registry, "a/b", &image.digest)).await.unwrap().unwrap();
    assert_eq!(found.digest, image.digest);
    assert_eq!(registry.count(Kind::GetManifest), 1);
}

#[tokio::test]
async fn what_does_not_exist_is_none_at_a_head_and_missing_at_a_get_and_asked_for_once() {
    let registry = FakeRegistry::start().await;
    let client = client();
    let nothing = tagged(&registry, "a/b", "v1");

    assert_eq!(client.head_manifest(&nothing).await.unwrap(), None);
    let error = client.get_manifest(&nothing).await.unwrap_err();

    assert!(error.is_missing() && !error.is_denied());
    assert_eq!((error.class(), error.attempts(), error.status()), (Class::Missing, 1, Some(404)));
    assert_eq!(error.to_string(), format!("GET {}/a/b:v1", registry.host()));
    assert_eq!(registry.count(any()), 2, "a 404 is no reason to ask again");
}

#[tokio::test]
async fn a_manifest_arrives_byte_for_byte_with_the_digest_of_its_algorithm() {
    let registry = FakeRegistry::start().await;
    let image = Image::oci().layer("a").pretty().build();
    registry.put_image("a/b", "v1", &image);

    let manifest = client().get_manifest(&tagged(&registry, "a/b", "v1")).await.unwrap();

    assert_eq!((manifest.bytes, manifest.digest), (image.bytes, image.digest));
    assert_eq!(manifest.media_type, image.media_type);
}

#[tokio::test]
async fn wrong_manifest_bytes_are_refused_after_a_second_look_and_right_ones_taken_then() {
    let registry = FakeRegistry::start().await;
    let image = Image::oci().layer("a").build();
    registry.put_image("a/b", "v1", &image);
    let client = client();

    registry.fault(Fault::on(Kind::GetManifest).corrupt().times(2));
    let error = client.get_manifest(&by_digest(&registry, "a/b", &image.digest)).await.unwrap_err();
    assert_eq!((error.class(), error.attempts()), (Class::Corrupt, 2));

    registry.fault(Fault::on(Kind::GetManifest).corrupt());
    let manifest = client.get_manifest(&tagged(&registry, "a/b", "v1")).await.unwrap();
    assert_eq!(manifest.digest, image.digest);
    assert_eq!(registry.count(Kind::GetManifest), 4);
}

#[tokio::test]
async fn a_manifest_of_more_than_four_mebibytes_is_not_read() {
    let registry = FakeRegistry::start().await;
    let image = Image::oci().layer("a").build();
    registry.put_image("a/b", "v1", &image);
    registry.fault(Fault::on(Kind::GetManifest).body(vec![b' '; (4 << 20) + 1]));
    let client = client();

    let error = client.get_manifest(&tagged(&registry, "a/b", "v1")).await.unwrap_err();

    assert_eq!((error.class(), error.attempts()), (Class::Protocol, 1));
    assert!(client.wire().received < 4 << 20, "the body was read");
}

#[tokio::test]
async fn a_head_by_digest_that_is_answered_about_another_digest_is_corrupt() {
    let registry = FakeRegistry::start().await;
    let image = Image::oci().layer("a").build();
    registry.put_image("a/b", "v1", &image);
    let other = Digest::of(b"other");
    registry.fault(Fault::on(Kind::HeadManifest).always().header("docker-content-digest", other.as_str()));

    let error = client().head_manifest(&by_digest(&registry, "a/b", &image.digest)).await.unwrap_err();

    assert_eq!(error.class(), Class::Corrupt);
}

#[tokio::test]
async fn a_manifest_is_written_as_it_is_and_its_digest_answered() {
    let registry = FakeRegistry::start().await;
    let image = Image::docker().layer("a").build();
    for blob in image.tree_blobs() {
        registry.put_blob("a/b", blob);
    }
    let manifest = Manifest::new(Some(&image.media_type), image.bytes.clone());

    let stored = client().put_manifest(&tagged(&registry, "a/b", "v1"), &manifest).await.unwrap();

    assert_eq!(stored, Some(image.digest.clone()));
    assert_eq!(registry.manifest("a/b", "v1"), Some(image.bytes.clone()));
    let put = &registry.requests_on(Kind::PutManifest)[0];
    assert_eq!(put.header("content-type"), Some(image.media_type.as_str()));
    assert_eq!(registry.count(any()), 1);
}

#[tokio::test]
async fn a_manifest_whose_blobs_are_missing_is_refused_with_their_digests() {
    let registry = FakeRegistry::start().await;
    let image = Image::oci().layer("a").build();
    let manifest = Manifest::new(Some(&image.media_type), image.bytes.clone());
    let client = client();

    let error = client.put_manifest(&tagged(&registry, "a/b", "v1"), &manifest).await.unwrap_err();

    let missing = error.missing_content().unwrap();
    assert!(
        !missing.is_empty() && missing.iter().all(|digest| image.blobs.iter().any(|b| b.digest == *digest))
    );
    assert_eq!((error.attempts(), registry.count(writes())), (1, 1));
    let absent = client.get_manifest(&tagged(&registry, "a/b", "v1")).await.unwrap_err();
    assert_eq!(absent.missing_content(), None, "only a write can lack content");
}

#[tokio::test]
async fn a_refused_request_names_the_host_the_right_and_the_words_of_the_registry() {
    let registry = FakeRegistry::start().await;
    let body = r#"{"errors":[{"code":"DENIED","message":"me:secret@x may not"}]}"#;
    registry.fault(Fault::on(Kind::PutManifest).status(403).body(body).always());
    let manifest = Manifest::new(None, "{}".into());

    let error = client().put_manifest(&tagged(&registry, "a/b", "v1"), &manifest).await.unwrap_err();

    assert!(error.is_denied());
    assert_eq!(error.attempts(), 1);
    let shown = image_mirror::error::Chain(&error).to_string();
    let host = repository(&registry, "a/b").host;
    assert_eq!(shown, format!("PUT {host}/a/b:v1: status 403 DENIED (*********@x may not)"));
    let advice = error.advice().unwrap();
    assert!(advice.contains(host.as_str()) && advice.contains("push"), "{advice}");
    assert_eq!(registry.count(on(Kind::PutManifest)), 1);
}
