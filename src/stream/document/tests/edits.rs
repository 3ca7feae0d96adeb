//! Edits: what changes, and that nothing else does.

use super::{STREAM, block_map, json_map, moved, on_one_line, quoted_map, read};
use crate::stream::document::{Change, Document, EditError};

/// The stream in every envelope and style; also on one line and with tabs.
fn envelopes() -> Vec<String> {
    let line = on_one_line();
    vec![
        STREAM.to_owned(),
        format!("\u{feff}{}", STREAM.replace('\n', "\r\n")),
        STREAM.replace("  ", "\t"),
        line.clone(),
        json_map("stream", STREAM),
        json_map("stream", &line),
        block_map("|", STREAM),
        block_map("|-", STREAM).replace('\n', "\r\n"),
        block_map(">", STREAM),
        block_map("|2+ # two", &STREAM.replace('\n', "\n  ")),
        block_map("!!str |", &line),
        quoted_map('"', STREAM),
        quoted_map('\'', STREAM),
        quoted_map('\'', &line),
        format!("\u{feff}kind: ConfigMap\ndata: {{stream: {}}}\n", serde_json::Value::from(STREAM)),
        format!("{{\"other\": {{}}, \"this\": {STREAM}}}"),
    ]
}

fn edited(document: &Document, changes: &[Change]) -> String {
    String::from_utf8(document.edited(changes).unwrap()).unwrap()
}

/// The lines that differ, without the blanks around them.
fn differing(old: &str, new: &str) -> Vec<(String, String)> {
    assert_eq!(old.lines().count(), new.lines().count());
    let lines = old.lines().zip(new.lines()).filter(|(old, new)| old != new);
    lines.map(|(old, new)| (old.trim().to_owned(), new.trim().to_owned())).collect()
}

// 14.10
#[test]
fn an_edit_to_what_is_said_already_changes_no_byte() {
    for text in envelopes() {
        let document = read(&text);
        let mut changes = moved(&document, str::to_owned);
        let container = &document.stream().containers[0];
        changes.extend([
            Change::Signature { artifact: 1, url: None },
            Change::Container {
                container: 0,
                image: container.image.as_deref().unwrap().to_owned(),
                digest_ref: container.digest_ref.as_deref().unwrap().to_owned(),
            },
            Change::Touched {
                last_modified: "2024-01-02T03:04:05Z".to_owned(),
                generator: "plume".to_owned(),
            },
        ]);
        assert_eq!(edited(&document, &changes), text);
        assert_eq!(edited(&document, &[]), text);
    }
}

#[test]
fn there_and_back_again_gives_the_same_bytes() {
    for text in envelopes() {
        let document = read(&text);
        let away =
            edited(&document, &moved(&document, |url| url.replace("src.example/", "m.example/it's%22/")));
        assert!(!away.contains("src.example"), "{away}");
        let there = read(&away);
        let back = moved(&there, |url| url.replace("m.example/it's%22/", "src.example/"));
        assert_eq!(edited(&there, &back), text);
    }
}

// 14.11
#[test]
fn only_the_lines_of_what_is_changed_differ() {
    let changes = [
        Change::Location { artifact: 0, url: "https://m/a/live-kernel".to_owned() },
        Change::Signature { artifact: 0, url: Some("https://m/a/live-kernel.sig".to_owned()) },
    ];
    for text in [STREAM.to_owned(), block_map("|", STREAM), block_map("|", STREAM).replace('\n', "\r\n")] {
        let lines = differing(&text, &edited(&read(&text), &changes));
        let new: Vec<_> = lines.iter().map(|(_, new)| new.as_str()).collect();
        let expected =
            [r#""location": "https://m/a/live-kernel","#, r#""signature": "https://m/a/live-kernel.sig","#];
        assert_eq!(new, expected);
    }
}

// 14.13
#[test]
fn what_is_removed_goes_with_one_comma_and_with_what_is_empty_then() {
    let removed = |artifact| Change::Removed { artifact };
    for text in envelopes() {
        let document = read(&text);
        let places = |changes: &[Change]| -> Vec<String> {
            let left = Document::read("s", &document.edited(changes).unwrap(), None).unwrap();
            assert_eq!(left.stream().architectures.len(), 2, "`artifacts` stays, empty or not");
            left.stream().artifacts.iter().map(|artifact| artifact.place.to_string()).collect()
        };
        let qemu = ["x86_64/qemu/qcow2.gz/disk"];
        assert_eq!(places(&[removed(0), removed(1), removed(2)]), qemu);
        assert_eq!(places(&[removed(3), removed(0), removed(2)]), ["x86_64/metal/pxe/initramfs"]);
        assert_eq!(places(&[removed(0), removed(1), removed(2), removed(3)]), [""; 0]);
        let moved_and_gone = [removed(2), Change::Location { artifact: 2, url: "https://m/x".to_owned() }];
        assert_eq!(places(&moved_and_gone).len(), 3);
    }
    let document = read(STREAM);
    let (all, some) = ([0, 1, 2, 3].map(removed), edited(&document, &[1, 2, 3].map(removed)));
    let none = edited(&document, &all);
    assert!(none.contains("\"artifacts\": {},\n      \"images\""), "{none}");
    let start = STREAM.find("\"rootfs\"").unwrap();
    assert!(some.starts_with(&STREAM[..start]), "what comes before stays as it was");
    let expected =
        "              \"rootfs\": null\n            }\n          }\n        }\n      },\n      \"images\"";
    assert!(some.contains(expected), "{some}");
}

#[test]
fn a_removed_signature_leaves_the_lines_of_its_neighbours() {
    let gone = [Change::Signature { artifact: 0, url: None }];
    let text = edited(&read(STREAM), &gone);
    let line = "                \"signature\": \"https://src.example/416.1-0/live-kernel.sig\",\n";
    assert_eq!(text, STREAM.replacen(line, "", 1));
    let last =
        r#"{"stream":"a","architectures":{"x":{"artifacts":{"m":{"release":"r","formats":{"iso":{"disk":
      {"location":"https://h/r/f","sha256":"SHA" , "signature" : "https://h/r/f.sig" }}}}}}}}"#
            .replace("SHA", &"0".repeat(64));
    let expected = last.replace(" , \"signature\" : \"https://h/r/f.sig\"", "");
    assert_eq!(edited(&read(&last), &gone), expected);
}

#[test]
fn what_is_new_is_written_in_the_style_of_the_file() {
    let new = [
        Change::Signature { artifact: 3, url: Some("https://m/q.sig".to_owned()) },
        Change::Signature { artifact: 1, url: Some("https://m/i.sig".to_owned()) },
    ];
    for text in envelopes() {
        let again = Document::read("s", &read(&text).edited(&new).unwrap(), None).unwrap();
        let signature =
            |at: usize| again.stream().artifacts[at].file.as_ref().unwrap().signature.clone().unwrap();
        assert_eq!((signature(3).path(), signature(1).path()), ("/q.sig", "/i.sig"));
    }
    let text = edited(&read(STREAM), &new);
    let expected = "05\",\n                \"signature\": \"https://m/q.sig\"\n              }";
    assert!(text.contains(expected), "{text}");
    let text = edited(&read(block_map("|", STREAM).replace('\n', "\r\n")), &new);
    let expected = "05\",\r\n                      \"signature\": \"https://m/q.sig\"\r\n";
    assert!(text.contains(expected), "{text}");
    let text = edited(&read(json_map("stream", STREAM)), &new);
    assert!(text.contains(r#"05\",\n                \"signature\": \"https://m/q.sig\"\n"#), "{text}");
    let (first, second) = (r#""sha256" : "SHA""#, r#""location": "https://h/r/f""#);
    let first = first.replace("SHA", &"0".repeat(64));
    let line = format!(
        r#"{{"stream":"a","architectures":{{"x":{{"artifacts":{{"m":{{"release":"r","formats":{{"iso":{{"disk":{{{first}, {second}}}}}}}}}}}}}}}}}"#
    );
    let text =
        edited(&read(&line), &[Change::Signature { artifact: 0, url: Some("https://h/s".to_owned()) }]);
    let expected = format!(r#"{first}, "signature" : "https://h/s", {second}"#);
    assert_eq!(text, line.replace(&format!("{first}, {second}"), &expected));
}

#[test]
fn a_touched_stream_says_when_and_by_what() {
    let touched = [Change::Touched { last_modified: "now".to_owned(), generator: "us \"1\"".to_owned() }];
    let lines = differing(STREAM, &edited(&read(STREAM), &touched));
    let new: Vec<_> = lines.iter().map(|(_, new)| new.as_str()).collect();
    assert_eq!(new, [r#""last-modified": "now","#, r#""generator": "us \"1\"","#]);
    let start = STREAM.find("  \"metadata\"").unwrap();
    let end = STREAM.find("  \"architectures\"").unwrap();
    let whole =
        "  \"metadata\": {\n    \"last-modified\": \"now\",\n    \"generator\": \"us \\\"1\\\"\"\n  },\n";
    for old in ["", "  \"metadata\": {},\n", "  \"metadata\": null,\n"] {
        let without = format!("{}{old}{}", &STREAM[..start], &STREAM[end..]);
        let text = edited(&read(&without), &touched);
        assert!(text.contains(whole), "{text}");
        for envelope in [json_map("stream", &without), block_map("|", &without), quoted_map('"', &without)] {
            let again = Document::read("s", &read(&envelope).edited(&touched).unwrap(), None).unwrap();
            assert_eq!(again.stream().last_modified.as_deref(), Some("now"));
        }
    }
    let ungenerated = STREAM.replace("    \"generator\": \"plume\",\n", "");
    let text = edited(&read(&ungenerated), &touched);
    assert!(
        text.contains("\"last-modified\": \"now\",\n    \"generator\": \"us \\\"1\\\"\",\n    \"x-meta\""),
        "{text}"
    );
    let odd = STREAM.replace("\"metadata\": {", "\"metadata\": 1, \"m\": {");
    let refused = read(&odd).edited(&touched);
    assert!(matches!(refused, Err(EditError::NoObject { .. })), "{refused:?}");
}

#[test]
fn a_container_gets_its_name_and_its_digest() {
    let change = [Change::Container {
        container: 0,
        image: "r/x:1".to_owned(),
        digest_ref: "r/x@sha256:1".to_owned(),
    }];
    let lines = differing(STREAM, &edited(&read(STREAM), &change));
    let new: Vec<_> = lines.iter().map(|(_, new)| new.as_str()).collect();
    assert_eq!(new, [r#""image": "r/x:1","#, r#""digest-ref": "r/x@sha256:1""#]);
    let bare = STREAM.replace("\"image\": \"quay.example/kubevirt:416\",\n          ", "");
    let text = edited(&read(&bare), &change);
    assert!(
        text.contains("\"416.1-0\",\n          \"image\": \"r/x:1\",\n          \"digest-ref\""),
        "{text}"
    );
}

#[test]
fn an_address_that_is_written_otherwise_and_means_the_same_stays() {
    let text =
        STREAM.replace("https://src.example/416.1-0/metal", r"HTTPS:\/\/SRC.example:443/x/../416.1-0/metal");
    let document = read(&text);
    let url = document.stream().artifacts[2].file.as_ref().unwrap().location.to_string();
    assert_eq!(url, "https://src.example/416.1-0/metal.raw.gz");
    assert_eq!(edited(&document, &[Change::Location { artifact: 2, url }]), text);
}

#[test]
fn an_edit_that_would_change_something_else_gives_no_bytes() {
    let line = on_one_line();
    let shared = format!("kind: ConfigMap\nother: &a '{line}'\ndata:\n  stream: *a\n");
    let document = read(&shared);
    let change = Change::Location { artifact: 0, url: "https://m/x".to_owned() };
    assert!(matches!(document.edited(&[change]), Err(EditError::Unproven { .. })));
    let control = Change::Location { artifact: 0, url: "https://m/\u{feff}\u{1}".to_owned() };
    let text = edited(&read(block_map("|", STREAM)), &[control]);
    assert!(text.contains("\\u0001"), "JSON has escapes for it");
    let beyond = [Change::Removed { artifact: 9 }];
    assert_eq!(read(STREAM).edited(&beyond), Err(EditError::Unlisted));
    let not_an_object = STREAM.replace("\"rootfs\": null", "\"rootfs\": []");
    let refused =
        read(&not_an_object).edited(&[Change::Location { artifact: 1, url: "https://m/x".to_owned() }]);
    assert!(matches!(refused, Err(EditError::NoObject { .. })), "{refused:?}");
}
