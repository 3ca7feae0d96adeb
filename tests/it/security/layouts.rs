//! Layout directories and `$ARTIFACTS` in which somebody left links: what is read, and what is overwritten.

use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

use image_mirror::model::Digest;
use serde_json::json;

use super::{PASSWORD, assert_hides};
use crate::support::{FakeRegistry, Image, Ran, Run};

const MINE: &str = "{\"manifests\": []}";

/// A source with one image, and a run of it into the layout `copy`.
async fn into_layout(prepare: impl FnOnce(&Path)) -> Ran {
    let source = FakeRegistry::start().await;
    source.put_image("org/app", "v1", &Image::oci().layer(b"layer").build());
    let line = format!("# owner: us\n{}/org/app:v1 oci:copy:v1\n", source.host());
    let run = Run::new(["run", "mapping_x"]).mapping("mapping_x", &line).file("mine", MINE).file("empty", "");
    let folder = run.folder();
    std::fs::create_dir_all(folder.join("copy/blobs")).unwrap();
    std::fs::create_dir_all(folder.join("theirs")).unwrap();
    prepare(&folder);
    run.run().await
}

#[tokio::test]
async fn a_layout_is_not_written_through_links() {
    let links: [(&str, &str); 6] = [
        ("copy/oci-layout", "../mine"),
        ("copy/oci-layout", "../empty"),
        ("copy/oci-layout", "../theirs/new"),
        ("copy/index.json", "../mine"),
        ("copy/blobs/sha256", "../../theirs"),
        ("copy/blobs", "../theirs"),
    ];
    for (link, to) in links {
        let ran = into_layout(|folder| {
            if link == "copy/blobs" {
                std::fs::remove_dir(folder.join(link)).unwrap();
            }
            symlink(to, folder.join(link)).unwrap();
        });
        let ran = ran.await.exits(1);
        let folder = ran.folder();
        assert_eq!(std::fs::read_to_string(folder.join("mine")).unwrap(), MINE, "{link}");
        assert_eq!(std::fs::read_to_string(folder.join("empty")).unwrap(), "", "{link}");
        assert_eq!(std::fs::read_dir(folder.join("theirs")).unwrap().count(), 0, "{link}");
        assert!(ran.to_string().contains("no plain file or directory"), "{ran}");
    }
}

#[tokio::test]
async fn a_link_in_the_place_of_a_blob_is_replaced_and_where_it_leads_stays_as_it_is() {
    let layer = Digest::of(b"layer");
    let ran = into_layout(|folder| {
        std::fs::create_dir(folder.join("copy/blobs/sha256")).unwrap();
        // Of the right size, so that a look at the size alone would be content with it.
        std::fs::write(folder.join("theirs/file"), "LAYER").unwrap();
        symlink("../../../theirs/file", folder.join("copy/blobs/sha256").join(layer.hex())).unwrap();
    });
    let ran = ran.await.exits(0);
    let read = |path: &str| std::fs::read_to_string(ran.folder().join(path)).unwrap();
    assert_eq!(read("theirs/file"), "LAYER");
    assert_eq!(read(&format!("copy/blobs/sha256/{}", layer.hex())), "layer");
}

/// A layout whose index holds this, next to files that it has no business with.
async fn from_layout(index: &str, prepare: impl FnOnce(&Path)) -> (Ran, FakeRegistry) {
    let target = FakeRegistry::start().await;
    let line = format!("# owner: us\noci:archive:v1 {}/mirror/app:v1\n", target.host());
    let run = Run::new(["run", "--attempts", "1", "-vv", "mapping_x"]).mapping("mapping_x", &line);
    let run =
        run.file("archive/index.json", index).file("archive/blobs/sha256/x", "").file("secret", PASSWORD);
    prepare(&run.folder());
    (run.run().await, target)
}

/// An index of one image under `v1`.
fn index(digest: &str, size: impl Into<serde_json::Value>) -> String {
    let annotations = json!({"org.opencontainers.image.ref.name": "v1"});
    json!({"manifests": [{"digest": digest, "size": size.into(), "annotations": annotations}]}).to_string()
}

#[tokio::test]
async fn an_index_that_leads_out_of_its_layout_is_refused_and_nothing_is_quoted() {
    let texts = [
        index("sha256:../../../../secret", 1),
        index("../secret:00", 1),
        index(&format!("sha256:{}", "0".repeat(64)), PASSWORD),
        index(&format!("sha256:{}", "0".repeat(64)), -1),
        format!("{{\"manifests\": \"{PASSWORD}\"}}"),
        "[".repeat(100_000),
        String::new(),
    ];
    for text in texts {
        let (ran, target) = from_layout(&text, |_| {}).await;
        assert_eq!(ran.exits(1).rows_that("failed").len(), 1);
        assert_eq!(target.repositories(), Vec::<String>::new(), "{text:.80}");
    }
}

#[tokio::test]
async fn a_source_whose_files_are_links_to_secrets_pipes_or_devices_gives_nothing_away() {
    let secret = Digest::of(b"not what the link leads to");
    let path = format!("archive/blobs/sha256/{}", secret.hex());
    for to in ["../../../secret", "/dev/zero", "../../../pipe", "..", "nowhere"] {
        let (ran, target) = from_layout(&index(secret.as_str(), 9), |folder| {
            Command::new("mkfifo").arg(folder.join("pipe")).status().unwrap();
            symlink(to, folder.join(&path)).unwrap();
        })
        .await;
        let ran = ran.exits(1);
        assert_hides(PASSWORD, &ran.to_string());
        assert_eq!(target.repositories(), Vec::<String>::new(), "{to}\n{ran}");
    }
    for to in ["../secret", "/dev/zero", "../pipe"] {
        let (ran, target) = from_layout("", |folder| {
            Command::new("mkfifo").arg(folder.join("pipe")).status().unwrap();
            std::fs::remove_file(folder.join("archive/index.json")).unwrap();
            symlink(to, folder.join("archive/index.json")).unwrap();
        })
        .await;
        assert_hides(PASSWORD, &ran.exits(1).to_string());
        assert_eq!(target.repositories(), Vec::<String>::new(), "{to}");
    }
}

#[tokio::test]
async fn links_under_the_names_of_the_reports_are_replaced_and_where_they_lead_stays_as_it_is() {
    let run =
        Run::new(["run", "mapping_x"]).mapping("mapping_x", "oci:none:v1 oci:other:v1\n").file("mine", MINE);
    let (mine, artifacts) = (run.folder().join("mine"), run.folder().parent().unwrap().join("artifacts"));
    let names =
        ["image-mirror-report.json", "junit_image-mirror.xml", "image-mirror-summary.html", "metrics.prom"];
    for name in names {
        symlink(&mine, artifacts.join(name)).unwrap();
    }
    let ran = run.run().await.exits(1);
    assert_eq!(std::fs::read_to_string(ran.folder().join("mine")).unwrap(), MINE);
    for name in names {
        assert!(ran.artifact(name).len() > MINE.len() && ran.artifact(name) != MINE, "{name}");
    }
    assert_eq!(ran.artifacts().len(), names.len(), "nothing else is left behind");
}
