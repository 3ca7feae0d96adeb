//! What holds for every page of a list of tags with digests. For the fuzz target and its twin.

use std::collections::HashSet;

use serde_json::Value;
use url::Url;

use super::TagListing;
use super::pages::{Answers, Page};
use crate::model::Tag;
use crate::model::properties::is_plain;
use crate::registry::endpoint::same_origin;

/// What a page answers is a tag and a digest that stand in it together, and was asked for; where it goes on is the same
/// registry and not the same page. The first line of `input` is a link, the rest the page.
pub(crate) fn quay_page(input: &[u8]) {
    let Some(end) = input.iter().position(|b| *b == b'\n') else { return };
    let (link, body) = (&input[..end], &input[end + 1..]);
    let at =
        Url::parse("https://quay.example/api/v1/repository/a/b/tag/?limit=100&page=7").expect("an address");
    let link = std::str::from_utf8(link).ok().and_then(|text| at.join(text).ok());
    let wanted: HashSet<_> =
        ["v1", "latest", "4.12"].into_iter().filter_map(|tag| Tag::parse(tag).ok()).collect();
    for listing in [TagListing::Quay, TagListing::Google] {
        let Some(page) = Page::read(listing, body, link.clone(), &at) else { continue };
        if let Some(next) = &page.next {
            assert!(same_origin(next, &at) && *next != at, "{next}");
        }
        let Ok(json) = serde_json::from_slice::<Value>(body) else { continue };
        let mut answers = Answers::to(&wanted);
        answers.add(page);
        for (tag, digest) in answers.into_found() {
            assert!(wanted.contains(&tag));
            is_plain(&tag, &digest);
            let stands = match listing {
                TagListing::Quay => json["tags"].as_array().is_some_and(|tags| {
                    tags.iter()
                        .any(|it| it["name"] == tag.as_str() && it["manifest_digest"] == digest.as_str())
                }),
                TagListing::Google => json["manifest"][digest.as_str()]["tag"]
                    .as_array()
                    .is_some_and(|tags| tags.iter().any(|it| *it == tag.as_str())),
            };
            assert!(stands, "{tag} {digest} is not in the page");
        }
    }
}
