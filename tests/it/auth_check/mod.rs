//! `auth check`: which login lacks which right where, found without a write and without asking for more than it must.

mod logins;
mod push;
mod real;
mod rights;

use std::fmt::Write as _;

use serde_json::Value;

use crate::support::{FakeRegistry, Grant, Image, Ran, Run, TokenServer};

const SECRET: &str = "hunter2-s3cr3t";

/// A token service where the robot may do this.
async fn robot(grants: impl Into<Vec<Grant>>) -> TokenServer {
    TokenServer::builder().account("robot", SECRET, grants).start().await
}

async fn behind(tokens: &TokenServer) -> FakeRegistry {
    FakeRegistry::builder().bearer(tokens).start().await
}

/// A line each: `source/NAME:v1 target/mirror/NAME:v1`, from the second line on.
fn lines<'a>(source: &str, target: &str, names: impl IntoIterator<Item = &'a str>) -> String {
    let mut text = String::from("# owner: us\n");
    for name in names {
        writeln!(text, "{source}/{name}:v1 {target}/mirror/{name}:v1").unwrap();
    }
    text
}

fn put<'a>(registry: &FakeRegistry, names: impl IntoIterator<Item = &'a str>) {
    for name in names {
        registry.put_image(name, "v1", &Image::example(1));
    }
}

/// `auth check` with the robot's login for these hosts.
fn check(words: &[&str], hosts: &[&str], mapping: &str) -> Run {
    let logins: Vec<_> = hosts.iter().map(|host| (*host, "robot", SECRET)).collect();
    Run::new(["auth", "check"]).args(words).args(["mapping_x"]).logins(&logins).mapping("mapping_x", mapping)
}

/// What every check promises: nothing was written, and no secret was told.
#[track_caller]
fn assert_only_looked(ran: &Ran, registries: &[&FakeRegistry]) {
    for request in registries.iter().flat_map(|registry| registry.requests()) {
        assert!(["HEAD", "GET"].contains(&request.method.as_str()), "{request:?}");
    }
    assert_no_secret(ran);
}

#[track_caller]
fn assert_no_secret(ran: &Ran) {
    use base64::Engine as _;
    let encoded = base64::engine::general_purpose::STANDARD.encode(format!("robot:{SECRET}"));
    let said = ran.to_string();
    assert!(!said.contains(SECRET) && !said.contains(&encoded) && !said.contains("opaque-"), "{ran}");
}

fn json(ran: &Ran) -> Value {
    serde_json::from_str(&ran.stdout).unwrap_or_else(|error| panic!("{error}: {ran}"))
}

/// What was found of a repository.
fn of<'a>(document: &'a Value, repository: &str) -> &'a Value {
    let checks = document["checks"].as_array().unwrap();
    checks.iter().find(|check| check["repository"] == repository).expect("it was checked")
}

/// The lines of the table.
fn table(ran: &Ran) -> Vec<&str> {
    ran.stdout.lines().take_while(|line| !line.is_empty()).collect()
}
