//! Connections that can be reset from within a request, which hyper alone does not offer.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use axum::extract::connect_info::Connected;
use axum::serve::{IncomingStream, Listener};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};

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
#[derive(Debug)]
pub(super) struct Door {
    pub(super) listener: TcpListener,
    pub(super) side: Side,
}

impl Door {
    pub(super) async fn open(side: Side) -> (Self, SocketAddr) {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("loopback has free ports");
        let address = listener.local_addr().expect("a bound socket has an address");
        (Self { listener, side }, address)
    }
}

impl Listener for Door {
    type Io = Switched;
    type Addr = Connection;

    async fn accept(&mut self) -> (Switched, Connection) {
        loop {
            let Ok((stream, _)) = self.listener.accept().await else { continue };
            let connection = Connection { side: self.side, cut: Arc::default() };
            if stream.set_nodelay(true).is_ok() {
                return (Switched { stream, cut: Arc::clone(&connection.cut) }, connection);
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

/// A TCP stream with a switch.
#[derive(Debug)]
pub(super) struct Switched {
    stream: TcpStream,
    cut: Arc<AtomicBool>,
}

impl Switched {
    fn check(&self) -> io::Result<()> {
        if !self.cut.load(Ordering::SeqCst) {
            return Ok(());
        }
        // Linger zero turns the close that follows into a RST.
        self.stream.set_zero_linger()?;
        Err(io::ErrorKind::ConnectionReset.into())
    }
}

impl AsyncRead for Switched {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.check()?;
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl AsyncWrite for Switched {
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
