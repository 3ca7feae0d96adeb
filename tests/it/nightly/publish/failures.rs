//! Release images that cannot be made or pushed.

use image_mirror::model::Outcome;
use image_mirror::nightly::publish::{Means, publish};

use super::images::{OPERATOR, image};
use super::{NAME, RELEASES, World, assert_only_read, by_digest, means};
use crate::engine::{failure, word};
use crate::support::registry::Fault;
use crate::support::{FakeRegistry, Kind, on};

#[tokio::test]
async fn two_failures_and_then_success_are_a_release() {
    // 18.112
    let world = World::start().await;
    world.target.fault(Fault::on(on(Kind::PutManifest).reference(NAME)).status(503).times(2));
    let row = world.publish(&world.release()).await;
    assert_eq!(word(&row), "copied", "{row:?}");
    world.target.assert_faults_used();
    assert_eq!(world.target.count(on(Kind::PutManifest).reference(NAME)), 3);
    assert_eq!(row.digest, world.target.tag_digest(RELEASES, NAME));
}

#[tokio::test]
async fn failures_without_end_are_a_failed_row_and_no_release() {
    // 18.112
    let world = World::start().await;
    world.target.fault(Fault::on(on(Kind::PutManifest).reference(NAME)).status(503).always());
    let row = world.publish(&world.release()).await;
    let said = failure(&row);
    assert!(said.contains("transfer failed after 5 attempts"), "{said}");
    assert!(said.contains(NAME) && said.contains("503"), "{said}");
    assert_eq!(row.attempts, 5);
    assert_eq!(world.target.tag_digest(RELEASES, NAME), None);
}

#[tokio::test]
async fn a_base_that_cannot_be_copied_is_named_and_no_release_is_written() {
    let world = World::start().await;
    world.target.fault(Fault::on(Kind::PutBlob).status(403).always());
    let said = failure(&world.publish(&world.release()).await);
    assert!(said.contains("copying the base of the release image"), "{said}");
    assert_eq!(world.target.count(Kind::PutManifest), 0);
}

#[tokio::test]
async fn an_operator_that_needs_what_the_payload_lacks_is_named_and_nothing_is_written() {
    let world = World::start().await;
    let mut release = world.release();
    release.members.remove("cli");
    let row = world.publish(&release).await;
    let said = failure(&row);
    assert!(said.contains("`etcd-operator` (ose-etcd-operator)") && said.contains("`cli`"), "{said}");
    assert_eq!(row.digest, None);
    assert_only_read(&world.target);
}

#[tokio::test]
async fn a_payload_without_a_base_makes_no_release() {
    let world = World::start().await;
    let mut release = world.release();
    release.members.remove("cluster-version-operator");
    let said = failure(&world.publish(&release).await);
    assert!(said.contains("`cluster-version-operator`"), "{said}");
    assert!(world.source.requests().is_empty(), "nobody had to ask for it");
}

#[tokio::test]
async fn an_unknown_version_names_the_file_and_the_component() {
    let world = World::start().await;
    let odd = image(20, &[(OPERATOR, "true")], &[("manifests/a.yaml", "v: 0.0.1-snapshot-nothing")]);
    world.source.put_untagged("org/art-dev", &odd);
    let mut release = world.release();
    let member = release.members.get_mut("zz-operator").unwrap();
    member.image = by_digest(world.source.host(), "org/art-dev", &odd.digest);
    let said = failure(&world.publish(&release).await);
    assert!(said.contains("manifests/a.yaml") && said.contains("`nothing`"), "{said}");
    assert_only_read(&world.target);
}

#[tokio::test]
async fn an_image_that_is_not_there_is_a_failure_that_names_it() {
    let world = World::start().await;
    let digest = &world.images["cli"].digest;
    world.source.delete_manifest("org/art-dev", digest);
    let said = failure(&world.publish(&world.release()).await);
    assert!(said.contains(digest.as_str()), "{said}");
    assert_only_read(&world.target);
}

#[tokio::test]
async fn a_target_that_only_whoever_may_push_can_see_is_written_all_the_same() {
    let world = World::start().await;
    world.target.fault(Fault::on(on(Kind::HeadManifest).reference(NAME)).status(403).times(1));
    let row = world.publish(&world.release()).await;
    assert_eq!(word(&row), "copied", "{row:?}");
    world.target.assert_faults_used();
}

#[tokio::test]
async fn where_the_answer_has_no_digest_the_name_is_looked_at() {
    let target = FakeRegistry::builder().without_digest_header().start().await;
    let world = World::between(FakeRegistry::start().await, target);
    let row = world.publish(&world.release()).await;
    assert_eq!(word(&row), "copied", "{row:?}");
    assert!(world.target.count(on(Kind::GetManifest).reference(NAME)) > 0, "asked what it is now");
}

#[tokio::test]
async fn a_run_that_is_to_stop_starts_no_release() {
    let world = World::start().await;
    let means: Means = means(false);
    means.stop.gently.cancel();
    let row = publish(&means, &world.release()).await.row;
    assert!(matches!(row.outcome, Outcome::Unfinished(_)), "{row:?}");
    assert!(world.source.requests().is_empty() && world.target.requests().is_empty());
}
