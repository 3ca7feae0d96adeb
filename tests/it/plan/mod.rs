//! `plan`, as reviewers read it: what a change of the mapping files would move, add and leave behind.

mod page;
mod repositories;
mod since;

use std::path::Path;
use std::process::Command;

use crate::support::{FakeRegistry, Image, Run};

/// A source registry and a target registry.
struct World {
    source: FakeRegistry,
    target: FakeRegistry,
}

impl World {
    async fn start() -> Self {
        Self { source: FakeRegistry::start().await, target: FakeRegistry::start().await }
    }

    /// A line that copies `a/NAME` to `t/to`.
    fn line(&self, source: &str, target: &str) -> String {
        let (source, target) = (source.split_once(':').unwrap(), target.split_once(':').unwrap());
        let from = self.source.image(&format!("a/{}", source.0), source.1);
        format!("{from} {}\n", self.target.image(&format!("t/{}", target.0), target.1))
    }

    /// Puts an image that was made on `day` under `a/NAME`.
    fn offer(&self, name: &str, day: &str, seed: u64) -> Image {
        let (repository, tag) = name.split_once(':').unwrap();
        let image = made(day, seed);
        self.source.put_image(&format!("a/{repository}"), tag, &image);
        image
    }

    /// What was printed, with the names of the registries in the place of their ports.
    fn shown(&self, text: &str) -> String {
        text.replace(self.source.host(), "source.example").replace(self.target.host(), "target.example")
    }

    fn requests(&self) -> usize {
        self.source.requests().len() + self.target.requests().len()
    }
}

/// An image that says that it was made on `day`.
fn made(day: &str, seed: u64) -> Image {
    let config = serde_json::json!({"created": format!("{day}T12:00:00Z"), "os": "linux"});
    Image::oci().config(config.to_string()).layer_of(2048, seed).build()
}

fn git(root: &Path, words: &[&str]) -> String {
    let identity = ["-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "init.defaultBranch=main"];
    let mut git = Command::new("git");
    git.env_clear().env("PATH", "/usr/bin:/bin").env("GIT_CONFIG_GLOBAL", "/dev/null").arg("-C").arg(root);
    let dates = [("GIT_AUTHOR_DATE", "2026-01-01T00:00:00Z"), ("GIT_COMMITTER_DATE", "2026-01-01T00:00:00Z")];
    let output = git.envs(dates).args(identity).args(words).output().unwrap();
    assert!(output.status.success(), "git {words:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

fn commit(root: &Path, message: &str) -> String {
    git(root, &["add", "-A"]);
    git(root, &["commit", "-qm", message]);
    git(root, &["rev-parse", "HEAD"])
}

/// The diff of what was printed: all before the sums of the run.
fn diff(printed: &str) -> &str {
    let end = printed.find("\nplan: ").expect("the sums of a plan");
    let line = printed[end + 1..].find('\n').unwrap_or_default();
    &printed[..end + 1 + line]
}

fn plan(words: &[&str]) -> Run {
    Run::new(["plan"]).args(words)
}
