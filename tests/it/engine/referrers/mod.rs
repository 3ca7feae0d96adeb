//! What refers to an image travels with it, when told to.

mod hostile;
mod late;
mod schemes;

use image_mirror::engine::Options;
use image_mirror::model::Digest;

use super::Pair;
use crate::support::{FakeRegistry, Image, Index, Judge};

pub(super) const SOURCE: &str = "org/app";
pub(super) const TARGET: &str = "mirror/app";

/// Two registries with a referrers API or without, and a run with `--referrers`.
async fn pair(source: bool, target: bool) -> Pair {
    let start = |api: bool| {
        let builder = FakeRegistry::builder();
        if api { builder.referrers() } else { builder }
    };
    let options = Options { referrers: true, ..Options::default() };
    Pair { source: start(source).start().await, target: start(target).start().await, options }
}

/// A signature of `subject`.
fn signature(subject: &Image, text: &str) -> Image {
    let artifact = Image::artifact("application/vnd.example.signature").annotation("signed-by", text);
    artifact.layer_typed("application/vnd.example.signature", text.to_owned()).subject(subject).build()
}

/// A signature as cosign pushes it: nothing in it says what it belongs to.
fn cosign(text: &str) -> Image {
    Image::oci().layer_typed("application/vnd.dev.cosign.simplesigning.v1+json", text.to_owned()).build()
}

fn cosign_tag(subject: &Image, suffix: &str) -> String {
    format!("{}.{suffix}", subject.digest.as_str().replace(':', "-"))
}

fn list_tag(subject: &Image) -> String {
    subject.digest.as_str().replace(':', "-")
}

/// Attaches `referrers` at the source as a client does that knows what the registry can.
fn attach(pair: &Pair, has_api: bool, subject: &Image, referrers: &[&Image]) {
    for referrer in referrers {
        pair.source.put_untagged(SOURCE, referrer);
    }
    if !has_api {
        let list = referrers.iter().fold(Index::oci(), |list, referrer| list.child(referrer)).build();
        pair.source.put_image(SOURCE, &list_tag(subject), &list);
    }
}

/// That the target has `referrers`, whole, and that an independent client finds them and no others.
async fn assert_attached(pair: &Pair, subject: &Image, referrers: &[&Image]) {
    for referrer in referrers {
        let held = pair.target.manifest(TARGET, referrer.digest.as_str());
        assert_eq!(held, Some(referrer.bytes.clone()), "{} is not at the target", referrer.digest);
        let has = |blob: &Digest| pair.target.has_blob(TARGET, blob);
        assert!(referrer.tree_blobs().iter().all(|blob| has(&blob.digest)));
    }
    let mut expected: Vec<_> = referrers.iter().map(|referrer| referrer.digest.to_string()).collect();
    expected.sort();
    assert_eq!(Judge::anonymous(pair.target.host()).referrers(TARGET, &subject.digest).await, expected);
}
