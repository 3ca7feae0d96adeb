//! `permits`: which inconsistencies are allowed.

use std::sync::Arc;

use super::fields::{Fields, Text};
use crate::model::Severity;
use crate::nightly::payload::{ImageDefinition, Rhcos, RpmDefinition};
use crate::nightly::{Code, Permit};
use crate::redact::mask_logins;
use crate::yaml::{Node, Source};

const KEYS: [&str; 3] = ["code", "component", "why"];
/// What issues are about that are about no part that the file names.
const OTHERS: [&str; 3] = ["rhcos", "general", "reference-releases"];

/// The permits of the list `name`. What they name as components is added to `components`.
pub(super) fn read(
    source: &mut Source<'_>,
    fields: &mut Fields,
    name: &str,
    components: &mut Vec<Text>,
) -> Vec<Permit> {
    let items = fields.list(source, name);
    items.into_iter().filter_map(|item| permit(source, item, components)).collect()
}

fn permit(source: &mut Source<'_>, node: Node, components: &mut Vec<Text>) -> Option<Permit> {
    let mut fields = Fields::of(source, node, "permit", &KEYS)?;
    let code = fields.needed_text(source, "code", "OUTDATED_RPMS_IN_STREAM_BUILD");
    let component = fields.needed_text(source, "component", "\"*\"");
    let why = fields.text(source, "why").map(|text| Arc::from(text.text));
    let code = code.and_then(|text| Coded::of(source, &text));
    let component = component?;
    let code = code?.0;
    if code == Some(Code::ConflictingInheritedDependency) && component.text == "rhcos" {
        let hint = "name the image that is meant, or `\"*\"`, which covers RHCOS too";
        let message = format!("{} cannot be permitted for RHCOS", Code::ConflictingInheritedDependency);
        source.wrong_with_hint(component.at, message, hint);
    }
    let is_any = component.text == "*";
    let place = source.place(fields.at);
    let permit = Permit { code, component: (!is_any).then(|| component.text.as_str().into()), why, place };
    if !is_any {
        components.push(component);
    }
    Some(permit)
}

/// What a permit is for; none is every code.
struct Coded(Option<Code>);

impl Coded {
    fn of(source: &mut Source<'_>, text: &Text) -> Option<Self> {
        let name = text.text.as_str();
        if name == "*" {
            return Some(Self(None));
        }
        let code = Code::of_name(name);
        match code {
            Some(Code::Impermissible) => {
                let hint = "what it is about must be put right";
                source.wrong_with_hint(text.at, "IMPERMISSIBLE cannot be permitted", hint);
            }
            Some(_) => return Some(Self(code)),
            None => {
                source.wrong_with_hint(text.at, format!("unknown code `{}`", mask_logins(name)), hint(name));
            }
        }
        None
    }
}

fn hint(name: &str) -> String {
    if let Some(code) = Code::of_name(&name.to_ascii_uppercase()) {
        return format!("write `{code}`: case counts");
    }
    let codes: Vec<_> = Code::ALL[1..].iter().map(|code| code.name()).collect();
    format!("the codes are `*`, {}", codes.join(", "))
}

/// Says which permits are of a part that is nowhere in the payload: nothing was ever found by them.
pub(super) fn odd(
    source: &mut Source<'_>,
    components: &[Text],
    images: &[ImageDefinition],
    rhcos: &Rhcos,
    rpms: &[RpmDefinition],
) {
    let required = rhcos.require_consistency.values().flat_map(|images| images.keys());
    let containers = rhcos.containers.iter().map(|container| &container.name);
    let names = images.iter().map(|image| &image.name).chain(required).chain(containers);
    let mut known: Vec<&str> = names.chain(rpms.iter().map(|rpm| &rpm.name)).map(|name| &**name).collect();
    // Embargoed content is told by the name of the repository, which ends at the first dot.
    known.extend(images.iter().filter_map(|image| image.name.split_once('.').map(|(name, _)| name)));
    known.extend(OTHERS);
    for component in components.iter().filter(|component| !known.contains(&component.text.as_str())) {
        let message = format!("no part of this payload is called `{}`", mask_logins(&component.text));
        let finding = source.find(Severity::Warning, component.at, message);
        finding.hint =
            Some("a component is the `name` of an image, `rhcos`, …, or `\"*\"`; no patterns".into());
    }
}
