//! `EMBARGOED_CONTENT`: an embargoed build would become public.
//!
//! Not in stream assemblies, where the last public build takes its place.

use std::collections::{BTreeMap, BTreeSet};

use super::{CheckInput, Found, HardError};
use crate::model::Digest;
use crate::nightly::clearance::embargo_component;
use crate::nightly::inspected::InspectedBuild;
use crate::nightly::issue::Code;
use crate::nightly::payload::{AssemblyType, BuildSystem};

const ADVICE: &str = "correct `nvr`, `pullspec` or `embargoed` of one of the two builds";

pub(super) fn check(order: &CheckInput<'_>) -> Found {
    let mut found = Found::default();
    let payload = order.payload;
    if !payload.has_embargoes {
        return found;
    }
    if payload.build_system == BuildSystem::Brew {
        let why = "whether RPMs that are installed in a build with a public release are embargoed: registries do not tell";
        found.undone(Code::EmbargoedContent, why);
    }
    in_both(order, &mut found);
    if payload.assembly.kind == AssemblyType::Stream {
        return found;
    }
    for arch in order.arches {
        // An image that stands in under further tags is the same image.
        let names: BTreeSet<_> = order.tags.get(arch).into_iter().flat_map(|tags| tags.values()).collect();
        let members = order.built().filter(|(member, _)| names.contains(&member.definition.name));
        for (member, build) in members.filter(|(_, build)| build.is_embargoed) {
            let definition = &member.definition;
            let (tag, nvr) = (definition.tag(), &build.build.nvr);
            let message = format!("the tag `{tag}` for {arch} would be {nvr}, which is embargoed");
            found.issue(Code::EmbargoedContent, embargo_component(definition), message);
        }
    }
    found
}

/// An image that is in an embargoed build as well as in one that is said to be public: one of the two is not what it seems.
fn in_both(order: &CheckInput<'_>, found: &mut Found) {
    let builds = |is_embargoed: bool| {
        let members = order.inspected.members.iter();
        let builds = members.flat_map(|member| member.build.iter().chain(&member.public_build));
        builds.filter(move |build| build.is_embargoed == is_embargoed)
    };
    let secret = builds(true).flat_map(|build| digests(build).map(move |digest| (digest, build)));
    let secret: BTreeMap<&Digest, &InspectedBuild> = secret.collect();
    for build in builds(false) {
        let shared = digests(build).find_map(|digest| Some((digest, *secret.get(digest)?)));
        let Some((digest, other)) = shared else { continue };
        let message = format!(
            "{} is said to be public, and has the image {digest} of {}, which is embargoed",
            build.build.nvr, other.build.nvr
        );
        found.errors.push(HardError { origin: order.line(build.build.line), message, advice: ADVICE });
    }
}

fn digests(build: &InspectedBuild) -> impl Iterator<Item = &Digest> {
    build.images.values().map(|image| &image.digest).chain(&build.list)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nightly::sample::{Case, edit_build, member};

    fn case(kind: AssemblyType) -> Case {
        let mut secret = member("etcd.rhel9");
        edit_build(&mut secret, |build| build.is_embargoed = true);
        let mut case = Case::of([member("cli"), secret]);
        case.payload.assembly.kind = kind;
        case
    }

    // 18.41
    #[test]
    fn an_embargoed_build_of_an_assembly_is_an_issue_for_each_architecture_by_its_short_name() {
        for kind in [AssemblyType::Standard, AssemblyType::Candidate, AssemblyType::Custom] {
            let found = case(kind).run(check).issues;
            let components: Vec<_> = found.iter().map(|issue| (issue.code, &*issue.component)).collect();
            assert_eq!(components, [(Code::EmbargoedContent, "etcd"); 2]);
            assert!(found[0].message.contains("x86_64") && found[1].message.contains("s390x"));
        }
    }

    #[test]
    fn one_image_in_an_embargoed_build_and_in_a_public_one_is_an_error_of_the_file() {
        let mut case = case(AssemblyType::Stream);
        assert_eq!(case.run(check).errors, []);
        let secret = &mut case.inspected.members[1];
        let mut public = secret.build.clone().unwrap();
        public.is_embargoed = false;
        secret.public_build = Some(public);
        let found = case.run(check);
        let [error] = &found.errors[..] else { panic!("{:?}", found.errors) };
        for word in ["etcd.rhel9", "embargoed", "sha256:"] {
            assert!(error.message.contains(word), "{error}");
        }
        assert_eq!(error.origin.to_string(), "payload.yaml:21");
        case.payload.has_embargoes = false;
        assert_eq!(case.run(check).errors, [], "nothing can be embargoed");
    }

    #[test]
    fn in_a_stream_the_public_build_takes_its_place_and_there_is_no_issue() {
        assert_eq!(case(AssemblyType::Stream).run(check).issues, []);
    }

    #[test]
    fn an_image_that_is_under_no_tag_is_no_issue_and_an_excluded_architecture_neither() {
        let mut case = case(AssemblyType::Standard);
        case.payload.arches = vec![crate::nightly::Arch::X86_64];
        assert_eq!(case.run(check).issues.len(), 1);
        crate::nightly::sample::edit(&mut case.inspected.members[1], |image| image.is_for_payload = false);
        assert_eq!(case.run(check).issues, []);
    }

    #[test]
    fn that_installed_rpms_were_not_looked_at_is_said_of_builds_of_brew() {
        let mut case = case(AssemblyType::Stream);
        assert!(case.run(check).undone.is_empty());
        case.payload.build_system = BuildSystem::Brew;
        assert_eq!(case.run(check).undone[0].code, Code::EmbargoedContent);
        case.payload.has_embargoes = false;
        assert!(case.run(check).undone.is_empty(), "nothing can be embargoed");
    }
}
