//! `MISMATCHED_SIBLINGS`: images of one repository that were built from different commits.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::{CheckInput, Found, Undone};
use crate::nightly::git;
use crate::nightly::inspected::{InspectedBuild, Member};
use crate::nightly::issue::{Code, Issue};
use crate::nightly::permits;

/// An image that has to agree with its siblings.
struct Sibling<'a> {
    /// The repository.
    url: String,
    member: &'a Member,
    build: &'a InspectedBuild,
    commit: &'a str,
}

pub(super) fn check(order: &CheckInput<'_>) -> Found {
    let siblings = siblings(order);
    let issues = mismatches(&siblings).into_iter().map(|(_, issue)| issue).collect();
    Found { issues, undone: undone(order), ..Found::default() }
}

/// Images with a repository of which nothing says the commit.
fn undone(order: &CheckInput<'_>) -> Vec<Undone> {
    let is_lacking = |(member, build): &(&Member, &InspectedBuild)| {
        let source = &member.definition.source;
        source.git_url.is_some() && !source.allows_mismatched_siblings && commit_of(build).is_none()
    };
    let lacking = order.built_for_payload().filter(is_lacking);
    let undone = lacking.map(|(member, build)| {
        let (name, nvr) = (&member.definition.name, &build.build.nvr);
        let why =
            format!("not for `{name}`: neither the payload file nor the images say the commit of {nvr}");
        Undone { code: Code::MismatchedSiblings, why }
    });
    undone.collect()
}

fn commit_of(build: &InspectedBuild) -> Option<&str> {
    build.commit.as_deref().filter(|commit| !commit.is_empty())
}

/// All images of each repository of which a mismatch is permitted: none of them can be relied on.
pub(super) fn excluded(order: &CheckInput<'_>) -> BTreeSet<Arc<str>> {
    let siblings = siblings(order);
    let mismatches = mismatches(&siblings);
    let permitted = mismatches.iter().filter(|(_, issue)| permits::allowing(order.payload, issue).is_some());
    let urls: BTreeSet<_> = permitted.map(|(sibling, _)| &sibling.url).collect();
    let excluded = siblings.iter().filter(|sibling| urls.contains(&sibling.url));
    excluded.map(|sibling| Arc::clone(&sibling.member.definition.name)).collect()
}

fn siblings<'a>(order: &CheckInput<'a>) -> Vec<Sibling<'a>> {
    let of = |(member, build): (&'a Member, &'a InspectedBuild)| {
        let source = &member.definition.source;
        let url = source.git_url.as_ref().filter(|_| !source.allows_mismatched_siblings)?;
        let commit = commit_of(build)?;
        Some(Sibling { url: git::https_url(url), member, build, commit })
    };
    order.built_for_payload().filter_map(of).collect()
}

/// Each image that differs from the first of its repository, in their order.
fn mismatches<'a, 'b>(siblings: &'b [Sibling<'a>]) -> Vec<(&'b Sibling<'a>, Issue)> {
    let mut firsts: BTreeMap<&str, &Sibling<'_>> = BTreeMap::new();
    let differing = siblings.iter().filter_map(|sibling| {
        let first = *firsts.entry(&sibling.url).or_insert(sibling);
        (!git::same_commit(first.commit, sibling.commit)).then(|| (sibling, mismatch(first, sibling)))
    });
    differing.collect()
}

fn mismatch(first: &Sibling<'_>, other: &Sibling<'_>) -> Issue {
    let shown = |sibling: &Sibling<'_>| {
        format!("{} was built from {}", sibling.build.build.nvr, git::short(sibling.commit))
    };
    let message = format!("{}, and its sibling {} of {}", shown(other), shown(first), first.url);
    let component = Arc::clone(&other.member.definition.name);
    Issue { code: Code::MismatchedSiblings, component, message }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nightly::sample::{Case, built_from, edit, permit};

    const URL: &str = "https://github.com/openshift/etcd";
    const OTHER: &str = "https://github.com/openshift/oc";

    fn components(case: &Case) -> Vec<String> {
        let found = case.run(check);
        assert!(found.issues.iter().all(|issue| issue.code == Code::MismatchedSiblings));
        found.issues.iter().map(|issue| issue.component.to_string()).collect()
    }

    // 18.81
    #[test]
    fn the_second_of_two_images_of_one_repository_with_another_commit_is_an_issue() {
        let case = Case::of([built_from("a", URL, "aaa1234"), built_from("b", URL, "bbb12345")]);
        assert_eq!(components(&case), ["b"]);
        let message = &case.run(check).issues[0].message;
        for word in ["a-container-v4.19.0", "b-container-v4.19.0", "aaa1234", "bbb1234", URL] {
            assert!(message.contains(word), "{message}");
        }
        assert!(!message.contains("bbb12345"), "seven digits are enough");
    }

    // 18.82
    #[test]
    fn one_commit_or_two_repositories_or_no_commit_are_no_issue() {
        let a = || built_from("a", URL, "aaa1234");
        for b in
            [built_from("b", URL, "aaa1234"), built_from("b", OTHER, "bbb1234"), built_from("b", URL, "")]
        {
            assert!(components(&Case::of([a(), b.clone()])).is_empty());
            assert!(components(&Case::of([b, a()])).is_empty());
        }
        let unknown = Case::of([a(), built_from("b", URL, "")]).run(check).undone;
        assert!(unknown.len() == 1 && unknown[0].why.contains("`b`"), "it is no pass: {unknown:?}");
    }

    // 18.83
    #[test]
    fn an_image_that_allows_it_is_no_issue_and_others_still_are() {
        let mut b = built_from("b", URL, "bbb1234");
        edit(&mut b, |image| image.source.allows_mismatched_siblings = true);
        let others = [built_from("c", OTHER, "ccc1234"), built_from("d", OTHER, "ddd1234")];
        let case = Case::of([built_from("a", URL, "aaa1234"), b].into_iter().chain(others));
        assert_eq!(components(&case), ["d"]);
    }

    // 18.84
    #[test]
    fn an_image_that_is_not_in_the_payload_may_differ() {
        let mut b = built_from("b", URL, "bbb1234");
        edit(&mut b, |image| image.is_for_payload = false);
        assert!(components(&Case::of([built_from("a", URL, "aaa1234"), b])).is_empty());
    }

    // 18.85
    #[test]
    fn two_ways_to_write_one_repository_are_one() {
        let (ssh, https) = ("git@h.test:o/r.git", "https://h.test/o/r");
        let case = Case::of([built_from("a", ssh, "aaa1234"), built_from("b", https, "bbb1234")]);
        assert_eq!(components(&case), ["b"]);
    }

    // 18.86, 18.87
    #[test]
    fn a_permitted_mismatch_excludes_all_siblings_and_an_unpermitted_one_none() {
        let mut case = Case::of([
            built_from("a", URL, "aaa1234"),
            built_from("b", URL, "bbb1234"),
            built_from("c", URL, "aaa1234"),
            built_from("d", OTHER, "ddd1234"),
        ]);
        assert!(case.run(excluded).is_empty());
        case.payload.assembly.permits = vec![permit("MISMATCHED_SIBLINGS", "b")];
        let names: Vec<_> = case.run(excluded).iter().map(ToString::to_string).collect();
        assert_eq!(names, ["a", "b", "c"]);
        case.payload.assembly.kind = crate::nightly::payload::AssemblyType::Standard;
        assert_eq!(case.run(excluded).len(), 3, "the same of every type");
    }
}
