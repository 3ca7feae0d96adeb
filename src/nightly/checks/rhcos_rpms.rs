//! `INCONSISTENT_RHCOS_RPMS`: a package of which the RHCOS of two architectures have different versions.

use std::collections::{BTreeMap, BTreeSet};

use super::{CheckInput, Found, is_of_el10};
use crate::nightly::issue::Code;

pub(super) fn check(order: &CheckInput<'_>) -> Found {
    let (known, undone) = order.rhcos_rpms(Code::InconsistentRhcosRpms);
    let mut found = Found { undone, ..Found::default() };
    let mut packages: BTreeMap<&str, BTreeMap<String, BTreeSet<&str>>> = BTreeMap::new();
    for (arch, rpms) in known {
        for rpm in rpms.iter().filter(|rpm| !is_of_el10(rpm)) {
            let version = format!("{}-{}", rpm.version, rpm.release);
            packages.entry(&rpm.name).or_default().entry(version).or_default().insert(arch.brew());
        }
    }
    for (name, versions) in packages.into_iter().filter(|(_, versions)| versions.len() > 1) {
        let shown = versions.into_iter().map(|(version, arches)| {
            format!("{version} ({})", arches.into_iter().collect::<Vec<_>>().join(", "))
        });
        let shown = shown.collect::<Vec<_>>().join(" and ");
        found.issue(Code::InconsistentRhcosRpms, "rhcos", format!("RHCOS has `{name}` as {shown}"));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nightly::Arch;
    use crate::nightly::payload::RhcosRpm;
    use crate::nightly::sample::{Case, rpm};

    fn case(x86: Vec<RhcosRpm>, s390x: Vec<RhcosRpm>) -> Case {
        let mut case = Case::of([]);
        case.inspected.rhcos_rpms = [(Arch::X86_64, x86), (Arch::S390x, s390x)].into();
        case
    }

    // 18.94
    #[test]
    fn a_package_in_two_versions_is_an_issue_and_one_that_only_one_has_is_not() {
        let foo = |release| rpm("foo", "1", release, "rhel-coreos");
        let bar = rpm("bar", "1", "1", "rhel-coreos");
        let found = case(vec![foo("1"), bar], vec![foo("2")]).run(check).issues;
        let [issue] = &found[..] else { panic!("{found:?}") };
        assert_eq!((issue.code, &*issue.component), (Code::InconsistentRhcosRpms, "rhcos"));
        for word in ["foo", "1-1 (x86_64)", "1-2 (s390x)"] {
            assert!(issue.message.contains(word), "{issue:?}");
        }
    }

    #[test]
    fn streams_of_rhel_10_and_epochs_and_architectures_of_packages_are_not_compared() {
        let mut same = rpm("foo", "1", "1", "rhel-coreos");
        same.epoch = "2".into();
        same.arch = "s390x".into();
        let found = case(
            vec![rpm("foo", "1", "1", "rhel-coreos"), rpm("bar", "1", "1", "rhel-coreos-10")],
            vec![same, rpm("bar", "1", "2", "rhel-coreos-10-extensions")],
        );
        assert!(found.run(check).issues.is_empty());
    }

    #[test]
    fn that_no_lists_are_known_is_said_for_each_architecture() {
        let undone = Case::of([]).run(check).undone;
        assert_eq!(undone.len(), 2);
    }
}
