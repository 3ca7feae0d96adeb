//! Properties of the readers of text that anyone may have typed, and of what is made of it.

use image_mirror::mapping::configmap::{Content, render};
use image_mirror::mapping::{Wish, render as render_findings};
use image_mirror::model::{ImageRef, Reference, Version};
use proptest::prelude::*;

use crate::mapping_support::read_text;

/// Text that looks like a mapping file, more often than noise would.
fn mapping() -> impl Strategy<Value = String> {
    let word = prop_oneof![
        "[a-zA-Z0-9._/:@*=#$-]{0,24}",
        "(quay\\.io|docker\\.io|localhost:5000|oci:|h)/?[a-z]{0,3}(/[a-z_.-]{1,4}){0,2}(:[v0-9.*]{1,4})?",
        Just("quay.io/a/b:v1".to_owned()),
        Just("quay.io/c/d".to_owned()),
        "(docker|oci|https|file)://[a-z./:]{0,12}",
        "[a-z]{1,6}:[^ \t\n]{1,8}@quay.io/a/b:v1",
        "\\PC{0,6}",
    ];
    let separator =
        prop_oneof![Just(" "), Just("\t"), Just("\n"), Just("\r\n"), Just("="), Just("  "), Just("#")];
    prop::collection::vec((word, separator), 0..24).prop_map(|words| {
        words.into_iter().flat_map(|(word, separator)| [word, separator.to_owned()]).collect()
    })
}

/// Every entry, and every row, reads again as what it was.
fn holds(bytes: &[u8]) -> Result<(), TestCaseError> {
    let set = read_text(bytes);
    for entry in set.entries() {
        if let Wish::Exact(desired) = &entry.wish {
            let line = format!("{} {}", desired.source, desired.target);
            if line.contains("oci:") || line.split_once(' ').is_some_and(|(_, target)| target.contains('@')) {
                continue;
            }
            let again = read_text(&line);
            prop_assert_eq!(again.entries().len(), 1, "{}", line);
            let Wish::Exact(same) = &again.entries()[0].wish else { panic!("a wildcard") };
            prop_assert_eq!((&same.source, &same.target), (&desired.source, &desired.target));
        }
    }
    for finding in set.findings() {
        if let Some(span) = &finding.span {
            prop_assert!(span.column >= 1 && span.len >= 1);
        }
    }
    prop_assert_eq!(set.has_errors(), !set.rows().is_empty());
    let _ = render_findings(set.findings());
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_mapping_file_is_read_whatever_it_says(text in mapping()) {
        holds(text.as_bytes())?;
    }

    #[test]
    fn a_mapping_file_is_read_whatever_its_bytes(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        holds(&bytes)?;
    }

    #[test]
    fn a_password_in_a_word_is_printed_nowhere(
        password in "[a-zA-Z0-9=/@:.!%^&+]{1,6}S3CRET[a-zA-Z0-9=/@:.!%^&+]{0,6}",
        end in 0..3,
    ) {
        let login = format!("user:{password}@quay.io/a/b:v1");
        let line = match end {
            0 => format!("{login} quay.io/c/d:v1"),
            1 => format!("quay.io/c/d:v1 {login}"),
            _ => format!("quay.io/c/d:v1={login}"),
        };
        let set = read_text(&line);
        let shown = format!("{:?}{:?}{}", set.findings(), set.rows(), render_findings(set.findings()));
        prop_assert!(!shown.contains("S3CRET"), "{}", shown);
    }

    #[test]
    fn a_reference_prints_as_what_reads_the_same(text in "[a-zA-Z0-9._/:@-]{0,60}|[a-z.]{1,9}(:[0-9]{1,4})?(/[a-z0-9]{1,5}){1,3}:[a-zA-Z0-9_.-]{1,9}") {
        match Reference::parse(&text) {
            Ok(reference) => {
                let version = match (reference.digest.clone(), reference.tag.clone()) {
                    (Some(digest), _) => Version::Digest(digest),
                    (None, Some(tag)) => Version::Tag(tag),
                    (None, None) => return Ok(()),
                };
                let image = ImageRef::new(reference.repository.clone(), version);
                let again = Reference::parse(&image.to_string());
                prop_assert_eq!(again.map(|again| again.repository), Ok(reference.repository));
            }
            Err((_, span)) => prop_assert!(span.start <= span.end && text.get(span).is_some()),
        }
    }

    #[test]
    fn a_configmap_gives_back_what_went_in(text in "([ -~\t\n\r]|\\PC|\u{85}|\u{feff}){0,60}") {
        let yaml = render(&[Content { path: "mapping_x", bytes: text.as_bytes() }], "m", None).unwrap();
        let maps: Vec<serde_json::Value> = serde_yaml::from_multiple(&yaml).unwrap();
        prop_assert_eq!(maps[0]["data"]["mapping_x"].as_str(), Some(&*text), "{}", yaml);
    }
}
