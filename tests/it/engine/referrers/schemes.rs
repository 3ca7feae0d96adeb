//! Each way of attaching, between registries with a referrers API and without.

use image_mirror::engine::{Check, Extent, Options};
use image_mirror::model::{Outcome, Reason};

use super::{Pair, SOURCE, TARGET, assert_attached, attach, cosign, cosign_tag, list_tag, pair, signature};
use crate::engine::{failure, layout, word, writes};
use crate::support::{Fault, Image, Index, Kind, any};

#[tokio::test]
async fn a_signature_travels_between_registries_with_the_api_and_without() {
    for (source, target) in [(true, true), (true, false), (false, true), (false, false)] {
        let pair = pair(source, target).await;
        let image = Image::example(1);
        let entry = pair.offer(&image);
        let (one, two) = (signature(&image, "one"), signature(&image, "two"));
        attach(&pair, source, &image, &[&one, &two]);
        let row = pair.mirror_one(entry).await;

        assert_eq!(word(&row), "copied", "{source} {target} {:?}", row.outcome);
        assert!(pair.target.holds(TARGET, "v1", &image));
        assert_eq!(row.moved.requests as usize, pair.requests());
        assert_attached(&pair, &image, &[&one, &two]).await;
        let tags = if target { vec!["v1".to_owned()] } else { vec![list_tag(&image), "v1".to_owned()] };
        assert_eq!(pair.target.tags(TARGET), tags, "the list is kept under its tag only where it must be");
        pair.target.assert_tags_were_always_whole();
        let blobs = image.tree_blob_bytes() + one.tree_blob_bytes() + two.layers()[0].bytes.len() as u64;
        let manifests = image.bytes.len() + one.bytes.len() + two.bytes.len();
        // The empty config of both is one blob, and sent once.
        assert_eq!(row.moved.bytes.copied, blobs + manifests as u64, "the row counts what was attached");
    }
}

#[tokio::test]
async fn the_image_goes_first_by_digest_then_what_refers_to_it_and_its_tag_last() {
    let pair = pair(true, true).await;
    let image = Image::example(1);
    let entry = pair.offer(&image);
    let sbom = signature(&image, "sbom");
    let on_sbom = signature(&sbom, "on the sbom");
    attach(&pair, true, &image, &[&sbom]);
    attach(&pair, true, &sbom, &[&on_sbom]);
    pair.mirror_one(entry).await;

    let puts = pair.target.requests_on(Kind::PutManifest);
    let puts: Vec<_> = puts.iter().filter_map(|put| put.reference.as_deref()).collect();
    assert_eq!(puts, [image.digest.as_str(), sbom.digest.as_str(), on_sbom.digest.as_str(), "v1"]);
    assert_attached(&pair, &sbom, &[&on_sbom]).await;
}

#[tokio::test]
async fn what_cosign_keeps_under_tags_travels_and_so_does_its_signature_on_an_attestation() {
    let pair = pair(false, false).await;
    let image = Image::example(1);
    let entry = pair.offer(&image);
    let attached = ["sig", "att", "sbom"].map(|suffix| (cosign_tag(&image, suffix), cosign(suffix)));
    for (tag, manifest) in &attached {
        pair.source.put_image(SOURCE, tag, manifest);
    }
    let (on_att, on_att_tag) = (cosign("on the attestation"), cosign_tag(&attached[1].1, "sig"));
    pair.source.put_image(SOURCE, &on_att_tag, &on_att);
    pair.source.put_image(SOURCE, &cosign_tag(&Image::example(9), "sig"), &cosign("of another image"));
    let row = pair.mirror_one(entry).await;

    assert_eq!(word(&row), "copied", "{:?}", row.outcome);
    for (tag, manifest) in attached.iter().chain([&(on_att_tag, on_att)]) {
        assert!(pair.target.holds(TARGET, tag, manifest), "{tag}");
    }
    assert_eq!(pair.target.tags(TARGET).len(), 5, "what belongs to other images stays where it is");
}

#[tokio::test]
async fn what_refers_to_a_platform_of_an_index_travels_with_it() {
    let pair = pair(true, false).await;
    let (one, two) = (Image::example(1), Image::docker().platform("linux/arm64").layer_of(99, 3).build());
    let inner = Index::oci().child(&one).build();
    let index = Index::oci().child(&inner).child(&two).build();
    let entry = pair.offer(&index);
    let (of_one, of_two, of_index) =
        (signature(&one, "one"), signature(&two, "two"), signature(&index, "index"));
    for (subject, referrer) in [(&one, &of_one), (&two, &of_two), (&index, &of_index)] {
        attach(&pair, true, subject, &[referrer]);
    }
    pair.source.put_image(SOURCE, &cosign_tag(&two, "att"), &cosign("of a platform"));
    let row = pair.mirror_one(entry).await;

    assert_eq!(word(&row), "copied", "{:?}", row.outcome);
    for (subject, referrer) in [(&one, &of_one), (&two, &of_two), (&index, &of_index)] {
        assert_attached(&pair, subject, &[referrer]).await;
    }
    assert!(pair.target.tags(TARGET).contains(&cosign_tag(&two, "att")));
    let puts = pair.target.requests_on(Kind::PutManifest);
    assert_eq!(puts.last().and_then(|put| put.reference.clone()).as_deref(), Some("v1"));
}

#[tokio::test]
async fn a_filtered_index_takes_along_what_refers_to_the_platforms_that_are_left() {
    let mut pair = pair(true, true).await;
    pair.options.filter_by_os = Some(regex::Regex::new("linux/(amd64|arm64)").unwrap());
    let platforms = ["linux/amd64", "linux/arm64", "linux/s390x"];
    let images = platforms.map(|platform| Image::oci().platform(platform).layer(platform).build());
    let index = images.iter().fold(Index::oci(), Index::child).build();
    let entry = pair.offer(&index);
    let signatures = [0, 1, 2].map(|at| signature(&images[at], platforms[at]));
    for (image, signature) in images.iter().zip(&signatures) {
        attach(&pair, true, image, &[signature]);
    }
    let of_index = signature(&index, "of the index that is not there");
    attach(&pair, true, &index, &[&of_index]);
    let row = pair.mirror_one(entry).await;

    assert_eq!(word(&row), "copied", "{:?}", row.outcome);
    assert_attached(&pair, &images[0], &[&signatures[0]]).await;
    assert_attached(&pair, &images[1], &[&signatures[1]]).await;
    for left_out in [&signatures[2], &of_index] {
        assert_eq!(pair.target.manifest(TARGET, left_out.digest.as_str()), None);
    }
}

#[tokio::test]
async fn a_plan_says_what_would_come_along_and_writes_nothing() {
    let mut pair = pair(true, true).await;
    pair.options.extent = Extent::Plan;
    let image = Image::example(1);
    let entry = pair.offer(&image);
    let sbom = signature(&image, &"a long list ".repeat(1000));
    attach(&pair, true, &image, &[&sbom]);
    let row = pair.mirror_one(entry.clone()).await;
    assert!(matches!(row.outcome, Outcome::Planned(Reason::Absent)), "{:?}", row.outcome);
    assert_eq!(row.moved.bytes.copied, image.tree_blob_bytes() + sbom.tree_blob_bytes());

    pair.target.put_image(TARGET, "v1", &image);
    let row = pair.mirror_one(entry).await;
    assert!(matches!(row.outcome, Outcome::Planned(Reason::Referrers)), "{:?}", row.outcome);
    assert_eq!(row.moved.bytes.copied, sbom.tree_blob_bytes());
    assert_eq!(writes(&pair.target), []);
}

#[tokio::test]
async fn without_the_flag_and_within_one_repository_nothing_is_asked() {
    let mut pair = pair(true, true).await;
    let image = Image::example(1);
    let entry = pair.offer(&image);
    attach(&pair, true, &image, &[&signature(&image, "s")]);
    let (from, to) = (pair.source.image(SOURCE, "v1"), pair.source.image(SOURCE, "v2"));
    assert_eq!(word(&pair.mirror_one(crate::engine::entry(&from, &to)).await), "copied");
    pair.options = Options::default();
    assert_eq!(word(&pair.mirror_one(entry).await), "copied");

    for registry in [&pair.source, &pair.target] {
        assert_eq!(registry.count([Kind::Referrers, Kind::Tags]), 0);
    }
    assert_eq!(pair.target.manifests(TARGET), [image.digest]);
}

#[tokio::test]
async fn directories_hold_images_without_what_refers_to_them_and_nothing_is_asked() {
    let pair = pair(true, true).await;
    let image = Image::example(1);
    pair.offer(&image);
    attach(&pair, true, &image, &[&signature(&image, "s")]);
    let folder = tempfile::tempdir().unwrap();
    let there = crate::engine::entry(&pair.source.image(SOURCE, "v1"), &layout(folder.path(), "v1"));
    let back = crate::engine::entry(&layout(folder.path(), "v1"), &pair.target.image(TARGET, "v1"));
    assert_eq!(word(&pair.mirror_one(there.clone()).await), "copied");
    assert_eq!(word(&pair.mirror_one(there).await), "kept");
    assert_eq!(word(&pair.mirror_one(back).await), "copied");

    assert_eq!(pair.source.count([Kind::Referrers, Kind::Tags]), 0);
    assert_eq!(pair.target.count([Kind::Referrers, Kind::Tags]), 0);
}

#[tokio::test]
async fn content_that_a_signature_lost_is_found_and_sent_again_when_content_is_verified() {
    let mut pair = pair(true, true).await;
    let image = Image::example(1);
    let entry = pair.offer(&image);
    let signature = signature(&image, "s");
    attach(&pair, true, &image, &[&signature]);
    pair.mirror_one(entry.clone()).await;
    pair.target.delete_blob(TARGET, &signature.layers()[0].digest);

    assert_eq!(word(&pair.mirror_one(entry.clone()).await), "kept", "the names are right");
    pair.options.check = Check::Content;
    assert_eq!(word(&pair.mirror_one(entry.clone()).await), "updated");
    assert_attached(&pair, &image, &[&signature]).await;
    assert_eq!(word(&pair.mirror_one(entry).await), "kept");
}

#[tokio::test]
async fn a_target_that_lists_by_itself_without_saying_so_gets_the_list_under_the_tag_too_and_once() {
    let pair = pair(true, true).await;
    pair.target.configure(|config| config.subject_header = false);
    let image = Image::example(1);
    let entry = pair.offer(&image);
    let signature = signature(&image, "s");
    attach(&pair, true, &image, &[&signature]);
    assert_eq!(word(&pair.mirror_one(entry.clone()).await), "copied");
    assert!(pair.target.tags(TARGET).contains(&list_tag(&image)));
    pair.clear_logs();

    assert_eq!(word(&pair.mirror_one(entry).await), "kept");
    assert_eq!(writes(&pair.target), []);
}

/// One signed image whose signature cannot be copied.
async fn failing(fault: impl FnOnce(&Image) -> Fault) -> (Pair, String) {
    let pair = pair(true, true).await;
    let image = Image::example(1);
    let entry = pair.offer(&image);
    let signature = signature(&image, "s");
    attach(&pair, true, &image, &[&signature]);
    let old = Image::example(2);
    pair.target.put_image(TARGET, "v1", &old);
    pair.source.fault(fault(&signature));
    let row = pair.mirror_one(entry).await;
    assert_eq!(pair.target.tag_digest(TARGET, "v1"), Some(old.digest), "the tag moved without its signature");
    let told = failure(&row);
    assert!(told.contains(signature.digest.as_str()), "{told}");
    assert!(told.contains(&format!("refers to {}", image.digest)), "{told}");
    (pair, told)
}

#[tokio::test]
async fn a_signature_that_cannot_be_copied_fails_the_entry_by_name_before_the_tag_moves() {
    let manifest =
        |of: &Image| Fault::on(Kind::GetManifest).reference(of.digest.as_str()).always().status(403);
    let blob = |of: &Image| Fault::on(Kind::GetBlob).reference(of.layers()[0].digest.as_str()).always();
    failing(manifest).await;
    let (pair, _) = failing(|signature| blob(signature).corrupt()).await;
    assert!(pair.target.count(any()) > 0);
}
