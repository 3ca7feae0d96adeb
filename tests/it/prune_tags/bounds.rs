//! More than a run may delete is nothing at all.

use super::{assert_untouched, filled, prune};
use crate::support::Run;

#[tokio::test]
async fn more_than_a_bound_allows_is_nothing_at_all_and_a_dry_run_says_so_too() {
    let registry = filled(8).await;
    // 8 of 13 are more than a half.
    for (bound, flag) in [
        (&["--max-delete", "7"][..], "`--max-delete=7`"),
        (&["--max-fraction", "0.61"], "`--max-fraction=0.61`"),
        (&["--max-fraction", "0"], "`--max-fraction=0`"),
    ] {
        for delete in [&["--delete"][..], &[]] {
            let words = ["--scheme=backup", "--older-than=60days"].iter().chain(bound).chain(delete);
            let repository = format!("{}/{}", registry.host(), super::REPOSITORY);
            let ran = Run::new(["prune-tags", &repository]).args(words).run().await.exits(4);
            assert_untouched(&registry, 8);
            assert_eq!(ran.rows_that("refused").len(), 8, "{ran}");
            let said = format!("8 of 13 tags are old enough to be deleted, which is more than {flag} allows");
            assert_eq!(ran.rows_that("refused")[0]["reason"], said);
            assert_eq!(ran.stderr.matches(&said).count(), 1, "once, however many tags: {ran}");
            assert!(ran.stdout.contains("exit code 4: a guard refused the whole operation"), "{ran}");
        }
    }
    prune(&registry, &["--max-delete", "8", "--delete"]).run().await.exits(0);
}

#[tokio::test]
async fn without_a_word_half_of_the_tags_may_go() {
    let rule = |registry: &crate::support::FakeRegistry| {
        let repository = format!("{}/{}", registry.host(), super::REPOSITORY);
        Run::new(["prune-tags", &repository, "--scheme=backup", "--older-than=60days", "--delete"])
    };
    let half = filled(5).await;
    rule(&half).run().await.exits(0);
    let more = filled(6).await;
    rule(&more).run().await.exits(4);
    assert_untouched(&more, 6);
}
