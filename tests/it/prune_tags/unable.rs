//! Registries that delete a tag only with what is under it.

use super::{REPOSITORY, all_but, assert_all_fail_alike, filled, left, prune};
use crate::support::{FakeRegistry, Kind, writes};

#[tokio::test]
async fn a_registry_that_cannot_delete_a_tag_alone_is_asked_once_and_loses_nothing() {
    for status in [400, 405] {
        let registry = filled(6).await;
        registry.configure(|config| config.refuse_tag_deletion = Some(status));
        let ran = prune(&registry, &["--delete"]).run().await.exits(2);
        assert_eq!(registry.count(Kind::DeleteManifest), 1, "{ran}");
        assert_eq!(left(&registry), all_but(6, &[]));
        assert_all_fail_alike(&ran, 6, registry.host());
    }
}

#[tokio::test]
async fn a_repository_that_does_not_exist_is_named_and_no_line_is_blamed() {
    let registry = FakeRegistry::start().await;
    let ran = prune(&registry, &["--delete"]).run().await.exits(1);
    let [row] = &ran.rows_that("failed")[..] else { panic!("one row: {ran}") };
    let help = row["help"].as_str().unwrap();
    let repository = format!("`{}/{REPOSITORY}`", registry.host());
    assert!(help.contains(&repository) && help.contains("does not exist"), "{ran}");
    assert!(!help.contains("line"), "{ran}");
    assert_eq!(registry.count(writes()), 0);
}
