//! Ways to ask: wildcards, and a directory as Kubernetes mounts a ConfigMap.

use std::os::unix::fs::symlink;

use super::{assert_all, outcomes, reason, tiny};
use crate::support::{FakeRegistry, Kind, Run, any, writes};

async fn forty_tags() -> (FakeRegistry, FakeRegistry) {
    let source = FakeRegistry::builder().page_size(10).start().await;
    for number in 0..40 {
        source.put_image("org/app", &format!("v{number}"), &tiny(number));
    }
    source.put_image("org/app", "nightly", &tiny(99));
    (source, FakeRegistry::start().await)
}

#[tokio::test]
async fn a_wildcard_is_listed_once_in_pages_and_every_match_is_mirrored() {
    let (source, target) = forty_tags().await;
    let mapping = format!(
        "# owner: us\n{0}/org/app:v* {1}/mirror/app\n{0}/org/app:night* {1}/mirror/nightly\n",
        source.host(),
        target.host()
    );
    let run = || Run::new(["run", "mapping_x"]).mapping("mapping_x", &mapping);
    let ran = run().run().await.exits(0);
    assert_all(&ran, 41, "copied");
    assert_eq!(target.tags("mirror/app").len(), 40);
    assert_eq!(target.tags("mirror/nightly"), ["nightly"]);
    assert_eq!(source.count(Kind::Tags), 5, "41 tags in pages of ten, once for both lines");

    source.clear_log();
    target.clear_log();
    assert_all(&run().run().await.exits(0), 41, "kept");
    assert_eq!(source.count(any()) + target.count(any()), 5 + 2 * 41);
    assert_eq!(target.count(writes()), 0);
}

#[tokio::test]
async fn a_conflict_that_only_the_tags_show_fails_its_lines_and_no_other() {
    let (source, target) = forty_tags().await;
    source.put_image("org/other", "v7", &tiny(1000));
    let mapping = format!(
        "# owner: us\n{0}/org/app:v* {1}/mirror/app\n{0}/org/other:v7 {1}/mirror/app:v7\n",
        source.host(),
        target.host()
    );
    let ran = Run::new(["run", "mapping_x"]).mapping("mapping_x", &mapping).run().await.exits(1);

    assert_eq!(outcomes(&ran)["copied"], 39, "{ran}");
    let failed = ran.rows_that("failed");
    assert_eq!(failed.iter().map(|row| &row["origin"]["line"]).collect::<Vec<_>>(), [2, 3], "{ran}");
    for row in &failed {
        assert!(row["target"].as_str().unwrap().ends_with("/mirror/app:v7"), "{row}");
        assert!(reason(row).contains("mapping_x:"), "the other line is not named: {row}");
    }
    assert_eq!(target.tag_digest("mirror/app", "v7"), None, "one of two sources won");
}

#[tokio::test]
async fn a_wildcard_that_matches_nothing_is_skipped_and_may_be_made_a_failure() {
    let (source, target) = forty_tags().await;
    let mapping = format!("# owner: us\n{}/org/app:4.* {}/mirror/app\n", source.host(), target.host());
    let ran = Run::new(["run", "mapping_x"]).mapping("mapping_x", &mapping).run().await.exits(0);
    assert_all(&ran, 1, "skipped");
    let run = Run::new(["run", "--fail-on-empty-match", "mapping_x"]);
    let ran = run.mapping("mapping_x", &mapping).run().await.exits(1);
    assert_all(&ran, 1, "failed");
    assert_eq!(target.repositories(), Vec::<String>::new());
}

#[tokio::test]
async fn a_mounted_config_map_is_read_once_by_the_names_of_its_keys() {
    let (source, target) = (FakeRegistry::start().await, FakeRegistry::start().await);
    for name in ["one", "two"] {
        source.put_image(&format!("org/{name}"), "v1", &tiny(name.len()));
    }
    let line = |name: &str| {
        format!("# owner: {name}\n{0}/org/{name}:v1 {1}/mirror/{name}:v1\n", source.host(), target.host())
    };
    let version = "etc/..2026_10_01_00_00_00.123456789";
    let run = Run::new(["run", "etc/mapping_*"])
        .file(&format!("{version}/mapping_one"), line("one"))
        .file(&format!("{version}/mapping_two"), line("two"))
        .file(&format!("{version}/notes"), "not a mapping");
    let mounted = run.folder().join("etc");
    symlink("..2026_10_01_00_00_00.123456789", mounted.join("..data")).unwrap();
    for key in ["mapping_one", "mapping_two", "notes"] {
        symlink(format!("..data/{key}"), mounted.join(key)).unwrap();
    }
    let ran = run.run().await.exits(0);
    assert_all(&ran, 2, "copied");
    let origins: Vec<_> = ran.rows().iter().map(|row| row["origin"]["file"].clone()).collect();
    assert_eq!(origins, ["etc/mapping_one", "etc/mapping_two"]);

    let run = Run::new(["run"]).env("MAPPINGS", ran.folder().join("etc").to_string_lossy());
    let again = run.run().await.exits(0);
    assert_all(&again, 2, "kept");
}
