//! Which build and which version is the latest.

use std::cmp::{Ordering, Reverse};
use std::collections::BTreeMap;

use semver::Version;

/// So many digits are a date, with or without a time.
const DATE: std::ops::RangeInclusive<usize> = 8..=12;

/// The names of the directories of versions, of one architecture. Those that are not complete should not be among them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Versions {
    /// What is in each `X.Y`.
    pub releases: BTreeMap<String, Vec<String>>,
    /// What is in `pre-release`.
    pub pre_releases: Vec<String>,
}

/// A directory that is always a copy of, or a link to, another.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Latest {
    /// Its own path: `4.19/latest`.
    pub directory: String,
    /// The path of what it is: `4.19/4.19.5`.
    pub is: String,
}

impl Versions {
    /// What each latest directory should be, sorted by their paths. Names that are no versions never count; neither does a
    /// version that is not where it belongs.
    #[must_use]
    pub fn latest(&self) -> Vec<Latest> {
        let mut highest: BTreeMap<String, (Version, String)> = BTreeMap::new();
        let mut offer = |directory: String, version: &Version, is: &str| match highest.get(&directory) {
            Some((before, _)) if before >= version => {}
            _ => drop(highest.insert(directory, (version.clone(), is.to_owned()))),
        };
        for (folder, name) in
            self.releases.iter().flat_map(|(folder, names)| names.iter().map(move |name| (folder, name)))
        {
            let Ok(version) = Version::parse(name) else { continue };
            if version.pre.is_empty() && version.build.is_empty() && minor(&version) == *folder {
                let is = format!("{folder}/{name}");
                offer(format!("{folder}/latest"), &version, &is);
                offer("latest".to_owned(), &version, &is);
            }
        }
        for name in &self.pre_releases {
            let Ok(version) = Version::parse(name) else { continue };
            if !version.pre.is_empty() {
                let is = format!("pre-release/{name}");
                offer(format!("pre-release/latest-{}", minor(&version)), &version, &is);
                offer("pre-release/latest".to_owned(), &version, &is);
            }
        }
        highest.into_iter().map(|(directory, (_, is))| Latest { directory, is }).collect()
    }
}

fn minor(version: &Version) -> String {
    format!("{}.{}", version.major, version.minor)
}

/// Which of two builds comes first when the newest comes first: by the date in their names, then by their other numbers,
/// then by their bytes. One without a date is older than all others.
#[must_use]
pub fn newest_first(a: &str, b: &str) -> Ordering {
    Reverse(age(a)).cmp(&Reverse(age(b)))
}

/// Whether the name of a build says when it was made. Nothing should be concluded from the order of one that does not.
#[must_use]
pub fn has_date(release: &str) -> bool {
    age(release).date.is_some()
}

/// By what builds are compared.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Age<'a> {
    date: Option<String>,
    rest: Vec<Number<'a>>,
    release: &'a str,
}

/// Digits without zeros before them, however many: more digits are a larger number.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Number<'a> {
    len: usize,
    digits: &'a str,
}

fn age(release: &str) -> Age<'_> {
    let is_no_digit = |c: char| !c.is_ascii_digit();
    let mut groups: Vec<_> = release.split(is_no_digit).filter(|digits| !digits.is_empty()).collect();
    let date = groups.iter().position(|digits| DATE.contains(&digits.len())).map(|at| groups.remove(at));
    // A day is the beginning of all of its minutes.
    let date = date.map(|digits| format!("{digits:0<12}"));
    let number = |digits: &'_ str| digits.trim_start_matches('0').len();
    let rest = groups.into_iter().map(|digits| {
        let len = number(digits);
        Number { len, digits: &digits[digits.len() - len..] }
    });
    Age { date, rest: rest.collect(), release }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn latest(releases: &[(&str, &[&str])], pre_releases: &[&str]) -> Vec<(String, String)> {
        let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        let releases = releases.iter().map(|(folder, names)| ((*folder).to_owned(), owned(names))).collect();
        let versions = Versions { releases, pre_releases: owned(pre_releases) };
        versions.latest().into_iter().map(|Latest { directory, is }| (directory, is)).collect()
    }

    fn are(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|(directory, is)| ((*directory).to_owned(), (*is).to_owned())).collect()
    }

    // 14.50
    #[test]
    fn an_older_version_never_becomes_the_latest() {
        let found = latest(&[("4.19", &["4.19.10", "4.19.9", "4.19.3", "latest"])], &[]);
        assert_eq!(found, are(&[("4.19/latest", "4.19/4.19.10"), ("latest", "4.19/4.19.10")]));
    }

    // 14.51
    #[test]
    fn the_latest_of_all_is_of_the_highest_minor_version_that_has_one() {
        let found =
            latest(&[("4.22", &["4.22.1", "4.22.2"]), ("5.0", &["5.0.0"]), ("5.1", &["latest"])], &[]);
        assert_eq!(
            found,
            are(&[("4.22/latest", "4.22/4.22.2"), ("5.0/latest", "5.0/5.0.0"), ("latest", "5.0/5.0.0")])
        );
        let tens = latest(&[("4.10", &["4.10.0"]), ("4.9", &["4.9.7"])], &[]);
        assert!(tens.contains(&("latest".to_owned(), "4.10/4.10.0".to_owned())));
    }

    // 14.52
    #[test]
    fn what_is_not_generally_available_has_latest_directories_of_its_own() {
        let found =
            latest(&[("4.19", &["4.19.0"])], &["4.19.0-ec.0", "4.19.0-rc.1", "4.19.0-fc.7", "4.18.0-rc.10"]);
        assert_eq!(
            found,
            are(&[
                ("4.19/latest", "4.19/4.19.0"),
                ("latest", "4.19/4.19.0"),
                ("pre-release/latest", "pre-release/4.19.0-rc.1"),
                ("pre-release/latest-4.18", "pre-release/4.18.0-rc.10"),
                ("pre-release/latest-4.19", "pre-release/4.19.0-rc.1"),
            ])
        );
    }

    // 14.53
    #[test]
    fn names_that_are_no_versions_and_versions_in_the_wrong_place_never_count() {
        let odd = ["dev-4.20", "test", "latest-4.20", "4.20", "4.20.0", ""];
        assert_eq!(
            latest(&[("4.19", &["4.20.0", "4.19.0-rc.1", "4.19", "4.19.0+x", "04.19.0"])], &odd),
            are(&[])
        );
    }

    #[test]
    fn builds_are_ordered_by_their_dates_whatever_stands_around_them() {
        let mut releases = [
            "47.83.202102090311-0",
            "42.80.20190828.2",
            "10.2.20260405-0",
            "9.6.20250707-1.3",
            "no-date",
            "44.20260707.3.1",
            "9.6.20250707-1.10",
            "4.21.9.6.202602041851-0",
            "410.84.202201251203-0",
            "416.94.202507070000-0",
            "9.6.20250121-0",
        ];
        releases.sort_by(|a, b| newest_first(a, b));
        assert_eq!(
            releases,
            [
                "44.20260707.3.1",
                "10.2.20260405-0",
                "4.21.9.6.202602041851-0",
                "416.94.202507070000-0",
                "9.6.20250707-1.10",
                "9.6.20250707-1.3",
                "9.6.20250121-0",
                "410.84.202201251203-0",
                "47.83.202102090311-0",
                "42.80.20190828.2",
                "no-date",
            ]
        );
        assert!(
            has_date("10.2.20260405-0")
                && !has_date("no-date")
                && !has_date("1234567")
                && !has_date("1234567890123")
        );
        assert_eq!(newest_first("1.20260405-0", "1.20260405-0"), Ordering::Equal);
        assert_eq!(
            newest_first("1.20260405-001", "1.20260405-9"),
            Ordering::Greater,
            "zeros before a number are nothing"
        );
        assert_eq!(newest_first("1.20260405-00", "1.20260405-0"), Ordering::Less, "at last by the bytes");
    }

    proptest! {
        #[test]
        fn the_order_of_builds_is_total(releases in proptest::collection::vec("[0-2.a-]{0,4}(20260405|202604051200)?[.-]?[0-9]{0,25}", 3)) {
            let [a, b, c] = [&releases[0], &releases[1], &releases[2]];
            prop_assert_eq!(newest_first(a, b), newest_first(b, a).reverse());
            prop_assert_eq!(newest_first(a, b) == Ordering::Equal, a == b);
            if newest_first(a, b).is_le() && newest_first(b, c).is_le() {
                prop_assert!(newest_first(a, c).is_le());
            }
            prop_assert!(has_date(a) || !has_date(b) || newest_first(b, a).is_lt());
        }
    }
}
