//! Which rebuild of a version is the next one; pure.

use crate::error::{Class, Classify};
use crate::model::Tag;

use super::fault::Refused;
use super::names::{Number, Numbered, ReleaseVersion};

/// Why there is no next number.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NumberError {
    /// A tag has a number that is larger than any that we give.
    #[error("the tag {0} has a number that is larger than any that can be counted on from")]
    Beyond(Tag),
    /// The highest number is the last that there is.
    #[error("{0}-{1} has the last number that there is")]
    Last(ReleaseVersion, Number),
}

impl Classify for NumberError {
    fn class(&self) -> Class {
        Class::Invalid
    }

    fn advice(&self) -> Option<String> {
        Some(
            "nobody publishes that often: find out who wrote the tag; the version cannot be published while it is there"
                .to_owned(),
        )
    }
}

/// The next number, and what is odd about those before it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Next {
    /// The number.
    pub number: Number,
    /// What somebody should look at, in sentences.
    pub warnings: Vec<String>,
}

/// The number of the next rebuild of `version`: one more than any that was used in the upload registry or in the public one (none:
/// its tags cannot be listed), or was planned by any run here, whatever became of it. Without any it is 1.
///
/// # Errors
/// When there is no such number.
pub fn next(
    version: &ReleaseVersion,
    upload: &[Tag],
    public: Option<&[Tag]>,
    journal: impl IntoIterator<Item = Number>,
) -> Result<Next, NumberError> {
    let tags = || upload.iter().chain(public.unwrap_or_default());
    let used = highest(version, tags())?.into_iter().chain(journal).max();
    let number = match used {
        None => Number::FIRST,
        Some(used) => used.next().ok_or_else(|| NumberError::Last(version.clone(), used))?,
    };
    let mut warnings: Vec<String> = tags().filter_map(|tag| padded(version, tag)).collect();
    warnings.sort();
    warnings.dedup();
    Ok(Next { number, warnings })
}

/// The highest number of `version` among `tags`, those of single architectures included; none: there is none.
///
/// # Errors
/// When a number is larger than any that we give, and so higher than all others.
pub fn highest<'a>(
    version: &ReleaseVersion,
    tags: impl IntoIterator<Item = &'a Tag>,
) -> Result<Option<Number>, NumberError> {
    let mut highest = None;
    for tag in tags {
        match version.number_in(tag) {
            Some(Numbered::Number(number)) => highest = highest.max(Some(number)),
            Some(Numbered::Beyond) => return Err(NumberError::Beyond(tag.clone())),
            None => {}
        }
    }
    Ok(highest)
}

/// Whether the number that somebody asked for may be taken, where `next` is the next one; what is odd about it, if anything is. One
/// that was used or planned already `is_resumed`, and whether that may be is decided by what is seen of it.
///
/// # Errors
/// When a higher one was used: the tags that customers use would move back.
pub fn explicit(
    version: &ReleaseVersion,
    wanted: Number,
    next: Number,
    is_resumed: bool,
) -> Result<Option<String>, Refused> {
    if wanted < next && !is_resumed {
        return Err(Refused::NumberPassed { version: version.clone(), wanted, next });
    }
    let is_gap = wanted > next;
    Ok(is_gap.then(|| format!("{version}-{wanted} leaves a gap: the next number is {next}")))
}

/// What is odd about a number with zeros before it: others may read it as another one.
fn padded(version: &ReleaseVersion, tag: &Tag) -> Option<String> {
    let Some(Numbered::Number(number)) = version.number_in(tag) else { return None };
    let plain = format!("{version}-{number}");
    let rest = tag.as_str().strip_prefix(&plain);
    let is_plain = rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('-'));
    (!is_plain)
        .then(|| format!("the tag {tag} counts as {plain}: numbers are written without zeros before them"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(text: &str) -> ReleaseVersion {
        ReleaseVersion::parse(text).unwrap()
    }

    fn tags(text: &str) -> Vec<Tag> {
        text.split_whitespace().map(|tag| Tag::parse(tag).unwrap()).collect()
    }

    fn number(text: &str) -> Number {
        Number::parse(text).unwrap()
    }

    // 19.63
    #[test]
    fn the_next_number_is_one_more_than_any_of_the_same_version() {
        let dashed = "7.6.0-MP1-1 7.6.0-MP1-2 7.6.0-5";
        for (listed, of, expected) in [
            ("7.6.1 7.6.1-1 7.6.1-rhcc", "7.6.1", "2"),
            ("7.6.10-4 7.6.1-1", "7.6.1", "2"),
            (dashed, "7.6.0-MP1", "3"),
            (dashed, "7.6.0", "6"),
            ("7.2.0-3-arm64", "7.2.0", "4"),
            ("7.2.0-9 7.2.0-10", "7.2.0", "11"),
            ("", "7.6.1", "1"),
            ("7.6.1-rhcc 7.6.1-beta-2", "7.6.1", "1"),
        ] {
            let next = next(&version(of), &tags(listed), None, []).unwrap();
            assert_eq!(next, Next { number: number(expected), warnings: vec![] }, "{listed} of {of}");
        }
    }

    // 19.66
    #[test]
    fn a_number_that_was_only_planned_is_not_given_again() {
        let upload = tags("7.6.1-1 7.6.1-2 7.6.1-3");
        let given = |journal: Option<Number>| next(&version("7.6.1"), &upload, None, journal).unwrap().number;
        assert_eq!(given(Some(number("4"))), number("5"));
        assert_eq!(given(Some(number("2"))), number("4"), "an older one does not count back");
    }

    #[test]
    fn a_number_that_only_the_public_registry_has_counts() {
        let public = tags("7.6.1-6 7.6.2-9");
        assert_eq!(next(&version("7.6.1"), &tags("7.6.1-2"), Some(&public), []).unwrap().number, number("7"));
    }

    #[test]
    fn numbers_with_zeros_before_them_count_by_value_and_are_told_once() {
        let both = tags("7.6.1-007 7.6.1-2 7.6.1-00 7.6.1-03-arm64");
        let next = next(&version("7.6.1"), &both, Some(&both), []).unwrap();
        assert_eq!(next.number, number("8"));
        assert_eq!(next.warnings.len(), 2, "{:?}", next.warnings);
        assert!(next.warnings[1].contains("7.6.1-03-arm64 counts as 7.6.1-3:"), "{:?}", next.warnings);
    }

    #[test]
    fn beyond_the_largest_number_there_is_none() {
        let of = version("7.6.1");
        let beyond = next(&of, &tags("7.6.1-4294967296 7.6.1-1"), None, []).unwrap_err();
        assert_eq!(beyond, NumberError::Beyond(Tag::parse("7.6.1-4294967296").unwrap()));
        let last = next(&of, &tags("7.6.1-4294967295"), None, []).unwrap_err();
        assert!(last.to_string().contains("7.6.1-4294967295"), "{last}");
        assert_eq!(next(&of, &tags("7.6.1-4294967294"), None, []).unwrap().number, number("4294967295"));
    }

    // 19.67
    #[test]
    fn a_number_that_was_passed_is_refused_and_one_that_leaves_a_gap_is_told() {
        let of = version("7.6.1");
        let asked = |wanted: &str, is_resumed| explicit(&of, number(wanted), number("3"), is_resumed);
        let refused = asked("1", false).unwrap_err();
        assert_eq!(
            refused,
            Refused::NumberPassed { version: of.clone(), wanted: number("1"), next: number("3") }
        );
        assert_eq!(asked("1", true), Ok(None));
        assert_eq!(asked("3", false), Ok(None));
        assert!(asked("5", false).unwrap().is_some_and(|warning| warning.contains("the next number is 3")));
    }

    #[test]
    fn the_highest_number_is_that_of_the_version_alone() {
        let of = version("7.6.1");
        let tags = tags("7.6.1 7.6.1-2 7.6.1-10-s390x 7.6.10-40 7.6.1-9 17.6.1-50");
        assert_eq!(highest(&of, &tags), Ok(Some(number("10"))));
        assert_eq!(highest(&version("7.6.2"), &tags), Ok(None));
    }
}
