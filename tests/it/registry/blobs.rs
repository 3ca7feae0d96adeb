//! Downloads of blobs.

use image_mirror::error::{Class, Classify};
use image_mirror::model::Digest;

use super::{client, client_with, descriptor, read, repository};
use crate::support::image::random_bytes;
use crate::support::{Blob, FakeRegistry, Fault, Kind, any};

const SIZE: usize = 1_000_000;

async fn with_blob() -> (FakeRegistry, Blob) {
    let registry = FakeRegistry::start().await;
    let blob = Blob::new(random_bytes(SIZE, 7));
    registry.put_blob("a/b", &blob);
    (registry, blob)
}

#[tokio::test]
async fn a_blob_is_read_in_one_request() {
    let (registry, blob) = with_blob().await;
    let client = client();
    let bytes = read(&*client.blob(&repository(&registry, "a/b"), &descriptor(&blob))).await.unwrap();
    assert_eq!(bytes, blob.bytes);
    assert_eq!(registry.count(any()), 1);
    assert_eq!(client.wire().received, SIZE as u64);
}

#[tokio::test]
async fn a_cut_download_goes_on_where_it_was_cut() {
    let (registry, blob) = with_blob().await;
    registry.fault(Fault::on(Kind::GetBlob).cut_after(600_000));
    registry.fault(Fault::on(Kind::GetBlob).reset_after(100_000));

    let bytes = read(&*client().blob(&repository(&registry, "a/b"), &descriptor(&blob))).await.unwrap();

    assert_eq!(bytes, blob.bytes);
    let requests = registry.requests();
    assert_eq!(requests.len(), 3);
    assert_eq!(requests[0].header("range"), None);
    assert_eq!(requests[1].header("range"), Some("bytes=600000-"));
    // Of the last frame before a reset some may be lost.
    let third = requests[2].header("range").unwrap();
    assert!(("bytes=600000-"..="bytes=700000-").contains(&third), "{third}");
    assert!(requests[2].sent < 400_001, "what was there was asked for again");
}

#[tokio::test]
async fn a_registry_without_ranges_is_read_again_and_its_beginning_left_out() {
    let (registry, blob) = with_blob().await;
    registry.configure(|config| config.ranges = false);
    registry.fault(Fault::on(Kind::GetBlob).cut_after(600_000));
    let bytes = read(&*client().blob(&repository(&registry, "a/b"), &descriptor(&blob))).await.unwrap();
    assert_eq!(bytes, blob.bytes);
    assert_eq!(registry.count(any()), 2);
}

#[tokio::test]
async fn a_download_that_is_cut_again_and_again_is_given_up() {
    let (registry, blob) = with_blob().await;
    registry.fault(Fault::on(Kind::GetBlob).cut_after(1000).always());
    let client = client_with(|options| options.attempts = 4);
    let error = read(&*client.blob(&repository(&registry, "a/b"), &descriptor(&blob))).await.unwrap_err();
    assert_eq!((error.class(), error.attempts()), (Class::Transient, 4));
    assert_eq!(registry.count(any()), 4);
}

#[tokio::test(start_paused = true)]
async fn a_download_that_stalls_goes_on_with_another_request() {
    let (registry, blob) = with_blob().await;
    registry.fault(Fault::on(Kind::GetBlob).stall_after(200_000));
    let bytes = read(&*client().blob(&repository(&registry, "a/b"), &descriptor(&blob))).await.unwrap();
    assert_eq!(bytes, blob.bytes);
    assert_eq!(registry.requests()[1].header("range"), Some("bytes=200000-"));
}

#[tokio::test]
async fn wrong_bytes_and_wrong_lengths_never_end_well() {
    let (registry, blob) = with_blob().await;
    registry.fault(Fault::on(Kind::GetBlob).corrupt());
    let source = client().blob(&repository(&registry, "a/b"), &descriptor(&blob));
    assert_eq!(read(&*source).await.unwrap_err().class(), Class::Corrupt);

    let mut longer = blob.bytes.to_vec();
    longer.push(0);
    registry.fault(Fault::on(Kind::GetBlob).body(longer));
    assert_eq!(read(&*source).await.unwrap_err().class(), Class::Corrupt);
    assert_eq!(read(&*source).await.unwrap(), blob.bytes);
}

#[tokio::test]
async fn a_blob_of_sha512_is_checked_by_sha512() {
    let (registry, blob) = with_blob().await;
    let like = Digest::parse(&format!("sha512:{}", "0".repeat(128))).unwrap();
    let digest = crate::support::image::digest_like(&like, &blob.bytes);
    let blob = Blob { digest, ..blob };
    registry.put_blob("a/b", &blob);
    let source = client().blob(&repository(&registry, "a/b"), &descriptor(&blob));
    registry.fault(Fault::on(Kind::GetBlob).corrupt());
    assert_eq!(read(&*source).await.unwrap_err().class(), Class::Corrupt);
    assert_eq!(read(&*source).await.unwrap(), blob.bytes);
}

#[tokio::test]
async fn whether_a_blob_is_there_costs_one_head_and_follows_no_redirect() {
    let (registry, blob) = with_blob().await;
    let client = client();
    let here = repository(&registry, "a/b");
    assert!(client.head_blob(&here, &blob.digest).await.unwrap());
    assert!(!client.head_blob(&here, &Digest::of(b"other")).await.unwrap());
    registry.configure(|config| config.redirect_blobs = true);
    assert!(client.head_blob(&here, &blob.digest).await.unwrap());
    assert_eq!((registry.count(Kind::HeadBlob), registry.count(any())), (3, 3));
}
