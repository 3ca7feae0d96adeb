//! The recipe of the images in `mappings/demo/images`, and the check that the committed files are what it makes.
//!
//! Not a fixture for other tests: they make their own content.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

const INDEX: &str = "application/vnd.oci.image.index.v1+json";
const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const CONFIG: &str = "application/vnd.oci.image.config.v1+json";
const LAYER: &str = "application/vnd.oci.image.layer.v1.tar";

/// Files by path below the layout directory.
type Files = BTreeMap<String, Vec<u8>>;

/// An OCI image layout in the making.
#[derive(Default)]
struct Layout {
    files: Files,
    tagged: Vec<String>,
}

impl Layout {
    /// Stores a blob and gives back its descriptor without the closing brace, so that fields can follow.
    fn blob(&mut self, media_type: &str, bytes: Vec<u8>) -> String {
        let digest = hex(&bytes);
        let descriptor =
            format!(r#"{{"mediaType":"{media_type}","digest":"sha256:{digest}","size":{}"#, bytes.len());
        self.files.insert(format!("blobs/sha256/{digest}"), bytes);
        descriptor
    }

    /// An image of one platform; its descriptor is left open too.
    fn image(&mut self, architecture: &str, layers: &[Vec<u8>]) -> String {
        let diff_ids: Vec<_> = layers.iter().map(|layer| format!(r#""sha256:{}""#, hex(layer))).collect();
        let config = format!(
            r#"{{"architecture":"{architecture}","os":"linux","config":{{}},"rootfs":{{"type":"layers","diff_ids":[{}]}}}}"#,
            diff_ids.join(",")
        );
        let config = self.blob(CONFIG, config.into_bytes());
        let layers: Vec<_> = layers.iter().map(|layer| self.blob(LAYER, layer.clone()) + "}").collect();
        let manifest = format!(
            r#"{{"schemaVersion":2,"mediaType":"{MANIFEST}","config":{config}}},"layers":[{}]}}"#,
            layers.join(",")
        );
        self.blob(MANIFEST, manifest.into_bytes())
    }

    fn tag(&mut self, tag: &str, descriptor: &str) {
        self.tagged
            .push(format!(r#"{descriptor},"annotations":{{"org.opencontainers.image.ref.name":"{tag}"}}}}"#));
    }

    fn finish(mut self) -> Files {
        let index = format!(
            "{{\"schemaVersion\":2,\"mediaType\":\"{INDEX}\",\"manifests\":[\n  {}\n]}}\n",
            self.tagged.join(",\n  ")
        );
        self.files.insert("index.json".into(), index.into_bytes());
        self.files.insert("oci-layout".into(), b"{\"imageLayoutVersion\":\"1.0.0\"}\n".to_vec());
        self.files
    }
}

fn hex(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

/// A tar archive of one small text file, the same bytes on every machine.
fn layer(name: &str, text: &str) -> Vec<u8> {
    let mut header = [0_u8; 512];
    let mut put = |at: usize, text: &str| header[at..at + text.len()].copy_from_slice(text.as_bytes());
    put(0, name);
    put(100, "0000644\0");
    put(108, "0000000\0");
    put(116, "0000000\0");
    put(124, &format!("{:011o}\0", text.len()));
    put(136, "00000000000\0");
    put(148, "        ");
    put(156, "0");
    put(257, "ustar\x0000");
    let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
    header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    let mut archive = header.to_vec();
    archive.extend_from_slice(text.as_bytes());
    archive.resize(512 + text.len().div_ceil(512) * 512 + 1024, 0);
    archive
}

/// A two-platform image, a single image that shares a layer with it, and an artifact that is no image.
fn demo() -> Files {
    let mut layout = Layout::default();
    let base = layer("etc/motd", "Every image of the demo has this layer.\n");
    let platforms: Vec<_> = ["amd64", "arm64"]
        .into_iter()
        .map(|architecture| {
            let own = layer("usr/share/hello", &format!("Hello from {architecture}.\n"));
            let image = layout.image(architecture, &[base.clone(), own]);
            format!(r#"{image},"platform":{{"architecture":"{architecture}","os":"linux"}}}}"#)
        })
        .collect();
    let index =
        format!(r#"{{"schemaVersion":2,"mediaType":"{INDEX}","manifests":[{}]}}"#, platforms.join(","));
    let hello = layout.blob(INDEX, index.into_bytes());
    layout.tag("hello", &hello);

    let tools = layout.image("amd64", &[base, layer("usr/share/tools", "One platform only.\n")]);
    layout.tag("tools", &tools);

    let empty = layout.blob("application/vnd.oci.empty.v1+json", b"{}".to_vec());
    let notes = layout.blob("text/markdown", b"# Notes\n\nNot an image; mirrored all the same.\n".to_vec());
    let artifact = format!(
        r#"{{"schemaVersion":2,"mediaType":"{MANIFEST}","artifactType":"application/vnd.example.notes","config":{empty}}},"layers":[{notes}}}]}}"#
    );
    let notes = layout.blob(MANIFEST, artifact.into_bytes());
    layout.tag("notes", &notes);
    layout.finish()
}

fn directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("mappings/demo/images")
}

fn read(directory: &Path, prefix: &str, files: &mut Files) {
    for entry in fs::read_dir(directory).unwrap() {
        let entry = entry.unwrap();
        let name = format!("{prefix}{}", entry.file_name().into_string().unwrap());
        if entry.file_type().unwrap().is_dir() {
            read(&entry.path(), &format!("{name}/"), files);
        } else {
            files.insert(name, fs::read(entry.path()).unwrap());
        }
    }
}

#[test]
fn the_demo_images_are_what_their_recipe_makes_and_nothing_else() {
    let mut committed = Files::new();
    read(&directory(), "", &mut committed);
    let made = demo();
    assert_eq!(committed.keys().collect::<Vec<_>>(), made.keys().collect::<Vec<_>>());
    assert!(committed == made, "run: cargo test --test it write_the_demo_images -- --ignored");
    assert!(made.values().map(Vec::len).sum::<usize>() < 32 * 1024, "the demo stays small");
}

#[test]
#[ignore = "writes mappings/demo/images: run it by name after changing the recipe"]
fn write_the_demo_images() {
    let directory = directory();
    if directory.exists() {
        fs::remove_dir_all(&directory).unwrap();
    }
    for (name, bytes) in demo() {
        let path = directory.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
}
