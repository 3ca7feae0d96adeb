//! `--state`: copies of what destinations know save requests, and nothing hangs on them.

use super::sample;
use crate::support::bucket::{BUCKET, FakeBucket};
use crate::support::run::{Ran, Run};

async fn mirrored(source: &str, bucket: &FakeBucket, state: Option<&str>) -> Ran {
    let mut run = Run::new(["stream", "mirror", "--src", "s.json", "--ocp", "4.19", "--dest"])
        .args([format!("s3://{BUCKET}/pub")])
        .file("s.json", sample::text(&sample::stream(source)));
    for (name, value) in bucket.options() {
        run = run.env(name, value);
    }
    if let Some(state) = state {
        run = run.args(["--state", state]);
    }
    run.run().await
}

/// So many requests were made for what the bucket knows of itself.
fn known(bucket: &FakeBucket) -> usize {
    bucket.requests().iter().filter(|request| request.key.contains("/.image-mirror/known/")).count()
}

#[tokio::test]
async fn a_copy_of_what_the_bucket_knows_saves_requests_and_its_loss_costs_no_more_than_them() {
    let (server, bucket) = (sample::served().await, FakeBucket::start().await);
    let (source, folder) = (sample::base(&server), tempfile::tempdir().unwrap());
    let state = folder.path().join("state").display().to_string();
    mirrored(&source, &bucket, None).await.exits(0);
    let fetched = server.asked().len();
    let mut costs = Vec::new();
    // Without it, with it for the first time, with it, and with it after it was lost.
    for state in [None, Some(&state), Some(&state), Some(&state)] {
        if costs.len() == 3 {
            std::fs::remove_dir_all(state.unwrap()).unwrap();
        }
        let (before, all) = (known(&bucket), bucket.requests().len());
        mirrored(&source, &bucket, state.map(String::as_str)).await.exits(0);
        costs.push((known(&bucket) - before, bucket.requests().len() - all));
        let writes = bucket.requests()[all..].iter().filter(|request| request.method != "GET").count();
        assert_eq!(writes, 0, "nothing was new");
    }
    let with_all = costs[0];
    assert_eq!(with_all.0, 2, "a record for each directory");
    assert_eq!(costs[2], (0, with_all.1 - 2));
    assert_eq!((costs[1], costs[3]), (with_all, with_all));
    assert_eq!(server.asked().len(), fetched, "the source was not asked again");
}

#[tokio::test]
async fn a_copy_of_one_bucket_is_not_taken_for_another_and_an_old_one_is_not_believed() {
    let (server, one, two) = (sample::served().await, FakeBucket::start().await, FakeBucket::start().await);
    let (source, folder) = (sample::base(&server), tempfile::tempdir().unwrap());
    let state = folder.path().display().to_string();
    mirrored(&source, &one, Some(&state)).await.exits(0);
    let fetched = server.asked().len();
    mirrored(&source, &two, Some(&state)).await.exits(0);
    assert_eq!(
        two.object(&format!("pub/{}", sample::key("s390x", "qemu"))).unwrap().content,
        "the qemu of s390x"
    );
    assert!(server.asked().len() > fetched, "the other bucket was empty");
    // What is written anew behind our back is another object, whatever a copy says of the old one.
    let key = format!("pub/{}", sample::key("x86_64", "metal"));
    one.change(&key, |stored| {
        stored.content = "something else".into();
        stored.etag = "\"another\"".to_owned();
        stored.headers.remove("x-amz-meta-sha256");
    });
    mirrored(&source, &one, Some(&state)).await.exits(0);
    assert_eq!(one.object(&key).unwrap().content, "the metal of x86_64");
}
