//! Lists of ImageStreams, page by page.

use std::time::Duration;

use image_mirror::error::{Class, Classify as _};
use serde_json::json;

use super::{connected, name, put, told, with_streams};
use crate::support::FakeCluster;

const FIVE: [&str; 5] = ["ci/a", "ci/b", "ocp/4.19", "ocp/4.20", "ocp-priv/4.20"];

fn sorted(mut names: Vec<String>) -> Vec<String> {
    names.sort();
    names
}

fn all_five() -> Vec<String> {
    sorted(FIVE.map(str::to_owned).into())
}

#[tokio::test]
async fn a_list_is_read_to_its_last_page_and_never_out_of_a_cache() {
    let (api, cluster) = with_streams(&FIVE).await;
    api.page_size(2);

    let names = cluster.image_streams(None, name).await.unwrap();

    assert_eq!(sorted(names), all_five());
    let asked = api.lists();
    let tokens: Vec<_> = asked.iter().map(|page| page.query.get("continue")).collect();
    assert_eq!(tokens.len(), 3);
    assert!(tokens[0].is_none() && tokens[1] != tokens[2], "{tokens:?}");
    for page in &asked {
        assert_eq!(page.path, "/apis/image.openshift.io/v1/imagestreams");
        assert_eq!(page.query["limit"], "500");
        assert!(!page.query.contains_key("resourceVersion"), "{:?}", page.query);
        assert!(!page.query.contains_key("resourceVersionMatch"), "{:?}", page.query);
    }
}

#[tokio::test]
async fn a_list_of_one_namespace_asks_for_no_other() {
    let (api, cluster) = with_streams(&FIVE).await;
    api.deny(None);

    let names = cluster.image_streams(Some("ocp"), name).await.unwrap();

    assert_eq!(names, ["ocp/4.19", "ocp/4.20"]);
    assert_eq!(api.requests().len(), 1);
    assert_eq!(api.lists()[0].path, "/apis/image.openshift.io/v1/namespaces/ocp/imagestreams");
    assert_eq!(cluster.image_streams(Some("empty"), name).await.unwrap(), Vec::<String>::new());
}

#[tokio::test]
async fn a_list_that_expires_on_the_way_is_begun_anew_and_holds_nothing_twice() {
    let (api, cluster) = with_streams(&FIVE).await;
    api.page_size(2);
    api.expire_page(3);
    let mut read = 0;

    let names = cluster
        .image_streams(None, |object| {
            read += 1;
            name(object)
        })
        .await
        .unwrap();

    assert_eq!(sorted(names), all_five());
    assert_eq!(read, 9, "four before it expired, and five");
    assert_eq!(api.lists().len(), 6);
}

#[tokio::test]
async fn a_list_that_always_expires_is_given_up() {
    let (api, cluster) = with_streams(&FIVE).await;
    api.page_size(2);
    (0..5).for_each(|_| api.expire_page(2));

    let error = cluster.image_streams(None, name).await.unwrap_err();

    assert_eq!(error.class(), Class::Transient);
    assert!(
        told(&error).contains("listing ImageStreams in all namespaces: the list expired 5 times"),
        "{}",
        told(&error)
    );
    assert_eq!(api.lists().len(), 10);
}

#[tokio::test]
async fn a_list_whose_page_leads_to_itself_is_no_list() {
    let (api, cluster) = with_streams(&FIVE).await;
    api.never_end_lists();

    let error = cluster.image_streams(None, name).await.unwrap_err();

    assert_eq!(error.class(), Class::Protocol);
    assert!(told(&error).contains("the list does not end"), "{}", told(&error));
    assert_eq!(api.lists().len(), 2, "the same page twice is enough");
}

#[tokio::test]
async fn a_malformed_object_is_handed_on_and_spoils_no_other() {
    let (api, cluster) = with_streams(&["ci/a", "ci/z"]).await;
    for (place, malformed) in [("b", json!({"metadata": "none"})), ("c", json!(7)), ("d", json!(null))] {
        api.put_raw("ci", place, malformed);
    }
    api.put("ci", "e", json!({"status": {"tags": "none"}}));

    let names = cluster.image_streams(Some("ci"), name).await.unwrap();

    assert_eq!(names, ["ci/a", r#"{"metadata":"none"}"#, "7", "null", "ci/e", "ci/z"]);
    assert_eq!(api.requests().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn what_may_pass_is_tried_again_a_page_at_a_time() {
    let (api, cluster) = with_streams(&FIVE).await;
    api.page_size(2);
    api.fail(2, 500);
    api.fail(1, 503);

    let names = cluster.image_streams(None, name).await.unwrap();

    assert_eq!(sorted(names), all_five());
    let firsts = api.lists().iter().filter(|page| !page.query.contains_key("continue")).count();
    assert_eq!((api.lists().len(), firsts), (6, 4), "the pages that came are not read again");
}

#[tokio::test(start_paused = true)]
async fn a_pause_that_the_api_server_asks_for_is_kept() {
    let (api, cluster) = with_streams(&FIVE).await;
    api.fail_and_retry_after(429, 7);

    cluster.image_streams(None, name).await.unwrap();

    let asked = api.lists();
    assert!(asked[1].at - asked[0].at >= Duration::from_secs(7));
}

#[tokio::test(start_paused = true)]
async fn a_server_that_stays_in_trouble_is_given_up_and_the_error_says_how_often_it_was_asked() {
    let (api, cluster) = with_streams(&FIVE).await;
    api.fail(9, 500);

    let error = cluster.image_streams(Some("ci"), name).await.unwrap_err();

    assert_eq!((error.class(), error.attempts(), error.unreached()), (Class::Transient, 5, None));
    assert!(told(&error).contains("etcdserver: request timed out"), "{}", told(&error));
    assert_eq!(api.requests().len(), 5);
}

#[tokio::test]
async fn one_stream_is_read_as_it_is_now() {
    let (api, cluster) = with_streams(&["ocp/4.20"]).await;

    assert_eq!(cluster.image_stream("ocp", "4.20", name).await.unwrap().as_deref(), Some("ocp/4.20"));
    assert_eq!(cluster.image_stream("ocp", "4.21", name).await.unwrap(), None);
    put(&api, "ocp/4.21");
    assert!(cluster.image_stream("ocp", "4.21", name).await.unwrap().is_some());

    assert!(api.requests().iter().all(|request| request.query.is_empty()), "{:?}", api.requests());
}

#[tokio::test]
async fn a_stream_that_is_named_as_absent_in_the_message_only_is_absent_too() {
    let (api, cluster) = with_streams(&["ocp/4.20"]).await;
    api.without_details();

    assert_eq!(cluster.image_stream("ocp", "4.21", name).await.unwrap(), None);
    assert!(cluster.image_stream("ocp", "4.20", name).await.unwrap().is_some());
    api.without_image_streams();
    assert_eq!(cluster.image_stream("ocp", "4.21", name).await.unwrap_err().class(), Class::Missing);
}

#[tokio::test]
async fn a_cluster_without_image_streams_does_not_pass_for_one_where_a_stream_is_absent() {
    let api = FakeCluster::start().await;
    api.without_image_streams();
    let cluster = connected(&api).await;

    let one = cluster.image_stream("ocp", "4.20", name).await.unwrap_err();
    let list = cluster.image_streams(None, name).await.unwrap_err();

    for error in [one, list] {
        assert_eq!((error.class(), error.attempts()), (Class::Missing, 1));
        let told = told(&error);
        assert!(
            told.contains("404 page not found") && told.contains("serves `imagestreams.image.openshift.io`"),
            "{told}"
        );
    }
}

#[tokio::test]
async fn a_name_that_cannot_stand_in_a_path_is_not_asked_for() {
    let (api, cluster) = with_streams(&["ocp/4.20"]).await;

    for bad in ["", "..", "a/b", "a?b", "a%2fb", "a b"] {
        let listed = cluster.image_streams(Some(bad), name).await.unwrap_err();
        let read = cluster.image_stream("ocp", bad, name).await.unwrap_err();
        assert_eq!((listed.class(), read.class()), (Class::Invalid, Class::Invalid), "{bad}");
    }
    assert!(api.requests().is_empty());
}
