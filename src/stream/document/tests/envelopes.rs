//! Files that hold a stream, and those that do not.

use super::{STREAM, block_map, json_map, quoted_map, read, refused};
use crate::stream::document::Document;

/// A stream by its name, on one line, with the release `name`.
fn small(name: &str) -> String {
    format!(r#"{{"stream": "{name}", "architectures": {{"x86_64": {{"artifacts": {{}}}}}}}}"#)
}

#[test]
fn a_stream_is_read_the_same_from_every_envelope() {
    let plain = read(STREAM);
    let crlf = block_map("|", STREAM).replace('\n', "\r\n");
    let marked = format!("\u{feff}{STREAM}");
    let maps = [
        marked,
        json_map("stream", STREAM),
        block_map("|", STREAM),
        block_map(">-", STREAM),
        block_map("|2+ # two", &STREAM.replace('\n', "\n  ")),
        crlf,
        quoted_map('"', STREAM),
        quoted_map('\'', STREAM),
        format!("---\n{}...\n", block_map("!!str |", STREAM)),
    ];
    for map in maps {
        let document = read(&map);
        assert_eq!(document.stream().artifacts.len(), 4, "{map}");
        for (artifact, same) in document.stream().artifacts.iter().zip(&plain.stream().artifacts) {
            assert_eq!(artifact.file.as_ref().unwrap(), same.file.as_ref().unwrap());
            let line = map.lines().nth(artifact.line as usize - 1).unwrap();
            assert!(line.contains(&*artifact.place.kind), "line {}: {line}", artifact.line);
        }
    }
}

// 14.8
#[test]
fn a_config_map_with_many_streams_gives_the_one_that_is_asked_for() {
    let many = format!(r#"{{"rhel-9": {}, "rhel-10": {}}}"#, small("nine"), small("ten"));
    let (one, many) = (small("default"), serde_json::Value::from(many));
    let yaml = format!("kind: ConfigMap\ndata:\n  stream: '{one}'\n  streams: {many}\n");
    let one = serde_json::Value::from(one);
    let json = format!(r#"{{"kind": "ConfigMap", "data": {{"stream": {one}, "streams": {many}}}}}"#);
    for map in [yaml, json] {
        let name = |key| Document::read("m", map.as_bytes(), key).unwrap().stream().name.to_string();
        assert_eq!(name(Some("rhel-10")), "ten");
        assert_eq!(name(None), "default");
        assert!(
            refused(&map, Some("rhel-8"))
                .ends_with("there is no stream `rhel-8`; it has `rhel-9`, `rhel-10`")
        );
    }
    assert!(
        refused(json_map("stream", &small("a")), Some("a")).ends_with("the ConfigMap has no `data.streams`")
    );
}

// 14.9
#[test]
fn a_map_of_streams_needs_a_key_unless_one_alone_is_not_empty() {
    let two = format!("{{\"a\": {}, \"b\": {}, \"c\": {{}}}}", small("one"), small("two"));
    assert!(refused(&two, None).ends_with("stream-key the file holds several streams; it has `a`, `b`, `c`"));
    assert!(refused(&two, Some("d")).ends_with("there is no stream `d`; it has `a`, `b`, `c`"));
    assert!(refused(&two, Some("c")).contains("`c` is empty"));
    assert_eq!(&*Document::read("m", two.as_bytes(), Some("b")).unwrap().stream().name, "two");
    assert_eq!(&*read(format!("{{\"a\": {{}}, \"b\": {}}}", small("two"))).stream().name, "two");
    assert!(refused(small("one"), Some("one")).contains("nothing is to be chosen"));
}

#[test]
fn what_is_no_stream_is_refused_each_with_its_own_words() {
    let stream = |architectures: &str| format!(r#"{{"stream": "a", "architectures": {architectures}}}"#);
    let cases: Vec<(String, &str)> = vec![
        ("{\n \"a\": tru }".into(), "2:10 syntax this is not JSON: expected ident"),
        ("{\n".into(), "1:2 syntax this is not JSON: EOF"),
        ("a: [\n".into(), "syntax"),
        (String::new(), "0:0 empty the file is empty"),
        (" \n".into(), "0:0 empty the file is empty"),
        ("\u{feff}".into(), "0:0 empty the file holds a byte order mark and nothing else"),
        ("null".into(), "1:1 envelope the file holds null, and a stream is an object"),
        ("[1]".into(), "1:1 envelope the file holds a list"),
        ("12".into(), "1:1 envelope the file holds a number"),
        ("# only\n".into(), "envelope the file holds null"),
        ("just words\n".into(), "1:1 envelope the file holds text"),
        ("stream: a\narchitectures: {}\n".into(), "envelope this is YAML and no ConfigMap; a stream is JSON"),
        ("{}".into(), "envelope this is no stream"),
        (r#"{"stream": "a"}"#.into(), "envelope `architectures` is missing"),
        (stream("{}"), "1:34 stream `architectures` is empty"),
        (stream("null"), "stream `architectures` is empty"),
        (stream("[]"), "stream `architectures` is a list, and must be an object"),
        (
            r#"{"architectures": {"x": {"artifacts": {}}}}"#.into(),
            "stream `stream`, the name of the stream, is missing",
        ),
        (stream(r#"{"x86_64": {"media": {}}}"#), "envelope this is a release file, not a stream"),
        (stream(r#"{"x86_64": {}}"#), "stream `artifacts` is missing"),
        (stream(r#"{"x86_64": 1}"#), "stream `artifacts` is missing"),
        (stream(r#"{"x": {"artifacts": {"metal": {}}}}"#), "stream `formats` is missing"),
        (
            stream(r#"{"x": {"artifacts": {"metal": {"formats": {"iso": 1}}}}}"#),
            "stream a format is an object",
        ),
        (r#"{"amis": [], "coreos-assembler.basearch": "x"}"#.into(), "envelope this is about one build"),
        (r#"{"amis": {}, "baseURI": "x"}"#.into(), "envelope this is the pre-stream format"),
        (
            r#"{"x86_64": {"azure": {"ocp": {"hyperVGen1": {"publisher": "p", "offer": "o"}}}}}"#.into(),
            "envelope this is a file of marketplace images",
        ),
        (r#"{"apiVersion": "v1", "kind": "Secret"}"#.into(), "envelope this is a `Secret`"),
    ];
    for (text, expected) in cases {
        let told = refused(&text, None);
        assert!(told.contains(expected) && told.lines().count() == 1, "{text}\n{told}\nnot {expected}");
    }
    assert!(refused(b"{\n\xff}", None).starts_with("2:1 encoding"));
    assert!(refused(" ".repeat((16 << 20) + 1), None).contains("more than 16 MiB"));
}

#[test]
fn a_config_map_is_refused_with_the_place_in_its_text() {
    let cases = [
        ("kind: ConfigMap\n".to_owned(), "1:1 envelope the ConfigMap has no `data.stream`"),
        (
            "kind: ConfigMap\ndata:\n  releaseVersion: x\n".to_owned(),
            "3:3 envelope the ConfigMap has no `data.stream`",
        ),
        (
            "kind: ConfigMap\ndata:\n  stream: {a: b}\n".to_owned(),
            "3:11 envelope `data.stream` is an object, and must be text",
        ),
        (
            block_map("|", "{\n  \"stream\": ,\n}"),
            "8:19 syntax `data.stream`, line 2, column 13: this is not JSON",
        ),
        (block_map("|", "nothing"), "syntax `data.stream`, line 1, column"),
        (
            json_map("stream", "{\n\"a\": 1, \"a\": 2}"),
            "3:40 duplicate-key `data.stream`, line 2, column 9: the key `a`",
        ),
        (json_map("stream", "{}"), "stream `stream`, the name of the stream, is missing"),
        (
            "kind: ConfigMap\ndata:\n  stream: a\n  stream: b\n".to_owned(),
            "4:3 syntax the key `stream` is there twice",
        ),
    ];
    for (text, expected) in cases {
        let told = refused(&text, None);
        assert!(
            told.starts_with(expected) || told.contains(&format!(" {expected}")),
            "{text}\n{told}\nnot {expected}"
        );
    }
}

// 14.94
#[test]
fn a_key_that_is_there_twice_is_refused_wherever_it_is() {
    let double = STREAM.replace("\"rootfs\": null", "\"kernel\": null");
    assert!(refused(&double, None).contains("duplicate-key the key `kernel` is there twice"));
    let deep = STREAM.replace("{\"a\": null}", "{\"a\": null, \"b\": {\"x\": 1, \"x\": 1}, \"a\": 0}");
    let told = refused(block_map("|", &deep), None);
    assert_eq!(told.lines().count(), 2, "all of them at once: {told}");
}
