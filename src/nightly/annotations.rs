//! What is inconsistent, as ImageStreams tell it: the value of `release.openshift.io/inconsistency`.
//!
//! It is made once all issues are known, so that it does not depend on their order.

use std::collections::BTreeSet;

use serde_json::Value;

use super::clearance::embargo_component;
use super::inspected::{Inspected, InspectedBuild};
use super::issue::{Code, Issue};
use super::payload::ImageDefinition;

/// The annotation of ImageStreams and their tags.
pub(super) const INCONSISTENCY: &str = "release.openshift.io/inconsistency";

/// So many messages are told.
const MOST: usize = 5;
const MORE: &str = "(...and more)";

/// Who reads an ImageStream.
#[derive(Debug, Clone, Copy)]
pub(super) enum Audience<'a> {
    /// Whoever wants.
    Public(&'a Unspoken),
    /// Those who may know of embargoes.
    Private,
}

/// Words that no public ImageStream has: NVRs, commits and digests of embargoed builds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Unspoken(BTreeSet<String>);

impl Unspoken {
    /// Those of a payload.
    #[must_use]
    pub(super) fn of(inspected: &Inspected) -> Self {
        let members = inspected.members.iter();
        let builds = members.flat_map(|member| member.build.iter().chain(&member.public_build));
        Self(builds.filter(|build| build.is_embargoed).flat_map(words).collect())
    }
}

fn words(build: &InspectedBuild) -> impl Iterator<Item = String> {
    let commit = build.commit.as_deref().filter(|commit| !commit.is_empty());
    let commit = commit.map(|commit| super::git::short(commit).to_owned());
    let digests = build.images.values().map(|image| &image.digest).chain(&build.list);
    std::iter::once(build.build.nvr.to_string()).chain(commit).chain(digests.map(ToString::to_string))
}

impl Audience<'_> {
    fn may_read(self, issue: &Issue) -> bool {
        match self {
            Self::Private => true,
            Self::Public(unspoken) => {
                issue.code != Code::EmbargoedContent
                    && !unspoken.0.iter().any(|word| issue.message.contains(word.as_str()))
            }
        }
    }
}

/// What is under a tag.
#[derive(Debug, Clone, Copy)]
pub(super) enum Bearer<'a> {
    /// An image, the one that stands in where one does.
    Image(&'a ImageDefinition),
    /// An image of RHCOS.
    Rhcos {
        /// Whether it is of the primary container, which bears the issues of all of RHCOS.
        is_primary: bool,
    },
}

impl Bearer<'_> {
    fn bears(self, issue: &Issue) -> bool {
        match self {
            Self::Image(image) if issue.code == Code::EmbargoedContent => {
                *issue.component == *embargo_component(image)
            }
            Self::Image(image) => issue.component == image.name,
            Self::Rhcos { is_primary } => is_primary && &*issue.component == "rhcos",
        }
    }
}

/// The annotation of an ImageStream: all issues that its audience may read of. None: there is nothing to say.
#[must_use]
pub(super) fn of_stream(issues: &[Issue], audience: Audience<'_>) -> Option<String> {
    value(issues.iter().filter(|issue| audience.may_read(issue)))
}

/// The annotation of a tag: the issues of what is under it. None: there is nothing to say.
#[must_use]
pub(super) fn of_tag(issues: &[Issue], bearer: Bearer<'_>, audience: Audience<'_>) -> Option<String> {
    value(issues.iter().filter(|issue| bearer.bears(issue) && audience.may_read(issue)))
}

fn value<'a>(issues: impl Iterator<Item = &'a Issue>) -> Option<String> {
    let told = issues.filter(|issue| issue.code != Code::OutdatedRpmsInStreamBuild);
    let mut messages: Vec<_> = told.map(|issue| issue.message.as_str()).collect();
    messages.sort_unstable();
    if messages.len() > MOST {
        messages.truncate(MOST);
        messages.push(MORE);
    }
    let texts: Vec<_> = messages.into_iter().map(|message| Value::from(message).to_string()).collect();
    // With blanks, as those wrote it who wrote it before: a text that stays the same is no change.
    (!texts.is_empty()).then(|| format!("[{}]", texts.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nightly::sample::{definition, edit_build, member};

    fn told(messages: &[&str]) -> Vec<Issue> {
        let issue = |message: &&str| Issue {
            code: Code::MismatchedSiblings,
            component: "etcd".into(),
            message: (*message).to_owned(),
        };
        messages.iter().map(issue).collect()
    }

    fn outdated() -> Issue {
        Issue { code: Code::OutdatedRpmsInStreamBuild, ..told(&["old"]).remove(0) }
    }

    fn stream(issues: &[Issue]) -> Option<String> {
        of_stream(issues, Audience::Private)
    }

    // 18.55
    #[test]
    fn without_issues_and_with_outdated_rpms_only_there_is_no_annotation() {
        assert_eq!(stream(&[]), None);
        assert_eq!(stream(&[outdated()]), None);
        assert_eq!(stream(&[told(&["a"]).remove(0), outdated()]).unwrap(), r#"["a"]"#);
    }

    // 18.56
    #[test]
    fn messages_are_sorted_and_the_text_is_json() {
        assert_eq!(stream(&told(&["zeta", "alpha"])).unwrap(), r#"["alpha", "zeta"]"#);
        let quoted = stream(&told(&["he said \"no\"\n"])).unwrap();
        assert_eq!(serde_json::from_str::<Vec<String>>(&quoted).unwrap(), ["he said \"no\"\n"]);
    }

    // 18.57
    #[test]
    fn of_more_than_five_messages_the_first_five_are_told_and_that_there_are_more() {
        let read = |messages: &[&str]| -> Vec<String> {
            serde_json::from_str(&stream(&told(messages)).unwrap()).unwrap()
        };
        assert_eq!(read(&["e", "d", "c", "b", "a"]), ["a", "b", "c", "d", "e"]);
        assert_eq!(read(&["f", "e", "d", "c", "b", "a"]), ["a", "b", "c", "d", "e", "(...and more)"]);
    }

    #[test]
    fn a_tag_bears_the_issues_of_its_image_and_the_primary_rhcos_those_of_rhcos() {
        let mut issues = told(&["of etcd"]);
        issues.push(Issue { component: "rhcos".into(), message: "of rhcos".into(), ..issues[0].clone() });
        let (etcd, cli) = (definition("etcd"), definition("cli"));
        let tag = |bearer| of_tag(&issues, bearer, Audience::Private);
        assert_eq!(tag(Bearer::Image(&etcd)).unwrap(), r#"["of etcd"]"#);
        assert_eq!(tag(Bearer::Image(&cli)), None);
        assert_eq!(tag(Bearer::Rhcos { is_primary: true }).unwrap(), r#"["of rhcos"]"#);
        assert_eq!(tag(Bearer::Rhcos { is_primary: false }), None);
    }

    #[test]
    fn nothing_public_speaks_of_an_embargo_or_names_an_embargoed_build() {
        let mut secret = member("etcd.rhel9");
        edit_build(&mut secret, |build| {
            build.is_embargoed = true;
            build.commit = Some("fedcba9876543".into());
        });
        let nvr = secret.build.as_ref().unwrap().build.nvr.to_string();
        let digest = secret.build.as_ref().unwrap().list.clone().unwrap();
        let image = std::sync::Arc::clone(&secret.definition);
        let inspected = Inspected { members: vec![member("cli"), secret], ..Inspected::default() };
        let unspoken = Unspoken::of(&inspected);
        let public = Audience::Public(&unspoken);

        let mut issues = told(&["plain", &format!("{nvr} differs"), "built from fedcba9", digest.as_str()]);
        let embargoed = Issue { code: Code::EmbargoedContent, message: "secret".into(), ..issues[0].clone() };
        issues.push(embargoed);
        assert_eq!(of_stream(&issues, public).unwrap(), r#"["plain"]"#);
        assert!(of_stream(&issues, Audience::Private).unwrap().contains("secret"));

        assert_eq!(of_tag(&issues, Bearer::Image(&image), public), None);
        let private = of_tag(&issues, Bearer::Image(&image), Audience::Private);
        assert_eq!(private.unwrap(), r#"["secret"]"#, "by its name up to the first dot");
        assert!(!unspoken.0.iter().any(|word| word.contains("cli")), "public builds may be named");
    }
}
