//! The second tag: which images get one, when, and what a run without work costs.

use super::{CI, World, dated, only_row, today};
use crate::support::{Image, Index, Kind, any, writes};

#[tokio::test]
async fn a_tag_that_moves_leaves_both_images_with_a_dated_tag_and_moves_last() {
    let (old, new) = (Image::example(1), Index::oci().child(&Image::example(2)).build());
    let mut world = World::start().await;
    world.target.put_image(CI, "ci_tool_latest", &old);
    world.offer("ci/tool:latest", &new);
    let ran = world.run(&["--namespace", "ci"]).run().await.exits(0);

    let row = only_row(&ran);
    assert_eq!((&row["outcome"], &row["owner"]), (&"copied".into(), &"selection".into()), "{ran}");
    assert_eq!(row["origin"], serde_json::json!({"stream": "ci/tool", "tag": "latest"}));
    assert_eq!(row["backups"], serde_json::json!([dated(&old)]));
    assert_eq!(row["tags"], serde_json::json!([dated(&new)]));
    let words = format!("; it is tagged {} too; the old one is kept as {}", dated(&new), dated(&old));
    assert!(ran.stdout.contains(&words), "{ran}");
    assert_eq!(row["source"], format!("{}/ci/tool@{}", world.source.host(), new.digest));
    for (tag, image) in [("ci_tool_latest".to_owned(), &new), (dated(&new), &new), (dated(&old), &old)] {
        assert!(world.target.holds(CI, &tag, image), "{tag}: {ran}");
    }
    let puts = world.target.requests_on(Kind::PutManifest);
    let tags: Vec<_> =
        puts.iter().filter_map(|put| put.reference.clone()).filter(|name| !name.contains(':')).collect();
    assert_eq!(tags, [dated(&new), dated(&old), "ci_tool_latest".to_owned()]);
    assert_eq!(world.source.count(Kind::HeadManifest), 0, "the digest comes from the ImageStream");
    world.target.assert_tags_were_always_whole();

    world.clear_logs();
    let ran = world.run(&["--namespace", "ci"]).run().await.exits(0);
    assert_eq!(only_row(&ran)["outcome"], "kept", "{ran}");
    assert!(only_row(&ran).get("tags").is_none(), "nothing was tagged: {ran}");
    assert_eq!((world.source.count(any()), world.target.count(any())), (0, 1), "one HEAD, whatever the date");
    assert_eq!(world.target.tags(CI).len(), 3);
}

#[tokio::test]
async fn a_new_tag_gets_a_dated_one_beside_it() {
    let image = Image::example(1);
    let mut world = World::start().await;
    world.offer("ci/ci-operator:latest", &image);
    let dry = world.run(&["--tag", "ci/ci-operator:latest", "--dry-run"]).run().await.exits(0);
    assert_eq!(only_row(&dry)["tags"], serde_json::json!([dated(&image)]), "{dry}");
    assert!(world.target.tags(CI).is_empty(), "{dry}");
    let ran = world.run(&["--tag", "ci/ci-operator:latest"]).run().await.exits(0);
    assert_eq!(only_row(&ran)["tags"], serde_json::json!([dated(&image)]), "{ran}");
    assert_eq!(world.target.tags(CI), [dated(&image), "ci_ci-operator_latest".to_owned()]);
}

#[tokio::test]
async fn a_backup_is_made_of_the_image_that_goes_and_of_no_other() {
    // Row 61: an absent target is only copied.
    let (old, new) = (Image::example(1), Image::example(2));
    let mut world = World::start().await;
    world.offer("ci/boskos:latest", &old);
    let words = ["--all-namespaces", "--keep-tag", "backup"];
    world.run(&words).run().await.exits(0);
    assert_eq!(world.target.tags(CI), ["ci_boskos_latest"]);

    world.offer("ci/boskos:latest", &new);
    let ran = world.run(&words).run().await.exits(0);
    let backups = only_row(&ran)["backups"].clone();
    let backup = backups[0].as_str().unwrap();
    let (time, rest) = backup.split_at(14);
    assert!(time.starts_with(&today()) && rest == "_prune___ci_images_mirror__ci_boskos_latest", "{backup}");
    assert!(world.target.holds(CI, backup, &old) && world.target.holds(CI, "ci_boskos_latest", &new));
    assert_eq!(world.target.tags(CI).len(), 2, "what came has no tag of its own");
}

#[tokio::test]
async fn a_backup_whose_name_would_be_too_long_is_shortened_and_told() {
    // Row 54: 88 characters and 41 before them are one too many.
    let name = "n".repeat(88 - "ci__latest".len());
    let (old, new) = (Image::example(1), Image::example(2));
    let mut world = World::start().await;
    world.target.put_image(CI, &format!("ci_{name}_latest"), &old);
    world.offer(&format!("ci/{name}:latest"), &new);
    let ran = world.run(&["--all-namespaces", "--keep-tag", "backup"]).run().await.exits(0);
    let backups = only_row(&ran)["backups"].clone();
    let backup = backups[0].as_str().unwrap();
    assert_eq!(backup.len(), 128);
    assert!(world.target.holds(CI, backup, &old), "{backup}");
    assert!(
        ran.stderr.contains(&format!(
            "the backup tag of `ci_{name}_latest` would be too long: its end gives way to a hash of the whole"
        )),
        "{ran}"
    );
}

#[tokio::test]
async fn without_keep_tags_a_tag_moves_alone() {
    let (old, new) = (Image::example(1), Image::example(2));
    let mut world = World::start().await;
    world.target.put_image(CI, "ci_tool_latest", &old);
    world.offer("ci/tool:latest", &new);
    world.run(&["--stream", "ci/tool", "--keep-tag", "none"]).run().await.exits(0);
    assert_eq!(world.target.tags(CI), ["ci_tool_latest"]);
    assert_eq!(world.tag("ci_tool_latest"), Some(new.digest));
}

#[tokio::test]
async fn a_dry_run_says_what_would_be_kept_and_writes_nothing() {
    let (old, new) = (Image::example(1), Image::example(2));
    let mut world = World::start().await;
    world.target.put_image(CI, "ci_tool_latest", &old);
    world.offer("ci/tool:latest", &new);
    let ran = world.run(&["--namespace", "ci", "--dry-run"]).run().await.exits(0);
    let row = only_row(&ran);
    assert_eq!(
        (&row["outcome"], &row["backups"]),
        (&"planned".into(), &serde_json::json!([dated(&old)])),
        "{ran}"
    );
    assert_eq!((world.target.count(writes()), world.tag("ci_tool_latest")), (0, Some(old.digest)));
}

#[tokio::test]
async fn what_goes_to_the_cluster_has_no_keep_tag() {
    // Rows 55 and 56.
    let (old, new) = (Image::example(1), Image::example(2));
    let world = World::start().await;
    world.target.put_image(CI, "ocp_4.12_cli", &new);
    world.source.put_image("ocp/4.12", "cli", &old);
    let config = "qciToAppCIImages:\n  ocp/4.12:cli: {}\n";
    let (cluster, proxy) = (world.source.host(), world.target.host());
    let words = ["--source-registry", cluster, "--proxy-host", proxy];
    let ran = world.run_with(config, &words).run().await.exits(0);
    let row = only_row(&ran);
    assert_eq!((&row["outcome"], &row["owner"]), (&"copied".into(), &"qciToAppCIImages".into()), "{ran}");
    assert_eq!(row["origin"], serde_json::json!({"file": "_config.yaml", "line": 2}));
    assert_eq!(world.source.tags("ocp/4.12"), ["cli"], "one tag, and it moved");
    assert_eq!(world.source.tag_digest("ocp/4.12", "cli"), Some(new.digest));
    assert_eq!(world.target.count(writes()), 0);

    world.clear_logs();
    let ran = world.run_with(config, &words).run().await.exits(0);
    assert_eq!(only_row(&ran)["outcome"], "kept", "{ran}");
    assert_eq!((world.source.count(any()), world.target.count(any())), (1, 1));
}
