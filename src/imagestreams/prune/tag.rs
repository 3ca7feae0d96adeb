//! The names by which images are kept, and the times in them. [`TagTemplate`](crate::model::TagTemplate) makes them; what
//! is read here must go on reading all that it makes.

use std::time::{Duration, SystemTime};

use crate::model::Tag;

const TIMESTAMP: usize = 14;
const DATE: usize = 8;
const DAY: Duration = Duration::from_hours(24);

/// How tags that keep an image for a while are named.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheme {
    /// `YYYYMMDDhhmmss_prune_…`: since then, UTC, nothing else has kept the image.
    Backup,
    /// `YYYYMMDD_sha256_HEX`: the image came at some time of that day, UTC.
    Dated,
}

/// What the name of a tag says of its age.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dated {
    /// It is no name of the scheme.
    No,
    /// It has the form, and a date or a time that does not exist.
    Impossible,
    /// It is to be kept for so long from then on.
    Since(SystemTime),
}

impl Scheme {
    /// Reads the name of a tag. The time of a day is its end, so that the image has been there for the whole of an age
    /// that is counted from it.
    #[must_use]
    pub fn read(self, tag: &Tag) -> Dated {
        let text = tag.as_str();
        match self {
            Self::Backup => match digits(text, TIMESTAMP) {
                Some((digits, rest)) if is_backup(rest) => Dated::of(time(digits)),
                _ => Dated::No,
            },
            Self::Dated => match digits(text, DATE) {
                Some((digits, rest)) if is_digest(rest) => {
                    let midnight = time(&format!("{digits}000000"));
                    Dated::of(midnight.and_then(|midnight| midnight.checked_add(DAY)))
                }
                _ => Dated::No,
            },
        }
    }
}

impl Dated {
    fn of(time: Option<SystemTime>) -> Self {
        time.map_or(Self::Impossible, Self::Since)
    }
}

/// The first `count` characters, which are digits, and the rest.
fn digits(text: &str, count: usize) -> Option<(&str, &str)> {
    let (digits, rest) = text.split_at_checked(count)?;
    digits.bytes().all(|byte| byte.is_ascii_digit()).then_some((digits, rest))
}

fn is_backup(rest: &str) -> bool {
    rest.strip_prefix("_prune_").is_some_and(|writer| !writer.is_empty())
}

fn is_digest(rest: &str) -> bool {
    let is_hex = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    rest.strip_prefix("_sha256_").is_some_and(|hex| hex.len() == 64 && hex.bytes().all(is_hex))
}

/// The time that `YYYYMMDDhhmmss` is, UTC; none: it is in no calendar, or before 1970.
fn time(digits: &str) -> Option<SystemTime> {
    let part = |from: usize, to: usize| digits.get(from..to);
    let (year, month, day) = (part(0, 4)?, part(4, 6)?, part(6, 8)?);
    let (hour, minute, second) = (part(8, 10)?, part(10, 12)?, part(12, 14)?);
    humantime::parse_rfc3339(&format!("{year}-{month}-{day}T{hour}:{minute}:{second}Z")).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Digest, TagTemplate};

    fn tag(text: &str) -> Tag {
        Tag::parse(text).unwrap()
    }

    fn at(text: &str) -> SystemTime {
        humantime::parse_rfc3339(text).unwrap()
    }

    #[test]
    fn a_backup_says_its_second_and_a_dated_tag_the_end_of_its_day() {
        let hex = "0123456789abcdef".repeat(4);
        for (scheme, text, time) in [
            (
                Scheme::Backup,
                "20251023140242_prune___ci_images_mirror__ci_boskos_latest",
                "2025-10-23T14:02:42Z",
            ),
            (Scheme::Backup, "20241024102030_prune_ocp_4.12_ovn-kubernetes", "2024-10-24T10:20:30Z"),
            (Scheme::Backup, "20240229000000_prune_x", "2024-02-29T00:00:00Z"),
            (Scheme::Dated, &format!("20230605_sha256_{hex}"), "2023-06-06T00:00:00Z"),
            (Scheme::Dated, &format!("20231231_sha256_{hex}"), "2024-01-01T00:00:00Z"),
        ] {
            assert_eq!(scheme.read(&tag(text)), Dated::Since(at(time)), "{text}");
        }
    }

    #[test]
    fn a_date_that_is_in_no_calendar_is_told_from_another_name() {
        let hex = "0".repeat(64);
        for (scheme, text) in [
            (Scheme::Backup, "99999999999999_prune_x"), // row 86
            (Scheme::Backup, "20261301000000_prune_x"),
            (Scheme::Backup, "20260230000000_prune_x"),
            (Scheme::Backup, "20260001000000_prune_x"),
            (Scheme::Backup, "20260101250000_prune_x"),
            (Scheme::Backup, "00000101000000_prune_x"),
            (Scheme::Dated, &format!("20250229_sha256_{hex}")),
        ] {
            assert_eq!(scheme.read(&tag(text)), Dated::Impossible, "{text}");
        }
    }

    #[test]
    fn other_names_are_none_of_the_scheme() {
        let hex = "d838".repeat(16);
        let upper = "D838".repeat(16);
        let dated = format!("20230605_sha256_{hex}");
        for (scheme, text) in [
            (Scheme::Backup, dated.as_str()),             // row 85
            (Scheme::Backup, "x20240603235401_prune_ci"), // row 85
            (Scheme::Backup, "20240603235401_prune_"),    // row 85
            (Scheme::Backup, "2024060323540_prune_x"),
            (Scheme::Backup, "202406032354011_prune_x"),
            (Scheme::Backup, "20240603235401_keep_x"),
            (Scheme::Backup, "20240603235401"),
            (Scheme::Backup, "latest"),
            (Scheme::Backup, "ci_20240603235401_prune_x"),
            (Scheme::Dated, "20240603235401_prune_x"), // row 85, the other way round
            (Scheme::Dated, &format!("x{dated}")),
            (Scheme::Dated, &format!("{dated}0")),
            (Scheme::Dated, &dated[..dated.len() - 1]),
            (Scheme::Dated, &format!("20230605_sha256_{upper}")),
            (Scheme::Dated, &format!("2023060_sha256_{hex}")),
            (Scheme::Dated, "art__ocp_4.20_base"),
        ] {
            assert_eq!(scheme.read(&tag(text)), Dated::No, "{text}");
        }
    }

    #[test]
    fn what_the_templates_make_is_read_again_shortened_or_not() {
        let made = at("2026-05-04T03:02:01Z");
        let digest = Digest::of(b"x");
        let backup: TagTemplate = "{timestamp}_prune___ci_images_mirror__{tag}".parse().unwrap();
        let backup = backup.shortening();
        for float in ["ci_boskos_latest", &"x".repeat(87), &"x".repeat(88), &"y".repeat(128)] {
            let name = backup.render(made, &tag(float), &digest).unwrap();
            assert_eq!(Scheme::Backup.read(&name), Dated::Since(made), "{name}");
            assert_eq!(Scheme::Dated.read(&name), Dated::No, "{name}");
        }
        let dated: TagTemplate = "{date}_sha256_{digest}".parse().unwrap();
        let name = dated.render(made, &tag("any"), &digest).unwrap();
        assert_eq!(Scheme::Dated.read(&name), Dated::Since(at("2026-05-05T00:00:00Z")), "{name}");
        assert_eq!(Scheme::Backup.read(&name), Dated::No, "{name}");
    }
}
