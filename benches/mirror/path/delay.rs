//! A delay line: every byte is held half a round trip each way, and a connection costs one round trip before its first
//! byte. It has no bandwidth of its own, and a window far wider than what is under way.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{Buf as _, Bytes, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, ReadBuf};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::Semaphore;
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::task::JoinSet;
use tokio::time::{Instant, Sleep, sleep_until};
use tokio_util::sync::PollSender;

/// Bytes, and when they are there. None at all: the end.
type Held = (Instant, Bytes);

/// How much is read from a socket at a time.
const CHUNK: usize = 256 << 10;
/// How much of what was sent may be under way on one connection.
const WINDOW: usize = 32 << 20;
/// How many pieces may be under way in one direction of one connection; what is written comes in pieces of a few TLS records.
const PIECES: usize = 1024;
/// How many are written without looking for more.
const BATCH: usize = 64;

/// The far end of a connection.
#[derive(Debug)]
pub struct Delayed {
    incoming: Receiver<Held>,
    /// What is there, or will be when `until` is over.
    head: Bytes,
    /// What more may be under way.
    window: Arc<Semaphore>,
    until: Pin<Box<Sleep>>,
    outgoing: PollSender<Held>,
    half: Duration,
    /// Ends with this.
    _collecting: JoinSet<io::Result<()>>,
}

impl Delayed {
    /// Of a connection that was just accepted. What was written is delivered by `delivering`, which ends after this.
    pub fn new(stream: TcpStream, rtt: Duration, delivering: &mut JoinSet<io::Result<()>>) -> Self {
        let half = rtt / 2;
        let opened = Instant::now() + rtt;
        let (from, to) = stream.into_split();
        let (collected, incoming) = channel(PIECES);
        let (outgoing, written) = channel(PIECES);
        let window = Arc::new(Semaphore::new(WINDOW));
        let mut collecting = JoinSet::new();
        collecting.spawn(collect(from, (collected, Arc::clone(&window)), opened, half));
        delivering.spawn(deliver(written, to));
        Self {
            incoming,
            head: Bytes::new(),
            window,
            until: Box::pin(sleep_until(opened)),
            outgoing: PollSender::new(outgoing),
            half,
            _collecting: collecting,
        }
    }

    fn poll_send(&mut self, cx: &mut Context<'_>, bytes: impl FnOnce() -> Bytes) -> Poll<io::Result<usize>> {
        ready!(self.outgoing.poll_reserve(cx)).map_err(|_| io::ErrorKind::BrokenPipe)?;
        let bytes = bytes();
        let size = bytes.len();
        self.outgoing
            .send_item((Instant::now() + self.half, bytes))
            .map_err(|_| io::ErrorKind::BrokenPipe)?;
        Poll::Ready(Ok(size))
    }
}

async fn collect(
    mut from: OwnedReadHalf,
    (to, window): (Sender<Held>, Arc<Semaphore>),
    opened: Instant,
    half: Duration,
) -> io::Result<()> {
    let mut buffer = BytesMut::new();
    loop {
        if buffer.capacity() < CHUNK / 8 {
            buffer.reserve(CHUNK);
        }
        let size = from.read_buf(&mut buffer).await?;
        let due = Instant::now().max(opened) + half;
        // It is given back when the bytes are taken. Never closed.
        if let Ok(permits) = window.acquire_many(u32::try_from(size).unwrap_or(u32::MAX)).await {
            permits.forget();
        }
        if to.send((due, buffer.split().freeze())).await.is_err() || size == 0 {
            return Ok(());
        }
    }
}

async fn deliver(mut from: Receiver<Held>, mut to: OwnedWriteHalf) -> io::Result<()> {
    let mut batch = Vec::with_capacity(BATCH);
    while from.recv_many(&mut batch, BATCH).await > 0 {
        for (due, mut bytes) in batch.drain(..) {
            if due > Instant::now() {
                sleep_until(due).await;
            }
            to.write_all_buf(&mut bytes).await?;
        }
    }
    to.shutdown().await
}

impl AsyncRead for Delayed {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.head.is_empty() {
            // Nobody collects any more: the connection was reset, or this is read again after its end.
            let Some((due, bytes)) = ready!(self.incoming.poll_recv(cx)) else { return Poll::Ready(Ok(())) };
            self.head = bytes;
            self.until.as_mut().reset(due);
        }
        if self.until.deadline() > Instant::now() {
            ready!(self.until.as_mut().poll(cx));
        }
        let size = self.head.len().min(buffer.remaining());
        buffer.put_slice(&self.head[..size]);
        self.head.advance(size);
        self.window.add_permits(size);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Delayed {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.poll_send(cx, || Bytes::copy_from_slice(bytes))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.poll_send(cx, || {
            let mut bytes = BytesMut::with_capacity(slices.iter().map(|slice| slice.len()).sum());
            for slice in slices {
                bytes.extend_from_slice(slice);
            }
            bytes.freeze()
        })
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.outgoing.close();
        Poll::Ready(Ok(()))
    }
}
