//! Streams whose files are found where they are before they are mirrored.

use std::collections::BTreeSet;

use super::super::plan::{Layout, LayoutSettings, plan};
use super::super::rewrite::{Rewriting, To, Unselected, rewrite};
use super::super::sample::{all, artifact, changed, first, locations, signed, stream};
use super::*;

const MIRROR: &str = "https://mirror.openshift.com/pub/openshift-v4";
const STAGING: &str = "https://releases-art-rhcos.svc.ci.openshift.org/art/storage/releases";
const RELEASE: &str = "47.83.202102091015-0";

fn build() -> Layout {
    Layout::parse("build", None).unwrap()
}

/// The stream on the mirror, and the map of origins of the `selected`.
fn mirrored(stream: &Stream, selected: &[usize], layout: &Layout) -> (Stream, Origins) {
    let base = Base::parse(MIRROR).unwrap();
    let settings = LayoutSettings::new(layout.clone());
    let plan = plan(stream, selected, &settings).unwrap();
    let to = To::Layout { base: &base, plan: &plan };
    let rewriting = Rewriting { to, unselected: Unselected::Kept, unsigned: &BTreeSet::new(), touch: None };
    let changes = rewrite(stream, selected, &rewriting).unwrap();
    (changed(stream, &changes), Origins::of(stream, &changes).unwrap())
}

/// Where an artifact on the mirror is in a staging tree.
fn staged(
    artifact: Artifact,
    layout: &str,
    prefix: &str,
) -> Result<Vec<(String, Option<String>)>, Vec<Finding>> {
    let stream = stream("rhcos-4.8", [artifact]);
    let (mirror, base) = (build(), Base::parse(MIRROR).unwrap());
    let (prefix, layout) = (Base::parse(prefix).unwrap(), staging_layout(layout).unwrap());
    let staging = Some(Staging { prefix: &prefix, layout: &layout });
    let resolving = Resolving { origins: None, mirror: mirror.template(), mirror_base: Some(&base), staging };
    Ok(locations(&changed(&stream, &resolve(&stream, &all(&stream), &resolving)?)))
}

fn on_mirror(arch: &str) -> Artifact {
    let name = format!("rhcos-{RELEASE}-openstack.{arch}.qcow2.gz");
    let url = format!("{MIRROR}/{arch}/dependencies/rhcos/4.7/{RELEASE}/{name}");
    signed(&format!("{arch}/openstack/qcow2.gz/disk"), RELEASE, &url)
}

// 14.69
#[test]
fn a_location_on_the_mirror_is_found_in_the_tree_of_releases() {
    let found = staged(on_mirror("ppc64le"), "art-releases", STAGING).unwrap();
    let url =
        format!("{STAGING}/rhcos-4.7-ppc64le/{RELEASE}/ppc64le/rhcos-{RELEASE}-openstack.ppc64le.qcow2.gz");
    assert_eq!(found, [(url.clone(), Some(format!("{url}.sig")))]);
    let found = staged(on_mirror("x86_64"), "art-releases", &format!("{STAGING}/")).unwrap();
    let url = format!("{STAGING}/rhcos-4.7/{RELEASE}/x86_64/rhcos-{RELEASE}-openstack.x86_64.qcow2.gz");
    assert_eq!(found, [(url.clone(), Some(format!("{url}.sig")))]);
}

// 14.69
#[test]
fn a_location_on_the_mirror_is_found_in_the_tree_of_a_stream_s_builds() {
    let prefix = "https://rhcos.mirror.openshift.com/art/storage/prod/streams/4.16-9.4";
    let found = staged(on_mirror("s390x"), "art-prod", prefix).unwrap();
    let url = format!("{prefix}/builds/{RELEASE}/s390x/rhcos-{RELEASE}-openstack.s390x.qcow2.gz");
    assert_eq!(found[0].0, url);
}

// 14.19
#[test]
fn what_was_rewritten_is_brought_back_by_the_map_of_origins() {
    let stream = first();
    let (mirror, base) = (build(), Base::parse(MIRROR).unwrap());
    for selected in [all(&stream), vec![1, 4]] {
        let (there, origins) = mirrored(&stream, &selected, &mirror);
        assert_ne!(locations(&there), locations(&stream));
        let origins = Origins::parse("origins.json", origins.render().as_bytes()).unwrap();
        let resolving = Resolving {
            origins: Some(&origins),
            mirror: mirror.template(),
            mirror_base: Some(&base),
            staging: None,
        };
        let changes = resolve(&there, &all(&there), &resolving).unwrap();
        assert_eq!(changes.len(), 2 * selected.len(), "others are not touched");
        assert_eq!(locations(&changed(&there, &changes)), locations(&stream));
    }
}

// 14.19
#[test]
fn names_of_a_version_are_brought_back_too() {
    let stream = first();
    let layout = Layout::parse("release", Some("4.8.0-fc.1")).unwrap();
    let (there, origins) = mirrored(&stream, &all(&stream), &layout);
    assert!(locations(&there)[0].0.ends_with("/rhcos-4.8.0-fc.1-s390x-openstack.s390x.qcow2.gz"));
    let resolving =
        Resolving { origins: Some(&origins), mirror: layout.template(), mirror_base: None, staging: None };
    let changes = resolve(&there, &all(&there), &resolving).unwrap();
    assert_eq!(locations(&changed(&there, &changes)), locations(&stream));
}

#[test]
fn the_map_of_origins_wins_over_the_layout_but_not_for_other_bytes() {
    let stream = first();
    let (there, origins) = mirrored(&stream, &all(&stream), &build());
    let (mirror, base) = (build(), Base::parse(MIRROR).unwrap());
    let (prefix, layout) = (Base::parse("https://s").unwrap(), staging_layout("art-releases").unwrap());
    let staging = Some(Staging { prefix: &prefix, layout: &layout });
    let resolving =
        Resolving { origins: Some(&origins), mirror: mirror.template(), mirror_base: Some(&base), staging };
    let mut other = there.clone();
    other.artifacts[0].file.as_mut().unwrap().sha256 = crate::model::Digest::of(b"another build");
    let found = locations(&changed(&other, &resolve(&other, &all(&other), &resolving).unwrap()));
    assert!(found[0].0.starts_with("https://s/rhcos-4.8-s390x/"), "{}", found[0].0);
    assert_eq!(found[1..], locations(&stream)[1..]);
}

#[test]
fn what_is_not_on_the_mirror_stays_and_what_cannot_be_told_is_an_error() {
    let elsewhere = artifact("x86_64/qemu/qcow2/disk", RELEASE, "https://o/f");
    assert_eq!(staged(elsewhere, "art-releases", "https://s").unwrap(), [("https://o/f".to_owned(), None)]);
    for path in [
        "x86_64/dependencies/rhcos/latest/47.83.202102091015-0/f",
        "s390x/dependencies/rhcos/4.7/47.83.202102091015-0/f",
        "x86_64/dependencies/rhcos/4.7/48.83.202102230316-0/f",
        "f",
    ] {
        let odd = artifact("x86_64/qemu/qcow2/disk", RELEASE, &format!("{MIRROR}/{path}?signed=secret"));
        let findings = staged(odd, "art-releases", "https://s").unwrap_err();
        assert!(!findings[0].message.contains("secret"), "{findings:?}");
        assert_eq!((findings.len(), findings[0].code, findings[0].line()), (1, "unresolved", 10), "{path}");
    }
}

#[test]
fn two_trees_of_one_layout_differ_only_in_their_prefix() {
    let layout = build().template().to_string();
    let odd = artifact(
        "x86_64/qemu/qcow2/disk",
        RELEASE,
        &format!("{MIRROR}/x86_64/dependencies/rhcos/latest/a+b?x"),
    );
    let found = staged(odd, &layout, "https://s/t").unwrap();
    assert_eq!(found, [("https://s/t/x86_64/dependencies/rhcos/latest/a+b".to_owned(), None)]);
}
