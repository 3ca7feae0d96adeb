//! What is inconsistent about a payload: a check a file. Each is a pure function of what was read before.

mod embargo;
mod hermetic;
mod kernel;
mod labels;
mod reference_releases;
mod require_consistency;
mod rhcos_builds;
mod rhcos_containers;
mod rhcos_rpms;
mod rpm_siblings;
mod siblings;
mod source;
mod unknown;

pub(super) use source::commit_of;

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::hash::Hash;
use std::sync::Arc;

use super::arch::Arch;
use super::entries::Slice;
use super::facts::Reference;
use super::inspected::{Inspected, InspectedBuild, Member};
use super::issue::{Code, Issue};
use super::names::Privacy;
use super::payload::{Payload, RhcosRpm};
use crate::error::{Class, Classify};
use crate::model::Origin;

/// The name of the image definition that is under a tag, by architecture and tag; that of a stand-in where one is.
pub(super) type Tags = BTreeMap<Arch, BTreeMap<Arc<str>, Arc<str>>>;

/// [`Tags`] of the private payloads, which have whatever there is.
#[must_use]
pub(super) fn tags_of(slices: &[Slice]) -> Tags {
    let mut tags = Tags::new();
    for slice in slices.iter().filter(|slice| slice.privacy == Privacy::Private) {
        let built = slice.entries.iter().filter(|entry| entry.is_built());
        let built = built.map(|entry| (Arc::clone(&entry.tag), Arc::clone(&entry.component)));
        tags.entry(slice.arch).or_default().extend(built);
    }
    tags
}

/// What is known of a payload.
#[derive(Debug, Clone, Copy)]
pub(super) struct CheckInput<'a> {
    /// The payload.
    pub payload: &'a Payload,
    /// Its images.
    pub inspected: &'a Inspected,
    /// The architectures that take part.
    pub arches: &'a [Arch],
    /// Which image is under which tag, RHCOS left out.
    pub tags: &'a Tags,
    /// The releases that it must not differ from.
    pub references: &'a BTreeMap<Arch, Reference>,
}

/// What came of the checks.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Checked {
    /// What is inconsistent, in the order of the checks, each once.
    pub issues: Vec<Issue>,
    /// What was not checked.
    pub undone: Vec<Undone>,
    /// What no permit can allow.
    pub errors: Vec<HardError>,
    /// What is odd.
    pub warnings: Vec<String>,
    /// The images that are left out everywhere: all those of a repository of which a mismatch is permitted.
    pub excluded: BTreeSet<Arc<str>>,
}

/// A check that was not made, wholly or for a part, because nothing says what it needs.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Undone {
    /// The issues that it would find.
    pub code: Code,
    /// What was not checked, and why.
    pub why: String,
}

/// Something wrong about the input that no permit can allow.
#[derive(Debug, Clone, PartialEq, Eq, Hash, thiserror::Error)]
#[error("{message}")]
pub(super) struct HardError {
    /// Where in the payload file.
    pub origin: Origin,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub advice: &'static str,
}

impl Classify for HardError {
    fn class(&self) -> Class {
        Class::Invalid
    }

    fn advice(&self) -> Option<String> {
        Some(self.advice.to_owned())
    }
}

/// What one check found.
#[derive(Debug, Default)]
struct Found {
    issues: Vec<Issue>,
    undone: Vec<Undone>,
    errors: Vec<HardError>,
    warnings: Vec<String>,
}

impl Found {
    fn issue(&mut self, code: Code, component: &str, message: String) {
        self.issues.push(Issue { code, component: component.into(), message });
    }

    fn undone(&mut self, code: Code, why: impl Into<String>) {
        self.undone.push(Undone { code, why: why.into() });
    }
}

impl Extend<Found> for Checked {
    fn extend<T: IntoIterator<Item = Found>>(&mut self, found: T) {
        for Found { issues, undone, errors, warnings } in found {
            self.issues.extend(issues);
            self.undone.extend(undone);
            self.errors.extend(errors);
            self.warnings.extend(warnings);
        }
    }
}

type Check = fn(&CheckInput<'_>) -> Found;

/// The checks, in the order in which a report has their issues.
const IN_ORDER: [Check; 13] = [
    labels::check,
    rhcos_builds::check,
    rhcos_containers::check,
    embargo::check,
    siblings::check,
    rpm_siblings::check,
    source::check,
    hermetic::check,
    require_consistency::check,
    kernel::check,
    rhcos_rpms::check,
    reference_releases::check,
    unknown::check,
];

/// Makes all checks. Nothing is asked of anybody, and equal input gives equal output.
#[must_use]
pub(super) fn check(order: &CheckInput<'_>) -> Checked {
    let mut checked = Checked { excluded: siblings::excluded(order), ..Checked::default() };
    checked.extend(IN_ORDER.iter().map(|check| check(order)));
    once_each(&mut checked.issues);
    once_each(&mut checked.undone);
    once_each(&mut checked.errors);
    once_each(&mut checked.warnings);
    checked
}

/// Keeps the first of equal ones.
fn once_each<T: Hash + Eq + Clone>(found: &mut Vec<T>) {
    let mut seen = HashSet::new();
    found.retain(|one| seen.insert(one.clone()));
}

impl<'a> CheckInput<'a> {
    /// The images of the payload that have a build.
    fn built(&self) -> impl Iterator<Item = (&'a Member, &'a InspectedBuild)> + use<'a> {
        self.inspected.members.iter().filter_map(|member| Some((member, member.build.as_ref()?)))
    }

    /// As [`CheckInput::built`], those that are under a tag of the payload.
    fn built_for_payload(&self) -> impl Iterator<Item = (&'a Member, &'a InspectedBuild)> + use<'a> {
        self.built().filter(|(member, _)| member.definition.is_for_payload)
    }

    fn member(&self, name: &str) -> Option<&'a Member> {
        self.inspected.members.iter().find(|member| &*member.definition.name == name)
    }

    /// The packages of RHCOS, by architecture; and for `code` those architectures that could not be looked at.
    fn rhcos_rpms(&self, code: Code) -> (Vec<(Arch, &'a [RhcosRpm])>, Vec<Undone>) {
        let known = |arch: &Arch| Some((*arch, self.inspected.rhcos_rpms.get(arch)?.as_slice()));
        let lacking = self.arches.iter().filter(|arch| known(arch).is_none());
        let undone = lacking.map(|arch| Undone {
            code,
            why: format!(
                "not for {arch}: neither the payload file nor the images say what is installed in its RHCOS"
            ),
        });
        (self.arches.iter().filter_map(known).collect(), undone.collect())
    }

    fn line(&self, line: u32) -> Origin {
        Origin::Line { file: Arc::clone(&self.payload.file), line }
    }
}

/// Whether a package is of an RHCOS that is built on RHEL 10 and lives beside the usual one.
fn is_of_el10(rpm: &RhcosRpm) -> bool {
    rpm.stream.strip_suffix("-extensions").unwrap_or(&rpm.stream) == "rhel-coreos-10"
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nightly::payload::{Build, RhcosContainer};
    use crate::nightly::sample::{Case, built_from, image_ref, member, permit};

    use Code::{Impermissible, MismatchedNetworkMode, MismatchedSiblings, MissingRhcosContainer};

    const URL: &str = "https://github.com/openshift/etcd";

    /// The codes of which a check exists here.
    const CHECKED: [Code; 9] = [
        Code::Impermissible,
        Code::MismatchedSiblings,
        Code::InconsistentRhcosRpms,
        Code::MissingRhcosContainer,
        Code::FailedConsistencyRequirement,
        Code::FailedCrossRpmVersionsRequirement,
        Code::EmbargoedContent,
        Code::MismatchedNetworkMode,
        Code::MismatchedRpmImageSiblings,
    ];

    fn container(name: &str, is_primary: bool) -> RhcosContainer {
        RhcosContainer { name: name.into(), is_primary, images: BTreeMap::new(), line: 40 }
    }

    #[test]
    fn each_code_is_checked_or_said_not_to_have_been() {
        let checked = Case::of([member("etcd")]).run(check);
        let undone: BTreeSet<_> = checked.undone.iter().map(|undone| undone.code).collect();
        for code in Code::ALL {
            assert!(CHECKED.contains(&code) || undone.contains(&code), "{code} passes without a word");
        }
        assert_eq!(checked.issues, []);
    }

    #[test]
    fn issues_come_in_the_order_of_the_checks_each_once() {
        let mut case = Case::of([built_from("a", URL, "aaa1234"), built_from("b", URL, "bbb1234")]);
        case.payload.rhcos.containers =
            vec![container("rhel-coreos", true), container("rhel-coreos-extensions", false)];
        case.payload.images[1].is_hermetic = true;
        let member = &mut case.inspected.members[1];
        Arc::make_mut(&mut member.definition).is_hermetic = true;
        let build: &mut Build = Arc::make_mut(&mut member.build.as_mut().unwrap().build);
        build.is_hermetic = Some(false);

        let first = case.run(check);
        let codes: Vec<_> = first.issues.iter().map(|issue| issue.code).collect();
        // Both containers lack both architectures.
        let rhcos = [Impermissible, MissingRhcosContainer, Impermissible, MissingRhcosContainer];
        assert_eq!(codes, [&rhcos[..], &[MismatchedSiblings, MismatchedNetworkMode]].concat());
        assert_eq!(case.run(check), first, "equal input, equal output");
    }

    #[test]
    fn what_is_under_each_tag_follows_of_the_private_payloads_stand_ins_included() {
        let mut etcd = member("etcd");
        crate::nightly::sample::edit(&mut etcd, |image| image.arches = Some(vec![Arch::X86_64]));
        let case = Case::of([member("pod"), etcd]);
        let asked = crate::nightly::entries::Asked {
            arches: case.payload.arches.clone(),
            images: None,
            is_embargo_acknowledged: false,
            is_stand_in_required: true,
            excluded: BTreeSet::new(),
        };
        let slices = crate::nightly::entries::slices(&case.payload, &case.inspected, &asked).unwrap();
        let tags = tags_of(&slices);
        assert_eq!(&*tags[&Arch::X86_64]["etcd"], "etcd");
        assert_eq!((&*tags[&Arch::S390x]["etcd"], &*tags[&Arch::S390x]["pod"]), ("pod", "pod"));
    }

    #[test]
    fn equal_findings_are_one_and_the_first_stays_first() {
        let mut found = vec!["b", "a", "b", "c", "a"];
        once_each(&mut found);
        assert_eq!(found, ["b", "a", "c"]);
    }

    #[test]
    fn a_whole_payload_without_anything_odd_has_no_issue_error_or_warning() {
        let mut case = Case::of([member("etcd"), member("cli")]);
        case.payload.assembly.permits = vec![permit("*", "*")];
        let image = image_ref(&format!("quay.io/rhcos@{}", crate::model::Digest::of(b"r")));
        case.payload.rhcos.containers = vec![container("rhel-coreos", true)];
        for arch in case.payload.arches.clone() {
            case.inspected.rhcos.entry(arch).or_default().insert("rhel-coreos".into(), image.clone());
        }
        let checked = case.run(check);
        assert_eq!((checked.issues, checked.errors), (vec![], vec![]));
        assert_eq!((checked.warnings, checked.excluded), (vec![], BTreeSet::new()));
    }
}
