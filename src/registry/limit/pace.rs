//! How fast requests may follow each other at a host that once refused for load.
//!
//! Arithmetic only: whoever asks says what time it is. Until the first refusal nothing is held back, and good
//! answers are counted. The first refusal sets the rate to what was served in the second before it; from there the
//! rate rises with each good answer until the next refusal, which shows where the limit is. From then on the rate
//! begins a bit below the one that was refused, comes back near it, stays there, and in the end tries more.

use std::time::Duration;

use tokio::time::Instant;

/// No host is taken to be slower before it has refused twice: one stray refusal costs little.
const LEAST_FIRST: f64 = 10.0;
/// Slower than this is a matter of pauses.
const LEAST: f64 = 0.5;
/// Until the second refusal each good answer raises the rate by so much: it grows by e in a second.
const RISE: f64 = 1.0;
/// After a refusal the rate is what was served before it, but between these parts of the rate that was refused.
const CUT: (f64, f64) = (0.5, 0.95);
/// What was served in the last second counts as so many seconds, beside all since the refusal before.
const LAST_SECOND: f64 = 4.0;
/// Seconds from there to half-way between it and the refused rate.
const RETURN: f64 = 30.0;
/// Seconds from there to [`PROBE`] more.
const BEYOND: f64 = 8.0;
const PROBE: f64 = 0.1;
/// How far requests may catch up on their times: timers are late by so much.
const LATE: Duration = Duration::from_millis(4);

/// The rate of a host, if it has one, and when its next request may go.
#[derive(Debug, Default)]
pub(super) struct Pace {
    meter: Meter,
    held: Option<Held>,
}

#[derive(Debug)]
struct Held {
    /// Requests a second.
    rate: f64,
    next: Instant,
    refused_at: Instant,
    /// Good answers since then.
    served: f64,
    /// Where the limit is, once a second refusal has shown it.
    found: Option<Found>,
}

#[derive(Debug)]
struct Found {
    begun_with: f64,
    /// Half-way to the rate that was refused.
    goal: f64,
    /// Seconds for which requests went at this pace, since it began; idle time shows nothing.
    went_on: f64,
}

/// Counts what was good within about the last second.
#[derive(Debug, Default)]
struct Meter {
    second: Option<Instant>,
    count: f64,
    /// In the second before.
    before: f64,
}

impl Pace {
    /// A good answer to a request; `current`: it was sent after the last refusal.
    pub(super) fn good(&mut self, now: Instant, current: bool) {
        self.meter.add(now);
        let Some(held) = &mut self.held else { return };
        if current {
            held.served += 1.0;
        }
        if held.found.is_none() {
            held.rate += RISE;
        }
    }

    /// The host refused for load, the first of the requests under way at the time.
    pub(super) fn refused(&mut self, now: Instant) {
        let recent = self.meter.rate(now);
        if let Some(held) = &mut self.held {
            return held.cut(now, recent);
        }
        let rate = recent.max(LEAST_FIRST);
        self.held = Some(Held { rate, next: now, refused_at: now, served: 0.0, found: None });
    }

    /// Takes the next time at which a request may go, if it has come; else says when it does.
    pub(super) fn take(&mut self, now: Instant) -> Result<(), Instant> {
        let Some(held) = &mut self.held else { return Ok(()) };
        if held.next > now {
            return Err(held.next);
        }
        let apart = 1.0 / held.rate;
        let due = now.checked_sub(LATE).map_or(held.next, |earliest| held.next.max(earliest));
        held.next = due + Duration::from_secs_f64(apart);
        held.go_on(apart);
        Ok(())
    }

    /// Requests a second; none: as many as may be under way at a time.
    pub(super) fn rate(&self) -> Option<f64> {
        self.held.as_ref().map(|held| held.rate)
    }
}

impl Held {
    fn cut(&mut self, now: Instant, recent: f64) {
        if self.served < 1.0 {
            // The same refusal as before: the pause was too short.
            return;
        }
        let refused = self.rate.max(LEAST);
        let since = (now - self.refused_at).as_secs_f64();
        // Since the refusal before: exact for a bucket of tokens, which was empty then and is now, but too little
        // where a pause outlasted what the host saves up. The last second: exact where the host counts by the second,
        // but too much while a bucket is being emptied.
        let served = (self.served + LAST_SECOND * recent) / (since + LAST_SECOND);
        let begun_with = served.clamp(CUT.0 * refused, CUT.1 * refused);
        self.rate = begun_with.max(LEAST);
        self.found = Some(Found { begun_with, goal: f64::midpoint(begun_with, refused), went_on: 0.0 });
        (self.refused_at, self.served) = (now, 0.0);
    }

    fn go_on(&mut self, seconds: f64) {
        if let Some(found) = &mut self.found {
            found.went_on += seconds;
            self.rate = found.rate().max(LEAST);
        }
    }
}

impl Found {
    /// As TCP's CUBIC: quickly back to near the goal, slowly past it, then faster and faster.
    fn rate(&self) -> f64 {
        let left = 1.0 - self.went_on / RETURN;
        if left > 0.0 {
            return self.goal - (self.goal - self.begun_with) * left.powi(3);
        }
        self.goal * (1.0 + PROBE * ((self.went_on - RETURN) / BEYOND).powi(3))
    }
}

impl Meter {
    fn add(&mut self, now: Instant) {
        self.turn(now);
        self.count += 1.0;
    }

    fn rate(&mut self, now: Instant) -> f64 {
        let into = self.turn(now);
        self.count + self.before * (1.0 - into)
    }

    /// Begins a new second when the last is over; how far into it we are.
    fn turn(&mut self, now: Instant) -> f64 {
        let since = *self.second.get_or_insert(now);
        let into = (now - since).as_secs_f64();
        if into < 1.0 {
            return into;
        }
        self.before = if into < 2.0 { std::mem::take(&mut self.count) } else { 0.0 };
        (self.count, self.second) = (0.0, Some(now));
        0.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How many requests may go in `seconds`, if somebody always waits; each is served.
    fn go(pace: &mut Pace, from: Instant, seconds: f64) -> (Instant, u32) {
        let end = from + Duration::from_secs_f64(seconds);
        let (mut now, mut gone) = (from, 0);
        while now < end {
            match pace.take(now) {
                Ok(()) => gone += 1,
                Err(next) => now = next,
            }
        }
        (now, gone)
    }

    fn serve(pace: &mut Pace, now: Instant, answers: u32) {
        (0..answers).for_each(|_| pace.good(now, true));
    }

    /// A pace whose limit was found at `rate`.
    fn found(rate: u32) -> (Pace, Instant) {
        let (mut pace, now) = (Pace::default(), Instant::now());
        serve(&mut pace, now, rate);
        pace.refused(now);
        pace.good(now, true);
        pace.refused(now);
        (pace, now)
    }

    #[test]
    fn nothing_is_held_back_before_a_refusal() {
        let (mut pace, now) = (Pace::default(), Instant::now());
        assert!((0..10_000).all(|_| pace.take(now).is_ok()));
        assert_eq!(pace.rate(), None);
    }

    #[test]
    fn the_first_refusal_sets_the_rate_to_what_the_last_second_served() {
        let (mut pace, now) = (Pace::default(), Instant::now());
        serve(&mut pace, now, 60);
        pace.refused(now + Duration::from_millis(30));
        assert_eq!(pace.rate(), Some(60.0));
        let (_, gone) = go(&mut pace, now, 1.0);
        assert!((59..=61).contains(&gone), "{gone}");
    }

    #[test]
    fn one_stray_refusal_at_the_start_costs_little() {
        let (mut pace, now) = (Pace::default(), Instant::now());
        pace.refused(now);
        assert_eq!(pace.rate(), Some(LEAST_FIRST));
        serve(&mut pace, now, 90);
        assert_eq!(pace.rate(), Some(100.0));
    }

    #[test]
    fn nothing_is_saved_up_while_nobody_asks() {
        let (mut pace, now) = found(100);
        let later = now + Duration::from_mins(1);
        let at_once = (0..100).take_while(|_| pace.take(later).is_ok()).count();
        assert!(at_once <= 2, "{at_once} went at once");
    }

    #[test]
    fn a_further_refusal_takes_at_least_a_twentieth_and_at_most_a_half() {
        let (mut pace, now) = found(100);
        let before = pace.rate().unwrap();
        pace.good(now, true);
        pace.refused(now + Duration::from_mins(10));
        assert!((pace.rate().unwrap() / before - CUT.0).abs() < 0.01, "{:?}", pace.rate());

        let (mut pace, now) = found(100);
        let before = pace.rate().unwrap();
        serve(&mut pace, now, 1000);
        pace.refused(now + Duration::from_secs(1));
        assert!((pace.rate().unwrap() / before - CUT.1).abs() < 0.01, "{:?}", pace.rate());
    }

    #[test]
    fn a_refusal_after_which_nothing_was_served_says_nothing_new() {
        let (mut pace, now) = found(100);
        let before = pace.rate();
        pace.refused(now + Duration::from_secs(1));
        pace.good(now, false);
        pace.refused(now + Duration::from_secs(2));
        assert_eq!(pace.rate(), before);
    }

    #[test]
    fn the_rate_comes_back_stays_and_then_tries_more() {
        let (mut pace, now) = found(100);
        let begun_with = pace.rate().unwrap();
        let (now, _) = go(&mut pace, now, RETURN);
        let back = pace.rate().unwrap();
        assert!(back > begun_with && back < 101.0, "{begun_with} -> {back}");
        let (now, _) = go(&mut pace, now, BEYOND);
        assert!((pace.rate().unwrap() / back - 1.0 - PROBE).abs() < 0.02, "{back} -> {:?}", pace.rate());
        go(&mut pace, now, 3.0 * BEYOND);
        assert!(
            pace.rate().unwrap() > 5.0 * back,
            "a limit that is gone is not forgotten: {:?}",
            pace.rate()
        );
    }
}
