//! When to stop: a signal or the deadline asks gently, the end of the grace or a second signal at once.
//!
//! It only cancels; what that means for an entry is the engine's business.

use std::io;
use std::pin::pin;
use std::sync::atomic::Ordering;
use std::time::Duration;

use futures_util::stream::{self, Stream, StreamExt as _};
use tokio::signal::unix::{SignalKind, signal};

use crate::engine::Stop;

/// The two limits of a run's time.
#[derive(Debug, Clone, Copy)]
pub(super) struct Patience {
    /// No entry starts after this long.
    pub(super) deadline: Option<Duration>,
    /// What running entries get after that.
    pub(super) grace: Duration,
}

/// SIGINT and SIGTERM from now on, in the order they come.
///
/// # Errors
/// When the system lets nobody listen.
pub(super) fn signals() -> io::Result<impl Stream<Item = ()>> {
    let interrupt = signal(SignalKind::interrupt())?;
    let terminate = signal(SignalKind::terminate())?;
    Ok(stream::select(received(interrupt), received(terminate)))
}

fn received(signal: tokio::signal::unix::Signal) -> impl Stream<Item = ()> {
    stream::unfold(signal, |mut signal| async move { signal.recv().await.map(|()| ((), signal)) })
}

/// Watches `signals` and the clock for as long as it is polled, and never returns: race the run against it.
pub(super) async fn watch(
    stop: Stop,
    signals: impl Stream<Item = ()>,
    patience: Patience,
) -> std::convert::Infallible {
    // A stream that ends asks for nothing more; that must not be taken for a signal.
    let mut signals = pin!(signals.chain(stream::pending()));
    tokio::select! {
        _ = signals.next() => tracing::warn!("asked to stop: no new entry starts, running ones get {}", grace(patience)),
        () = deadline(patience.deadline) => {
            stop.deadline.store(true, Ordering::Release);
            tracing::warn!("the deadline is reached: no new entry starts, running ones get {}", grace(patience));
        }
    }
    stop.gently.cancel();
    tokio::select! {
        _ = signals.next() => tracing::warn!("asked to stop again: giving up what is running"),
        () = tokio::time::sleep(patience.grace) => {}
    }
    stop.now.cancel();
    std::future::pending().await
}

fn grace(patience: Patience) -> humantime::FormattedDuration {
    humantime::format_duration(patience.grace)
}

async fn deadline(after: Option<Duration>) {
    match after {
        Some(after) => tokio::time::sleep(after).await,
        None => std::future::pending().await,
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::mpsc;
    use tokio::time::Instant;

    use super::*;

    fn begin(deadline: Option<u64>) -> (Stop, mpsc::UnboundedSender<()>, tokio::task::JoinSet<()>) {
        let stop = Stop::default();
        let (send, receive) = mpsc::unbounded_channel();
        let signals =
            stream::unfold(
                receive,
                |mut receive| async move { receive.recv().await.map(|()| ((), receive)) },
            );
        let patience =
            Patience { deadline: deadline.map(Duration::from_secs), grace: Duration::from_secs(25) };
        let mut watching = tokio::task::JoinSet::new();
        let (stopped, signals) = (stop.clone(), Box::pin(signals));
        watching.spawn(async move {
            watch(stopped, signals, patience).await;
        });
        (stop, send, watching)
    }

    #[tokio::test(start_paused = true)]
    async fn a_signal_stops_gently_and_at_once_after_the_grace() {
        let (stop, signals, _watching) = begin(None);
        signals.send(()).unwrap();
        stop.gently.cancelled().await;
        let asked = Instant::now();
        assert!(!stop.now.is_cancelled());
        stop.now.cancelled().await;
        assert_eq!(asked.elapsed().as_secs(), 25);
        assert!(!stop.deadline.load(Ordering::Acquire), "a signal is no deadline");
    }

    #[tokio::test(start_paused = true)]
    async fn a_second_signal_waits_for_no_grace() {
        let (stop, signals, _watching) = begin(Some(3600));
        let began = Instant::now();
        signals.send(()).unwrap();
        signals.send(()).unwrap();
        stop.now.cancelled().await;
        assert_eq!(began.elapsed().as_secs(), 0);
    }

    #[tokio::test(start_paused = true)]
    async fn the_deadline_stops_as_a_signal_does_and_says_so() {
        let (stop, signals, _watching) = begin(Some(60));
        drop(signals);
        let began = Instant::now();
        stop.gently.cancelled().await;
        assert_eq!(began.elapsed().as_secs(), 60);
        assert!(stop.deadline.load(Ordering::Acquire));
        stop.now.cancelled().await;
        assert_eq!(began.elapsed().as_secs(), 85);
    }
}
