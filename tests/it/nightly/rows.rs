//! What the rows of the specification say of single payloads, through the whole program.

use std::fmt::Write as _;

use image_mirror::nightly::Arch;
use serde_json::{Value, json};

use super::whole::{PRIVATE, PUBLIC, World, count, report, tags};
use super::world::{Build, Flag, Member, Payload, RHCOS, build, member, payload};
use crate::support::{Ran, any};

/// A payload whose second container of RHCOS is there for these architectures.
fn with_extra(world: &World, payload: &mut Payload, arches: &[Arch]) {
    payload.more = "  - name: extra\n    primary: false\n    images:\n".to_owned();
    for arch in arches {
        let digest = &payload.rhcos[arch].digest;
        let _ = writeln!(payload.more, "      {arch}: {}/{RHCOS}@{digest}", world.builds.host());
    }
}

/// A payload of `x86_64` and `s390x`, and registries that hold it.
async fn of_two(count: u32) -> (Payload, World) {
    let payload = Payload { arches: vec![Arch::X86_64, Arch::S390x], ..payload(count) };
    let world = World::holding(&payload).await;
    (payload, world)
}

fn names(stream: &Value) -> Vec<String> {
    tags(stream).into_iter().map(|(name, _)| name).collect()
}

/// Code and component of what is inconsistent and not permitted.
fn issues(ran: &Ran) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let report = report(ran);
    let all = report["assembly_issues"].as_object().unwrap().iter();
    all.flat_map(|(component, issues)| {
        let issues = issues.as_array().unwrap().iter().filter(|issue| issue["permitted"] == false);
        issues.map(|issue| (text(&issue["code"]), component.clone())).collect::<Vec<_>>()
    })
    .collect()
}

// 18.25
#[tokio::test]
async fn without_the_primary_rhcos_its_tag_is_not_there_and_the_other_one_is() {
    let (mut payload, world) = of_two(0).await;
    with_extra(&world, &mut payload, &[Arch::X86_64, Arch::S390x]);
    payload.rhcos.remove(&Arch::S390x);

    let ran = world.run(&payload, &[]).run().await.exits(4);
    assert_eq!(issues(&ran), [("IMPERMISSIBLE".to_owned(), "rhel-coreos".to_owned())]);
    assert!(!world.streams().exists(), "an ImageStream was made");

    world.run(&payload, &["--emergency-ignore-issues"]).run().await.exits(0);
    assert_eq!(names(&world.stream("ocp-s390x/4.19-art-latest-s390x")), ["pod", "extra"]);
    assert_eq!(names(&world.stream("ocp/4.19-art-latest")), ["pod", "rhel-coreos", "extra"]);
}

// 18.26, 18.27
#[tokio::test]
async fn without_another_rhcos_the_primary_one_is_there_and_with_both_there_is_no_issue() {
    let (mut payload, world) = of_two(0).await;
    with_extra(&world, &mut payload, &[Arch::X86_64]);
    let ran = world.run(&payload, &[]).run().await.exits(4);
    assert_eq!(issues(&ran), [("MISSING_RHCOS_CONTAINER".to_owned(), "extra".to_owned())]);

    payload.assembly += "  permits:\n  - {code: MISSING_RHCOS_CONTAINER, component: extra}\n";
    let ran = world.run(&payload, &[]).run().await.exits(0);
    assert_eq!((issues(&ran), &report(&ran)["viable"]), (vec![], &json!(true)));
    assert_eq!(names(&world.stream("ocp-s390x/4.19-art-latest-s390x")), ["pod", "rhel-coreos"]);

    with_extra(&world, &mut payload, &[Arch::X86_64, Arch::S390x]);
    let ran = world.run(&payload, &[]).run().await.exits(0);
    assert_eq!(report(&ran)["assembly_issues"], json!({}));
    assert_eq!(names(&world.stream("ocp-s390x/4.19-art-latest-s390x")), ["pod", "rhel-coreos", "extra"]);
}

// 18.29
#[tokio::test]
async fn an_assembly_without_the_primary_rhcos_is_bad_input() {
    let (mut payload, world) = of_two(0).await;
    payload.assembly = "  name: 4.19.3\n  type: standard\n".to_owned();
    payload.rhcos.remove(&Arch::S390x);
    let ran = world.run(&payload, &[]).run().await.exits(2);
    let failed = ran.rows_that("failed");
    assert_eq!(failed.len(), 1, "{ran}");
    let reason = failed[0]["reason"].as_str().unwrap();
    assert!(reason.contains("rhel-coreos") && reason.contains("s390x"), "{reason}");
    assert_eq!(world.target.requests_on(any()).len(), 0, "the target was asked");
}

/// An image that was built alone, for `x86_64`.
fn single(name: &str, number: u32) -> Member {
    let Build { nvr, images, .. } = build(name, number, Flag::Public, &[Arch::X86_64]);
    let index = images[&Arch::X86_64].clone();
    Member { build: Some(Build { nvr, index, images }), ..member(name, number, None) }
}

// 18.31
#[tokio::test]
async fn an_image_that_was_built_alone_is_one_pair_one_in_an_index_two_and_rhcos_none() {
    let mut payload = Payload { arches: vec![Arch::X86_64], ..payload(0) };
    payload.rhcos.retain(|arch, _| *arch == Arch::X86_64);
    payload.members.push(single("alone", 1));
    let world = World::holding(&payload).await;

    let ran = world.run(&payload, &[]).run().await.exits(0);

    let (source, target) = (world.builds.host(), world.target.host());
    let pod = payload.members[0].build.as_ref().unwrap();
    let digests = [&pod.images[&Arch::X86_64], &pod.index, &payload.members[1].build.as_ref().unwrap().index];
    for (privacy, repository) in [("public", PUBLIC), ("private", PRIVATE)] {
        let text = ran.artifact(&format!("gen-payload-artifacts/src_dest.x86_64-{privacy}-0.txt"));
        let lines = digests.map(|image| {
            let (digest, hex) = (&image.digest, image.digest.hex());
            format!("{source}/art/images@{digest}={target}/{repository}:sha256-{hex}")
        });
        assert_eq!(text.lines().collect::<Vec<_>>(), lines);
        assert_eq!(world.target.tags(repository).len(), 3);
    }
}

/// A standard assembly with two embargoed images, and permits for some.
fn embargoed(permits: &[&str]) -> Payload {
    let mut payload = payload(0);
    payload.assembly = "  name: 4.19.3\n  type: standard\n  permits:\n".to_owned();
    for component in permits {
        let _ = writeln!(payload.assembly, "  - {{code: EMBARGOED_CONTENT, component: {component}}}");
    }
    let arches = payload.arches.clone();
    payload.members.extend(["c1", "c2"].map(|name| Member {
        build: Some(build(name, 1, Flag::Embargoed, &arches)),
        ..member(name, 1, None)
    }));
    payload
}

// 18.41
#[tokio::test]
async fn an_assembly_with_an_embargoed_build_is_not_viable_and_nothing_is_pushed() {
    let payload = embargoed(&["nobody"]);
    let world = World::holding(&payload).await;
    let ran = world.run(&payload, &["--embargo-permit-ack"]).run().await.exits(4);
    // Of each image an issue for each architecture.
    assert_eq!((issues(&ran).len(), count(&ran, "failed")), (8, 8), "{ran}");
    assert_eq!(report(&ran)["viable"], false);
    world.assert_only_read();
    assert!(!world.streams().exists(), "an ImageStream was made");
}

// 18.42
#[tokio::test]
async fn what_is_permitted_and_not_acknowledged_is_refused_by_its_name_and_nothing_is_pushed() {
    let payload = embargoed(&["c2"]);
    let world = World::holding(&payload).await;
    let ran = world.run(&payload, &[]).run().await.exits(4);
    let rows = ran.rows();
    assert_eq!(rows.len(), 1, "{ran}");
    let reason = rows[0]["reason"].as_str().unwrap();
    assert!(reason.contains("embargoed content of c2 would become public"), "{reason}");
    assert!(rows[0]["help"].as_str().unwrap().contains("EMBARGO_PERMIT_ACK=true"), "{ran}");
    assert_eq!(world.target.requests_on(any()).len(), 0, "the target was asked");
}

// 18.43
#[tokio::test]
async fn what_is_permitted_and_acknowledged_becomes_public() {
    let payload = embargoed(&["c1", "c2"]);
    let world = World::holding(&payload).await;
    let ran = world.run(&payload, &["--embargo-permit-ack"]).run().await.exits(0);
    assert_eq!(report(&ran)["viable"], true);
    for member in &payload.members[1..] {
        let index = &member.build.as_ref().unwrap().index.digest;
        assert!(world.target.manifests(PUBLIC).contains(index), "{}", member.name);
    }
    let stream = world.stream("ocp/4.19-art-assembly-4.19.3");
    assert_eq!(names(&stream), ["pod", "c1", "c2", "rhel-coreos"]);
    assert!(!stream.to_string().to_lowercase().contains("embargo"), "{stream:#}");
}

// 18.60, 18.62
#[tokio::test]
async fn images_that_are_named_change_their_tags_alone_in_both_payloads() {
    let mut payload = payload(2);
    let world = World::holding(&payload).await;
    world.run(&payload, &[]).run().await.exits(0);
    let before = tags(&world.stream("ocp-priv/4.19-art-latest-priv"));

    payload.members[1] = member("image-001", 71, None);
    payload.members[2] = member("image-002", 72, None);
    world.offer(&payload);
    let ran = world.run(&payload, &["--images", "openshift-enterprise-pod,image-002"]).run().await.exits(0);

    for suffix in ["", "-priv"] {
        let name = format!("updated-tags-for.ocp{suffix}.4.19-art-latest{suffix}-partial.yaml");
        let written: Value =
            serde_yaml::from_str(&ran.artifact(&format!("gen-payload-artifacts/{name}"))).unwrap();
        assert_eq!(names(&written), ["pod", "image-002", "rhel-coreos"]);
    }
    let after = tags(&world.stream("ocp-priv/4.19-art-latest-priv"));
    let of =
        |tags: &[(String, String)], tag: &str| tags.iter().find(|(name, _)| name == tag).unwrap().1.clone();
    assert_eq!(after.len(), before.len());
    assert_eq!(of(&after, "image-001"), of(&before, "image-001"));
    assert_ne!(of(&after, "image-002"), of(&before, "image-002"));
}

// 18.117
#[tokio::test]
async fn a_file_that_calls_a_build_something_else_than_its_labels_is_bad_input_and_both_are_named() {
    let mut payload = payload(1);
    let build = payload.members[1].build.as_mut().unwrap();
    let (before, wrong) = (build.nvr.clone(), build.nvr.replace("v4.19.0", "v4.19.1"));
    build.nvr.clone_from(&wrong);
    let world = World::holding(&payload).await;
    let ran = world.run(&payload, &[]).run().await.exits(2);
    let failed = ran.rows_that("failed");
    let reason = failed[0]["reason"].as_str().unwrap();
    assert!(reason.contains(&wrong) && reason.contains("v4.19.0"), "{reason}\n{before}");
    assert!(failed[0]["origin"]["line"].as_u64().unwrap() > 10, "{ran}");
    assert_eq!(world.target.requests_on(any()).len(), 0, "the target was asked");
}
