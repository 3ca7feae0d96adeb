//! What is deleted, how it is asked for, and what becomes of a tag that cannot be.

use super::{KEPT, REPOSITORY, all_but, assert_untouched, expired, filled, left, prune, set, tags_of};
use crate::support::{Fault, Kind, Run, any, writes};

#[tokio::test]
async fn nothing_is_deleted_without_being_told_and_the_plan_is_what_a_run_then_deletes() {
    let registry = filled(5).await;
    let plan = prune(&registry, &[]).run().await.exits(0);
    assert_untouched(&registry, 5);
    assert_eq!(registry.count(writes()), 0);
    assert_eq!(tags_of(&plan, "planned"), set(&expired(5)), "{plan}");
    assert!(plan.stdout.contains("5 entries would be deleted") && !plan.stdout.contains("copied,"), "{plan}");
    assert_eq!(plan.report()["dry_run"], true);

    let ran = prune(&registry, &["--delete"]).run().await.exits(0);
    assert_eq!(tags_of(&ran, "deleted"), tags_of(&plan, "planned"), "{ran}");
    assert_eq!(left(&registry), all_but(5, &expired(5)));
    assert_eq!(ran.report()["dry_run"], false);
}

#[tokio::test]
async fn a_dry_run_beats_delete_also_from_the_environment() {
    let registry = filled(3).await;
    let ran = prune(&registry, &["--delete", "--dry-run"]).run().await.exits(0);
    assert_eq!(ran.rows_that("planned").len(), 3, "{ran}");
    let ran = prune(&registry, &["--delete"]).env("DRY_RUN", "1").run().await.exits(0);
    assert_eq!(ran.rows_that("planned").len(), 3, "{ran}");
    assert_untouched(&registry, 3);
    let ran = prune(&registry, &[]).env("IMAGE_MIRROR_DELETE", "true").run().await.exits(0);
    assert_eq!(ran.rows_that("deleted").len(), 3, "{ran}");
}

#[tokio::test]
async fn tags_alone_are_deleted_and_no_request_names_a_digest() {
    let registry = filled(40).await;
    let manifests = registry.manifests(REPOSITORY);
    let ran = prune(&registry, &["--delete"]).run().await.exits(0);

    let deletions = registry.requests_on(Kind::DeleteManifest);
    let named: Vec<_> = deletions.iter().map(|request| request.reference.clone().unwrap()).collect();
    assert_eq!(named.iter().cloned().collect::<std::collections::BTreeSet<_>>(), set(&expired(40)));
    assert_eq!(named.len(), 40, "each once");
    assert!(deletions.iter().all(|request| !request.path.contains("sha256:")));
    assert_eq!(registry.manifests(REPOSITORY), manifests, "a manifest was deleted");
    registry.assert_tags_whole();
    let skipped = &ran.rows_that("skipped")[..];
    assert_eq!((ran.rows().len(), skipped.len()), (41, 1), "what is kept is counted and has no row");
    assert!(skipped[0]["target"].as_str().unwrap().ends_with(KEPT[1]), "{ran}");
    assert_eq!(skipped[0]["reason"], "its name has a date that is in no calendar");
    assert!(ran.stderr.contains("45 tags: 40 old enough to be deleted, 1 not old enough"), "{ran}");
}

#[tokio::test]
async fn the_dated_tags_are_a_scheme_of_their_own() {
    let registry = filled(2).await;
    let repository = format!("{}/{REPOSITORY}", registry.host());
    let words = ["prune-tags", &repository, "--scheme=dated", "--older-than=60days", "--delete"];
    let ran = Run::new(words).run().await.exits(0);
    assert_eq!(tags_of(&ran, "deleted"), set(&[KEPT[2].to_owned()]), "{ran}");
    assert_eq!(left(&registry), all_but(2, &[KEPT[2].to_owned()]));
}

#[tokio::test]
async fn a_tag_that_cannot_be_deleted_is_one_failed_row_and_the_next_run_deletes_exactly_it() {
    let registry = filled(10).await;
    let bad = expired(10)[4].clone();
    registry.fault(Fault::on(Kind::DeleteManifest).reference(&bad).always().status(500));
    let ran = prune(&registry, &["--delete", "--attempts", "2"]).run().await.exits(1);
    assert_eq!(tags_of(&ran, "failed"), set(std::slice::from_ref(&bad)), "{ran}");
    let row = &ran.rows_that("failed")[0];
    assert_eq!((row["stage"].as_str(), row["class"].as_str()), (Some("delete"), Some("transient")), "{row}");
    assert_eq!(row["attempts"], 2);
    let line = format!(
        "error: {} ({}/{REPOSITORY}): delete failed",
        registry.image(REPOSITORY, &bad),
        registry.host()
    );
    assert!(ran.stdout.contains(&line), "{ran}");
    assert_eq!(ran.rows_that("deleted").len(), 9);

    registry.clear_faults();
    registry.clear_log();
    let ran = prune(&registry, &["--delete"]).run().await.exits(0);
    assert_eq!(tags_of(&ran, "deleted"), set(&[bad]), "{ran}");
    assert_eq!(registry.count(Kind::DeleteManifest), 1);
    assert_eq!(left(&registry), all_but(10, &expired(10)));
}

#[tokio::test]
async fn what_passes_is_tried_again_page_by_page_and_tag_by_tag() {
    let registry = filled(10).await;
    registry.configure(|config| config.page_size = 4);
    registry.fault(Fault::on(Kind::Tags).after(2).status(503));
    registry.fault(Fault::on(Kind::DeleteManifest).after(3).status(502));
    // Done, and the answer lost: that the tag is gone the second time is no surprise.
    registry.fault(Fault::on(Kind::DeleteManifest).after(3).carried_out().reset());
    let ran = prune(&registry, &["--delete"]).run().await.exits(0);
    registry.assert_faults_used();
    assert_eq!(tags_of(&ran, "deleted"), set(&expired(10)), "{ran}");
    assert_eq!(registry.count(Kind::Tags), 5, "four pages, one of them twice");
    assert_eq!(registry.count(Kind::DeleteManifest), 12);
}

#[tokio::test]
async fn a_tag_that_somebody_else_deleted_meanwhile_is_gone_and_no_failure() {
    let registry = filled(2).await;
    let gate = registry.hold(Kind::DeleteManifest);
    let running = prune(&registry, &["--delete"]).start();
    gate.arrived(1).await;
    registry.delete_tag(REPOSITORY, &expired(2)[0]);
    gate.release();
    let ran = running.ended().await.exits(0);
    let gone: Vec<_> = ran
        .rows_that("skipped")
        .into_iter()
        .filter(|row| row["reason"] == "the tag was gone already")
        .collect();
    assert_eq!(gone.len(), 1, "{ran}");
    assert_eq!(tags_of(&ran, "deleted"), set(&expired(2)[1..]), "{ran}");
}

#[tokio::test]
async fn a_list_that_cannot_be_had_is_a_row_and_nothing_is_deleted() {
    let registry = filled(3).await;
    registry.configure(|config| config.page_size = 4);
    registry.fault(Fault::on(Kind::Tags).after(1).always().status(500));
    let ran = prune(&registry, &["--delete", "--attempts", "2"]).run().await.exits(1);
    assert_untouched(&registry, 3);
    let rows = ran.rows();
    assert_eq!(
        (rows.len(), &rows[0]["outcome"], &rows[0]["stage"]),
        (1, &"failed".into(), &"read".into()),
        "{ran}"
    );
    assert_eq!(rows[0]["target"], format!("{}/{REPOSITORY}", registry.host()));
}

#[tokio::test]
async fn a_registry_that_never_answers_leaves_it_unfinished() {
    let words =
        ["prune-tags", "127.0.0.1:9/a/b", "--scheme=backup", "--older-than=1day", "--attempts=2", "--delete"];
    let ran = Run::new(words).run().await.exits(3);
    assert_eq!(ran.rows_that("unfinished").len(), 1, "{ran}");
}

#[tokio::test]
async fn what_is_missing_or_makes_no_sense_is_told_and_nothing_is_asked() {
    let registry = filled(1).await;
    let repository = format!("{}/{REPOSITORY}", registry.host());
    let tagged = format!("{repository}:latest");
    let shard = ["prune-tags", &repository, "--scheme=backup", "--older-than=1day", "--shard=0/2"];
    for (words, said) in [
        (&["prune-tags", &repository, "--delete"][..], "`--older-than` is needed"),
        (&["prune-tags", &repository, "--older-than=1day"], "`--scheme` is needed"),
        (&["prune-tags", &tagged, "--scheme=backup", "--older-than=1day"], "no tag"),
        (&["prune-tags", &repository, "--scheme=all", "--older-than=1day"], "backup"),
        (&["prune-tags", &repository, "--max-fraction=2"], "from 0 to 1"),
        (&shard, "unexpected argument '--shard'"),
    ] {
        let ran = Run::new(words).run().await.exits(2);
        assert!(ran.stderr.contains(said), "{ran}");
    }
    assert_eq!(registry.count(any()), 0);
    let rule = [("IMAGE_MIRROR_SCHEME", "backup"), ("IMAGE_MIRROR_OLDER_THAN", "60days")];
    let run = Run::new(["prune-tags", &repository]);
    let ran = rule.iter().fold(run, |run, (name, value)| run.env(name, value)).run().await.exits(0);
    assert_eq!(ran.rows_that("planned").len(), 1, "{ran}");
}
