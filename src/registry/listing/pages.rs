//! What the pages of such lists look like, and when another one is worth its request.

use std::collections::{BTreeMap, HashMap, HashSet};

use serde::Deserialize;

use super::TagListing;
use crate::model::{Digest, Tag};

/// One page, read.
#[derive(Debug)]
pub(super) struct Page {
    tags: Vec<(Tag, Digest)>,
    /// The registry says that there are more.
    pub(super) has_more: bool,
}

/// What the pages read so far answer.
#[derive(Debug)]
pub(super) struct Answers<'a> {
    wanted: &'a HashSet<Tag>,
    found: HashMap<Tag, Digest>,
    pages: usize,
}

impl<'a> Answers<'a> {
    pub(super) fn to(wanted: &'a HashSet<Tag>) -> Self {
        Self { wanted, found: HashMap::new(), pages: 0 }
    }

    pub(super) fn add(&mut self, page: Page) {
        self.pages += 1;
        self.found.extend(page.tags.into_iter().filter(|(tag, _)| self.wanted.contains(tag)));
    }

    /// How many pages were read.
    pub(super) fn pages(&self) -> usize {
        self.pages
    }

    /// Whether one more page may still be cheaper than asking for what is left tag by tag, and every
    /// page so far has answered at least one: however a list is sorted, lists and HEADs together cost at
    /// most one request more than HEADs alone.
    pub(super) fn are_worth_more(&self) -> bool {
        let found = self.found.len();
        self.pages < self.wanted.len() - found && self.pages <= found
    }

    pub(super) fn into_found(self) -> HashMap<Tag, Digest> {
        self.found
    }
}

impl Page {
    /// Reads the body of a page; None: it is something else, such as a list without digests.
    pub(super) fn read(listing: TagListing, body: &[u8]) -> Option<Self> {
        match listing {
            TagListing::Quay => serde_json::from_slice::<QuayPage>(body).ok().map(Self::from),
            TagListing::Google => serde_json::from_slice::<GooglePage>(body).ok().map(Self::from),
        }
    }
}

/// quay's `GET /api/v1/repository/NAME/tag/`.
#[derive(Deserialize)]
struct QuayPage {
    tags: Vec<QuayTag>,
    #[serde(default)]
    has_additional: bool,
}

#[derive(Deserialize)]
struct QuayTag {
    name: String,
    manifest_digest: Option<String>,
}

/// Google's `GET /v2/NAME/tags/list`. Its other pages are named by a `Link`.
#[derive(Deserialize)]
struct GooglePage {
    manifest: BTreeMap<String, GoogleManifest>,
}

#[derive(Deserialize)]
struct GoogleManifest {
    #[serde(default)]
    tag: Vec<String>,
}

impl From<QuayPage> for Page {
    fn from(page: QuayPage) -> Self {
        let tag = |tag: QuayTag| read(&tag.name, tag.manifest_digest.as_deref()?);
        Self { tags: page.tags.into_iter().filter_map(tag).collect(), has_more: page.has_additional }
    }
}

impl From<GooglePage> for Page {
    fn from(page: GooglePage) -> Self {
        let manifests = page.manifest.iter();
        let tags = manifests.flat_map(|(digest, of)| of.tag.iter().filter_map(|tag| read(tag, digest)));
        Self { tags: tags.collect(), has_more: false }
    }
}

/// What is no tag or no digest answers nothing.
fn read(tag: &str, digest: &str) -> Option<(Tag, Digest)> {
    Some((Tag::parse(tag).ok()?, Digest::parse(digest).ok()?))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn digest(n: u8) -> String {
        Digest::of(&[n]).to_string()
    }

    fn wanted(tags: &[&str]) -> HashSet<Tag> {
        tags.iter().map(|tag| Tag::parse(tag).unwrap()).collect()
    }

    #[test]
    fn both_kinds_of_page_answer_the_tags_that_are_wanted() {
        let quay = json!({ "page": 1, "has_additional": true, "tags": [
            { "name": "v1", "manifest_digest": digest(1), "size": null },
            { "name": "not wanted", "manifest_digest": digest(2) },
            { "name": "v2", "manifest_digest": "sha256:short" },
            { "name": "v3" },
        ]});
        let google = json!({ "name": "a/b", "child": [], "tags": ["v1"], "manifest": {
            digest(1): { "imageSizeBytes": "7", "tag": ["v1", "other"] },
            digest(2): { "tag": [] },
            "nonsense": { "tag": ["v2"] },
        }});
        let wanted = wanted(&["v1", "v2", "v3"]);
        for (listing, body, has_more) in [(TagListing::Quay, quay, true), (TagListing::Google, google, false)]
        {
            let page = Page::read(listing, body.to_string().as_bytes()).unwrap();
            assert_eq!(page.has_more, has_more);
            let mut answers = Answers::to(&wanted);
            answers.add(page);
            let expected = HashMap::from([(Tag::parse("v1").unwrap(), Digest::of(&[1]))]);
            assert_eq!(answers.into_found(), expected);
        }
    }

    #[test]
    fn a_list_without_digests_is_no_page() {
        assert!(Page::read(TagListing::Google, br#"{"name":"a/b","tags":["v1"]}"#).is_none());
        assert!(Page::read(TagListing::Quay, b"<html>").is_none());
    }

    #[test]
    fn pages_are_read_while_there_are_fewer_than_tags_without_an_answer() {
        let wanted = wanted(&["v1", "v2", "v3", "v4"]);
        let page = |names: &[&str]| {
            let tags: Vec<_> =
                names.iter().map(|n| json!({ "name": n, "manifest_digest": digest(1) })).collect();
            Page::read(TagListing::Quay, json!({ "tags": tags }).to_string().as_bytes()).unwrap()
        };
        let mut answers = Answers::to(&wanted);
        assert!(answers.are_worth_more());
        answers.add(page(&["v1"]));
        assert!(answers.are_worth_more(), "one page read, three tags left");
        answers.add(page(&[]));
        assert!(!answers.are_worth_more(), "a page that answered nothing");
        let mut answers = Answers::to(&wanted);
        answers.add(page(&["v1"]));
        answers.add(page(&["v2"]));
        assert!(!answers.are_worth_more(), "two pages read, two tags left");
        let mut answers = Answers::to(&wanted);
        answers.add(page(&["v1", "v2", "v3", "v4"]));
        assert!(!answers.are_worth_more(), "nothing left");
    }
}
