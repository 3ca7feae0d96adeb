//! Bodies that are sent while they are read: counted, watched for stalls, aborted when their source fails.

use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream::BoxStream;
use futures_util::{Stream, StreamExt};
use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};

use super::error::{Error, Kind};
use super::wire::Tally;

/// Tells whoever wants to know how far an upload is; bytes that are sent again are told once.
pub(super) struct Progress<'a> {
    on_bytes: &'a (dyn Fn(u64) + Send + Sync),
    told: AtomicU64,
}

/// How long a request with a body may take.
#[derive(Debug, Clone, Copy)]
pub(super) struct Patience {
    /// Without a byte moving.
    pub(super) stall: Duration,
    /// From the last byte to the answer.
    pub(super) commit: Duration,
}

/// What the body of a request tells the one who waits for the answer.
#[derive(Debug)]
pub(super) struct Watch {
    length: u64,
    sent: AtomicU64,
    /// Whether the other side takes bytes and the source has none: that is the source's stall, if any.
    hungry: AtomicBool,
    moved: Notify,
    failed: Mutex<Option<Error>>,
}

impl<'a> Progress<'a> {
    pub(super) fn new(on_bytes: &'a (dyn Fn(u64) + Send + Sync)) -> Self {
        Self { on_bytes, told: AtomicU64::new(0) }
    }

    /// The upload has got to `reached` bytes from its start.
    fn tell(&self, reached: u64) {
        let told = self.told.fetch_max(reached, Ordering::Relaxed);
        if reached > told {
            (self.on_bytes)(reached - told);
        }
    }
}

impl Watch {
    /// Watches a body of `length` bytes.
    pub(super) fn new(length: u64) -> Arc<Self> {
        Arc::new(Self {
            length,
            sent: AtomicU64::new(0),
            hungry: AtomicBool::new(false),
            moved: Notify::new(),
            failed: Mutex::default(),
        })
    }

    /// `frames` as the body of a request that this watches.
    pub(super) fn body(
        self: &Arc<Self>,
        frames: BoxStream<'static, Result<Bytes, Error>>,
        tally: Tally,
    ) -> impl Stream<Item = io::Result<Bytes>> + Send + 'static {
        Outgoing { frames, tally, watch: Arc::clone(self) }
    }

    /// The error that ended the body early, if one did.
    pub(super) fn failed(&self) -> Option<Error> {
        self.failed.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Waits for `answer` as long as bytes move, and for `patience.commit` once all are sent.
    pub(super) async fn wait<T>(
        &self,
        answer: impl Future<Output = T>,
        patience: Patience,
        progress: (&Progress<'_>, u64),
    ) -> Result<T, Kind> {
        let (progress, start) = progress;
        tokio::pin!(answer);
        loop {
            let all_sent = self.sent.load(Ordering::Relaxed) >= self.length;
            let stall = if all_sent { patience.commit } else { patience.stall };
            tokio::select! {
                answer = &mut answer => {
                    progress.tell(start + self.sent.load(Ordering::Relaxed));
                    return Ok(answer);
                }
                () = self.moved.notified() => progress.tell(start + self.sent.load(Ordering::Relaxed)),
                () = sleep_until(Instant::now() + stall) => {
                    if !self.hungry.load(Ordering::Relaxed) {
                        return Err(Kind::Stalled(stall));
                    }
                }
            }
        }
    }
}

/// The body itself.
struct Outgoing {
    frames: BoxStream<'static, Result<Bytes, Error>>,
    tally: Tally,
    watch: Arc<Watch>,
}

impl Stream for Outgoing {
    type Item = io::Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let polled = self.frames.poll_next_unpin(cx);
        self.watch.hungry.store(polled.is_pending(), Ordering::Relaxed);
        polled.map(|next| next.map(|frame| self.pass(frame)))
    }
}

impl Outgoing {
    fn pass(&self, frame: Result<Bytes, Error>) -> io::Result<Bytes> {
        match frame {
            Ok(frame) => {
                self.tally.sent(frame.len());
                self.watch.sent.fetch_add(frame.len() as u64, Ordering::Relaxed);
                self.watch.moved.notify_one();
                Ok(frame)
            }
            Err(error) => {
                *self.watch.failed.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
                Err(io::Error::other("the source of the body failed"))
            }
        }
    }
}
