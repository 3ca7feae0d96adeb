//! `assembly`: what is put together, and by which rules.

use std::sync::Arc;

use super::fields::{Fields, Text};
use super::{permits, values};
use crate::nightly::payload::{Assembly, AssemblyType, Phase, is_assembly_name};
use crate::redact::mask_logins;
use crate::yaml::Source;

const KEYS: [&str; 7] =
    ["name", "type", "phase", "basis_event", "permits", "prerelease_permits", "reference_releases"];
const TYPES: [AssemblyType; 5] = [
    AssemblyType::Stream,
    AssemblyType::Standard,
    AssemblyType::Candidate,
    AssemblyType::Custom,
    AssemblyType::Preview,
];
const PHASES: [(&str, Phase); 4] = [
    ("pre-release", Phase::PreRelease),
    ("signing", Phase::Signing),
    ("release", Phase::Release),
    ("eol", Phase::Eol),
];

/// The assembly, and the components that its permits name.
pub(super) fn read(source: &mut Source<'_>, file: &mut Fields) -> Option<(Assembly, Vec<Text>)> {
    let node = file.needed(source, "assembly", "{name: stream}")?;
    let mut fields = Fields::of(source, node, "`assembly`", &KEYS)?;
    let name = name(source, &mut fields);
    let kind = fields.text(source, "type");
    let kind = kind.and_then(|text| values::word(source, &text, &TYPES.map(|kind| (kind.word(), kind))));
    let phase = fields.text(source, "phase").and_then(|text| values::word(source, &text, &PHASES));
    let basis_event = fields.text(source, "basis_event").map(|text| Arc::from(text.text));
    let mut components = Vec::new();
    let permits = permits::read(source, &mut fields, "permits", &mut components);
    let prerelease_permits = permits::read(source, &mut fields, "prerelease_permits", &mut components);
    let releases = fields.map(source, "reference_releases");
    let reference_releases = values::images_by_arch(source, releases, |source, text| {
        values::image_by_digest(source, text, "a reference release")
    });
    let name = name?;
    let kind = kind.unwrap_or_else(|| AssemblyType::of_name(&name));
    let phase = phase.unwrap_or_default();
    let assembly =
        Assembly { name, kind, phase, basis_event, permits, prerelease_permits, reference_releases };
    Some((assembly, components))
}

fn name(source: &mut Source<'_>, fields: &mut Fields) -> Option<Arc<str>> {
    let name = fields.needed_text(source, "name", "stream")?;
    if is_assembly_name(&name.text) {
        return Some(name.text.into());
    }
    let hint = "it has letters, digits, `_`, `.` and `-`, and no `.` at either end";
    source.wrong_with_hint(name.at, format!("no assembly is called `{}`", mask_logins(&name.text)), hint);
    None
}
