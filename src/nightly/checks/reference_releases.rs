//! `IMPERMISSIBLE`: the payload is not what a release that it refers to is.
//!
//! Only what the release has is compared: a payload may have more.

use std::sync::Arc;

use super::{CheckInput, Found, HardError};
use crate::model::{Digest, Reference as Written};
use crate::nightly::arch::Arch;
use crate::nightly::facts::{Reference, ReferenceRelease};
use crate::nightly::issue::Code;

/// By which name permits and reports know these issues.
const COMPONENT: &str = "reference-releases";

pub(super) fn check(order: &CheckInput<'_>) -> Found {
    let mut found = Found::default();
    for arch in order.arches {
        if !order.payload.assembly.reference_releases.contains_key(arch) {
            continue;
        }
        match order.references.get(arch) {
            Some(Reference::Release(release)) => compare_release(order, *arch, release, &mut found),
            Some(Reference::Unreadable(why)) => {
                let message = format!("the reference release for {arch} cannot be read: {why}");
                found.issue(Code::Impermissible, COMPONENT, message);
            }
            None => {
                found.undone(Code::Impermissible, format!("the reference release for {arch} was not read"));
            }
        }
    }
    found
}

fn compare_release(order: &CheckInput<'_>, arch: Arch, release: &ReferenceRelease, found: &mut Found) {
    let wanted = order.payload.version;
    let name = release.name.as_deref().unwrap_or("without a name");
    if !name.starts_with(&format!("{wanted}.")) {
        let message = format!("the reference release for {arch} is {name}, and the payload is of {wanted}");
        found.issue(Code::Impermissible, COMPONENT, message);
    }
    if release.tags.is_empty() {
        let message = format!("the reference release for {arch}, {name}, has no tags");
        found.issue(Code::Impermissible, COMPONENT, message);
    }
    for (tag, image) in &release.tags {
        compare_tag(order, (arch, name), (tag, image), found);
    }
}

fn compare_tag(
    order: &CheckInput<'_>,
    (arch, name): (Arch, &str),
    (tag, image): (&str, &str),
    found: &mut Found,
) {
    let digest = Written::parse(image).ok().and_then(|reference| reference.digest);
    let Some(digest) = digest else {
        let message = format!(
            "the tag `{tag}` of the reference release for {arch}, {name}, names no digest: `{image}`"
        );
        return wrong_release(order, message, found);
    };
    match standing(order, arch, tag) {
        Standing::Is(digests) if digests.contains(&&digest) => {}
        Standing::Is(digests) => {
            let is = digests.first().map_or("nothing", |digest| digest.as_str());
            let message = format!(
                "the tag `{tag}` for {arch} is {is}, and in the reference release {name} it is {digest}"
            );
            found.issue(Code::Impermissible, COMPONENT, message);
        }
        Standing::Nothing => {
            let message = format!(
                "the tag `{tag}` for {arch} is nothing, and in the reference release {name} it is {digest}"
            );
            found.issue(Code::Impermissible, COMPONENT, message);
        }
        Standing::NotAsked => {
            let why =
                format!("the tag `{tag}` of the reference release for {arch}: its image was not asked for");
            found.undone(Code::Impermissible, why);
        }
        Standing::Unknown => {
            let message = format!(
                "the reference release for {arch}, {name}, has the tag `{tag}`, which the payload file does not know"
            );
            wrong_release(order, message, found);
        }
    }
}

fn wrong_release(order: &CheckInput<'_>, message: String, found: &mut Found) {
    let advice = "name another release under `reference_releases`, or define what it has";
    found.errors.push(HardError { origin: order.line(0), message, advice });
}

/// What a payload has under a tag.
enum Standing<'a> {
    /// The image by these digests: its own, and that of the index that it is in.
    Is(Vec<&'a Digest>),
    /// No image.
    Nothing,
    /// An image that was left out of this run.
    NotAsked,
    /// No definition would ever make this tag.
    Unknown,
}

fn standing<'a>(order: &CheckInput<'a>, arch: Arch, tag: &str) -> Standing<'a> {
    let payload = order.payload;
    if payload.rhcos.containers.iter().any(|container| &*container.name == tag) {
        let image = order.inspected.rhcos.get(&arch).and_then(|images| images.get(tag));
        return match image.map(|image| &image.version) {
            Some(crate::model::Version::Digest(digest)) => Standing::Is(vec![digest]),
            _ => Standing::Nothing,
        };
    }
    if let Some(name) = order.tags.get(&arch).and_then(|tags| tags.get(tag)) {
        let build = order.member(name).and_then(|member| member.build.as_ref());
        let image = build.and_then(|build| Some((build, build.images.get(&arch)?)));
        return image.map_or(Standing::Nothing, |(build, image)| {
            Standing::Is(std::iter::once(&image.digest).chain(&build.list).collect())
        });
    }
    let definitions = payload.images.iter().filter(|image| image.is_for_payload && image.is_for_release);
    let names: Vec<&Arc<str>> =
        definitions.filter(|image| image.tag() == tag).map(|image| &image.name).collect();
    if names.is_empty() {
        Standing::Unknown
    } else if names.iter().any(|name| order.member(name).is_some()) {
        Standing::Nothing
    } else {
        Standing::NotAsked
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nightly::sample::{Case, image_ref, member};

    /// A payload of `etcd` and `cli`, and a release with `tags`.
    fn case(name: &str, tags: &[(&str, String)]) -> Case {
        let mut case = Case::of([member("etcd"), member("cli")]);
        case.payload.arches = vec![Arch::X86_64];
        let release = image_ref(&format!("quay.io/release@{}", Digest::of(b"release")));
        case.payload.assembly.reference_releases.insert(Arch::X86_64, release);
        let tags = tags.iter().map(|(tag, image)| ((*tag).into(), image.as_str().into())).collect();
        let release = ReferenceRelease { name: Some(name.into()), tags };
        case.references.insert(Arch::X86_64, Reference::Release(release));
        case
    }

    fn etcd() -> String {
        let build = member("etcd").build.unwrap();
        format!("quay.io/elsewhere@{}", build.images[&Arch::X86_64].digest)
    }

    fn other() -> String {
        format!("quay.io/elsewhere@{}", Digest::of(b"other"))
    }

    const NAME: &str = "4.19.0-0.nightly-2025-01-01-000000";

    fn components(case: &Case) -> Vec<(Code, String)> {
        let found = case.run(check);
        assert!(found.errors.is_empty(), "{:?}", found.errors);
        found.issues.into_iter().map(|issue| (issue.code, issue.component.to_string())).collect()
    }

    #[test]
    fn a_payload_that_is_the_release_and_more_is_no_issue() {
        assert_eq!(components(&case(NAME, &[("etcd", etcd())])), []);
    }

    #[test]
    fn each_deviation_is_impermissible() {
        let deviation = [(Code::Impermissible, COMPONENT.to_owned())];
        assert_eq!(components(&case(NAME, &[("etcd", other())])), deviation);
        assert_eq!(components(&case("4.18.7", &[("etcd", etcd())])), deviation, "another version");
        assert_eq!(components(&case("4.190.0", &[("etcd", etcd())])), deviation, "another version");
        assert_eq!(components(&case(NAME, &[])), deviation, "no tags");
    }

    #[test]
    fn a_release_that_cannot_be_read_is_impermissible_and_says_why() {
        let mut case = case(NAME, &[]);
        case.references.insert(Arch::X86_64, Reference::Unreadable("503".into()));
        let issues = case.run(check).issues;
        assert!(issues.len() == 1 && issues[0].message.contains("503"));
        case.references.clear();
        assert_eq!(case.run(check).undone.len(), 1, "not read at all is no pass either");
    }

    #[test]
    fn a_tag_without_a_digest_or_that_no_definition_makes_is_an_error() {
        for (tag, image) in [("etcd", "quay.io/elsewhere:v1".to_owned()), ("stranger", other())] {
            let found = case(NAME, &[(tag, image)]).run(check);
            assert_eq!((found.issues.len(), found.errors.len()), (0, 1), "{tag}");
            assert!(found.errors[0].message.contains(tag));
        }
    }

    #[test]
    fn an_image_that_was_left_out_of_the_run_is_not_compared_and_that_is_said() {
        let mut case = case(NAME, &[("cli", other())]);
        case.inspected.members.truncate(1);
        let found = case.run(check);
        assert_eq!((found.issues.len(), found.errors.len(), found.undone.len()), (0, 0, 1));
    }

    #[test]
    fn rhcos_is_compared_too() {
        let mut case = case(NAME, &[("rhel-coreos", other())]);
        let container = crate::nightly::payload::RhcosContainer {
            name: "rhel-coreos".into(),
            is_primary: true,
            images: std::collections::BTreeMap::new(),
            line: 1,
        };
        case.payload.rhcos.containers = vec![container];
        assert_eq!(components(&case).len(), 1, "there is none");
        let images = case.inspected.rhcos.entry(Arch::X86_64).or_default();
        images.insert("rhel-coreos".into(), image_ref(&other()));
        assert_eq!(components(&case), []);
    }
}
