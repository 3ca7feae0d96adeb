//! The image as it lies at its source: what is asked for, and what is refused.

use image_mirror::publish::source::read_public;
use image_mirror::publish::{Fault, content};
use serde_json::Value;

use super::registries::{Registries, SOURCE, arch, both, reader, release, said};
use crate::support::{Fault as Wrong, Image, Index, Kind, any, writes};

/// How reading ends that cannot be used: the words.
async fn unsuitable(registries: &Registries) -> String {
    let (code, words) = said(&registries.read().await.unwrap_err());
    assert_eq!(code, 2, "{words}");
    assert_eq!(registries.source.count(writes()), 0);
    words
}

#[tokio::test]
async fn a_tag_is_resolved_once_and_all_below_it_is_read_by_digest() {
    let registries = Registries::start().await;
    let image = release(1);
    registries.offer(&image);
    let read = registries.read().await.unwrap();

    assert_eq!((read.digest(), &read.manifest.bytes), (&image.digest, &image.bytes));
    assert!(read.has_index());
    for (child, offered) in read.children.iter().zip(&image.children) {
        assert_eq!((&child.manifest.bytes, &child.config_bytes), (&offered.bytes, &offered.config().bytes));
        assert_eq!(Some(child.platform.to_string()), offered.platform);
        let layers: Vec<_> = child.layers.iter().map(|layer| &layer.digest).collect();
        assert_eq!(layers, offered.layers().iter().map(|layer| &layer.digest).collect::<Vec<_>>());
    }
    let by_tag = registries.source.requests();
    assert_eq!(by_tag.iter().filter(|request| request.reference.as_deref() == Some("7.6.1-rel")).count(), 1);
    assert_eq!(registries.source.count(any()), 5, "an index, two manifests, two configs, and no layer");
}

#[tokio::test]
async fn an_index_that_lacks_a_platform_is_refused_by_its_name() {
    // 19.22
    let registries = Registries::start().await;
    let [amd64, _] = both(1);
    registries.offer(&Index::oci().child(&amd64).build());
    let words = unsuitable(&registries).await;
    assert!(words.contains("7.6.1-rel has no image for linux/arm64; "), "{words}");
    assert_eq!(registries.source.count(any()), 1, "nothing below it was asked for");
}

#[tokio::test]
async fn a_platform_that_nobody_asked_for_is_published_too() {
    let registries = Registries::start().await;
    let [amd64, arm64] = both(1);
    let s390x = arch(Image::oci(), "linux/s390x", 9);
    let image = Index::oci().child(&s390x).child(&amd64).child(&arm64).build();
    registries.offer(&image);
    let read = registries.read().await.unwrap();
    assert_eq!(read.digest(), &image.digest);
    assert_eq!(read.children.len(), 3);
}

#[tokio::test]
async fn the_usual_variant_of_arm64_is_arm64() {
    let registries = Registries::start().await;
    let [amd64, _] = both(1);
    registries.offer(&Index::oci().child(&amd64).child(&arch(Image::oci(), "linux/arm64/v8", 2)).build());
    assert_eq!(registries.read().await.unwrap().children.len(), 2);
}

#[tokio::test]
async fn attestations_are_refused_or_left_out_of_an_index_that_stays_as_it_is_otherwise() {
    // 19.23
    let mut registries = Registries::start().await;
    let [amd64, arm64] = both(1);
    let index = || Index::oci().pretty().annotation("org.example", "kept");
    let image = index().child(&amd64).attestation(&amd64).child(&arm64).attestation(&arm64).build();
    registries.offer(&image);
    let words = unsuitable(&registries).await;
    assert!(words.contains("without provenance") && words.contains("--strip-attestations"), "{words}");

    registries.wanted.strip_attestations = true;
    let read = registries.read().await.unwrap();
    assert_ne!(read.digest(), &image.digest);
    assert_eq!(read.children.len(), 2);
    let plain = index().child(&amd64).child(&arm64).build();
    let value = |bytes: &[u8]| serde_json::from_slice::<Value>(bytes).unwrap();
    assert_eq!(value(&read.manifest.bytes), value(&plain.bytes));
    let text = std::str::from_utf8(&read.manifest.bytes).unwrap();
    let at = |field: &str| text.find(field).unwrap();
    assert!(at("schemaVersion") < at("x-unknown") && at("x-unknown") < at("manifests"), "the order: {text}");

    registries.offer(&plain);
    assert_eq!(registries.read().await.unwrap().digest(), &plain.digest, "there is nothing to be left out");
}

#[tokio::test]
async fn an_entry_for_no_platform_is_an_attestation_without_saying_so() {
    let registries = Registries::start().await;
    let [amd64, arm64] = both(1);
    let unknown = Image::oci().platform("unknown/unknown").layer("statement").build();
    registries.offer(&Index::docker().child(&amd64).child(&arm64).child(&unknown).build());
    let words = unsuitable(&registries).await;
    assert!(words.contains("attestations"), "{words}");
}

#[tokio::test]
async fn an_image_of_one_platform_is_published_only_where_that_is_said() {
    // 19.25
    let mut registries = Registries::start().await;
    let [amd64, _] = both(1);
    registries.offer(&amd64);
    let words = unsuitable(&registries).await;
    assert!(words.contains("--single-arch"), "{words}");

    registries.wanted.single_arch = true;
    let read = registries.read().await.unwrap();
    assert_eq!((read.digest(), read.has_index()), (&amd64.digest, false));
    assert_eq!(read.children[0].platform.to_string(), "linux/amd64");

    registries.offer(&arch(Image::oci(), "linux/ppc64le", 1));
    let words = unsuitable(&registries).await;
    assert!(words.contains("is for linux/ppc64le"), "{words}");
}

#[tokio::test]
async fn a_source_that_is_not_there_is_unsuitable_and_one_that_does_not_tell_is_untold() {
    // 19.27
    let registries = Registries::start().await;
    let words = unsuitable(&registries).await;
    assert!(words.contains("cb-rhcc/server:7.6.1-rel") && words.contains("404"), "{words}");

    registries.offer(&release(1));
    for status in [401, 403, 500, 503] {
        registries.source.fault(Wrong::on(Kind::GetManifest).always().status(status));
        let (code, words) = said(&registries.read().await.unwrap_err());
        assert_eq!(code, 3, "{status}: {words}");
        registries.source.clear_faults();
    }
    registries.source.fault(Wrong::on(Kind::GetManifest).times(2).status(503));
    registries.read().await.unwrap();
    registries.source.assert_faults_used();
}

#[tokio::test]
async fn a_source_that_is_not_whole_is_unsuitable_whatever_is_missing() {
    let image = release(1);
    let child = &image.children[1];
    for missing in [&child.digest, &child.config().digest] {
        let registries = Registries::start().await;
        registries.offer(&image);
        registries.source.fault(
            Wrong::on([Kind::GetManifest, Kind::GetBlob]).reference(missing.as_str()).always().status(404),
        );
        let words = unsuitable(&registries).await;
        assert!(words.contains("not as a whole") && words.contains(missing.as_str()), "{words}");
    }
}

#[tokio::test]
async fn a_config_that_is_not_what_it_should_be_is_not_taken() {
    let registries = Registries::start().await;
    registries.offer(&release(1));
    registries.source.fault(Wrong::on(Kind::GetBlob).always().corrupt());
    assert_eq!(said(&registries.read().await.unwrap_err()).0, 3);
}

#[tokio::test]
async fn images_of_forms_that_the_catalog_does_not_take_are_refused() {
    let [amd64, arm64] = both(1);
    let index = || Index::oci().child(&amd64);
    let mut nested = index().child(&arm64).build();
    nested.platform = Some("linux/arm64".into());
    let far = Image::oci().platform("linux/arm64").foreign_layer("https://example.com/layer", 10, 1).build();
    let wrong = arch(Image::oci(), "linux/amd64", 5);
    let wrong = Image { platform: Some("linux/arm64".into()), ..wrong };
    let silent = Image::oci().platform("linux/arm64").config("{}").layer("a").build();
    let large = Image::oci().platform("linux/arm64").config(vec![b' '; (4 << 20) + 1]).layer("a").build();
    let nowhere = Image { platform: None, ..arm64.clone() };
    let many = (0..70).fold(index(), |index, seed| index.child(&arch(Image::oci(), "linux/arm64", seed)));
    for (image, words) in [
        (index().child(&nested).build(), "names another index"),
        (index().child(&arm64).child(&arch(Image::oci(), "linux/arm64/v8", 3)).build(), "linux/arm64 twice"),
        (index().child(&far).build(), "not to be had from a registry"),
        (Image::schema1("cb-rhcc/server", "7.6.1-rel"), "schema 1"),
        (index().child(&wrong).build(), "has as linux/arm64 what is linux/amd64 by its own config"),
        (index().child(&silent).build(), "does not say what it runs on"),
        (index().child(&large).build(), "4194304 at most"),
        (index().child(&nowhere).build(), "does not say what sha256:"),
        (many.build(), "has 71 entries"),
    ] {
        let registries = Registries::start().await;
        registries.offer(&image);
        let said = unsuitable(&registries).await;
        assert!(said.contains(words), "{words}: {said}");
    }
}

#[tokio::test]
async fn a_public_image_is_read_whatever_it_is_for() {
    // 19.85, 19.86
    let registries = Registries::start().await;
    let public = || async { read_public(&reader(), &registries.from()).await };
    assert_eq!(public().await.unwrap(), None);

    let [amd64, arm64] = both(1);
    registries.offer(&Index::docker().child(&amd64).attestation(&amd64).child(&arm64).build());
    let found = public().await.unwrap().unwrap();
    registries.offer(&release(1));
    assert_eq!(content::differs(&registries.read().await.unwrap(), &found), None);
    registries.offer(&release(2));
    assert!(content::differs(&registries.read().await.unwrap(), &found).is_some());

    registries.source.delete_manifest(SOURCE, &release(2).children[0].digest);
    for status in [None, Some(503), Some(403)] {
        registries.source.clear_faults();
        if let Some(status) = status {
            registries.source.fault(Wrong::on(Kind::GetManifest).always().status(status));
        }
        let found = public().await;
        assert!(matches!(found, Err(Fault::Untold(_))), "half an image is not none: {found:?}");
    }
}
