//! Connections, plain or TLS, that can be reset from within a request, which hyper alone does not offer.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use axum::extract::connect_info::Connected;
use axum::serve::{IncomingStream, Listener};
use futures_util::future::BoxFuture;
use futures_util::stream::{FuturesUnordered, StreamExt as _};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

use super::{Shared, raw_http2};

/// Which of the registry's two hosts a connection came in at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    Registry,
    Elsewhere,
}

/// The switch of one connection.
#[derive(Debug, Clone)]
pub(super) struct Connection {
    pub(super) side: Side,
    cut: Arc<AtomicBool>,
}

impl Connection {
    /// From now on nothing goes out; what tries to gets the connection reset.
    pub(super) fn reset(&self) {
        self.cut.store(true, Ordering::SeqCst);
    }
}

/// Accepts connections on loopback.
pub(super) struct Door {
    listener: TcpListener,
    side: Side,
    tls: Option<TlsAcceptor>,
    /// TLS handshakes under way: a client that is slow at it holds nobody up.
    handshakes: FuturesUnordered<Greeting>,
    /// Where HTTP/2 is served by hand.
    raw_http2: Option<Served>,
}

/// Connections that are not handed on, and who answers on them.
struct Served {
    shared: Arc<Shared>,
    connections: JoinSet<()>,
}

impl Door {
    pub(super) async fn open(side: Side, tls: Option<TlsAcceptor>) -> (Self, SocketAddr) {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("loopback has free ports");
        let address = listener.local_addr().expect("a bound socket has an address");
        (Self { listener, side, tls, handshakes: FuturesUnordered::new(), raw_http2: None }, address)
    }

    /// Serves HTTP/2 by hand, so that it can go wrong.
    pub(super) fn with_raw_http2(mut self, shared: &Arc<Shared>) -> Self {
        self.raw_http2 = Some(Served { shared: Arc::clone(shared), connections: JoinSet::new() });
        self
    }
}

type Greeting = BoxFuture<'static, io::Result<Greeted>>;

/// A connection; whether HTTP/2 was agreed on.
type Greeted = (Switched, Connection, bool);

fn greet(side: Side, tls: Option<TlsAcceptor>, stream: TcpStream) -> Greeting {
    let connection = Connection { side, cut: Arc::default() };
    let cut = Arc::clone(&connection.cut);
    Box::pin(async move {
        stream.set_nodelay(true)?;
        let stream = Cuttable { stream, cut };
        let Some(tls) = tls else { return Ok((Switched(Box::new(stream)), connection, false)) };
        let stream = tls.accept(stream).await?;
        let is_http2 = stream.get_ref().1.alpn_protocol() == Some(b"h2");
        Ok((Switched(Box::new(stream)), connection, is_http2))
    })
}

impl Listener for Door {
    type Io = Switched;
    type Addr = Connection;

    async fn accept(&mut self) -> (Switched, Connection) {
        loop {
            // A pattern that does not match would leave the other branch alone in the wait.
            let greeted = tokio::select! {
                accepted = self.listener.accept() => {
                    self.handshakes.extend(accepted.ok().map(|(stream, _)| greet(self.side, self.tls.clone(), stream)));
                    continue;
                }
                Some(greeted) = self.handshakes.next() => greeted,
            };
            let Ok((stream, connection, is_http2)) = greeted else { continue };
            match self.raw_http2.as_mut().filter(|_| is_http2) {
                None => return (stream, connection),
                Some(served) => {
                    let taken = raw_http2::take(stream, connection, Arc::clone(&served.shared));
                    served.connections.spawn(taken);
                }
            }
        }
    }

    fn local_addr(&self) -> io::Result<Connection> {
        Ok(Connection { side: self.side, cut: Arc::default() })
    }
}

impl Connected<IncomingStream<'_, Door>> for Connection {
    fn connect_info(stream: IncomingStream<'_, Door>) -> Self {
        stream.remote_addr().clone()
    }
}

trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

/// A stream whose connection has a switch.
pub(super) struct Switched(Box<dyn Stream>);

impl AsyncRead for Switched {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(cx, buf)
    }
}

impl AsyncWrite for Switched {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
}

/// A TCP stream with a switch.
#[derive(Debug)]
pub(super) struct Cuttable {
    stream: TcpStream,
    cut: Arc<AtomicBool>,
}

impl Cuttable {
    fn check(&self) -> io::Result<()> {
        if !self.cut.load(Ordering::SeqCst) {
            return Ok(());
        }
        // Linger zero turns the close that follows into a RST.
        self.stream.set_zero_linger()?;
        Err(io::ErrorKind::ConnectionReset.into())
    }
}

impl AsyncRead for Cuttable {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.check()?;
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl AsyncWrite for Cuttable {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        self.check()?;
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.check()?;
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.check()?;
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
