//! How fast a run moves bytes, and with that whether an entry would be through in time.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// The transfers that ended so far.
///
/// The rate is the mean of their own rates weighted by their bytes: of many tiny images the time is that of round trips,
/// which says little about how long a large one takes.
#[derive(Debug, Default)]
pub(super) struct Rate(Mutex<Sums>);

#[derive(Debug, Default)]
struct Sums {
    /// Of bytes · (bytes ÷ seconds).
    weighted: f64,
    bytes: f64,
}

impl Rate {
    /// Takes note of a transfer that sent `bytes` and took `elapsed`.
    pub(super) fn note(&self, bytes: u64, elapsed: Duration) {
        if bytes == 0 {
            return;
        }
        let bytes = float(bytes);
        // A clock may be too coarse to show that any time passed.
        let seconds = elapsed.max(Duration::from_nanos(1)).as_secs_f64();
        let mut sums = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        sums.weighted += bytes * bytes / seconds;
        sums.bytes += bytes;
    }

    /// Bytes a second; none: no transfer that sent something has ended.
    pub(super) fn per_second(&self) -> Option<f64> {
        let sums = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        (sums.bytes > 0.0).then(|| sums.weighted / sums.bytes)
    }
}

/// How long `bytes` take at `rate` bytes a second, to the nanosecond: what took a second before takes one again.
pub(super) fn needed(bytes: u64, rate: f64) -> Duration {
    Duration::try_from_secs_f64(float(bytes) / rate).unwrap_or(Duration::MAX)
}

/// Why something that needs `needed` at `rate` does not start when `left` is left.
pub(super) fn told(needed: Duration, rate: f64, left: Duration) -> String {
    let left = if left.is_zero() { "nothing is".to_owned() } else { format!("{} are", rounded(left)) };
    format!("needs about {} at {:.1} MiB/s, {left} left", rounded(needed), rate / float(1 << 20))
}

/// To the second, and below ten seconds to the tenth of one.
fn rounded(time: Duration) -> humantime::FormattedDuration {
    let step = if time < Duration::from_secs(10) { 100 } else { 1000 };
    let steps = (time.as_millis() + step / 2) / step;
    let millis = u64::try_from(steps.max(1) * step).unwrap_or(u64::MAX);
    humantime::format_duration(Duration::from_millis(millis))
}

#[expect(clippy::cast_precision_loss, reason = "a petabyte is counted to the byte; beyond that nobody minds")]
fn float(bytes: u64) -> f64 {
    bytes as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIB: u64 = 1 << 20;

    fn rate_of(transfers: &[(u64, u64)]) -> f64 {
        let rate = Rate::default();
        for (bytes, millis) in transfers {
            rate.note(*bytes, Duration::from_millis(*millis));
        }
        rate.per_second().unwrap()
    }

    #[test]
    fn what_is_like_the_others_takes_as_long_as_they_did_to_the_nanosecond() {
        for (bytes, millis) in [(3, 1000), (1_000_003, 1000), (7_777_777, 333), (999, 40_001)] {
            let rate = rate_of(&vec![(bytes, millis); 1000]);
            assert_eq!(needed(bytes, rate), Duration::from_millis(millis), "{bytes} bytes in {millis} ms");
            assert!(needed(bytes + 1, rate) > Duration::from_millis(millis));
        }
    }

    #[test]
    fn many_tiny_transfers_do_not_make_a_large_one_look_hopeless() {
        let mut transfers = vec![(1000, 500); 1000];
        transfers.push((100 * MIB, 10_000));
        let rate = rate_of(&transfers) / float(MIB);
        assert!((9.8..10.0).contains(&rate), "{rate} MiB/s");
    }

    #[test]
    fn nothing_sent_tells_nothing_about_the_rate() {
        let rate = Rate::default();
        rate.note(0, Duration::from_secs(5));
        assert_eq!(rate.per_second(), None);
        rate.note(1, Duration::ZERO);
        assert!(rate.per_second().unwrap().is_finite());
    }

    #[test]
    fn the_reason_is_one_that_a_person_can_check() {
        let (rate, minutes) = (10.0 * float(MIB), |n| Duration::from_mins(n));
        assert_eq!(told(minutes(12), rate, minutes(3)), "needs about 12m at 10.0 MiB/s, 3m are left");
        let (needed, left) = (Duration::from_millis(1549), Duration::ZERO);
        assert_eq!(told(needed, rate, left), "needs about 1s 500ms at 10.0 MiB/s, nothing is left");
    }
}
