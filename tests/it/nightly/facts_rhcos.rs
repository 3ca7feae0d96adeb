//! RHCOS, and the releases that a payload must not differ from: what their images say.

use image_mirror::engine::Stop;
use image_mirror::model::ImageRef;
use image_mirror::nightly::Arch;
use image_mirror::nightly::facts::{Extent, Reference, ReferenceRelease, inspect_all, references};
use image_mirror::nightly::inspected::Inspected;
use image_mirror::nightly::payload::{Payload, RhcosRpm};

use super::payloads::{at, client, container, image, layer, payload};
use crate::support::{FakeRegistry, Fault, Image, Index, Kind, any, writes};

const OS: &str = "rhcos/os";
const META: &str = "usr/share/openshift/base/meta.json";
const EXTENSIONS: &str = "usr/share/rpm-ostree/extensions.json";
const LAYERED: (&str, &str) = ("coreos.build.manifest-list-tag", "4.19-9.6-202505-node-image");

async fn inspect(payload: &Payload) -> Inspected {
    let extent = Extent { payload, arches: &payload.arches, images: None };
    inspect_all(&client(), extent, &Stop::default()).await.unwrap()
}

/// The RHCOS containers of one architecture, which have these tags there.
fn with_rhcos(registry: &FakeRegistry, names: &[&str]) -> Payload {
    let mut payload = payload(Vec::new());
    payload.arches = vec![Arch::X86_64];
    let of = |name: &&str| container(name, *name == "rhel-coreos", &[(Arch::X86_64, at(registry, OS, name))]);
    payload.rhcos.containers = names.iter().map(of).collect();
    payload
}

fn installed(name: &str) -> Vec<u8> {
    let text = format!(r#"{{"rpmdb.pkglist": [["{name}", "0", "5.14.0", "427.1.el9", "x86_64"]]}}"#);
    layer(&[("etc/motd", "hello"), (META, &text)])
}

fn extensions(name: &str) -> Vec<u8> {
    layer(&[(EXTENSIONS, &format!(r#"{{"{name}": "5.14.0-427.1.rt7.2.el9.x86_64"}}"#))])
}

#[tokio::test]
async fn tags_become_digests_and_the_packages_are_read_from_the_last_layers() {
    let registry = FakeRegistry::start().await;
    let os = image(Arch::X86_64, &[LAYERED], &[], &installed("kernel-core"));
    let more = image(Arch::X86_64, &[LAYERED], &[], &extensions("kernel-rt-core"));
    registry.put_image(OS, "rhel-coreos", &os);
    registry.put_image(OS, "rhel-coreos-extensions", &more);

    let payload = with_rhcos(&registry, &["rhel-coreos", "rhel-coreos-extensions"]);
    let inspected = inspect(&payload).await;

    let images = &inspected.rhcos[&Arch::X86_64];
    assert_eq!(images["rhel-coreos"], at(&registry, OS, os.digest.as_str()));
    assert_eq!(images["rhel-coreos-extensions"], at(&registry, OS, more.digest.as_str()));
    let shown = |rpm: &RhcosRpm| format!("{}-{}-{} {}", rpm.name, rpm.version, rpm.release, rpm.stream);
    let rpms: Vec<_> = inspected.rhcos_rpms[&Arch::X86_64].iter().map(shown).collect();
    let expected = [
        "kernel-core-5.14.0-427.1.el9 rhel-coreos",
        "kernel-rt-core-5.14.0-427.1.rt7.2.el9 rhel-coreos-extensions",
    ];
    assert_eq!(rpms, expected);
    assert!(inspected.rhcos_build_ids.is_empty(), "layered images are builds of their own");
    assert_eq!((registry.count(Kind::GetManifest), registry.count(Kind::GetBlob)), (2, 4));
    assert_eq!(registry.count(any()), 6);
}

#[tokio::test]
async fn an_index_of_rhcos_is_named_as_a_whole_and_read_for_its_architecture() {
    let registry = FakeRegistry::start().await;
    let child = |arch| image(arch, &[("org.opencontainers.image.version", "9.6-1")], &[], b"no archive");
    let index = Index::oci().child(&child(Arch::X86_64)).child(&child(Arch::S390x)).build();
    registry.put_image(OS, "machine-os-content", &index);

    let payload = with_rhcos(&registry, &["machine-os-content"]);
    let inspected = inspect(&payload).await;

    let images = &inspected.rhcos[&Arch::X86_64];
    assert_eq!(images["machine-os-content"], at(&registry, OS, index.digest.as_str()));
    assert_eq!(&*inspected.rhcos_build_ids[&Arch::X86_64]["machine-os-content"], "9.6-1");
    assert!(inspected.rhcos_rpms.is_empty());
    assert_eq!(
        (registry.count(Kind::GetManifest), registry.count(Kind::GetBlob)),
        (2, 1),
        "no layer was read"
    );
}

#[tokio::test]
async fn the_older_label_names_the_build_where_the_newer_one_is_absent() {
    let registry = FakeRegistry::start().await;
    for (name, labels) in [
        ("rhel-coreos", &[("version", "old"), ("org.opencontainers.image.version", "418.94-1")][..]),
        ("rhel-coreos-extensions", &[("version", "418.94-2")]),
    ] {
        registry.put_image(OS, name, &image(Arch::X86_64, labels, &[], &layer(&[(name, "")])));
    }
    let inspected = inspect(&with_rhcos(&registry, &["rhel-coreos", "rhel-coreos-extensions"])).await;
    let ids: Vec<_> = inspected.rhcos_build_ids[&Arch::X86_64].values().map(|id| &**id).collect();
    assert_eq!(ids, ["418.94-1", "418.94-2"]);
    assert!(inspected.rhcos_rpms.is_empty(), "what the layers do not have is not known");
}

#[tokio::test]
async fn a_list_of_packages_is_whole_or_it_is_none_and_that_of_the_file_is_taken_as_it_is() {
    let registry = FakeRegistry::start().await;
    registry.put_image(OS, "rhel-coreos", &image(Arch::X86_64, &[], &[], &installed("kernel-core")));
    registry.put_image(OS, "rhel-coreos-extensions", &image(Arch::X86_64, &[], &[], &layer(&[("a", "b")])));
    let mut payload = with_rhcos(&registry, &["rhel-coreos", "rhel-coreos-extensions"]);
    assert!(inspect(&payload).await.rhcos_rpms.is_empty(), "the extensions do not tell");

    registry.clear_log();
    payload.rhcos.rpms.insert(Arch::X86_64, Vec::new());
    assert_eq!(inspect(&payload).await.rhcos_rpms[&Arch::X86_64], []);
    assert_eq!(registry.count(Kind::GetBlob), 2, "the configs, and no layer");
}

#[tokio::test]
async fn rhcos_that_cannot_be_read_is_told_by_its_container_and_line() {
    let registry = FakeRegistry::start().await;
    registry.put_image(
        OS,
        "rhel-coreos-extensions",
        &image(Arch::X86_64, &[], &[], &layer(&[(EXTENSIONS, "{")])),
    );
    let payload = with_rhcos(&registry, &["rhel-coreos", "rhel-coreos-extensions"]);
    let extent = Extent { payload: &payload, arches: &payload.arches, images: None };
    let refused = inspect_all(&client(), extent, &Stop::default()).await.unwrap_err();
    let told: Vec<_> = refused.failures.iter().map(ToString::to_string).collect();
    let [absent, broken] = &told[..] else { panic!("{told:?}") };
    assert!(absent.starts_with("payload.yaml:90: `rhel-coreos`: ") && absent.contains("404"), "{absent}");
    assert!(broken.contains(EXTENSIONS) && broken.contains("rhcos.rpms"), "{broken}");
}

/// A release image with these `image-references`.
fn release(text: &str) -> Image {
    let manifests =
        layer(&[("release-manifests/release-metadata", "{}"), ("release-manifests/image-references", text)]);
    Image::oci()
        .layer(layer(&[("release-manifests/image-references", "of the base")]))
        .layer(manifests)
        .build()
}

fn referring(image: ImageRef) -> Payload {
    let mut payload = payload(Vec::new());
    payload.assembly.reference_releases.insert(Arch::X86_64, image);
    payload
}

#[tokio::test]
async fn a_reference_release_is_what_its_last_layer_says() {
    let registry = FakeRegistry::start().await;
    let text = r#"{"kind": "ImageStream", "metadata": {"name": "4.19.0-rc.1"}, "spec": {"tags": [
        {"name": "etcd", "annotations": {}, "from": {"kind": "DockerImage", "name": "quay.io/a/b@sha256:1"}}]}}"#;
    let image = release(text);
    registry.put_image("ocp/release", "rc1", &image);
    let payload = referring(at(&registry, "ocp/release", image.digest.as_str()));

    let found = references(&client(), &payload, &payload.arches).await;

    let tags = [("etcd".into(), "quay.io/a/b@sha256:1".into())].into();
    let expected = Reference::Release(ReferenceRelease { name: Some("4.19.0-rc.1".into()), tags });
    assert_eq!(found.into_iter().collect::<Vec<_>>(), [(Arch::X86_64, expected)]);
    assert_eq!(
        (registry.count(Kind::GetManifest), registry.count(Kind::GetBlob)),
        (1, 2),
        "only the last layer"
    );
    assert_eq!(registry.count(writes()), 0);
}

#[tokio::test]
async fn a_reference_release_that_cannot_be_read_says_why_and_fails_nothing() {
    let registry = FakeRegistry::start().await;
    let none = Image::oci().layer(layer(&[("a", "b")])).build();
    let broken = release("{");
    for image in [&none, &broken] {
        registry.put_image("ocp/release", image.digest.hex(), image);
    }
    let read = async |image: ImageRef| {
        let payload = referring(image);
        let mut found = references(&client(), &payload, &payload.arches).await;
        match found.remove(&Arch::X86_64) {
            Some(Reference::Unreadable(why)) => why.to_string(),
            other => panic!("{other:?}"),
        }
    };
    let by_digest = |image: &Image| at(&registry, "ocp/release", image.digest.as_str());
    assert!(read(by_digest(&none)).await.contains("no release image"));
    assert!(read(by_digest(&broken)).await.contains("image-references"));
    assert!(read(at(&registry, "ocp/release", "gone")).await.contains("404"));
    registry.fault(Fault::on(Kind::GetManifest).always().status(503));
    let why = read(by_digest(&none)).await;
    assert!(why.contains("503"), "{why}");
}
