//! `plan --since`: the lines of a change, and no others.

use std::fs;

use super::{World, commit, diff, git, plan};
use crate::report_files::violations;
use crate::support::Run;

/// A history whose last commit adds, changes and removes a line; the words of `plan` come from the test.
fn changed(world: &World, words: &[&str]) -> (Run, String) {
    let run = plan(words);
    let root = run.folder();
    fs::create_dir(root.join("mappings")).unwrap();
    let [kept, old, gone] =
        [("kept:1", "kept:1"), ("old:1", "moves:1"), ("gone:1", "gone:1")].map(|(a, b)| world.line(a, b));
    fs::write(root.join("mappings/mapping_a"), [kept.clone(), old, gone].concat()).unwrap();
    git(&root, &["init", "-q"]);
    let base = commit(&root, "before");
    let [new, added] = [("new:1", "moves:1"), ("added:1", "added:1")].map(|(a, b)| world.line(a, b));
    fs::write(root.join("mappings/mapping_a"), ["# a note\n".to_owned(), added, new, kept].concat()).unwrap();
    commit(&root, "after");
    (run, base)
}

async fn world() -> World {
    let world = World::start().await;
    for (name, seed) in [("kept:1", 1), ("old:1", 2), ("gone:1", 3)] {
        world.offer(name, "2026-01-02", seed);
    }
    world.target.put_image("t/moves", "1", &world.offer("old:1", "2026-03-01", 2));
    world.offer("new:1", "2026-11-20", 4);
    world.offer("added:1", "1970-01-01", 5);
    world
}

#[tokio::test]
async fn an_added_a_changed_and_a_removed_line_are_printed_and_no_other_source_is_asked_for() {
    let world = world().await;
    for format in ["text", "markdown"] {
        let (run, base) = changed(&world, &["--since", "HEAD~1", "--output", format, "mappings/"]);
        let ran = run.run().await;
        assert_eq!(ran.code, Some(0), "{ran}");
        let shown = world.shown(&ran.stdout).replace(&base[..12], "BASE");
        let shown = if format == "text" { diff(&shown).to_owned() } else { shown };
        insta::assert_snapshot!(format!("since_in_{format}"), shown);
        let report = ran.report();
        assert_eq!(violations(&report), Vec::<String>::new());
        assert_eq!(report["rows"].as_array().unwrap().len(), 2);
        assert_eq!((&report["since"], report["removed"].as_array().unwrap().len()), (&base.into(), 2));
        assert_eq!(report["rows"][1]["created"], "2026-11-20T12:00:00Z");
        assert_eq!(report["rows"][1]["previous_created"], "2026-03-01T12:00:00Z");
    }
    let asked = |request: &crate::support::Request| request.path.clone();
    let asked: Vec<String> = world.source.requests().iter().map(asked).collect();
    assert!(asked.iter().any(|path| path.contains("a/new")), "{asked:?}");
    for other in ["a/kept", "a/gone", "a/old"] {
        assert!(!asked.iter().any(|path| path.contains(other)), "{other}: {asked:?}");
    }
}

#[tokio::test]
async fn what_the_branch_it_goes_to_got_since_is_no_part_of_a_change() {
    let world = world().await;
    let (run, base) = changed(&world, &["--since", "main...", "mappings/"]);
    let root = run.folder();
    git(&root, &["branch", "topic"]);
    git(&root, &["reset", "-q", "--hard", &base]);
    fs::write(root.join("mappings/mapping_b"), world.line("other:1", "other:1")).unwrap();
    commit(&root, "main goes on");
    git(&root, &["checkout", "-q", "topic"]);
    let ran = run.run().await;
    assert_eq!(ran.code, Some(0), "{ran}");
    assert!(!ran.stdout.contains("other"), "{ran}");
    assert_eq!(ran.report()["removed"].as_array().unwrap().len(), 2, "{ran}");
}

#[tokio::test]
async fn a_renamed_file_and_a_moved_line_are_no_change_and_a_file_that_is_gone_is_removed_lines() {
    let world = world().await;
    let run = plan(&["--since", "HEAD", "mappings/"]);
    let root = run.folder();
    fs::create_dir(root.join("mappings")).unwrap();
    let lines = [world.line("kept:1", "kept:1"), world.line("old:1", "moves:1")];
    fs::write(root.join("mappings/mapping_a"), lines.concat()).unwrap();
    fs::write(root.join("mappings/mapping_gone"), world.line("gone:1", "gone:1")).unwrap();
    git(&root, &["init", "-q"]);
    commit(&root, "before");
    fs::remove_file(root.join("mappings/mapping_gone")).unwrap();
    fs::remove_file(root.join("mappings/mapping_a")).unwrap();
    fs::write(root.join("mappings/mapping_b"), format!("{}{}", lines[1], lines[0])).unwrap();
    let ran = run.run().await;
    assert_eq!(ran.code, Some(0), "{ran}");
    let report = ran.report();
    assert_eq!(report["rows"], serde_json::json!([]));
    assert_eq!(report["removed"][0]["origin"]["file"], "mappings/mapping_gone");
    assert_eq!(report["removed"].as_array().unwrap().len(), 1);
    let said = "2 lines are as they were, now in mappings/mapping_b instead of mappings/mapping_a";
    assert!(ran.stdout.contains(said), "{ran}");
    assert_eq!(world.requests(), 0, "nothing is asked for that nobody changed");
}

#[tokio::test]
async fn a_worktree_and_a_shallow_clone_are_as_good_as_long_as_the_commit_is_there() {
    let world = world().await;
    let (origin, base) = changed(&world, &[]);
    let address = format!("file://{}", origin.folder().display());
    for (words, code) in [(["--depth", "2"], 0), (["--depth", "1"], 2)] {
        let run = plan(&["--since", &base[..10], "clone/mappings/"]);
        git(&run.folder(), &["clone", "-q", words[0], words[1], &address, "clone"]);
        let ran = run.run().await;
        assert_eq!(ran.code, Some(code), "{ran}");
        assert_eq!(ran.stderr.contains("the clone is shallow: fetch more of it"), code == 2, "{ran}");
    }
    let run = plan(&["--since", "HEAD~1", "tree/mappings/"]);
    let tree = run.folder().join("tree").display().to_string();
    git(&origin.folder(), &["worktree", "add", "-q", "--detach", &tree]);
    let ran = run.run().await;
    assert_eq!((ran.code, ran.report()["rows"].as_array().unwrap().len()), (Some(0), 2), "{ran}");
}

#[tokio::test]
async fn a_revision_that_does_not_exist_and_files_without_a_history_are_bad_usage() {
    let world = world().await;
    let (run, _) = changed(&world, &["--since", "no-such-branch", "mappings/"]);
    let ran = run.run().await;
    assert_eq!(ran.code, Some(2), "{ran}");
    assert!(ran.stderr.contains("`no-such-branch` names no commit"), "{ran}");
    let run = plan(&["--since", "main", "mapping_x"]).mapping("mapping_x", &world.line("new:1", "moves:1"));
    let ran = run.run().await;
    assert_eq!(ran.code, Some(2), "{ran}");
    assert!(ran.stderr.contains("`mapping_x` is in no git repository"), "{ran}");
    assert_eq!(world.requests(), 0);
}
