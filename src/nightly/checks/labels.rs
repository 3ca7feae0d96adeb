//! Whether the images are those that the payload file says: its NVR against the labels of each image.
//!
//! A difference is an error of the file, which nothing permits.

use std::sync::Arc;

use super::{CheckInput, Found, HardError};
use crate::nightly::inspected::InspectedBuild;
use crate::nightly::payload::Nvr;

const ADVICE: &str = "correct `nvr` or `pullspec`: they are of different builds";
/// A label, and the part of an NVR that it has.
type Label = (&'static str, fn(&Nvr) -> &Arc<str>);
const LABELS: [Label; 3] = [
    ("com.redhat.component", |nvr| &nvr.name),
    ("version", |nvr| &nvr.version),
    ("release", |nvr| &nvr.release),
];

pub(super) fn check(order: &CheckInput<'_>) -> Found {
    let mut found = Found::default();
    for member in &order.inspected.members {
        for build in member.build.iter().chain(&member.public_build) {
            compare(order, &member.definition.name, build, &mut found);
        }
    }
    found
}

fn compare(order: &CheckInput<'_>, name: &str, build: &InspectedBuild, found: &mut Found) {
    let nvr = &build.build.nvr;
    for (arch, image) in &build.images {
        let absent: Vec<_> = LABELS
            .iter()
            .filter(|(label, _)| !image.labels.contains_key(*label))
            .map(|(label, _)| *label)
            .collect();
        let differs =
            |(label, part): &Label| image.labels.get(*label).is_some_and(|value| **value != **part(nvr));
        if LABELS.iter().any(differs) {
            let [component, version, release] =
                LABELS.map(|(label, _)| image.labels.get(label).map_or("?", String::as_str));
            let message = format!(
                "the payload file says that `{name}` is {nvr}, and by its labels the image for {arch}, {}, is \
                 {component}-{version}-{release}",
                image.image
            );
            found.errors.push(HardError { origin: order.line(build.build.line), message, advice: ADVICE });
        } else if !absent.is_empty() {
            let message = format!(
                "{nvr} of `{name}` was not wholly compared with its image for {arch}, {}, which lacks the labels {}",
                image.image,
                absent.join(", ")
            );
            found.warnings.push(message);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nightly::sample::{Case, edit_build, member};
    use crate::nightly::{Arch, inspected::Member};

    fn relabelled(name: &str, value: Option<&str>) -> Member {
        let mut member = member("etcd");
        edit_build(&mut member, |build| {
            let labels = &mut build.images.get_mut(&Arch::S390x).unwrap().labels;
            match value {
                Some(value) => labels.insert(name.to_owned(), value.to_owned()),
                None => labels.remove(name),
            };
        });
        member
    }

    // 18.117
    #[test]
    fn a_label_that_differs_from_the_nvr_is_an_error_that_names_both() {
        for (label, value) in
            [("com.redhat.component", "cli-container"), ("version", "v4.18.0"), ("release", "1")]
        {
            let found = Case::of([relabelled(label, Some(value))]).run(check);
            let [error] = &found.errors[..] else { panic!("{:?}", found.errors) };
            assert!(error.message.contains(value) && error.message.contains("s390x"), "{error}");
            assert!(error.message.contains("etcd-container-v4.19.0-202501010000.p2"), "{error}");
            assert_eq!(error.origin.to_string(), "payload.yaml:21");
            assert_eq!((found.issues.len(), found.warnings.len()), (0, 0), "no permit can have a say");
        }
    }

    #[test]
    fn a_label_that_is_missing_is_a_warning() {
        let found = Case::of([relabelled("release", None)]).run(check);
        assert_eq!((found.errors.len(), found.warnings.len()), (0, 1));
        assert!(found.warnings[0].contains("release") && found.warnings[0].contains("etcd"));
    }

    #[test]
    fn labels_that_agree_are_not_spoken_of_and_those_of_the_public_build_count_too() {
        assert!(Case::of([member("etcd")]).run(check).warnings.is_empty());
        let mut member = member("etcd");
        member.public_build = relabelled("version", Some("v3")).build;
        assert_eq!(Case::of([member]).run(check).errors.len(), 1);
    }
}
