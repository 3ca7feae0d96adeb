//! What only looks asks for no right to write, and sends nothing that could.

use super::{Guarded, assert_all, lines, put, put_mirrored};
use crate::support::{Image, Named, fleet};

async fn in_step() -> (Guarded, Vec<Named>, String) {
    let registries = Guarded::start().await;
    let images = fleet(10, 3);
    put(&registries.source, &images);
    put_mirrored(&registries.target, &images);
    let mapping = lines(&images, registries.source.host(), registries.target.host());
    (registries, images, mapping)
}

/// Nobody asked for `push`, and everything was HEAD and GET.
#[track_caller]
fn assert_only_looked(registries: &Guarded, command: &str) {
    for tokens in [&registries.source_tokens, &registries.target_tokens] {
        assert!(!tokens.was_asked_for("push"), "{command}: {:?}", tokens.requests());
        assert!(!tokens.was_asked_for("delete") && !tokens.was_asked_for("*"), "{command}");
        assert!(tokens.requests().iter().all(|request| request.grant_type.is_none()), "{command}");
    }
    let (source, target) = (registries.source.requests(), registries.target.requests());
    assert!(!source.is_empty(), "{command} asked the source nothing");
    for request in source.into_iter().chain(target) {
        assert!(["HEAD", "GET"].contains(&request.method.as_str()), "{command}: {request:?}");
    }
    registries.clear_logs();
}

#[tokio::test]
async fn a_run_without_anything_to_do_only_looks() {
    let (registries, images, mapping) = in_step().await;
    let ran = registries.run(&["run", "mapping_x"], &mapping).run().await.exits(0);
    assert_all(&ran, images.len(), "kept");
    assert!(registries.target_tokens.was_asked_for("pull"));
    assert_only_looked(&registries, "run");
}

#[tokio::test]
async fn plan_explain_and_lint_only_look_even_where_there_is_much_to_do() {
    let (registries, images, mapping) = in_step().await;
    registries.source.put_image(&images[0].repository, "v1", &Image::example(99));
    registries.target.delete_tag(&format!("mirror/{}", images[4].repository), "v1");

    let planned = registries.run(&["plan", "mapping_x"], &mapping).run().await.exits(0);
    assert_eq!(planned.rows_that("planned").len(), 2, "{planned}");
    assert_only_looked(&registries, "plan");

    registries.run(&["plan", "--check", "mapping_x"], &mapping).run().await.exits(1);
    assert_only_looked(&registries, "plan --check");

    let dry = registries.run(&["run", "--dry-run", "mapping_x"], &mapping).run().await.exits(0);
    assert_eq!(dry.rows_that("planned").len(), 2, "{dry}");
    assert_only_looked(&registries, "run --dry-run");

    let target = format!("{}/mirror/{}:v1", registries.target.host(), images[0].repository);
    let explained = registries.run(&["explain", &target, "mapping_x"], &mapping).run().await.exits(0);
    assert!(explained.stdout.contains("a run would copy it"), "{explained}");
    assert_only_looked(&registries, "explain");

    let linted = registries.run(&["lint", "--resolve", "mapping_x"], &mapping).run().await.exits(0);
    assert!(linted.stdout.contains("0 errors"), "{linted}");
    assert_only_looked(&registries, "lint --resolve");
}

#[tokio::test]
async fn a_wildcard_without_anything_to_do_only_looks() {
    let (registries, images, _) = in_step().await;
    let (source, target) = (registries.source.host(), registries.target.host());
    let name = &images[0].repository;
    let mapping = format!("# owner: us\n{source}/{name}:* {target}/mirror/{name}\n");
    let ran = registries.run(&["run", "mapping_x"], &mapping).run().await.exits(0);
    assert_all(&ran, 1, "kept");
    assert_only_looked(&registries, "run with a wildcard");
}
