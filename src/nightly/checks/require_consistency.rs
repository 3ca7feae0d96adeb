//! `FAILED_CONSISTENCY_REQUIREMENT`: packages that must be the same in an image and in RHCOS.
//!
//! The payload file lists the packages of a build by their NVRs, and nothing says into which RPMs each is built: it is the
//! RPM of the package's own name that is compared. Where RHCOS has none of that name, that is said.

use std::collections::BTreeSet;

use super::{CheckInput, Found, Undone, is_of_el10};
use crate::nightly::arch::Arch;
use crate::nightly::issue::{Code, Issue};
use crate::nightly::payload::{Nvr, RhcosRpm};

const CODE: Code = Code::FailedConsistencyRequirement;

/// What comes of one package of one image.
enum Finding {
    Agrees,
    Differs(String),
    /// It cannot be told, and why.
    Unknown(String),
}

pub(super) fn check(order: &CheckInput<'_>) -> Found {
    let requirements = &order.payload.rhcos.require_consistency;
    if requirements.values().all(std::collections::BTreeMap::is_empty) {
        return Found::default();
    }
    let (known, undone) = order.rhcos_rpms(CODE);
    let mut found = Found { undone, ..Found::default() };
    name_unknown_images(order, &mut found);
    for (arch, rpms) in known {
        for (stream, images) in requirements {
            let rpms: Vec<_> = rpms.iter().filter(|rpm| is_of(rpm, stream)).collect();
            if rpms.is_empty() {
                continue;
            }
            for (image, packages) in images {
                compare(order, (arch, stream, image), (packages, &rpms), &mut found);
            }
        }
    }
    found
}

/// RHEL 10 has a stream of its own; whatever else there is belongs to the usual one.
fn is_of(rpm: &RhcosRpm, stream: &str) -> bool {
    match stream {
        "rhel-coreos-10" => is_of_el10(rpm),
        "rhel-coreos" => !is_of_el10(rpm),
        other => *rpm.stream == *other,
    }
}

fn name_unknown_images(order: &CheckInput<'_>, found: &mut Found) {
    let named = order.payload.rhcos.require_consistency.values().flat_map(|images| images.keys());
    for name in named.collect::<BTreeSet<_>>() {
        if !order.payload.images.iter().any(|image| image.name == *name) {
            let message =
                format!("`require_consistency` names the image `{name}`, which the payload does not have");
            found.issue(Code::Impermissible, name, message);
        }
    }
}

fn compare(
    order: &CheckInput<'_>,
    (arch, stream, image): (Arch, &str, &str),
    (packages, rpms): (&[std::sync::Arc<str>], &[&RhcosRpm]),
    found: &mut Found,
) {
    let Some(member) = order.member(image) else { return };
    let Some(build) = &member.build else {
        found.undone(CODE, format!("not for `{image}`: it has no build"));
        return;
    };
    let Some(installed) = &build.build.packages else {
        found.undone(
            CODE,
            format!("not for `{image}`: the payload file has no `packages` for {}", build.build.nvr),
        );
        return;
    };
    for package in packages {
        match finding(package, installed, rpms) {
            Finding::Agrees => {}
            Finding::Differs(what) => {
                let message = format!("{} for {arch} and {stream}: {what}", build.build.nvr);
                found.issues.push(Issue { code: CODE, component: image.into(), message });
            }
            Finding::Unknown(why) => {
                found.undone.push(Undone { code: CODE, why: format!("not for `{image}`: {why}") });
            }
        }
    }
}

fn finding(package: &str, installed: &[Nvr], rpms: &[&RhcosRpm]) -> Finding {
    let versions: BTreeSet<_> = installed.iter().filter(|nvr| &*nvr.name == package).collect();
    let mut versions = versions.into_iter();
    let (Some(nvr), more) = (versions.next(), versions.next()) else {
        return Finding::Differs(format!("the package `{package}` is not installed in the image"));
    };
    if let Some(other) = more {
        return Finding::Differs(format!(
            "the image has the package `{package}` twice, as {nvr} and {other}"
        ));
    }
    let mut same_name = rpms.iter().filter(|rpm| &*rpm.name == package).peekable();
    if same_name.peek().is_none() {
        let why =
            format!("RHCOS has no RPM `{package}`, and nothing says what else that package is built into");
        return Finding::Unknown(why);
    }
    let differing = same_name.find(|rpm| (&rpm.version, &rpm.release) != (&nvr.version, &nvr.release));
    differing.map_or(Finding::Agrees, |rpm| {
        Finding::Differs(format!("the image has {nvr}, and RHCOS {package}-{}-{}", rpm.version, rpm.release))
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::nightly::sample::{Case, edit_build, member, rpm};

    /// The image `driver` with these packages, and the RHCOS of one architecture with these RPMs.
    fn case(stream: &str, packages: Option<&[&str]>, rpms: Vec<RhcosRpm>) -> Case {
        let mut driver = member("driver");
        edit_build(&mut driver, |build| {
            let parse = |nvr: &&str| Nvr::parse(nvr).unwrap();
            Arc::make_mut(&mut build.build).packages = packages.map(|all| all.iter().map(parse).collect());
        });
        let mut case = Case::of([driver]);
        case.payload.arches = vec![Arch::X86_64];
        case.inspected.rhcos_rpms.insert(Arch::X86_64, rpms);
        require(&mut case, stream, "driver");
        case
    }

    fn require(case: &mut Case, stream: &str, image: &str) {
        let images = [(image.into(), vec!["kernel".into()])].into();
        case.payload.rhcos.require_consistency.insert(stream.into(), images);
    }

    fn issues(case: &Case) -> Vec<Issue> {
        case.run(check).issues
    }

    const EL9: &str = "kernel-5.14.0-1.el9";

    #[test]
    fn a_package_that_differs_is_an_issue_of_the_image_and_one_that_agrees_is_not() {
        let rhcos = |release| vec![rpm("kernel", "5.14.0", release, "rhel-coreos")];
        assert_eq!(issues(&case("rhel-coreos", Some(&[EL9]), rhcos("1.el9"))), []);
        let found = issues(&case("rhel-coreos", Some(&[EL9]), rhcos("2.el9")));
        let [issue] = &found[..] else { panic!("{found:?}") };
        assert_eq!((issue.code, &*issue.component), (CODE, "driver"));
        assert!(issue.message.contains(EL9) && issue.message.contains("kernel-5.14.0-2.el9"));
    }

    #[test]
    fn a_package_that_is_absent_or_there_twice_is_one_issue() {
        let rhcos = || vec![rpm("kernel", "5.14.0", "1.el9", "rhel-coreos"); 2];
        for packages in [&["bash-1-1.el9"][..], &[EL9, "kernel-5.14.0-2.el9"]] {
            assert_eq!(issues(&case("rhel-coreos", Some(packages), rhcos())).len(), 1, "{packages:?}");
        }
    }

    // 18.95, of what the file may say only what comes of it: that it is read so is the reader's
    #[test]
    fn nothing_required_is_nothing_to_check_nor_to_be_said() {
        let mut case = case("rhel-coreos", None, Vec::new());
        case.payload.rhcos.require_consistency.clear();
        case.inspected.rhcos_rpms.clear();
        let found = case.run(check);
        assert!(found.issues.is_empty() && found.undone.is_empty());
    }

    // 18.96
    #[test]
    fn an_image_is_compared_with_its_own_stream_only() {
        let both = || {
            vec![
                rpm("kernel", "5.14.0", "1.el9", "rhel-coreos"),
                rpm("kernel", "6.12.0", "1.el10", "rhel-coreos-10"),
            ]
        };
        let el10 = "kernel-6.12.0-1.el10";
        assert_eq!(issues(&case("rhel-coreos-10", Some(&[el10]), both())), []);
        assert_eq!(issues(&case("rhel-coreos-10", Some(&[EL9]), both())).len(), 1);
        assert_eq!(issues(&case("rhel-coreos", Some(&[EL9]), both())), []);
    }

    // 18.97
    #[test]
    fn a_stream_that_rhcos_does_not_have_is_passed_over() {
        let rhcos = vec![rpm("kernel", "5.14.0", "2.el9", "rhel-coreos")];
        let found = case("rhel-coreos-10", Some(&[EL9]), rhcos).run(check);
        assert!(found.issues.is_empty() && found.undone.is_empty());
    }

    // 18.98
    #[test]
    fn an_image_that_nobody_defined_is_impermissible() {
        let mut case =
            case("rhel-coreos", Some(&[EL9]), vec![rpm("kernel", "5.14.0", "1.el9", "rhel-coreos")]);
        require(&mut case, "rhel-coreos-10", "nobody");
        let found = issues(&case);
        let [issue] = &found[..] else { panic!("{found:?}") };
        assert_eq!((issue.code, &*issue.component), (Code::Impermissible, "nobody"));
    }

    #[test]
    fn without_the_packages_of_the_build_or_of_rhcos_the_check_says_that_it_was_not_made() {
        let rhcos = |name| vec![rpm(name, "5.14.0", "2.el9", "rhel-coreos")];
        let cases = [
            case("rhel-coreos", None, rhcos("kernel")),
            case("rhel-coreos", Some(&[EL9]), rhcos("kernel-core")),
        ];
        for case in cases {
            let found = case.run(check);
            assert_eq!((found.issues.len(), found.undone.len()), (0, 1));
            assert!(found.undone[0].why.contains("driver"));
        }
        let mut unread = case("rhel-coreos", Some(&[EL9]), Vec::new());
        unread.inspected.rhcos_rpms.clear();
        assert_eq!(unread.run(check).undone.len(), 1);
    }
}
