//! `stream resolve`: the addresses that an installer under test uses.

use serde_json::json;

use super::sample;
use crate::support::run::Run;

const SOURCE: &str = "https://a.example";
const PREFIX: &str = "OPENSHIFT_INSTALL_COREOS_STREAM_PREFIX";
const STAGING: &str = "OPENSHIFT_INSTALL_CI_COREOS_BOOTIMAGES";

// 14.19
#[tokio::test]
async fn what_was_rewritten_is_found_back_by_the_map_of_origins_to_the_byte() {
    let text = sample::text(&sample::stream(SOURCE));
    let words = ["stream", "rewrite", "--src", "s.json", "--dest-stream", "m.json", "--origins", "o.json"];
    let run = Run::new(words).args(["--url", "https://m.example", "--ocp", "4.19"]).file("s.json", &text);
    let ran = run.run().await.exits(0);
    let [mirrored, origins] =
        ["m.json", "o.json"].map(|name| std::fs::read_to_string(ran.folder().join(name)).unwrap());
    assert!(!mirrored.contains(SOURCE), "{mirrored}");
    let run = Run::new(["stream", "resolve", "--src", "m.json", "--origins", "o.json", "--ocp", "4.19"]);
    let back = run.file("m.json", mirrored).file("o.json", origins).run().await.exits(0);
    assert_eq!(back.stdout, text);
}

/// Runs `resolve` on a stream of the mirror.
fn resolve(words: &[&str]) -> Run {
    let text =
        sample::text(&sample::stream(SOURCE)).replace("/art/storage/prod/streams/rhel-9.6/builds/", "/");
    Run::new(["stream", "resolve", "--src", "s.json", "--ocp", "4.19", "--layout", "{release}/{arch}/{name}"])
        .args(["--url", SOURCE])
        .args(words)
        .file("s.json", text)
}

// 14.68
#[tokio::test]
async fn the_flag_wins_over_the_variable_and_an_empty_variable_is_none() {
    let flag = resolve(&["--prefix", "https://flag.example"]).env(PREFIX, "https://variable.example");
    let flag = flag.run().await.exits(0);
    assert!(flag.stdout.contains("https://flag.example/") && !flag.stdout.contains("variable"), "{flag}");
    let variable = resolve(&[]).env(PREFIX, "https://variable.example").run().await.exits(0);
    assert_eq!(variable.stdout.matches("https://variable.example/").count(), 4, "{variable}");
    let none = resolve(&[]).env(PREFIX, "").run().await.exits(0);
    assert_eq!(none.stdout.matches(&format!("{SOURCE}/")).count(), 4, "{none}");
    let staging = ["--staging-prefix", "https://staging.example"];
    let staged = resolve(&staging).env(STAGING, "1").run().await.exits(0);
    assert!(staged.stdout.contains("https://staging.example/"), "{staged}");
    let unasked = resolve(&staging).run().await.exits(0);
    assert_eq!(unasked.stdout, none.stdout);
}

// 14.69
#[tokio::test]
async fn an_address_of_the_mirror_becomes_that_of_the_staging_tree() {
    let release = "47.83.202102091015-0";
    let platforms = |arch: &str| {
        let name = format!("rhcos-{release}-openstack.{arch}.qcow2.gz");
        let location = format!("https://m.example/pub/{arch}/dependencies/rhcos/4.7/{release}/{name}");
        let disk = json!({ "location": location, "sha256": "b".repeat(64) });
        json!({ "artifacts": { "openstack": { "release": release, "formats": { "qcow2.gz": { "disk": disk } } } } })
    };
    let arches = json!({ "ppc64le": platforms("ppc64le"), "x86_64": platforms("x86_64") });
    let text = sample::text(&json!({ "stream": "rhcos-4.7", "architectures": arches }));
    let words = ["stream", "resolve", "--src", "s.json", "--url", "https://m.example/pub", "--ocp", "4.7"];
    let staging =
        ["--prefix", "https://staging.example/art/storage/releases", "--prefix-layout", "art-releases"];
    let ran = Run::new(words).args(staging).file("s.json", &text).run().await.exits(0);
    let below = "https://staging.example/art/storage/releases";
    for expected in [
        format!("{below}/rhcos-4.7-ppc64le/{release}/ppc64le/rhcos-{release}-openstack.ppc64le.qcow2.gz"),
        format!("{below}/rhcos-4.7/{release}/x86_64/rhcos-{release}-openstack.x86_64.qcow2.gz"),
    ] {
        assert!(ran.stdout.contains(&format!("\"{expected}\"")), "{expected}\n{ran}");
    }
    // An address that the layout does not make cannot be told apart.
    let odd = text.replace("/4.7/", "/odd/4.7/");
    let ran = Run::new(words).args(staging).file("s.json", odd).run().await.exits(2);
    assert!(ran.stderr.contains("cannot be told") && ran.stdout.is_empty(), "{ran}");
}
