//! `IMPERMISSIBLE`: an image was built from something else than its definition says.

use std::collections::BTreeMap;

use super::{CheckInput, Found};
use crate::nightly::arch::Arch;
use crate::nightly::git;
use crate::nightly::inspected::{ArchImage, InspectedBuild, Member};
use crate::nightly::issue::Code;

/// Where an image says which repository it was built from.
pub(crate) const URL: &str = "SOURCE_GIT_URL";
/// Where it says of which commit.
pub(crate) const COMMIT: &str = "SOURCE_GIT_COMMIT";
/// Where it says so as well.
pub(crate) const COMMIT_LABEL: &str = "io.openshift.build.commit.id";

pub(super) fn check(order: &CheckInput<'_>) -> Found {
    let mut found = Found::default();
    for (member, build) in order.built() {
        check_url(member, build, &mut found);
        check_commit(member, build, &mut found);
    }
    found
}

fn check_url(member: &Member, build: &InspectedBuild, found: &mut Found) {
    let Some(wanted) = member.definition.source.git_url.as_deref() else { return };
    let name = &member.definition.name;
    for (url, arches) in said(build, |image| filled(image.env.get(URL))) {
        let arches = arches.join(", ");
        match url {
            Some(url) if git::https_url(url) == git::https_url(wanted) => {}
            Some(url) => {
                let nvr = &build.build.nvr;
                let message =
                    format!("{nvr} ({arches}) was built from `{url}`, and its definition says `{wanted}`");
                found.issue(Code::Impermissible, name, message);
            }
            None => {
                let why = format!("the repository of `{name}` for {arches}: the image has no {URL}");
                found.undone(Code::Impermissible, why);
            }
        }
    }
}

/// A commit in the payload file must be that of the images.
fn check_commit(member: &Member, build: &InspectedBuild, found: &mut Found) {
    let Some(wanted) = build.build.commit.as_deref() else { return };
    let name = &member.definition.name;
    for (commit, arches) in said(build, commit_of) {
        let arches = arches.join(", ");
        match commit {
            Some(commit) if git::same_commit(commit, wanted) => {}
            Some(commit) => {
                let nvr = &build.build.nvr;
                let message =
                    format!("{nvr} ({arches}) was built from the commit {commit}, and not from {wanted}");
                found.issue(Code::Impermissible, name, message);
            }
            None => {
                let why = format!("the commit of `{name}` for {arches}: the image does not say it");
                found.undone(Code::Impermissible, why);
            }
        }
    }
}

/// The commit that an image says it was built from.
pub(crate) fn commit_of(image: &ArchImage) -> Option<&str> {
    filled(image.env.get(COMMIT)).or_else(|| filled(image.labels.get(COMMIT_LABEL)))
}

fn filled(text: Option<&String>) -> Option<&str> {
    text.map(String::as_str).filter(|text| !text.is_empty())
}

/// What the images of a build say, and which of them say it.
fn said(
    build: &InspectedBuild,
    what: fn(&ArchImage) -> Option<&str>,
) -> BTreeMap<Option<&str>, Vec<&'static str>> {
    let mut said: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for (arch, image) in &build.images {
        said.entry(what(image)).or_default().push(Arch::brew(*arch));
    }
    said
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::nightly::sample::{Case, built_from, edit_build};

    fn case(env: &[(&str, &str)], commit: Option<&str>) -> Case {
        let mut member = built_from("etcd", "git@github.com:openshift/etcd.git", "");
        edit_build(&mut member, |build| {
            Arc::make_mut(&mut build.build).commit = commit.map(Into::into);
            for image in build.images.values_mut() {
                image.env.extend(env.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
            }
        });
        Case::of([member])
    }

    const HERE: (&str, &str) = (URL, "https://github.com/openshift/etcd");

    #[test]
    fn another_repository_than_the_definition_says_is_impermissible_and_said_once() {
        let found = case(&[(URL, "https://github.com/evil/etcd")], None).run(check).issues;
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].code, &*found[0].component), (Code::Impermissible, "etcd"));
        assert!(found[0].message.contains("evil") && found[0].message.contains("s390x, x86_64"));
        let found = case(&[HERE], None).run(check);
        assert!(found.issues.is_empty() && found.undone.is_empty());
    }

    #[test]
    fn another_commit_than_the_file_says_is_impermissible() {
        let built = |commit| [HERE, (COMMIT, commit)];
        assert_eq!(case(&built("bbb1234"), Some("aaa1234")).run(check).issues.len(), 1);
        assert_eq!(case(&built("aaa1234"), Some("aaa1234567")).run(check).issues.len(), 0, "abbreviated");
        assert_eq!(case(&built("bbb1234"), None).run(check).issues.len(), 0, "nothing is pinned");
    }

    #[test]
    fn an_image_that_does_not_say_it_is_no_pass() {
        let found = case(&[], Some("aaa1234")).run(check);
        assert_eq!((found.issues.len(), found.undone.len()), (0, 2));
    }
}
