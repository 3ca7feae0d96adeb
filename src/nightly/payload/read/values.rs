//! The values of fields: texts that must be something.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use serde_yaml::Location;

use super::fields::{Entries, Fields, Text, listed, text};
use crate::model::{Host, ImageRef, Reference, Tag, Version as Which};
use crate::nightly::Arch;
use crate::nightly::payload::{Nvr, is_repository_path};
use crate::redact::mask_logins;
use crate::yaml::{Node, Source};

/// One of `words`.
pub(super) fn word<T: Copy>(source: &mut Source<'_>, text: &Text, words: &[(&str, T)]) -> Option<T> {
    let found = words.iter().find(|(word, _)| *word == text.text).map(|(_, value)| *value);
    if found.is_none() {
        let names: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
        source.wrong(text.at, format!("expected one of {}", listed(&names)));
    }
    found
}

/// An image of a registry that is named, by a tag or a digest.
pub(super) fn image(source: &mut Source<'_>, text: &Text) -> Option<ImageRef> {
    let shown = mask_logins(&text.text);
    let mut refuse = |why: String, hint: &str| {
        source.wrong_with_hint(text.at, format!("`{shown}` is no image of a payload: {why}"), hint);
        None
    };
    let reference = match Reference::parse(&text.text) {
        Ok(reference) => reference,
        Err((error, _)) => {
            return refuse(error.to_string(), "write `HOST/REPOSITORY@sha256:HEX`, with 64 digits");
        }
    };
    if !reference.has_host {
        return refuse("it names no registry".into(), "write the host too: `quay.io/…`");
    }
    match (reference.digest, reference.tag) {
        (Some(digest), _) if digest.algorithm() != "sha256" => {
            refuse(format!("its digest is of {}", digest.algorithm()), "name it by its digest of sha256")
        }
        (Some(digest), _) => Some(ImageRef::new(reference.repository, Which::Digest(digest))),
        (None, Some(tag)) => Some(ImageRef::new(reference.repository, Which::Tag(tag))),
        (None, None) => refuse("it has neither a tag nor a digest".into(), "add `@sha256:…`"),
    }
}

/// An image of a registry that is named, by its digest.
pub(super) fn image_by_digest(source: &mut Source<'_>, text: &Text, of: &str) -> Option<ImageRef> {
    let image = image(source, text)?;
    if matches!(image.version, Which::Digest(_)) {
        return Some(image);
    }
    let hint = "write `REPOSITORY@sha256:HEX`; `skopeo inspect` says the digest of a tag";
    source.wrong_with_hint(
        text.at,
        format!("{of} must be named by its digest, and `{image}` is a tag"),
        hint,
    );
    None
}

/// `name-version-release`.
pub(super) fn nvr(source: &mut Source<'_>, text: &Text) -> Option<Nvr> {
    let is_plain = text.text.bytes().all(|b| b.is_ascii_graphic() && b != b'/');
    let nvr = Nvr::parse(&text.text).filter(|_| is_plain);
    if nvr.is_none() {
        let hint = "write `NAME-VERSION-RELEASE`, without epoch and architecture";
        source.wrong_with_hint(text.at, format!("`{}` is no NVR", mask_logins(&text.text)), hint);
    }
    nvr
}

/// A length of time.
pub(super) fn duration(source: &mut Source<'_>, text: &Text) -> Option<Duration> {
    let duration = humantime::parse_duration(&text.text).ok();
    if duration.is_none() {
        source.wrong(text.at, "expected a length of time with its unit, such as `6h` or `90m`");
    }
    duration
}

/// The host of a registry.
pub(super) fn host(source: &mut Source<'_>, text: &Text) -> Option<Host> {
    let host = match Reference::parse(&format!("{}/a", text.text)) {
        Ok(reference) if reference.has_host && !text.text.contains('/') => Some(reference.repository.host),
        _ => None,
    };
    if host.is_none() {
        source.wrong(text.at, "expected a registry's host without scheme or path, such as `quay.io`");
    }
    host
}

/// Says that a text is no part of a repository's name, if it is none.
pub(super) fn path(source: &mut Source<'_>, text: &Text) {
    if !is_repository_path(&text.text) {
        let hint = "it has small letters, digits, `.`, `_` and `-`, without host, tag or digest";
        source.wrong_with_hint(text.at, "this is no part of a repository's name", hint);
    }
}

/// A tag.
pub(super) fn tag(source: &mut Source<'_>, text: &Text) -> Option<String> {
    if Tag::parse(&text.text).is_ok() {
        return Some(text.text.clone());
    }
    let hint = "a tag has letters, digits, `_`, `.` and `-`, 128 at most";
    source.wrong_with_hint(text.at, format!("`{}` is no tag", mask_logins(&text.text)), hint);
    None
}

/// An architecture, by either of its names.
pub(super) fn arch(source: &mut Source<'_>, name: &str, at: Location) -> Option<Arch> {
    let arch = Arch::parse(name);
    if arch.is_none() {
        let hint = format!("the architectures are {}; `arm64` and `amd64` are known too", arches());
        source.wrong_with_hint(at, format!("unknown architecture `{}`", mask_logins(name)), hint);
    }
    arch
}

fn arches() -> String {
    listed(&Arch::ALL.map(Arch::brew))
}

/// A list of architectures, each once; at least one.
pub(super) fn arch_list(source: &mut Source<'_>, fields: &mut Fields, name: &str) -> Option<Vec<Arch>> {
    let node = fields.take(name)?;
    let (at, before) = (node.referenced, source.findings.len());
    let mut found: Vec<Arch> = Vec::new();
    for item in super::fields::items(source, name, node) {
        let Some(word) = text(source, name, item) else { continue };
        let Some(arch) = arch(source, &word.text, word.at) else { continue };
        if found.contains(&arch) {
            source.wrong(word.at, format!("`{arch}` is there twice"));
        } else {
            found.push(arch);
        }
    }
    if found.is_empty() && source.findings.len() == before {
        source.wrong_with_hint(
            at,
            format!("`{name}` is empty"),
            format!("the architectures are {}", arches()),
        );
    }
    Some(found)
}

/// A mapping by architecture.
pub(super) fn by_arch<T>(
    source: &mut Source<'_>,
    entries: Entries,
    mut read: impl FnMut(&mut Source<'_>, &str, Node) -> Option<T>,
) -> BTreeMap<Arch, T> {
    let mut found = BTreeMap::new();
    for (key, node) in entries {
        let Some(arch) = arch(source, &key.value, key.referenced) else { continue };
        let Some(value) = read(source, &key.value, node) else { continue };
        if found.insert(arch, value).is_some() {
            source.wrong(key.referenced, format!("`{arch}` is there twice, once by its name in Go"));
        }
    }
    found
}

/// A mapping of architectures to images.
pub(super) fn images_by_arch(
    source: &mut Source<'_>,
    entries: Entries,
    mut read: impl FnMut(&mut Source<'_>, &Text) -> Option<ImageRef>,
) -> BTreeMap<Arch, ImageRef> {
    by_arch(source, entries, |source, name, node| {
        let text = text(source, name, node)?;
        read(source, &text)
    })
}

/// Names that may be there once.
#[derive(Debug, Default)]
pub(super) struct Names(HashMap<String, u32>);

impl Names {
    /// Says that `name` was there before, if it was.
    pub(super) fn add(&mut self, source: &mut Source<'_>, name: &str, at: Location) {
        let line = source.span(at).line;
        if let Some(first) = self.0.get(name) {
            let message = format!("`{}` is there twice: line {first} has it too", mask_logins(name));
            source.wrong_with_hint(at, message, "names are unique: rename one or take it out");
        } else {
            self.0.insert(name.to_owned(), line);
        }
    }
}
