//! Debian's docker-registry, which is Distribution 2.8.

use super::{assert_all_fail_alike, expired};
use crate::support::{Image, Judge, RealRegistry, Run, skopeo, skopeo_raw, succeeded};

#[tokio::test]
async fn distribution_2_8_cannot_delete_a_tag_alone_and_loses_nothing() {
    let registry = RealRegistry::open().await;
    let judge = Judge::anonymous(registry.host());
    let image = Image::oci().layer("kept").build();
    let mut tags = expired(3);
    tags.push("latest".to_owned());
    for tag in &tags {
        judge.push("openshift/ci", tag, &image).await;
    }
    let seen = registry.requests().len();
    let repository = format!("{}/openshift/ci", registry.host());
    let words = ["prune-tags", &repository, "--scheme=backup", "--older-than=60days", "--max-fraction=1"];
    Run::new(words).run().await.exits(0);
    let ran = Run::new(words).args(["--delete"]).run().await.exits(2);
    assert_all_fail_alike(&ran, 3, registry.host());

    let deletions: Vec<_> =
        registry.requests().split_off(seen).into_iter().filter(|line| line.starts_with("DELETE")).collect();
    assert!(
        deletions.iter().all(|line| line.contains("_prune_") && !line.contains("sha256")),
        "{deletions:?}"
    );
    let listed = ["list-tags", "--tls-verify=false", &format!("docker://{repository}")];
    let listed = String::from_utf8(succeeded(skopeo(&listed).await).stdout).unwrap();
    for tag in &tags {
        assert!(listed.contains(&format!("\"{tag}\"")), "{listed}");
        assert_eq!(skopeo_raw(&registry.image("openshift/ci", tag), None).await, image.bytes);
    }
}
