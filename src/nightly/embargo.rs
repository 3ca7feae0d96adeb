//! What is embargoed, and whether those who run this know of it. What then becomes public is decided in
//! [`clearance`](super::clearance).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::issue::Code;
use super::payload::{AssemblyType, Build, Nvr, Payload};
use super::permits::Judged;
use crate::error::{Class, Classify};

/// Whether `build` must not become public. What the file says of it wins, then the flag in its release, then that in the
/// label `release` of its images; a build that nothing calls public is embargoed.
#[must_use]
pub(super) fn is_embargoed<'a>(
    payload: &Payload,
    build: &Build,
    labels: impl IntoIterator<Item = &'a BTreeMap<String, String>>,
) -> bool {
    if !payload.has_embargoes {
        return false;
    }
    if let Some(said) = build.is_embargoed {
        return said;
    }
    if let Some(flag) = flag(&build.nvr.release) {
        return flag == Flag::Private;
    }
    let flags: Vec<_> =
        labels.into_iter().map(|labels| flag(labels.get("release").map_or("", String::as_str))).collect();
    flags.is_empty() || flags.iter().any(|flag| *flag != Some(Flag::Public))
}

/// Whether nothing but the labels of its images says if `build` is embargoed: then each of them has to be read.
#[must_use]
pub(super) fn is_told_by_labels(payload: &Payload, build: &Build) -> bool {
    payload.has_embargoes && build.is_embargoed.is_none() && flag(&build.nvr.release).is_none()
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Flag {
    Public,
    Private,
}

/// Whether the release of a build says that it is embargoed.
pub(super) fn is_flagged(nvr: &Nvr) -> bool {
    flag(&nvr.release) == Some(Flag::Private)
}

/// The flag of a release: `.p0` or `.p2` is public, `.p1` or `.p3` is not; a dot or the end follows.
fn flag(release: &str) -> Option<Flag> {
    let mut found = None;
    for part in release.split('.').skip(1) {
        match part {
            "p1" | "p3" => return Some(Flag::Private),
            "p0" | "p2" => found = Some(Flag::Public),
            _ => {}
        }
    }
    found
}

/// Embargoed content that a permit lets become public, and that nobody has acknowledged.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("embargoed content of {} would become public by permit, and EMBARGO_PERMIT_ACK is not set", .components.join(", "))]
pub(super) struct Unacknowledged {
    /// Of which images.
    pub components: Vec<Arc<str>>,
}

impl Classify for Unacknowledged {
    fn class(&self) -> Class {
        Class::Denied
    }

    fn advice(&self) -> Option<String> {
        let advice =
            "if it may become public, run again with EMBARGO_PERMIT_ACK=true; else take the permit out";
        Some(advice.to_owned())
    }
}

/// Whether what permits let become public may: in assemblies of other types than stream it has to be acknowledged as well.
/// (In a stream assembly nothing embargoed becomes public at all.)
///
/// # Errors
/// The components that are permitted and not acknowledged.
pub(super) fn acknowledged(
    payload: &Payload,
    judged: &Judged,
    is_acknowledged: bool,
) -> Result<(), Unacknowledged> {
    if is_acknowledged || payload.assembly.kind == AssemblyType::Stream {
        return Ok(());
    }
    let permitted = judged.issues.iter().filter(|judged| judged.permit.is_some());
    let embargoed = permitted.filter(|judged| judged.issue.code == Code::EmbargoedContent);
    let components: BTreeSet<_> = embargoed.map(|judged| Arc::clone(&judged.issue.component)).collect();
    if components.is_empty() {
        Ok(())
    } else {
        Err(Unacknowledged { components: components.into_iter().collect() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nightly::clearance::{Clearance, clear};
    use crate::nightly::inspected::{InspectedBuild, Member};
    use crate::nightly::sample::{self, member, permit};

    fn embargoed(release: &str, label: Option<&str>) -> bool {
        let build = sample::build(&format!("etcd-container-v4.19.0-{release}"));
        let labels = label.map(|release| BTreeMap::from([("release".to_owned(), release.to_owned())]));
        is_embargoed(&sample::payload(), &build, &labels)
    }

    // 18.45
    #[test]
    fn the_flag_of_a_release_says_what_is_embargoed_and_its_absence_too() {
        let cases = [
            ("202501010000.p0.gabc1234.el9", false),
            ("202501010000.p1.gabc1234.el9", true),
            ("202501010000.p2.gabc1234.el9", false),
            ("202501010000.p3.gabc1234.el9", true),
            ("1.el9", true),
            ("202501010000.p0", false),
            ("202501010000.p4.el9", true),
            ("202501010000.p01.el9", true),
            ("p0.el9", true),
            ("1.p0.p1.el9", true),
        ];
        for (release, expected) in cases {
            assert_eq!(embargoed(release, None), expected, "{release}");
        }
    }

    #[test]
    fn a_label_counts_only_where_the_release_has_no_flag_and_the_file_above_all() {
        assert!(!embargoed("1.el9", Some("1.p2.el9")));
        assert!(embargoed("1.el9", Some("1.p3.el9")) && embargoed("1.el9", Some("1.el9")));
        assert!(embargoed("1.p3.el9", Some("1.p2.el9")));

        let mut build = sample::build("etcd-container-v1-1.p3.el9");
        build.is_embargoed = Some(false);
        assert!(!is_embargoed(&sample::payload(), &build, []));
        build.is_embargoed = Some(true);
        assert!(is_embargoed(&sample::payload(), &build, []));
        let mut payload = sample::payload();
        payload.has_embargoes = false;
        assert!(!is_embargoed(&payload, &build, []), "nothing is where nothing can be");
    }

    #[test]
    fn one_image_whose_label_is_not_public_makes_the_build_embargoed() {
        let build = sample::build("etcd-container-v1-1.el9");
        let label = |release: &str| BTreeMap::from([("release".to_owned(), release.to_owned())]);
        assert!(is_embargoed(&sample::payload(), &build, [&label("1.p2.el9"), &label("1.p3.el9")]));
        assert!(is_embargoed(&sample::payload(), &build, [&label("1.p2.el9"), &BTreeMap::new()]));
    }

    /// What becomes public of `member`.
    fn public<'a>(payload: &Payload, member: &'a Member, ack: bool) -> Option<&'a InspectedBuild> {
        match clear(payload, member, ack) {
            Clearance::Cleared(build) => Some(build),
            _ => None,
        }
    }

    #[test]
    fn an_embargoed_build_becomes_public_only_by_a_literal_permit_and_an_acknowledgement() {
        let mut payload = sample::payload();
        payload.assembly.kind = AssemblyType::Standard;
        let mut member = member("etcd");
        member.build.as_mut().unwrap().is_embargoed = true;
        let may = |payload: &Payload, ack| public(payload, &member, ack).is_some();

        for (code, component) in [("*", "*"), ("*", "etcd"), ("MISMATCHED_SIBLINGS", "*")] {
            payload.assembly.permits = vec![permit(code, component)];
            assert!(!may(&payload, true), "{code} {component}");
        }
        for component in ["etcd", "*"] {
            payload.assembly.permits = vec![permit("EMBARGOED_CONTENT", component)];
            assert!(may(&payload, true) && !may(&payload, false), "{component}");
        }
        payload.assembly.kind = AssemblyType::Stream;
        assert!(!may(&payload, true), "never of a stream");
    }

    #[test]
    fn a_stream_publishes_the_last_public_build_instead_and_no_embargoed_one_of_that_name() {
        let payload = sample::payload();
        let mut member = member("etcd");
        member.public_build.clone_from(&member.build);
        member.build.as_mut().unwrap().is_embargoed = true;
        assert!(public(&payload, &member, true).is_some_and(|build| !build.is_embargoed));

        member.public_build.as_mut().unwrap().is_embargoed = true;
        assert!(public(&payload, &member, true).is_none());
    }

    #[test]
    fn permits_name_an_image_up_to_its_first_dot() {
        let mut payload = sample::payload();
        payload.assembly.kind = AssemblyType::Standard;
        payload.assembly.permits = vec![permit("EMBARGOED_CONTENT", "etcd.rhel8")];
        let mut member = member("etcd.rhel8");
        member.build.as_mut().unwrap().is_embargoed = true;
        assert!(public(&payload, &member, true).is_none());
        payload.assembly.permits = vec![permit("EMBARGOED_CONTENT", "etcd")];
        assert!(public(&payload, &member, true).is_some());
    }
}
