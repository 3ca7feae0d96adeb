//! Which tags are to be deleted, and whether so many may be. A pure function of names and the time.

use std::time::{Duration, SystemTime};

use super::tag::{Dated, Scheme};
use crate::model::{Refusal, Tag};

/// Which tags are looked for, and how old they must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rule {
    /// Tags of other names are never touched.
    pub scheme: Scheme,
    /// A tag is deleted when it is older than this, by a second or more or less than one.
    pub older_than: Duration,
}

/// How many tags one run may delete. Where more are old enough it deletes none: names or the clock may be wrong.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bounds {
    /// So many; none: any number.
    pub most: Option<usize>,
    /// So much of all tags of the repository, from 0 to 1.
    pub fraction: f64,
}

/// The tags of a repository by what is to become of them.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// Old enough to be deleted.
    pub expired: Vec<Tag>,
    /// Of the scheme, with a date that does not exist: never deleted.
    pub undated: Vec<Tag>,
    /// How many are of the scheme and not old enough.
    pub kept: usize,
    /// How many have other names.
    pub others: usize,
}

impl Plan {
    /// Sorts `tags` by their names, as they are `now`. What is of the future is kept.
    #[must_use]
    pub fn of(tags: Vec<Tag>, rule: Rule, now: SystemTime) -> Self {
        let mut plan = Self::default();
        for tag in tags {
            match rule.scheme.read(&tag) {
                Dated::No => plan.others += 1,
                Dated::Impossible => plan.undated.push(tag),
                Dated::Since(time) if now.duration_since(time).is_ok_and(|age| age > rule.older_than) => {
                    plan.expired.push(tag);
                }
                Dated::Since(_) => plan.kept += 1,
            }
        }
        plan
    }

    /// How many tags the repository has.
    #[must_use]
    pub fn tags(&self) -> usize {
        self.expired.len() + self.undated.len() + self.kept + self.others
    }

    /// Why nothing may be deleted; none: all of it may.
    #[must_use]
    pub fn refusal(&self, bounds: Bounds) -> Option<Refusal> {
        let (expired, tags) = (self.expired.len(), self.tags());
        let bound = match bounds.most {
            Some(most) if expired > most => format!("--max-delete={most}"),
            _ if fraction(expired, tags) > bounds.fraction => format!("--max-fraction={}", bounds.fraction),
            _ => return None,
        };
        Some(Refusal::TooMany { expired, tags, bound: bound.into() })
    }
}

/// How much `part` is of `whole`; nothing is none of nothing.
#[expect(clippy::cast_precision_loss, reason = "no repository has as many tags as a float has whole numbers")]
fn fraction(part: usize, whole: usize) -> f64 {
    if part == 0 { 0.0 } else { part as f64 / whole as f64 }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: u64 = 24 * 60 * 60;

    fn rule(scheme: Scheme, days: u64) -> Rule {
        Rule { scheme, older_than: Duration::from_secs(days * DAY) }
    }

    fn at(text: &str) -> SystemTime {
        humantime::parse_rfc3339(text).unwrap()
    }

    fn tags<'a>(texts: impl IntoIterator<Item = &'a str>) -> Vec<Tag> {
        texts.into_iter().map(|text| Tag::parse(text).unwrap()).collect()
    }

    fn is_deleted(scheme: Scheme, text: &str, now: &str, days: u64) -> bool {
        let plan = Plan::of(tags([text]), rule(scheme, days), at(now));
        assert_eq!(plan.expired.len() + plan.kept, 1, "{text} has a date");
        !plan.expired.is_empty()
    }

    #[test]
    fn a_tag_is_deleted_once_it_is_older_than_was_said_and_not_before() {
        let hex = "0".repeat(64);
        let dated = format!("20260101_sha256_{hex}");
        for (scheme, text, now, days, deleted) in [
            (Scheme::Backup, "20260101235959_prune_x", "2026-01-06T23:59:00Z", 5, false), // row 82
            (Scheme::Backup, "20260101235959_prune_x", "2026-01-07T00:00:00Z", 5, true),  // row 83
            // Row 84, ours: the age is that of the second and not of the day.
            (Scheme::Backup, "20260101000000_prune_x", "2026-03-02T00:00:00Z", 60, false),
            (Scheme::Backup, "20260101000000_prune_x", "2026-03-02T00:00:01Z", 60, true),
            (Scheme::Backup, "20260101000000_prune_x", "2026-03-02T23:59:59Z", 60, true),
            (Scheme::Dated, &dated, "2026-03-03T00:00:00Z", 60, false),
            (Scheme::Dated, &dated, "2026-03-03T00:00:01Z", 60, true),
            (Scheme::Dated, &dated, "2026-01-01T23:59:59Z", 0, false),
            (Scheme::Dated, &dated, "2026-01-02T00:00:00Z", 0, false),
            (Scheme::Dated, &dated, "2026-01-02T00:00:01Z", 0, true),
            // What is of the future has no age, whatever was said.
            (Scheme::Backup, "20270101000000_prune_x", "2026-03-02T00:00:00Z", 0, false),
            (Scheme::Backup, "20270101000000_prune_x", "2026-03-02T00:00:00Z", 60, false),
        ] {
            assert_eq!(is_deleted(scheme, text, now, days), deleted, "{text} at {now}, {days} days");
        }
    }

    #[test]
    fn every_tag_is_counted_once_and_only_names_of_the_scheme_are_ever_deleted() {
        let hex = "0".repeat(64);
        let legacy = format!("20200101_sha256_{hex}");
        let all =
            ["20200101000000_prune_a", "20300101000000_prune_b", "99999999999999_prune_x", &legacy, "latest"];
        let now = at("2026-01-01T00:00:00Z");
        let plan = Plan::of(tags(all), rule(Scheme::Backup, 60), now);
        assert_eq!(plan.expired, tags(["20200101000000_prune_a"]));
        assert_eq!(plan.undated, tags(["99999999999999_prune_x"])); // row 86
        assert_eq!((plan.kept, plan.others, plan.tags()), (1, 2, 5));
        let plan = Plan::of(tags(all), rule(Scheme::Dated, 60), now);
        assert_eq!((plan.expired, plan.kept, plan.others), (tags([legacy.as_str()]), 0, 4));
    }

    #[test]
    fn more_than_either_bound_allows_is_none_at_all() {
        let of = |expired: usize, others: usize| Plan {
            expired: (0..expired)
                .map(|n| Tag::parse(&format!("2020010100{n:04}_prune_x")).unwrap())
                .collect(),
            others,
            ..Plan::default()
        };
        let bound = |plan: &Plan, most, fraction| match plan.refusal(Bounds { most, fraction }) {
            Some(Refusal::TooMany { bound, .. }) => Some(bound.to_string()),
            None => None,
            Some(other) => panic!("{other}"),
        };
        assert_eq!(bound(&of(5, 5), None, 0.5), None, "a bound is what may be");
        assert_eq!(bound(&of(6, 5), None, 0.5).as_deref(), Some("--max-fraction=0.5"));
        assert_eq!(bound(&of(29, 71), None, 0.29), None);
        assert_eq!(bound(&of(5, 95), Some(5), 1.0), None);
        assert_eq!(bound(&of(6, 94), Some(5), 1.0).as_deref(), Some("--max-delete=5"));
        assert_eq!(bound(&of(3, 0), None, 1.0), None);
        assert_eq!(bound(&of(1, 99), None, 0.0).as_deref(), Some("--max-fraction=0"));
        assert_eq!(bound(&of(0, 0), Some(1), 0.0), None);
        let said = of(6, 5).refusal(Bounds { most: None, fraction: 0.5 }).unwrap().to_string();
        assert_eq!(
            said,
            "6 of 11 tags are old enough to be deleted, which is more than `--max-fraction=0.5` allows"
        );
    }
}
