//! `images`: what the payload is made of.

use std::sync::Arc;

use serde_yaml::Location;

use super::builds;
use super::fields::{Fields, Text};
use super::values::{self, Names};
use crate::model::Tag;
use crate::nightly::Arch;
use crate::nightly::payload::{ImageDefinition, SourceDefinition};
use crate::redact::mask_logins;
use crate::yaml::{Node, Source};

const KEYS: [&str; 11] = [
    "name",
    "image_name",
    "payload_tag",
    "for_payload",
    "for_release",
    "base_only",
    "arches",
    "source",
    "network_mode",
    "build",
    "public_build",
];

/// The images, with unique names; `arches` are those of the payload.
pub(super) fn read(source: &mut Source<'_>, file: &mut Fields, arches: &[Arch]) -> Vec<ImageDefinition> {
    let such_as = "[{name: openshift-enterprise-pod, image_name: openshift/ose-pod, build: …}]";
    let Some(node) = file.needed(source, "images", such_as) else { return Vec::new() };
    let (at, before) = (node.referenced, source.findings.len());
    let items = super::fields::items(source, "images", node);
    if items.is_empty() && source.findings.len() == before {
        source.wrong(at, "`images` is empty: there is no payload without an image");
    }
    let mut names = Names::default();
    items.into_iter().filter_map(|item| image(source, item, arches, &mut names)).collect()
}

fn image(source: &mut Source<'_>, node: Node, arches: &[Arch], names: &mut Names) -> Option<ImageDefinition> {
    let mut fields = Fields::of(source, node, "image definition", &KEYS)?;
    let at = fields.at;
    let name = key(source, &mut fields, "openshift-enterprise-pod");
    if let Some(name) = &name {
        names.add(source, &name.text, name.at);
    }
    let image_name = fields.needed_text(source, "image_name", "openshift/ose-pod");
    let payload_tag = fields.text(source, "payload_tag");
    let payload_tag = payload_tag.and_then(|text| values::tag(source, &text)).map(Arc::from);
    let is_for_payload = for_payload(source, &mut fields, at);
    let is_for_release = fields.truth(source, "for_release").unwrap_or(true);
    let own_arches = own_arches(source, &mut fields, arches);
    let origin = origin(source, &mut fields);
    let mode = fields.text(source, "network_mode");
    let mode = mode.and_then(|text| values::word(source, &text, &[("open", false), ("hermetic", true)]));
    let build = builds::read(source, &mut fields, "build");
    let public_build = builds::read(source, &mut fields, "public_build");
    let image_name = image_name?;
    let definition = ImageDefinition {
        name: name?.text.into(),
        image_name: image_name.text.as_str().into(),
        payload_tag,
        is_for_payload,
        is_for_release,
        arches: own_arches,
        source: origin,
        is_hermetic: mode.unwrap_or(false),
        build,
        public_build,
        line: source.span(at).line,
    };
    if Tag::parse(definition.tag()).is_err() {
        let message =
            format!("`{}` makes no tag: it is what follows the last `/`", mask_logins(&image_name.text));
        source.wrong_with_hint(image_name.at, message, "write the tag that is meant as `payload_tag`");
    }
    Some(definition)
}

/// The name of a definition, by which lists (IMAGES) and permits name it.
pub(super) fn key(source: &mut Source<'_>, fields: &mut Fields, such_as: &str) -> Option<Text> {
    let name = fields.needed_text(source, "name", such_as)?;
    let fits = |c: char| c.is_ascii_graphic() && c != ',';
    if name.text != "*" && name.text.chars().all(fits) {
        return Some(name);
    }
    let hint = "lists and permits name it: no blanks, no commas, and more than `*`";
    source.wrong_with_hint(name.at, format!("nothing can be called `{}`", mask_logins(&name.text)), hint);
    None
}

fn for_payload(source: &mut Source<'_>, fields: &mut Fields, at: Location) -> bool {
    let is_for_payload = fields.truth(source, "for_payload").unwrap_or(false);
    if fields.truth(source, "base_only").unwrap_or(false) && is_for_payload {
        let message = "an image that is only a base (`base_only`) cannot be for the payload (`for_payload`)";
        source.wrong_with_hint(at, message, "take one of them out");
    }
    is_for_payload
}

/// Those of the image, of which the payload has at least one.
fn own_arches(source: &mut Source<'_>, fields: &mut Fields, arches: &[Arch]) -> Option<Vec<Arch>> {
    let at = fields.at;
    let own = values::arch_list(source, fields, "arches")?;
    let is_apart = !own.is_empty() && !arches.is_empty() && own.iter().all(|arch| !arches.contains(arch));
    if is_apart {
        let message = "this image is for no architecture of the payload";
        source.wrong_with_hint(at, message, "add one to its `arches`, or take the image out");
    }
    Some(own)
}

fn origin(source: &mut Source<'_>, fields: &mut Fields) -> SourceDefinition {
    let known = ["git_url", "allow_mismatched_siblings"];
    let Some(mut fields) = fields.section(source, "source", &known) else {
        return SourceDefinition::default();
    };
    SourceDefinition {
        git_url: fields.text(source, "git_url").map(|text| text.text.into()),
        allows_mismatched_siblings: fields.truth(source, "allow_mismatched_siblings").unwrap_or(false),
    }
}
