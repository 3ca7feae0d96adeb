//! What a stream lists, read from what it says.

use std::sync::Arc;

use super::artifact;
use super::listed::{Artifact, Container, Place, Platform, Stream};
use super::page::Within;
use super::tree::{Member, Node, word};
use crate::model::Finding;

/// What is meant as a file even where it does not say where it is.
const KINDS: [&str; 4] = ["disk", "kernel", "initramfs", "rootfs"];

/// Reads the stream `node`; or everything that is wrong with it as a whole. What is odd comes with it.
pub(super) fn read(node: &Node, within: Within<'_>) -> Result<(Stream, Vec<Finding>), Vec<Finding>> {
    let stream = Stream {
        file: Arc::clone(within.page.name),
        name: "".into(),
        last_modified: None,
        architectures: Vec::new(),
        platforms: Vec::new(),
        artifacts: Vec::new(),
        containers: Vec::new(),
        clouds: Vec::new(),
    };
    let mut listing = Listing { within, stream, errors: Vec::new(), warnings: Vec::new() };
    listing.whole(node);
    if listing.errors.is_empty() { Ok((listing.stream, listing.warnings)) } else { Err(listing.errors) }
}

struct Listing<'a> {
    within: Within<'a>,
    stream: Stream,
    errors: Vec<Finding>,
    warnings: Vec<Finding>,
}

impl Listing<'_> {
    fn whole(&mut self, node: &Node) {
        if node.members().is_none() {
            return self.wrong(node, format!("a stream is an object, and this is {}", node.kind()));
        }
        match node.get("stream").and_then(Node::text) {
            Some(name) => self.stream.name = name.into(),
            None => self.wrong(
                node.get("stream").unwrap_or(node),
                "`stream`, the name of the stream, is missing or no text",
            ),
        }
        let last_modified = node.get("metadata").and_then(|metadata| metadata.get("last-modified"));
        self.stream.last_modified = last_modified.and_then(Node::text).map(Arc::from);
        let Some(architectures) = self.object(node, "architectures") else { return };
        if architectures
            .iter()
            .any(|arch| arch.node.get("media").is_some() && arch.node.get("artifacts").is_none())
        {
            return self
                .errors
                .push(self.within.page.whole("envelope", "this is a release file, not a stream"));
        }
        if architectures.is_empty() {
            self.wrong(node.get("architectures").unwrap_or(node), "`architectures` is empty");
        }
        for member in architectures {
            self.architecture(member);
        }
    }

    fn architecture(&mut self, member: &Member) {
        let arch: Arc<str> = member.key.as_str().into();
        self.stream.architectures.push(Arc::clone(&arch));
        for platform in self
            .object(&member.node, "artifacts")
            .unwrap_or_default()
            .iter()
            .filter(|member| is_there(member))
        {
            self.platform(&arch, platform);
        }
        let images = member.node.get("images").and_then(Node::members).unwrap_or_default();
        for provider in images.iter().filter(|member| is_there(member)) {
            if provider.key == "kubevirt" {
                self.container(&arch, provider);
            } else if !self.stream.clouds.iter().any(|cloud| **cloud == *provider.key) {
                self.stream.clouds.push(provider.key.as_str().into());
            }
        }
    }

    fn platform(&mut self, arch: &Arc<str>, member: &Member) {
        let Some(formats) = self.object(&member.node, "formats") else { return };
        let release = member.node.get("release").and_then(Node::text).filter(|release| !release.is_empty());
        if release.is_none() {
            let said =
                format!("`{}` of {} does not say of which release it is", word(&member.key), word(arch));
            self.warnings.push(self.within.odd(&member.key_at, "release", said));
        }
        let platform = Platform {
            arch: Arc::clone(arch),
            artifact: member.key.as_str().into(),
            release: release.map(Arc::from),
        };
        for format in formats.iter().filter(|member| is_there(member)) {
            let Some(kinds) = format.node.members() else {
                self.wrong(
                    &format.node,
                    format!("a format is an object, and this is {}", format.node.kind()),
                );
                continue;
            };
            for kind in kinds.iter().filter(|kind| is_there(kind) && is_artifact(kind)) {
                self.artifact(&platform, &format.key, kind);
            }
        }
        self.stream.platforms.push(platform);
    }

    fn artifact(&mut self, platform: &Platform, format: &str, member: &Member) {
        let place = Place {
            arch: Arc::clone(&platform.arch),
            artifact: Arc::clone(&platform.artifact),
            format: format.into(),
            kind: member.key.as_str().into(),
        };
        let file = artifact::file(&member.node, self.within, &mut self.warnings);
        if let (Some(release), Ok(file)) = (&platform.release, &file)
            && !file.location.as_str().contains(&**release)
        {
            let at = member.node.get("location").map_or(&member.node.at, |location| &location.at);
            let said = format!("the release `{}` is not found in this location", word(release));
            self.warnings.push(self.within.odd(at, "release-mismatch", said));
        }
        let (line, release) = (self.within.line(&member.key_at), platform.release.clone());
        self.stream.artifacts.push(Artifact { place, line, release, file });
    }

    fn container(&mut self, arch: &Arc<str>, member: &Member) {
        let text =
            |key| member.node.get(key).and_then(Node::text).filter(|text| !text.is_empty()).map(Arc::from);
        self.stream.containers.push(Container {
            arch: Arc::clone(arch),
            line: self.within.line(&member.key_at),
            release: text("release"),
            image: text("image"),
            digest_ref: text("digest-ref"),
        });
    }

    /// The members of the object that `node` has as `key`; `null` has none. Whatever else it is, is wrong.
    fn object<'n>(&mut self, node: &'n Node, key: &str) -> Option<&'n [Member]> {
        match node.get(key) {
            Some(value) if value.is_null() => Some(&[]),
            Some(value) if value.members().is_some() => value.members(),
            Some(value) => {
                self.wrong(value, format!("`{key}` is {}, and must be an object", value.kind()));
                None
            }
            None => {
                self.wrong(node, format!("`{key}` is missing"));
                None
            }
        }
    }

    fn wrong(&mut self, node: &Node, message: impl Into<String>) {
        self.errors.push(self.within.wrong(&node.at, "stream", message));
    }
}

fn is_there(member: &Member) -> bool {
    !member.node.is_null()
}

/// Kinds are an open set: all that says where it is, is one.
fn is_artifact(member: &Member) -> bool {
    KINDS.contains(&member.key.as_str()) || member.node.get("location").is_some()
}
