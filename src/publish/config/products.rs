//! What is said of single products.

use std::collections::BTreeMap;

use super::ProductSettings;
use super::fields::Fields;
use crate::publish::batch::{Plain, Selection};
use crate::publish::names::ReleaseVersion;
use crate::yaml::{Node, Source, Value};

const KEYS: [&str; 4] = ["minimum", "include", "exclude", "source_template"];

/// All of them, by name.
pub(super) fn read(fields: &mut Fields<'_, '_>) -> BTreeMap<String, ProductSettings> {
    let Some(node) = fields.take("products") else { return BTreeMap::new() };
    let Value::Map(entries) = node.value else {
        fields.source.wrong(node.referenced, "`products` is a mapping of products to what is said of them");
        return BTreeMap::new();
    };
    entries.into_iter().map(|(name, node)| (name.value, product(fields.source, node))).collect()
}

fn product(source: &mut Source<'_>, node: Node) -> ProductSettings {
    let mut fields = Fields::of(source, node, &KEYS);
    let minimum = fields.read("minimum", "a version of three numbers, such as `7.1.3`", Plain::parse);
    let versions = Selection {
        minimum,
        include: versions(&mut fields, "include"),
        exclude: versions(&mut fields, "exclude"),
    };
    ProductSettings { versions, source_template: fields.parsed("source_template") }
}

fn versions(fields: &mut Fields<'_, '_>, name: &str) -> Vec<ReleaseVersion> {
    let mut versions = Vec::new();
    for text in fields.texts(name) {
        match ReleaseVersion::parse(&text.value) {
            Ok(version) => versions.push(version),
            Err(error) => fields.source.wrong(text.at, error.to_string()),
        }
    }
    versions
}
