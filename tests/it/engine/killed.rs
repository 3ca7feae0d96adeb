//! Killed between any two requests and run again: every tag is absent, its old image or its new one.

use super::{Pair, word};
use crate::support::{Image, Index, Stop};

#[tokio::test]
async fn killed_at_any_request_and_run_again_every_tag_is_always_whole() {
    let shared = Image::oci().layer_of(700, 50).layer_of(300, 1).build();
    let old = Image::oci().layer_of(700, 50).layer_of(200, 2).build();
    let arm = Image::docker().platform("linux/arm64").layer_of(700, 50).layer_of(90, 3).build();
    let index = Index::oci().child(&shared).child(&arm).build();
    let mut killed_at = 0;
    loop {
        let pair = Pair::start().await;
        pair.source.put_image("org/single", "v1", &shared);
        pair.source.put_image("org/multi", "v1", &index);
        pair.target.put_image("mirror/single", "v1", &old);
        let entries = vec![
            pair.entry("org/single:v1", "mirror/single:v1"),
            pair.entry("org/multi:v1", "mirror/multi:v1"),
        ];
        let stop = Stop::after(killed_at);
        pair.source.stop_with(&stop);
        pair.target.stop_with(&stop);
        pair.mirror(entries.clone()).await;
        let finished = !stop.was_reached();
        pair.target.assert_tags_were_always_whole();
        let single = pair.target.tag_digest("mirror/single", "v1");
        assert!(single == Some(old.digest.clone()) || single == Some(shared.digest.clone()));
        let multi = pair.target.tag_digest("mirror/multi", "v1");
        assert!(multi.is_none() || multi == Some(index.digest.clone()));

        pair.source.resume();
        pair.target.resume();
        let rows = pair.mirror(entries).await;
        assert!(rows.iter().all(|row| matches!(word(row), "copied" | "kept")), "{killed_at}: {rows:?}");
        assert!(pair.target.holds("mirror/single", "v1", &shared));
        assert!(pair.target.holds("mirror/multi", "v1", &index));
        pair.target.assert_tags_were_always_whole();
        if finished {
            break;
        }
        killed_at += 1;
    }
    assert!(killed_at > 20, "only {killed_at} requests were seen");
}
