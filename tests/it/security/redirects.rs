//! A registry that sends us elsewhere: nothing that opens it goes along.

use std::sync::atomic::{AtomicUsize, Ordering};

use futures_util::TryStreamExt as _;
use image_mirror::error::{Class, Classify as _};
use image_mirror::model::{Descriptor, Digest, Manifest};
use image_mirror::registry::Client;

use super::{PASSWORD, assert_hides, assert_knows_nothing, behind_basic, client, image, repository};
use crate::support::{Spy, found, reply, reply_with};

const STATUSES: [u16; 5] = [301, 302, 303, 307, 308];
const BYTES: &str = "{}";

/// Every request that reads, once; what came of it is another matter.
async fn read_everything(client: &Client, registry: &Spy) {
    let (image, repository) = (image(registry), repository(registry));
    let blob = blob();
    let _ = client.head_manifest(&image).await;
    let _ = client.get_manifest(&image).await;
    let _ = client.tags(&repository).await;
    let _ = client.head_blob(&repository, &blob.digest).await;
    if let Ok(stream) = client.blob(&repository, &blob).open(None).await {
        let _ = stream.try_collect::<Vec<_>>().await;
    }
}

fn blob() -> Descriptor {
    let (digest, size) = (Digest::of(BYTES.as_bytes()), BYTES.len() as u64);
    Descriptor { media_type: String::new(), digest, size, urls: Vec::new(), platform: None }
}

/// A registry whose every answer to a login is a redirect to `to`, and what a client with its login asks of it.
async fn sent_to(registry: &Spy, status: u16, to: &Spy) -> Client {
    let (there, client) = (to.url(""), client(&[registry, to]));
    registry.answers(behind_basic(move |seen| {
        reply_with(status, "location", &format!("{there}{}?signature=abc", seen.path))
    }));
    read_everything(&client, registry).await;
    client
}

#[tokio::test]
async fn no_redirect_takes_a_login_to_another_host() {
    for status in STATUSES {
        let (registry, cdn) = (Spy::start().await, Spy::start().await);
        cdn.answers(|_| found(BYTES));
        sent_to(&registry, status, &cdn).await;
        assert!(
            registry.seen().iter().any(crate::support::Seen::is_authorized),
            "{status}: it was logged in"
        );
        assert_eq!(cdn.seen().len(), 5, "{status}: all but the HEAD of a blob: {:?}", cdn.log());
        assert_knows_nothing(&cdn);
    }
}

#[tokio::test]
async fn a_host_that_we_are_redirected_to_cannot_ask_for_a_login() {
    let (registry, cdn) = (Spy::start().await, Spy::start().await);
    for challenge in ["Basic realm=\"r\"".to_owned(), format!("Bearer realm=\"{}\"", cdn.url("/token"))] {
        cdn.answers(move |_| reply_with(401, "www-authenticate", &challenge));
        sent_to(&registry, 307, &cdn).await;
    }
    assert!(cdn.log().iter().all(|(request, _)| !request.contains("/token")), "{:?}", cdn.log());
    assert_knows_nothing(&cdn);
}

#[tokio::test]
async fn a_redirect_from_https_to_http_is_not_followed_even_to_the_same_name() {
    let (registry, cdn) = (Spy::tls().await, Spy::start().await);
    let client = sent_to(&registry, 307, &cdn).await;
    assert_eq!(cdn.log(), [], "nothing was asked in the clear");
    let error = client.get_manifest(&image(&registry)).await.unwrap_err();
    assert_eq!(error.class(), Class::Protocol);
}

#[tokio::test]
async fn a_redirect_from_http_to_https_takes_no_login_along() {
    let (registry, cdn) = (Spy::start().await, Spy::tls().await);
    cdn.answers(|_| found(BYTES));
    sent_to(&registry, 307, &cdn).await;
    assert_eq!(cdn.seen().len(), 5, "{:?}", cdn.log());
    assert_knows_nothing(&cdn);
}

#[tokio::test]
async fn the_same_machine_by_another_name_is_another_host() {
    let registry = Spy::start().await;
    let by_name = registry.url("").replace("127.0.0.1", "localhost");
    registry.answers(behind_basic(move |seen| match seen.path.as_str() {
        "/elsewhere" => reply(500),
        _ => reply_with(307, "location", &format!("{by_name}/elsewhere")),
    }));
    read_everything(&client(&[&registry]), &registry).await;
    let elsewhere: Vec<_> = registry.seen().into_iter().filter(|seen| seen.path == "/elsewhere").collect();
    assert!(
        !elsewhere.is_empty() && elsewhere.iter().all(|seen| !seen.is_authorized()),
        "{:?}",
        registry.log()
    );
}

#[tokio::test]
async fn a_host_that_we_are_redirected_to_cannot_use_our_login_by_sending_us_back() {
    let (registry, cdn) = (Spy::start().await, Spy::start().await);
    let back = registry.url("/admin/delete-everything");
    cdn.answers(move |_| reply_with(307, "location", &back));
    let there = cdn.url("/x");
    registry.answers(behind_basic(move |_| reply_with(307, "location", &there)));
    read_everything(&client(&[&registry]), &registry).await;
    let admin: Vec<_> =
        registry.log().into_iter().filter(|(request, _)| request.contains("/admin")).collect();
    assert!(!admin.is_empty(), "the way back is followed");
    assert!(admin.iter().all(|(_, authorized)| !authorized), "our login was used for another: {admin:?}");
    assert_knows_nothing(&cdn);
}

#[tokio::test]
async fn a_redirect_may_not_bring_a_login_of_its_own() {
    let (registry, cdn) = (Spy::start().await, Spy::start().await);
    let there = cdn.url("/x").replace("http://", "http://admin:guessed@");
    registry.answers(move |_| reply_with(307, "location", &there));
    read_everything(&client(&[]), &registry).await;
    assert_eq!(cdn.log(), []);
}

#[tokio::test]
async fn nobody_is_written_to_because_of_a_redirect_of_a_manifest() {
    let (registry, cdn) = (Spy::start().await, Spy::start().await);
    let there = cdn.url("/x");
    registry.answers(behind_basic(move |_| reply_with(307, "location", &there)));
    let manifest = Manifest::new(None, BYTES.into());
    let error = client(&[&registry]).put_manifest(&image(&registry), &manifest).await.unwrap_err();
    assert_eq!(error.class(), Class::Protocol);
    assert_eq!(cdn.log(), []);
}

#[tokio::test]
async fn a_download_that_is_resumed_asks_the_registry_again_and_tells_the_cdn_nothing() {
    let (registry, cdn) = (Spy::start().await, Spy::start().await);
    let there = cdn.url("/blob");
    registry.answers(behind_basic(move |_| reply_with(307, "location", &there)));
    let asked = AtomicUsize::new(0);
    cdn.answers(move |_| match asked.fetch_add(1, Ordering::SeqCst) {
        0 => found(&BYTES[..1]),
        _ => reply_with(206, "content-range", "bytes 1-1/2"),
    });
    let source = client(&[&registry]).blob(&repository(&registry), &blob());
    let _ = source.open(None).await.unwrap().try_collect::<Vec<_>>().await;
    assert!(cdn.seen().len() >= 2, "{:?}", cdn.log());
    assert_knows_nothing(&cdn);
    assert_hides(PASSWORD, &cdn.text());
}
