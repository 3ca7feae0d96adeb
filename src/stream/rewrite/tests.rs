//! Rewritten streams.

use super::super::plan::{Layout, LayoutSettings, plan};
use super::super::sample::{all, artifact, changed, first, locations, stream, with_file};
use super::*;

const SOME: &str = "https://m/pub/openshift-v4";

fn planned(stream: &Stream, layout: &str) -> Plan {
    let layout = Layout::parse(layout, None).unwrap();
    let settings = LayoutSettings { ocp: Some("4.8".parse().unwrap()), ..LayoutSettings::new(layout) };
    plan(stream, &all(stream), &settings).unwrap()
}

/// What becomes of `stream` below `base`.
fn to_layout(
    stream: &Stream,
    selected: &[usize],
    (base, layout): (&str, &str),
    unselected: Unselected,
) -> Vec<Change> {
    let (base, plan) = (Base::parse(base).unwrap(), planned(stream, layout));
    let to = To::Layout { base: &base, plan: &plan };
    rewrite(stream, selected, &Rewriting { to, unselected, unsigned: &BTreeSet::new(), touch: None }).unwrap()
}

fn to_prefixes(stream: &Stream, maps: &[&str]) -> Vec<Change> {
    let maps: Vec<PrefixMap> = maps.iter().map(|map| map.parse().unwrap()).collect();
    let to = To::Prefixes(&maps);
    let rewriting = Rewriting { to, unselected: Unselected::Kept, unsigned: &BTreeSet::new(), touch: None };
    rewrite(stream, &all(stream), &rewriting).unwrap()
}

fn at(url: &str) -> Stream {
    stream("rhcos-4.8", [artifact("x86_64/qemu/qcow2/disk", "48.83.202102230316-0", url)])
}

fn location(artifact: usize, url: &str) -> Change {
    Change::Location { artifact, url: url.to_owned() }
}

// 14.12
#[test]
fn a_stream_is_brought_to_a_mirror_with_its_signatures() {
    let stream = first();
    let changes = to_layout(&stream, &all(&stream), (SOME, "build"), Unselected::Kept);
    let s390x = "https://m/pub/openshift-v4/s390x/dependencies/rhcos/4.8/47.83.202102090311-0/rhcos-47.83.202102090311-0-qemu.s390x.qcow2.gz";
    assert!(changes.contains(&location(1, s390x)), "{changes:?}");
    assert!(changes.contains(&Change::Signature { artifact: 1, url: Some(format!("{s390x}.sig")) }));
    assert_eq!(changes.len(), 10, "nothing else is changed");
}

// 14.13
#[test]
fn others_stay_or_go_along_or_are_dropped() {
    let stream = first();
    let of = |unselected| to_layout(&stream, &[1, 4], (SOME, "build"), unselected);
    let touched = |changes: &[Change]| {
        let at = |change: &Change| match change {
            Change::Location { artifact, .. } | Change::Signature { artifact, .. } => *artifact,
            other => panic!("{other:?}"),
        };
        changes.iter().map(at).collect::<BTreeSet<_>>()
    };
    assert_eq!(touched(&of(Unselected::Kept)), [1, 4].into());
    assert_eq!(touched(&of(Unselected::Rewritten)), [0, 1, 2, 3, 4].into());
    let dropped = of(Unselected::Dropped);
    let (removed, kept): (Vec<_>, Vec<_>) =
        dropped.into_iter().partition(|change| matches!(change, Change::Removed { .. }));
    assert_eq!(removed, [0, 2, 3].map(|artifact| Change::Removed { artifact }));
    assert_eq!(touched(&kept), [1, 4].into());
}

// 14.14
#[test]
fn a_query_and_a_fragment_are_left_behind() {
    let changes = to_layout(&at("https://o/a/f?x=1#f"), &[0], (SOME, "flat"), Unselected::Kept);
    assert_eq!(changes, [location(0, "https://m/pub/openshift-v4/f")]);
    assert_eq!(
        to_prefixes(&at("https://o/a/f?x=1#f"), &["https://o/a=https://m"]),
        [location(0, "https://m/f")]
    );
}

// 14.15
#[test]
fn slashes_behind_the_base_make_no_difference() {
    let stream = first();
    let of = |base: &str| to_layout(&stream, &all(&stream), (base, "build"), Unselected::Kept);
    assert_eq!(of("https://m/pub/"), of("https://m/pub"));
    assert_eq!(of("https://m/pub//"), of("https://m/pub"));
    assert_ne!(of("https://m/pub"), of("https://m/pub/x"));
}

// 14.16
#[test]
fn a_prefix_ends_on_a_slash_and_the_longest_wins() {
    assert_eq!(to_prefixes(&at("https://a/bc/f"), &["https://a/b=https://c/d"]), []);
    let maps = ["https://a=https://c", "https://a/b/c/=https://e/", "https://a/b=https://d"];
    assert_eq!(to_prefixes(&at("https://a/b/c/f"), &maps), [location(0, "https://e/f")]);
    assert_eq!(to_prefixes(&at("https://a/b/cd/f"), &maps), [location(0, "https://d/cd/f")]);
    assert_eq!(to_prefixes(&at("https://a/x/f"), &maps), [location(0, "https://c/x/f")]);
    let signed = to_prefixes(
        &first(),
        &["https://releases-art-rhcos.svc.ci.openshift.org=https://rhcos.mirror.openshift.com"],
    );
    assert_eq!(signed.len(), 10, "signatures go along");
    for bad in ["https://a", "https://a=x", "x=https://a", "https://a?x=https://b", "https://a=https://b?x"] {
        assert!(bad.parse::<PrefixMap>().is_err(), "{bad}");
    }
    for bad in ["https://me:sec=ret@a=https://b", "https://me:secret@a", "https://a=https://me:secret@b"] {
        let error = bad.parse::<PrefixMap>().unwrap_err();
        assert!(!format!("{error} {error:?}").contains("sec"), "{error}");
    }
}

// 14.17
#[test]
fn there_is_one_encoding_of_a_name_and_it_decodes_to_the_same() {
    let flat = |url: &str| match &to_layout(&at(url), &[0], (SOME, "flat"), Unselected::Kept)[..] {
        [Change::Location { url, .. }] => url.clone(),
        other => panic!("{other:?}"),
    };
    assert_eq!(flat("https://o/a b"), format!("{SOME}/a%20b"));
    assert_eq!(flat("https://o/a%20b"), format!("{SOME}/a%20b"));
    assert_eq!(flat("https://o/a+b"), format!("{SOME}/a%2Bb"));
    assert_eq!(flat("https://o/a%2Bb"), format!("{SOME}/a%2Bb"));
    assert_eq!(flat("https://o/a%252Bb"), format!("{SOME}/a%252Bb"), "a name with a percent sign");
}

// 14.34
#[test]
fn a_signature_that_is_not_there_is_not_listed() {
    let stream = first();
    let (base, plan) = (Base::parse(SOME).unwrap(), planned(&stream, "build"));
    let to = To::Layout { base: &base, plan: &plan };
    let rewriting = Rewriting { to, unselected: Unselected::Kept, unsigned: &[1].into(), touch: None };
    let changes = rewrite(&stream, &[0, 1], &rewriting).unwrap();
    let signatures: Vec<_> =
        changes.iter().filter(|change| matches!(change, Change::Signature { .. })).collect();
    assert_eq!(signatures.len(), 2);
    assert_eq!(*signatures[1], Change::Signature { artifact: 1, url: None });
    let unsigned = at("https://o/f");
    let plan = planned(&unsigned, "flat");
    let rewriting =
        Rewriting { to: To::Layout { base: &base, plan: &plan }, unsigned: &[0].into(), ..rewriting };
    assert_eq!(rewrite(&unsigned, &[0], &rewriting).unwrap().len(), 1, "it never had one");
}

#[test]
fn a_stream_that_is_rewritten_again_stays_as_it_is() {
    let stream = first();
    let changes = to_layout(&stream, &all(&stream), (SOME, "build"), Unselected::Kept);
    let there = changed(&stream, &changes);
    assert_ne!(locations(&there), locations(&stream));
    assert_eq!(
        to_layout(&there, &all(&there), ("https://M/pub//openshift-v4/", "build"), Unselected::Kept),
        []
    );
}

#[test]
fn both_places_of_one_file_are_rewritten() {
    let release = "48.83.202102230316-0";
    let one = artifact("x86_64/qemu/qcow2/disk", release, "https://o/f");
    let again = artifact("x86_64/openstack/qcow2/disk", release, "https://o/f");
    let twice = stream("rhcos-4.8", [one, again]);
    let url = "https://m/pub/openshift-v4/f";
    let changes = to_layout(&twice, &[0, 1], (SOME, "flat"), Unselected::Kept);
    assert_eq!(changes, [location(0, url), location(1, url)]);
}

#[test]
fn the_metadata_are_changed_only_when_asked() {
    let touch =
        Touch { last_modified: "2026-01-01T00:00:00Z".to_owned(), generator: "image-mirror 1".to_owned() };
    let Touch { last_modified, generator } = touch.clone();
    let rewriting = Rewriting {
        to: To::Prefixes(&[]),
        unselected: Unselected::Kept,
        unsigned: &BTreeSet::new(),
        touch: Some(touch),
    };
    let changes = rewrite(&first(), &[0], &rewriting).unwrap();
    assert_eq!(changes, [Change::Touched { last_modified, generator }]);
}

#[test]
fn an_artifact_without_a_place_is_an_error_and_one_that_is_no_file_is_left_alone() {
    let mut stream = first();
    let (base, mut plan) = (Base::parse(SOME).unwrap(), planned(&stream, "build"));
    plan.files.truncate(4);
    stream.artifacts[3] = with_file(stream.artifacts[3].clone(), |_| ());
    stream.artifacts[3].file = Err(Vec::new());
    let to = To::Layout { base: &base, plan: &plan };
    let rewriting =
        Rewriting { to, unselected: Unselected::Rewritten, unsigned: &BTreeSet::new(), touch: None };
    let findings = rewrite(&stream, &[0], &rewriting).unwrap_err();
    assert_eq!((findings.len(), findings[0].line()), (1, 50));
}
