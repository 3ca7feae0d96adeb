//! `MISMATCHED_NETWORK_MODE`: an image that is to be built without a network was built with one.

use super::{CheckInput, Found};
use crate::nightly::issue::Code;
use crate::nightly::payload::BuildSystem;

pub(super) fn check(order: &CheckInput<'_>) -> Found {
    let mut found = Found::default();
    if order.payload.build_system != BuildSystem::Konflux {
        return found;
    }
    for (member, build) in order.built().filter(|(member, _)| member.definition.is_hermetic) {
        let (name, nvr) = (&member.definition.name, &build.build.nvr);
        match build.build.is_hermetic {
            Some(true) => {}
            Some(false) => {
                let message = format!("{nvr} is to be built without a network, and was built with one");
                found.issue(Code::MismatchedNetworkMode, name, message);
            }
            None => {
                let why = format!("not for `{name}`: the payload file has no `hermetic` for its build {nvr}");
                found.undone(Code::MismatchedNetworkMode, why);
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::nightly::sample::{Case, edit, edit_build, member};

    fn case(configured: bool, built: Option<bool>) -> Case {
        let mut member = member("etcd");
        edit(&mut member, |definition| definition.is_hermetic = configured);
        edit_build(&mut member, |build| Arc::make_mut(&mut build.build).is_hermetic = built);
        Case::of([member])
    }

    // 18.91
    #[test]
    fn only_an_image_that_was_to_be_hermetic_and_is_not_is_an_issue() {
        for (configured, built, issues) in
            [(true, false, 1), (true, true, 0), (false, true, 0), (false, false, 0)]
        {
            let found = case(configured, Some(built)).run(check);
            assert_eq!((found.issues.len(), found.undone.len()), (issues, 0), "{configured} {built}");
        }
        let mut brew = case(true, Some(false));
        brew.payload.build_system = BuildSystem::Brew;
        assert_eq!(brew.run(check).issues, []);
    }

    #[test]
    fn a_build_of_which_nothing_is_known_is_no_pass() {
        let found = case(true, None).run(check);
        assert_eq!((found.issues.len(), found.undone.len()), (0, 1));
        assert!(found.undone[0].why.contains("etcd"));
    }
}
