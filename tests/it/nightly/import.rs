//! Whether what was written is imported is waited for where that is asked for.

use std::time::Duration;

use image_mirror::cli::Exit;
use image_mirror::nightly::imagestream::{ClusterStreams, Definition, Options, apply};
use tokio::time::Instant;

use super::streams::{NAME, connected, definition, help, object, options, told};
use crate::support::FakeCluster;

const STREAM: &str = "ocp/4.19-art-latest";
const WAIT: Duration = Duration::from_mins(10);

async fn waited(api: &FakeCluster, streams: &ClusterStreams, definition: Definition) -> (Vec<String>, Exit) {
    let folder = tempfile::tempdir().unwrap();
    let options = Options { wait_import: Some(WAIT), ..options(folder.path()) };
    let rows = apply(streams, &[definition], &options).await;
    assert!(api.requests().len() < 1_000);
    (told(&rows), Exit::of(&rows))
}

#[tokio::test(start_paused = true)]
async fn what_is_imported_at_once_is_not_waited_for() {
    let (api, streams) = connected().await;
    api.put("ocp", NAME, object(&["a=A"]));
    api.import_all_but(&[]);
    let began = Instant::now();

    let (told, exit) = waited(&api, &streams, definition(&["a=new", "b=B"])).await;

    assert_eq!(
        (told, exit),
        (vec![format!("{STREAM}: updated: the ImageStream was changed")], Exit::AsDesired)
    );
    assert_eq!((began.elapsed().as_secs(), api.writes().len()), (0, 1));
}

// §17.7
#[tokio::test(start_paused = true)]
async fn an_import_that_failed_before_is_asked_for_once_more_by_generation_0() {
    let (api, streams) = connected().await;
    let mut failed = object(&["a=A", "b=B"]);
    failed["status"]["tags"][0]["conditions"] = serde_json::json!([
        {"type": "ImportSuccess", "status": "False", "generation": 1, "message": "not found"}
    ]);
    api.put("ocp", NAME, failed);
    api.import_all_but(&[]);

    let (told, exit) = waited(&api, &streams, definition(&["a=A", "b=B"])).await;

    assert_eq!((told, exit), (vec![format!("{STREAM}: kept")], Exit::AsDesired));
    let puts: Vec<_> = api.requests().into_iter().filter(|request| request.method == "PUT").collect();
    let [put] = &puts[..] else { panic!("one PUT, not {}", puts.len()) };
    assert_eq!(put.body["spec"]["tags"][0]["generation"], 0);
    assert_eq!(put.body["spec"]["tags"][1]["generation"], 1, "what is imported is not imported again");
    assert!(put.body["metadata"]["resourceVersion"].is_string());
}

#[tokio::test(start_paused = true)]
async fn an_import_that_goes_on_failing_is_a_failed_row_in_the_words_of_the_cluster() {
    let (api, streams) = connected().await;
    api.put("ocp", NAME, object(&["a=A", "b=B"]));
    api.import_all_but(&["b"]);
    let began = Instant::now();

    let (told, exit) = waited(&api, &streams, definition(&["a=new", "b=new"])).await;

    let why = "verify failed: the cluster could not import the image: you may not have access to the container image";
    let expected =
        [format!("{STREAM}: updated: the ImageStream was changed"), format!("{STREAM}:b: failed: {why}")];
    assert_eq!((told, exit), (expected.to_vec(), Exit::Failed));
    assert_eq!(began.elapsed(), WAIT, "it may get well by itself");
    assert_eq!(api.writes().len(), 1, "what was written just now is the cluster's to try again");
}

#[tokio::test(start_paused = true)]
async fn an_import_that_does_not_come_is_timed_out() {
    let (api, streams) = connected().await;
    api.put("ocp", NAME, object(&["a=A", "b=B"]));

    let (told, exit) = waited(&api, &streams, definition(&["a=A", "b=new"])).await;

    let expected = [
        format!("{STREAM}: updated: the ImageStream was changed"),
        format!("{STREAM}:b: unfinished: timed out after 10m waiting for the cluster to import the image"),
    ];
    assert_eq!((told, exit), (expected.to_vec(), Exit::TimedOut));
}

#[tokio::test(start_paused = true)]
async fn a_run_that_is_asked_to_stop_waits_no_longer() {
    let (api, streams) = connected().await;
    let folder = tempfile::tempdir().unwrap();
    api.put("ocp", NAME, object(&["a=A"]));
    let options = Options { wait_import: Some(WAIT), ..options(folder.path()) };
    let stop = options.stop.clone();
    let began = Instant::now();

    let definitions = [definition(&["a=new"])];
    let (rows, ()) = tokio::join!(apply(&streams, &definitions, &options), async {
        tokio::time::sleep(Duration::from_secs(42)).await;
        stop.gently.cancel();
    });

    assert_eq!(told(&rows)[1], format!("{STREAM}:a: unfinished: the run was interrupted"));
    assert_eq!((began.elapsed().as_secs(), Exit::of(&rows)), (42, Exit::Unfinished));
    assert_eq!(help(&rows[1]), "run again, it goes on where this run stopped");
}
