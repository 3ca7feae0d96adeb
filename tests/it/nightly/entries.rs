//! What each tag of a payload is, and what is mirrored for it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use image_mirror::model::{Endpoint, Guard, Reference};
use image_mirror::nightly::entries::{Asked, EntryImage, Slice, SliceError, Why, slices};
use image_mirror::nightly::inspected::{ArchImage, Inspected, InspectedBuild, Member as Inspect};
use image_mirror::nightly::mirror::{cleared, desired, files, pairs};
use image_mirror::nightly::{Arch, Payload, Privacy, names};

use super::world::{self, ARCHES, Build, Flag, Member, build, embargoed, member, payload};
use crate::support::image::digest_of;

const HOST: &str = "quay.io";
const D: &str = "quay.io/openshift-release-dev/ocp-v4.0-art-dev";

fn read(made: &world::Payload) -> Payload {
    let text = made.file(HOST, HOST);
    Payload::read(&"payload.yaml".into(), &text).unwrap_or_else(|findings| panic!("{findings:#?}\n{text}"))
}

/// What registries would say of `made`.
fn inspected(made: &world::Payload, payload: &Payload) -> Inspected {
    let repository = Reference::parse(&format!("{HOST}/{}", world::BUILDS)).unwrap().repository;
    let inspect = |made: &Build, read: &image_mirror::nightly::payload::Build| {
        let images = made.images.iter().map(|(arch, image)| {
            let by_digest = names::by_digest(&repository, &image.digest);
            let image = ArchImage {
                image: by_digest,
                digest: image.digest.clone(),
                labels: BTreeMap::new(),
                env: BTreeMap::new(),
            };
            (*arch, image)
        });
        InspectedBuild {
            build: Arc::new(read.clone()),
            repository: repository.clone(),
            list: Some(made.index.digest.clone()),
            images: images.collect(),
            is_embargoed: read.nvr.release.contains(".p3."),
            commit: None,
        }
    };
    let members = made.members.iter().zip(&payload.images).map(|(made, definition)| Inspect {
        definition: Arc::new(definition.clone()),
        build: made.build.as_ref().zip(definition.build.as_ref()).map(|(made, read)| inspect(made, read)),
        public_build: made
            .public_build
            .as_ref()
            .zip(definition.public_build.as_ref())
            .map(|(made, read)| inspect(made, read)),
    });
    let containers = payload.rhcos.containers.iter();
    let images = containers.flat_map(|container| {
        container.images.iter().map(|(arch, image)| (*arch, (Arc::clone(&container.name), image.clone())))
    });
    let mut rhcos = BTreeMap::<Arch, BTreeMap<Arc<str>, _>>::new();
    for (arch, (name, image)) in images {
        rhcos.entry(arch).or_default().insert(name, image);
    }
    Inspected { members: members.collect(), rhcos, ..Inspected::default() }
}

fn all() -> Asked {
    Asked {
        arches: ARCHES.to_vec(),
        images: None,
        is_embargo_acknowledged: false,
        is_stand_in_required: true,
        excluded: BTreeSet::new(),
    }
}

fn made(members: Vec<Member>) -> world::Payload {
    world::Payload { members, ..payload(0) }
}

fn sliced(made: &world::Payload, asked: &Asked) -> Result<Vec<Slice>, Vec<SliceError>> {
    let payload = read(made);
    slices(&payload, &inspected(made, &payload), asked)
}

fn slice(slices: &[Slice], arch: Arch, privacy: Privacy) -> &Slice {
    slices.iter().find(|slice| (slice.arch, slice.privacy) == (arch, privacy)).unwrap()
}

/// The component of each tag of the public payload for an architecture.
fn components(slices: &[Slice], arch: Arch) -> Vec<(String, String)> {
    let entries = &slice(slices, arch, Privacy::Public).entries;
    entries.iter().map(|entry| (entry.tag.to_string(), entry.component.to_string())).collect()
}

fn pod() -> Member {
    member("openshift-enterprise-pod", 0, None)
}

/// An image of `name` whose tag is that of `etcd`: written, or following of its name.
fn as_etcd(name: &str, number: u32, is_written: bool, arches: Option<&[Arch]>) -> (Member, String) {
    let line = if is_written { "  payload_tag: etcd\n" } else { "  image_name: openshift/ose-etcd\n" };
    (member(name, number, arches), line.to_owned())
}

/// What takes the tag `etcd` of these images.
fn winner(images: [(Member, String); 2], arch: Arch) -> String {
    let (members, lines): (Vec<_>, Vec<_>) = images.into_iter().unzip();
    let made = made([vec![pod()], members].concat());
    let mut text = made.file(HOST, HOST);
    for (member, line) in made.members[1..].iter().zip(lines) {
        let own = format!("- name: {0}\n  image_name: openshift/ose-{0}\n", member.name);
        let replacement = if line.contains("payload_tag") {
            own.clone() + &line
        } else {
            format!("- name: {}\n{line}", member.name)
        };
        text = text.replace(&own, &replacement);
    }
    let payload = Payload::read(&"payload.yaml".into(), &text).unwrap();
    let slices = slices(&payload, &inspected(&made, &payload), &all()).unwrap();
    components(&slices, arch).into_iter().find(|(tag, _)| tag == "etcd").unwrap().1
}

// 18.14, 18.15, 18.16
#[test]
fn of_two_images_with_one_tag_a_written_tag_wins_then_the_last_written_then_the_first() {
    let x86_64 = Arch::X86_64;
    for (first, second, expected) in
        [(false, false, "a"), (false, true, "b"), (true, false, "a"), (true, true, "b")]
    {
        let images = [as_etcd("a", 1, first, None), as_etcd("b", 2, second, None)];
        assert_eq!(winner(images, x86_64), expected, "written: {first}, {second}");
    }
}

// 18.17
#[test]
fn an_image_for_another_architecture_takes_no_tag_from_one_that_is_for_this() {
    let main = as_etcd("main", 1, false, Some(&[Arch::X86_64]));
    let alternative = as_etcd("main-alt", 2, true, Some(&[Arch::S390x]));
    for images in [[main.clone(), alternative.clone()], [alternative, main]] {
        assert_eq!(winner(images.clone(), Arch::S390x), "main-alt");
        assert_eq!(winner(images, Arch::X86_64), "main");
    }
}

// 18.18, 18.21, 18.24
#[test]
fn what_an_architecture_lacks_is_the_stand_in_and_that_is_mirrored_once() {
    let only = Some(&[Arch::X86_64][..]);
    let made = made(vec![
        pod(),
        member("a", 1, only),
        member("b", 2, None),
        member("c", 3, only),
        member("d", 4, only),
    ]);
    let slices = sliced(&made, &all()).unwrap();
    let s390x = slice(&slices, Arch::S390x, Privacy::Public);
    let by = |tag: &str| s390x.entries.iter().find(|entry| &*entry.tag == tag).unwrap();

    for tag in ["a", "c", "d"] {
        assert_eq!(by(tag).pull_spec(), by("pod").pull_spec());
        assert_eq!(by(tag).substituted_by.as_deref(), Some("pod"));
    }
    assert_ne!(by("b").pull_spec(), by("pod").pull_spec());
    assert_eq!((by("b").substituted_by.as_deref(), by("pod").substituted_by.as_deref()), (None, None));
    // The images of pod and b, and their indexes.
    assert_eq!(pairs(s390x).len(), 4);
    assert!(
        slice(&slices, Arch::X86_64, Privacy::Public)
            .entries
            .iter()
            .all(|entry| entry.substituted_by.is_none())
    );
}

// 18.19
#[test]
fn an_image_that_its_build_lacks_is_an_error_that_names_the_build() {
    let mut etcd = member("etcd", 1, None);
    etcd.build = Some(build("etcd", 1, Flag::Public, &[Arch::X86_64]));
    let errors = sliced(&made(vec![pod(), etcd]), &all()).unwrap_err();
    assert_eq!(errors.len(), 3, "one an architecture: {errors:#?}");
    let said = errors[0].to_string();
    assert!(
        said.contains("`etcd` is to be built for s390x") && said.contains("etcd-container-v4.19.0"),
        "{said}"
    );
    assert!(errors[0].line().is_some());
}

// 18.20
#[test]
fn an_image_without_a_build_is_no_tag_at_all() {
    let mut etcd = member("etcd", 1, None);
    etcd.build = None;
    let slices = sliced(&made(vec![pod(), etcd]), &all()).unwrap();
    assert!(slices.iter().all(|slice| slice.entries.iter().all(|entry| &*entry.tag != "etcd")));
    assert!(slices.iter().all(|slice| slice.left_out.is_empty()));
}

// 18.22
#[test]
fn without_the_stand_in_there_is_no_payload_unless_that_is_asked_for_and_nothing_needs_it() {
    let made = made(vec![member("etcd", 1, None)]);
    let errors = sliced(&made, &all()).unwrap_err();
    assert!(
        errors.iter().any(|error| error.to_string().contains("for s390x has no image `pod`")),
        "{errors:#?}"
    );
    let lenient = Asked { is_stand_in_required: false, ..all() };
    assert_eq!(sliced(&made, &lenient).unwrap().len(), 8);
}

// 18.23
#[test]
fn a_stand_in_that_is_not_there_for_an_architecture_is_an_error() {
    let made = made(vec![
        member("openshift-enterprise-pod", 0, Some(&[Arch::X86_64])),
        member("a", 1, Some(&[Arch::X86_64])),
    ]);
    for is_stand_in_required in [true, false] {
        let errors = sliced(&made, &Asked { is_stand_in_required, ..all() }).unwrap_err();
        // Of each architecture but x86_64, the public payload and the private one.
        assert_eq!(errors.len(), 6, "{errors:#?}");
    }
}

#[test]
fn a_stand_in_that_must_not_become_public_leaves_out_what_it_would_stand_in_for() {
    let mut pod = embargoed("openshift-enterprise-pod", 0, None);
    pod.public_build = None;
    let mut made = made(vec![pod, member("a", 1, Some(&[Arch::X86_64])), member("b", 2, None)]);
    made.assembly = "  name: 4.19.3\n  type: standard\n".to_owned();
    let slices = sliced(&made, &all()).unwrap();
    let tags = |slice: &Slice| slice.entries.iter().map(|entry| entry.tag.to_string()).collect::<Vec<_>>();
    let public = slice(&slices, Arch::S390x, Privacy::Public);
    assert_eq!(tags(public), ["b", "rhel-coreos"]);
    let left: Vec<_> = public.left_out.iter().map(|left| (&*left.tag, left.why)).collect();
    assert_eq!(left, [("pod", Why::Embargoed), ("a", Why::Embargoed)]);
    assert_eq!(tags(slice(&slices, Arch::X86_64, Privacy::Public)), ["a", "b", "rhel-coreos"]);
    assert_eq!(tags(slice(&slices, Arch::S390x, Privacy::Private)), ["pod", "a", "b", "rhel-coreos"]);
}

// 18.28
#[test]
fn rhcos_is_named_by_its_digest_and_never_mirrored() {
    let made = made(vec![pod()]);
    let slices = sliced(&made, &all()).unwrap();
    for slice in &slices {
        let rhcos = slice.entries.last().unwrap();
        assert!(matches!(rhcos.image, EntryImage::Rhcos { is_primary: true, .. }));
        let expected = format!("{HOST}/{}@{}", world::RHCOS, made.rhcos[&slice.arch].digest);
        assert_eq!((&*rhcos.tag, rhcos.pull_spec()), ("rhel-coreos", expected));
        assert!(pairs(slice).iter().all(|pair| !pair.source.to_string().contains(world::RHCOS)));
    }
}

// 18.30
#[test]
fn only_the_architectures_that_take_part_have_payloads_and_each_has_two() {
    let slices = sliced(&payload(2), &Asked { arches: vec![Arch::Ppc64le], ..all() }).unwrap();
    let found: Vec<_> = slices.iter().map(|slice| (slice.arch, slice.privacy)).collect();
    assert_eq!(found, [(Arch::Ppc64le, Privacy::Public), (Arch::Ppc64le, Privacy::Private)]);
}

// 18.9, 18.31
#[test]
fn an_image_and_its_index_go_under_tags_that_are_their_digests() {
    let made = made(vec![pod()]);
    let slices = sliced(&made, &all()).unwrap();
    let build = made.members[0].build.as_ref().unwrap();
    let (image, index) = (&build.images[&Arch::X86_64].digest, &build.index.digest);
    let pairs = pairs(slice(&slices, Arch::X86_64, Privacy::Public));
    let found: Vec<_> = pairs.iter().map(|pair| (pair.source.to_string(), pair.target.to_string())).collect();
    let source = format!("{HOST}/{}", world::BUILDS);
    let pair = |digest: &image_mirror::model::Digest| {
        (format!("{source}@{digest}"), format!("{D}:{}", digest.as_str().replace(':', "-")))
    };
    assert_eq!(found, [pair(image), pair(index)]);
    assert_eq!(slice(&slices, Arch::X86_64, Privacy::Public).entries[0].pull_spec(), pair(image).1);
}

// 18.10, 18.11: references are parsed, so that a port is no tag.
#[test]
fn an_image_by_its_digest_keeps_the_port_of_its_registry() {
    let digest = digest_of(b"aa");
    for (written, expected) in
        [("quay.io/o/r:sha256-b056-ml", "quay.io/o/r"), ("localhost:5000/o/r", "localhost:5000/o/r")]
    {
        let repository = Reference::parse(written).unwrap().repository;
        assert_eq!(names::by_digest(&repository, &digest).to_string(), format!("{expected}@{digest}"));
    }
}

// 18.32, 18.87
#[test]
fn images_that_are_left_out_are_neither_mirrored_nor_in_an_image_stream() {
    let made = made(vec![pod(), member("a", 1, None), member("b", 2, None)]);
    let asked = Asked { excluded: BTreeSet::from(["a".into()]), ..all() };
    let slices = sliced(&made, &asked).unwrap();
    let kept: BTreeSet<_> =
        [0, 2].iter().map(|at: &usize| &made.members[*at].build.as_ref().unwrap().index.digest).collect();
    for slice in &slices {
        assert!(slice.entries.iter().all(|entry| &*entry.tag != "a"));
        assert_eq!((&*slice.left_out[0].tag, slice.left_out[0].why), ("a", Why::MismatchedSiblings));
        let indexes: Vec<_> = pairs(slice).into_iter().skip(1).step_by(2).map(|pair| pair.digest).collect();
        assert_eq!(indexes.iter().collect::<BTreeSet<_>>(), kept);
    }
}

// 18.33
#[test]
fn pairs_are_listed_in_files_of_fifty() {
    let made = made(
        (0..60)
            .map(|number| {
                member(
                    if number == 0 { "openshift-enterprise-pod".into() } else { format!("i{number}") }
                        .as_str(),
                    number,
                    None,
                )
            })
            .collect(),
    );
    let slices = sliced(&made, &all()).unwrap();
    let files = files(slice(&slices, Arch::S390x, Privacy::Private));
    let found: Vec<_> = files.iter().map(|(name, text)| (name.as_str(), text.lines().count())).collect();
    let name = |number| format!("src_dest.s390x-private-{number}.txt");
    assert_eq!(found, [(&*name(0), 50), (&*name(1), 50), (&*name(2), 20)]);
    let line = files[0].1.lines().next().unwrap();
    assert!(
        line.starts_with("quay.io/art/images@sha256:") && line.contains(&format!("={D}-priv:sha256-")),
        "{line}"
    );
}

// 18.37
#[test]
fn in_public_an_embargoed_build_gives_way_to_the_public_one() {
    let made = made(vec![pod(), embargoed("etcd", 1, None)]);
    let slices = sliced(&made, &all()).unwrap();
    let (newer, public) =
        (made.members[1].build.as_ref().unwrap(), made.members[1].public_build.as_ref().unwrap());
    for (privacy, build, repository) in
        [(Privacy::Public, public, D.to_owned()), (Privacy::Private, newer, format!("{D}-priv"))]
    {
        let slice = slice(&slices, Arch::Aarch64, privacy);
        let expected =
            format!("{repository}:{}", build.images[&Arch::Aarch64].digest.as_str().replace(':', "-"));
        assert_eq!(slice.entries[1].pull_spec(), expected);
        assert_eq!(pairs(slice)[3].digest, build.index.digest);
        assert!(slice.left_out.is_empty());
    }
}

// 18.38
#[test]
fn an_embargoed_build_without_a_public_one_is_an_error_that_names_the_image() {
    let mut etcd = embargoed("etcd", 1, None);
    etcd.public_build = None;
    let errors = sliced(&made(vec![pod(), etcd]), &all()).unwrap_err();
    assert_eq!(errors.len(), 1, "it is said once: {errors:#?}");
    assert!(errors[0].to_string().starts_with("`etcd` is embargoed as `etcd-container-"), "{}", errors[0]);
}

// 18.39, 18.40
#[test]
fn a_public_build_that_is_embargoed_too_leaves_the_tag_out_in_public_only() {
    let mut etcd = embargoed("etcd", 1, None);
    etcd.public_build = Some(build("etcd", 2, Flag::Embargoed, &ARCHES));
    let slices = sliced(&made(vec![pod(), etcd]), &all()).unwrap();
    for slice in &slices {
        let has_tag = slice.entries.iter().any(|entry| &*entry.tag == "etcd");
        let left_out: Vec<_> = slice.left_out.iter().map(|left| (&*left.tag, left.why)).collect();
        match slice.privacy {
            Privacy::Public => assert_eq!((has_tag, left_out), (false, vec![("etcd", Why::Embargoed)])),
            Privacy::Private => assert_eq!((has_tag, left_out), (true, vec![])),
        }
    }
}

#[test]
fn an_entry_for_the_public_repository_that_was_not_cleared_is_forbidden() {
    let made = made(vec![pod(), embargoed("etcd", 1, None)]);
    let payload = read(&made);
    let inspected = inspected(&made, &payload);
    let slices = slices(&payload, &inspected, &all()).unwrap();
    let cleared = cleared(&payload, &inspected, false);
    let newer = made.members[1].build.as_ref().unwrap();
    assert!(!cleared.contains(&newer.index.digest), "the embargoed index was cleared");

    let fine = desired(&payload, &slices, &cleared);
    assert!(fine.iter().all(|desired| desired.guards == [Guard::Absent]));
    // As if something had gone wrong before: the private payload is taken for the public one.
    let wrong: Vec<Slice> = slices
        .iter()
        .filter(|slice| slice.privacy == Privacy::Private)
        .map(|slice| Slice { privacy: Privacy::Public, ..slice.clone() })
        .collect();
    let wrong = desired(&payload, &wrong, &cleared);
    let forbidden: BTreeSet<_> = wrong
        .iter()
        .filter(|desired| desired.guards == [Guard::Forbidden])
        .map(|desired| match &desired.source {
            Endpoint::Registry(image) => image.version.as_str().to_owned(),
            Endpoint::Layout(_) => panic!("a layout"),
        })
        .collect();
    let expected: BTreeSet<_> = newer
        .images
        .values()
        .map(|image| image.digest.to_string())
        .chain([newer.index.digest.to_string()])
        .collect();
    assert_eq!(forbidden, expected);
}

// 18.60
#[test]
fn of_images_that_are_named_both_payloads_are_made_of_those_only() {
    let images = Some(BTreeSet::from(["openshift-enterprise-pod".into(), "image-002".into()]));
    let slices = sliced(&payload(4), &Asked { images, ..all() }).unwrap();
    for slice in &slices {
        let tags: Vec<_> = slice.entries.iter().map(|entry| &*entry.tag).collect();
        assert_eq!(tags, ["pod", "image-002", "rhel-coreos"]);
    }
    assert_eq!(slices.len(), 8);
}
