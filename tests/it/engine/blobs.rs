//! How blobs get to a registry: present, mounted or copied, each once.

use super::{Pair, word, writes};
use crate::support::{FakeRegistry, Fault, Image, Kind, MountPolicy};

async fn pair_with(mounts: MountPolicy) -> Pair {
    let target = FakeRegistry::builder().mounts(mounts).start().await;
    Pair { source: FakeRegistry::start().await, target, options: image_mirror::engine::Options::default() }
}

#[tokio::test]
async fn a_blob_that_another_repository_has_is_mounted() {
    let pair = Pair::start().await;
    let image = Image::example(1);
    pair.offer(&image);
    let rows = pair
        .mirror(vec![pair.entry("org/app:v1", "mirror/one:v1"), pair.entry("org/app:v1", "mirror/two:v1")])
        .await;

    assert!(rows.iter().all(|row| word(row) == "copied"));
    assert!(pair.target.holds("mirror/one", "v1", &image) && pair.target.holds("mirror/two", "v1", &image));
    assert_eq!(pair.target.count(Kind::PutBlob), 3, "each blob is sent once to the registry");
    assert_eq!(pair.source.count(Kind::GetBlob), 3);
    let mounted: u64 = rows.iter().map(|row| row.moved.bytes.mounted).sum();
    assert_eq!(mounted, image.tree_blob_bytes());
    // 3 uploads, 3 mounts, 1 to learn the registry's ways.
    assert_eq!(pair.target.count([Kind::PostUpload, Kind::PostMount]), 7);
    assert_eq!(pair.target.open_uploads(), 0, "no session is left behind");
}

#[tokio::test]
async fn a_declined_mount_becomes_an_upload_in_the_session_it_opened() {
    let pair = pair_with(MountPolicy::Never).await;
    let image = Image::example(1);
    pair.offer(&image);
    let rows = pair
        .mirror(vec![pair.entry("org/app:v1", "mirror/one:v1"), pair.entry("org/app:v1", "mirror/two:v1")])
        .await;

    assert!(rows.iter().all(|row| word(row) == "copied"));
    assert!(pair.target.holds("mirror/two", "v1", &image));
    assert_eq!(pair.target.count(Kind::PutBlob), 6);
    // The one that asked for the registry's ways is cancelled; all others are used.
    assert_eq!(pair.target.count(Kind::DeleteUpload), 1);
    assert_eq!(pair.target.open_uploads(), 0);
}

#[tokio::test]
async fn a_refused_mount_is_followed_by_an_upload_and_not_asked_for_again() {
    let pair = Pair::start().await;
    let image = Image::example(1);
    pair.source.put_image("org/app", "v1", &image);
    pair.target.fault(Fault::on(Kind::PostMount).repository("mirror/two").always().status(403));
    let rows = pair
        .mirror(vec![pair.entry("org/app:v1", "mirror/one:v1"), pair.entry("org/app:v1", "mirror/two:v1")])
        .await;

    assert!(rows.iter().all(|row| word(row) == "copied"), "{rows:?}");
    assert!(pair.target.holds("mirror/two", "v1", &image));
}

#[tokio::test]
async fn a_blob_that_is_there_is_never_sent_again_where_the_registry_says_so() {
    let pair = Pair::start().await;
    let (old, new) =
        (Image::oci().layer_of(900, 1).build(), Image::oci().layer_of(900, 1).layer_of(9, 2).build());
    pair.target.put_untagged("mirror/app", &old);
    let row = pair.mirror_one(pair.offer(&new)).await;

    assert_eq!(word(&row), "copied");
    assert!(row.moved.bytes.present >= 900, "{:?}", row.moved);
    assert_eq!(pair.target.count(Kind::HeadBlob), 0);
    assert_eq!(pair.target.count(Kind::PutBlob), 2, "the new layer and the new config");
}

#[tokio::test]
async fn a_registry_that_does_not_say_so_is_asked_with_a_head_from_then_on() {
    let pair = pair_with(MountPolicy::OnlyOtherRepositories).await;
    let images: Vec<Image> = (1..=8).map(|n| Image::oci().layer_of(50, n).build()).collect();
    for (n, image) in images.iter().enumerate() {
        pair.source.put_image("org/app", &format!("v{n}"), image);
        let entry = pair.entry(&format!("org/app:v{n}"), &format!("mirror/app:v{n}"));
        let entries = vec![entry];
        assert_eq!(word(&pair.mirror(entries).await[0]), "copied");
    }
    pair.target.assert_tags_whole();
    assert_eq!(pair.target.open_uploads(), 0);

    // In one run: the first finished upload teaches it, later ones ask first.
    pair.clear_logs();
    for (n, image) in images.iter().enumerate() {
        pair.target.delete_tag("mirror/app", &format!("v{n}"));
        pair.target.delete_manifest("mirror/app", &image.digest);
    }
    let fresh = Image::oci().layer_of(51, 99).build();
    pair.source.put_image("org/app", "fresh", &fresh);
    let mut options = pair.options.clone();
    options.jobs = 1;
    let mut entries = vec![pair.entry("org/app:fresh", "mirror/fresh:v1")];
    entries
        .extend((0..images.len()).map(|n| pair.entry(&format!("org/app:v{n}"), &format!("mirror/app:v{n}"))));
    let rows = super::mirror(entries, options, image_mirror::engine::Stop::default()).await;
    assert!(rows.iter().all(|row| word(row) == "copied"));
    let sent = pair.target.count(Kind::PutBlob);
    assert!(sent < 2 * (images.len() + 1), "{sent} blobs were sent although most were there");
    assert!(pair.target.count(Kind::HeadBlob) > 0);
    assert_eq!(pair.target.open_uploads(), 0);
}

#[tokio::test]
async fn a_blob_on_its_way_is_waited_for_and_mounted() {
    let pair = Pair::start().await;
    let image = Image::example(1);
    pair.offer(&image);
    let gate = pair.target.hold(Kind::PutBlob);
    let entries = vec![pair.entry("org/app:v1", "mirror/one:v1"), pair.entry("org/app:v1", "mirror/two:v1")];
    let release = async {
        gate.arrived(3).await;
        gate.release();
    };
    let (rows, ()) = tokio::join!(pair.mirror(entries), release);

    assert!(rows.iter().all(|row| word(row) == "copied"));
    assert_eq!(pair.target.count(Kind::PutBlob), 3);
    assert_eq!(gate.count(), 3, "nobody sent a blob that was on its way");
}

#[tokio::test]
async fn a_copy_within_a_registry_moves_no_layer_through_us() {
    let pair = Pair::start().await;
    let image = Image::example(1);
    pair.target.put_image("org/app", "v1", &image);
    let host = pair.target.host();
    let row =
        pair.mirror_one(super::entry(&format!("{host}/org/app:v1"), &format!("{host}/mirror/app:v1"))).await;

    assert_eq!(word(&row), "copied");
    assert_eq!(row.moved.bytes.mounted, image.tree_blob_bytes());
    assert_eq!(pair.target.count([Kind::GetBlob, Kind::PutBlob]), 0);
    assert!(pair.target.holds("mirror/app", "v1", &image));
}

#[tokio::test]
async fn skip_mount_never_mounts() {
    let mut pair = Pair::start().await;
    pair.options.skip_mount = true;
    let image = Image::example(1);
    pair.offer(&image);
    let rows = pair
        .mirror(vec![pair.entry("org/app:v1", "mirror/one:v1"), pair.entry("org/app:v1", "mirror/two:v1")])
        .await;

    assert!(rows.iter().all(|row| word(row) == "copied"));
    assert_eq!(pair.target.count(Kind::PostMount), 0);
    assert!(writes(&pair.target).contains(&Kind::PutBlob));
    pair.target.assert_tags_whole();
}

#[tokio::test]
async fn a_session_that_the_registry_lost_is_opened_anew() {
    let pair = Pair::start().await;
    let image = Image::example(1);
    let body = r#"{"errors":[{"code":"BLOB_UPLOAD_UNKNOWN","message":"upload unknown"}]}"#;
    pair.target.fault(Fault::on(Kind::PutBlob).times(1).status(404).body(body));
    let row = pair.mirror_one(pair.offer(&image)).await;

    assert_eq!(word(&row), "copied", "{:?}", row.outcome);
    assert_eq!(pair.target.count(Kind::PutBlob), 4, "one of three was sent again");
    assert!(pair.target.holds("mirror/app", "v1", &image));
}
