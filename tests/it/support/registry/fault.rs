//! What a registry can be told to do wrong, and when; gates, and the stop that plays a killed client.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use axum::http::{HeaderName, HeaderValue};
use bytes::Bytes;
use tokio::sync::{Semaphore, watch};

use super::log::{Kind, Target, Which};

/// Something that goes wrong with the requests it chooses: once, unless `times` or `always` say otherwise.
///
/// Starts as "the request is carried out as usual"; each method changes one thing about it.
#[derive(Debug, Clone)]
pub struct Fault {
    which: Which,
    pass: usize,
    left: usize,
    pub(super) effect: Effect,
}

#[derive(Debug, Clone, Default)]
pub(super) struct Effect {
    pub(super) status: Option<u16>,
    pub(super) carried_out: bool,
    pub(super) headers: Vec<(HeaderName, HeaderValue)>,
    pub(super) without: Vec<HeaderName>,
    pub(super) body: Option<Bytes>,
    pub(super) corrupt: bool,
    pub(super) length_off: i64,
    pub(super) ending: Option<(u64, Ending)>,
    pub(super) pace: Option<(usize, Duration)>,
    pub(super) answer: Answer,
    pub(super) upload_reset_after: Option<u64>,
}

/// How a body ends before its end.
#[derive(Debug, Clone, Copy)]
pub(super) enum Ending {
    Cut,
    Reset,
    Stall,
}

/// What comes instead of an answer with a status.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Answer {
    #[default]
    Given,
    Reset,
    Stall,
    Redirect,
    Expired,
    /// HTTP/2: the stream is reset, or all of them with a goodbye; see [`Builder::raw_http2`](super::Builder::raw_http2).
    Stream(StreamFault),
}

/// What a server does to a stream of HTTP/2, which no answer can say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum StreamFault {
    Refused,
    /// `GOAWAY` for this reason.
    GoAway(u32),
}

impl Fault {
    /// For the next of these requests.
    pub fn on(which: impl Into<Which>) -> Self {
        Self { which: which.into(), pass: 0, left: 1, effect: Effect::default() }
    }

    /// Only those about this repository.
    pub fn repository(mut self, repository: impl Into<String>) -> Self {
        self.which = self.which.repository(repository);
        self
    }

    /// Only those about this tag, digest or blob.
    pub fn reference(mut self, reference: impl AsRef<str>) -> Self {
        self.which = self.which.reference(reference);
        self
    }

    /// Lets the first `requests` through.
    pub fn after(mut self, requests: usize) -> Self {
        self.pass = requests;
        self
    }

    /// So many times.
    pub fn times(mut self, times: usize) -> Self {
        self.left = times;
        self
    }

    /// Every time.
    pub fn always(self) -> Self {
        self.times(usize::MAX)
    }

    /// Answers this status with a fitting error body, without doing anything.
    pub fn status(mut self, status: u16) -> Self {
        self.effect.status = Some(status);
        self
    }

    /// Does what was asked before answering wrongly: the answer is lost, the deed is done.
    pub fn carried_out(mut self) -> Self {
        self.effect.carried_out = true;
        self
    }

    /// Sets a header of the answer.
    pub fn header(mut self, name: &'static str, value: &str) -> Self {
        let value = HeaderValue::from_str(value).expect("a header value");
        self.effect.headers.push((HeaderName::from_static(name), value));
        self
    }

    /// Removes a header from the answer.
    pub fn without_header(mut self, name: &'static str) -> Self {
        self.effect.without.push(HeaderName::from_static(name));
        self
    }

    /// Answers with this body.
    pub fn body(mut self, body: impl Into<Bytes>) -> Self {
        self.effect.body = Some(body.into());
        self
    }

    /// Changes one byte in the middle of the body.
    pub fn corrupt(mut self) -> Self {
        self.effect.corrupt = true;
        self
    }

    /// Says a `Content-Length` that is off by so much.
    pub fn wrong_length(mut self, off: i64) -> Self {
        self.effect.length_off = off;
        self
    }

    /// Ends the body after so many bytes and closes the connection.
    pub fn cut_after(self, bytes: u64) -> Self {
        self.ending(bytes, Ending::Cut)
    }

    /// Resets the connection after so many bytes of the body.
    pub fn reset_after(self, bytes: u64) -> Self {
        self.ending(bytes, Ending::Reset)
    }

    /// Sends nothing more after so many bytes of the body, and keeps the connection.
    pub fn stall_after(self, bytes: u64) -> Self {
        self.ending(bytes, Ending::Stall)
    }

    fn ending(mut self, bytes: u64, ending: Ending) -> Self {
        self.effect.ending = Some((bytes, ending));
        self
    }

    /// Sends the body in chunks of this size with a pause after each (tokio's clock).
    pub fn slow(mut self, chunk: usize, pause: Duration) -> Self {
        self.effect.pace = Some((chunk, pause));
        self
    }

    /// Resets the connection instead of answering.
    pub fn reset(mut self) -> Self {
        self.effect.answer = Answer::Reset;
        self
    }

    /// Never answers.
    pub fn stall(mut self) -> Self {
        self.effect.answer = Answer::Stall;
        self
    }

    /// Sends the client to the same path at the second host, with a signature in the query.
    pub fn redirect(mut self) -> Self {
        self.effect.answer = Answer::Redirect;
        self
    }

    /// Answers 401 with a challenge, as if the token had expired.
    pub fn expired_token(mut self) -> Self {
        self.effect.answer = Answer::Expired;
        self
    }

    /// Refuses the stream (HTTP/2 only).
    pub fn refused_stream(mut self) -> Self {
        self.effect.answer = Answer::Stream(StreamFault::Refused);
        self
    }

    /// Ends the connection with a GOAWAY for this reason (HTTP/2 only).
    pub fn go_away(mut self, reason: u32) -> Self {
        self.effect.answer = Answer::Stream(StreamFault::GoAway(reason));
        self
    }

    /// Resets the connection once so many bytes of the request's body have come in; they are kept.
    pub fn upload_reset_after(mut self, bytes: u64) -> Self {
        self.effect.upload_reset_after = Some(bytes);
        self
    }
}

/// Decides about each request of a kind whether something goes wrong with it.
type Chooser = Box<dyn Fn(Kind) -> Option<Fault> + Send + Sync>;

#[derive(Default)]
pub(super) struct Faults {
    told: Mutex<Vec<Fault>>,
    chooser: OnceLock<Chooser>,
    met: AtomicUsize,
}

impl std::fmt::Debug for Faults {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Faults").field(&self.told).finish_non_exhaustive()
    }
}

impl Faults {
    pub(super) fn add(&self, fault: Fault) {
        self.told.lock().unwrap_or_else(PoisonError::into_inner).push(fault);
    }

    pub(super) fn clear(&self) {
        self.told.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// Lets `choose` decide about every request that no fault was added for.
    pub(super) fn choose_by(&self, choose: impl Fn(Kind) -> Option<Fault> + Send + Sync + 'static) {
        assert!(self.chooser.set(Box::new(choose)).is_ok(), "one chooser a registry");
    }

    /// The effect for this request; uses up one time of the first fault that chooses it.
    pub(super) fn take(&self, target: &Target) -> Effect {
        let mut faults = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        for fault in faults.iter_mut().filter(|fault| fault.left > 0 && fault.which.matches(target)) {
            if fault.pass > 0 {
                fault.pass -= 1;
                continue;
            }
            if fault.left != usize::MAX {
                fault.left -= 1;
            }
            self.met.fetch_add(1, Ordering::SeqCst);
            return fault.effect.clone();
        }
        drop(faults);
        self.chooser
            .get()
            .and_then(|choose| choose(target.kind))
            .map_or_else(Effect::default, |fault| fault.effect)
    }

    /// How many requests met a fault so far.
    pub(super) fn met(&self) -> usize {
        self.met.load(Ordering::SeqCst)
    }

    /// Faults that were added for a number of times and have some left.
    pub(super) fn unused(&self) -> Vec<Fault> {
        let faults = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        faults.iter().filter(|fault| fault.left > 0 && fault.left != usize::MAX).cloned().collect()
    }
}

/// Holds the requests it chooses, before anything is done about them, until it is released or dropped.
#[derive(Debug)]
pub struct Gate(Arc<Barrier>);

#[derive(Debug)]
pub(super) struct Barrier {
    which: Which,
    open: Semaphore,
    arrived: watch::Sender<usize>,
}

impl Gate {
    pub(super) fn new(which: Which) -> (Self, Arc<Barrier>) {
        let barrier = Arc::new(Barrier { which, open: Semaphore::new(0), arrived: watch::Sender::new(0) });
        (Self(Arc::clone(&barrier)), barrier)
    }

    /// Waits until so many requests, in total, have come to the gate.
    pub async fn arrived(&self, requests: usize) {
        let mut arrived = self.0.arrived.subscribe();
        arrived.wait_for(|count| *count >= requests).await.expect("the gate lives");
    }

    /// How many requests have come to the gate in total.
    pub fn count(&self) -> usize {
        *self.0.arrived.borrow()
    }

    /// Lets so many requests through.
    pub fn let_through(&self, requests: usize) {
        self.0.open.add_permits(requests);
    }

    /// Lets everything through from now on.
    pub fn release(&self) {
        self.0.open.close();
    }
}

impl Drop for Gate {
    fn drop(&mut self) {
        self.release();
    }
}

impl Barrier {
    pub(super) async fn pass(&self, target: &Target) {
        if self.open.is_closed() || !self.which.matches(target) {
            return;
        }
        self.arrived.send_modify(|count| *count += 1);
        if let Ok(permit) = self.open.acquire().await {
            permit.forget();
        }
    }
}

/// Counts requests, over several registries if they share it, and lets none through after the last:
/// every later one gets its connection reset. What a registry sees of a client that was killed there.
#[derive(Debug, Clone)]
pub struct Stop(Arc<Counted>);

#[derive(Debug)]
struct Counted {
    requests: AtomicUsize,
    most: usize,
    /// Only requests that can change something are counted and stopped; the first one after the last is carried out, and nobody
    /// hears of it.
    loses_answer: bool,
    reached: watch::Sender<bool>,
}

/// What becomes of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Admission {
    /// It is carried out and answered.
    Answered,
    /// It is carried out, and its answer is lost.
    Unanswered,
    /// It is neither.
    Refused,
}

impl Stop {
    /// Stops after `requests`.
    pub fn after(requests: usize) -> Self {
        Self::counting(requests, false)
    }

    /// Stops after so many requests that can change something; the next of them is carried out, but not answered.
    pub fn losing_the_answer_after(writes: usize) -> Self {
        Self::counting(writes, true)
    }

    /// Never stops, only counts.
    pub fn never() -> Self {
        Self::after(usize::MAX)
    }

    fn counting(most: usize, loses_answer: bool) -> Self {
        let (requests, reached) = (AtomicUsize::new(0), watch::Sender::new(false));
        Self(Arc::new(Counted { requests, most, loses_answer, reached }))
    }

    /// Whether a request was refused, or carried out without an answer.
    pub fn was_reached(&self) -> bool {
        self.count() > self.0.most
    }

    /// Ends once that is so, and whatever is to be carried out of it was.
    pub async fn reached(&self) {
        let mut reached = self.0.reached.subscribe();
        reached.wait_for(|is_reached| *is_reached).await.expect("the stop lives");
    }

    /// How many requests came, refused ones included.
    pub fn count(&self) -> usize {
        self.0.requests.load(Ordering::SeqCst)
    }

    /// What becomes of one more request. Whoever carries one out that is not answered says so by [`Stop::lost`].
    pub fn admit(&self, is_write: bool) -> Admission {
        if self.0.loses_answer && !is_write && !self.was_reached() {
            return Admission::Answered;
        }
        let before = self.0.requests.fetch_add(1, Ordering::SeqCst);
        if before < self.0.most {
            return Admission::Answered;
        }
        if before == self.0.most && self.0.loses_answer {
            return Admission::Unanswered;
        }
        self.lost();
        Admission::Refused
    }

    /// A request got no answer.
    pub fn lost(&self) {
        self.0.reached.send_replace(true);
    }
}
