//! `rhcos`: the operating system's images, their packages, and what must agree with them.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::fields::{Entries, Fields, entries, items, text};
use super::values::{self, Names};
use crate::nightly::payload::{AssemblyType, Requirements, Rhcos, RhcosContainer, RhcosRpm};
use crate::yaml::{Node, Source, Value};

/// The stream of requirements that name none.
const STREAM: &str = "rhel-coreos";

/// What the file says of RHCOS; `kind` is that of the assembly, where it is known.
pub(super) fn read(source: &mut Source<'_>, file: &mut Fields, kind: Option<AssemblyType>) -> Rhcos {
    let known = ["containers", "rpms", "require_consistency"];
    let Some(mut fields) = file.section(source, "rhcos", &known) else { return Rhcos::default() };
    let containers = containers(source, &mut fields, kind);
    let by_arch = fields.map(source, "rpms");
    let rpms = values::by_arch(source, by_arch, |source, name, node| {
        Some(items(source, name, node).into_iter().filter_map(|item| rpm(source, item)).collect())
    });
    let required = fields.map(source, "require_consistency");
    Rhcos { containers, rpms, require_consistency: requirements(source, required) }
}

fn containers(
    source: &mut Source<'_>,
    fields: &mut Fields,
    kind: Option<AssemblyType>,
) -> Vec<RhcosContainer> {
    let Some(node) = fields.take("containers") else { return Vec::new() };
    let (at, before) = (node.referenced, source.findings.len());
    let items = items(source, "containers", node);
    let is_there = !items.is_empty();
    let mut names = Names::default();
    let containers: Vec<_> =
        items.into_iter().filter_map(|item| container(source, item, kind, &mut names)).collect();
    let primary = containers.iter().filter(|container| container.is_primary).count();
    // Where something is wrong with one of them, it may be the primary one.
    if is_there && primary != 1 && (primary > 1 || source.findings.len() == before) {
        let message = format!("one container is primary, and here {primary} are");
        source.wrong_with_hint(at, message, "write `primary: true` at that of the operating system itself");
    }
    containers
}

fn container(
    source: &mut Source<'_>,
    node: Node,
    kind: Option<AssemblyType>,
    names: &mut Names,
) -> Option<RhcosContainer> {
    let mut fields = Fields::of(source, node, "container of RHCOS", &["name", "primary", "images"])?;
    let name = fields.needed_text(source, "name", STREAM);
    if let Some(name) = &name {
        names.add(source, &name.text, name.at);
    }
    let name = name.and_then(|text| values::tag(source, &text));
    let is_primary = fields.truth(source, "primary").unwrap_or(false);
    let images = fields.map(source, "images");
    let images = values::images_by_arch(source, images, |source, text| match kind {
        None | Some(AssemblyType::Stream) => values::image(source, text),
        Some(kind) => {
            let of = format!("RHCOS of an assembly of type {}", kind.word());
            values::image_by_digest(source, text, &of)
        }
    });
    let line = source.span(fields.at).line;
    Some(RhcosContainer { name: name?.into(), is_primary, images, line })
}

/// `[name, epoch, version, release, arch, stream]`.
fn rpm(source: &mut Source<'_>, node: Node) -> Option<RhcosRpm> {
    let at = node.referenced;
    let items = match node.value {
        Value::List(items) => <[Node; 6]>::try_from(items).ok(),
        _ => None,
    };
    let Some([name, epoch, version, release, arch, stream]) = items else {
        let hint = "write `[name, epoch, version, release, arch, stream]`";
        source.wrong_with_hint(at, "an RPM of RHCOS is a list of six", hint);
        return None;
    };
    let epoch = match epoch.value {
        Value::Nothing => Some(Arc::from("")),
        Value::Number(number) => Some(number.to_string().into()),
        Value::Text(ref text) if text.is_empty() => Some("".into()),
        _ => part(source, "epoch", epoch),
    };
    let (name, version) = (part(source, "name", name), part(source, "version", version));
    let release = part(source, "release", release);
    let (arch, stream) = (part(source, "arch", arch), part(source, "stream", stream));
    Some(RhcosRpm {
        name: name?,
        epoch: epoch?,
        version: version?,
        release: release?,
        arch: arch?,
        stream: stream?,
    })
}

fn part(source: &mut Source<'_>, name: &str, node: Node) -> Option<Arc<str>> {
    text(source, name, node).map(|text| text.text.into())
}

/// By stream; those that are not by stream are of `rhel-coreos`.
fn requirements(source: &mut Source<'_>, required: Entries) -> BTreeMap<Arc<str>, Requirements> {
    let is_flat = |node: &Node| matches!(node.value, Value::List(_));
    let flat = required.iter().filter(|(_, node)| is_flat(node)).count();
    if required.is_empty() {
        return BTreeMap::new();
    }
    if flat == required.len() {
        return BTreeMap::from([(STREAM.into(), packages(source, required))]);
    }
    if flat > 0 {
        let mixed = required.iter().find(|(_, node)| is_flat(node)).map(|(key, _)| key.referenced);
        if let Some(at) = mixed {
            let message = "`require_consistency` is by image or by stream, and not both";
            let hint = format!("put the images that are not below a stream below `{STREAM}:`");
            source.wrong_with_hint(at, message, hint);
        }
        return BTreeMap::new();
    }
    let mut by_stream = BTreeMap::new();
    for (key, node) in required {
        let images = entries(source, &key.value, node);
        by_stream.insert(key.value.into(), packages(source, images));
    }
    by_stream
}

fn packages(source: &mut Source<'_>, images: Entries) -> Requirements {
    let mut required = Requirements::new();
    for (image, node) in images {
        let list = items(source, &image.value, node);
        let names = list.into_iter().filter_map(|item| part(source, &image.value, item)).collect();
        required.insert(image.value.into(), names);
    }
    required
}
