//! What an attacker tries who owns a registry, a CDN, a token service, a proxy or a mapping file.
//!
//! Whether a secret got out is seen by looking at all that the other side received, in every form that a
//! secret can take on its way.

mod answers;
mod files;
mod layouts;
mod locations;
mod proxies;
mod realms;
mod redirects;
mod secrets;
mod services;
mod tls;

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
use image_mirror::model::{Host, ImageRef, Repository, Tag, Version};
use image_mirror::registry::{Client, Credentials, Options, Role, SearchPaths};
use serde_json::Value;

use crate::support::{Seen, Spy, docker_config, reply_with};

/// A user name and a password that stand nowhere else, with a character that addresses escape.
const USER: &str = "robot-9f3c";
const PASSWORD: &str = "s3cr3t/9f3c+hunter";

/// `secret` in every form that it can take on its way.
fn forms(secret: &str) -> Vec<String> {
    let pairs = [secret.to_owned(), format!("{USER}:{secret}")];
    let encoded = pairs.iter().flat_map(|text| {
        [&STANDARD, &STANDARD_NO_PAD, &URL_SAFE, &URL_SAFE_NO_PAD].map(|engine| engine.encode(text))
    });
    let escaped: String = url::form_urlencoded::byte_serialize(secret.as_bytes()).collect();
    let mut forms: Vec<String> =
        encoded.chain([secret.to_owned(), escaped.clone(), escaped.to_lowercase()]).collect();
    forms.dedup();
    forms
}

/// Fails if `text` holds the secret in any form.
#[track_caller]
fn assert_hides(secret: &str, text: &str) {
    for form in forms(secret) {
        assert!(!text.contains(&form), "`{form}` got out:\n{text}");
    }
}

/// Fails if this server received anything that opens another one.
#[track_caller]
fn assert_knows_nothing(server: &Spy) {
    assert!(server.seen().iter().all(|seen| !seen.is_authorized()), "{}", server.text());
    assert_hides(PASSWORD, &server.text());
}

/// A client for servers in plain http and behind TLS, with one login for each of `hosts`.
fn client(hosts: &[&Spy]) -> Client {
    let logins: Vec<_> = hosts.iter().map(|server| (server.host(), USER, PASSWORD)).collect();
    client_of(&docker_config(&logins), hosts, |_| {})
}

/// A client with this docker config that trusts those of `servers` that speak TLS.
fn client_of(config: &str, servers: &[&Spy], change: impl FnOnce(&mut Options)) -> Client {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: String, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    };
    let mut options = Options { backoff_min: Duration::from_millis(1), ..Options::default() };
    (options.attempts, options.backoff_max) = (2, Duration::from_millis(4));
    for (number, server) in
        servers.iter().enumerate().filter(|(_, server)| server.url("").starts_with("https"))
    {
        options.tls.push(Host::new(server.host()));
        options.ca_files.push(file(format!("ca-{number}.pem"), server.authority()));
    }
    change(&mut options);
    let authfile = Some(file("config.json".to_owned(), config));
    let credentials = Credentials::load(&SearchPaths { authfile, ..SearchPaths::default() }, None).unwrap();
    Client::new(options, credentials.clone(), credentials).unwrap().with_role(Role::Target)
}

fn repository(server: &Spy) -> Repository {
    Repository { host: Host::new(server.host()), name: "org/app".into() }
}

fn image(server: &Spy) -> ImageRef {
    ImageRef::new(repository(server), Version::Tag(Tag::parse("v1").unwrap()))
}

/// The answer to who has no login yet.
fn basic_challenge() -> axum::http::Response<axum::body::Body> {
    reply_with(401, "www-authenticate", "Basic realm=\"r\"")
}

fn bearer_challenge(realm: &str) -> axum::http::Response<axum::body::Body> {
    reply_with(401, "www-authenticate", &format!("Bearer realm=\"{realm}\",service=\"s\""))
}

/// A registry that wants a basic login and answers who has one so.
fn behind_basic(
    then: impl Fn(&Seen) -> axum::http::Response<axum::body::Body> + Send + Sync + 'static,
) -> impl Fn(&Seen) -> axum::http::Response<axum::body::Body> + Send + Sync + 'static {
    move |seen| if seen.is_authorized() { then(seen) } else { basic_challenge() }
}

fn json(value: &Value) -> axum::http::Response<axum::body::Body> {
    crate::support::found(value.to_string())
}
