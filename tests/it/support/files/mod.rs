//! A web server with plain files, by hand, so that it can do what web servers should not: cut, stall, send other bytes.
//!
//! It serves one request a connection. Ranges, `If-Range` and strong `ETag`s it knows as RFC 9110 says; to `HEAD` it says
//! 403, as an address does that is signed for `GET`.

mod answer;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use image_mirror::model::Digest;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

use answer::Answer;

/// So much of a body is sent at a time.
const PIECE: usize = 64 << 10;

/// A running server; it ends when dropped.
#[derive(Debug)]
pub struct FileServer {
    host: String,
    shared: Arc<Shared>,
    _server: JoinSet<()>,
}

#[derive(Debug, Default)]
struct Shared {
    files: Mutex<BTreeMap<String, Stored>>,
    /// By path; true: it stays.
    faults: Mutex<Vec<(String, FileFault, bool)>>,
    asked: Mutex<Vec<Asked>>,
    missing: Mutex<Option<u16>>,
    /// So many bytes of bodies were taken by whoever asked.
    taken: watch::Sender<u64>,
}

#[derive(Debug, Clone)]
struct Stored {
    content: Bytes,
    etag: String,
    media_type: &'static str,
}

/// One request, and what was answered.
#[derive(Debug, Clone)]
pub struct Asked {
    pub method: String,
    pub path: String,
    pub query: String,
    pub headers: BTreeMap<String, String>,
    pub status: u16,
    /// So many bytes of the body were sent.
    pub sent: usize,
}

/// What goes wrong with one answer.
#[derive(Debug, Clone)]
pub enum FileFault {
    /// An empty answer with this status and these headers.
    Status(u16, Vec<(&'static str, String)>),
    /// The connection is closed after so many bytes of the body.
    Cut(usize),
    /// After so many bytes of the body nothing comes any more.
    Stall(usize),
    /// The first byte of the body is another one.
    Flip,
    /// Ranges are not known: all of it is sent.
    NoRanges,
    /// It knows no ranges, and does not say how long the file is.
    Unsized,
    /// The part begins one byte earlier than was asked for, and says so.
    OtherRange,
    /// More bytes come than the range says.
    Longer,
    /// One more header.
    Header(&'static str, String),
}

impl FileFault {
    /// An empty answer with this status.
    pub fn status(status: u16) -> Self {
        Self::Status(status, Vec::new())
    }

    /// A redirect.
    pub fn redirect(status: u16, to: &str) -> Self {
        Self::Status(status, vec![("location", to.to_owned())])
    }
}

impl Asked {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }
}

impl FileServer {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback has free ports");
        let host = listener.local_addr().expect("a bound socket has an address").to_string();
        let shared: Arc<Shared> = Arc::default();
        let mut server = JoinSet::new();
        server.spawn(accept(listener, Arc::clone(&shared)));
        Self { host, shared, _server: server }
    }

    /// `127.0.0.1:PORT`
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The address of a path, which begins with `/`.
    pub fn url(&self, path: &str) -> url::Url {
        format!("http://{}{path}", self.host).parse().expect("an address")
    }

    /// Stores a file, or another one in its place, which has another `ETag`.
    pub fn put(&self, path: &str, content: impl Into<Bytes>) -> &Self {
        self.store(path, content.into(), "application/octet-stream")
    }

    /// Stores a page of HTML.
    pub fn put_page(&self, path: &str) -> &Self {
        self.store(path, Bytes::from_static(b"<html>sign in</html>"), "text/html; charset=utf-8")
    }

    fn store(&self, path: &str, content: Bytes, media_type: &'static str) -> &Self {
        let etag = format!("\"{:.16}\"", Digest::of(&content).hex());
        locked(&self.shared.files).insert(path.to_owned(), Stored { content, etag, media_type });
        self
    }

    /// So many bytes of bodies were taken so far.
    pub fn taken(&self) -> u64 {
        *self.shared.taken.borrow()
    }

    /// Waits until so many bytes of bodies were taken, since the server was started.
    pub async fn has_given(&self, bytes: u64) {
        let mut taken = self.shared.taken.subscribe();
        taken.wait_for(|taken| *taken >= bytes).await.expect("the server is there");
    }

    pub fn remove(&self, path: &str) -> &Self {
        locked(&self.shared.files).remove(path);
        self
    }

    /// Says so for files that are not there, instead of 404.
    pub fn missing(&self, status: u16) -> &Self {
        *locked(&self.shared.missing) = Some(status);
        self
    }

    /// Plays `fault` on the next request for `path`, after those that were asked for before.
    pub fn fault(&self, path: &str, fault: FileFault) -> &Self {
        locked(&self.shared.faults).push((path.to_owned(), fault, false));
        self
    }

    /// Plays `fault` on all requests for `path` from then on.
    pub fn always(&self, path: &str, fault: FileFault) -> &Self {
        locked(&self.shared.faults).push((path.to_owned(), fault, true));
        self
    }

    /// All requests, in the order they came.
    pub fn asked(&self) -> Vec<Asked> {
        locked(&self.shared.asked).clone()
    }

    /// How many requests there were for `path`.
    pub fn count(&self, path: &str) -> usize {
        self.asked().iter().filter(|asked| asked.path == path).count()
    }
}

impl Shared {
    /// The fault to be played now.
    fn fault(&self, path: &str) -> Option<FileFault> {
        let mut faults = locked(&self.faults);
        let at = faults.iter().position(|(on, ..)| on == path)?;
        let stays = faults[at].2;
        Some(if stays { faults[at].1.clone() } else { faults.remove(at).1 })
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        let shared = Arc::clone(&shared);
        connections.spawn(async move {
            // A client that went away is nothing to look at.
            let _ = serve(stream, &shared).await;
        });
    }
}

async fn serve(mut stream: TcpStream, shared: &Shared) -> std::io::Result<()> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await?);
    }
    let mut asked = read_head(&String::from_utf8_lossy(&head));
    let fault = shared.fault(&asked.path);
    let stored = locked(&shared.files).get(&asked.path).cloned();
    let missing = locked(&shared.missing).unwrap_or(404);
    let answer = Answer::to(&asked, stored.as_ref(), missing, fault.as_ref());
    (asked.status, asked.sent) = (answer.status, answer.body.len());
    locked(&shared.asked).push(asked);
    stream.write_all(answer.head().as_bytes()).await?;
    for piece in answer.body.chunks(PIECE) {
        stream.write_all(piece).await?;
        shared.taken.send_modify(|taken| *taken += piece.len() as u64);
    }
    stream.flush().await?;
    if answer.stalls {
        std::future::pending::<()>().await;
    }
    stream.shutdown().await
}

fn read_head(head: &str) -> Asked {
    let mut lines = head.lines();
    let mut words = lines.next().unwrap_or_default().split(' ');
    let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let headers = lines.filter_map(|line| line.split_once(": "));
    Asked {
        method: method.to_owned(),
        path: path.to_owned(),
        query: query.to_owned(),
        headers: headers.map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned())).collect(),
        status: 0,
        sent: 0,
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
