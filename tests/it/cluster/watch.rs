//! ImageStreams as they change.

use std::pin::{Pin, pin};

use futures_util::{Stream, StreamExt as _};
use image_mirror::cluster::Event;
use image_mirror::error::{Class, Classify as _};
use serde_json::json;

use super::{name, put, told, with_streams};

/// `+ ci/a`, `- ci/a`, `listed`, or `!` and the error.
async fn next(events: &mut Pin<&mut (impl Stream<Item = Event> + ?Sized)>) -> String {
    match events.next().await.expect("a watch never ends") {
        Event::Changed(object) => format!("+ {}", name(&object)),
        Event::Deleted { namespace, name } => format!("- {namespace}/{name}"),
        Event::Listed => "listed".to_owned(),
        Event::Trouble(error) => format!("! {}", told(&error)),
    }
}

/// The events up to the end of a list.
async fn list(events: &mut Pin<&mut (impl Stream<Item = Event> + ?Sized)>) -> Vec<String> {
    let mut all = Vec::new();
    while all.last().is_none_or(|last| last != "listed") {
        all.push(next(events).await);
    }
    all
}

#[tokio::test(start_paused = true)]
async fn a_watch_lists_what_is_there_and_then_tells_each_change() {
    let (api, cluster) = with_streams(&["ci/a", "ci/b", "ocp/4.20"]).await;
    api.page_size(1);
    let mut events = pin!(cluster.watch(Some("ci")));

    assert_eq!(list(&mut events).await, ["+ ci/a", "+ ci/b", "listed"]);
    put(&api, "ocp/4.20");
    put(&api, "ci/c");
    assert_eq!(next(&mut events).await, "+ ci/c", "other namespaces are not ours");
    api.remove("ci", "a");
    assert_eq!(next(&mut events).await, "- ci/a");

    let asked = api.lists();
    assert_eq!(asked.len(), 2);
    assert!(asked.iter().all(|page| page.query["limit"] == "500"), "{asked:?}");
    assert!(asked.iter().all(|page| !page.query.contains_key("resourceVersion")), "{asked:?}");
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_breaks_is_taken_up_where_it_stopped() {
    let (api, cluster) = with_streams(&["ci/a"]).await;
    let mut events = pin!(cluster.watch(None));
    assert_eq!(list(&mut events).await, ["+ ci/a", "listed"]);
    put(&api, "ci/b");
    assert_eq!(next(&mut events).await, "+ ci/b");

    api.drop_watches();
    put(&api, "ci/c");
    api.remove("ci", "b");

    let mut told = vec![next(&mut events).await];
    while told.last().unwrap() != "- ci/b" {
        told.push(next(&mut events).await);
    }
    told.retain(|event| !event.starts_with('!'));
    assert_eq!(told, ["+ ci/c", "- ci/b"], "nothing is lost, and nothing told twice");
    assert_eq!((api.lists().len(), api.watches().len()), (1, 2));
}

#[tokio::test(start_paused = true)]
async fn a_bookmark_is_where_a_watch_goes_on() {
    let (api, cluster) = with_streams(&["ci/a"]).await;
    let mut events = pin!(cluster.watch(None));
    list(&mut events).await;

    api.bookmark();
    put(&api, "ci/b");
    assert_eq!(next(&mut events).await, "+ ci/b");
    api.drop_watches();
    put(&api, "ci/c");
    while next(&mut events).await != "+ ci/c" {}

    let asked = api.watches();
    assert_eq!(asked[0].query["allowWatchBookmarks"], "true");
    assert!(asked[0].query["resourceVersion"] < asked[1].query["resourceVersion"], "{asked:?}");
}

#[tokio::test(start_paused = true)]
async fn what_was_forgotten_is_listed_anew_and_what_went_meanwhile_is_told() {
    let (api, cluster) = with_streams(&["ci/a", "ci/b"]).await;
    let mut events = pin!(cluster.watch(None));
    list(&mut events).await;

    api.drop_watches();
    api.remove("ci", "a");
    put(&api, "ci/c");
    api.forget_history();

    let mut told = list(&mut events).await;
    told.retain(|event| !event.starts_with('!'));
    assert_eq!(told, ["+ ci/b", "+ ci/c", "- ci/a", "listed"]);
    assert_eq!(api.lists().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_malformed_object_is_told_as_it_is_and_ends_no_watch() {
    let (api, cluster) = with_streams(&["ci/a"]).await;
    api.put_raw("ci", "b", json!({"metadata": "none"}));
    let mut events = pin!(cluster.watch(None));

    assert_eq!(list(&mut events).await, ["+ ci/a", r#"+ {"metadata":"none"}"#, "listed"]);
    api.put("ci", "c", json!({"status": {"tags": "none"}, "spec": 7}));
    assert_eq!(next(&mut events).await, "+ ci/c");
    // An event without a version leaves the watch nowhere to go on from: all are listed anew.
    api.put_raw("ci", "d", json!(7));
    assert!(next(&mut events).await.contains("an object has no resourceVersion"));
    assert_eq!(list(&mut events).await, ["+ ci/a", r#"+ {"metadata":"none"}"#, "+ ci/c", "+ 7", "listed"]);
    put(&api, "ci/e");
    assert_eq!(next(&mut events).await, "+ ci/e");
}

#[tokio::test(start_paused = true)]
async fn trouble_is_told_with_what_to_do_and_ends_by_itself() {
    let (api, cluster) = with_streams(&["ci/a"]).await;
    api.deny(Some("ci"));
    let mut events = pin!(cluster.watch(Some("ci")));

    for _ in 0..3 {
        let Some(Event::Trouble(error)) = events.next().await else { panic!("it is denied") };
        assert_eq!(error.class(), Class::Denied);
        let advice =
            "let this account list and watch `imagestreams.image.openshift.io` in the namespace `ci`";
        assert_eq!(error.advice().unwrap(), advice);
        assert!(
            told(&error)
                .starts_with("watching ImageStreams in the namespace `ci`: the API server answers 403")
        );
    }
    let asked = api.lists();
    assert!(asked[2].at - asked[1].at > asked[1].at - asked[0].at, "it is asked less and less often");
    api.allow();
    assert_eq!(list(&mut events).await, ["+ ci/a", "listed"]);
}
