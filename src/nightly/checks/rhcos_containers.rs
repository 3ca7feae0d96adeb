//! `MISSING_RHCOS_CONTAINER`, and `IMPERMISSIBLE` for the primary one: an RHCOS image that there is not.

use super::{CheckInput, Found, HardError};
use crate::nightly::arch::Arch;
use crate::nightly::issue::Code;
use crate::nightly::payload::{AssemblyType, RhcosContainer};

pub(super) fn check(order: &CheckInput<'_>) -> Found {
    let mut found = Found::default();
    for arch in order.arches {
        for container in &order.payload.rhcos.containers {
            let images = order.inspected.rhcos.get(arch);
            if !images.is_some_and(|images| images.contains_key(&container.name)) {
                missing(order, *arch, container, &mut found);
            }
        }
    }
    found
}

fn missing(order: &CheckInput<'_>, arch: Arch, container: &RhcosContainer, found: &mut Found) {
    let name = &container.name;
    let message = format!("there is no image of the RHCOS container `{name}` for {arch}");
    if !container.is_primary {
        found.issue(Code::MissingRhcosContainer, name, message);
    } else if order.payload.assembly.kind == AssemblyType::Stream {
        found.issue(Code::Impermissible, name, message);
    } else {
        let advice =
            "name its image under `rhcos.containers`: only stream assemblies may be without for a while";
        found.errors.push(HardError { origin: order.line(container.line), message, advice });
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::model::Digest;
    use crate::nightly::sample::{Case, image_ref};

    const BOTH: [(&str, bool); 2] = [("rhel-coreos", true), ("rhel-coreos-extensions", false)];

    fn case(there: &[&str], kind: AssemblyType) -> Case {
        let mut case = Case::of([]);
        let container = |(name, is_primary): (&str, bool)| RhcosContainer {
            name: name.into(),
            is_primary,
            images: BTreeMap::new(),
            line: 40,
        };
        case.payload.arches = vec![Arch::X86_64];
        case.payload.assembly.kind = kind;
        case.payload.rhcos.containers = BOTH.map(container).into();
        let image = image_ref(&format!("quay.io/rhcos@{}", Digest::of(b"r")));
        let images = there.iter().map(|name| ((*name).into(), image.clone())).collect();
        case.inspected.rhcos.insert(Arch::X86_64, images);
        case
    }

    // 18.25
    #[test]
    fn without_the_primary_container_a_stream_is_impermissible() {
        let found = case(&["rhel-coreos-extensions"], AssemblyType::Stream).run(check);
        let [issue] = &found.issues[..] else { panic!("{:?}", found.issues) };
        assert_eq!((issue.code, &*issue.component), (Code::Impermissible, "rhel-coreos"));
        assert!(found.errors.is_empty());
    }

    // 18.26
    #[test]
    fn without_another_container_it_is_missing() {
        for kind in [AssemblyType::Stream, AssemblyType::Standard] {
            let found = case(&["rhel-coreos"], kind).run(check);
            let [issue] = &found.issues[..] else { panic!("{:?}", found.issues) };
            assert_eq!(
                (issue.code, &*issue.component),
                (Code::MissingRhcosContainer, "rhel-coreos-extensions")
            );
            assert!(found.errors.is_empty());
        }
    }

    // 18.27
    #[test]
    fn with_both_there_is_no_issue() {
        let found = case(&BOTH.map(|(name, _)| name), AssemblyType::Standard).run(check);
        assert!(found.issues.is_empty() && found.errors.is_empty());
    }

    // 18.29
    #[test]
    fn without_the_primary_container_any_other_type_is_an_error_that_nothing_permits() {
        let found = case(&["rhel-coreos-extensions"], AssemblyType::Standard).run(check);
        let [error] = &found.errors[..] else { panic!("{:?}", found.errors) };
        assert!(error.message.contains("rhel-coreos") && error.message.contains("x86_64"));
        assert_eq!(error.origin.to_string(), "payload.yaml:40");
        assert!(found.issues.is_empty());
    }
}
