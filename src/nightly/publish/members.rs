//! The images of a payload as members of a release.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use super::release::ReleaseMember;
use crate::error::{Class, Classify};
use crate::model::ImageRef;
use crate::nightly::entries::{Entry, EntryImage, Slice};
use crate::nightly::imagestream::Merged;
use crate::nightly::imagestream::object::spec_tags;
use crate::nightly::names::{by_digest, pinned};

/// A tag of an ImageStream says nothing of which image it is.
#[derive(Debug, thiserror::Error)]
#[error("the tag `{tag}` of the ImageStream is `{from}`, which has no digest, so no release can name it")]
pub struct MemberError {
    /// The tag.
    pub tag: Arc<str>,
    /// What it is.
    pub from: String,
}

impl Classify for MemberError {
    fn class(&self) -> Class {
        Class::Invalid
    }

    fn advice(&self) -> Option<String> {
        Some(format!(
            "bring the image of `{}` with this payload, or delete the tag if nobody needs it",
            self.tag
        ))
    }
}

/// The images of `slice`: read where they were mirrored to, in a dry run where they come from. What `merged` has besides, the
/// ImageStream as it is to be, belongs to the release, too; and so does what a tag was taken back to, in place of its image.
///
/// # Errors
/// When such a tag has no digest.
pub fn members(
    slice: &Slice,
    merged: &Merged,
    is_dry_run: bool,
) -> Result<BTreeMap<Arc<str>, ReleaseMember>, MemberError> {
    let entries = slice.entries.iter().filter(|entry| !merged.reverted.contains(&entry.tag));
    let mut members: BTreeMap<_, _> =
        entries.map(|entry| (Arc::clone(&entry.tag), of_entry(entry, is_dry_run))).collect();
    for tag in spec_tags(&merged.object) {
        let is_ours = tag["name"].as_str().is_some_and(|name| members.contains_key(name));
        if let Some(member) = of_tag(tag).filter(|_| !is_ours) {
            members.extend([member?]);
        }
    }
    Ok(members)
}

fn of_entry(entry: &Entry, is_dry_run: bool) -> ReleaseMember {
    let pull_spec = entry.by_digest().to_string().into();
    ReleaseMember { component: Arc::clone(&entry.component), image: readable(entry, is_dry_run), pull_spec }
}

/// The image of `entry` by digest, where it can be read.
pub(in crate::nightly) fn readable(entry: &Entry, is_dry_run: bool) -> ImageRef {
    match &entry.image {
        EntryImage::Built(built) if is_dry_run => by_digest(&built.source, &built.digest),
        _ => entry.by_digest(),
    }
}

/// None: the tag names another tag, as an image it is there under that one.
fn of_tag(tag: &Value) -> Option<Result<(Arc<str>, ReleaseMember), MemberError>> {
    let (name, from) = (tag["name"].as_str()?, &tag["from"]);
    let source = from["name"].as_str().filter(|_| from["kind"] == "DockerImage")?;
    let name: Arc<str> = name.into();
    Some(match pinned(source) {
        Some(image) => {
            let pull_spec = image.to_string().into();
            Ok((Arc::clone(&name), ReleaseMember { component: name, image, pull_spec }))
        }
        None => Err(MemberError { tag: name, from: source.to_owned() }),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::model::{Digest, Reference};
    use crate::nightly::entries::BuiltImage;
    use crate::nightly::{Arch, Privacy};

    fn repository(text: &str) -> crate::model::Repository {
        Reference::parse(text).unwrap().repository
    }

    fn slice(digest: &Digest) -> Slice {
        let built = BuiltImage {
            source: repository("quay.io/builds/images"),
            target: repository("quay.io/o/art-dev"),
            digest: digest.clone(),
            list: None,
            line: 1,
        };
        let entry = Entry {
            tag: "etcd".into(),
            component: "ose-etcd".into(),
            image: EntryImage::Built(built),
            substituted_by: None,
        };
        Slice { arch: Arch::X86_64, privacy: Privacy::Public, entries: vec![entry], left_out: Vec::new() }
    }

    fn merged(object: Value, reverted: &[&str]) -> Merged {
        Merged {
            object,
            changes: true,
            added: Vec::new(),
            changed: Vec::new(),
            pruned: Vec::new(),
            reverted: reverted.iter().map(|tag| Arc::from(*tag)).collect(),
            warnings: Vec::new(),
        }
    }

    fn docker(name: &str, from: &str) -> Value {
        json!({"name": name, "from": {"kind": "DockerImage", "name": from}})
    }

    #[test]
    fn an_image_is_named_where_it_goes_and_read_where_it_is() {
        let digest = Digest::of(b"etcd");
        for (is_dry_run, read) in [(false, "quay.io/o/art-dev"), (true, "quay.io/builds/images")] {
            let members = members(&slice(&digest), &merged(json!({}), &[]), is_dry_run).unwrap();
            let member = &members["etcd"];
            assert_eq!(*member.pull_spec, format!("quay.io/o/art-dev@{digest}"));
            assert_eq!(member.image.to_string(), format!("{read}@{digest}"));
        }
    }

    #[test]
    fn what_an_image_stream_has_besides_belongs_to_the_release_by_digest() {
        let (own, old) = (Digest::of(b"etcd"), Digest::of(b"old"));
        let object = json!({"spec": {"tags": [
            docker("etcd", &format!("quay.io/o/art-dev:sha256-{}", old.hex())),
            docker("cli", &format!("quay.io/o/art-dev:sha256-{}", old.hex())),
            docker("rhel-coreos", &format!("quay.io/o/coreos@{old}")),
            {"name": "alias", "from": {"kind": "ImageStreamTag", "name": "cli"}},
        ]}});
        let members = members(&slice(&own), &merged(object, &[]), false).unwrap();
        let specs: Vec<_> = members.iter().map(|(tag, member)| (&**tag, &*member.pull_spec)).collect();
        assert_eq!(
            specs,
            [
                ("cli", &*format!("quay.io/o/art-dev@{old}")),
                ("etcd", &*format!("quay.io/o/art-dev@{own}")),
                ("rhel-coreos", &*format!("quay.io/o/coreos@{old}")),
            ]
        );
    }

    #[test]
    fn a_tag_that_was_taken_back_is_in_the_release_what_it_was_taken_back_to() {
        let (bad, good) = (Digest::of(b"bad"), Digest::of(b"good"));
        let object =
            json!({"spec": {"tags": [docker("etcd", &format!("quay.io/o/art-dev:sha256-{}", good.hex()))]}});
        let members = members(&slice(&bad), &merged(object, &["etcd"]), false).unwrap();
        assert_eq!(members.len(), 1);
        assert_eq!(*members["etcd"].pull_spec, format!("quay.io/o/art-dev@{good}"));
        assert_eq!(members["etcd"].image.to_string(), format!("quay.io/o/art-dev@{good}"));
    }

    #[test]
    fn a_tag_that_no_digest_says_is_an_error_that_names_it() {
        let object = json!({"spec": {"tags": [docker("cli", "quay.io/o/art-dev:latest")]}});
        let error = members(&slice(&Digest::of(b"x")), &merged(object, &[]), false).unwrap_err().to_string();
        assert!(error.contains("`cli`") && error.contains("quay.io/o/art-dev:latest"), "{error}");
    }
}
