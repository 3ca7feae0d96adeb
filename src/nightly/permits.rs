//! Which inconsistencies an assembly may have.

use std::sync::Arc;

use super::issue::{Code, Issue};
use super::payload::{Assembly, Payload, Phase};

/// Allows issues.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Permit {
    /// Of this kind; none (`*`): of every kind that can be allowed, save embargoed content.
    pub code: Option<Code>,
    /// Of this part; none (`*`): of every part.
    pub component: Option<Arc<str>>,
    /// Why, for people; it plays no part in matching.
    pub why: Option<Arc<str>>,
    /// Where it is written: `payload.yaml:12`.
    pub place: Arc<str>,
}

impl Permit {
    /// Whether it allows `issue`. Names are compared as they are: no patterns, no folding of case. Embargoed content is
    /// allowed only by a permit that says so literally.
    #[must_use]
    pub fn allows(&self, issue: &Issue) -> bool {
        match issue.code {
            Code::Impermissible => false,
            Code::EmbargoedContent => self.allows_embargoed(&issue.component),
            code => self.code.is_none_or(|own| own == code) && self.is_about(&issue.component),
        }
    }

    /// Whether it lets an embargoed build of `component` become public: only one that says so literally does.
    #[must_use]
    pub fn allows_embargoed(&self, component: &str) -> bool {
        self.code == Some(Code::EmbargoedContent) && self.is_about(component)
    }

    fn is_about(&self, component: &str) -> bool {
        self.component.as_ref().is_none_or(|own| &**own == component)
    }
}

/// The permits that count in the assembly's phase: before the release its own ones, where there are any.
#[must_use]
pub(super) fn in_force(assembly: &Assembly) -> &[Permit] {
    let is_early = assembly.phase == Phase::PreRelease && !assembly.prerelease_permits.is_empty();
    if is_early { &assembly.prerelease_permits } else { &assembly.permits }
}

/// The first permit that allows `issue`.
#[must_use]
pub(super) fn allowing<'a>(payload: &'a Payload, issue: &Issue) -> Option<&'a Permit> {
    in_force(&payload.assembly).iter().find(|permit| permit.allows(issue))
}

/// An issue, and what allows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct JudgedIssue {
    /// The issue.
    pub issue: Issue,
    /// The permit that allows it; none: nothing does.
    pub permit: Option<Permit>,
}

/// The issues of a payload, in the order in which they were found, and what comes of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Judged {
    /// The issues.
    pub issues: Vec<JudgedIssue>,
    /// Whether all of them are allowed.
    pub is_viable: bool,
}

impl Judged {
    /// The issues that nothing allows.
    pub(super) fn refused(&self) -> impl Iterator<Item = &Issue> {
        self.issues.iter().filter(|judged| judged.permit.is_none()).map(|judged| &judged.issue)
    }
}

/// Holds `issues` against the permits of the payload.
#[must_use]
pub(super) fn judge(payload: &Payload, issues: &[Issue]) -> Judged {
    let judged =
        |issue: &Issue| JudgedIssue { issue: issue.clone(), permit: allowing(payload, issue).cloned() };
    let issues: Vec<_> = issues.iter().map(judged).collect();
    let is_viable = issues.iter().all(|judged| judged.permit.is_some());
    Judged { issues, is_viable }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nightly::embargo::{Unacknowledged, acknowledged};
    use crate::nightly::payload::AssemblyType;
    use crate::nightly::sample::{self, issue, permit};

    fn permitted(permits: &[(&str, &str)], issue: &Issue) -> bool {
        let mut payload = sample::payload();
        payload.assembly.permits = permits.iter().map(|(code, component)| permit(code, component)).collect();
        judge(&payload, std::slice::from_ref(issue)).is_viable
    }

    // 18.46
    #[test]
    fn without_permits_an_issue_is_not_permitted() {
        assert!(!permitted(&[], &issue(Code::MismatchedSiblings, "etcd")));
        assert!(judge(&sample::payload(), &[]).is_viable, "nothing is wrong with nothing");
    }

    // 18.47
    #[test]
    fn a_permit_matches_by_code_and_component_or_by_a_star_in_their_place() {
        let issue = issue(Code::MismatchedSiblings, "etcd");
        for code in ["MISMATCHED_SIBLINGS", "*"] {
            for component in ["etcd", "*"] {
                assert!(permitted(&[(code, component)], &issue), "{code} {component}");
            }
        }
    }

    // 18.48
    #[test]
    fn a_permit_for_something_else_does_not_match_and_there_are_no_patterns() {
        let issue = issue(Code::MismatchedSiblings, "etcd");
        for permit in [
            ("MISMATCHED_SIBLINGS", "cli"),
            ("MISMATCHED_NETWORK_MODE", "etcd"),
            ("MISMATCHED_SIBLINGS", "et*"),
            ("MISMATCHED_SIBLINGS", "ETCD"),
        ] {
            assert!(!permitted(&[permit], &issue), "{permit:?}");
        }
        // A code in lower case is none, so that no permit can hold it.
        assert_eq!(Code::of_name("mismatched_siblings"), None);
    }

    // 18.49
    #[test]
    fn what_is_impermissible_no_star_permits() {
        assert!(!permitted(&[("*", "*")], &issue(Code::Impermissible, "etcd")));
    }

    // 18.51
    #[test]
    fn a_star_covers_inherited_dependencies_of_rhcos_too() {
        let issue = issue(Code::ConflictingInheritedDependency, "rhcos");
        assert!(permitted(&[("CONFLICTING_INHERITED_DEPENDENCY", "*")], &issue));
        assert!(!permitted(&[("CONFLICTING_INHERITED_DEPENDENCY", "etcd")], &issue));
    }

    #[test]
    fn embargoed_content_is_permitted_by_its_own_name_only() {
        let issue = issue(Code::EmbargoedContent, "etcd");
        assert!(!permitted(&[("*", "*"), ("*", "etcd")], &issue));
        assert!(permitted(&[("EMBARGOED_CONTENT", "*")], &issue));
    }

    // 18.52
    #[test]
    fn before_the_first_release_its_own_permits_count_unless_there_are_none() {
        let mut payload = sample::payload();
        let issue = issue(Code::MismatchedSiblings, "etcd");
        payload.assembly.permits = vec![permit("*", "*")];
        payload.assembly.phase = Phase::PreRelease;
        assert!(judge(&payload, std::slice::from_ref(&issue)).is_viable, "the list is empty");

        payload.assembly.prerelease_permits = vec![permit("*", "cli")];
        assert!(!judge(&payload, std::slice::from_ref(&issue)).is_viable);
        payload.assembly.phase = Phase::Release;
        assert!(judge(&payload, &[issue]).is_viable);
    }

    fn embargo_of(components: [&str; 2], permits: &[&str], kind: AssemblyType) -> (Payload, Judged) {
        let mut payload = sample::payload();
        payload.assembly.kind = kind;
        payload.assembly.permits = permits.iter().map(|name| permit("EMBARGOED_CONTENT", name)).collect();
        let issues = components.map(|component| issue(Code::EmbargoedContent, component));
        let judged = judge(&payload, &issues);
        (payload, judged)
    }

    // 18.41
    #[test]
    fn embargoed_content_without_a_permit_makes_a_payload_that_is_not_viable() {
        let (payload, judged) = embargo_of(["c1", "c2"], &[], AssemblyType::Standard);
        assert!(!judged.is_viable);
        assert_eq!(acknowledged(&payload, &judged, false), Ok(()), "there is nothing to acknowledge");
    }

    // 18.42
    #[test]
    fn permitted_embargoed_content_that_nobody_acknowledged_aborts_and_is_named() {
        let (payload, judged) = embargo_of(["c1", "c2"], &["c2"], AssemblyType::Standard);
        assert!(!judged.is_viable);
        let refused = acknowledged(&payload, &judged, false).unwrap_err();
        assert_eq!(refused, Unacknowledged { components: vec!["c2".into()] });
        assert!(refused.to_string().contains("c2") && !refused.to_string().contains("c1"));
    }

    // 18.43
    #[test]
    fn permitted_and_acknowledged_embargoed_content_is_viable() {
        let (payload, judged) = embargo_of(["c1", "c2"], &["c1", "c2"], AssemblyType::Standard);
        assert!(judged.is_viable);
        assert_eq!(acknowledged(&payload, &judged, true), Ok(()));
    }

    // 18.44
    #[test]
    fn in_a_stream_one_permitted_embargo_issue_of_two_is_marked_and_not_enough() {
        let (payload, judged) = embargo_of(["c1", "c2"], &["c1"], AssemblyType::Stream);
        assert!(!judged.is_viable);
        assert_eq!(judged.issues.iter().map(|one| one.permit.is_some()).collect::<Vec<_>>(), [true, false]);
        assert_eq!(acknowledged(&payload, &judged, false), Ok(()));
    }
}
