//! Whether the RHCOS images of an architecture are of one build. Nothing permits that they are not.

use super::{CheckInput, Found, HardError};

pub(super) fn check(order: &CheckInput<'_>) -> Found {
    let mut found = Found::default();
    for arch in order.arches {
        let Some(ids) = order.inspected.rhcos_build_ids.get(arch) else { continue };
        let Some((first, id)) = ids.iter().next() else { continue };
        if let Some((other, other_id)) = ids.iter().find(|(_, other)| *other != id) {
            let message = format!(
                "the RHCOS images for {arch} are of different builds: `{first}` is of {id}, `{other}` of {other_id}"
            );
            let containers = &order.payload.rhcos.containers;
            let line = containers.iter().find(|container| container.name == *other).map_or(0, |own| own.line);
            let advice = "name images of one build under `rhcos.containers`";
            found.errors.push(HardError { origin: order.line(line), message, advice });
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nightly::Arch;
    use crate::nightly::sample::Case;

    #[test]
    fn rhcos_images_of_different_builds_are_an_error_and_of_one_are_not() {
        let mut case = Case::of([]);
        for (arch, ids) in [(Arch::X86_64, ["9.6-1", "9.6-1"]), (Arch::S390x, ["9.6-1", "9.6-2"])] {
            let named = ["rhel-coreos", "rhel-coreos-extensions"].into_iter().zip(ids);
            let ids = named.map(|(name, id)| (name.into(), id.into())).collect();
            case.inspected.rhcos_build_ids.insert(arch, ids);
        }
        let errors = case.run(check).errors;
        let [error] = &errors[..] else { panic!("{errors:?}") };
        for word in ["s390x", "9.6-1", "9.6-2"] {
            assert!(error.message.contains(word), "{error}");
        }
        case.payload.arches = vec![Arch::X86_64];
        assert!(case.run(check).errors.is_empty(), "an architecture that takes no part");
    }
}
