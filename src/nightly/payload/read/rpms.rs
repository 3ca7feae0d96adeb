//! `rpms`: what is built beside the images.

use std::sync::Arc;

use super::fields::Fields;
use super::images::key;
use super::values::{self, Names};
use crate::nightly::payload::{RpmBuild, RpmDefinition};
use crate::yaml::{Node, Source};

/// The RPMs, with unique names.
pub(super) fn read(source: &mut Source<'_>, file: &mut Fields) -> Vec<RpmDefinition> {
    let mut names = Names::default();
    let items = file.list(source, "rpms");
    items.into_iter().filter_map(|item| rpm(source, item, &mut names)).collect()
}

fn rpm(source: &mut Source<'_>, node: Node, names: &mut Names) -> Option<RpmDefinition> {
    let mut fields = Fields::of(source, node, "RPM definition", &["name", "git_url", "builds"])?;
    let name = key(source, &mut fields, "openshift");
    if let Some(name) = &name {
        names.add(source, &name.text, name.at);
    }
    let git_url = fields.text(source, "git_url").map(|text| text.text.into());
    let mut targets = Names::default();
    let items = fields.list(source, "builds");
    let builds = items.into_iter().filter_map(|item| build(source, item, &mut targets)).collect();
    Some(RpmDefinition { name: name?.text.into(), git_url, builds })
}

fn build(source: &mut Source<'_>, node: Node, targets: &mut Names) -> Option<RpmBuild> {
    let mut fields = Fields::of(source, node, "build of an RPM", &["el", "nvr", "release"])?;
    let el = fields.needed_number(source, "el", "9");
    if let Some(el) = el {
        targets.add(source, &format!("el: {el}"), fields.at);
    }
    let nvr = fields.needed_text(source, "nvr", "NAME-VERSION-RELEASE");
    let nvr = nvr.and_then(|text| values::nvr(source, &text));
    let release = fields.text(source, "release").map(|text| text.text.into());
    let nvr = nvr?;
    let release = release.unwrap_or_else(|| Arc::clone(&nvr.release));
    Some(RpmBuild { el: el?, nvr, release })
}
