//! `stream rewrite`: other addresses, and every other byte as it was.

use serde_json::{Value, json};

use super::sample::{self, RELEASE};
use crate::support::run::{Ran, Run};

const SOURCE: &str = "https://a.example";

async fn rewrite(text: &str, words: &[&str]) -> Ran {
    let run = Run::new(["stream", "rewrite", "--src", "s.json", "--dest-stream", "-"]);
    run.args(words).file("s.json", text).run().await
}

/// The lines of `after` that are not as in `before`.
fn changed<'a>(before: &'a str, after: &'a str) -> Vec<&'a str> {
    assert_eq!(before.lines().count(), after.lines().count(), "{after}");
    let pairs = before.lines().zip(after.lines());
    pairs.filter(|(before, after)| before != after).map(|(_, after)| after.trim()).collect()
}

/// A stream of one artifact that is at `location`.
fn one(location: &str) -> String {
    let mut stream = sample::stream(SOURCE);
    let disk = &mut stream["architectures"]["s390x"]["artifacts"]["qemu"]["formats"]["qcow2.gz"]["disk"];
    disk["location"] = json!(location);
    sample::text(&stream)
}

/// The location that `text` has for the artifact of [`one`].
fn location(text: &str) -> String {
    let stream: Value = serde_json::from_str(text).unwrap();
    let disk = &stream["architectures"]["s390x"]["artifacts"]["qemu"]["formats"]["qcow2.gz"]["disk"];
    disk["location"].as_str().unwrap().to_owned()
}

// 14.10
#[tokio::test]
async fn a_rewrite_to_the_same_addresses_gives_the_same_bytes() {
    let stream = sample::stream(SOURCE);
    let odd = serde_json::to_string(&stream).unwrap().replace(',', " ,\r\n\t");
    for text in [sample::text(&stream), odd] {
        let ran = rewrite(&text, &["--map", "https://a.example=https://a.example"]).await.exits(0);
        assert_eq!(ran.stdout, text);
        assert_eq!(ran.stderr, "", "there is nothing to say");
    }
}

// 14.11
#[tokio::test]
async fn only_lines_with_addresses_differ_whatever_else_is_there() {
    let mut stream = sample::stream(SOURCE);
    stream["unknown"] = json!({ "b": 1, "a": [null, 1.50, "ü\u{7f}"] });
    stream["architectures"]["x86_64"]["unknown"] = json!("https://a.example/untouched");
    let disk = &mut stream["architectures"]["s390x"]["artifacts"]["metal"]["formats"]["raw.gz"]["disk"];
    disk["unknown"] = json!(["https://a.example/untouched"]);
    disk["signature"] = json!(format!("{SOURCE}{}.sig", sample::path("s390x", "metal")));
    let text = sample::text(&stream);
    let ran = rewrite(&text, &["--url", "https://m.example/pub", "--ocp", "4.19"]).await.exits(0);
    let changed = changed(&text, &ran.stdout);
    assert_eq!(changed.len(), 5, "{changed:?}");
    assert!(changed.iter().all(|line| line.starts_with("\"location\"") || line.starts_with("\"signature\"")));
    assert!(ran.stdout.contains("https://a.example/untouched"), "{ran}");
}

// 14.12
#[tokio::test]
async fn the_layout_of_builds_makes_the_address_that_the_proposal_names() {
    let release = "47.83.202102090311-0";
    let name = format!("rhcos-{release}-qemu.s390x.qcow2.gz");
    let origin = format!("{SOURCE}/art/storage/releases/rhcos-4.7-s390x/{release}/s390x/{name}");
    let stream = json!({ "stream": "rhcos-4.8", "architectures": { "s390x": { "artifacts": { "qemu": {
        "release": release, "formats": { "qcow2.gz": { "disk": {
            "location": origin, "signature": format!("{origin}.sig"), "sha256": "a".repeat(64) } } } } } } } });
    let words = ["--url", "https://m/pub/openshift-v4", "--layout", "build", "--ocp", "4.8"];
    let ran = rewrite(&sample::text(&stream), &words).await.exits(0);
    let expected = format!("https://m/pub/openshift-v4/s390x/dependencies/rhcos/4.8/{release}/{name}");
    assert_eq!(location(&ran.stdout), expected);
    assert!(ran.stdout.contains(&format!("\"{expected}.sig\"")) && !ran.stdout.contains(SOURCE), "{ran}");
}

// 14.13
#[tokio::test]
async fn what_is_not_selected_stays_is_rewritten_or_goes_as_asked() {
    let text = sample::text(&sample::stream(SOURCE));
    let words = ["--url", "https://m.example", "--ocp", "4.19", "--artifact", "qemu"];
    let selected = rewrite(&text, &words).await.exits(0);
    let lines = changed(&text, &selected.stdout);
    assert!(lines.len() == 2 && lines.iter().all(|line| line.contains("-qemu.")), "{lines:?}");
    let all = rewrite(&text, &[&words[..], &["--scope", "all"]].concat()).await.exits(0);
    assert_eq!(changed(&text, &all.stdout).len(), 4);
    let dropped = rewrite(&text, &[&words[..], &["--drop-unselected"]].concat()).await.exits(0);
    assert!(dropped.stdout.contains("-qemu.") && !dropped.stdout.contains("metal"), "{dropped}");
    let unknown =
        rewrite(&text, &["--url", "https://m.example", "--ocp", "4.19", "--artifact", "qmeu"]).await;
    let unknown = unknown.exits(2);
    assert!(unknown.stderr.contains("qmeu") && unknown.stderr.contains("metal"), "{unknown}");
    assert_eq!(unknown.stdout, "");
}

// 14.14
#[tokio::test]
async fn query_and_fragment_of_an_old_address_are_gone() {
    let text = one(&format!("{SOURCE}{}?x=1#f", sample::path("s390x", "qemu")));
    let ran = rewrite(&text, &["--url", "https://m.example", "--ocp", "4.19"]).await.exits(0);
    assert_eq!(location(&ran.stdout), format!("https://m.example/{}", sample::key("s390x", "qemu")));
    let base = rewrite(&text, &["--url", "https://m.example/?x=1", "--ocp", "4.19"]).await.exits(2);
    assert_eq!(base.stdout, "", "an address to begin with has neither");
}

// 14.15
#[tokio::test]
async fn slashes_behind_the_base_make_no_difference() {
    let text = sample::text(&sample::stream(SOURCE));
    let mut all = Vec::new();
    for base in ["https://m.example/pub", "https://m.example/pub/", "https://m.example/pub//"] {
        all.push(rewrite(&text, &["--url", base, "--ocp", "4.19"]).await.exits(0).stdout);
    }
    assert!(all[0].contains("https://m.example/pub/x86_64/"), "{}", all[0]);
    assert_eq!((&all[0], &all[0]), (&all[1], &all[2]));
}

// 14.16
#[tokio::test]
async fn a_prefix_ends_where_a_name_ends_and_the_longest_counts() {
    let release = format!("/{RELEASE}/x");
    let text = one(&format!("https://a/bc{release}"));
    let ran = rewrite(&text, &["--map", "https://a/b=https://c/d"]).await.exits(0);
    assert_eq!(ran.stdout, text);
    let maps = ["--map", "https://a=https://short", "--map", "https://a/bc=https://long/"];
    let ran = rewrite(&text, &maps).await.exits(0);
    assert_eq!(location(&ran.stdout), format!("https://long{release}"));
}

// 14.17
#[tokio::test]
async fn a_name_is_encoded_once_and_stays_the_same_name() {
    let text = one(&format!("{SOURCE}/{RELEASE}/a%20b+c%2Bd"));
    let ran = rewrite(&text, &["--url", "https://m.example", "--layout", "flat"]).await.exits(0);
    let location: url::Url = location(&ran.stdout).parse().unwrap();
    let decoded = |text: &str| text.replace("%20", " ").replace("%2B", "+");
    assert_eq!(decoded(location.path()), "/a b+c+d");
    assert!(!location.path().contains("%25"), "{location}");
}

// 14.18
#[tokio::test]
async fn a_version_that_is_taken_from_the_name_of_the_stream_is_told() {
    let text = sample::text(&sample::stream(SOURCE));
    let guessed = rewrite(&text, &["--url", "https://m.example"]).await.exits(0);
    assert!(guessed.stdout.contains("/rhcos/4.19/") && guessed.stderr.contains("4.19"), "{guessed}");
    let said = rewrite(&text, &["--url", "https://m.example", "--ocp", "4.23"]).await.exits(0);
    assert!(said.stdout.contains("/rhcos/4.23/") && !said.stdout.contains("/4.19/"), "{said}");
    assert_eq!(said.stderr, "", "nothing is guessed");
}

#[tokio::test]
async fn a_touched_file_says_when_it_was_changed_and_only_with_the_flag() {
    let text = sample::text(&sample::stream(SOURCE));
    let run = |words: &[&str], epoch: &str| {
        let run = Run::new(["stream", "rewrite", "--src", "s.json", "--dest-stream", "-"]).args(words);
        let run = run.args(["--url", "https://m.example", "--ocp", "4.19"]).file("s.json", &text);
        run.env("SOURCE_DATE_EPOCH", epoch).run()
    };
    let touched = run(&["--touch"], "1700000000").await.exits(0);
    let stream: Value = serde_json::from_str(&touched.stdout).unwrap();
    let metadata = &stream["metadata"];
    assert_eq!(metadata["last-modified"], "2023-11-14T22:13:20Z");
    assert!(metadata["generator"].as_str().unwrap().starts_with("image-mirror "), "{metadata}");
    let untouched = run(&[], "today").await.exits(0);
    assert!(untouched.stdout.contains("2025-01-22T10:11:12Z"), "{untouched}");
    let wrong = run(&["--touch"], "today").await.exits(2);
    assert!(wrong.stderr.contains("SOURCE_DATE_EPOCH") && wrong.stdout.is_empty(), "{wrong}");
}

#[tokio::test]
async fn a_file_is_replaced_as_a_whole_and_standard_input_and_output_do_as_well() {
    let text = sample::text(&sample::stream(SOURCE));
    let words = ["stream", "rewrite", "--url", "https://m.example", "--ocp", "4.19"];
    let piped = Run::new(words).args(["--src", "-", "--dest-stream", "-"]).stdin(&text).run().await.exits(0);
    let run = Run::new(words).args(["--src", "s.json", "--dest-stream", "s.json"]).file("s.json", &text);
    let ran = run.run().await.exits(0);
    assert_eq!(std::fs::read_to_string(ran.folder().join("s.json")).unwrap(), piped.stdout);
    assert_eq!(ran.stdout, "");
    let files = std::fs::read_dir(ran.folder()).unwrap().count();
    assert_eq!(files, 1, "nothing else is left behind");
}
