//! Which of two builds is newer, as far as their names say it.

use std::cmp::Ordering;

/// How a build compares with others by age, after its name: the date in it, then its other numbers from left to right, then
/// its bytes. One without a date is older than any other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Age<'a> {
    date: Option<u64>,
    numbers: Vec<&'a str>,
    name: &'a str,
}

impl<'a> Age<'a> {
    /// The age of the build `name`.
    #[must_use]
    pub fn of(name: &'a str) -> Self {
        let mut numbers: Vec<&str> =
            name.split(|c: char| !c.is_ascii_digit()).filter(|group| !group.is_empty()).collect();
        let date = numbers.iter().position(|group| (8..=12).contains(&group.len()));
        // A day is the first minute of it, so that dates with and without a time of day compare.
        let date = date.and_then(|at| format!("{:0<12}", numbers.remove(at)).parse().ok());
        Self { date, numbers, name }
    }

    /// Whether its name has a date in it.
    #[must_use]
    pub fn has_date(&self) -> bool {
        self.date.is_some()
    }
}

impl Ord for Age<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        let by_number = || {
            let [own, others] = [self, other].map(|age| age.numbers.iter().map(|digits| number(digits)));
            own.cmp(others)
        };
        self.date.cmp(&other.date).then_with(by_number).then_with(|| self.name.cmp(other.name))
    }
}

impl PartialOrd for Age<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// Digits of any length, to be compared as the number that they are.
fn number(digits: &str) -> (usize, &str) {
    let digits = digits.trim_start_matches('0');
    (digits.len(), digits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn builds_are_ordered_by_their_dates_and_numbers_and_those_without_a_date_are_the_oldest() {
        let ordered = [
            "4.19-9",
            "42.80.20190828.2",
            "410.84.202201251203-0",
            "9.6.20250121-0",
            "9.6.20250121-3",
            "9.6.20250121-10",
            "4.21.9.6.202602041851-0",
            "10.2.20260405-0",
            "44.20260707.3.1",
        ];
        for pair in ordered.windows(2) {
            assert!(Age::of(pair[0]) < Age::of(pair[1]), "{pair:?}");
        }
        assert!(!Age::of("4.19-9").has_date() && Age::of("9.6.20250121-0").has_date());
        assert!(!Age::of("1.2.1234567").has_date() && !Age::of("1.2.1234567890123").has_date());
    }
}
