//! Whether an image that is uploaded, and not public yet, is still to be certified.

use std::collections::BTreeMap;

use crate::publish::journal::Story;

/// What the catalog has of the image of one architecture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Record {
    /// It passed all checks.
    Certified,
    /// It did not, or nobody knows yet.
    Uncertified,
}

/// What is left of the certification.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Certification {
    /// Nothing: what is left is to wait until the image is public.
    Done,
    /// These architectures are to be checked; empty: all of the image.
    Needed(Vec<String>),
    /// It did not pass before, and the same bytes will not pass now.
    NotPassed,
}

/// What is left of the certification of an image for `architectures`, by the journal and, where it was asked, by what the catalog
/// has of each architecture. An image that did not pass is checked again only where `retry` says so: an exception may have been
/// granted.
#[must_use]
pub fn certification(
    architectures: &[String],
    story: &Story,
    records: Option<&BTreeMap<String, Record>>,
    retry: bool,
) -> Certification {
    // That is noted only once all passed, though some of them by an exception, of which only the catalog's record tells.
    if story.is_submitted {
        return Certification::Done;
    }
    let is_certified = |architecture: &String| {
        records.is_some_and(|records| records.get(architecture) == Some(&Record::Certified))
    };
    let lacking: Vec<String> = architectures.iter().filter(|one| !is_certified(one)).cloned().collect();
    if lacking.is_empty() {
        return Certification::Done;
    }
    let failed = |one: &String| story.results.get(one).is_some_and(|result| !result.passed);
    if lacking.iter().any(failed) && !retry {
        return Certification::NotPassed;
    }
    let is_all = lacking.len() == architectures.len();
    Certification::Needed(if is_all { Vec::new() } else { lacking })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Digest;
    use crate::publish::journal::{Certified, Event, Plan};

    fn architectures() -> Vec<String> {
        ["amd64", "arm64"].map(ToOwned::to_owned).into()
    }

    fn story(results: &[(&str, bool)], is_submitted: bool) -> Story {
        let mut story = Story::default();
        let results =
            results.iter().map(|&(one, passed)| (one.to_owned(), Certified { passed, image_id: None }));
        let results: BTreeMap<_, _> = results.collect();
        story.add(&Event::PreflightStarted { attempt: 1, version: "1.14.1".into(), architectures: vec![] });
        if !results.is_empty() {
            story.add(&Event::PreflightResult { attempt: 1, results });
        }
        if is_submitted {
            story.add(&Event::Submitted);
        }
        story
    }

    fn records(certified: &[&str]) -> BTreeMap<String, Record> {
        certified.iter().map(|one| ((*one).to_owned(), Record::Certified)).collect()
    }

    const ALL: Certification = Certification::Needed(Vec::new());

    fn only(architecture: &str) -> Certification {
        Certification::Needed(vec![architecture.to_owned()])
    }

    // 19.47
    #[test]
    fn what_did_not_pass_is_not_checked_again_unless_somebody_asks_for_it() {
        let failed = story(&[("amd64", true), ("arm64", false)], false);
        assert_eq!(certification(&architectures(), &failed, None, false), Certification::NotPassed);
        assert_eq!(certification(&architectures(), &failed, None, true), ALL);
        let records = records(&["amd64"]);
        assert_eq!(certification(&architectures(), &failed, Some(&records), false), Certification::NotPassed);
        assert_eq!(certification(&architectures(), &failed, Some(&records), true), only("arm64"));
    }

    // 19.48
    #[test]
    fn what_passed_and_was_submitted_is_only_waited_for() {
        let passed = story(&[("amd64", true), ("arm64", true)], true);
        assert_eq!(certification(&architectures(), &passed, None, false), Certification::Done);
        assert_eq!(certification(&architectures(), &passed, None, true), Certification::Done);
        let untold = story(&[("amd64", true), ("arm64", true)], false);
        assert_eq!(
            certification(&architectures(), &untold, None, false),
            ALL,
            "nobody noted that it was told"
        );
    }

    // 19.49
    #[test]
    fn what_the_catalog_has_certified_needs_no_journal() {
        let both = records(&["amd64", "arm64"]);
        assert_eq!(
            certification(&architectures(), &Story::default(), Some(&both), false),
            Certification::Done
        );
        // An exception was granted meanwhile.
        let failed = story(&[("arm64", false)], false);
        assert_eq!(certification(&architectures(), &failed, Some(&both), false), Certification::Done);
    }

    // 19.50
    #[test]
    fn only_the_architectures_that_the_catalog_lacks_are_checked() {
        let certified = |certified: &[&str]| {
            certification(&architectures(), &Story::default(), Some(&records(certified)), false)
        };
        assert_eq!(certified(&["amd64"]), only("arm64"));
        assert_eq!(certified(&[]), ALL);
        let mut tried = records(&["arm64"]);
        tried.insert("amd64".to_owned(), Record::Uncertified);
        assert_eq!(certification(&architectures(), &Story::default(), Some(&tried), false), only("amd64"));
    }

    #[test]
    fn what_was_submitted_passed_though_one_of_it_by_an_exception() {
        let story = story(&[("amd64", true), ("arm64", false)], true);
        assert_eq!(certification(&architectures(), &story, None, false), Certification::Done);
        assert!(!story.has_failed());
    }

    #[test]
    fn a_later_attempt_counts_and_not_that_an_earlier_one_was_submitted() {
        let mut again = story(&[("amd64", true), ("arm64", true)], true);
        again.add(&Event::PreflightStarted { attempt: 2, version: "1.14.1".into(), architectures: vec![] });
        assert_eq!(certification(&architectures(), &again, None, false), ALL);
        let failed = BTreeMap::from([("arm64".to_owned(), Certified { passed: false, image_id: None })]);
        again.add(&Event::PreflightResult { attempt: 2, results: failed });
        assert_eq!(certification(&architectures(), &again, None, false), Certification::NotPassed);
        assert!(again.has_failed());
    }

    #[test]
    fn what_is_known_of_another_image_is_forgotten_but_for_the_number_of_its_attempts() {
        let [one, other] = [b"one", b"two"].map(|bytes| Plan::sample(Digest::of(bytes), "a/b@sha256:aa"));
        let mut story = Story::default();
        let started = Event::PreflightStarted { attempt: 3, version: "1.14.1".into(), architectures: vec![] };
        for event in [Event::Planned(one.clone()), started, Event::Submitted, Event::Planned(one.clone())] {
            story.add(&event);
        }
        assert!(story.is_submitted && story.clone().of(&one.digest) == story);
        assert_eq!(story.clone().of(&other.digest), Story::default());
        story.add(&Event::Planned(other));
        assert!(!story.is_submitted && story.attempts == 3);
    }

    #[test]
    fn an_attempt_whose_results_are_not_known_is_made_again() {
        assert_eq!(certification(&architectures(), &story(&[], false), None, false), ALL);
        assert_eq!(certification(&architectures(), &Story::default(), None, false), ALL);
    }
}
