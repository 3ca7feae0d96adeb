//! What the images of a payload are is read once, with nothing but GETs, and all that is wrong is told at once.

use std::collections::BTreeSet;

use image_mirror::engine::Stop;
use image_mirror::error::{Class, Stage};
use image_mirror::nightly::Arch;
use image_mirror::nightly::facts::{Extent, Uninspected, inspect_all};
use image_mirror::nightly::inspected::Inspected;
use image_mirror::nightly::payload::{AssemblyType, ImageDefinition, Payload};

use super::payloads::{BUILDS, at, build, client, definition, image, in_builds, list, payload};
use crate::support::{FakeRegistry, Fault, Kind, any};

const BOTH: [Arch; 2] = [Arch::X86_64, Arch::S390x];
const PUBLIC: &str = "etcd-container-v4.19.0-202501010000.p2.gabc1234.assembly.stream.el9";
const EMBARGOED: &str = "etcd-container-v4.19.0-202501020000.p3.gdef1234.assembly.stream.el9";

async fn inspect(payload: &Payload) -> Result<Inspected, Uninspected> {
    let extent = Extent { payload, arches: &payload.arches, images: None };
    inspect_all(&client(), extent, &Stop::default()).await
}

/// All that is wrong, as it is told.
async fn told(payload: &Payload) -> Vec<String> {
    let refused = inspect(payload).await.unwrap_err();
    refused.failures.iter().map(ToString::to_string).collect()
}

fn sole(payload: Inspected) -> image_mirror::nightly::inspected::Member {
    payload.members.into_iter().next().unwrap()
}

#[tokio::test]
async fn each_manifest_and_each_config_is_read_once_whoever_needs_it() {
    let registry = FakeRegistry::start().await;
    let index = list("aaa", &BOTH);
    registry.put_image(BUILDS, "etcd", &index);
    // Three definitions: by tag, by the same tag, and by the digest that the tag names.
    let tagged = || build(PUBLIC, at(&registry, BUILDS, "etcd"));
    let pinned = build(PUBLIC, in_builds(&registry, &index.digest));
    let images = vec![
        definition("etcd", 10, tagged()),
        definition("etcd-alt", 20, tagged()),
        definition("etcd-too", 30, pinned),
    ];

    let inspected = inspect(&payload(images)).await.unwrap();

    assert_eq!(registry.count(Kind::GetManifest), 2 + 2, "the tag, the digest, and each image of the index");
    assert_eq!(registry.count(Kind::GetBlob), 2, "a config an image");
    assert_eq!(registry.count(any()), 6);
    for member in &inspected.members {
        let build = member.build.as_ref().unwrap();
        assert_eq!(build.list.as_ref(), Some(&index.digest));
        let digests: Vec<_> = BOTH.iter().map(|arch| build.images[arch].digest.clone()).collect();
        let expected: Vec<_> = index.children.iter().map(|child| child.digest.clone()).collect();
        assert_eq!(digests, expected);
        let first = &build.images[&Arch::X86_64];
        assert_eq!(first.image, in_builds(&registry, &index.children[0].digest), "by digest, never by a tag");
        assert_eq!(first.labels["version"], "v4.19.0");
        assert_eq!(build.commit.as_deref(), Some("aaa1234"));
        assert_eq!(first.env["SOURCE_GIT_URL"], "https://git.test/o/r");
        assert!(!build.is_embargoed && member.public_build.is_none());
    }
}

#[tokio::test]
async fn only_what_takes_part_is_asked_for() {
    let registry = FakeRegistry::start().await;
    for name in ["etcd", "cli", "base"] {
        registry.put_image(BUILDS, name, &list(name, &BOTH));
    }
    let of = |name, line| definition(name, line, build(PUBLIC, at(&registry, BUILDS, name)));
    let mut base = of("base", 30);
    base.is_for_release = false;
    let payload = payload(vec![of("etcd", 10), of("cli", 20), base]);
    let names = BTreeSet::from(["etcd".into()]);
    let extent = Extent { payload: &payload, arches: &[Arch::S390x], images: Some(&names) };

    let inspected = inspect_all(&client(), extent, &Stop::default()).await.unwrap();

    let names: Vec<_> = inspected.members.iter().map(|member| &*member.definition.name).collect();
    assert_eq!(names, ["etcd"]);
    let build = sole(inspected).build.unwrap();
    assert_eq!(build.images.keys().collect::<Vec<_>>(), [&Arch::S390x]);
    assert_eq!((registry.count(Kind::GetManifest), registry.count(Kind::GetBlob)), (2, 1));
    let asked = registry.requests_on(Kind::GetManifest);
    assert!(!asked.iter().any(|request| request.reference.as_deref() == Some("cli")));
}

#[tokio::test]
async fn an_image_named_for_one_architecture_takes_the_place_of_that_of_the_index() {
    let registry = FakeRegistry::start().await;
    let index = list("aaa", &BOTH);
    let other = image(Arch::S390x, &[], &[], b"other");
    registry.put_image(BUILDS, "etcd", &index);
    registry.put_image("elsewhere/etcd", "s390x", &other);
    let mut etcd = build(PUBLIC, at(&registry, BUILDS, "etcd"));
    etcd.arch_pullspecs.insert(Arch::S390x, at(&registry, "elsewhere/etcd", "s390x"));

    let inspected = inspect(&payload(vec![definition("etcd", 10, etcd)])).await.unwrap();

    let build = sole(inspected).build.unwrap();
    assert_eq!(build.images[&Arch::S390x].image, at(&registry, "elsewhere/etcd", other.digest.as_str()));
    assert_eq!(build.images[&Arch::X86_64].digest, index.children[0].digest);
    assert_eq!(build.list, None, "the index has another image for s390x");
    let replaced = registry.requests_on(Kind::GetManifest);
    let replaced = replaced
        .iter()
        .filter(|request| request.reference.as_deref() == Some(index.children[1].digest.as_str()));
    assert_eq!(replaced.count(), 0, "what is replaced is not read");
}

#[tokio::test]
async fn an_image_without_an_index_is_for_what_its_config_says() {
    let registry = FakeRegistry::start().await;
    let alone = image(Arch::S390x, &[("io.openshift.build.commit.id", "fff1234")], &[], b"alone");
    registry.put_image(BUILDS, "etcd", &alone);
    let mut etcd = definition("etcd", 10, build(PUBLIC, at(&registry, BUILDS, "etcd")));
    etcd.arches = Some(vec![Arch::S390x]);

    let build = sole(inspect(&payload(vec![etcd])).await.unwrap()).build.unwrap();

    assert_eq!(build.images.keys().collect::<Vec<_>>(), [&Arch::S390x]);
    assert_eq!((build.list, build.commit.as_deref()), (None, Some("fff1234")));
    assert_eq!((registry.count(Kind::GetManifest), registry.count(Kind::GetBlob)), (1, 1));
}

#[tokio::test]
async fn the_image_named_for_an_architecture_wins_over_a_build_of_one_image() {
    let registry = FakeRegistry::start().await;
    for (tag, arch) in [("one", Arch::X86_64), ("other", Arch::X86_64), ("s390x", Arch::S390x)] {
        registry.put_image(BUILDS, tag, &image(arch, &[], &[], tag.as_bytes()));
    }
    let mut etcd = build(PUBLIC, at(&registry, BUILDS, "s390x"));
    etcd.arch_pullspecs.insert(Arch::X86_64, at(&registry, BUILDS, "other"));
    let found = sole(inspect(&payload(vec![definition("etcd", 10, etcd)])).await.unwrap()).build.unwrap();
    assert_eq!(Some(&found.images[&Arch::X86_64].digest), registry.tag_digest(BUILDS, "other").as_ref());
    assert_eq!(Some(&found.images[&Arch::S390x].digest), registry.tag_digest(BUILDS, "s390x").as_ref());

    let mut etcd = build(PUBLIC, at(&registry, BUILDS, "one"));
    etcd.arch_pullspecs.insert(Arch::X86_64, at(&registry, BUILDS, "other"));
    let told = told(&payload(vec![definition("etcd", 10, etcd)])).await;
    assert!(told.len() == 1 && told[0].contains("s390x"), "{told:?}");
}

// 18.19
#[tokio::test]
async fn an_image_that_claims_an_architecture_which_its_build_lacks_is_an_error_that_names_both() {
    let registry = FakeRegistry::start().await;
    registry.put_image(BUILDS, "etcd", &list("aaa", &[Arch::X86_64]));
    let payload = payload(vec![definition("etcd", 10, build(PUBLIC, at(&registry, BUILDS, "etcd")))]);

    let refused = inspect(&payload).await.unwrap_err();

    let [unread] = &refused.failures[..] else { panic!("{refused:?}") };
    assert!(unread.failure.is_bad_input());
    assert_eq!(unread.origin.to_string(), "payload.yaml:11");
    let told = unread.to_string();
    for word in ["`etcd`", "s390x", PUBLIC, "has x86_64", "EXCLUDE_ARCHES"] {
        assert!(told.contains(word), "{told}");
    }
}

#[tokio::test]
async fn an_image_outside_the_payload_may_lack_an_architecture() {
    let registry = FakeRegistry::start().await;
    registry.put_image(BUILDS, "base", &list("aaa", &[Arch::X86_64]));
    let mut base = definition("base", 10, build(PUBLIC, at(&registry, BUILDS, "base")));
    base.is_for_payload = false;
    assert!(inspect(&payload(vec![base])).await.is_ok());
}

#[tokio::test]
async fn all_that_cannot_be_read_is_told_with_its_line_the_answer_and_what_to_do() {
    let registry = FakeRegistry::start().await;
    registry.put_image(BUILDS, "etcd", &list("aaa", &BOTH));
    registry.put_image(BUILDS, "cli", &list("bbb", &BOTH));
    let of = |name, line| definition(name, line, build(PUBLIC, at(&registry, BUILDS, name)));
    let payload = payload(vec![of("etcd", 10), of("cli", 20), of("gone", 30)]);
    registry.fault(Fault::on(Kind::GetManifest).reference("cli").always().status(403));

    let told = told(&payload).await;

    assert_eq!(told.len(), 2, "{told:?}");
    let [cli, gone] = &told[..] else { unreachable!() };
    assert!(cli.starts_with("payload.yaml:21: `cli`: ") && cli.contains("403"), "{cli}");
    assert!(gone.starts_with("payload.yaml:31: `gone`: ") && gone.contains("404"), "{gone}");
    let whole = list("aaa", &BOTH).children[1].digest.clone();
    assert_eq!(registry.count(any().reference(whole.as_str())), 1, "the others were read all the same");
}

#[tokio::test]
async fn a_registry_that_fails_now_and_then_is_asked_again() {
    let registry = FakeRegistry::start().await;
    registry.put_image(BUILDS, "etcd", &list("aaa", &BOTH));
    registry.fault(Fault::on(Kind::GetManifest).status(503));
    let payload = payload(vec![definition("etcd", 10, build(PUBLIC, at(&registry, BUILDS, "etcd")))]);
    assert!(inspect(&payload).await.is_ok());
    registry.assert_faults_used();
}

/// An embargoed build, and a public one.
fn embargoed(registry: &FakeRegistry) -> ImageDefinition {
    registry.put_image(BUILDS, "secret", &list("ddd", &BOTH));
    registry.put_image(BUILDS, "public", &list("aaa", &BOTH));
    let mut etcd = definition("etcd", 10, build(EMBARGOED, at(registry, BUILDS, "secret")));
    etcd.public_build = Some(build(PUBLIC, at(registry, BUILDS, "public")));
    etcd
}

// 18.37, of which builds are known
#[tokio::test]
async fn of_an_embargoed_build_of_a_stream_the_public_one_is_read_too() {
    let registry = FakeRegistry::start().await;
    let etcd = sole(inspect(&payload(vec![embargoed(&registry)])).await.unwrap());
    assert!(etcd.build.as_ref().unwrap().is_embargoed);
    let public = etcd.public_build.unwrap();
    assert!(!public.is_embargoed);
    assert_eq!(public.list, Some(list("aaa", &BOTH).digest));
}

#[tokio::test]
async fn a_public_build_that_nothing_needs_is_not_asked_for() {
    let registry = FakeRegistry::start().await;
    let asked = || registry.count(any().reference("public"));

    let mut standard = payload(vec![embargoed(&registry)]);
    standard.assembly.kind = AssemblyType::Standard;
    assert!(inspect(&standard).await.unwrap().members[0].public_build.is_none());

    let mut open = payload(vec![embargoed(&registry)]);
    open.has_embargoes = false;
    assert!(!sole(inspect(&open).await.unwrap()).build.unwrap().is_embargoed);

    let mut public = embargoed(&registry);
    public.build.as_mut().unwrap().is_embargoed = Some(false);
    assert!(inspect(&payload(vec![public])).await.is_ok());
    assert_eq!(asked(), 0);
}

// 18.38
#[tokio::test]
async fn an_embargoed_build_of_a_stream_without_a_public_one_is_an_error_that_names_the_image() {
    let registry = FakeRegistry::start().await;
    let mut etcd = embargoed(&registry);
    etcd.public_build = None;
    let told = told(&payload(vec![etcd])).await;
    let [told] = &told[..] else { panic!("{told:?}") };
    for word in ["payload.yaml:10", "`etcd`", EMBARGOED, "public_build"] {
        assert!(told.contains(word), "{told}");
    }
}

#[tokio::test]
async fn a_public_build_that_is_embargoed_itself_is_an_error() {
    let registry = FakeRegistry::start().await;
    let mut etcd = embargoed(&registry);
    etcd.public_build = etcd.build.clone();
    let told = told(&payload(vec![etcd])).await;
    assert!(told.len() == 1 && told[0].contains("embargoed itself"), "{told:?}");
}

#[tokio::test]
async fn where_the_release_has_no_flag_the_labels_of_the_images_decide() {
    let registry = FakeRegistry::start().await;
    for (tag, release) in [("public", "1.p2.el9"), ("secret", "1.p3.el9")] {
        let image = image(Arch::X86_64, &[("release", release)], &[], tag.as_bytes());
        registry.put_image(BUILDS, tag, &image);
    }
    let mut all = payload(Vec::new());
    all.assembly.kind = AssemblyType::Standard;
    all.arches = vec![Arch::X86_64];
    for (line, tag) in [(10, "public"), (20, "secret")] {
        all.images.push(definition(tag, line, build("etcd-container-v1-1.el9", at(&registry, BUILDS, tag))));
    }
    let inspected = inspect(&all).await.unwrap();
    let embargoed = inspected.members.iter().map(|member| member.build.as_ref().unwrap().is_embargoed);
    assert_eq!(embargoed.collect::<Vec<_>>(), [false, true]);
}

#[tokio::test]
async fn who_was_stopped_asks_for_nothing_more_and_says_so() {
    let registry = FakeRegistry::start().await;
    registry.put_image(BUILDS, "etcd", &list("aaa", &BOTH));
    let payload = payload(vec![definition("etcd", 10, build(PUBLIC, at(&registry, BUILDS, "etcd")))]);
    let stop = Stop::default();
    stop.gently.cancel();
    let extent = Extent { payload: &payload, arches: &BOTH, images: None };

    let reading = std::pin::pin!(sendable(async { inspect_all(&client(), extent, &stop).await }));
    let stopped = reading.await.unwrap_err();
    assert_eq!(stopped.stopped, Some(image_mirror::model::Cause::Interrupted));
    assert!(stopped.failures.is_empty(), "what was not read is not wrong: {:?}", stopped.failures);
    assert_eq!(registry.count(any()), 0);
}

/// It may go on in another thread.
fn sendable<F: Future + Send>(future: F) -> F {
    future
}

#[tokio::test]
async fn a_manifest_of_other_bytes_than_its_digest_is_corrupt() {
    let registry = FakeRegistry::start().await;
    let index = list("aaa", &BOTH);
    registry.put_image(BUILDS, "etcd", &index);
    registry.fault(Fault::on(Kind::GetManifest).always().corrupt());
    let payload = payload(vec![definition("etcd", 10, build(PUBLIC, in_builds(&registry, &index.digest)))]);
    let refused = inspect(&payload).await.unwrap_err();
    let failure = &refused.failures[0].failure;
    assert_eq!((failure.stage, failure.class), (Stage::Resolve, Class::Corrupt));
    assert_eq!(registry.count(Kind::GetBlob), 0, "nothing of it was believed");
}
