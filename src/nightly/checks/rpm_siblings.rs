//! `MISMATCHED_RPM_IMAGE_SIBLINGS`: an RPM and an image of one repository that were built from different commits.

use super::{CheckInput, Found};
use crate::nightly::git;
use crate::nightly::inspected::{InspectedBuild, Member};
use crate::nightly::issue::Code;
use crate::nightly::payload::{RpmBuild, RpmDefinition};

pub(super) fn check(order: &CheckInput<'_>) -> Found {
    let mut found = Found::default();
    let rpms = &order.payload.rpms;
    if rpms.is_empty() {
        found.undone(Code::MismatchedRpmImageSiblings, "the payload file lists no RPMs");
    }
    for rpm in rpms {
        let Some(url) = rpm.git_url.as_deref().map(git::https_url) else { continue };
        let siblings = siblings(order, &url);
        match built(rpm) {
            Some((build, commit)) => {
                for image in siblings {
                    compare(rpm, (build, commit), (image, &url), &mut found);
                }
            }
            None if siblings.is_empty() || rpm.builds.is_empty() => {}
            None => {
                let why = format!("not for the RPM `{}`: its release names no commit", rpm.name);
                found.undone(Code::MismatchedRpmImageSiblings, why);
            }
        }
    }
    found
}

/// The builds of the payload's images from this repository.
fn siblings<'a>(order: &CheckInput<'a>, url: &str) -> Vec<&'a InspectedBuild> {
    let is_sibling = |member: &Member| {
        member.definition.source.git_url.as_ref().is_some_and(|own| git::https_url(own) == url)
    };
    order.built_for_payload().filter(|(member, _)| is_sibling(member)).map(|(_, build)| build).collect()
}

/// The first build that names a commit.
fn built(rpm: &RpmDefinition) -> Option<(&RpmBuild, &str)> {
    rpm.builds.iter().find_map(|build| Some((build, git::commit_of_release(&build.release)?)))
}

fn compare(
    rpm: &RpmDefinition,
    (build, commit): (&RpmBuild, &str),
    (image, url): (&InspectedBuild, &str),
    found: &mut Found,
) {
    let Some(of_image) = image.commit.as_deref().filter(|commit| !commit.is_empty()) else {
        let why = format!("not for the RPM `{}`: nothing says the commit of {}", rpm.name, image.build.nvr);
        return found.undone(Code::MismatchedRpmImageSiblings, why);
    };
    if !git::same_commit(commit, of_image) {
        let message = format!(
            "the RPM {} was built from {}, and its sibling {} of {url} from {}",
            build.nvr,
            git::short(commit),
            image.build.nvr,
            git::short(of_image)
        );
        found.issue(Code::MismatchedRpmImageSiblings, &rpm.name, message);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nightly::payload::Nvr;
    use crate::nightly::sample::{Case, built_from, edit};

    const URL: &str = "https://github.com/openshift/kubernetes";
    const COMMIT: &str = "aaa1234567890";

    fn rpm(releases: &[&str]) -> RpmDefinition {
        let build = |(el, release): (u32, &&str)| RpmBuild {
            el,
            nvr: Nvr::parse(&format!("openshift-4.19.0-{release}")).unwrap(),
            release: (*release).into(),
        };
        let builds = (8..).zip(releases).map(build).collect();
        RpmDefinition {
            name: "openshift".into(),
            git_url: Some("git@github.com:openshift/kubernetes.git".into()),
            builds,
        }
    }

    fn case(members: impl IntoIterator<Item = Member>, releases: &[&str]) -> Case {
        let mut case = Case::of(members);
        case.payload.rpms = vec![rpm(releases)];
        case
    }

    // 18.88
    #[test]
    fn an_rpm_of_another_commit_than_the_image_is_an_issue_of_the_rpm() {
        let found = case([built_from("hyperkube", URL, COMMIT)], &["1.gbbb5678.el9"]).run(check).issues;
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].code, &*found[0].component), (Code::MismatchedRpmImageSiblings, "openshift"));
        assert!(found[0].message.contains("bbb5678") && found[0].message.contains("hyperkube"));
    }

    // 18.89
    #[test]
    fn nothing_to_compare_or_nothing_that_differs_is_no_issue() {
        let image = || built_from("hyperkube", URL, COMMIT);
        let mut elsewhere = image();
        edit(&mut elsewhere, |image| image.source.git_url = Some("https://github.com/openshift/oc".into()));
        let mut outside = image();
        edit(&mut outside, |image| image.is_for_payload = false);
        for (image, releases, undone) in [
            (image(), &["1.gaaa1234.el9"][..], 0),
            (elsewhere, &["1.gbbb5678.el9"], 0),
            (image(), &[], 0),
            (image(), &["1.el9"], 1),
            (built_from("hyperkube", URL, ""), &["1.gbbb5678.el9"], 1),
            (outside, &["1.gbbb5678.el9"], 0),
        ] {
            let found = case([image], releases).run(check);
            assert_eq!((found.issues.len(), found.undone.len()), (0, undone), "{releases:?}");
        }
    }

    // 18.90
    #[test]
    fn each_image_that_differs_is_named_and_no_other() {
        let mut second = built_from("tests", URL, "bbb5678");
        edit(&mut second, |image| image.source.allows_mismatched_siblings = true);
        let found =
            case([built_from("hyperkube", URL, COMMIT), second], &["1.gaaa1234.el9"]).run(check).issues;
        assert_eq!(found.len(), 1);
        assert!(found[0].message.contains("tests-container") && !found[0].message.contains("hyperkube"));
    }

    #[test]
    fn the_first_build_that_names_a_commit_counts() {
        let image = || built_from("hyperkube", URL, COMMIT);
        assert_eq!(case([image()], &["1.el8", "1.gbbb5678.el9"]).run(check).issues.len(), 1);
        assert_eq!(case([image()], &["1.gaaa1234.el8", "1.gbbb5678.el9"]).run(check).issues.len(), 0);
    }

    #[test]
    fn a_file_without_rpms_says_that_nothing_was_compared() {
        let undone = Case::of([built_from("hyperkube", URL, COMMIT)]).run(check).undone;
        assert_eq!(undone.len(), 1);
    }
}
