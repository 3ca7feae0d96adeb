//! The tags of a repository, page after page.

use std::collections::HashSet;

use http::Method;
use serde::Deserialize;
use url::Url;

use super::Client;
use super::endpoint::{below, same_origin};
use super::error::{Error, Kind};
use super::transport::{Answer, Call};
use crate::model::{Repository, Tag};
use crate::redact::cut;

/// How many tags are asked for at a time; registries give fewer as they like.
const PAGE: &str = "1000";
/// The largest page; registries without pages answer with all tags at once.
const LIMIT: u64 = 16 << 20;
/// So many pages and tags are read; what goes on after that is no list of tags.
const MOST_PAGES: usize = 10_000;
const MOST_TAGS: usize = 1_000_000;
/// So many pages may hold nothing new.
const MOST_IN_VAIN: usize = 100;
/// So much is shown of what is no tag.
const SHOWN: usize = 60;

#[derive(Deserialize)]
struct Page {
    /// Some registries say null where there is none.
    tags: Option<Vec<String>>,
}

impl Client {
    /// All tags of a repository, each once, in the order the registry gives them.
    ///
    /// # Errors
    /// Also when a page leads to another host or back to an earlier page.
    pub async fn tags(&self, repository: &Repository) -> Result<Vec<Tag>, Error> {
        self.tags_within(repository, usize::MAX).await.map(Option::unwrap_or_default)
    }

    /// As [`Client::tags`], if they come in no more than `most` pages; None: there are more.
    ///
    /// # Errors
    /// See [`Client::tags`].
    pub async fn tags_within(&self, repository: &Repository, most: usize) -> Result<Option<Vec<Tag>>, Error> {
        let mut url = below(&self.shared.options, repository, "tags/list")?;
        url.query_pairs_mut().append_pair("n", PAGE);
        let mut pages = HashSet::new();
        let mut seen = HashSet::new();
        let (mut tags, mut in_vain) = (Vec::new(), 0);
        loop {
            pages.insert(url.clone());
            let (page, next) = match self.tag_page(repository, &url).await {
                // Of the first page it means that there is no such repository.
                Err(error) if error.status() == Some(404) && pages.len() > 1 => {
                    let wrong =
                        format!("the list of tags goes on at a page that is not there: {}", error.kind());
                    return Err(Error::new(error.to_string(), Some(&repository.host), Kind::Answer(wrong)));
                }
                page => page?,
            };
            let before = tags.len();
            tags.extend(page.into_iter().filter(|tag| seen.insert(tag.clone())));
            in_vain += usize::from(tags.len() == before);
            let is_endless = pages.len() >= MOST_PAGES || tags.len() >= MOST_TAGS || in_vain > MOST_IN_VAIN;
            let wrong = match next {
                None => return Ok(Some(tags)),
                Some(_) if pages.len() >= most => return Ok(None),
                Some(next) if pages.contains(&next) || !same_origin(&next, &url) => {
                    "the list of tags goes on at an earlier page or at another host"
                }
                Some(_) if is_endless => "the list of tags has no end",
                Some(next) => {
                    url = next;
                    continue;
                }
            };
            let operation = format!("GET tags of {repository}");
            return Err(Error::new(operation, Some(&repository.host), Kind::Answer(wrong.to_owned())));
        }
    }

    async fn tag_page(&self, repository: &Repository, url: &Url) -> Result<(Vec<Tag>, Option<Url>), Error> {
        let what = format!("tags of {repository}");
        let call = Call::pull(self.role, Method::GET, repository, url.clone(), &what);
        self.shared
            .retry
            .run(async || {
                let mut answer = self.request_once(&call).await?.or_page()?;
                let body = answer.bytes(LIMIT).await?;
                let page: Page = serde_json::from_slice(&body)
                    .map_err(|_| answer.error(Kind::Answer("the list of tags is no JSON list".to_owned())))?;
                Ok((valid(repository, &page.tags.unwrap_or_default()), next_page(&answer, url)))
            })
            .await
    }
}

/// The tags of a page; told once a page what is none.
fn valid(repository: &Repository, texts: &[String]) -> Vec<Tag> {
    let tags: Vec<_> = texts.iter().filter_map(|text| Tag::parse(text).ok()).collect();
    let (count, first) = (texts.len() - tags.len(), texts.iter().find(|text| Tag::parse(text).is_err()));
    if let Some(first) = first {
        let tag = cut(first, SHOWN);
        tracing::warn!(%repository, count, ?tag, "the registry lists something that is no tag; it is left out");
    }
    tags
}

/// `Link: <…>; rel="next"` (RFC 8288), absolute or relative.
pub(super) fn next_page(answer: &Answer, url: &Url) -> Option<Url> {
    let links = answer.headers.get_all(http::header::LINK);
    links.iter().filter_map(|link| link.to_str().ok()).find_map(|link| next_link(link, url))
}

pub(super) fn next_link(header: &str, url: &Url) -> Option<Url> {
    let mut rest = header;
    while let Some((_, link)) = rest.split_once('<') {
        let (address, parameters) = link.split_once('>')?;
        let end = parameters.find('<').unwrap_or(parameters.len());
        let is_next = parameters[..end].split([';', ',']).any(|parameter| {
            let (name, value) = parameter.split_once('=').unwrap_or_default();
            name.trim().eq_ignore_ascii_case("rel")
                && value.trim().trim_matches('"').eq_ignore_ascii_case("next")
        });
        if is_next {
            return url.join(address).ok();
        }
        rest = parameters;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_page_is_found_among_other_links_and_joined_to_the_address() {
        let url = Url::parse("https://r.example.com/v2/a/tags/list?n=2").unwrap();
        let next = |header: &str| next_link(header, &url).map(String::from);
        let expected = Some("https://r.example.com/v2/a/tags/list?last=b&n=2".to_owned());
        assert_eq!(next("</v2/a/tags/list?last=b&n=2>; rel=\"next\""), expected);
        assert_eq!(next("<?last=b&n=2>; rel=next"), expected);
        assert_eq!(next("</first>; rel=\"first\", </v2/a/tags/list?last=b&n=2>; rel=\"next\""), expected);
        assert_eq!(next("</first>; rel=\"prev\""), None);
        assert_eq!(next("nonsense"), None);
    }
}
