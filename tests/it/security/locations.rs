//! A registry that wants what we upload elsewhere: the bytes go there, the login does not.

use axum::body::Body;
use axum::http::Response;
use image_mirror::error::{Class, Classify as _};
use image_mirror::model::{Descriptor, Digest};
use image_mirror::registry::{Client, Error, Opened};

use super::{assert_knows_nothing, behind_basic, client, client_of, repository};
use crate::support::{Seen, Spy, docker_config, found, reply, reply_with};

const BYTES: &[u8] = b"bytes of a layer";

fn blob() -> Descriptor {
    let (digest, size) = (Digest::of(BYTES), BYTES.len() as u64);
    Descriptor { media_type: String::new(), digest, size, urls: Vec::new(), platform: None }
}

/// A source that is open.
async fn source() -> Spy {
    let source = Spy::start().await;
    source.answers(|_| found(BYTES));
    source
}

async fn copy(client: &Client, source: &Spy, target: &Spy) -> Result<(), Error> {
    let blob = blob();
    let from = client.blob(&repository(source), &blob);
    client.upload_blob(&repository(target), &blob, None, &*from, &|_| {}).await
}

/// Another host that takes whatever it is sent.
fn take(seen: &Seen) -> Response<Body> {
    if seen.method == "PATCH" { reply_with(202, "location", "/next") } else { reply(201) }
}

#[tokio::test]
async fn an_upload_to_another_host_carries_no_login() {
    let (source, target, other) = (source().await, Spy::start().await, Spy::start().await);
    let there = other.url("/upload?signature=abc");
    target.answers(behind_basic(move |_| reply_with(202, "location", &there)));
    other.answers(take);
    copy(&client(&[&target, &other]), &source, &target).await.unwrap();
    assert_eq!(other.log(), [("PUT /upload".to_owned(), false)]);
    assert_eq!(other.seen()[0].body, BYTES);
    assert_knows_nothing(&other);
}

#[tokio::test]
async fn an_upload_that_is_moved_while_it_is_sent_carries_no_login() {
    for status in [307, 308] {
        let (source, target, other) = (source().await, Spy::start().await, Spy::start().await);
        let there = other.url("/upload");
        target.answers(behind_basic(move |seen| match seen.method.as_str() {
            "POST" => reply_with(202, "location", "/v2/session"),
            _ => reply_with(status, "location", &there),
        }));
        other.answers(take);
        copy(&client(&[&target, &other]), &source, &target).await.unwrap();
        assert!(target.log().contains(&("PUT /v2/session".to_owned(), true)), "{:?}", target.log());
        assert_eq!(other.log(), [("PUT /upload".to_owned(), false)], "{status}");
        assert_knows_nothing(&other);
    }
}

#[tokio::test]
async fn an_upload_in_parts_that_goes_on_at_another_host_carries_no_login_there() {
    let (source, target, other) = (source().await, Spy::start().await, Spy::start().await);
    let there = other.url("/part");
    target.answers(behind_basic(move |seen| match seen.method.as_str() {
        "POST" => reply_with(202, "location", "/v2/session"),
        "PUT" => reply(413),
        _ => reply_with(202, "location", &there),
    }));
    other.answers(take);
    let login = docker_config(&[(target.host(), super::USER, super::PASSWORD)]);
    let client = client_of(&login, &[], |options| options.chunk_size = 7);
    copy(&client, &source, &target).await.unwrap();
    assert!(target.log().contains(&("PATCH /v2/session".to_owned(), true)), "{:?}", target.log());
    let methods: Vec<_> = other.seen().into_iter().map(|seen| seen.method).collect();
    assert_eq!(methods, ["PATCH", "PATCH", "PUT"]);
    assert_knows_nothing(&other);
}

#[tokio::test]
async fn another_host_that_takes_an_upload_cannot_ask_for_a_login() {
    let (source, target, other) = (source().await, Spy::start().await, Spy::start().await);
    let there = other.url("/upload");
    target.answers(behind_basic(move |_| reply_with(202, "location", &there)));
    for challenge in ["Basic realm=\"r\"".to_owned(), format!("Bearer realm=\"{}\"", other.url("/token"))] {
        other.answers(move |_| reply_with(401, "www-authenticate", &challenge));
        let error = copy(&client(&[&target, &other]), &source, &target).await.unwrap_err();
        assert_eq!(error.class(), Class::Denied);
    }
    assert!(other.log().iter().all(|(request, _)| request == "PUT /upload"), "{:?}", other.log());
    assert_knows_nothing(&other);
}

#[tokio::test]
async fn an_upload_is_not_sent_in_the_clear_where_the_registry_speaks_https() {
    let (source, target, other) = (source().await, Spy::tls().await, Spy::start().await);
    let there = other.url("/upload");
    target.answers(behind_basic(move |_| reply_with(202, "location", &there)));
    let error = copy(&client(&[&target, &other]), &source, &target).await.unwrap_err();
    assert_eq!(error.class(), Class::Protocol);
    assert_eq!(other.log(), []);
}

#[tokio::test]
async fn an_address_with_a_login_in_it_or_of_another_scheme_is_no_place_to_upload_to() {
    let (source, target, other) = (source().await, Spy::start().await, Spy::start().await);
    let with_login = other.url("/upload").replace("http://", "http://admin:guessed@");
    for there in
        [with_login.as_str(), "javascript:alert(1)", "file:///etc/passwd", "ftp://h/x", "http://", ""]
    {
        let to = there.to_owned();
        target.answers(move |_| reply_with(202, "location", &to));
        let result = copy(&client(&[]), &source, &target).await;
        // An empty one is the address itself, which then takes the bytes like any other.
        assert!(result.is_err() || there.is_empty(), "{there}");
    }
    assert_eq!(other.log(), []);
}

#[tokio::test]
async fn a_session_at_another_host_is_not_cancelled_there() {
    let (target, other) = (Spy::start().await, Spy::start().await);
    let there = other.url("/upload");
    target.answers(behind_basic(move |_| reply_with(202, "location", &there)));
    let client = client(&[&target, &other]);
    let Opened::Session(upload) = client.open_upload(&repository(&target), None).await.unwrap() else {
        panic!("a session was opened");
    };
    client.cancel_upload(upload).await;
    assert_eq!(other.log(), []);
}
