//! What is read of a stream, and what of an artifact is wrong.

use super::{STREAM, read, told};
use crate::stream::document::{Artifact, Document};

/// A stream with one artifact that says `members`.
fn with(members: &str) -> Document {
    read(format!(
        r#"{{"stream": "a", "architectures": {{"x": {{"artifacts": {{"metal": {{"release": "r1", "formats": {{"iso": {{"disk": {members}}}}}}}}}}}}}}}"#
    ))
}

const SHA: &str = "0000000000000000000000000000000000000000000000000000000000000001";

fn wrong(document: &Document) -> String {
    told(document.stream().artifacts[0].file.as_ref().expect_err("it is wrong"))
}

#[test]
fn a_stream_is_listed_in_its_order_and_with_all_that_it_says() {
    let document = read(STREAM);
    let stream = document.stream();
    assert_eq!((&*stream.name, &*stream.file, document.name()), ("rhcos-4.16", "s.json", "s.json"));
    assert_eq!(stream.last_modified.as_deref(), Some("2024-01-02T03:04:05Z"));
    assert_eq!(stream.architectures.iter().map(|arch| &**arch).collect::<Vec<_>>(), ["s390x", "x86_64"]);
    let places: Vec<_> = stream.artifacts.iter().map(|artifact| artifact.place.to_string()).collect();
    let expected = [
        "x86_64/metal/pxe/kernel",
        "x86_64/metal/pxe/initramfs",
        "x86_64/metal/raw.gz/disk",
        "x86_64/qemu/qcow2.gz/disk",
    ];
    assert_eq!(places, expected, "`null` is none");
    let files: Vec<_> = stream.artifacts.iter().map(|artifact| artifact.file.as_ref().unwrap()).collect();
    assert_eq!(files[0].signature.as_ref().unwrap().path(), "/416.1-0/live-kernel.sig");
    assert_eq!((&*files[1].name, &files[1].signature), ("live-initramfs.img", &None));
    assert!(files[2].uncompressed.is_some() && files[2].uncompressed_fault.is_none());
    assert_eq!(stream.artifacts[2].release.as_deref(), Some("416.1-0"));
    let container = &stream.containers[0];
    assert_eq!((&*container.arch, container.image.as_deref()), ("x86_64", Some("quay.example/kubevirt:416")));
    assert!(container.digest_ref.as_deref().unwrap().contains("@sha256:"));
    assert_eq!(stream.clouds.iter().map(|cloud| &**cloud).collect::<Vec<_>>(), ["aws"]);
    assert_eq!(document.warnings(), []);
}

// 14.95
#[test]
fn a_sha256_in_upper_case_is_read_in_lower_case() {
    let document = with(&format!(r#"{{"location": "https://h/r1/f", "sha256": "{}"}}"#, "AB".repeat(32)));
    let file = document.stream().artifacts[0].file.as_ref().unwrap();
    assert_eq!(file.sha256.hex(), "ab".repeat(32));
    let kept = document.edited(&super::moved(&document, |url| url.replace("//h/", "//m/"))).unwrap();
    assert!(String::from_utf8(kept).unwrap().contains(&"AB".repeat(32)), "it is kept as it is written");
}

#[test]
fn a_location_that_leads_to_no_file_is_told_and_the_rest_is_read() {
    let cases = [
        ("null", "`location` is missing"),
        ("1", "is a number or a truth value, and must be text"),
        (r#""""#, "is empty"),
        (r#""r1/f""#, "is relative"),
        (r#""/r1/f""#, "is relative"),
        (r#""<not-used>""#, "is `<not-used>`"),
        (r#""ftp://h/f""#, "begins with `ftp:`"),
        (r#""https://u:S3CRET@h/f""#, "holds a login"),
        (r#""https:///r1/f""#, "has no host"),
        (r#""https:r1/f""#, "has no host"),
        (r#""https://""#, "has no host"),
        (r#""https://h""#, "ends in `/`"),
        (r#""https://h/r1/""#, "ends in `/`"),
        (r#""https://h/r1/?f""#, "ends in `/`"),
        (r#""https://h/r1/..""#, "names a file `..`"),
        (r#""https://h/r1/%2e%2E""#, "names a file `..`"),
        (r#""https://h/r1/.""#, "names a file `.`"),
        (r#""https://h/r1/a%2Fb""#, "with a `/` in it"),
        (r#""https://h/r1/a%00b""#, "has a control character in it"),
        (r#""https://h/r1/a%0Ab""#, "has a control character in it"),
        (r#""https://h/r1/a\nb""#, "has a blank, a control character or a backslash in it"),
        (r#""https://h/r1/a%ff""#, "is not UTF-8"),
        (r#""https://h:99999/f""#, "is no address: invalid port"),
        (r#""file://h/r1/f""#, "has a host"),
    ];
    for (location, expected) in cases {
        let document = with(&format!(r#"{{"location": {location}, "sha256": "{SHA}"}}"#));
        let told = wrong(&document);
        assert!(told.contains(expected) && told.lines().count() == 1, "{location}: {told}");
        assert!(!told.contains("S3CRET"));
        assert!(told.starts_with("1:"), "{told}");
    }
    let long = format!(r#"{{"location": "https://h/r1/{}", "sha256": "{SHA}"}}"#, "x".repeat(256));
    assert!(wrong(&with(&long)).contains("too long"));
}

#[test]
fn addresses_of_http_https_and_files_are_read_as_they_are() {
    for (location, name) in [
        ("http://h/r1/a%20b", "a b"),
        ("https://h:1/r1/a+b%2B?x=1#f", "a+b+"),
        ("file:///r1/x", "x"),
        ("https://h/r1/%C3%A9..", "é.."),
    ] {
        let document =
            with(&format!(r#"{{"location": "{location}", "sha256": "{SHA}", "signature": null}}"#));
        let file = document.stream().artifacts[0].file.as_ref().unwrap();
        assert_eq!((file.location.as_str(), &*file.name), (location, name));
    }
}

#[test]
fn everything_that_is_wrong_with_an_artifact_is_told_at_once() {
    let told = wrong(&with(r#"{"sha256": "00", "signature": "x.sig"}"#));
    let codes: Vec<_> = told.lines().map(|line| line.split(' ').nth(1).unwrap()).collect();
    assert_eq!(codes, ["location", "sha256", "signature"], "{told}");
    for (sha, expected) in [
        ("null".to_owned(), "`sha256` is missing"),
        (format!("\"{}\"", &SHA[1..]), "is not 64 hexadecimal digits, but 63 characters"),
        (format!("\"g{}\"", &SHA[1..]), "is not 64 hexadecimal digits"),
        (format!("[\"{SHA}\"]"), "is a list, and must be text"),
    ] {
        let told = wrong(&with(&format!(r#"{{"location": "https://h/r1/f", "sha256": {sha}}}"#)));
        assert!(told.contains(expected) && told.lines().count() == 1, "{told}");
    }
    assert!(wrong(&with("\"x\"")).contains("kind this is text, and must be an object"));
    assert!(wrong(&with("[]")).contains("kind this is a list"));
    assert!(with("null").stream().artifacts.is_empty());
}

#[test]
fn what_is_odd_is_a_warning_and_the_file_is_still_one() {
    let empty = "E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855";
    let document = with(&format!(
        r#"{{"location": "https://h/r2/f", "sha256": "{empty}", "uncompressed-sha256": "0"}}"#
    ));
    let warnings = told(document.warnings());
    let codes: Vec<_> = warnings.lines().map(|line| line.split(' ').nth(1).unwrap()).collect();
    assert_eq!(codes, ["empty-sha256", "uncompressed-sha256", "release-mismatch"], "{warnings}");
    assert!(document.warnings().iter().all(|warning| !warning.is_error()));
    let file = document.stream().artifacts[0].file.as_ref().unwrap();
    assert!(file.uncompressed.is_none() && file.uncompressed_fault.is_some(), "so that it can be refused");
    let unreleased = read(STREAM.replacen("\"release\": \"416.1-0\",\n", "\"release\": null,\n", 1));
    assert!(told(unreleased.warnings()).starts_with("16:9 release `metal` of x86_64 does not say"));
    assert_eq!(unreleased.stream().artifacts[0].release, None);
}

#[test]
fn kinds_are_an_open_set_of_what_says_where_it_is() {
    let kind = format!(r#"{{"location": "https://h/r1/f", "sha256": "{SHA}"}}"#);
    let document =
        with(&format!(r#"null, "dtb": {kind}, "note": "x", "size": {{"bytes": 1}}, "kernel": {{}}"#));
    let kinds: Vec<_> =
        document.stream().artifacts.iter().map(|artifact: &Artifact| &*artifact.place.kind).collect();
    assert_eq!(kinds, ["dtb", "kernel"]);
    assert!(document.stream().artifacts[0].file.is_ok() && document.stream().artifacts[1].file.is_err());
}
