//! Lists that lie, do not end or cannot be had, and others who write at the same time.

use image_mirror::error::Class;
use image_mirror::model::Outcome;
use serde_json::{Value, json};

use super::{SOURCE, TARGET, assert_attached, attach, cosign, cosign_tag, list_tag, pair, signature};
use crate::engine::{failure, word, writes};
use crate::support::{Fault, Image, Index, Kind, on};

const INDEX: &str = "application/vnd.oci.image.index.v1+json";

fn list(entries: &[Value]) -> Image {
    let list = json!({"schemaVersion": 2, "mediaType": INDEX, "manifests": entries});
    Image::raw(INDEX, list.to_string())
}

fn entry_of(image: &Image, size: usize) -> Value {
    json!({"mediaType": image.media_type, "digest": image.digest, "size": size})
}

#[tokio::test]
async fn a_refusal_that_does_not_say_that_there_is_no_api_fails_the_entry_and_moves_nothing() {
    let classes = [
        (400, Class::Protocol),
        (401, Class::Denied),
        (403, Class::Denied),
        (500, Class::Transient),
        (502, Class::Transient),
    ];
    for (status, class) in classes {
        let pair = pair(true, true).await;
        let image = Image::example(1);
        let entry = pair.offer(&image);
        pair.source.fault(Fault::on(Kind::Referrers).always().status(status).body("{}"));
        for found in [None, Some(&image)] {
            if let Some(found) = found {
                pair.target.put_image(TARGET, "v1", found);
            }
            let row = pair.mirror_one(entry.clone()).await;
            assert!(failure(&row).contains("GET referrers of"), "{}", failure(&row));
            let Outcome::Failed(failure) = &row.outcome else { unreachable!() };
            assert_eq!(failure.class, class, "{status}");
        }
        assert_eq!(pair.target.count(Kind::PutManifest), 0, "{status}");
        assert_eq!(pair.source.count(on(Kind::GetManifest).reference(list_tag(&image))), 0, "{status}");
    }
}

#[tokio::test]
async fn a_list_under_the_tag_that_cannot_be_had_fails_the_entry_too() {
    for status in [403, 500] {
        let pair = pair(false, true).await;
        let image = Image::example(1);
        let entry = pair.offer(&image);
        attach(&pair, false, &image, &[&signature(&image, "s")]);
        pair.source.fault(Fault::on(Kind::GetManifest).reference(list_tag(&image)).always().status(status));
        assert_eq!(word(&pair.mirror_one(entry).await), "failed", "{status}");
        assert_eq!(pair.target.tag_digest(TARGET, "v1"), None);
    }
}

#[tokio::test]
async fn answers_by_which_a_registry_says_that_it_has_no_api_lead_to_the_tag() {
    let page = "<html>sign in</html>";
    let answers = [
        Fault::on(Kind::Referrers).status(404),
        Fault::on(Kind::Referrers).status(405),
        Fault::on(Kind::Referrers).status(406),
        Fault::on(Kind::Referrers).status(400).body(r#"{"errors":[{"code":"UNSUPPORTED"}]}"#),
        Fault::on(Kind::Referrers).status(404).body(r#"{"errors":[{"code":"NAME_UNKNOWN"}]}"#),
        Fault::on(Kind::Referrers).status(400).body(r#"{"errors":[{"code":"MANIFEST_INVALID"}]}"#),
        Fault::on(Kind::Referrers).body(page).header("content-type", "text/html"),
    ];
    for answer in answers {
        let pair = pair(true, true).await;
        let image = Image::example(1);
        let entry = pair.offer(&image);
        let signature = signature(&image, "s");
        attach(&pair, false, &image, &[&signature]);
        let told = format!("{answer:?}");
        pair.source.fault(answer.always());
        assert_eq!(word(&pair.mirror_one(entry).await), "copied", "{told}");
        assert_attached(&pair, &image, &[&signature]).await;
    }
}

#[tokio::test]
async fn a_registry_that_answers_for_an_api_that_it_does_not_have_hides_nothing_that_is_under_the_tag() {
    let pair = pair(true, true).await;
    let image = Image::example(1);
    let entry = pair.offer(&image);
    let signature = signature(&image, "s");
    attach(&pair, false, &image, &[&signature]);
    let empty = json!({"schemaVersion": 2, "mediaType": INDEX, "manifests": null}).to_string();
    pair.source.fault(Fault::on(Kind::Referrers).always().body(empty));
    assert_eq!(word(&pair.mirror_one(entry).await), "copied");
    assert_attached(&pair, &image, &[&signature]).await;
}

#[tokio::test]
async fn what_is_listed_and_refers_to_something_else_or_is_not_there_stays_behind_and_the_rest_travels() {
    let pair = pair(false, false).await;
    let (image, other) = (Image::example(1), Image::example(2));
    let entry = pair.offer(&image);
    let (right, wrong, absent) =
        (signature(&image, "right"), signature(&other, "wrong"), signature(&image, "absent"));
    for manifest in [&right, &wrong] {
        pair.source.put_untagged(SOURCE, manifest);
    }
    let entries = [&wrong, &absent, &other, &right].map(|image| entry_of(image, image.bytes.len()));
    pair.source.put_image(SOURCE, &list_tag(&image), &list(&entries));
    let row = pair.mirror_one(entry).await;

    assert_eq!(word(&row), "copied", "{:?}", row.outcome);
    assert_attached(&pair, &image, &[&right]).await;
    assert_eq!(pair.target.manifest(TARGET, wrong.digest.as_str()), None);
}

#[tokio::test]
async fn a_size_that_is_not_that_of_the_signature_fails_the_entry() {
    let pair = pair(false, false).await;
    let image = Image::example(1);
    let entry = pair.offer(&image);
    let signature = signature(&image, "s");
    pair.source.put_untagged(SOURCE, &signature);
    pair.source.put_image(SOURCE, &list_tag(&image), &list(&[entry_of(&signature, 7)]));
    let row = pair.mirror_one(entry).await;
    assert!(failure(&row).contains("has 7 bytes"), "{}", failure(&row));
    assert_eq!(pair.target.tag_digest(TARGET, "v1"), None);
}

#[tokio::test]
async fn ten_thousand_referrers_are_no_list_and_fail_before_any_is_read() {
    for api in [true, false] {
        let pair = pair(true, true).await;
        let image = Image::example(1);
        let entry = pair.offer(&image);
        let entries: Vec<_> =
            (0..10_000).map(|number| entry_of(&Image::raw(INDEX, number.to_string()), 5)).collect();
        if api {
            pair.source.fault(Fault::on(Kind::Referrers).always().body(list(&entries).bytes));
        } else {
            pair.source.put_image(SOURCE, &list_tag(&image), &list(&entries));
        }
        let row = pair.mirror_one(entry).await;
        assert!(failure(&row).contains("more than 1000"), "{}", failure(&row));
        assert!(pair.source.requests().len() < 15);
        assert_eq!(pair.target.tag_digest(TARGET, "v1"), None);
    }
}

#[tokio::test]
async fn tags_that_lead_in_a_ring_are_followed_once_and_a_long_chain_is_given_up() {
    let pair = pair(true, true).await;
    let (image, other) = (Image::example(1), Image::example(2));
    let entry = pair.offer(&image);
    pair.source.put_image(SOURCE, "v2", &other);
    pair.source.put_image(SOURCE, &cosign_tag(&image, "sig"), &other);
    pair.source.put_image(SOURCE, &cosign_tag(&other, "sig"), &image);
    let entries = vec![entry.clone(), pair.entry(&format!("{SOURCE}:v2"), &format!("{TARGET}:v2"))];
    for row in pair.mirror(entries).await {
        assert_eq!(word(&row), "copied", "{:?}", row.outcome);
    }

    let chain: Vec<_> = (0..20).map(|number| cosign(&number.to_string())).collect();
    pair.source.put_image(SOURCE, &cosign_tag(&image, "att"), &chain[0]);
    for pair_of in chain.windows(2) {
        pair.source.put_image(SOURCE, &cosign_tag(&pair_of[0], "sig"), &pair_of[1]);
    }
    let row = pair.mirror_one(entry).await;
    assert!(failure(&row).contains("times over"), "{}", failure(&row));
}

#[tokio::test]
async fn a_list_that_somebody_else_writes_at_the_same_time_loses_nobodys_entry() {
    let pair = pair(true, false).await;
    let image = Image::example(1);
    let entry = pair.offer(&image);
    let (ours, theirs, earlier) =
        (signature(&image, "ours"), signature(&image, "theirs"), signature(&image, "earlier"));
    attach(&pair, true, &image, &[&ours]);
    for manifest in [&theirs, &earlier] {
        pair.target.put_untagged(TARGET, manifest);
    }
    pair.target.put_image(TARGET, &list_tag(&image), &Index::oci().child(&earlier).build());
    // The list is looked at, read, written; it is about to be read back when theirs, which was made from the list before ours, takes its place.
    let get = pair.target.hold(on(Kind::GetManifest).reference(list_tag(&image)));
    get.let_through(2);
    let (target, tag) = (pair.target.clone(), list_tag(&image));
    let overwriting = Index::oci().child(&earlier).child(&theirs).build();
    let other = async {
        let is_read_back = || target.count(on(Kind::GetManifest).reference(&tag)) == 3;
        while !is_read_back() && target.tag_digest(TARGET, "v1").is_none() {
            tokio::task::yield_now().await;
        }
        target.put_image(TARGET, &tag, &overwriting);
        get.release();
    };
    let (row, ()) = tokio::join!(pair.mirror_one(entry), other);

    assert_eq!(word(&row), "copied", "{:?}", row.outcome);
    assert_attached(&pair, &image, &[&ours, &theirs, &earlier]).await;
}

#[tokio::test]
async fn what_is_no_list_under_the_targets_tag_is_not_overwritten() {
    let pair = pair(true, false).await;
    let image = Image::example(1);
    let entry = pair.offer(&image);
    attach(&pair, true, &image, &[&signature(&image, "s")]);
    let somebodys = Image::example(5);
    pair.target.put_image(TARGET, &list_tag(&image), &somebodys);
    let row = pair.mirror_one(entry).await;
    assert!(failure(&row).contains("left as it is"), "{}", failure(&row));
    assert!(pair.target.holds(TARGET, &list_tag(&image), &somebodys));
    assert_eq!(pair.target.tag_digest(TARGET, "v1"), None);
}

#[tokio::test]
async fn a_kept_entry_whose_referrers_cannot_be_listed_fails_and_the_others_are_kept() {
    let pair = pair(true, true).await;
    let image = Image::example(1);
    let entry = pair.offer(&image);
    let other = Image::example(2);
    pair.source.put_image(SOURCE, "v2", &other);
    let entries = vec![entry, pair.entry(&format!("{SOURCE}:v2"), &format!("{TARGET}:v2"))];
    pair.mirror(entries.clone()).await;
    pair.clear_logs();
    pair.source.fault(Fault::on(Kind::Referrers).reference(image.digest.as_str()).always().status(403));
    let mut words: Vec<_> = pair.mirror(entries).await.iter().map(word).collect();
    words.sort_unstable();
    assert_eq!(words, ["failed", "kept"]);
    assert_eq!(writes(&pair.target), []);
}
