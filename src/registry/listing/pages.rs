//! What the pages of such lists look like, and when another one is worth its request.

use std::collections::{BTreeMap, HashMap, HashSet};

use serde::Deserialize;
use url::Url;

use super::TagListing;
use crate::model::{Digest, Tag};
use crate::registry::endpoint::same_origin;

/// One page in so many tags that are wanted may be read for nothing, and so many pages in all.
const IN_VAIN: usize = 20;
const MOST_IN_VAIN: usize = 10;

/// One page, read.
#[derive(Debug)]
pub(super) struct Page {
    tags: Vec<(Tag, Digest)>,
    /// Where the registry says that there are more.
    pub(super) next: Option<Url>,
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

    /// Whether one more page may still be cheaper than asking for what is left tag by tag, and the pages so
    /// far have each answered at least one, but for a few: however a list is sorted, lists and HEADs
    /// together cost hardly more than HEADs alone.
    pub(super) fn are_worth_more(&self) -> bool {
        let (wanted, found) = (self.wanted.len(), self.found.len());
        let in_vain = (wanted / IN_VAIN).min(MOST_IN_VAIN);
        self.pages < wanted - found && self.pages <= found + in_vain
    }

    pub(super) fn into_found(self) -> HashMap<Tag, Digest> {
        self.found
    }
}

impl Page {
    /// Reads the body of the page at `url`; None: it is something else, such as a list without digests.
    pub(super) fn read(listing: TagListing, body: &[u8], link: Option<Url>, url: &Url) -> Option<Self> {
        let (tags, next) = match listing {
            TagListing::Quay => {
                let page: QuayPage = serde_json::from_slice(body).ok()?;
                let next = page.has_additional.then(|| numbered_after(url));
                (page.tags(), next)
            }
            TagListing::Google => (serde_json::from_slice::<GooglePage>(body).ok()?.tags(), link),
        };
        Some(Self { tags, next: next.filter(|next| same_origin(next, url) && next != url) })
    }
}

/// The address of the page after that at `url`.
fn numbered_after(url: &Url) -> Url {
    let mut next = url.clone();
    let pairs = url.query_pairs().map(|(name, value)| match &*name {
        "page" => (name, (value.parse().unwrap_or(1_u32) + 1).to_string().into()),
        _ => (name, value),
    });
    next.query_pairs_mut().clear().extend_pairs(pairs);
    next
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

/// Google's `GET /v2/NAME/tags/list`.
#[derive(Deserialize)]
struct GooglePage {
    manifest: BTreeMap<String, GoogleManifest>,
}

#[derive(Deserialize)]
struct GoogleManifest {
    #[serde(default)]
    tag: Vec<String>,
}

impl QuayPage {
    fn tags(self) -> Vec<(Tag, Digest)> {
        let tag = |tag: QuayTag| read(&tag.name, tag.manifest_digest.as_deref()?);
        self.tags.into_iter().filter_map(tag).collect()
    }
}

impl GooglePage {
    fn tags(self) -> Vec<(Tag, Digest)> {
        let manifests = self.manifest.iter();
        manifests.flat_map(|(digest, of)| of.tag.iter().filter_map(|tag| read(tag, digest))).collect()
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

    fn at(path: &str) -> Url {
        Url::parse("https://registry.example/").unwrap().join(path).unwrap()
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
        for (listing, body, next) in
            [(TagListing::Quay, quay, Some(at("p?limit=2&page=2"))), (TagListing::Google, google, None)]
        {
            let page =
                Page::read(listing, body.to_string().as_bytes(), None, &at("p?limit=2&page=1")).unwrap();
            assert_eq!(page.next, next);
            let mut answers = Answers::to(&wanted);
            answers.add(page);
            let expected = HashMap::from([(Tag::parse("v1").unwrap(), Digest::of(&[1]))]);
            assert_eq!(answers.into_found(), expected);
        }
    }

    #[test]
    fn a_list_without_digests_is_no_page() {
        let read = |listing, body: &[u8]| Page::read(listing, body, None, &at("p"));
        assert!(read(TagListing::Google, br#"{"name":"a/b","tags":["v1"]}"#).is_none());
        assert!(read(TagListing::Quay, b"<html>").is_none());
    }

    #[test]
    fn googles_next_page_is_where_its_link_leads_unless_that_is_another_host_or_the_same_page() {
        let next = |link: Url| {
            Page::read(TagListing::Google, br#"{"manifest":{}}"#, Some(link), &at("p?n=2")).unwrap().next
        };
        assert_eq!(next(at("p?n=2&last=b")), Some(at("p?n=2&last=b")));
        assert_eq!(next(at("p?n=2")), None);
        assert_eq!(next(Url::parse("https://else.example/p").unwrap()), None);
    }

    #[test]
    fn of_many_tags_a_few_pages_may_answer_none() {
        let names: Vec<_> = (0..60).map(|number| format!("v{number}")).collect();
        let wanted = wanted(&names.iter().map(String::as_str).collect::<Vec<_>>());
        let mut answers = Answers::to(&wanted);
        let mut pages = 0;
        while answers.are_worth_more() {
            pages += 1;
            answers.add(Page { tags: Vec::new(), next: None });
        }
        assert_eq!(pages, 4, "one, and one in twenty");
    }

    #[test]
    fn pages_are_read_while_there_are_fewer_than_tags_without_an_answer() {
        let wanted = wanted(&["v1", "v2", "v3", "v4"]);
        let page = |names: &[&str]| {
            let tags: Vec<_> =
                names.iter().map(|n| json!({ "name": n, "manifest_digest": digest(1) })).collect();
            Page::read(TagListing::Quay, json!({ "tags": tags }).to_string().as_bytes(), None, &at("p"))
                .unwrap()
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
