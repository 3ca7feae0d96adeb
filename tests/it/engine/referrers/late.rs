//! What is attached after its image was copied is found by the next run, at a price that is known.

use image_mirror::model::{Desired, Outcome, Update};

use super::{Pair, SOURCE, TARGET, assert_attached, attach, cosign, cosign_tag, pair, signature};
use crate::engine::{word, writes};
use crate::support::{FakeRegistry, Fault, Image, Index, Kind, on};

/// What was asked: HEADs and GETs of manifests, lists of referrers, lists of tags.
fn asked(registry: &FakeRegistry) -> [usize; 4] {
    [Kind::HeadManifest, Kind::GetManifest, Kind::Referrers, Kind::Tags].map(|kind| registry.count(kind))
}

/// Mirrors an entry that is to be kept, and gives what that cost at both ends.
async fn keep(pair: &Pair, entries: &[Desired]) -> [[usize; 4]; 2] {
    pair.clear_logs();
    for row in pair.mirror(entries.to_vec()).await {
        assert_eq!(word(&row), "kept", "{:?}", row.outcome);
    }
    assert_eq!(writes(&pair.target), []);
    assert_eq!(pair.requests(), [&pair.source, &pair.target].map(asked).iter().flatten().sum::<usize>());
    [asked(&pair.source), asked(&pair.target)]
}

#[tokio::test]
async fn a_kept_image_costs_one_list_of_referrers_more_and_its_repository_one_list_of_tags() {
    let pair = pair(true, true).await;
    let image = Image::example(1);
    let mut entries = vec![pair.offer(&image)];
    for number in 2..=5 {
        pair.source.put_image(SOURCE, &format!("v{number}"), &Image::example(number));
        entries.push(pair.entry(&format!("{SOURCE}:v{number}"), &format!("{TARGET}:v{number}")));
    }
    pair.mirror(entries.clone()).await;
    assert_eq!(keep(&pair, &entries).await, [[5, 0, 5, 1], [5, 0, 0, 0]]);
}

#[tokio::test]
async fn where_there_is_no_api_kept_images_cost_two_questions_a_host_and_one_list_of_tags_a_repository() {
    let pair = pair(false, false).await;
    let index = Index::oci().child(&Image::example(7)).child(&Image::example(8)).build();
    let mut entries = vec![pair.offer(&index)];
    for number in 2..=5 {
        pair.source.put_image(SOURCE, &format!("v{number}"), &Image::example(number));
        entries.push(pair.entry(&format!("{SOURCE}:v{number}"), &format!("{TARGET}:v{number}")));
    }
    pair.mirror(entries.clone()).await;
    assert_eq!(keep(&pair, &entries).await, [[5, 0, 2, 1], [5, 0, 0, 0]]);
}

#[tokio::test]
async fn a_kept_index_costs_its_manifest_and_a_list_of_referrers_for_each_platform() {
    let pair = pair(true, true).await;
    let index =
        [1, 2, 3].iter().fold(Index::oci(), |index, seed| index.child(&Image::example(*seed))).build();
    let entry = pair.offer(&index);
    pair.mirror_one(entry.clone()).await;
    assert_eq!(keep(&pair, &[entry]).await, [[1, 1, 4, 1], [1, 0, 0, 0]]);
}

#[tokio::test]
async fn a_kept_signature_costs_a_list_at_each_end_and_one_under_a_tag_two_heads() {
    let pair = pair(true, true).await;
    let image = Image::example(1);
    let entry = pair.offer(&image);
    attach(&pair, true, &image, &[&signature(&image, "s")]);
    pair.source.put_image(SOURCE, &cosign_tag(&image, "sig"), &cosign("c"));
    pair.mirror_one(entry.clone()).await;
    // At the source the image, its signature and what is under the tag are asked for what refers to them.
    assert_eq!(keep(&pair, &[entry]).await, [[2, 0, 3, 1], [2, 0, 1, 0]]);
}

#[tokio::test]
async fn a_repository_with_more_tags_than_its_entries_are_worth_is_asked_tag_by_tag() {
    let pair = pair(true, true).await;
    let image = Image::example(1);
    let entry = pair.offer(&image);
    pair.source.put_image(SOURCE, "another", &image);
    pair.source.put_image(SOURCE, &cosign_tag(&image, "sig"), &cosign("c"));
    pair.source.configure(|config| config.page_size = 1);
    assert_eq!(word(&pair.mirror_one(entry.clone()).await), "copied");
    assert!(pair.target.tags(TARGET).contains(&cosign_tag(&image, "sig")));
    // The tag, and three for each of the image and its signature.
    assert_eq!(keep(&pair, &[entry]).await, [[7, 0, 2, 1], [2, 0, 0, 0]]);
}

#[tokio::test]
async fn a_list_of_tags_that_is_refused_costs_nobody_a_signature() {
    let pair = pair(false, false).await;
    let image = Image::example(1);
    let entry = pair.offer(&image);
    let signature = signature(&image, "s");
    attach(&pair, false, &image, &[&signature]);
    pair.source.put_image(SOURCE, &cosign_tag(&image, "sig"), &cosign("c"));
    pair.source.fault(Fault::on(Kind::Tags).always().status(403));
    assert_eq!(word(&pair.mirror_one(entry).await), "copied");
    assert_attached(&pair, &image, &[&signature]).await;
    assert!(pair.target.tags(TARGET).contains(&cosign_tag(&image, "sig")));
}

#[tokio::test]
async fn a_signature_that_was_attached_later_is_copied_by_the_next_run_and_nothing_else_is_written() {
    for api in [true, false] {
        let pair = pair(api, api).await;
        let (image, child) = (Image::example(1), Image::example(2));
        let index = Index::oci().child(&image).child(&child).build();
        let entry = pair.offer(&index);
        let first = signature(&index, "first");
        attach(&pair, api, &index, &[&first]);
        pair.mirror_one(entry.clone()).await;
        keep(&pair, std::slice::from_ref(&entry)).await;

        let (late, of_child) = (signature(&index, "late"), signature(&child, "of a platform"));
        attach(&pair, api, &index, &[&first, &late]);
        attach(&pair, api, &child, &[&of_child]);
        pair.clear_logs();
        let row = pair.mirror_one(entry.clone()).await;

        assert!(matches!(row.outcome, Outcome::Updated(Update::Referrers)), "{:?}", row.outcome);
        assert_attached(&pair, &index, &[&first, &late]).await;
        assert_attached(&pair, &child, &[&of_child]).await;
        let puts = pair.target.requests_on(Kind::PutManifest);
        let puts: Vec<_> = puts.iter().filter_map(|put| put.reference.as_deref()).collect();
        let lists = if api { 0 } else { 2 };
        assert_eq!(puts.len(), 2 + lists, "{puts:?}");
        assert!(!puts.contains(&"v1") && !puts.contains(&index.digest.as_str()), "{puts:?}");
        assert_eq!(pair.target.tag_digest(TARGET, "v1"), Some(index.digest.clone()));
        keep(&pair, &[entry]).await;
    }
}

#[tokio::test]
async fn a_second_cosign_signature_moves_the_tag_that_holds_both() {
    let pair = pair(true, true).await;
    let image = Image::example(1);
    let entry = pair.offer(&image);
    let tag = cosign_tag(&image, "sig");
    pair.source.put_image(SOURCE, &tag, &cosign("one"));
    pair.mirror_one(entry.clone()).await;
    let both = Image::oci().layer("one").layer("two").build();
    pair.source.put_image(SOURCE, &tag, &both);
    let row = pair.mirror_one(entry.clone()).await;

    assert_eq!(word(&row), "updated", "{:?}", row.outcome);
    assert!(pair.target.holds(TARGET, &tag, &both));
    keep(&pair, &[entry]).await;
}

#[tokio::test]
async fn entries_that_share_an_image_attach_its_signature_once() {
    let pair = pair(true, true).await;
    let image = Image::example(1);
    let mut entries = vec![pair.offer(&image)];
    let signature = signature(&image, "s");
    attach(&pair, true, &image, &[&signature]);
    for tag in ["v1.2", "v1.2.3", "latest"] {
        pair.source.put_image(SOURCE, tag, &image);
        entries.push(pair.entry(&format!("{SOURCE}:{tag}"), &format!("{TARGET}:{tag}")));
    }
    let rows = pair.mirror(entries).await;
    assert!(rows.iter().all(|row| word(row) == "copied"));
    assert_attached(&pair, &image, &[&signature]).await;
    let of_signature = on(Kind::PutManifest).reference(signature.digest.as_str());
    assert_eq!(pair.target.count(of_signature), 1);
    assert_eq!(pair.source.count(Kind::Referrers), 2, "one for the image, one for its signature");
}

#[tokio::test]
async fn a_run_that_is_cut_off_anywhere_leaves_no_tag_without_its_signature_and_the_next_one_completes_it() {
    let image = Image::oci().layer("a layer").build();
    let signature = signature(&image, "s");
    let mut cut_off_at = 1;
    loop {
        // Without an API most is to be done: there is a list to be written, too.
        let pair = pair(false, false).await;
        let entry = pair.offer(&image);
        attach(&pair, false, &image, &[&signature]);
        let stop = pair.target.stop_after(cut_off_at);
        pair.mirror_one(entry.clone()).await;
        let finished = !stop.was_reached();
        pair.target.resume();
        if pair.target.tag_digest(TARGET, "v1").is_some() {
            assert_attached(&pair, &image, &[&signature]).await;
        }
        let row = pair.mirror_one(entry.clone()).await;
        assert!(matches!(word(&row), "copied" | "kept"), "cut off at {cut_off_at}: {:?}", row.outcome);
        assert_attached(&pair, &image, &[&signature]).await;
        pair.target.assert_tags_were_always_whole();
        if finished {
            break;
        }
        cut_off_at += 1;
    }
    assert!(cut_off_at > 15, "cut off at {cut_off_at} places only");
}
