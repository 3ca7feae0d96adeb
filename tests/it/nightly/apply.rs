//! ImageStreams of a cluster are made what their definitions say, and read back.

use image_mirror::cli::Exit;
use image_mirror::nightly::imagestream::{Action, Definition, apply, plan};
use serde_json::{Value, json};

use super::streams::{
    NAME, connected, definition, definition_of, help, object, options, there, told, wanted,
};
use crate::support::FakeCluster;

const STREAM: &str = "ocp/4.19-art-latest";
const PUT: &str = "PUT ocp/imagestreams/4.19-art-latest";

fn now(api: &FakeCluster) -> Value {
    api.stream("ocp", NAME).unwrap()
}

// 18.61
#[tokio::test]
async fn a_full_update_writes_its_tags_and_deletes_all_others() {
    let (api, streams) = connected().await;
    let folder = tempfile::tempdir().unwrap();
    api.put("ocp", NAME, object(&["a=A", "b=B"]));
    let before = now(&api);

    let rows = apply(&streams, &[definition(&["a=new", "c=C"])], &options(folder.path())).await;

    assert_eq!(told(&rows), [format!("{STREAM}: updated: the ImageStream was changed")]);
    assert_eq!(wanted(&now(&api)), ["a=new", "c=C"]);
    assert_eq!(there(&now(&api)), ["a"], "what is no longer wanted is deleted from the status, too");
    assert_eq!(api.writes(), [PUT, "DELETE ocp/imagestreamtags/4.19-art-latest:b"]);
    let sent = api.requests().into_iter().find(|request| request.method == "PUT").unwrap().body;
    assert_eq!(sent["metadata"]["resourceVersion"], before["metadata"]["resourceVersion"]);
    assert_eq!((sent.get("status"), sent["metadata"].get("uid")), (None, None));
    let read = |when: &str| -> Value {
        let name = format!("replacing-imagestream.ocp.{NAME}.{when}-modify.json");
        serde_json::from_slice(&std::fs::read(folder.path().join(name)).unwrap()).unwrap()
    };
    assert_eq!((read("before"), read("after")), (before, sent), "both are among the artifacts");
}

#[tokio::test]
async fn a_stream_that_is_not_there_is_made_at_once_as_it_is_to_be() {
    let (api, streams) = connected().await;
    let folder = tempfile::tempdir().unwrap();

    let rows = apply(&streams, &[definition(&["a=A"])], &options(folder.path())).await;

    assert_eq!(told(&rows), [format!("{STREAM}: copied: absent at the target")]);
    assert_eq!(
        (wanted(&now(&api)), api.writes()),
        (vec!["a=A".to_owned()], vec!["POST ocp/imagestreams".to_owned()])
    );
}

// 18.70
#[tokio::test(start_paused = true)]
async fn what_somebody_else_changes_meanwhile_is_merged_anew() {
    let (api, streams) = connected().await;
    let folder = tempfile::tempdir().unwrap();
    api.put("ocp", NAME, object(&["a=A"]));
    api.meddle("ocp", NAME, object(&["a=A", "theirs=T"]));
    let partial = Definition { is_partial: true, ..definition(&["a=new"]) };

    let rows = apply(&streams, &[partial], &options(folder.path())).await;

    assert_eq!(told(&rows), [format!("{STREAM}: updated: the ImageStream was changed")]);
    assert_eq!(wanted(&now(&api)), ["a=new", "theirs=T"], "their change is not undone");
    assert_eq!(api.writes(), [PUT, PUT]);
}

#[tokio::test(start_paused = true)]
async fn who_changes_it_each_time_wins_and_is_named_as_the_trouble() {
    let (api, streams) = connected().await;
    let folder = tempfile::tempdir().unwrap();
    api.put("ocp", NAME, object(&["a=A"]));
    for turn in 0..6 {
        api.meddle("ocp", NAME, object(&[&format!("a=theirs-{turn}")]));
    }

    let rows = apply(&streams, &[definition(&["a=new"])], &options(folder.path())).await;

    let why = format!(
        "transfer failed after 5 attempts: someone else changed {STREAM} each time it was about to be written"
    );
    assert_eq!(told(&rows), [format!("{STREAM}: failed: {why}")]);
    assert_eq!((api.writes().len(), wanted(&now(&api))), (5, vec!["a=theirs-4".to_owned()]));
}

// 18.71
#[tokio::test]
async fn what_is_right_costs_one_look_and_no_write() {
    let (api, streams) = connected().await;
    let folder = tempfile::tempdir().unwrap();
    let definitions = [definition(&["b=B", "a=A"])];
    api.put("ocp", NAME, object(&["a=A", "b=B"]));

    let rows = apply(&streams, &definitions, &options(folder.path())).await;

    assert_eq!(told(&rows), [format!("{STREAM}: kept")]);
    assert_eq!((api.writes().len(), api.requests().len()), (0, 1));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "nothing was replaced");
}

// 18.72
#[tokio::test]
async fn what_is_accepted_and_not_changed_is_not_applied() {
    let (api, streams) = connected().await;
    let folder = tempfile::tempdir().unwrap();
    api.put("ocp", NAME, object(&["a=A", "b=B", "gone=G"]));
    api.ignore_writes("PUT", 1);

    let rows = apply(&streams, &[definition(&["a=new", "b=B"])], &options(folder.path())).await;

    let but = "failed: verify failed: not-applied:";
    let expected = [
        format!(
            "{STREAM}: {but} {STREAM} was written without an error, and 1 of 2 tags are not what was written (a)"
        ),
        format!("{STREAM}:a: {but} the tag was written without an error, and it is A"),
    ];
    assert_eq!(told(&rows), expected);
    assert_eq!(Exit::of(&rows), Exit::Failed);
    let artifact = folder.path().join(format!("replacing-imagestream.ocp.{NAME}.after-modify.json"));
    assert!(artifact.exists());
    for row in &rows {
        assert!(help(row).contains(&format!("`oc replace -f {}`", artifact.display())), "{}", help(row));
    }
    assert_eq!(
        api.writes().iter().filter(|write| *write == PUT).count(),
        1,
        "it is not tried again and again"
    );
}

#[tokio::test]
async fn an_inconsistency_that_is_not_stored_is_not_applied_either() {
    let (api, streams) = connected().await;
    let folder = tempfile::tempdir().unwrap();
    api.put("ocp", NAME, object(&["a=A"]));
    api.ignore_writes("PUT", 1);
    let definition = Definition { inconsistency: Some(r#"["x"]"#.to_owned()), ..definition(&["a=A"]) };

    let rows = apply(&streams, &[definition], &options(folder.path())).await;

    let [told] = &told(&rows)[..] else { panic!("one row: {:?}", told(&rows)) };
    assert!(told.ends_with("its annotation `release.openshift.io/inconsistency` is another"), "{told}");
}

#[tokio::test(start_paused = true)]
async fn a_tag_that_stays_is_a_row_of_its_own_and_the_next_run_deletes_it() {
    let (api, streams) = connected().await;
    let folder = tempfile::tempdir().unwrap();
    api.put("ocp", NAME, object(&["a=A", "denied=D", "ignored=I"]));
    api.fail_writes("DELETE", 1, 403);
    api.ignore_writes("DELETE", 1);
    let definitions = [definition(&["a=A"])];

    let first = apply(&streams, &definitions, &options(folder.path())).await;
    let left = there(&now(&api)).join(" ");
    api.clear_log();
    let second = apply(&streams, &definitions, &options(folder.path())).await;

    let [stream, denied, ignored] = &told(&first)[..] else { panic!("three rows: {:?}", told(&first)) };
    assert_eq!(*stream, format!("{STREAM}: updated: the ImageStream was changed"));
    assert!(
        denied.starts_with(&format!("{STREAM}:denied: failed: delete failed: deleting the tag")),
        "{denied}"
    );
    assert!(
        help(&first[1]).contains("let this account delete `imagestreamtags.image.openshift.io`"),
        "{}",
        help(&first[1])
    );
    assert!(
        ignored.contains("not-applied: the tag was deleted without an error, and is still there"),
        "{ignored}"
    );
    assert_eq!((Exit::of(&first), left.as_str()), (Exit::Failed, "a denied ignored"));
    assert_eq!(told(&second), [format!("{STREAM}: updated: the ImageStream was changed")]);
    assert_eq!(
        (there(&now(&api)), api.writes().len()),
        (vec!["a"], 2),
        "two deletions, and nothing is written"
    );
}

// 18.73
#[tokio::test]
async fn what_is_pruned_is_deleted_in_the_namespace_of_its_stream() {
    let (api, streams) = connected().await;
    let folder = tempfile::tempdir().unwrap();
    let places = [("ocp", "s"), ("ocp-s390x", "s-s390x"), ("ocp-arm64", "s-arm64")];
    for (namespace, name) in places {
        api.put(namespace, name, object(&["a=A", &format!("old-{namespace}=O")]));
        api.put(namespace, "bystander", object(&["old-ocp=O"]));
    }
    let definitions = places.map(|(namespace, name)| definition_of(namespace, name, &["a=A"]));

    let rows = apply(&streams, &definitions, &options(folder.path())).await;

    assert!(rows.len() == 3 && Exit::of(&rows) == Exit::AsDesired, "{:?}", told(&rows));
    let mut deleted = api.writes();
    deleted.retain(|write| write.starts_with("DELETE"));
    deleted.sort();
    let wanted =
        places.map(|(namespace, name)| format!("DELETE {namespace}/imagestreamtags/{name}:old-{namespace}"));
    assert_eq!(deleted, {
        let mut wanted = wanted.to_vec();
        wanted.sort();
        wanted
    });
    assert_eq!(there(&api.stream("ocp", "bystander").unwrap()), ["old-ocp"]);
}

// 18.69
#[tokio::test]
async fn a_locked_stream_is_skipped_and_nothing_fails() {
    let (api, streams) = connected().await;
    let folder = tempfile::tempdir().unwrap();
    let mut locked = object(&["a=A", "b=B"]);
    locked["metadata"]["annotations"]["release.openshift.io/mode"] = "locked".into();
    api.put("ocp", NAME, locked);

    let rows = apply(&streams, &[definition(&["a=new"])], &options(folder.path())).await;

    assert_eq!(told(&rows), [format!("{STREAM}: skipped: the ImageStream is locked")]);
    assert_eq!((Exit::of(&rows), api.writes().len()), (Exit::AsDesired, 0));
}

#[tokio::test(start_paused = true)]
async fn a_server_in_trouble_is_asked_again() {
    let (api, streams) = connected().await;
    let folder = tempfile::tempdir().unwrap();
    api.put("ocp", NAME, object(&["a=A", "b=B"]));
    api.fail_writes("PUT", 2, 503);
    api.fail_writes("DELETE", 1, 429);

    let rows = apply(&streams, &[definition(&["a=new"])], &options(folder.path())).await;

    assert_eq!(told(&rows), [format!("{STREAM}: updated: the ImageStream was changed")]);
    assert_eq!((wanted(&now(&api)), api.writes().len()), (vec!["a=new".to_owned()], 5));
}

#[tokio::test(start_paused = true)]
async fn a_write_whose_answer_is_lost_is_looked_at_and_not_done_twice() {
    for (there_before, method) in [(true, "PUT"), (false, "POST")] {
        let (api, streams) = connected().await;
        let folder = tempfile::tempdir().unwrap();
        if there_before {
            api.put("ocp", NAME, object(&["a=A", "b=B"]));
        }
        api.lose_answer(method);

        let rows = apply(&streams, &[definition(&["a=new"])], &options(folder.path())).await;

        assert_eq!(told(&rows), [format!("{STREAM}: updated: the ImageStream was changed")]);
        assert_eq!(wanted(&now(&api)), ["a=new"]);
        assert_eq!(now(&api)["metadata"]["generation"], if there_before { 2 } else { 1 }, "written once");
        let mut methods: Vec<_> = api.requests().into_iter().map(|request| request.method).collect();
        methods.retain(|method| method != "DELETE");
        assert_eq!(methods[..4], ["GET", method, method, "GET"], "the second is a conflict, and is read");
    }
}

#[tokio::test(start_paused = true)]
async fn a_tag_that_cannot_be_deleted_and_is_gone_is_no_failure() {
    let (api, streams) = connected().await;
    let folder = tempfile::tempdir().unwrap();
    api.put("ocp", NAME, object(&["a=A", "b=B"]));
    api.lose_answer("DELETE");
    api.fail_writes("DELETE", 4, 500);

    let rows = apply(&streams, &[definition(&["a=A"])], &options(folder.path())).await;

    assert_eq!(told(&rows), [format!("{STREAM}: updated: the ImageStream was changed")]);
    assert_eq!((there(&now(&api)), api.writes().len()), (vec!["a"], 6));
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_fails_hurts_no_other() {
    let (api, streams) = connected().await;
    let folder = tempfile::tempdir().unwrap();
    let definitions = [definition_of("ocp-priv", "p", &["a=A"]), definition(&["a=new"])];
    api.put("ocp-priv", "p", object(&["a=old"]));
    api.put("ocp", NAME, object(&["a=A"]));
    api.deny_writes("ocp-priv");

    let rows = apply(&streams, &definitions, &options(folder.path())).await;

    let [failed, updated] = &told(&rows)[..] else { panic!("two rows: {:?}", told(&rows)) };
    assert!(
        failed.starts_with("ocp-priv/p: failed: transfer failed: updating the ImageStream `ocp-priv/p`"),
        "{failed}"
    );
    assert_eq!(
        help(&rows[0]),
        "let this account update `imagestreams.image.openshift.io` in the namespace `ocp-priv`"
    );
    assert_eq!(*updated, format!("{STREAM}: updated: the ImageStream was changed"));
    assert_eq!(wanted(&api.stream("ocp-priv", "p").unwrap()), ["a=old"]);
}

#[tokio::test]
async fn nothing_is_begun_once_the_run_was_asked_to_stop() {
    let (api, streams) = connected().await;
    let folder = tempfile::tempdir().unwrap();
    api.put("ocp", NAME, object(&["a=A"]));
    let options = options(folder.path());
    options.stop.gently.cancel();

    let rows = apply(&streams, &[definition(&["a=new"])], &options).await;

    assert_eq!(told(&rows), [format!("{STREAM}: unfinished: the run was interrupted")]);
    assert_eq!((Exit::of(&rows), api.requests().len()), (Exit::Unfinished, 0));
}

#[tokio::test]
async fn nothing_is_replaced_that_cannot_be_kept_before() {
    let (api, streams) = connected().await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    std::fs::write(&file, "").unwrap();
    api.put("ocp", NAME, object(&["a=A"]));

    let rows = apply(&streams, &[definition(&["a=new"])], &options(&file)).await;

    let [told] = &told(&rows)[..] else { panic!("one row: {:?}", told(&rows)) };
    assert!(
        told.contains("failed: plan failed: could not write `") && told.contains("before-modify.json"),
        "{told}"
    );
    assert!(api.writes().is_empty());
}

// 18.114, of ImageStreams
#[tokio::test]
async fn a_plan_only_reads_and_is_what_is_then_done() {
    let (api, streams) = connected().await;
    let folder = tempfile::tempdir().unwrap();
    let mut locked = object(&["a=A"]);
    locked["metadata"]["annotations"]["release.openshift.io/mode"] = "locked".into();
    api.put("ocp", NAME, object(&["a=A", "b=B", "old=O"]));
    api.put("ocp", "kept", object(&["a=A"]));
    api.put("ocp", "locked", locked);
    let definitions = [
        definition(&["a=new", "b=B", "c=C"]),
        definition_of("ocp", "kept", &["a=A"]),
        definition_of("ocp", "locked", &["a=new"]),
        definition_of("ocp", "absent", &["a=A"]),
    ];

    let plans = plan(&streams, &definitions).await;

    assert!(api.requests().iter().all(|request| request.method == "GET"), "{:?}", api.writes());
    let actions: Vec<Action> = plans.iter().map(|plan| plan.action).collect();
    assert_eq!(actions, [Action::Change, Action::Keep, Action::Locked, Action::Create]);
    let rows: Vec<_> = plans.iter().map(|plan| plan.row.clone()).collect();
    let expected = [
        "ocp/4.19-art-latest: planned: differs from the source",
        "ocp/kept: kept",
        "ocp/locked: skipped: the ImageStream is locked",
        "ocp/absent: planned: absent at the target",
    ];
    assert_eq!(told(&rows), expected);
    let json = serde_json::to_value(&plans[0]).unwrap();
    assert_eq!(json["added"], json!(["c"]));
    assert_eq!(json["changed"], json!([{"tag": "a", "from": "A", "to": "new"}]));
    assert_eq!((&json["pruned"], &json["action"]), (&json!(["old"]), &json!("change")));

    let done = apply(&streams, &definitions, &options(folder.path())).await;

    let words: Vec<_> = done.iter().map(|row| row.outcome.word()).collect();
    assert_eq!(words, ["updated", "kept", "skipped", "copied"]);
    assert!(
        plan(&streams, &definitions)
            .await
            .iter()
            .all(|plan| plan.action == Action::Keep || plan.action == Action::Locked)
    );
}

#[tokio::test(start_paused = true)]
async fn a_plan_of_what_cannot_be_read_says_why() {
    let (api, streams) = connected().await;
    api.deny(Some("ocp"));

    let plans = plan(&streams, &[definition(&["a=A"])]).await;

    assert_eq!(plans[0].action, Action::Unknown);
    assert!(plans[0].error.as_deref().unwrap().starts_with("reading the ImageStream `ocp/4.19-art-latest`"));
    assert!(help(&plans[0].row).starts_with("let this account get"), "{}", help(&plans[0].row));
    assert!(api.writes().is_empty());
}
