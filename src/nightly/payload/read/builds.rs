//! Builds of images.

use std::sync::Arc;

use super::fields::{Fields, text};
use super::values;
use crate::nightly::payload::{Build, Nvr};
use crate::redact::mask_logins;
use crate::yaml::Source;

const KEYS: [&str; 7] = ["nvr", "pullspec", "arch_pullspecs", "embargoed", "hermetic", "commit", "packages"];

/// The build `name` of an image. None: there is none, or it is wrong, which is then said.
pub(super) fn read(source: &mut Source<'_>, image: &mut Fields, name: &str) -> Option<Build> {
    let mut fields = image.section(source, name, &KEYS)?;
    let nvr = fields.needed_text(source, "nvr", "NAME-VERSION-RELEASE");
    let nvr = nvr.and_then(|text| values::nvr(source, &text));
    let pullspec = fields.needed_text(source, "pullspec", "quay.io/…@sha256:…");
    let pullspec = pullspec.and_then(|text| values::image(source, &text));
    let entries = fields.map(source, "arch_pullspecs");
    let arch_pullspecs = values::images_by_arch(source, entries, values::image);
    let is_embargoed = fields.truth(source, "embargoed");
    let is_hermetic = fields.truth(source, "hermetic");
    let commit = commit(source, &mut fields);
    let packages = packages(source, &mut fields);
    let line = source.span(fields.at).line;
    Some(Build {
        nvr: nvr?,
        pullspec: pullspec?,
        arch_pullspecs,
        is_embargoed,
        is_hermetic,
        commit,
        packages,
        line,
    })
}

fn commit(source: &mut Source<'_>, fields: &mut Fields) -> Option<Arc<str>> {
    let commit = fields.text(source, "commit")?;
    if commit.text.bytes().all(|b| b.is_ascii_hexdigit()) {
        return Some(commit.text.into());
    }
    let message = format!("`{}` is no commit", mask_logins(&commit.text));
    source.wrong_with_hint(commit.at, message, "write its hexadecimal digits");
    None
}

fn packages(source: &mut Source<'_>, fields: &mut Fields) -> Option<Vec<Nvr>> {
    let node = fields.take("packages")?;
    let mut found = Vec::new();
    for item in super::fields::items(source, "packages", node) {
        let text = text(source, "packages", item);
        found.extend(text.and_then(|text| values::nvr(source, &text)));
    }
    Some(found)
}
