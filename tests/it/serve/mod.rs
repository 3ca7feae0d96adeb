//! `serve`: the queue as its pages show it, turns that share no fate, changes that are seen, and who may write.

mod lease;
mod many;
mod pages;
mod poison;
mod watching;

use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::imagestreams_run::{CI, World};
use crate::support::{Run, Running};

/// The resident program and where its pages are.
pub(crate) struct Resident {
    pub(crate) running: Running,
    address: String,
}

/// An answer of a page.
#[derive(Debug)]
pub(crate) struct Page {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Resident {
    /// Starts it over the ImageStreams of a file.
    pub(crate) async fn start(world: &World, words: &[&str]) -> Self {
        let to = format!("{}/{CI}", world.target.host());
        let run = Run::new(["serve", "--from-file", "streams.json", "--target-repository", &to])
            .args(words)
            .file("streams.json", world.streams.json());
        Self::of(run).await
    }

    /// Starts what was set up, at a port that is free.
    pub(crate) async fn of(run: Run) -> Self {
        let mut running = run.args(["--listen", "127.0.0.1:0"]).start();
        running.says("the pages are at http://").await;
        let said = running.said();
        let (_, after) = said.split_once("the pages are at http://").unwrap();
        let address = after.split('/').next().unwrap().to_owned();
        Self { running, address }
    }

    /// Asks for a page.
    pub(crate) async fn ask(&self, method: &str, path: &str) -> Page {
        let mut stream = TcpStream::connect(&self.address).await.unwrap();
        let request =
            format!("{method} {path} HTTP/1.1\r\nhost: {}\r\nconnection: close\r\n\r\n", self.address);
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        Page { status, head: head.to_ascii_lowercase(), body: body.to_owned() }
    }

    /// The JSON of a page that must be there.
    pub(crate) async fn json(&self, path: &str) -> Value {
        let page = self.ask("GET", path).await;
        assert_eq!(page.status, 200, "{path}: {page:?}");
        serde_json::from_str(&page.body).unwrap_or_else(|error| panic!("{path}: {error}: {page:?}"))
    }

    /// The queue, at most `most` of it.
    pub(crate) async fn queue(&self, most: usize) -> Value {
        self.json(&format!("/api/v1/mirrors?action=show&limit={most}")).await
    }

    /// Waits until the queue has so many targets, after everything was looked through once.
    pub(crate) async fn until_queued(&self, count: usize) {
        let shown = async {
            while self.ask("GET", "/readyz").await.status != 200
                || self.json("/api/v1/mirrors").await["total"] != count
            {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        let came = tokio::time::timeout(Duration::from_mins(1), shown).await;
        assert!(came.is_ok(), "the queue never had {count}: {}", self.running.said());
    }

    /// Waits until its metrics say this.
    pub(crate) async fn until_measured(&self, words: &str) {
        let measured = async {
            while !self.ask("GET", "/metrics").await.body.contains(words) {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        let came = tokio::time::timeout(Duration::from_mins(1), measured).await;
        assert!(came.is_ok(), "`{words}` was never measured: {}", self.running.said());
    }

    /// Asks it to stop and waits for its end.
    pub(crate) async fn stopped(self) -> crate::support::Ran {
        self.running.terminate();
        self.running.ended().await
    }
}

/// Waits for what the world outside of the program shows.
pub(crate) async fn until(what: &str, shows: impl Fn() -> bool) {
    let came = async {
        while !shows() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    assert!(tokio::time::timeout(Duration::from_mins(1), came).await.is_ok(), "it never came: {what}");
}
