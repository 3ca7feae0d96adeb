//! What holds for every reference and every manifest, whoever wrote it. For the fuzz targets and their twins.

use bytes::Bytes;
use serde_json::Value;

use super::{
    Content, Descriptor, Digest, Finding, ImageRef, MANIFEST_MEDIA_TYPES, Manifest, Reference, Tag, Version,
};

/// A reference that reads prints as what reads the same; one that does not names bytes that it has. Gives back the
/// images that `input` names.
pub(crate) fn reference(input: &[u8]) -> Vec<ImageRef> {
    let Ok(text) = std::str::from_utf8(input) else { return Vec::new() };
    match Reference::parse(text) {
        Ok(reference) => images(&reference),
        Err((error, span)) => {
            assert!(
                text.get(span.clone()).is_some(),
                "{error} is not about characters of {text:?}: {span:?}"
            );
            Vec::new()
        }
    }
}

fn images(reference: &Reference) -> Vec<ImageRef> {
    let tag = reference.tag.clone().map(Version::Tag);
    let digest = reference.digest.clone().map(Version::Digest);
    let image = |version| ImageRef::new(reference.repository.clone(), version);
    let images: Vec<_> = tag.into_iter().chain(digest).map(image).collect();
    for image in &images {
        let printed = image.to_string();
        let again = Reference::parse(&printed).unwrap_or_else(|error| panic!("{printed}: {error:?}"));
        assert_eq!(again.repository, reference.repository, "{printed}");
        assert!(again.has_host, "{printed}");
        let versions = [again.tag.map(Version::Tag), again.digest.map(Version::Digest)];
        assert!(versions.iter().flatten().eq([&image.version]), "{printed}");
    }
    images
}

/// A manifest of what `input` says: its first byte chooses the media type that the registry gives it.
pub(crate) fn read_manifest(input: &[u8]) -> Option<Manifest> {
    let (choice, bytes) = input.split_first()?;
    let mut given = MANIFEST_MEDIA_TYPES.into_iter().chain(["application/json", ""]).cycle();
    Some(Manifest::new(given.nth((*choice).into()), Bytes::copy_from_slice(bytes)))
}

/// A manifest's bytes stay what they are, and what it names is what any reader of JSON finds in it: no key that is
/// there twice, no size below zero, no digest that is none.
pub(crate) fn manifest(input: &[u8]) {
    let Some(manifest) = read_manifest(input) else { return };
    let bytes = &input[1..];
    assert_eq!(manifest.bytes, bytes);
    assert_eq!(manifest.digest, Digest::of(bytes));
    assert_eq!(manifest.digest, manifest.digest.same_algorithm_of(bytes));
    // What we do not read need not be JSON in all its parts: text that is not UTF-8, a number without end.
    let Ok(json) = serde_json::from_slice::<Value>(bytes) else { return };
    if let Some(subject) = manifest.subject() {
        assert_eq!(Some(subject.as_str()), json["subject"]["digest"].as_str());
    }
    let Ok(content) = manifest.content() else { return };
    let named = |field: &str| match &json[field] {
        Value::Array(values) => values.clone(),
        Value::Null => Vec::new(),
        value => vec![value.clone()],
    };
    let (read, expected) = match content {
        Content::Index(children) => (children, named("manifests")),
        Content::Image(blobs) => (blobs, [named("config"), named("layers"), named("blobs")].concat()),
    };
    assert_eq!(read.len(), expected.len());
    read.iter().zip(&expected).for_each(|(descriptor, json)| is_as_written(descriptor, json));
}

fn is_as_written(descriptor: &Descriptor, json: &Value) {
    assert_eq!(Some(descriptor.digest.as_str()), json["digest"].as_str());
    assert_eq!(Digest::parse(descriptor.digest.as_str()).as_ref(), Ok(&descriptor.digest));
    assert_eq!(Some(descriptor.size), json["size"].as_u64());
    assert_eq!(descriptor.media_type, json["mediaType"].as_str().unwrap_or_default());
}

/// Tags and digests of a list are such that they can stand in a reference, and in an address.
pub(crate) fn is_plain(tag: &Tag, digest: &Digest) {
    assert_eq!(Tag::parse(tag.as_str()).as_ref(), Ok(tag));
    assert_eq!(Digest::parse(digest.as_str()).as_ref(), Ok(digest));
    assert!(!tag.as_str().contains(['/', '?', '#', ' ', '%']));
}

/// What a finding points at is in the line that it shows, or right behind it.
pub(crate) fn points_into_its_line(finding: &Finding) {
    let Some(span) = &finding.span else { return };
    assert!(span.line >= 1 && span.column >= 1 && span.len >= 1);
    let shown = span.text.chars().count();
    assert!(shown <= 1_000, "{shown} characters of a line");
    let end = (span.column + span.len - 1) as usize;
    assert!(shown == 1_000 || end <= shown + 1, "the caret ends at {end}, the line at {shown}");
}
