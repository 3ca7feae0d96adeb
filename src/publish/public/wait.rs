//! The wait itself: look after look, until it is there, the time is over, or somebody says stop.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use tokio::time::{Instant, sleep_until, timeout_at};

use super::look::Seen;
use super::told::{Still, Told};
use crate::engine::Stop;
use crate::error::Chain;
use crate::model::ImageRef;
use crate::publish::site::Patience;
use crate::publish::{Fault, Site};

/// Whoever is told is told no more often.
const TELL: Duration = Duration::from_mins(1);
/// Looks that tell nothing follow each other more and more slowly, up to so many intervals.
const SLOWEST: u32 = 6;

/// Asked whether a wait is in vain, by other ways than looking; an error ends it.
pub type EarlyEnd<'a> = &'a (dyn Fn() -> BoxFuture<'a, Result<(), Fault>> + Send + Sync);

/// What all waits of a publication have in common.
#[derive(Clone, Copy)]
pub struct Wait<'a> {
    /// Where is looked.
    pub site: &'a Site,
    /// How long, and how often.
    pub patience: Patience,
    /// Who hears of it.
    pub told: &'a dyn Told,
    /// Ends it.
    pub stop: &'a Stop,
}

impl fmt::Debug for Wait<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Wait(for {}, {:?})", self.site.public, self.patience)
    }
}

/// One thing that is waited for.
pub(super) struct Awaited {
    pub(super) image: ImageRef,
    /// So long at most.
    pub(super) limit: Duration,
    /// What to do where it did not come.
    pub(super) advice: &'static str,
}

/// A wait under way.
struct Course {
    begun: Instant,
    told: Option<Instant>,
    seen: Arc<str>,
    /// Looks that told nothing: in all, and since the last that did.
    untold: u32,
    in_a_row: u32,
}

impl Wait<'_> {
    /// Looks until it is there.
    pub(super) async fn until<L, F>(
        &self,
        awaited: &Awaited,
        look: L,
        early: Option<EarlyEnd<'_>>,
    ) -> Result<(), Fault>
    where
        L: Fn() -> F,
        F: Future<Output = Result<Seen, Fault>>,
    {
        let mut course = Course::begin();
        let end = course.begun + awaited.limit;
        let timed_out = |course: &Course| course.timed_out(awaited);
        loop {
            let Some(seen) = self.before(end, look()).await? else { return Err(timed_out(&course)) };
            if course.is_over(seen?) {
                return Ok(());
            }
            self.tell(&mut course, &awaited.image);
            if let Some(early) = early {
                let Some(asked) = self.before(end, early()).await? else { return Err(timed_out(&course)) };
                asked?;
            }
            let next = Instant::now() + course.pause(self.patience.interval);
            if self.before(end, sleep_until(next)).await?.is_none() {
                return Err(timed_out(&course));
            }
        }
    }

    /// What `work` comes to; none: it does not before `end`.
    async fn before<T>(&self, end: Instant, work: impl Future<Output = T>) -> Result<Option<T>, Fault> {
        tokio::select! {
            biased;
            () = self.stop.gently.cancelled() => Err(Fault::Stopped(self.stop.cause())),
            () = self.stop.now.cancelled() => Err(Fault::Stopped(self.stop.cause())),
            done = timeout_at(end, work) => Ok(done.ok()),
        }
    }

    fn tell(&self, course: &mut Course, image: &ImageRef) {
        let now = Instant::now();
        if course.told.is_some_and(|told| now - told < TELL) {
            return;
        }
        course.told = Some(now);
        self.told.still_waiting(&Still {
            image: image.clone(),
            since: now - course.begun,
            seen: Arc::clone(&course.seen),
            untold: course.untold,
        });
    }
}

impl Course {
    fn begin() -> Self {
        let seen = "was not seen, because no look came to an end".into();
        Self { begun: Instant::now(), told: None, seen, untold: 0, in_a_row: 0 }
    }

    /// Takes in what was seen; whether that is all that is waited for.
    fn is_over(&mut self, seen: Seen) -> bool {
        self.seen = match seen {
            Seen::There => return true,
            Seen::NotYet(how) => {
                self.in_a_row = 0;
                how.to_string().into()
            }
            Seen::Untold(error) => {
                self.untold += 1;
                self.in_a_row += 1;
                tracing::debug!(error = %Chain(&error), "the public registry did not tell");
                format!("could not be read: {}", Chain(error.kind())).into()
            }
        };
        false
    }

    /// How long to wait for the next look.
    fn pause(&self, interval: Duration) -> Duration {
        let slower = 1 << self.in_a_row.saturating_sub(1).min(SLOWEST);
        let jitter = 0.9 + 0.2 * fastrand::f64();
        (interval * slower.min(SLOWEST)).mul_f64(jitter)
    }

    fn timed_out(&self, awaited: &Awaited) -> Fault {
        let untold = match self.untold {
            0 => String::new(),
            1 => " (one look told nothing)".to_owned(),
            looks => format!(" ({looks} looks told nothing)"),
        };
        Fault::TimedOut {
            after: awaited.limit,
            awaited: format!("{} to be public, which {}{untold}", awaited.image, self.seen).into(),
            advice: Some(awaited.advice.to_owned()),
        }
    }
}
