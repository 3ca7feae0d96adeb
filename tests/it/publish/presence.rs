//! Looks at registries with three answers.

use image_mirror::error::{Chain, Class, Failure};
use image_mirror::publish::{presence, tags};

use super::site::{client, example, other_digest, repository, tagged};
use crate::support::{FakeRegistry, Fault, Kind, Spy, any, reply, writes};

async fn registry() -> FakeRegistry {
    let registry = FakeRegistry::start().await;
    registry.put_image("a/b", "v1", &example(1));
    registry
}

fn said(failure: &Failure) -> String {
    Chain(failure).to_string()
}

#[tokio::test]
async fn what_is_there_has_the_digest_of_its_bytes_and_what_is_not_is_absent() {
    let registry = registry().await;
    let look = async |name: &str, tag: &str| {
        presence(&client(false, None), &tagged(registry.host(), name, tag)).await.unwrap()
    };
    assert_eq!(look("a/b", "v1").await, Some(example(1).digest));
    assert_eq!(look("a/b", "v2").await, None);
    assert_eq!(look("c/d", "v1").await, None);
    assert_eq!(registry.count(Kind::HeadManifest), 0, "a HEAD does not tell who says that there is nothing");
    assert_eq!(registry.count(writes()), 0);
}

// 19.13
#[tokio::test]
async fn a_look_that_tells_nothing_twice_is_repeated_until_it_tells() {
    let registry = registry().await;
    registry.fault(Fault::on(Kind::GetManifest).status(500).times(2));
    let image = tagged(registry.host(), "a/b", "v2");

    assert_eq!(presence(&client(false, None), &image).await.unwrap(), None);
    assert_eq!(registry.count(Kind::GetManifest), 3);
}

// 19.14 19.15
#[tokio::test]
async fn a_refusal_or_a_fault_that_stays_is_no_absence() {
    for (status, class, asked) in [
        (401, Class::Denied, 1),
        (403, Class::Denied, 1),
        (503, Class::Transient, 5),
        (500, Class::Transient, 5),
    ] {
        let registry = registry().await;
        registry.fault(Fault::on(Kind::GetManifest).status(status).always());
        let image = tagged(registry.host(), "a/b", "v2");

        let failure = presence(&client(false, None), &image).await.unwrap_err();

        assert_eq!(failure.class, class, "{status}");
        assert!(said(&failure).contains(&status.to_string()), "{}", said(&failure));
        assert_eq!(registry.count(Kind::GetManifest), asked, "{status}");
        assert_eq!(registry.count(writes()), 0);
    }
}

#[tokio::test]
async fn a_404_is_believed_in_the_words_of_a_registry_and_not_in_those_of_a_page_or_a_proxy() {
    let expired = r#"{"errors":[{"code":"TAG_EXPIRED","message":"Tag v1 was deleted or has expired"}]}"#;
    for body in [expired, ""] {
        let registry = registry().await;
        registry.fault(Fault::on(Kind::GetManifest).status(404).body(body).times(1));
        let image = tagged(registry.host(), "a/b", "v1");
        assert_eq!(presence(&client(false, None), &image).await.unwrap(), None, "{body}");
        assert_eq!(registry.count(any()), 1);
    }
    for body in
        ["<html><body>Not here</body></html>", "404 page not found\n", r#"{"message":"no Route matched"}"#]
    {
        let registry = registry().await;
        registry.fault(Fault::on(Kind::GetManifest).status(404).body(body).always());
        let image = tagged(registry.host(), "a/b", "v1");
        let failure = presence(&client(false, None), &image).await.unwrap_err();
        assert!(said(&failure).contains("status 404"), "{}", said(&failure));
        assert_eq!(failure.class, Class::Protocol, "{body}");
        assert_eq!(registry.count(any()), 2, "asked once more: {body}");
    }
}

// 19.62
#[tokio::test]
async fn bytes_that_are_not_what_their_header_says_tell_nothing() {
    let registry = registry().await;
    let lie = Fault::on(Kind::GetManifest).header("docker-content-digest", other_digest().as_str());
    registry.fault(lie.always());
    let image = tagged(registry.host(), "a/b", "v1");

    let failure = presence(&client(false, None), &image).await.unwrap_err();

    assert_eq!(failure.class, Class::Corrupt);
    assert!(said(&failure).contains(example(1).digest.as_str()), "{}", said(&failure));
}

#[tokio::test]
async fn a_success_that_brings_no_manifest_tells_nothing() {
    for body in ["{}", "nonsense", "<html>sign in</html>", ""] {
        let registry = registry().await;
        let fault = Fault::on(Kind::GetManifest).body(body).without_header("docker-content-digest");
        registry.fault(fault.always());
        let image = tagged(registry.host(), "a/b", "v1");
        assert!(presence(&client(false, None), &image).await.is_err(), "{body}");
        assert_eq!(registry.count(writes()), 0);
    }
}

// 19.64
#[tokio::test]
async fn all_pages_of_a_list_of_tags_are_read() {
    let registry = FakeRegistry::builder().page_size(100).start().await;
    for number in 1..=250 {
        registry.put_image("a/b", &format!("7.6.1-{number:03}"), &example(1));
    }
    let all = tags(&client(false, None), &repository(registry.host(), "a/b")).await.unwrap();
    assert_eq!((all.len(), all.last().unwrap().as_str()), (250, "7.6.1-250"));
    assert_eq!(registry.count(Kind::Tags), 3);
}

// 19.65
#[tokio::test]
async fn a_list_of_tags_that_cannot_be_had_is_no_empty_list() {
    let registry = FakeRegistry::builder().page_size(1).start().await;
    registry.put_image("a/b", "v1", &example(1));
    registry.put_image("a/b", "v2", &example(2));
    let (client, listed) = (client(false, None), repository(registry.host(), "a/b"));

    assert_eq!(tags(&client, &repository(registry.host(), "c/d")).await.unwrap(), Vec::new());
    registry.fault(Fault::on(Kind::Tags).status(500).times(5));
    assert_eq!(tags(&client, &listed).await.unwrap_err().class, Class::Transient);
    registry.fault(Fault::on(Kind::Tags).after(1).status(404));
    let failure = tags(&client, &listed).await.expect_err("its second page is not there");
    assert!(said(&failure).contains("page that is not there"), "{}", said(&failure));
    assert_eq!(tags(&client, &listed).await.unwrap().len(), 2);
}

#[tokio::test]
async fn a_page_in_the_place_of_a_list_of_tags_is_no_empty_list() {
    let spy = Spy::start().await;
    let listed = repository(spy.host(), "a/b");
    assert_eq!(tags(&client(false, None), &listed).await.unwrap(), Vec::new(), "404 without a word");
    spy.answers(|_| {
        let mut page = reply(404);
        *page.body_mut() = "<html>no such site</html>".into();
        page
    });
    let failure = tags(&client(false, None), &listed).await.unwrap_err();
    assert!(
        failure.advice.as_deref().is_some_and(|advice| advice.contains("in the place of")),
        "{failure:?}"
    );
}
