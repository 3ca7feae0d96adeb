//! Whatever a payload, its permits and its parameters are: nothing that only embargoed builds hold becomes public, but for
//! what is permitted literally and acknowledged. The registry says what it was asked to take.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use image_mirror::model::Digest;
use proptest::prelude::{Just, Strategy, TestCaseError, prop_assert, prop_oneof};
use proptest::test_runner::{Config, TestRunner};

use super::whole::{PUBLIC, World};
use super::world::{Build, Flag, Member, Payload, build, member, payload};
use crate::support::any;

/// A payload and what it is run with.
#[derive(Debug, Clone)]
struct Case {
    kind: &'static str,
    members: Vec<(Flag, Option<Flag>)>,
    permits: Vec<(&'static str, String)>,
    is_acknowledged: bool,
    is_emergency: bool,
}

fn flag() -> impl Strategy<Value = Flag> {
    prop_oneof![Just(Flag::Public), Just(Flag::Embargoed)]
}

fn case() -> impl Strategy<Value = Case> {
    // Mostly what can be brought out, so that most cases push something.
    let public =
        prop_oneof![8 => Just(Some(Flag::Public)), 1 => Just(Some(Flag::Embargoed)), 1 => Just(None)];
    let members = proptest::collection::vec((flag(), public), 1..4);
    let code = prop_oneof![3 => Just("EMBARGOED_CONTENT"), 2 => Just("*"), 1 => Just("MISMATCHED_SIBLINGS")];
    let component =
        prop_oneof![2 => Just("*".to_owned()), 1 => (0..3u8).prop_map(|at| format!("image-{at}"))];
    let permits = proptest::collection::vec((code, component), 0..3);
    let kind = prop_oneof![2 => Just("stream"), 1 => Just("standard"), 1 => Just("custom")];
    (kind, members, permits, proptest::bool::ANY, proptest::bool::ANY).prop_map(
        |(kind, members, permits, is_acknowledged, is_emergency)| Case {
            kind,
            members,
            permits,
            is_acknowledged,
            is_emergency,
        },
    )
}

fn made(case: &Case) -> Payload {
    let mut payload = payload(0);
    let arches = payload.arches.clone();
    for (at, (own, public)) in case.members.iter().enumerate() {
        let (name, number) = (format!("image-{at}"), u32::try_from(at).unwrap() + 1);
        let of = |number, flag| build(&name, number, flag, &arches);
        payload.members.push(Member {
            build: Some(of(number + 100, *own)),
            public_build: public.map(|flag| of(number, flag)),
            ..member(&name, number, None)
        });
    }
    let name = if case.kind == "stream" { "stream" } else { "4.19.3" };
    payload.assembly = format!("  name: {name}\n  type: {}\n", case.kind);
    if !case.permits.is_empty() {
        payload.assembly += "  permits:\n";
        for (code, component) in &case.permits {
            writeln!(payload.assembly, "  - {{code: \"{code}\", component: \"{component}\"}}").unwrap();
        }
    }
    payload
}

/// All that a build is made of.
fn content(build: &Build) -> impl Iterator<Item = Digest> {
    let images = build.index.tree();
    images
        .into_iter()
        .flat_map(|image| image.blobs.iter().map(|blob| blob.digest.clone()).chain([image.digest.clone()]))
        .collect::<Vec<_>>()
        .into_iter()
}

/// What must not become public: all that is in embargoed builds without leave, and in no others.
fn secret(case: &Case, payload: &Payload) -> BTreeSet<Digest> {
    let may = |name: &str| {
        let permitted = case
            .permits
            .iter()
            .any(|(code, component)| *code == "EMBARGOED_CONTENT" && (component == "*" || component == name));
        case.kind != "stream" && case.is_acknowledged && permitted
    };
    let (mut secret, mut open) = (BTreeSet::new(), BTreeSet::new());
    for member in &payload.members {
        for build in member.build.iter().chain(&member.public_build) {
            let is_public = !build.nvr.contains(".p3.") || may(&member.name);
            if is_public { &mut open } else { &mut secret }.extend(content(build));
        }
    }
    &secret - &open
}

async fn holds(case: Case) -> Result<(), TestCaseError> {
    let payload = made(&case);
    let world = World::holding(&payload).await;
    let mut words = Vec::new();
    words.extend(case.is_acknowledged.then_some("--embargo-permit-ack"));
    words.extend((case.is_emergency && case.kind == "stream").then_some("--emergency-ignore-issues"));
    let ran = world.run(&payload, &words).run().await;
    prop_assert!(matches!(ran.code, Some(0 | 2 | 4)), "{ran}");

    let secret = secret(&case, &payload);
    // The right to read is no matter: what was written is, and what was to be mounted.
    let asked = world.target.requests_on(any().repository(PUBLIC));
    for request in asked.iter().filter(|request| !["GET", "HEAD"].contains(&request.method.as_str())) {
        let told = format!("{request:?}");
        let named = secret.iter().find(|digest| told.contains(digest.hex()));
        prop_assert!(named.is_none(), "{named:?} was sent to the public repository: {told}\n{ran}");
    }
    let there: BTreeSet<_> = secret.iter().filter(|digest| world.target.has_blob(PUBLIC, digest)).collect();
    prop_assert!(there.is_empty(), "{there:?} are public");
    let manifests: BTreeSet<_> = world.target.manifests(PUBLIC).into_iter().collect();
    prop_assert!(manifests.is_disjoint(&secret), "an embargoed manifest is public\n{ran}");
    Ok(())
}

// Done when 4
#[test]
fn nothing_that_only_embargoed_builds_hold_reaches_the_public_repository() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let mut runner = TestRunner::new(Config { cases: 64, failure_persistence: None, ..Config::default() });
    runner.run(&case(), |case| runtime.block_on(holds(case))).unwrap();
}
