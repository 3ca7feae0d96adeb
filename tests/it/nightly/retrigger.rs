//! The release controller is made to look again.

use std::time::Duration;

use image_mirror::cli::Exit;
use image_mirror::engine::Stop;
use image_mirror::nightly::payload::{BuildSystem, Version};
use image_mirror::nightly::retrigger::{Options, RetriggerError, TAG, retrigger, streams};
use image_mirror::nightly::{Arch, StreamName};
use tokio::time::Instant;

use super::streams::{NAME, connected, help, object, there, told, wanted};
use crate::support::FakeCluster;

const PUT: &str = "PUT ocp/imagestreamtags/4.19-art-latest:trigger-release-controller";
const POST: &str = "POST ocp/imagestreamtags";
const DELETE: &str = "DELETE ocp/imagestreamtags/4.19-art-latest:trigger-release-controller";
const ROW: &str = "ocp/4.19-art-latest:trigger-release-controller";

fn names(minor: u32, excluded: &[Arch]) -> Vec<String> {
    let version = Version { major: 4, minor };
    let streams = streams((version, BuildSystem::Brew), "stream", excluded).unwrap();
    streams.iter().map(ToString::to_string).collect()
}

fn x86_64() -> Vec<StreamName> {
    vec![StreamName { namespace: "ocp".into(), name: NAME.into() }]
}

fn options() -> Options {
    Options { is_dry_run: false, wait: Duration::from_mins(2), stop: Stop::default() }
}

async fn with_stream(tags: &[&str]) -> (FakeCluster, image_mirror::nightly::imagestream::ClusterStreams) {
    let (api, streams) = connected().await;
    api.put("ocp", NAME, object(tags));
    (api, streams)
}

// 18.109
#[test]
fn nightlies_that_tests_wait_for_are_retriggered() {
    assert_eq!(names(10, &[]), ["ocp/4.10-art-latest"]);
    assert_eq!(names(11, &[]), ["ocp/4.11-art-latest", "ocp-arm64/4.11-art-latest-arm64"]);
    assert_eq!(names(19, &[Arch::Aarch64]), ["ocp/4.19-art-latest"]);
    assert_eq!(names(19, &[Arch::X86_64, Arch::S390x]), ["ocp-arm64/4.19-art-latest-arm64"]);
}

// 18.110
#[test]
fn other_assemblies_have_no_nightlies() {
    let version = Version { major: 4, minor: 19 };
    let refused =
        |assembly, excluded: &[Arch]| streams((version, BuildSystem::Brew), assembly, excluded).unwrap_err();
    assert_eq!(refused("4.19.3", &[]), RetriggerError::Assembly("4.19.3".to_owned()));
    assert_eq!(refused("stream", &Arch::ALL), RetriggerError::NothingLeft(version));
}

#[tokio::test(start_paused = true)]
async fn the_tag_comes_stays_and_goes() {
    let (api, streams) = with_stream(&["a=A"]).await;
    let (began, before) = (Instant::now(), wanted(&api.stream("ocp", NAME).unwrap()));
    let (names, options) = (x86_64(), options());

    let (rows, ()) = tokio::join!(retrigger(&streams, &names, &options), async {
        tokio::time::sleep(Duration::from_secs(119)).await;
        let meanwhile = api.stream("ocp", NAME).unwrap();
        assert_eq!(wanted(&meanwhile), ["a=A", "trigger-release-controller=registry.access.redhat.com/ubi9"]);
        assert_eq!(meanwhile["spec"]["tags"][1]["importPolicy"]["importMode"], "PreserveOriginal");
    });

    assert_eq!(told(&rows), [format!("{ROW}: updated: whoever watches it was made to look again")]);
    assert_eq!((began.elapsed().as_secs(), api.writes()), (120, vec![PUT.to_owned(), DELETE.to_owned()]));
    assert_eq!(wanted(&api.stream("ocp", NAME).unwrap()), before, "no tag of the payload changed");
}

#[tokio::test(start_paused = true)]
async fn what_an_earlier_run_left_behind_is_deleted_first() {
    let (api, streams) = with_stream(&["a=A", &format!("{TAG}=old")]).await;

    let rows = retrigger(&streams, &x86_64(), &options()).await;

    assert_eq!(Exit::of(&rows), Exit::AsDesired, "{:?}", told(&rows));
    assert_eq!(api.writes(), [DELETE, PUT, DELETE]);
    assert_eq!(there(&api.stream("ocp", NAME).unwrap()), ["a"]);
}

#[tokio::test(start_paused = true)]
async fn a_tag_that_may_not_be_replaced_is_created() {
    for status in [403, 404, 405] {
        let (api, streams) = with_stream(&["a=A"]).await;
        api.without_put_of_tags(status);

        let rows = retrigger(&streams, &x86_64(), &options()).await;

        assert_eq!(Exit::of(&rows), Exit::AsDesired, "{status}: {:?}", told(&rows));
        assert_eq!(api.writes(), [PUT, POST, DELETE]);
    }
}

#[tokio::test(start_paused = true)]
async fn who_is_asked_to_stop_deletes_the_tag_before_the_end() {
    let (api, streams) = with_stream(&["a=A"]).await;
    let (names, options) = (x86_64(), options());
    let (stop, began) = (options.stop.clone(), Instant::now());

    let (rows, ()) = tokio::join!(retrigger(&streams, &names, &options), async {
        tokio::time::sleep(Duration::from_secs(7)).await;
        stop.gently.cancel();
        stop.now.cancel();
    });

    assert_eq!(told(&rows), [format!("{ROW}: unfinished: the run was interrupted")]);
    assert_eq!((began.elapsed().as_secs(), api.writes()), (7, vec![PUT.to_owned(), DELETE.to_owned()]));
    assert_eq!(wanted(&api.stream("ocp", NAME).unwrap()), ["a=A"]);
}

#[tokio::test(start_paused = true)]
async fn who_was_asked_to_stop_before_puts_nothing() {
    let (api, streams) = with_stream(&["a=A"]).await;
    let options = options();
    options.stop.gently.cancel();

    let rows = retrigger(&streams, &x86_64(), &options).await;

    assert_eq!((Exit::of(&rows), api.requests().len()), (Exit::Unfinished, 0));
}

// 18.110
#[tokio::test(start_paused = true)]
async fn a_dry_run_only_says_it() {
    let (api, streams) = with_stream(&["a=A", &format!("{TAG}=old")]).await;
    let (began, options) = (Instant::now(), Options { is_dry_run: true, ..options() });

    let rows = retrigger(&streams, &x86_64(), &options).await;

    assert_eq!(told(&rows), [format!("{ROW}: planned: absent at the target")]);
    assert_eq!((api.writes().len(), began.elapsed().as_secs()), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn a_tag_that_cannot_be_deleted_is_left_behind_and_said_to_be() {
    let (api, streams) = with_stream(&["a=A"]).await;
    api.fail_writes("DELETE", 5, 500);

    let rows = retrigger(&streams, &x86_64(), &options()).await;

    let [told] = &told(&rows)[..] else { panic!("one row: {:?}", told(&rows)) };
    let begin = format!(
        "{ROW}: failed: delete failed after 5 attempts: the tag {ROW} is left behind: deleting the tag"
    );
    assert!(told.starts_with(&begin), "{told}");
    assert!(
        help(&rows[0]).starts_with(&format!("delete it by hand with `oc delete -n ocp istag {NAME}:{TAG}`"))
    );
    assert_eq!(Exit::of(&rows), Exit::Failed);
}

#[tokio::test(start_paused = true)]
async fn a_tag_whose_answer_was_lost_is_deleted_all_the_same() {
    let (api, streams) = with_stream(&["a=A"]).await;
    api.lose_answer("PUT");
    api.fail_writes("PUT", 4, 500);
    let began = Instant::now();

    let rows = retrigger(&streams, &x86_64(), &options()).await;

    assert!(told(&rows)[0].contains("transfer failed after 5 attempts: tagging"), "{:?}", told(&rows));
    assert_eq!(wanted(&api.stream("ocp", NAME).unwrap()), ["a=A"]);
    assert!(began.elapsed() < Duration::from_mins(2), "nothing is waited for");
}

#[tokio::test(start_paused = true)]
async fn a_tag_that_is_gone_by_the_second_try_is_deleted() {
    for has_details in [true, false] {
        let (api, streams) = with_stream(&["a=A"]).await;
        api.lose_answer("DELETE");
        if !has_details {
            api.without_details();
        }

        let rows = retrigger(&streams, &x86_64(), &options()).await;

        assert_eq!(Exit::of(&rows), Exit::AsDesired, "{:?}", told(&rows));
        assert_eq!(api.writes(), [PUT, DELETE, DELETE]);
    }
}

#[tokio::test(start_paused = true)]
async fn who_changes_the_stream_at_the_same_time_is_given_way() {
    let (api, streams) = with_stream(&["a=A"]).await;
    api.fail_writes("PUT", 2, 409);
    api.fail_writes("DELETE", 4, 409);

    let rows = retrigger(&streams, &x86_64(), &options()).await;

    assert_eq!(Exit::of(&rows), Exit::AsDesired, "{:?}", told(&rows));
    assert_eq!(api.writes(), [[PUT; 3].as_slice(), &[DELETE; 5]].concat());
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_is_not_there_is_not_made_by_its_tag() {
    let (api, streams) = connected().await;

    let rows = retrigger(&streams, &x86_64(), &options()).await;

    assert!(told(&rows)[0].ends_with("there is no ImageStream ocp/4.19-art-latest"), "{:?}", told(&rows));
    assert!(api.writes().is_empty());
}
