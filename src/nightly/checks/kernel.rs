//! `FAILED_CROSS_RPM_VERSIONS_REQUIREMENT`: the two kernels of one RHCOS are of different versions.

use super::{CheckInput, Found, is_of_el10};
use crate::nightly::arch::Arch;
use crate::nightly::issue::Code;
use crate::nightly::payload::RhcosRpm;

pub(super) fn check(order: &CheckInput<'_>) -> Found {
    let (known, undone) = order.rhcos_rpms(Code::FailedCrossRpmVersionsRequirement);
    let mut found = Found { undone, ..Found::default() };
    for (arch, rpms) in known {
        if let Some(message) = mismatch(arch, rpms) {
            found.issue(Code::FailedCrossRpmVersionsRequirement, "rhcos", message);
        }
    }
    found
}

fn mismatch(arch: Arch, rpms: &[RhcosRpm]) -> Option<String> {
    let named = |name| rpms.iter().filter(move |rpm| &*rpm.name == name && !is_of_el10(rpm));
    let mut pairs = named("kernel-core").flat_map(|plain| named("kernel-rt-core").map(move |rt| (plain, rt)));
    let (plain, rt) = pairs.find(|(plain, rt)| !fit(plain, rt))?;
    let shown = |rpm: &RhcosRpm| format!("{}-{}-{}", rpm.name, rpm.version, rpm.release);
    Some(format!("{} and {} in the RHCOS of {arch} are not of one version", shown(plain), shown(rt)))
}

/// `372.43.1.el8_6` and `372.43.1.rt7.200.el8_6` are of one version.
fn fit(plain: &RhcosRpm, rt: &RhcosRpm) -> bool {
    let fits = plain.release == rt.release
        || without_last(&plain.release, 1)
            .is_some_and(|release| Some(release) == without_last(&rt.release, 3));
    plain.version == rt.version && fits
}

fn without_last(release: &str, parts: usize) -> Option<&str> {
    release.rsplitn(parts + 1, '.').nth(parts)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nightly::sample::{Case, rpm};

    fn case(plain: (&str, &str), rt: (&str, &str)) -> Case {
        let mut case = Case::of([]);
        let rpms = vec![
            rpm("kernel-core", plain.0, plain.1, "rhel-coreos"),
            rpm("kernel-rt-core", rt.0, rt.1, "rhel-coreos-extensions"),
        ];
        case.payload.arches = vec![Arch::X86_64];
        case.inspected.rhcos_rpms.insert(Arch::X86_64, rpms);
        case
    }

    // 18.92, 18.93
    #[test]
    fn both_kernels_of_an_rhcos_are_of_one_version() {
        let (old, new) = ("4.18.0", "5.14.0");
        let rows = [
            ((old, "372.43.1.el8_6"), (old, "372.43.1.rt7.200.el8_6"), 0),
            ((old, "372.43.1.el8_6"), (old, "372.41.1.rt7.198.el8_6"), 1),
            ((new, "427.1.el9"), (new, "427.1.el9"), 0),
            ((new, "427.1.el9"), ("5.15.0", "427.1.el9"), 1),
        ];
        for (plain, rt, issues) in rows {
            let found = case(plain, rt).run(check).issues;
            assert_eq!(found.len(), issues, "{plain:?} {rt:?}");
            assert!(found.iter().all(|issue| &*issue.component == "rhcos"));
        }
    }

    #[test]
    fn one_kernel_alone_and_those_of_rhel_10_are_no_issue() {
        let mut case = case(("5.14.0", "1.el9"), ("5.14.0", "2.el9"));
        case.inspected.rhcos_rpms.get_mut(&Arch::X86_64).unwrap()[1].stream =
            "rhel-coreos-10-extensions".into();
        assert_eq!(case.run(check).issues, []);
        case.inspected.rhcos_rpms.get_mut(&Arch::X86_64).unwrap().truncate(1);
        assert_eq!(case.run(check).issues, []);
    }

    #[test]
    fn an_architecture_without_a_list_is_not_passed_over() {
        let mut case = case(("5.14.0", "1.el9"), ("5.14.0", "1.el9"));
        case.payload.arches.push(Arch::S390x);
        let undone = case.run(check).undone;
        assert_eq!(undone.len(), 1);
        assert!(undone[0].why.contains("s390x"));
    }
}
