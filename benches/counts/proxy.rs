//! Counts what passes between a client and a registry: a relay on loopback that reads HTTP/1.1 and changes nothing.
//!
//! It knows nothing of what the client says that it sent; the two are compared.

use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::io::{
    AsyncBufRead, AsyncBufReadExt as _, AsyncWrite, AsyncWriteExt as _, BufReader, copy_bidirectional,
};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

/// What a request is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    Ping,
    Tags,
    Manifest,
    Blob,
    Upload,
}

/// A request, its method and what it is for.
pub type What = (String, Kind);

/// What passed since the last look.
#[derive(Debug, Clone, Default)]
pub struct Passed {
    pub requests: BTreeMap<What, u64>,
    /// Bytes of bodies to the client, by what they were asked for as.
    pub down: BTreeMap<Kind, u64>,
    /// Bytes of bodies from the client.
    pub up: u64,
    pub connections: u64,
    /// The most requests that were under way at a time.
    pub peak: u64,
    under_way: u64,
    pub refused: BTreeMap<u16, u64>,
}

impl Passed {
    pub fn count(&self, method: &str, kind: impl Fn(Kind) -> bool) -> u64 {
        self.requests.iter().filter(|((m, k), _)| m == method && kind(*k)).map(|(_, count)| count).sum()
    }

    pub fn method(&self, method: &str) -> u64 {
        self.count(method, |_| true)
    }

    pub fn total(&self) -> u64 {
        self.requests.values().sum()
    }

    pub fn down(&self) -> u64 {
        self.down.values().sum()
    }

    /// Both together; the peaks are of two hosts and are added.
    pub fn and(mut self, other: &Self) -> Self {
        for (what, count) in &other.requests {
            *self.requests.entry(what.clone()).or_default() += count;
        }
        for (kind, bytes) in &other.down {
            *self.down.entry(*kind).or_default() += bytes;
        }
        self.up += other.up;
        self.connections += other.connections;
        self.peak += other.peak;
        self
    }
}

/// A relay in front of one registry.
pub struct Proxy {
    host: String,
    passed: Arc<Mutex<Passed>>,
    /// Ends with this.
    _accepting: JoinSet<()>,
}

impl Proxy {
    /// In front of `upstream`, `HOST:PORT`.
    pub async fn start(upstream: &str) -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let host = listener.local_addr()?.to_string();
        let passed = Arc::default();
        let mut accepting = JoinSet::new();
        accepting.spawn(accept(listener, upstream.to_owned(), Arc::clone(&passed)));
        Ok(Self { host, passed, _accepting: accepting })
    }

    pub fn host(&self) -> &str {
        &self.host
    }

    /// What passed since the last call.
    pub fn take(&self) -> Passed {
        std::mem::take(&mut lock(&self.passed))
    }
}

fn lock(passed: &Mutex<Passed>) -> MutexGuard<'_, Passed> {
    passed.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn accept(listener: TcpListener, upstream: String, passed: Arc<Mutex<Passed>>) {
    let mut connections = JoinSet::new();
    while let Ok((client, _)) = listener.accept().await {
        while connections.try_join_next().is_some() {}
        lock(&passed).connections += 1;
        let (upstream, passed) = (upstream.clone(), Arc::clone(&passed));
        // A connection ends with an error when either side closes it: nothing to be told about.
        connections.spawn(async move { relay(client, &upstream, &passed).await.ok() });
    }
}

async fn relay(mut client: TcpStream, upstream: &str, passed: &Mutex<Passed>) -> io::Result<()> {
    let mut server = TcpStream::connect(upstream).await?;
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    let mut first = [0];
    client.peek(&mut first).await?;
    if !first[0].is_ascii_uppercase() {
        // Somebody tries TLS first: the registry says what it thinks of it.
        return copy_bidirectional(&mut client, &mut server).await.map(drop);
    }
    let ((from_client, to_client), (from_server, to_server)) = (client.into_split(), server.into_split());
    let asked = Mutex::new(VecDeque::new());
    tokio::select! {
        ended = requests(BufReader::with_capacity(BUFFER, from_client), to_server, passed, &asked) => ended,
        ended = answers(BufReader::with_capacity(BUFFER, from_server), to_client, passed, &asked) => ended,
    }
}

const BUFFER: usize = 256 << 10;

async fn requests(
    mut from: impl AsyncBufRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    passed: &Mutex<Passed>,
    asked: &Mutex<VecDeque<What>>,
) -> io::Result<()> {
    loop {
        let head = Head::read(&mut from).await?;
        let mut words = head.lines[0].split(' ');
        let method = words.next().unwrap_or_default().to_owned();
        let what = (method, kind(words.next().unwrap_or_default()));
        {
            let mut passed = lock(passed);
            *passed.requests.entry(what.clone()).or_default() += 1;
            passed.under_way += 1;
            passed.peak = passed.peak.max(passed.under_way);
        }
        asked.lock().unwrap_or_else(PoisonError::into_inner).push_back(what);
        to.write_all(&head.bytes).await?;
        let length = head.length(Length::Known(0));
        copy(&mut from, &mut to, length, |bytes| lock(passed).up += bytes).await?;
    }
}

async fn answers(
    mut from: impl AsyncBufRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    passed: &Mutex<Passed>,
    asked: &Mutex<VecDeque<What>>,
) -> io::Result<()> {
    loop {
        let head = Head::read(&mut from).await?;
        let status: u16 = head.lines[0].split(' ').nth(1).and_then(|word| word.parse().ok()).unwrap_or(0);
        to.write_all(&head.bytes).await?;
        if (100..200).contains(&status) {
            continue;
        }
        let what = asked.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
        let (method, kind) = what.ok_or(io::ErrorKind::InvalidData)?;
        let empty = method == "HEAD" || matches!(status, 204 | 304);
        let length = if empty { Length::Known(0) } else { head.length(Length::ToTheEnd) };
        let count = |bytes| *lock(passed).down.entry(kind).or_default() += bytes;
        copy(&mut from, &mut to, length, count).await?;
        let mut passed = lock(passed);
        passed.under_way = passed.under_way.saturating_sub(1);
        if status >= 400 && status != 404 {
            *passed.refused.entry(status).or_default() += 1;
        }
    }
}

fn kind(path: &str) -> Kind {
    match path.split('?').next().unwrap_or_default() {
        path if path.contains("/manifests/") => Kind::Manifest,
        path if path.contains("/blobs/uploads/") => Kind::Upload,
        path if path.contains("/blobs/") => Kind::Blob,
        path if path.ends_with("/tags/list") => Kind::Tags,
        _ => Kind::Ping,
    }
}

/// Where a body ends.
#[derive(Debug, Clone, Copy)]
enum Length {
    Known(u64),
    Chunked,
    ToTheEnd,
}

struct Head {
    bytes: Vec<u8>,
    lines: Vec<String>,
}

impl Head {
    async fn read(from: &mut (impl AsyncBufRead + Unpin)) -> io::Result<Self> {
        let mut head = Self { bytes: Vec::new(), lines: Vec::new() };
        loop {
            let line = line(from).await?;
            head.bytes.extend_from_slice(&line);
            let text = String::from_utf8_lossy(&line).trim_end().to_owned();
            if text.is_empty() && !head.lines.is_empty() {
                return Ok(head);
            }
            head.lines.push(text);
        }
    }

    fn length(&self, otherwise: Length) -> Length {
        let named = |name: &str| {
            let fields = self.lines.iter().skip(1).filter_map(|line| line.split_once(':'));
            fields.filter(|(field, _)| field.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim()).next()
        };
        if named("transfer-encoding").is_some_and(|value| value.eq_ignore_ascii_case("chunked")) {
            return Length::Chunked;
        }
        named("content-length").and_then(|value| value.parse().ok()).map_or(otherwise, Length::Known)
    }
}

async fn line(from: &mut (impl AsyncBufRead + Unpin)) -> io::Result<Vec<u8>> {
    let mut line = Vec::new();
    if from.read_until(b'\n', &mut line).await? == 0 {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(line)
}

async fn copy(
    from: &mut (impl AsyncBufRead + Unpin),
    to: &mut (impl AsyncWrite + Unpin),
    length: Length,
    mut count: impl FnMut(u64),
) -> io::Result<()> {
    match length {
        Length::Known(bytes) => some(from, to, bytes, &mut count).await,
        Length::ToTheEnd => some(from, to, u64::MAX, &mut count).await,
        Length::Chunked => loop {
            let head = line(from).await?;
            to.write_all(&head).await?;
            let text = String::from_utf8_lossy(&head);
            let size = u64::from_str_radix(text.trim().split(';').next().unwrap_or_default(), 16);
            let size = size.map_err(|_| io::ErrorKind::InvalidData)?;
            some(from, to, size, &mut count).await?;
            to.write_all(&line(from).await?).await?;
            if size == 0 {
                return Ok(());
            }
        },
    }
}

async fn some(
    from: &mut (impl AsyncBufRead + Unpin),
    to: &mut (impl AsyncWrite + Unpin),
    mut left: u64,
    count: &mut impl FnMut(u64),
) -> io::Result<()> {
    while left > 0 {
        let frame = from.fill_buf().await?;
        if frame.is_empty() {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let size = frame.len().min(usize::try_from(left).unwrap_or(usize::MAX));
        to.write_all(&frame[..size]).await?;
        from.consume(size);
        count(size as u64);
        left -= size as u64;
    }
    Ok(())
}
