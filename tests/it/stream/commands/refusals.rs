//! What the program says of files and flags that it cannot go by, before it does anything.

use serde_json::json;

use super::sample;
use crate::support::run::Run;

/// Rewrites `text`, which is refused, and gives what is said of it.
async fn refused(text: &str, words: &[&str]) -> String {
    let run = Run::new(["stream", "rewrite", "--src", "s.json", "--url", "https://m/pub", "--ocp", "4.8"]);
    let ran = run.args(["--dest-stream", "out.json"]).args(words).file("s.json", text).run().await.exits(2);
    assert!(!ran.folder().join("out.json").exists(), "nothing was written\n{ran}");
    assert_eq!(ran.stdout, "", "{ran}");
    ran.stderr
}

// 14.4
#[tokio::test]
async fn a_location_that_is_a_placeholder_is_refused_with_its_place() {
    let stream = sample::text(&sample::stream("https://a.example"));
    let at = format!("https://a.example{}", sample::path("x86_64", "metal"));
    let odd = stream.replace(&at, "<not-used>");
    let map = json!({ "kind": "ConfigMap", "data": { "stream": odd } }).to_string();
    for text in [odd, map] {
        let said = refused(&text, &[]).await;
        assert!(said.contains("<not-used>") && said.contains("--> s.json:"), "{said}");
    }
    let other = sample::text(&sample::stream("https://a.example")).replace(&at, "<not-used>");
    let words = ["stream", "mirror", "--src", "s.json", "--ocp", "4.8", "--dest", "out"];
    let ran = Run::new(words).file("s.json", other).run().await.exits(2);
    assert!(!ran.folder().join("out").exists(), "{ran}");
}

// 14.5 14.6 14.7
#[tokio::test]
async fn a_file_that_is_something_else_is_called_what_it_is() {
    let offer = json!({ "publisher": "p", "offer": "o", "sku": "s", "version": "v" });
    for (file, what) in [
        (json!({ "kind": "ConfigMap", "data": { "other": "x" } }), "the ConfigMap has no `data.stream`"),
        (
            json!({ "stream": "x", "architectures": { "x86_64": { "media": {} } } }),
            "a release file, not a stream",
        ),
        (json!({ "amis": {}, "baseURI": "https://a.example/" }), "the pre-stream format"),
        (
            json!({ "x86_64": { "azure": { "ocp": { "hyperVGen2": offer } } } }),
            "a file of marketplace images",
        ),
    ] {
        let said = refused(&file.to_string(), &[]).await;
        assert!(said.contains(what), "{said}");
    }
}

// 14.9
#[tokio::test]
async fn of_a_file_with_several_streams_all_keys_are_named() {
    let stream = sample::stream("https://a.example");
    let many = json!({ "rhel-9": stream, "rhel-10": stream }).to_string();
    let said = refused(&many, &[]).await;
    assert!(
        said.contains("`rhel-9`") && said.contains("`rhel-10`") && said.contains("--stream-key"),
        "{said}"
    );
    let said = refused(&many, &["--stream-key", "rhel-8"]).await;
    assert!(said.contains("no stream `rhel-8`"), "{said}");
}

#[tokio::test]
async fn flags_that_exclude_each_other_or_are_missing_are_told_all_at_once() {
    let ran = Run::new(["stream", "rewrite", "--ocp", "4.8"]).run().await.exits(2);
    for flag in ["--src", "--dest-stream", "--url"] {
        assert!(ran.stderr.contains(flag), "{flag}\n{ran}");
    }
    let both = ["--url", "https://m/pub", "--map", "https://a=https://b"];
    let said = refused(&sample::text(&sample::stream("https://a.example")), &both[2..]).await;
    assert!(said.contains("--map"), "{said}");
    for words in [
        &[
            "stream",
            "prerelease",
            "publish",
            "--src",
            "s",
            "--dest",
            "d",
            "--url",
            "https://m",
            "--layout",
            "flat",
        ][..],
        &["stream", "promote", "--src", "s", "--dest", "d"],
        &["stream", "mirror", "--src", "s", "--dest", "rsync://host/module"],
        &["stream", "mirror", "--src", "s", "--dest", "d", "--layout", "release"],
        &["stream", "mirror", "--src", "s", "--dest", "d", "--layout", "{arch}/{no-such-field}"],
        &["stream", "resolve", "--src", "s", "--use-staging"],
        &["stream", "prune", "--dest", "d"],
        &["stream", "pins"],
    ] {
        let ran = Run::new(words).run().await.exits(2);
        assert!(!ran.folder().join("d").exists(), "{ran}");
        assert!(ran.stderr.contains("error"), "{ran}");
    }
}

#[tokio::test]
async fn stream_alone_and_its_help_say_what_there_is() {
    let help = Run::new(["stream", "--help"]).run().await.exits(0);
    for command in ["mirror", "rewrite", "validate", "resolve", "prerelease", "promote", "pins", "prune"] {
        assert!(help.stdout.contains(&format!("\n  {command}")), "{command}\n{help}");
    }
    let alone = Run::new(["stream"]).run().await.exits(2);
    assert!(alone.stderr.contains("Usage: image-mirror stream"), "{alone}");
}
