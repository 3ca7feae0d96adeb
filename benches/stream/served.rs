//! Large files on a web server of this machine.

use std::fs::{self, File};
use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::thread;

use sha2::{Digest as _, Sha256};

/// So much is made, hashed and sent at a time.
const CHUNK: usize = 1 << 20;

/// The files and where they are served.
pub struct Served {
    folder: PathBuf,
    host: String,
    sums: Vec<String>,
}

/// Makes `count` files of `mib` MiB in `folder`, and serves them until the program ends.
pub fn serve(folder: &Path, count: usize, mib: u64) -> io::Result<Served> {
    let sums =
        (0..count).map(|number| make(&folder.join(name(number)), number, mib)).collect::<io::Result<_>>()?;
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let host = listener.local_addr()?.to_string();
    let root = folder.to_owned();
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let root = root.clone();
            // Who goes away early is of no interest here.
            thread::spawn(move || answer(&stream, &root).ok());
        }
    });
    Ok(Served { folder: folder.to_owned(), host, sums })
}

fn name(number: usize) -> String {
    format!("rhcos-9.6.20260101-0-part{number}.x86_64.iso")
}

/// Content that does not compress, and its sha256.
fn make(path: &Path, number: usize, mib: u64) -> io::Result<String> {
    let (mut file, mut hasher, mut random) =
        (File::create(path)?, Sha256::new(), fastrand::Rng::with_seed(number as u64));
    let mut chunk = vec![0; CHUNK];
    for _ in 0..mib {
        random.fill(&mut chunk);
        hasher.update(&chunk);
        file.write_all(&chunk)?;
    }
    file.sync_all()?;
    Ok(hex::encode(hasher.finalize()))
}

/// Answers GETs of whole files, one after the other.
fn answer(stream: &TcpStream, root: &Path) -> io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    loop {
        let mut first = String::new();
        if reader.read_line(&mut first)? == 0 {
            return Ok(());
        }
        let mut line = String::new();
        while reader.read_line(&mut line)? > 2 {
            line.clear();
        }
        let path = first.split(' ').nth(1).unwrap_or_default();
        let name = path.rsplit('/').next().unwrap_or_default();
        send(stream, &root.join(name))?;
    }
}

fn send(mut stream: &TcpStream, path: &Path) -> io::Result<()> {
    let mut file = File::open(path)?;
    let length = file.metadata()?.len();
    write!(stream, "HTTP/1.1 200 OK\r\nContent-Length: {length}\r\nETag: \"{length}\"\r\n\r\n")?;
    let mut chunk = vec![0; CHUNK];
    loop {
        let read = file.read(&mut chunk)?;
        if read == 0 {
            return Ok(());
        }
        stream.write_all(&chunk[..read])?;
    }
}

impl Served {
    /// Where a file is.
    pub fn url(&self, number: usize) -> String {
        format!("http://{}/{}", self.host, name(number))
    }

    /// A stream file of the first `count` files.
    pub fn stream(&self, count: usize) -> io::Result<PathBuf> {
        let artifacts = self.sums.iter().take(count).enumerate().map(|(number, sha256)| {
            let disk = serde_json::json!({"location": self.url(number), "sha256": sha256});
            let formats = serde_json::json!({"iso": {"disk": disk}});
            let platform = serde_json::json!({"release": "9.6.20260101-0", "formats": formats});
            (format!("part{number}"), platform)
        });
        let artifacts: serde_json::Map<_, _> = artifacts.collect();
        let architectures = serde_json::json!({"x86_64": {"artifacts": artifacts}});
        let stream = serde_json::json!({"stream": "rhcos-4.16", "architectures": architectures});
        let path = self.folder.join(format!("stream-{count}.json"));
        fs::write(&path, stream.to_string())?;
        Ok(path)
    }
}
