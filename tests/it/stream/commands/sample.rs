//! A small stream, and the web server that has its files.

use image_mirror::model::Digest;
use serde_json::{Value, json};

use crate::support::files::FileServer;

/// The build of the sample.
pub(super) const RELEASE: &str = "9.6.20250121-0";
/// The platforms of the sample, with their formats.
const PLATFORMS: [(&str, &str); 2] = [("qemu", "qcow2.gz"), ("metal", "raw.gz")];
/// The architectures of the sample.
const ARCHES: [&str; 2] = ["x86_64", "s390x"];

/// What is in the file of a platform.
pub(super) fn content(arch: &str, platform: &str) -> Vec<u8> {
    format!("the {platform} of {arch}").into_bytes()
}

/// The name of the file of a platform.
pub(super) fn name(arch: &str, platform: &str) -> String {
    let format = PLATFORMS.iter().find(|(known, _)| *known == platform).expect("a platform").1;
    format!("rhcos-{RELEASE}-{platform}.{arch}.{format}")
}

/// Where it is on the server.
pub(super) fn path(arch: &str, platform: &str) -> String {
    format!("/art/storage/prod/streams/rhel-9.6/builds/{RELEASE}/{arch}/{}", name(arch, platform))
}

/// The key that it has in the layout `build`.
pub(super) fn key(arch: &str, platform: &str) -> String {
    format!("{arch}/dependencies/rhcos/4.19/{RELEASE}/{}", name(arch, platform))
}

/// The stream of both architectures whose files are below `base`.
pub(super) fn stream(base: &str) -> Value {
    let artifact = |arch: &str, platform: &str| {
        json!({
            "location": format!("{base}{}", path(arch, platform)),
            "sha256": Digest::of(&content(arch, platform)).hex(),
        })
    };
    let platforms = |arch: &str| -> Value {
        let each = PLATFORMS.iter().map(|(platform, format)| {
            let formats = json!({ *format: { "disk": artifact(arch, platform) } });
            ((*platform).to_owned(), json!({ "release": RELEASE, "formats": formats }))
        });
        each.collect::<serde_json::Map<_, _>>().into()
    };
    let architectures =
        ARCHES.iter().map(|arch| ((*arch).to_owned(), json!({ "artifacts": platforms(arch) })));
    let architectures: serde_json::Map<_, _> = architectures.collect();
    json!({
        "stream": "rhcos-4.19",
        "metadata": { "last-modified": "2025-01-22T10:11:12Z", "generator": "somebody" },
        "architectures": architectures,
    })
}

/// The text of a stream, as files have it.
pub(super) fn text(stream: &Value) -> String {
    format!("{}\n", serde_json::to_string_pretty(stream).expect("JSON"))
}

/// A server that has all files of the sample, below what [`path`] says.
pub(super) async fn served() -> FileServer {
    let server = FileServer::start().await;
    for arch in ARCHES {
        for (platform, _) in PLATFORMS {
            server.put(&path(arch, platform), content(arch, platform));
        }
    }
    server
}

/// The address of a server without a `/` at its end.
pub(super) fn base(server: &FileServer) -> String {
    format!("http://{}", server.host())
}
