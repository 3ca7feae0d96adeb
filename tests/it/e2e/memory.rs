//! How much memory a run takes: it hangs on neither the size of a layer nor, much, on the number of lines.

use std::fmt::Write as _;
use std::io::Write as _;
use std::time::Duration;

use serde_json::json;

use super::{assert_all, tiny};
use crate::support::image::{digest_of, random_bytes};
use crate::support::{FakeRegistry, RealRegistry, Run};

const MIB: u64 = 1 << 20;
/// What a run may have in use, whatever it moves.
const MOST: u64 = 64 * MIB;

/// An OCI layout with one image that has one layer of `size` bytes, which is never whole in memory.
fn layout_with_a_layer(folder: &std::path::Path, size: u64) {
    use sha2::Digest as _;
    let blobs = folder.join("blobs/sha256");
    std::fs::create_dir_all(&blobs).unwrap();
    let keep = |bytes: &[u8]| {
        let digest = digest_of(bytes);
        std::fs::write(blobs.join(digest.hex()), bytes).unwrap();
        json!({"digest": digest.as_str(), "size": bytes.len()})
    };
    let (mut hash, unnamed) = (sha2::Sha256::new(), blobs.join("unnamed"));
    let mut file = std::fs::File::create(&unnamed).unwrap();
    for number in 0..size / MIB {
        let part = random_bytes(1 << 20, number);
        hash.update(&part);
        file.write_all(&part).unwrap();
    }
    let layer = hex::encode(hash.finalize());
    std::fs::rename(unnamed, blobs.join(&layer)).unwrap();
    let typed = |mut link: serde_json::Value, media_type: &str| {
        link["mediaType"] = format!("application/vnd.oci.image.{media_type}").into();
        link
    };
    let manifest = json!({
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "config": typed(keep(b"{}"), "config.v1+json"),
        "layers": [typed(json!({"digest": format!("sha256:{layer}"), "size": size}), "layer.v1.tar")],
    });
    let mut manifest = typed(keep(manifest.to_string().as_bytes()), "manifest.v1+json");
    manifest["annotations"] = json!({"org.opencontainers.image.ref.name": "v1"});
    let index = json!({"schemaVersion": 2, "manifests": [manifest]});
    std::fs::write(folder.join("index.json"), index.to_string()).unwrap();
    std::fs::write(folder.join("oci-layout"), r#"{"imageLayoutVersion":"1.0.0"}"#).unwrap();
}

async fn a_layer_is_copied_within_64_mib(size: u64) {
    let (source, target) = (RealRegistry::open().await, RealRegistry::open().await);
    let layout = tempfile::tempdir().unwrap();
    layout_with_a_layer(layout.path(), size);
    let (archive, from) = (layout.path().display(), source.image("big/one", "v1"));
    for (step, source, to) in [
        ("directory to registry", format!("oci:{archive}:v1"), from.clone()),
        ("registry to registry", from.clone(), target.image("big/one", "v1")),
    ] {
        let mapping = format!("# owner: us\n{source} {to}\n");
        let run = Run::new(["run", "mapping_x"]).mapping("mapping_x", &mapping);
        let (ran, peak) = run.within(Duration::from_mins(10)).start().ended_with_peak_memory().await;
        let ran = ran.exits(0);
        assert_all(&ran, 1, "copied");
        assert!(ran.report()["totals"]["bytes"]["copied"].as_u64().unwrap() > size);
        assert!(peak > MIB, "the figure is not one: {peak}");
        let seconds = &ran.report()["elapsed_seconds"];
        tell(&format!("{step}, one layer of {} MiB: {:.1} MiB at most, {seconds} s", size / MIB, mib(peak)));
        assert!(peak <= MOST, "{step}: {:.1} MiB in use", mib(peak));
    }
}

#[tokio::test]
async fn a_layer_of_64_mib_is_copied_within_64_mib_of_memory() {
    a_layer_is_copied_within_64_mib(64 * MIB).await;
}

#[tokio::test]
#[ignore = "2 GiB of disk; run by `make test-large`"]
async fn a_large_layer_of_1_gib_is_copied_within_64_mib_of_memory() {
    a_layer_is_copied_within_64_mib(1024 * MIB).await;
}

/// Images of two registries, a tag a line.
async fn many(count: usize, is_mirrored: bool) -> (FakeRegistry, FakeRegistry, String) {
    let (source, target) = (FakeRegistry::start().await, FakeRegistry::start().await);
    // A check of all tags after each write takes its time with thousands of them.
    target.configure(|config| config.check_every_write = false);
    let mut mapping = String::from("# owner: us\n");
    for number in 0..count {
        let (image, name) = (tiny(number), format!("app-{}", number % 50));
        source.put_image(&format!("org/{name}"), &format!("v{number}"), &image);
        if is_mirrored {
            target.put_image(&format!("mirror/{name}"), &format!("v{number}"), &image);
        }
        let (from, to) = (source.host(), target.host());
        writeln!(mapping, "{from}/org/{name}:v{number} {to}/mirror/{name}:v{number}").unwrap();
    }
    (source, target, mapping)
}

async fn lines_take_little(count: usize, is_mirrored: bool) {
    let (_source, target, mapping) = many(count, is_mirrored).await;
    let run = Run::new(["run", "mapping_x"]).mapping("mapping_x", &mapping).within(Duration::from_mins(10));
    let (ran, peak) = run.start().ended_with_peak_memory().await;
    let ran = ran.exits(0);
    // What is copied also leaves behind where each of its blobs is now.
    let (outcome, each) = if is_mirrored { ("kept", 1024) } else { ("copied", 3 * 1024) };
    assert_all(&ran, count, outcome);
    assert!(peak > MIB, "the figure is not one: {peak}");
    let most = MOST + each * count as u64;
    let seconds = &ran.report()["elapsed_seconds"];
    tell(&format!("{count} lines {outcome}: {:.1} MiB of {:.1} MiB, {seconds} s", mib(peak), mib(most)));
    assert!(peak <= most, "{:.1} MiB in use for {count} lines {outcome}", mib(peak));
    target.assert_tags_whole();
}

#[tokio::test]
async fn a_thousand_lines_take_64_mib_and_a_kib_each() {
    lines_take_little(1000, true).await;
}

#[tokio::test]
#[ignore = "half a minute; run by `make test-large`"]
async fn a_large_run_of_10_000_kept_lines_takes_64_mib_and_a_kib_each() {
    lines_take_little(10_000, true).await;
}

#[tokio::test]
#[ignore = "minutes; run by `make test-large`"]
async fn a_large_run_of_10_000_copied_lines_takes_64_mib_and_three_kib_each() {
    lines_take_little(10_000, false).await;
}

#[expect(clippy::cast_precision_loss, reason = "a figure to be read")]
fn mib(bytes: u64) -> f64 {
    bytes as f64 / MIB as f64
}

#[expect(clippy::print_stderr, reason = "a figure for the closing note of a change")]
fn tell(figure: &str) {
    eprintln!("{figure}");
}
