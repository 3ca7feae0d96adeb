//! Copies of blobs, sessions and mounts.

use std::sync::atomic::{AtomicU64, Ordering};

use image_mirror::error::{Class, Classify};
use image_mirror::registry::Opened;

use super::{client, client_with, copy, descriptor, repository};
use crate::support::image::random_bytes;
use crate::support::{Blob, FakeRegistry, Fault, Kind, Locations, MountPolicy, any, writes};

const SIZE: usize = 300_000;

struct Two {
    from: FakeRegistry,
    to: FakeRegistry,
    blob: Blob,
}

impl Two {
    async fn start() -> Self {
        let (from, to) = (FakeRegistry::start().await, FakeRegistry::start().await);
        let blob = Blob::new(random_bytes(SIZE, 3));
        from.put_blob("a/b", &blob);
        Self { from, to, blob }
    }

    async fn copy(
        &self,
        client: &image_mirror::registry::Client,
    ) -> Result<(), image_mirror::registry::Error> {
        copy(client, &repository(&self.from, "a/b"), &repository(&self.to, "c/d"), &self.blob).await
    }

    fn arrived(&self) -> bool {
        self.to.has_blob("c/d", &self.blob.digest)
    }
}

#[tokio::test]
async fn a_copy_is_one_get_one_post_and_one_put_of_a_known_length() {
    let two = Two::start().await;
    let client = client();

    two.copy(&client).await.unwrap();

    assert!(two.arrived());
    assert_eq!((two.from.count(any()), two.to.count(any())), (1, 2));
    let put = &two.to.requests_on(Kind::PutBlob)[0];
    assert_eq!(put.header("content-length"), Some(SIZE.to_string().as_str()));
    assert_eq!(put.header("transfer-encoding"), None);
    assert_eq!(two.to.requests_on(Kind::PostUpload)[0].header("content-length"), Some("0"));
    assert_eq!((client.wire().received, client.wire().sent), (SIZE as u64, SIZE as u64));
}

#[tokio::test]
async fn every_form_of_location_is_understood() {
    for locations in [
        Locations::Relative,
        Locations::RelativeWithQuery,
        Locations::Absolute,
        Locations::AbsoluteWithQuery,
        Locations::Elsewhere,
    ] {
        let two = Two::start().await;
        two.to.configure(|config| config.locations = locations);
        two.copy(&client()).await.unwrap();
        assert!(two.arrived(), "{locations:?}");
        let elsewhere = usize::from(locations == Locations::Elsewhere);
        assert_eq!(two.to.count(Kind::Elsewhere), elsewhere, "{locations:?}");
    }
}

#[tokio::test]
async fn wrong_bytes_are_never_committed() {
    let two = Two::start().await;
    two.from.fault(Fault::on(Kind::GetBlob).corrupt().times(2));

    let error = two.copy(&client()).await.unwrap_err();

    assert_eq!((error.class(), error.attempts()), (Class::Corrupt, 2));
    assert!(error.to_string().starts_with(&format!("GET blob {}/a/b@", two.from.host())), "{error}");
    assert!(!two.arrived());
    for put in two.to.requests_on(Kind::PutBlob) {
        assert!(put.received < SIZE as u64, "all bytes were sent: only the registry could still refuse them");
        assert_eq!(put.status, None);
    }
}

#[tokio::test]
async fn wrong_bytes_once_are_sent_right_the_second_time() {
    let two = Two::start().await;
    two.from.fault(Fault::on(Kind::GetBlob).corrupt());
    two.copy(&client()).await.unwrap();
    assert!(two.arrived());
    assert_eq!(two.from.count(Kind::GetBlob), 2);
}

#[tokio::test]
async fn a_cut_upload_is_tried_again_as_a_whole_and_progress_counts_its_bytes_once() {
    let two = Two::start().await;
    two.to.fault(Fault::on(Kind::PutBlob).upload_reset_after(100_000));
    two.to.fault(Fault::on(Kind::PutBlob).status(502));
    let sent = AtomicU64::new(0);
    let count = |bytes| {
        sent.fetch_add(bytes, Ordering::Relaxed);
    };
    let (client, blob) = (client(), descriptor(&two.blob));
    let source = client.blob(&repository(&two.from, "a/b"), &blob);

    client.upload_blob(&repository(&two.to, "c/d"), &blob, None, &*source, &count).await.unwrap();

    assert!(two.arrived());
    assert_eq!((two.to.count(Kind::PostUpload), two.to.count(Kind::PutBlob)), (3, 3));
    assert_eq!(sent.into_inner(), SIZE as u64);
}

#[tokio::test]
async fn a_session_given_is_used_and_lost_ones_are_opened_anew() {
    let two = Two::start().await;
    let (client, blob) = (client(), descriptor(&two.blob));
    let (here, source) = (repository(&two.to, "c/d"), repository(&two.from, "a/b"));
    let Opened::Session(session) = client.open_upload(&here, None).await.unwrap() else { panic!() };
    two.to.fault(Fault::on(Kind::PutBlob).status(500));

    client.upload_blob(&here, &blob, Some(session), &*client.blob(&source, &blob), &|_| {}).await.unwrap();

    assert!(two.arrived());
    assert_eq!((two.to.count(Kind::PostUpload), two.to.count(Kind::PutBlob)), (2, 2));
}

#[tokio::test]
async fn a_source_that_is_missing_fails_the_copy_with_its_own_error() {
    let two = Two::start().await;
    two.from.delete_blob("a/b", &two.blob.digest);
    let error = two.copy(&client()).await.unwrap_err();
    assert_eq!((error.class(), error.attempts()), (Class::Missing, 1));
    assert!(error.to_string().starts_with("GET blob"));
    assert_eq!(two.to.count(Kind::PutBlob), 0);
}

#[tokio::test]
async fn a_registry_that_takes_no_large_put_gets_the_blob_in_parts_and_is_remembered() {
    for status in [413, 405, 501] {
        let two = Two::start().await;
        two.to.configure(|config| config.locations = Locations::RelativeWithQuery);
        two.to.fault(Fault::on(Kind::PutBlob).status(status));
        let client = client_with(|options| options.chunk_size = 100_001);
        let sent = AtomicU64::new(0);
        let count = |bytes| {
            sent.fetch_add(bytes, Ordering::Relaxed);
        };
        let blob = descriptor(&two.blob);
        let source = client.blob(&repository(&two.from, "a/b"), &blob);

        client.upload_blob(&repository(&two.to, "c/d"), &blob, None, &*source, &count).await.unwrap();

        assert!(two.arrived());
        assert_eq!(sent.into_inner(), SIZE as u64);
        let ranges: Vec<_> = two.to.requests_on(Kind::PatchUpload);
        let ranges: Vec<_> = ranges.iter().filter_map(|patch| patch.header("content-range")).collect();
        assert_eq!(ranges, ["0-100000", "100001-200001", "200002-299999"]);

        copy(&client, &repository(&two.from, "a/b"), &repository(&two.to, "e/f"), &two.blob).await.unwrap();
        assert!(two.to.has_blob("e/f", &two.blob.digest));
        assert_eq!(two.to.count(Kind::PutBlob), 3, "the second blob was tried in one piece again");
    }
}

#[tokio::test]
async fn parts_that_are_too_large_are_made_smaller() {
    let two = Two::start().await;
    let blob = Blob::new(random_bytes(3 << 20, 5));
    two.from.put_blob("a/b", &blob);
    two.to.fault(Fault::on(Kind::PutBlob).status(413));
    two.to.fault(Fault::on(Kind::PatchUpload).status(413));
    let client = client_with(|options| options.chunk_size = 4 << 20);

    copy(&client, &repository(&two.from, "a/b"), &repository(&two.to, "c/d"), &blob).await.unwrap();

    assert!(two.to.has_blob("c/d", &blob.digest));
    let lengths: Vec<_> = two.to.requests_on(Kind::PatchUpload);
    let lengths: Vec<_> = lengths.iter().filter_map(|patch| patch.header("content-length")).collect();
    assert_eq!(lengths, ["3145728", "1048576", "1048576", "1048576"]);
}

#[tokio::test]
async fn a_least_size_of_parts_that_the_registry_names_is_kept() {
    let two = Two::start().await;
    two.to.fault(Fault::on(Kind::PutBlob).status(413));
    two.to.fault(Fault::on(Kind::PostUpload).after(1).header("oci-chunk-min-length", "200000"));
    two.copy(&client_with(|options| options.chunk_size = 10_000)).await.unwrap();
    assert!(two.arrived());
    assert_eq!(two.to.count(Kind::PatchUpload), 2);
}

#[tokio::test(start_paused = true)]
async fn a_source_that_stalls_is_asked_again_without_the_target_noticing() {
    let two = Two::start().await;
    two.from.fault(Fault::on(Kind::GetBlob).stall_after(100_000));
    two.copy(&client()).await.unwrap();
    assert!(two.arrived());
    assert_eq!((two.from.count(Kind::GetBlob), two.to.count(Kind::PutBlob)), (2, 1));
}

#[tokio::test]
async fn a_source_that_is_cut_too_often_is_given_up_after_its_attempts_and_not_begun_anew() {
    let two = Two::start().await;
    two.from.fault(Fault::on(Kind::GetBlob).cut_after(100).always());
    let error = two.copy(&client()).await.unwrap_err();
    assert_eq!((error.class(), error.attempts()), (Class::Transient, 5));
    assert_eq!(two.from.count(Kind::GetBlob), 5);
    assert!(!two.arrived());
}

#[tokio::test]
async fn wrong_bytes_in_parts_are_never_committed() {
    let two = Two::start().await;
    two.to.fault(Fault::on(Kind::PutBlob).status(413));
    two.from.fault(Fault::on(Kind::GetBlob).after(1).corrupt().times(2));
    let client = client_with(|options| options.chunk_size = 100_000);

    let error = two.copy(&client).await.unwrap_err();

    assert_eq!(error.class(), Class::Corrupt);
    assert!(!two.arrived());
    assert_eq!(two.to.count(Kind::PutBlob), 1, "an upload of wrong bytes was finished");
}

#[tokio::test]
async fn a_put_that_is_redirected_sends_the_blob_again_to_where_it_is_wanted() {
    let two = Two::start().await;
    let session = format!("/v2/c/d/blobs/uploads/session-1?digest={}&signature=x", two.blob.digest);
    let there = format!("http://{}{session}", two.to.elsewhere());
    two.to.configure(|config| config.locations = Locations::Relative);
    two.to.fault(Fault::on(Kind::PutBlob).status(307).header("location", &there));

    two.copy(&client()).await.unwrap();

    assert!(two.arrived());
    assert_eq!(two.from.count(Kind::GetBlob), 2, "a body can be sent once only");
    let there = two.to.requests_on(Kind::Elsewhere);
    assert_eq!(there.len(), 1);
    assert_eq!(there[0].received, SIZE as u64);
    assert!(!there[0].is_authorized());
}

#[tokio::test]
async fn an_empty_blob_is_copied_and_checked() {
    let two = Two::start().await;
    let empty = Blob::new("");
    two.from.put_blob("a/b", &empty);
    let (from, to) = (repository(&two.from, "a/b"), repository(&two.to, "c/d"));
    copy(&client(), &from, &to, &empty).await.unwrap();
    assert!(two.to.has_blob("c/d", &empty.digest));

    let lie = Blob { digest: two.blob.digest.clone(), ..empty };
    two.from.put_blob("a/b", &lie);
    let error = copy(&client(), &from, &to, &lie).await.unwrap_err();
    assert_eq!(error.class(), Class::Corrupt);
    assert!(!two.arrived());
    assert_eq!(two.to.count(Kind::PutBlob), 1);
}

#[tokio::test(start_paused = true)]
async fn an_upload_that_the_registry_never_answers_is_given_up_and_tried_again() {
    let two = Two::start().await;
    two.to.fault(Fault::on(Kind::PutBlob).stall());
    two.copy(&client()).await.unwrap();
    assert!(two.arrived());
    assert_eq!(two.to.count(Kind::PutBlob), 2);
}

#[tokio::test]
async fn a_mount_is_one_post_that_moves_no_bytes() {
    let two = Two::start().await;
    let (there, here) = (repository(&two.from, "a/b"), repository(&two.from, "c/d"));
    let client = client();

    let opened = client.open_upload(&here, Some((&two.blob.digest, &there))).await.unwrap();

    assert!(matches!(opened, Opened::Present));
    assert!(two.from.has_blob("c/d", &two.blob.digest));
    let post = &two.from.requests()[0];
    assert_eq!(
        (post.query["from"].as_str(), post.query["mount"].as_str()),
        ("a/b", two.blob.digest.as_str())
    );
    assert_eq!((two.from.count(any()), client.wire().sent), (1, 0));
}

#[tokio::test]
async fn a_declined_mount_is_a_session_that_can_be_used_or_cancelled() {
    let two = Two::start().await;
    two.from.configure(|config| config.mounts = MountPolicy::Never);
    let (there, here) = (repository(&two.from, "a/b"), repository(&two.from, "c/d"));
    let (client, blob) = (client(), descriptor(&two.blob));
    let mount = Some((&blob.digest, &there));

    let Opened::Session(unwanted) = client.open_upload(&here, mount).await.unwrap() else { panic!() };
    client.cancel_upload(unwanted).await;
    assert_eq!((two.from.open_uploads(), two.from.count(Kind::DeleteUpload)), (0, 1));

    let Opened::Session(session) = client.open_upload(&here, mount).await.unwrap() else { panic!() };
    client.upload_blob(&here, &blob, Some(session), &*client.blob(&there, &blob), &|_| {}).await.unwrap();
    assert!(two.from.has_blob("c/d", &blob.digest));
    assert_eq!(two.from.count(Kind::PostUpload), 0);
    assert_eq!(two.from.count(writes()), 4);
}

#[tokio::test]
async fn a_cancel_that_fails_is_nobodys_problem() {
    let two = Two::start().await;
    let client = client();
    let Opened::Session(session) = client.open_upload(&repository(&two.to, "c/d"), None).await.unwrap()
    else {
        panic!()
    };
    two.to.fault(Fault::on(Kind::DeleteUpload).status(500));
    client.cancel_upload(session).await;
    assert_eq!(two.to.count(Kind::DeleteUpload), 1, "it is not worth a second attempt");
}
