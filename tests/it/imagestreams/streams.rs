//! ImageStreams as objects and as files, and what changed in one.

use std::fmt::Write as _;
use std::path::Path;

use image_mirror::error::{Chain, Class, Classify as _};
use image_mirror::imagestreams::{
    FileError, ImageStream, Newest, Selection, Streams, Unread, changed_tags, read_file, wish,
};
use serde_json::{Value, json};

use super::{asked, codes, digest, object, stream};

fn changed(before: Option<&ImageStream>, now: &ImageStream) -> Vec<String> {
    changed_tags(before, now).iter().map(ToString::to_string).collect()
}

fn of(value: &Value) -> ImageStream {
    ImageStream::read(&value.to_string()).unwrap()
}

#[test]
fn an_event_is_about_the_tags_that_changed() {
    let before = stream("ns/s", &[("1", 'a'), ("2", 'b')]);
    // Row 68.
    assert_eq!(changed(None, &before), ["1", "2"]);
    // Row 69.
    assert_eq!(changed(Some(&before), &stream("ns/s", &[("1", 'c'), ("2", 'b')])), ["1"]);
    assert_eq!(changed(Some(&before), &stream("ns/s", &[("1", '-'), ("2", 'b'), ("3", 'a')])), ["1", "3"]);
    assert!(changed(Some(&before), &before).is_empty(), "nothing changed");
    assert!(changed(Some(&before), &stream("ns/s", &[("2", 'b')])).is_empty(), "what is gone is no source");
    // Row 70.
    let mut deleted = object("ns/s", &[("1", 'a'), ("2", 'b')]);
    deleted["metadata"]["deletionTimestamp"] = json!("2025-10-23T14:02:42Z");
    assert_eq!(changed(Some(&before), &of(&deleted)), ["1", "2"]);
    // Row 71.
    let mut soft = object("ns/s", &[("1", 'a'), ("2", 'b')]);
    let mark = json!({"release.openshift.io/soft-delete": "2025-10-24T00:00:00Z"});
    soft["spec"] = json!({"tags": [{"name": "1", "annotations": null}, {"name": "2", "annotations": mark}]});
    assert_eq!(changed(Some(&before), &of(&soft)), ["2"]);
    let mut both = soft.clone();
    both["status"]["tags"][1]["items"][0]["image"] = json!(digest('c'));
    assert_eq!(changed(Some(&before), &of(&both)), ["2"], "once");
}

#[test]
fn the_newest_image_counts_and_a_failed_import_says_why() {
    let mut value = object("ns/s", &[("old", 'a'), ("failed", '-')]);
    let older = json!({"image": digest('b'), "created": "2020-01-01T00:00:00Z"});
    value["status"]["tags"][0]["items"].as_array_mut().unwrap().push(older);
    let condition = |status, message| json!({"type": "ImportSuccess", "status": status, "message": message});
    value["status"]["tags"][0]["conditions"] = json!([condition("True", "fine")]);
    value["status"]["tags"][1]["conditions"] =
        json!([condition("False", "dockerimage.image.openshift.io \"x\" not found")]);
    let read = of(&value);
    let Newest::Image(image) = &read.tags[0].newest else { panic!("{read:?}") };
    assert_eq!(image.digest.to_string(), digest('a'));
    assert_eq!(humantime::format_rfc3339(image.created.unwrap()).to_string(), "2025-10-23T14:02:42Z");
    assert_eq!(read.tags[0].import_failure, None);
    assert_eq!(read.tags[1].newest, Newest::None);
    assert_eq!(
        read.tags[1].import_failure.as_deref(),
        Some("dockerimage.image.openshift.io \"x\" not found")
    );
}

#[test]
fn a_tag_without_a_proper_digest_spoils_only_itself() {
    let mut value = object("ns/s", &[("bad", 'a'), ("good", 'b')]);
    value["status"]["tags"][0]["items"][0]["image"] = json!("sha256:short");
    let read = of(&value);
    assert!(matches!(read.tags[0].newest, Newest::Malformed(_)), "{read:?}");
    assert!(matches!(read.tags[1].newest, Newest::Image(_)), "{read:?}");
}

#[test]
fn an_object_that_is_none_is_named_as_far_as_it_says_what_it_is() {
    let malformed = |value: &Value| ImageStream::read(&value.to_string()).unwrap_err();
    let mut value = object("ns/s", &[("1", 'a')]);
    value["status"]["tags"] = json!("none");
    let error = malformed(&value);
    assert_eq!(error.stream.as_ref().unwrap().to_string(), "ns/s");
    assert!(Chain(&error).to_string().starts_with("the ImageStream ns/s cannot be understood: invalid type"));
    assert_eq!(error.class(), Class::Protocol);
    let error = malformed(&json!({"kind": "Pod", "metadata": {"namespace": "ns", "name": "p"}}));
    assert!(Chain(&error).to_string().ends_with("its kind is `Pod`, not `ImageStream`"), "{}", Chain(&error));
    assert_eq!(malformed(&json!({"metadata": 1})).stream, None);
    assert_eq!(ImageStream::read("{").unwrap_err().stream, None);
}

fn file(text: &str) -> (Streams, Result<(), FileError>) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("streams");
    std::fs::write(&path, text).unwrap();
    let mut streams = Streams::default();
    let read = read_file(&path, &mut streams);
    (streams, read)
}

fn listed(streams: &Streams) -> Vec<String> {
    streams
        .iter()
        .map(|stream| format!("{}/{} {}", stream.namespace, stream.name, stream.tags.len()))
        .collect()
}

/// A value as `oc` writes YAML of it.
fn yaml(value: &Value) -> String {
    let mut text = String::new();
    write_yaml(value, 0, &mut text);
    text
}

fn write_yaml(value: &Value, depth: usize, out: &mut String) {
    let pad = "  ".repeat(depth);
    match value {
        Value::Object(map) if !map.is_empty() => map.iter().for_each(|(key, value)| {
            let _ = write!(out, "\n{pad}{key}:");
            write_yaml(value, depth + 1, out);
        }),
        Value::Array(list) if !list.is_empty() => list.iter().for_each(|value| {
            let _ = write!(out, "\n{pad}-");
            write_yaml(value, depth + 1, out);
        }),
        plain => {
            let _ = write!(out, " {plain}");
        }
    }
}

fn list(items: &[Value]) -> Value {
    json!({"apiVersion": "v1", "kind": "List", "items": items, "metadata": {"resourceVersion": ""}})
}

#[test]
fn a_file_is_a_list_or_objects_in_json_or_yaml() {
    let (one, other) = (object("a/one", &[("1", 'a')]), object("b/other", &[("1", 'a'), ("2.10", '-')]));
    let both = list(&[one.clone(), other.clone()]);
    let expected = ["a/one 1", "b/other 2"];
    for text in [
        both.to_string(),
        serde_json::to_string_pretty(&both).unwrap(),
        format!("{one}\n{other}\n"),
        yaml(&both),
        format!("---{}\n---{}\n---\n", yaml(&one), yaml(&other)),
        yaml(&json!({"kind": "ImageStreamList", "items": [one, other]})),
    ] {
        let (streams, read) = file(&text);
        read.unwrap();
        assert_eq!(listed(&streams), expected, "{text}");
        assert!(streams.failures().is_empty(), "{:?}", streams.failures());
    }
}

#[test]
fn a_file_that_holds_no_document_is_none_and_an_empty_list_is_one() {
    for text in ["", " \n\t\n", "# nothing\n", "---\n# nothing\n---\n", "null\n"] {
        let (_, read) = file(text);
        let error = read.expect_err(text);
        assert!(error.to_string().ends_with("holds no ImageStream; `oc get` may have failed"), "{error}");
        assert_eq!(error.class(), Class::Invalid);
    }
    for text in [list(&[]).to_string(), yaml(&list(&[])), "items: []\n".to_owned()] {
        let (streams, read) = file(&text);
        read.unwrap();
        assert!(listed(&streams).is_empty() && streams.failures().is_empty(), "{text}");
    }
}

#[test]
fn of_two_that_differ_the_later_one_counts_and_that_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let read = |name: &str, values: &[Value], streams: &mut Streams| {
        let path = folder.path().join(name);
        std::fs::write(&path, list(values).to_string()).unwrap();
        read_file(&path, streams).unwrap();
        path.display().to_string()
    };
    let (old, new) = (object("a/one", &[("1", 'a')]), object("a/one", &[("1", 'b'), ("2", 'b')]));
    let mut streams = Streams::default();
    let first = read("first.json", &[old.clone(), old.clone()], &mut streams);
    let second = read("second.json", std::slice::from_ref(&old), &mut streams);
    assert!(streams.findings().is_empty(), "the same again is no news: {:?}", streams.findings());
    let third = read("third.json", &[new.clone(), old, new], &mut streams);
    assert_eq!(listed(&streams), ["a/one 2"]);
    let said: Vec<_> = streams.findings().iter().map(|one| (&*one.file, one.code, &*one.message)).collect();
    let across =
        format!("the ImageStream `a/one` is also in `{second}`, with other tags: what is here counts");
    let within = "the ImageStream `a/one` is here more than once, with other tags: the last one counts";
    assert_eq!(
        said,
        [(&*third, "twice", &*across), (&*third, "twice", within), (&*third, "twice", within)],
        "{first}"
    );
    let wish = wish(&asked(None, Selection { all_namespaces: true, ..Selection::default() }), &streams);
    assert_eq!(codes(&wish.findings), ["0:0 warning twice"; 3]);
}

#[test]
fn an_object_that_is_malformed_spoils_only_itself() {
    let mut bad = object("a/bad", &[("1", 'a')]);
    bad["status"]["tags"] = json!(7);
    let all = list(&[bad, json!("?"), object("a/good", &[("1", 'a')])]);
    for text in [all.to_string(), yaml(&all)] {
        let (streams, read) = file(&text);
        read.unwrap();
        assert_eq!(listed(&streams), ["a/good 1"]);
        let [bad, unnamed] = streams.failures() else { panic!("{:?}", streams.failures()) };
        let told = |unread: &Unread| {
            (unread.part.to_string(), unread.part.described(), Chain(unread.failure.cause()).to_string())
        };
        let (part, described, why) = told(bad);
        assert_eq!((&*part, &*described), ("a/bad", "a/bad"));
        assert!(why.contains("/streams, object 1) cannot be understood: invalid type"), "{why}");
        let (part, described, why) = told(unnamed);
        assert!(part.ends_with("/streams, object 2") && part == described, "{part} {described}");
        assert!(why.contains("/streams, object 2) cannot be understood"), "{why}");
        let advice = "write the file anew with `oc get imagestreams -o yaml`, or take the object out";
        assert_eq!(bad.failure.advice.as_deref(), Some(advice));
    }
    let advice = |text: &str| ImageStream::read(text).unwrap_err().advice().unwrap();
    let (pod, nothing) = (json!({"kind": "Pod", "metadata": {"namespace": "ns", "name": "p"}}), "{}");
    assert_eq!(
        advice(&pod.to_string()),
        "look at the object in the cluster: `oc get imagestream p -n ns -o yaml`"
    );
    assert_eq!(
        advice(nothing),
        "look at the objects in the cluster: `oc get imagestreams --all-namespaces -o yaml`"
    );
}

#[test]
fn a_file_that_cannot_be_read_as_a_whole_adds_nothing_and_says_why() {
    for (text, expected) in
        [("{\"items\": [", "is no JSON"), ("a: [b\n", "is no YAML"), ("a: *b\n", "is no YAML")]
    {
        let (streams, read) = file(text);
        let error = read.unwrap_err();
        assert!(error.to_string().ends_with(expected), "{error}");
        let told = Chain(&error).to_string();
        assert!(told.contains("line 1") && told.lines().count() == 1, "{told}");
        assert_eq!(error.class(), Class::Invalid);
        assert!(listed(&streams).is_empty() && streams.failures().is_empty());
    }
    let error = read_file(Path::new("/nowhere/at/all"), &mut Streams::default()).unwrap_err();
    assert_eq!(
        (error.class(), error.to_string().as_str()),
        (
            Class::Missing,
            "the file of ImageStreams `/nowhere/at/all` cannot be read; write it by `oc get imagestreams -A -o json`"
        )
    );
}

#[test]
fn an_export_of_a_large_namespace_is_read_whole() {
    let tags: Vec<String> = (0..2_000).map(|at| format!("tag-{at}")).collect();
    let tags: Vec<(&str, char)> = tags.iter().map(|tag| (tag.as_str(), 'a')).collect();
    let mut value = object("ns/s", &tags);
    let mut history = value["status"]["tags"][0]["items"].as_array().unwrap().clone();
    history.extend(vec![history[0].clone(); 19]);
    value["status"]["tags"].as_array_mut().unwrap().iter_mut().for_each(|tag| tag["items"] = json!(history));
    // 40,000 images, which is more than the YAML library takes unless it is told.
    for text in [value.to_string(), yaml(&value)] {
        let (streams, read) = file(&text);
        read.unwrap();
        assert_eq!(listed(&streams), ["ns/s 2000"]);
    }
}
