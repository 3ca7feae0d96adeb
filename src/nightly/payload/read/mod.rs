//! Reads the payload file: its sections, a file each, and everything that is wrong with them.

mod assembly;
mod builds;
mod fields;
mod images;
mod permits;
mod places;
mod rhcos;
mod rpms;
mod values;

use std::sync::Arc;

use serde_yaml::Location;

use self::fields::Fields;
use super::{BuildSystem, ImageDefinition, Payload, Version};
use crate::model::{Finding, Severity};
use crate::nightly::Arch;
use crate::nightly::embargo::is_flagged;
use crate::yaml::{Node, Source};

/// What findings about payload files are called.
pub(super) const CODE: &str = "payload";
const SCHEMA: &str = "payload/v1";
const KEYS: [&str; 13] = [
    "schema",
    "version",
    "assembly",
    "arches",
    "build_system",
    "embargo",
    "destination",
    "imagestream",
    "substitute_tag",
    "multi_arch",
    "images",
    "rhcos",
    "rpms",
];
const SYSTEMS: [(&str, BuildSystem); 2] = [("konflux", BuildSystem::Konflux), ("brew", BuildSystem::Brew)];

/// See [`Payload::read`].
pub(super) fn read(file: &Arc<str>, text: &str) -> Result<Payload, Vec<Finding>> {
    let mut source = Source::new(Arc::clone(file), text, CODE);
    let payload = source.parse().and_then(|node| of_file(&mut source, node));
    let mut findings = source.findings;
    findings.sort_by_key(|finding| (finding.line(), finding.span.as_ref().map_or(0, |span| span.column)));
    match payload {
        Some(payload) if !findings.iter().any(Finding::is_error) => Ok(Payload { findings, ..payload }),
        _ => Err(findings),
    }
}

fn of_file(source: &mut Source<'_>, node: Node) -> Option<Payload> {
    let mut file = Fields::of(source, node, "payload file", &KEYS)?;
    if !is_known_schema(source, &mut file) {
        return None;
    }
    let version = version(source, &mut file);
    let assembly = assembly::read(source, &mut file);
    let arches = arches(source, &mut file);
    let build_system =
        file.text(source, "build_system").and_then(|text| values::word(source, &text, &SYSTEMS));
    let without_embargoes = without_embargoes(source, &mut file);
    let destination = places::destination(source, &mut file, version);
    let name = assembly.as_ref().map(|(assembly, _)| &*assembly.name);
    let imagestream = places::imagestream(source, &mut file, name);
    let substitute = file.text(source, "substitute_tag").and_then(|text| values::tag(source, &text));
    let multi_arch = places::multi_arch(source, &mut file);
    let images = images::read(source, &mut file, &arches);
    if let Some(at) = without_embargoes {
        embargoed_all_the_same(source, at, &images);
    }
    let rhcos = rhcos::read(source, &mut file, assembly.as_ref().map(|(assembly, _)| assembly.kind));
    let rpms = rpms::read(source, &mut file);
    let (assembly, components) = assembly?;
    permits::odd(source, &components, &images, &rhcos, &rpms);
    Some(Payload {
        file: Arc::clone(&source.name),
        version: version?,
        assembly,
        arches,
        build_system: build_system.unwrap_or(BuildSystem::Konflux),
        has_embargoes: without_embargoes.is_none(),
        destination: destination?,
        imagestream,
        substitute_tag: substitute.unwrap_or_else(|| "pod".to_owned()).into(),
        multi_arch,
        images,
        rhcos,
        rpms,
        findings: Vec::new(),
    })
}

/// Says that the file is of another format. What else is in it then means nothing.
fn is_known_schema(source: &mut Source<'_>, file: &mut Fields) -> bool {
    let Some(schema) = file.needed_text(source, "schema", SCHEMA) else { return true };
    if schema.text != SCHEMA {
        let hint = format!("write `schema: {SCHEMA}`, if it is one");
        source.wrong_with_hint(schema.at, format!("this program reads {SCHEMA}"), hint);
    }
    schema.text == SCHEMA
}

fn version(source: &mut Source<'_>, file: &mut Fields) -> Option<Version> {
    let text = file.needed_text(source, "version", "\"4.19\"")?;
    let version = text.text.parse();
    version.map_err(|error: super::NoVersion| source.wrong(text.at, error.to_string())).ok()
}

fn arches(source: &mut Source<'_>, file: &mut Fields) -> Vec<Arch> {
    let before = source.findings.len();
    let arches = values::arch_list(source, file, "arches");
    if arches.is_none() && source.findings.len() == before {
        let hint = "add `arches: [x86_64, s390x, ppc64le, aarch64]`";
        source.wrong_with_hint(file.at, "`arches` is missing here", hint);
    }
    arches.unwrap_or_default()
}

/// Builds can be embargoed unless the file says that none can: where it does.
fn without_embargoes(source: &mut Source<'_>, file: &mut Fields) -> Option<Location> {
    let mut fields = file.section(source, "embargo", &["enabled"])?;
    let is_enabled = fields.truth(source, "enabled").unwrap_or(true);
    (!is_enabled).then_some(fields.at)
}

/// Says which builds are embargoed in a file that says, at `at`, that none are.
fn embargoed_all_the_same(source: &mut Source<'_>, at: Location, images: &[ImageDefinition]) {
    for image in images {
        let builds = image.build.iter().chain(&image.public_build);
        for build in builds {
            let (name, line) = (&image.name, build.line);
            let of = format!("this says that nothing is embargoed, and the build of `{name}` on line {line}");
            if build.is_embargoed == Some(true) {
                let hint = "take one of them out: as it stands it would become public";
                source.wrong_with_hint(at, format!("{of} says `embargoed: true`"), hint);
            } else if build.is_embargoed.is_none() && is_flagged(&build.nvr) {
                let message = format!("{of} has a release that says it is: it becomes public");
                source.find(Severity::Warning, at, message);
            }
        }
    }
}
