//! Brings what refers to an image and is not at the target: each manifest after the one that it refers to, all of
//! it before the tag moves.
//!
//! # Guarantees
//! Manifests go out as the bytes that came in. One that a list names and that refers to something else is left
//! out with a warning, as is one that is not there. Any other trouble fails the entry, and its tag stays. Rings
//! cannot be followed for ever, and neither can lists without end.

use std::collections::HashSet;
use std::sync::Arc;

use futures_util::{FutureExt as _, StreamExt as _, TryStreamExt as _, stream};
use tokio::time::Instant;

use super::{DEEPEST, Found, MOST};
use crate::engine::content::check_size;
use crate::engine::fanout::Recipients;
use crate::engine::manifests::Node;
use crate::engine::plan;
use crate::engine::store::Store;
use crate::engine::transfer::{Mode, Transfer};
use crate::engine::{Error, Planned};
use crate::error::{Failure, Stage};
use crate::model::{
    Content, Descriptor, Desired, Digest, Endpoint, ImageRef, Reason, Repository, Tag, Version,
};
use crate::registry::{self, Client, Stored};

/// How many manifests of one image are asked for what refers to them at a time.
const AT_A_TIME: usize = 8;

/// The repositories that something goes between.
#[derive(Clone, Copy)]
struct Between<'a> {
    from: &'a Repository,
    to: &'a Repository,
    /// The registry of `to`, with the credentials of the target.
    client: &'a Client,
}

/// A manifest that refers to another, and where it goes.
struct Referrer<'a> {
    manifest: &'a Descriptor,
    under: Version,
    /// What the target has there now.
    found: plan::Found,
}

impl Transfer<'_> {
    /// Brings what refers to the image, to the children of an index, and to what was brought.
    pub(in crate::engine) async fn attach(&self) -> Result<(), Failure> {
        let (Some(from), Store::Registry(client, to)) = (self.source.repository(), &self.target) else {
            return Ok(());
        };
        if !self.engine.has_referrers(&self.planned.desired) {
            return Ok(());
        }
        let between = Between { from, to, client };
        let mut seen = HashSet::new();
        // Nothing refers to an index that a filter has just made.
        let root = self.planned.rewritten.is_none().then(|| self.planned.wanted.digest.clone());
        let mut level = self.attach_to_all(between, root.into_iter().collect(), &mut seen).await?;
        if !self.engine.has_no_referrers(from) {
            let children = self.children().await?;
            level.extend(self.attach_to_all(between, children, &mut seen).await?);
        }
        for _ in 0..DEEPEST {
            if level.is_empty() {
                return Ok(());
            }
            level = self.attach_to_all(between, level, &mut seen).await?;
        }
        if level.is_empty() {
            Ok(())
        } else {
            Err(Failure::new(Stage::Resolve, Error::ReferrersTooDeep(DEEPEST)))
        }
    }

    /// All manifests below the image that something may refer to.
    async fn children(&self) -> Result<Vec<Digest>, Failure> {
        let wanted = &self.planned.wanted;
        let root = match &self.planned.rewritten {
            Some(_) => Some(self.root().await?),
            None if wanted.may_be_index() => self.engine.manifests.get(&self.source, wanted).await?,
            None => None,
        };
        let (mut ahead, mut children) = (Vec::from_iter(root), Vec::new());
        while let Some(node) = ahead.pop() {
            let Content::Index(links) = &node.content else { continue };
            for child in links.iter().filter(|child| child.is_manifest()) {
                children.push(child.digest.clone());
                bounded(children.len())?;
                if child.may_be_index() {
                    ahead.extend(self.engine.manifests.get(&self.source, child).await?);
                }
            }
        }
        Ok(children)
    }

    /// Brings what refers to each of `subjects` that was not seen yet; gives what that is.
    async fn attach_to_all(
        &self,
        between: Between<'_>,
        subjects: Vec<Digest>,
        seen: &mut HashSet<Digest>,
    ) -> Result<Vec<Digest>, Failure> {
        let new: Vec<_> = subjects.into_iter().filter(|subject| seen.insert(subject.clone())).collect();
        bounded(seen.len())?;
        let brought: Vec<Vec<Digest>> = stream::iter(new)
            .map(|subject| self.attach_to(between, subject).boxed())
            .buffered(AT_A_TIME)
            .try_collect()
            .await?;
        Ok(brought.into_iter().flatten().collect())
    }

    async fn attach_to(&self, between: Between<'_>, subject: Digest) -> Result<Vec<Digest>, Failure> {
        let found = self.engine.referrers_at_source(between.from, &subject).await?;
        bounded(found.digests().count())?;
        if !found.is_empty() {
            let key = (self.source.name(), Arc::clone(&self.place), subject.clone());
            let bring = self.bring_referrers(between, &subject, &found).boxed();
            self.engine.referrers.brought.try_get(&key, bring).await?;
        }
        Ok(found.digests().cloned().collect())
    }

    async fn bring_referrers(
        &self,
        between: Between<'_>,
        subject: &Digest,
        found: &Found,
    ) -> Result<(), Failure> {
        if self.mode != Mode::Foresee && !self.planned.check_only && *subject == self.planned.wanted.digest {
            // There are registries that link only to what is there.
            self.put_child(&*self.root().await?).await?;
        }
        let held = self.listed_at_target(between, subject, &found.listed).await?;
        let mut unlisted = Vec::new();
        for referrer in &found.listed {
            unlisted.extend(
                self.bring_listed(between, subject, referrer, held.contains(&referrer.digest)).await?,
            );
        }
        if !unlisted.is_empty() {
            let manifests: Vec<_> = unlisted.iter().map(|node| &node.manifest).collect();
            let listed = between.client.list_under_tag(between.to, subject, &manifests).await;
            listed.map_err(|error| Failure::new(Stage::Verify, error))?;
        }
        for (tag, manifest) in &found.tagged {
            self.bring_tagged(between, subject, (tag, manifest)).await?;
        }
        Ok(())
    }

    /// What the target lists as referring to `subject`, by its API and under the tag, as far as it matters
    /// for `wanted`.
    async fn listed_at_target(
        &self,
        between: Between<'_>,
        subject: &Digest,
        wanted: &[Descriptor],
    ) -> Result<HashSet<Digest>, Failure> {
        let Between { to, client, .. } = between;
        if wanted.is_empty() || (self.mode == Mode::Foresee && !self.planned.check_only) {
            return Ok(HashSet::new());
        }
        let digests = |list: Vec<Descriptor>| list.into_iter().map(|referrer| referrer.digest).collect();
        // What a pull token may not see, the push decides.
        let held = |error: registry::Error| {
            if error.is_denied() { Ok(Vec::new()) } else { Err(Failure::new(Stage::Plan, error)) }
        };
        let by_api = client.referrers(to, subject).await.or_else(|error| held(error).map(Some))?;
        let answers = by_api.is_some() && self.engine.referrers.names_subjects(&to.host);
        let mut all: HashSet<Digest> = digests(by_api.unwrap_or_default());
        if !answers && wanted.iter().any(|referrer| !all.contains(&referrer.digest)) {
            let by_tag = client.referrers_by_tag(to, subject).await.or_else(held)?;
            all.extend(digests(by_tag));
        }
        Ok(all)
    }

    /// Brings a manifest that is on the source's list, by its digest; gives it if the target does not list it by itself.
    async fn bring_listed(
        &self,
        between: Between<'_>,
        subject: &Digest,
        manifest: &Descriptor,
        is_held: bool,
    ) -> Result<Option<Arc<Node>>, Failure> {
        let Some(mode) = self.mode_for(is_held) else { return Ok(None) };
        let name = format!("{}@{}, which refers to {subject}", between.from, manifest.digest);
        let bring = async {
            let Some(node) = self.engine.manifests.get(&self.source, manifest).await? else {
                tracing::warn!("{name}, is on its list of referrers and is not there; it is left out");
                return Ok(None);
            };
            if node.manifest.subject().as_ref() != Some(subject) {
                tracing::warn!("{name} by a list, says that it refers to something else; it is left out");
                return Ok(None);
            }
            check_size(manifest, node.manifest.bytes.len() as u64)?;
            let under = Version::Digest(manifest.digest.clone());
            let found = if is_held { plan::Found::Is(manifest.digest.clone()) } else { plan::Found::Absent };
            let stored = self.copy(between, Referrer { manifest, under, found }, mode).await?;
            let links = stored.is_some_and(|stored| stored.subject.as_ref() == Some(subject));
            if links {
                self.engine.referrers.learn_names_subjects(&between.to.host);
            }
            Ok((!links && !is_held && mode != Mode::Foresee).then_some(node))
        };
        bring.await.map_err(|failure: Failure| failure.within(&name))
    }

    async fn bring_tagged(
        &self,
        between: Between<'_>,
        subject: &Digest,
        (tag, manifest): (&Tag, &Descriptor),
    ) -> Result<(), Failure> {
        let under = Version::Tag(tag.clone());
        let target = Endpoint::Registry(ImageRef::new(between.to.clone(), under.clone()));
        let found = self.engine.target_now(&target).await?;
        let Some(mode) = self.mode_for(found.digest() == Some(&manifest.digest)) else { return Ok(()) };
        let copied = self.copy(between, Referrer { manifest, under, found }, mode).await;
        copied
            .map(|_| ())
            .map_err(|failure| failure.within(format!("{}:{tag}, which belongs to {subject}", between.from)))
    }

    /// How one that the target has, or lacks, is brought; None: not at all.
    fn mode_for(&self, is_held: bool) -> Option<Mode> {
        match (self.mode, is_held) {
            (Mode::Foresee | Mode::Fill, true) => None,
            (Mode::Check, false) => Some(Mode::Fill),
            (mode, _) => Some(mode),
        }
    }

    /// Copies one manifest with all that it names, as any image.
    async fn copy(
        &self,
        between: Between<'_>,
        referrer: Referrer<'_>,
        mode: Mode,
    ) -> Result<Option<Stored>, Failure> {
        let Between { from, to, .. } = between;
        let Referrer { manifest, under, found } = referrer;
        let entry = &self.planned.desired;
        let endpoint =
            |repository: &Repository, version| Endpoint::Registry(ImageRef::new(repository.clone(), version));
        let desired = Desired {
            origin: entry.origin.clone(),
            owner: entry.owner.clone(),
            source: endpoint(from, Version::Digest(manifest.digest.clone())),
            target: endpoint(to, under),
            guards: Vec::new(),
        };
        let reason = match found.digest() {
            Some(held) if *held == manifest.digest => Reason::Referrers,
            Some(_) => Reason::Differs,
            None => Reason::Absent,
        };
        if reason != Reason::Referrers {
            self.attached.add();
            if mode != Mode::Foresee {
                self.engine.target.plan_write(to, Some(from));
            }
        }
        let wanted = manifest.clone();
        let planned = Planned {
            desired,
            wanted,
            rewritten: None,
            found,
            reason,
            check_only: false,
            further: Vec::new(),
            requests: 0,
            started: Instant::now(),
        };
        // Nobody waits for another registry: what refers to an image is small, and not every target lacks it.
        let alone = Recipients::new(vec![to.host.clone()]);
        let transfer = Transfer::new(self.engine, &planned, &alone, (mode, &self.attached.tally));
        transfer.run_alone().boxed().await?;
        Ok(transfer.stored.into_inner())
    }
}

fn bounded(count: usize) -> Result<(), Failure> {
    if count <= MOST {
        return Ok(());
    }
    Err(Failure::new(Stage::Resolve, Error::TooManyReferrers(MOST)))
}
