//! What goes wrong: for each request whether something does, and what.
//!
//! The same seed gives the same faults to the first, second, third… request that comes; which request that is hangs on
//! the order in which several at a time arrive.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use fastrand::Rng;
use tokio::sync::watch;

use crate::support::{Fault, Kind, any};

/// A way in which a request can go wrong.
struct Trouble {
    name: &'static str,
    /// How often, against the others that fit the request.
    weight: u32,
    fits: fn(Kind) -> bool,
    fault: fn(Fault, &mut Rng) -> Fault,
}

const fn trouble(
    name: &'static str,
    weight: u32,
    fits: fn(Kind) -> bool,
    fault: fn(Fault, &mut Rng) -> Fault,
) -> Trouble {
    Trouble { name, weight, fits, fault }
}

/// The one that looks to a registry as a kill does.
pub(super) const CUT: &str = "reset in the upload";

const TROUBLES: [Trouble; 20] = [
    trouble("5xx", 30, always, |fault, rng| fault.status(one_of(rng, [500, 502, 503, 504]))),
    trouble("5xx with a page", 8, always, |fault, rng| {
        fault.status(one_of(rng, [502, 503])).header("content-type", "text/html").body("<html>sorry</html>")
    }),
    trouble("408", 5, always, |fault, _| fault.status(408)),
    trouble("429", 1, always, |fault, rng| {
        fault.status(429).header("retry-after", ["0", "1"][usize::from(rng.bool())])
    }),
    trouble("401", 2, always, |fault, _| fault.status(401)),
    trouble("403", 2, always, |fault, _| fault.status(403)),
    trouble("404", 2, always, |fault, _| fault.status(404)),
    trouble("400", 1, always, |fault, _| fault.status(400)),
    trouble("reset", 30, always, |fault, _| fault.reset()),
    trouble("no answer", 2, answers_soon, |fault, _| fault.stall()),
    trouble("expired token", 8, asks_for_tokens, |fault, _| fault.expired_token()),
    trouble("no digest in the answer", 10, is_manifest, |fault, _| {
        fault.without_header("docker-content-digest")
    }),
    trouble("body cut", 15, has_body, |fault, rng| fault.cut_after(rng.u64(0..2000))),
    trouble("body reset", 15, has_body, |fault, rng| fault.reset_after(rng.u64(0..2000))),
    trouble("body stalls", 2, has_body, |fault, rng| fault.stall_after(rng.u64(0..2000))),
    trouble("wrong bytes", 15, has_body, |fault, _| fault.corrupt()),
    trouble("wrong length", 8, has_body, |fault, rng| fault.wrong_length(rng.i64(-40..40) | 1)),
    trouble("done, answer lost", 30, Kind::is_write, |fault, _| fault.carried_out().reset()),
    trouble("done, answered 500", 20, Kind::is_write, |fault, _| fault.carried_out().status(500)),
    trouble(CUT, 30, |kind| kind == Kind::PutBlob, |fault, rng| fault.upload_reset_after(rng.u64(1..4000))),
];

fn always(_: Kind) -> bool {
    true
}

/// A registry has minutes to answer once it has all of a blob.
fn answers_soon(kind: Kind) -> bool {
    kind != Kind::PutBlob
}

fn asks_for_tokens(kind: Kind) -> bool {
    kind != Kind::Token
}

fn is_manifest(kind: Kind) -> bool {
    [Kind::HeadManifest, Kind::GetManifest, Kind::PutManifest].contains(&kind)
}

fn has_body(kind: Kind) -> bool {
    [Kind::GetManifest, Kind::GetBlob, Kind::Tags, Kind::Token].contains(&kind)
}

fn one_of<const N: usize>(rng: &mut Rng, statuses: [u16; N]) -> u16 {
    statuses[rng.usize(0..N)]
}

/// Counts by what went wrong and with which requests.
pub(super) type Counts = BTreeMap<(&'static str, Kind), usize>;

/// Decides about requests, for all registries together.
pub(super) struct Weather {
    is_bad: AtomicBool,
    odds: f64,
    rng: Mutex<Rng>,
    seen: watch::Sender<u64>,
    uploads: watch::Sender<u64>,
    counts: Mutex<Counts>,
}

impl Weather {
    /// Good, for now; bad weather spoils a request with these `odds`.
    pub(super) fn new(seed: u64, odds: f64) -> Self {
        Self {
            is_bad: AtomicBool::new(false),
            odds,
            rng: Mutex::new(Rng::with_seed(seed)),
            seen: watch::Sender::new(0),
            uploads: watch::Sender::new(0),
            counts: Mutex::default(),
        }
    }

    /// Begins or ends.
    pub(super) fn turn(&self, is_bad: bool) {
        self.is_bad.store(is_bad, Ordering::SeqCst);
    }

    /// What goes wrong with a request of this kind, which has just come.
    pub(super) fn meet(&self, kind: Kind) -> Option<Fault> {
        self.seen.send_modify(|seen| *seen += 1);
        if kind == Kind::PutBlob {
            self.uploads.send_modify(|uploads| *uploads += 1);
        }
        let mut rng = self.rng.lock().unwrap_or_else(PoisonError::into_inner);
        if !self.is_bad.load(Ordering::SeqCst) || rng.f64() >= self.odds {
            return None;
        }
        let trouble = pick(kind, &mut rng);
        *self
            .counts
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .entry((trouble.name, kind))
            .or_default() += 1;
        Some((trouble.fault)(Fault::on(any()), &mut rng))
    }

    /// How many requests came so far.
    pub(super) fn seen(&self) -> u64 {
        *self.seen.borrow()
    }

    /// Waits until so many requests have come.
    pub(super) async fn seen_by(&self, requests: u64) {
        let mut seen = self.seen.subscribe();
        seen.wait_for(|seen| *seen >= requests).await.expect("the weather goes on");
    }

    /// Waits until the next blob is being sent.
    pub(super) async fn next_upload(&self) {
        let mut uploads = self.uploads.subscribe();
        uploads.changed().await.expect("the weather goes on");
    }

    /// What went wrong so far.
    pub(super) fn counts(&self) -> Counts {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

fn pick(kind: Kind, rng: &mut Rng) -> &'static Trouble {
    let fitting = || TROUBLES.iter().filter(|trouble| (trouble.fits)(kind));
    let mut left = rng.u32(0..fitting().map(|trouble| trouble.weight).sum());
    let picked = fitting().find(|trouble| {
        let is_it = left < trouble.weight;
        left = left.saturating_sub(trouble.weight);
        is_it
    });
    picked.expect("the weights add up")
}
