//! Registries that delete a tag only with what is under it.

use super::{all_but, assert_all_fail_alike, filled, left, prune};
use crate::support::Kind;

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
