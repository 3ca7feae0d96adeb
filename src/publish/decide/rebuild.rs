//! Which number a run goes on with that was asked for the next one: one that died must not use up a number each time.

use crate::publish::fault::Refused;
use crate::publish::journal::Story;
use crate::publish::names::{Number, ReleaseVersion};

/// What is known when the next number is asked for.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// The version.
    pub version: &'a ReleaseVersion,
    /// Where the image comes from now, as a plan names it: with its digest.
    pub source: &'a str,
    /// All publications of the version that there are journals of.
    pub begun: &'a [(Number, Story)],
    /// The highest number in the upload registry, if its tag is what the source is made into for that number. Only an image that
    /// is made unique can be told so.
    pub made: Option<Number>,
    /// The next number that nobody used or planned.
    pub next: Number,
}

/// The number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rebuild {
    /// One that was begun, and may be done by now.
    Resumed(Number),
    /// One that nobody used.
    Fresh(Number),
}

impl Rebuild {
    /// The number.
    #[must_use]
    pub fn number(self) -> Number {
        let (Self::Resumed(number) | Self::Fresh(number)) = self;
        number
    }
}

/// The number to go on with.
///
/// 1. The last one that was begun with the same source and is not done; one whose image did not pass is told so again.
/// 2. One that is the same image already.
/// 3. The next one. What was begun with another source is left alone if its number is used up, or was passed by others.
///
/// # Errors
/// When the last number was begun with another source and may still come to its end: both would move the same tags.
pub fn rebuild(asked: &Asked<'_>) -> Result<Rebuild, Refused> {
    let unfinished = || asked.begun.iter().filter(|(_, story)| story.is_unfinished());
    let is_same = |story: &Story| story.planned.as_ref().is_some_and(|plan| plan.source == asked.source);
    let same = unfinished().filter(|(_, story)| is_same(story)).map(|(number, _)| *number).max();
    if let Some(number) = same.or(asked.made) {
        return Ok(Rebuild::Resumed(number));
    }
    let last = unfinished().find(|(number, _)| number.next() == Some(asked.next));
    match last.filter(|(_, story)| !story.has_failed()) {
        Some((number, Story { planned: Some(plan), .. })) => Err(Refused::Unfinished {
            version: asked.version.clone(),
            number: *number,
            planned: plan.source.clone(),
        }),
        _ => Ok(Rebuild::Fresh(asked.next)),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::model::Digest;
    use crate::publish::journal::{Certified, Event, Plan};

    const SOURCE: &str = "registry.example.com/cb-rhcc/server@sha256:aa";
    const OTHER: &str = "registry.example.com/cb-rhcc/server@sha256:bb";

    fn number(text: &str) -> Number {
        Number::parse(text).unwrap()
    }

    fn begun(of: &str, source: &str, events: &[Event]) -> (Number, Story) {
        let mut story = Story::default();
        let digest = Digest::of(source.as_bytes());
        story.add(&Event::Planned(Plan::sample(digest, source)));
        for event in events {
            story.add(event);
        }
        (number(of), story)
    }

    fn not_passed() -> Event {
        let result = Certified { passed: false, image_id: None };
        Event::PreflightResult { attempt: 1, results: BTreeMap::from([("arm64".to_owned(), result)]) }
    }

    fn asked(begun: &[(Number, Story)], made: Option<&str>, next: &str) -> Result<Rebuild, Refused> {
        let version = ReleaseVersion::parse("7.6.1").unwrap();
        let made = made.map(number);
        rebuild(&Asked { version: &version, source: SOURCE, begun, made, next: number(next) })
    }

    fn resumed(of: &str) -> Rebuild {
        Rebuild::Resumed(number(of))
    }

    fn fresh(of: &str) -> Rebuild {
        Rebuild::Fresh(number(of))
    }

    #[test]
    fn what_was_begun_with_the_same_source_is_gone_on_with() {
        let stories = [begun("1", SOURCE, &[Event::Done]), begun("2", SOURCE, &[Event::Pushed])];
        assert_eq!(asked(&stories, None, "3"), Ok(resumed("2")));
        assert_eq!(
            asked(&stories, None, "9"),
            Ok(resumed("2")),
            "others went on meanwhile, and a guard says so"
        );
        assert_eq!(asked(&[begun("2", SOURCE, &[not_passed()])], None, "3"), Ok(resumed("2")));
    }

    // 19.53b, 19.53c
    #[test]
    fn without_a_journal_the_image_itself_tells_its_number() {
        assert_eq!(asked(&[], Some("2"), "3"), Ok(resumed("2")));
        assert_eq!(asked(&[begun("2", SOURCE, &[Event::Done])], Some("2"), "3"), Ok(resumed("2")));
        assert_eq!(asked(&[], None, "3"), Ok(fresh("3")));
    }

    // 19.53d
    #[test]
    fn another_source_has_the_next_number_once_the_last_one_is_done_or_used_up() {
        assert_eq!(asked(&[begun("2", OTHER, &[Event::Done])], None, "3"), Ok(fresh("3")));
        assert_eq!(asked(&[begun("2", OTHER, &[not_passed()])], None, "3"), Ok(fresh("3")));
        assert_eq!(asked(&[begun("2", OTHER, &[Event::Pushed])], None, "4"), Ok(fresh("4")), "3 passed it");
    }

    #[test]
    fn two_images_are_not_on_their_way_at_once() {
        let refused = asked(&[begun("2", OTHER, &[Event::Pushed])], None, "3").unwrap_err();
        assert!(matches!(&refused, Refused::Unfinished { planned, .. } if planned == OTHER), "{refused}");
        assert!(refused.to_string().contains("7.6.1-2"), "{refused}");
    }
}
