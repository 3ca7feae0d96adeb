//! What a stream file pins.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::model::{Finding, Severity};
use crate::stream::document::{Document, Platform};

/// An architecture and a build.
type Named = (Arc<str>, Arc<str>);

/// The architectures and builds that the streams of the file `name` name, each pair once. A platform pins its build
/// whatever is odd about its files.
///
/// # Errors
/// When it is no stream file, or does not say of which build something of it is.
pub(super) fn read_stream(name: &str, bytes: &[u8]) -> Result<Vec<Named>, Vec<Finding>> {
    let (mut found, mut unnamed) = (BTreeSet::new(), Vec::new());
    for document in Document::all(name, bytes)? {
        for Platform { arch, artifact, release } in &document.stream().platforms {
            match release {
                Some(release) => drop(found.insert((Arc::clone(arch), Arc::clone(release)))),
                None => unnamed.push(format!("{arch}/{artifact} does not say of which build it is")),
            }
        }
    }
    let wrong = |what| Finding::about(&name.into(), Severity::Error, "release", what);
    let errors: Vec<Finding> = unnamed.into_iter().map(wrong).collect();
    if errors.is_empty() { Ok(found.into_iter().collect()) } else { Err(errors) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stream(arch: &str, release: &str) -> String {
        format!(
            r#"{{"stream":"x","architectures":{{"{arch}":{{"artifacts":{{"metal":{{"release":"{release}",
            "formats":{{"iso":{{"disk":{{"location":"<not-used>","sha256":"short"}}}}}}}},
            "qemu":{{"release":"{release}","formats":{{}}}}}}}}}}}}"#
        )
    }

    fn read(text: &str) -> Result<Vec<String>, Vec<String>> {
        let read = read_stream("a.json", text.as_bytes());
        let read =
            read.map(|named| named.iter().map(|(arch, release)| format!("{arch} {release}")).collect());
        read.map_err(|findings| findings.into_iter().map(|finding| finding.message).collect())
    }

    #[test]
    fn a_build_is_pinned_whatever_is_odd_about_its_files() {
        assert_eq!(read(&stream("s390x", "1.2")), Ok(vec!["s390x 1.2".to_owned()]));
    }

    #[test]
    fn all_streams_of_a_file_pin() {
        let named = |one: &str, two: &str| format!(r#"{{"one":{one},"two":{two},"none":{{}}}}"#);
        let many = named(&stream("s390x", "1.2"), &stream("x86_64", "1.3"));
        let found = ["s390x 1.2".to_owned(), "x86_64 1.3".to_owned()];
        assert_eq!(read(&many).unwrap(), found);
        let data = serde_json::json!({ "stream": stream("aarch64", "1.1"), "streams": many });
        let map = serde_json::json!({ "kind": "ConfigMap", "data": data }).to_string();
        assert_eq!(read(&map).unwrap()[0], "aarch64 1.1");
        assert_eq!(read(&map).unwrap()[1..], found);
        let only_named = serde_json::json!({ "kind": "ConfigMap", "data": { "streams": many } }).to_string();
        assert_eq!(read(&only_named).unwrap().len(), 2);
    }

    #[test]
    fn a_file_pins_nothing_unless_all_of_it_is_understood() {
        let nameless = stream("s390x", "1.2").replace("release", "of");
        assert_eq!(read(&nameless).unwrap_err().len(), 2, "each platform is told");
        for map in [
            serde_json::json!({ "kind": "ConfigMap", "data": {} }),
            serde_json::json!({ "kind": "ConfigMap", "data": { "stream": stream("a", "1"), "streams": "[]" } }),
            serde_json::json!({ "kind": "ConfigMap", "data": { "stream": stream("a", "1"), "streams": "{" } }),
            serde_json::json!({ "kind": "ConfigMap", "data": { "stream": 1, "streams": "{}" } }),
            serde_json::json!({ "one": {}, "two": {} }),
            serde_json::json!({ "architectures": {} }),
        ] {
            assert!(read(&map.to_string()).is_err(), "{map}");
        }
    }
}
