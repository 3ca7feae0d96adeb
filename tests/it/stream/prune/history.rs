//! Histories of stream files, made with the git program; and streams to put into them.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Mutex;

use image_mirror::stream::pins::{Depth, Git, Glob};

/// The file of a history that is a stream.
pub(crate) const STREAM: &str = "data/coreos/rhcos.json";

/// A stream file of `pins`: architectures and builds.
pub(crate) fn stream(pins: &[(&str, &str)]) -> String {
    let mut arches: Vec<&str> = pins.iter().map(|(arch, _)| *arch).collect();
    arches.dedup();
    let architectures = arches.iter().map(|arch| {
        let own = pins.iter().filter(|(of, _)| of == arch).map(|(_, release)| release);
        let artifacts = own.enumerate().map(|(at, release)| {
            format!(
                r#""platform{at}": {{"release": "{release}", "formats": {{"qcow2.gz": {{"disk": {{
                    "location": "https://example.com/builds/{release}/{arch}/rhcos-{release}-qemu.{arch}.qcow2.gz",
                    "sha256": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"}}}}}}}}"#
            )
        });
        format!(r#""{arch}": {{"artifacts": {{{}}}}}"#, artifacts.collect::<Vec<_>>().join(","))
    });
    let architectures = architectures.collect::<Vec<_>>().join(",");
    format!(
        r#"{{"stream": "rhcos-4.16", "metadata": {{"last-modified": "2026-01-01T00:00:00Z"}}, "architectures": {{{architectures}}}}}"#
    )
}

/// A repository without a working tree.
#[derive(Debug)]
pub(crate) struct Repository {
    folder: tempfile::TempDir,
    /// Refs that have a commit.
    known: Mutex<Vec<String>>,
}

impl Repository {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        git(folder.path(), &["init", "--bare", "--quiet", "."], "");
        Self { folder, known: Mutex::default() }
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Runs the program in it.
    pub(crate) fn git(&self, arguments: &[&str]) -> String {
        git(self.path(), arguments, "")
    }

    /// A commit on each ref, one after another, that changes its file; no content: it is removed.
    pub(crate) fn commits<'a>(&self, commits: impl IntoIterator<Item = (&'a str, &'a str, Option<String>)>) {
        let (mut known, mut text) = (self.known.lock().unwrap(), String::new());
        let mut begun: Vec<&str> = Vec::new();
        for (reference, path, content) in commits {
            writeln!(text, "commit {reference}\ncommitter a <a@example.com> 1700000000 +0000\ndata 0")
                .unwrap();
            if !begun.contains(&reference) && known.iter().any(|own| own == reference) {
                writeln!(text, "from {reference}^0").unwrap();
            }
            begun.push(reference);
            match content {
                Some(content) => {
                    writeln!(text, "M 100644 inline {path}\ndata {}\n{content}", content.len()).unwrap();
                }
                None => writeln!(text, "D {path}").unwrap(),
            }
        }
        known.extend(begun.into_iter().map(str::to_owned));
        git(
            self.path(),
            &[
                "-c",
                "fastimport.unpackLimit=1000",
                "-c",
                "core.fsync=none",
                "fast-import",
                "--quiet",
                "--force",
            ],
            &text,
        );
    }

    /// A commit in which a path is a link.
    pub(crate) fn link(&self, reference: &str, path: &str, target: &str) {
        let text = format!(
            "commit {reference}\ncommitter a <a@example.com> 1700000000 +0000\ndata 0\nfrom {reference}^0\n\
             M 120000 inline {path}\ndata {}\n{target}\n",
            target.len()
        );
        git(self.path(), &["fast-import", "--quiet"], &text);
    }

    /// A commit that pins these.
    pub(crate) fn pin(&self, reference: &str, pins: &[(&str, &str)]) {
        self.commits([(reference, STREAM, Some(stream(pins)))]);
    }

    /// All of its branches, as a source of pins.
    pub(crate) fn source(&self) -> Git {
        Git {
            repository: self.path().to_owned(),
            refs: globs(&["refs/heads/**"]),
            extra_refs: Vec::new(),
            paths: globs(&["data/coreos/rhcos*.json"]),
            depth: Depth::All,
            ignore_unreadable: false,
        }
    }
}

pub(crate) fn globs(texts: &[&str]) -> Vec<Glob> {
    texts.iter().map(|text| Glob::parse(text).unwrap()).collect()
}

fn git(folder: &Path, arguments: &[&str], input: &str) -> String {
    let mut running = Command::new("git")
        .arg("-C")
        .arg(folder)
        .args(arguments)
        .env_clear()
        .env("PATH", "/usr/local/bin:/usr/bin:/bin")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    running.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = running.wait_with_output().unwrap();
    assert!(output.status.success(), "git {arguments:?}\n{input}");
    String::from_utf8(output.stdout).unwrap()
}
