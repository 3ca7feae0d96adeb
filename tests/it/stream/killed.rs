//! The program killed again and again while it mirrors over a bad line, and run to its end: what lies there is judged by
//! `judge.py` with `sha256sum`.

use std::process::Command;

use bytes::Bytes;
use serde_json::{Map, Value, json};
use tempfile::TempDir;

use crate::support::{FileFault, FileServer, Moto, Run};

const ARCHES: [&str; 4] = ["aarch64", "ppc64le", "s390x", "x86_64"];
const BUCKET: &str = "boot-images";

/// Sizes of artifacts, and how often the program is killed.
struct Scale {
    sizes: Vec<usize>,
    kills: u32,
}

/// Artifacts of four architectures, served over a bad line.
struct World {
    server: FileServer,
    stream: String,
    bytes: u64,
    folder: TempDir,
}

impl World {
    async fn of(scale: &Scale) -> Self {
        let server = FileServer::start().await;
        let mut arches: Map<String, Value> = Map::new();
        for (at, size) in scale.sizes.iter().enumerate() {
            let (arch, release) = (ARCHES[at % ARCHES.len()], "416.94.202510081640-0");
            let path = format!("/{arch}/rhcos-{release}-part{at}.{arch}.raw.gz");
            let content = content(at, *size);
            let sha256 = image_mirror::model::Digest::of(&content).hex().to_owned();
            server.put(&path, content);
            spoil(&server, &path, at, *size);
            let disk = json!({"location": server.url(&path), "sha256": sha256});
            let formats = json!({"raw.gz": {"disk": disk}});
            let arch = arches.entry(arch).or_insert_with(|| json!({"artifacts": {}}));
            arch["artifacts"][format!("part{at}")] = json!({"release": release, "formats": formats});
        }
        let stream = json!({"stream": "rhcos-4.16", "architectures": arches}).to_string();
        let bytes = scale.sizes.iter().map(|size| *size as u64).sum();
        Self { server, stream, bytes, folder: tempfile::tempdir().unwrap() }
    }

    fn run(&self, destination: &str, variables: &[(&str, String)]) -> Run {
        std::fs::write(self.folder.path().join("rhcos.json"), &self.stream).unwrap();
        let stream = self.folder.path().join("rhcos.json");
        let run = Run::new(["stream", "mirror", "--ocp", "4.16", "--src", stream.to_str().unwrap()]);
        let run = run.args(["--dest", destination]);
        let run = run.within(std::time::Duration::from_mins(10));
        variables.iter().fold(run, |run, (name, value)| run.env(name, value))
    }

    /// Killed so many times, each time when some more bytes were fetched; then run until it ends well. Whoever was
    /// killed has left the destination locked, and is known to be gone.
    async fn kill_and_run(&self, scale: &Scale, to: &str, variables: &[(&str, String)]) {
        let mut killed = 0;
        for kill in 1..=scale.kills {
            let more = self.bytes * u64::from(fastrand::Rng::with_seed(u64::from(kill)).u32(1..20)) / 100;
            let at = self.server.taken() + more;
            killed += u32::from(self.run(to, variables).start().kill_when(self.server.has_given(at)).await);
        }
        assert!(killed > 0, "it was never killed");
        self.run(to, variables).run().await.exits(0);
    }

    #[expect(clippy::print_stderr, reason = "what was looked at belongs to the figures of `make test-large`")]
    fn judge(&self, at: &str) {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/stream/judge.py");
        let stream = self.folder.path().join("rhcos.json");
        let judged = Command::new("/usr/bin/python3").arg(script).arg(stream).arg(at).output().unwrap();
        let said = String::from_utf8_lossy(&judged.stdout).into_owned();
        assert!(judged.status.success(), "{said}{}", String::from_utf8_lossy(&judged.stderr));
        eprintln!("{}", said.trim_end());
    }

    /// A run that finds everything in place: it fetches nothing.
    async fn assert_settled(&self, to: &str, variables: &[(&str, String)]) {
        let before = self.server.asked().len();
        let ran = self.run(to, variables).run().await.exits(0);
        assert_eq!(ran.rows_that("kept").len(), ran.rows().len());
        assert_eq!(self.server.asked().len(), before, "something was fetched again");
    }
}

/// Bytes that are those of no other artifact.
fn content(at: usize, size: usize) -> Bytes {
    let mut bytes = vec![0; size];
    fastrand::Rng::with_seed(at as u64 + 1).fill(&mut bytes);
    bytes.into()
}

/// What goes wrong with the first answers about an artifact.
fn spoil(server: &FileServer, path: &str, at: usize, size: usize) {
    match at % 6 {
        0 => drop(server.fault(path, FileFault::Cut(size / 2)).fault(path, FileFault::Cut(size / 3))),
        1 => drop(server.fault(path, FileFault::Flip)),
        2 => drop(server.fault(path, FileFault::status(503))),
        3 => drop(server.fault(path, FileFault::Cut(size / 2)).fault(path, FileFault::NoRanges)),
        4 => drop(server.fault(path, FileFault::Cut(1)).fault(path, FileFault::OtherRange)),
        _ => {}
    }
}

async fn a_directory(scale: &Scale) {
    let world = World::of(scale).await;
    let to = world.folder.path().join("mirror");
    let to = to.to_str().unwrap();
    world.kill_and_run(scale, to, &[]).await;
    world.judge(to);
    let before = tree(to);
    world.assert_settled(to, &[]).await;
    assert_eq!(tree(to), before, "a run with nothing to do has written something");
}

async fn a_bucket(scale: &Scale) {
    let world = World::of(scale).await;
    let moto = Moto::start(BUCKET).await;
    let variables = [
        ("AWS_ENDPOINT_URL", moto.endpoint()),
        ("AWS_REGION", "us-east-1".to_owned()),
        ("AWS_ACCESS_KEY_ID", "id".to_owned()),
        ("AWS_SECRET_ACCESS_KEY", "secret".to_owned()),
    ];
    let to = format!("s3://{BUCKET}/pub");
    world.kill_and_run(scale, &to, &variables).await;
    world.judge(&moto.url(&format!("{BUCKET}/pub")));
    world.assert_settled(&to, &variables).await;
}

/// Every file below a directory, and when it was written.
fn tree(path: &str) -> Vec<(std::path::PathBuf, std::time::SystemTime)> {
    let mut found = Vec::new();
    let mut open = vec![std::path::PathBuf::from(path)];
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let entry = entry.unwrap();
            let metadata = entry.metadata().unwrap();
            if metadata.is_dir() {
                open.push(entry.path());
            }
            found.push((entry.path(), metadata.modified().unwrap()));
        }
    }
    found.sort();
    found
}

/// 40 artifacts of several sizes, one of 1 GiB.
fn large() -> Scale {
    let mut sizes: Vec<usize> = (0..36).map(|at| (at * at + 1) << 14).collect();
    sizes.extend([70 << 20, 150 << 20, 300 << 20, 1 << 30]);
    Scale { sizes, kills: 12 }
}

/// 14 artifacts, the largest above what a bucket takes in one request.
fn small(largest: usize) -> Scale {
    let mut sizes: Vec<usize> = (0..13).map(|at| (at * at + 1) << 12).collect();
    sizes.push(largest);
    Scale { sizes, kills: 4 }
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_again_and_again_a_directory_is_right_in_the_end() {
    a_directory(&small(8 << 20)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_again_and_again_a_bucket_is_right_in_the_end_and_no_upload_is_open() {
    a_bucket(&small(70 << 20)).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "2 GiB of disk and of memory; run by `make test-large`"]
async fn large_forty_artifacts_up_to_1_gib_survive_kills_in_a_directory() {
    a_directory(&large()).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "4 GiB of memory; run by `make test-large`"]
async fn large_forty_artifacts_up_to_1_gib_survive_kills_in_a_bucket() {
    a_bucket(&large()).await;
}
