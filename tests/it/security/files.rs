//! Mapping files and what lies beside them, by somebody who may open a pull request.

use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

use super::{PASSWORD, assert_hides};
use crate::support::{Ran, Run, docker_config};

const GOOD: &str = "# owner: us\noci:none:v1 oci:other:v1\n";

fn fifo(path: &Path) {
    assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
}

/// Lints or runs the directory `set`.
async fn on_set(command: &str, run: Run) -> Ran {
    run.args([command, "--progress", "none", "set"]).run().await
}

fn set() -> Run {
    Run::new::<&str>([]).file("set/mapping_good", GOOD)
}

/// The origins of the rows that a run failed to read, and why.
fn unread(ran: &Ran) -> Vec<String> {
    let failed = ran.rows_that("failed").into_iter().filter(|row| row["stage"] == "read");
    failed.map(|row| format!("{} {}", row["origin"]["file"], row["reason"])).collect()
}

#[tokio::test]
async fn what_is_no_plain_file_is_a_row_and_nobody_waits_for_it() {
    let run = set();
    let at = |name: &str| run.folder().join("set").join(name);
    fifo(&at("mapping_pipe"));
    symlink("/dev/zero", at("mapping_zero")).unwrap();
    std::fs::create_dir(at("mapping_folder")).unwrap();
    symlink("mapping_loop", at("mapping_loop")).unwrap();
    fifo(&at("OWNERS"));
    let ran = on_set("run", run).await.exits(1);
    let unread = unread(&ran);
    assert_eq!(unread.len(), 3, "the pipe, the device and the loop: {unread:?}\n{ran}");
    assert_eq!(ran.rows().len(), 4, "{ran}");
}

#[tokio::test]
async fn a_file_or_a_stream_that_is_too_long_is_refused_and_never_read_in_part() {
    const TOO_LONG: usize = (64 << 20) + 1;
    let run = set();
    let file = std::fs::File::create(run.folder().join("set/mapping_long")).unwrap();
    file.set_len(TOO_LONG as u64).unwrap();
    let ran = on_set("run", run).await.exits(1);
    assert!(unread(&ran)[0].contains("more than 64 MiB"), "{ran}");

    let mut text = GOOD.as_bytes().to_vec();
    text.resize(TOO_LONG, b'\n');
    let ran = Run::new(["lint", "-"]).stdin(text).run().await.exits(2);
    assert!(ran.stderr.contains("more than 64 MiB"), "{ran}");
}

#[tokio::test]
async fn a_link_out_of_the_directory_is_not_read_so_that_nobody_gets_a_secret_printed() {
    for command in ["run", "lint", "plan", "configmap"] {
        let run = set().file("home/config.json", docker_config(&[("quay.io", "robot", PASSWORD)]));
        let run = run.file("home/token", format!("{PASSWORD}\n")).file("elsewhere/mapping_x", GOOD);
        let at = |name: &str| run.folder().join("set").join(name);
        symlink("../home/config.json", at("mapping_evil")).unwrap();
        symlink(run.folder().join("home/token"), at("mapping_absolute")).unwrap();
        symlink("../elsewhere", at("elsewhere")).unwrap();
        let ran = on_set(command, run).await;
        let all: String = ran.artifacts().iter().map(|name| ran.artifact(name)).collect();
        assert_hides(PASSWORD, &format!("{ran}{all}"));
        assert!(!format!("{ran}{all}").contains("auths"), "{ran}");
        if command == "run" {
            assert_eq!(unread(&ran).len(), 3, "{ran}");
            assert!(unread(&ran).iter().all(|row| row.contains("leads out of")), "{ran}");
        }
    }
}

#[tokio::test]
async fn a_link_that_a_glob_finds_leads_nowhere_else_either() {
    let run = set().file("home/mapping_token", format!("{PASSWORD}\n"));
    symlink("../home/mapping_token", run.folder().join("set/mapping_evil")).unwrap();
    let ran = run.args(["lint", "set/mapping_*"]).run().await;
    assert_hides(PASSWORD, &ran.to_string());
    assert!(ran.to_string().contains("leads out of"), "{ran}");
}

#[tokio::test]
async fn a_mounted_configmap_and_a_file_that_was_named_are_read_through_their_links() {
    let run = set().file("mount/..2026_11/mapping_x", GOOD);
    let mount = run.folder().join("mount");
    symlink("..2026_11", mount.join("..data")).unwrap();
    symlink("..data/mapping_x", mount.join("mapping_x")).unwrap();
    symlink("../set/mapping_good", mount.join("link")).unwrap();
    let ran = run.args(["lint", "mount", "mount/mapping_x", "mount/link"]).run().await;
    assert!(!ran.to_string().contains("leads out of"), "{ran}");
    assert_ne!(ran.code, Some(2), "{ran}");
}

#[tokio::test]
async fn directories_that_link_to_each_other_in_every_way_are_searched_once() {
    let run = set();
    let root = run.folder().join("set");
    for level in 0..30 {
        std::fs::create_dir(root.join(format!("d{level}"))).unwrap();
        for way in ["a", "b", "c"] {
            symlink(format!("../d{}", level + 1), root.join(format!("d{level}/{way}"))).unwrap();
        }
    }
    symlink(".", root.join("self")).unwrap();
    let ran = on_set("lint", run).await;
    assert_ne!(ran.code, Some(2), "{ran}");
}

#[tokio::test]
async fn lines_that_no_person_typed_are_told_apart_and_print_nothing_that_moves_a_cursor() {
    let mut text = b"\xef\xbb\xbf# owner: us\n".to_vec();
    let long = "x".repeat(70_000);
    let lines: [&[u8]; 12] = [
        b"\0\0\0",
        b"quay.io/a/b:\xff\xfe quay.io/c/d:v1",
        "quay.io/a/b:v1\u{202e} quay.io/c/d:v1".as_bytes(),
        "quay.io/a/b:v1\u{200b} quay.io/c/d:v2".as_bytes(),
        "\u{feff}quay.io/a/b:v1 quay.io/c/d:v3".as_bytes(),
        b"quay.io/a/b:v1 quay.io/c/d:v4\x1b[2J\x1b]0;owned\x07",
        b"quay.io/a/b:v1\rerror: forged",
        b"error: forged",
        long.as_bytes(),
        b"oci:../../../../etc/passwd:v1 quay.io/c/d:v5 extra=a=b",
        b"quay.io/../../a:v1 quay.io/c/..:v6",
        b"<script>alert(1)</script> \"]]>",
    ];
    for line in lines {
        text.extend(line);
        text.push(b'\n');
    }
    for command in ["lint", "run"] {
        let more: &[&str] = if command == "run" { &["--attempts", "1", "--dry-run"] } else { &[] };
        let run = Run::new([command]).args(more).args(["mapping_x"]).file("mapping_x", &text);
        let run = run.env("HTTPS_PROXY", "http://127.0.0.1:1");
        let ran = run.run().await.exits(1);
        let artifacts: String = ran.artifacts().iter().map(|name| ran.artifact(name)).collect();
        for page in ran.artifacts().iter().filter(|name| name.ends_with("ml")) {
            assert!(!ran.artifact(page).contains("<script>alert"), "{ran}");
        }
        let all = format!("{ran}{artifacts}");
        for bad in ['\u{1b}', '\u{7}', '\u{202e}', '\u{200b}', '\0', '\r'] {
            assert!(!all.contains(bad), "{bad:?} {ran}");
        }
        assert!(!all.lines().any(|line| line.starts_with("error: forged")), "{ran}");
        assert!(ran.to_string().len() < 100_000, "{}", ran.to_string().len());
    }
}

#[tokio::test]
async fn a_file_larger_than_any_mapping_is_not_read() {
    let run = set();
    let huge = std::fs::File::create(run.folder().join("set/mapping_huge")).unwrap();
    huge.set_len(10 << 30).unwrap();
    let (ran, peak) = run.args(["run", "set"]).start().ended_with_peak_memory().await;
    assert_eq!(unread(&ran.exits(1)).len(), 1);
    assert!(peak < 200 << 20, "{peak}");
}

#[tokio::test]
async fn owners_files_that_are_no_such_thing_do_no_harm() {
    let deep = (0..300).fold("filters:\n".to_owned(), |text, level| {
        let (one, two) = (" ".repeat(2 * level + 1), " ".repeat(2 * level + 2));
        text + &one + "\".*\":\n" + &two + "filters:\n"
    });
    let laughs = (0..30).fold("a0: &a0 [x]\n".to_owned(), |text, level| {
        format!("{text}a{0}: &a{0} [*a{1}, *a{1}, *a{1}]\n", level + 1, level)
    });
    let texts = [
        deep,
        laughs + "approvers: *a30\n",
        "approvers: 7\n".to_owned(),
        "[".repeat(100_000),
        "approvers: [\"\u{1b}[31m\\nerror: forged\", \"<script>\"]\n".to_owned(),
        "\0".to_owned(),
    ];
    for text in texts {
        let run = Run::new(["run", "set"])
            .file("set/mapping_x", "oci:none:v1 oci:other:v1\n")
            .file("set/OWNERS", &text);
        let ran = run.run().await.exits(1);
        assert_eq!(ran.rows().len(), 1, "{ran}");
        let all: String = ran.artifacts().iter().map(|name| ran.artifact(name)).collect();
        assert!(!format!("{ran}{all}").contains('\u{1b}') && !all.contains("<script>\""), "{ran}");
        assert!(!ran.to_string().lines().any(|line| line.starts_with("error: forged")), "{ran}");
    }
}

#[tokio::test]
async fn credential_files_of_every_odd_form_are_refused_or_read_and_never_quoted() {
    let nested = format!("{{\"auths\":{}{}}}", "{\"a\":".repeat(100_000), "}".repeat(100_000));
    let twice =
        format!("{{\"auths\":{{\"quay.io\":{{}}}},\"auths\":{{\"quay.io\":{{\"auth\":\"{PASSWORD}\"}}}}}}");
    let texts = [
        nested,
        twice,
        format!("{{\"auths\":[\"{PASSWORD}\"]}}"),
        format!("{{\"auths\":{{\"quay.io\":[[\"{PASSWORD}\"]]}},\"credHelpers\":7,\"credsStore\":{{}}}}"),
        format!("{{\"auths\":{{\"quay.io\\u001b[2J\\n\":\"{PASSWORD}\"}}}}"),
        " ".repeat(1 << 20) + "{}",
    ];
    for text in texts {
        let run = Run::new(["run", "-vv", "-a", "config.json", "mapping_x"]).file("config.json", &text);
        let ran = run.mapping("mapping_x", GOOD).run().await;
        assert!(matches!(ran.code, Some(1 | 2)), "{ran}");
        assert_hides(PASSWORD, &ran.to_string());
        assert!(!ran.to_string().contains('\u{1b}'), "{ran}");
    }
}
