//! The catalog's API.

use std::sync::Arc;
use std::time::Duration;

use image_mirror::error::{Class, Classify as _, advised};
use image_mirror::model::Digest;
use image_mirror::publish::Fault;
use image_mirror::publish::catalog::{Catalog, CatalogError, CatalogSettings, RequestStatus, tools};
use serde_json::json;
use tokio::time::Instant;

use super::site::{client, example, other_digest};
use crate::support::catalog::{CatalogWorld, KEY, Lag, PROJECT, PyxisFault};
use crate::support::{Image, Spy, any, reply_with};

fn settings(base: url::Url, may_write: bool) -> CatalogSettings {
    CatalogSettings {
        base,
        project: PROJECT.into(),
        key: KEY.to_owned().into(),
        key_place: "api_key of products.json".into(),
        may_write,
    }
}

fn catalog(world: &CatalogWorld, may_write: bool) -> Catalog {
    Catalog::new(settings(world.pyxis.base(), may_write), &client(false, None)).unwrap()
}

/// What the catalog calls a child.
async fn id_of(catalog: &Catalog, child: &Digest) -> Arc<str> {
    Arc::clone(&catalog.records(child).await.unwrap()[0].id)
}

async fn uploaded(image: &Image) -> CatalogWorld {
    let world = CatalogWorld::start().await;
    world.lag(Lag::Never);
    world.uploaded("7.6.1-1", image);
    world
}

#[tokio::test]
async fn the_api_is_asked_with_the_key_for_what_it_knows_of_each_child() {
    let image = example(1);
    let world = uploaded(&image).await;
    world.certify(&image.children[0].digest);
    world.fail(&image.children[1].digest, "arm64");
    let catalog = catalog(&world, false);

    assert!(catalog.project().await.unwrap().is_hosted());
    let records = catalog.records(&image.children[0].digest).await.unwrap();
    let failed = catalog.records(&image.children[1].digest).await.unwrap();

    assert_eq!((records.len(), failed.len()), (1, 1));
    assert!(records[0].is_certified && !records[0].is_published() && !failed[0].is_certified);
    assert_eq!(failed[0].architecture, "arm64");
    assert_eq!(records[0].repositories[0].manifest_list, Some(image.digest.clone()));
    let requests = world.pyxis.requests();
    let filter = format!("docker_image_digest=={};deleted!=true", image.children[0].digest);
    assert_eq!(requests[1].query["filter"], filter);
    assert!(!requests[1].raw_query.contains([';', '!']), "{}", requests[1].raw_query);
    assert!(requests.iter().all(|request| request.headers["x-api-key"] == KEY && request.method == "GET"));
    assert_eq!(world.upload.count(any()) + world.public.count(any()), 0, "no registry is asked");
}

// 19.77
#[tokio::test]
async fn an_image_that_the_catalog_does_not_know_has_no_records_and_no_requests() {
    let image = example(1);
    let world = uploaded(&image).await;
    let known = catalog(&world, false);
    assert_eq!(known.records(&other_digest()).await.unwrap(), Vec::new());
    world.pyxis.fault(PyxisFault::on("/images", 200).body(r#"{"data": null}"#));
    assert_eq!(known.records(&image.children[0].digest).await.unwrap(), Vec::new());
    world.certify(&image.children[0].digest);
    let id = id_of(&known, &image.children[0].digest).await;
    assert_eq!(known.last_request(&id).await.unwrap(), None);
}

#[tokio::test]
async fn a_list_is_read_page_after_page_and_one_without_an_end_is_given_up() {
    let spy = Spy::start().await;
    spy.answers(|seen| {
        let number: usize = seen.query.split("page=").last().unwrap().parse().unwrap();
        let page: Vec<_> =
            (0..3_usize.saturating_sub(number)).map(|at| json!({"_id": format!("{number}-{at}")})).collect();
        crate::support::found(json!({"data": page}).to_string())
    });
    let catalog = |spy: &Spy| {
        Catalog::new(settings(spy.url("/api").parse().unwrap(), false), &client(false, None)).unwrap()
    };
    let ids: Vec<_> = catalog(&spy).records(&other_digest()).await.unwrap();
    assert_eq!((ids.len(), spy.seen().len()), (6, 4));

    spy.answers(|_| crate::support::found(json!({"data": [{"_id": "1"}]}).to_string()));
    let error = catalog(&spy).records(&other_digest()).await.unwrap_err();
    assert!(matches!(error, CatalogError::Endless { .. }), "{error:?}");
    assert!(spy.seen().len() < 200);
}

// 19.75
#[tokio::test]
async fn a_catalog_that_may_write_asks_once_to_publish_and_another_asks_nothing() {
    let image = example(1);
    let world = uploaded(&image).await;
    world.certify(&image.digest);
    assert_eq!(world.served("7.6.1-1"), None);

    let error = catalog(&world, false).request_publish(&image.digest).await.unwrap_err();
    assert!(matches!(error, CatalogError::ReadOnly { .. }), "{error:?}");
    assert_eq!(world.pyxis.requests().len(), 0);

    catalog(&world, true).request_publish(&image.digest).await.unwrap();
    let expected = json!({"operation": "publish-manifest-list", "manifest_list_digest": image.digest});
    assert_eq!(world.pyxis.writes(), [expected]);
    assert_eq!(world.served("7.6.1-1"), Some(image.digest));
}

#[tokio::test]
async fn the_other_things_that_can_be_asked_for_name_one_image() {
    let image = example(1);
    let world = uploaded(&image).await;
    world.certify(&image.digest);
    let catalog = catalog(&world, true);
    let id = id_of(&catalog, &image.children[0].digest).await;
    catalog.request_publish_image(&id).await.unwrap();
    catalog.sync_tags(&id).await.unwrap();
    let named = |operation: &str| json!({"operation": operation, "image_id": id});
    assert_eq!(world.pyxis.writes(), [named("publish"), named("sync-tags")]);
    let records = catalog.records(&image.children[0].digest).await.unwrap();
    assert_eq!(records[0].tags(), ["7.6.1-1"]);
    assert_eq!(catalog.last_request(&id).await.unwrap().unwrap().status, RequestStatus::Completed);
}

#[tokio::test(start_paused = true)]
async fn a_request_whose_answer_is_lost_is_not_made_again_and_one_that_was_not_taken_is() {
    let image = example(1);
    let world = uploaded(&image).await;
    world.certify(&image.digest);
    let catalog = catalog(&world, true);
    world.pyxis.fault(PyxisFault::on("POST", 502).carried_out());

    let error = catalog.request_publish(&image.digest).await.unwrap_err();

    assert!(matches!(error, CatalogError::Unanswered { .. }), "{error:?}");
    assert!(error.advice().unwrap().contains("before it is made again"));
    assert_eq!(world.pyxis.writes().len(), 1);

    world.pyxis.fault(PyxisFault::on("POST", 429).header("retry-after", "2"));
    catalog.request_publish(&image.digest).await.unwrap();
    assert_eq!(world.pyxis.writes().len(), 3);

    world.pyxis.fault(PyxisFault::on("POST", 403));
    let error = catalog.request_publish(&image.digest).await.unwrap_err();
    assert!(matches!(&error, CatalogError::Asked(_)) && error.class() == Class::Denied, "{error:?}");
    assert_eq!(world.pyxis.writes().len(), 4);
}

// 19.76
#[tokio::test]
async fn a_request_to_publish_that_failed_ends_a_wait_with_what_the_catalog_says() {
    let image = example(1);
    let world = uploaded(&image).await;
    world.certify(&image.digest);
    let catalog = catalog(&world, true);
    let id = id_of(&catalog, &image.children[0].digest).await;
    let ids = [id];
    catalog.watch_requests(&ids, Instant::now()).await.unwrap();

    world.pyxis.requests_end("failed", "the image has no description");
    catalog.request_publish(&image.digest).await.unwrap();
    let fault = catalog.watch_requests(&ids, Instant::now()).await.unwrap_err();
    assert!(matches!(fault, Fault::TimedOut { .. }), "{fault:?}");
    assert!(fault.to_string().contains("the image has no description"), "{fault}");

    world.pyxis.requests_end("pending", "");
    catalog.request_publish(&image.digest).await.unwrap();
    catalog.watch_requests(&ids, Instant::now()).await.expect("the last request counts");
}

// 19.78
#[tokio::test]
async fn an_api_that_is_down_is_an_error_where_it_is_asked_and_no_reason_to_end_a_wait() {
    let world = uploaded(&example(1)).await;
    world.pyxis.fault(PyxisFault::on("/v1/", 503).times(usize::MAX));
    let catalog = catalog(&world, false);
    let error = catalog.records(&other_digest()).await.unwrap_err();
    assert_eq!((error.class(), error.attempts()), (Class::Transient, 5));
    catalog.watch_requests(&["1".into()], Instant::now()).await.unwrap();
}

#[tokio::test]
async fn a_key_that_is_refused_is_named_by_its_place_and_never_shown() {
    let world = uploaded(&example(1)).await;
    let echo = format!(r#"{{"detail": "no such key: {KEY}"}}"#);
    world.pyxis.fault(PyxisFault::on("/v1/", 401).body(&echo).times(2));
    let catalog = catalog(&world, false);
    let error = catalog.project().await.unwrap_err();
    let said = format!("{} {error:?} {catalog:?}", advised(&error));
    assert!(said.contains("api_key of products.json") && said.contains("no such key"), "{said}");
    assert!(!said.contains(KEY), "{said}");
}

#[tokio::test]
async fn the_key_follows_no_redirect_and_goes_nowhere_in_the_clear() {
    let (spy, other) = (Spy::start().await, Spy::start().await);
    let to = other.url("/v1/elsewhere");
    spy.answers(move |_| reply_with(302, "location", &to));
    let open =
        |base: &str| Catalog::new(settings(base.parse().unwrap(), true), &client(false, None)).unwrap();
    assert!(open(&spy.url("/api")).project().await.is_err());
    assert!(open(&spy.url("/api")).request_publish(&other_digest()).await.is_err());
    assert_eq!((spy.seen().len(), other.seen().len()), (2, 0));
    for base in ["http://catalog.example.com/api", "https://user:secret@catalog.example.com/api"] {
        let error = open(base).project().await.unwrap_err();
        assert_eq!(error.class(), Class::Invalid, "{base}");
        assert!(!format!("{error:?}").contains("secret"));
    }
}

#[tokio::test]
async fn the_list_of_tools_is_asked_for_without_the_key() {
    let world = uploaded(&example(1)).await;
    let tools = tools(&client(false, None), &world.pyxis.base()).await.unwrap();
    assert!(String::from_utf8(tools.to_vec()).unwrap().contains("enabled_for_testing"));
    assert!(!world.pyxis.requests()[0].headers.contains_key("x-api-key"));
}

#[tokio::test]
async fn an_answer_that_is_something_else_is_told_without_what_it_is() {
    let world = uploaded(&example(1)).await;
    world.pyxis.fault(PyxisFault::on("/v1/", 200).body(r#"{"data": ["a-secret-of-others"]}"#));
    let error = catalog(&world, false).records(&other_digest()).await.unwrap_err();
    assert!(matches!(error, CatalogError::Answer { .. }), "{error:?}");
    assert!(!format!("{error:?} {error}").contains("a-secret-of-others"));
    tokio::time::timeout(Duration::from_secs(5), catalog(&world, false).project()).await.unwrap().unwrap();
}
