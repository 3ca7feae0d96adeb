//! Finds what refers to a manifest at the source.
//!
//! One list of the repository's tags answers for all tags that are made of digests, of all its entries. It only
//! saves requests: where there is none, or it is longer than there are entries, tags are asked for one by one.

use std::collections::HashSet;
use std::sync::Arc;

use futures_util::FutureExt as _;

use super::Found;
use crate::engine::Engine;
use crate::error::{Failure, Stage};
use crate::model::{Descriptor, Digest, Endpoint, ImageRef, Repository, Tag, Version};

/// What cosign attaches: signatures, attestations, SBOMs.
const SUFFIXES: [&str; 3] = ["sig", "att", "sbom"];

impl Engine {
    /// What refers to `subject` in the source's `repository`.
    pub(super) async fn referrers_at_source(
        &self,
        repository: &Repository,
        subject: &Digest,
    ) -> Result<Arc<Found>, Failure> {
        let key = (repository.to_string().into(), subject.clone());
        let search = async {
            let tags = self.digest_tags(repository).await;
            let is_there = |tag: &Tag| tags.as_ref().map(|tags| tags.contains(tag));
            let listed = self.listed(repository, subject, is_there(&Tag::of_referrers(subject))).await?;
            let mut found = Found { listed, tagged: Vec::new() };
            for tag in SUFFIXES.iter().filter_map(|suffix| Tag::of_cosign(subject, suffix)) {
                if is_there(&tag) == Some(false) {
                    continue;
                }
                let image = ImageRef::new(repository.clone(), Version::Tag(tag.clone()));
                if let Some(manifest) = self.source_now(&Endpoint::Registry(image)).await? {
                    found.tagged.push((tag, manifest));
                }
            }
            Ok(Arc::new(found))
        };
        self.referrers.at_source.try_get(&key, search.boxed()).await
    }

    /// Whether it is known, without a request, that nothing in `repository` refers to anything: a host without the
    /// API, and a list of tags without one that is made of a digest.
    pub(super) fn has_no_referrers(&self, repository: &Repository) -> bool {
        let tags = self.referrers.tags.known(repository).flatten();
        self.source.lacks_referrers(&repository.host) && tags.is_some_and(|tags| tags.is_empty())
    }

    /// By the API, and by the fallback tag where there is no API or the tag is known to be there: a registry that
    /// was given one lists what was pushed before, but not every registry that answers has one.
    async fn listed(
        &self,
        repository: &Repository,
        subject: &Digest,
        has_tag: Option<bool>,
    ) -> Result<Vec<Descriptor>, Failure> {
        let failed = |error| Failure::new(Stage::Resolve, error);
        let by_api = self.source.referrers(repository, subject).await.map_err(failed)?;
        let asks_tag = has_tag.unwrap_or(by_api.is_none());
        let mut listed = by_api.unwrap_or_default();
        if asks_tag {
            let by_tag = self.source.referrers_by_tag(repository, subject).await.map_err(failed)?;
            let known: HashSet<_> = listed.iter().map(|referrer| referrer.digest.clone()).collect();
            listed.extend(by_tag.into_iter().filter(|referrer| !known.contains(&referrer.digest)));
        }
        Ok(listed)
    }

    async fn digest_tags(&self, repository: &Repository) -> Option<Arc<HashSet<Tag>>> {
        let list = async {
            // A page answers for an entry at least.
            let pages = self.referrers.expected(repository);
            match self.source.tags_within(repository, pages).await {
                Ok(tags) => tags.map(|tags| Arc::new(tags.into_iter().filter(is_of_digest).collect())),
                Err(error) => {
                    tracing::debug!(%repository, %error, "no list of tags; those of signatures are asked for one by one");
                    None
                }
            }
        };
        self.referrers.tags.get(repository, list.boxed()).await
    }
}

/// `sha256-…`
fn is_of_digest(tag: &Tag) -> bool {
    ["sha256-", "sha384-", "sha512-"].iter().any(|algorithm| tag.as_str().starts_with(algorithm))
}
