//! The steps, each noted before it is done and after.

use std::sync::Arc;

use futures_util::FutureExt as _;
use tokio::time::Instant;

use crate::error::advised;
use crate::model::{ImageRef, Moved, Outcome, Reason, Skip, Tag, Version};
use crate::publish::catalog::{Catalog, CatalogError};
use crate::publish::decide::{Certification, Seen, Step, Whose, certification, decide};
use crate::publish::journal::{Event, Folders, Journal, Plan, Platformed, Story};
use crate::publish::public::{self, Logged, Wait};
use crate::publish::{Fault, Image, Number, number, presence, served, upload};

use super::account::Account;
use super::certify::{certify, not_passed, precheck, ready};
use super::floating::{Moves, move_tags};
use super::foresee::Foreseen;
use super::look::{Records, look};
use super::order::{Means, Order, Resume, Until};
use super::prepare::{Numbered, Shelf, may_move_latest, numbered};

/// What is left to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Next {
    /// All steps.
    Upload,
    /// From the certification on, of these architectures; none: all of the image.
    Certify(Vec<String>),
    /// From the wait on.
    AwaitPublic,
    /// The tags that customers use, which are right already.
    MoveTags,
    /// Nothing.
    Nothing,
}

/// A publication that is under way.
pub(super) struct Running<'a> {
    pub(super) order: &'a Order,
    pub(super) means: &'a Means,
    pub(super) numbered: Numbered,
    pub(super) journal: Journal,
    pub(super) account: &'a mut Account,
}

/// Takes `order` from where it is to where it is to be.
pub(super) async fn run(order: &Order, means: &Means, account: &mut Account) -> Result<(), Fault> {
    let shelf = Shelf::read(means, &order.version).await?;
    may_move_latest(order, means, &shelf)?;
    let free = shelf.next(&order.version)?;
    let numbered = numbered(order, means, (&shelf, free)).await?;
    account.begin(&numbered.tag, numbered.image.digest(), targets(order, means, &numbered.tag)?);
    let story = shelf.story(numbered.number).cloned().unwrap_or_default();
    let (seen, records) = look(order, means, &numbered, order.version.unique(free)?).await?;
    let is_fresh = seen.upload.is_none() && seen.public.is_none() && !story.is_unfinished();
    if is_fresh && !order.force && is_served(order, means, &numbered.image).await? {
        warn_of_others(order, means).await?;
        account.rest(&Outcome::Skipped(Skip::SameContent));
        account.say(format!(
            "nothing to publish: {} serves the same content as {}",
            means.site.public, order.version
        ));
        return Ok(());
    }
    let next = next(order, &numbered, &story, (&seen, records), free)?;
    tracing::debug!(?next, tag = %numbered.tag, "what is left to do");
    if next == Next::Nothing {
        account.rest(&Outcome::Kept);
        account.say(format!("{} is published already, and all its tags are right", numbered.tag));
        return Ok(());
    }
    if order.is_dry_run {
        let foreseen = Foreseen { order, means, numbered: &numbered, story: &story, next: &next };
        return foreseen.tell(account).await;
    }
    let Some(state_dir) = &means.state_dir else {
        return Err(Fault::no_state_dir());
    };
    if matches!(next, Next::Upload | Next::Certify(_)) && (order.precheck || order.until >= Until::Certified)
    {
        ready(means).await?;
    }
    if let Some(gate) = means.gate.as_ref().filter(|_| next == Next::Upload) {
        gate.enter()?;
    }
    account.set_begun();
    if next == Next::Upload && order.precheck {
        // Before the journal: an image that does not pass uses up no number.
        precheck(order, means, &numbered).await?;
    }
    let journal = Journal::open(&Folders::new(state_dir).of_number(
        &means.site.upload,
        &order.version,
        numbered.number,
    ))?;
    let control = control(order, &shelf, numbered.number)?;
    let running = Running { order, means, numbered, journal, account };
    running.go(next, control).await
}

/// The tags that are written, in their order.
fn targets(order: &Order, means: &Means, unique: &Tag) -> Result<Vec<ImageRef>, Fault> {
    let floating = if order.until == Until::Done { order.tags()? } else { Vec::new() };
    Ok([unique.clone()].iter().chain(&floating).map(|tag| means.site.uploaded(tag)).collect())
}

/// What is left to do, by what is there and by what the journal says of it; `free` is the next number that nobody used.
fn next(
    order: &Order,
    numbered: &Numbered,
    story: &Story,
    (seen, records): (&Seen<'_>, Records),
    free: Number,
) -> Result<Next, Fault> {
    let is_adopted = order.resume == Resume::Adopt;
    let whose = Whose::of(story, numbered.image.digest(), order.make_unique, is_adopted);
    Ok(match decide(seen, whose, order.resume == Resume::Never)? {
        Step::Upload => {
            let is_resumed =
                story.planned.as_ref().is_some_and(|plan| plan.digest == *numbered.image.digest());
            if let Some(warning) = number::explicit(&order.version, numbered.number, free, is_resumed)? {
                tracing::warn!("{warning}");
            }
            Next::Upload
        }
        Step::Certify => {
            let architectures: Vec<String> =
                numbered.image.children.iter().map(|child| child.platform.architecture.clone()).collect();
            // What the journal says of another image under this number is not said of this one.
            let story = story.clone().of(numbered.image.digest());
            match certification(&architectures, &story, records.as_ref(), order.retry_preflight) {
                Certification::Done => Next::AwaitPublic,
                Certification::Needed(architectures) => Next::Certify(architectures),
                Certification::NotPassed => return Err(not_passed(&numbered.tag, &story)),
            }
        }
        // The public registry may show an index before all that is below it: a tag is moved once each platform was seen.
        Step::MoveTags if !seen.is_floating => Next::AwaitPublic,
        Step::MoveTags => Next::MoveTags,
        Step::Nothing => Next::Nothing,
    })
}

/// Whether customers get the same content already.
async fn is_served(order: &Order, means: &Means, image: &Image) -> Result<bool, Fault> {
    let why = served::differs(&means.site, image, &order.version).await?;
    if let Some(why) = &why {
        tracing::info!("{} is to be published: {why}", order.version);
    }
    Ok(why.is_none())
}

/// Customers have the content as `VERSION`; whether they have it by the other tags is not this run's to mend, and is said.
async fn warn_of_others(order: &Order, means: &Means) -> Result<(), Fault> {
    let site = &means.site;
    let version = order.version.tag();
    let served = presence::presence(&site.visitor, &site.published(&version)).await?;
    for tag in order.tags()?.into_iter().filter(|tag| *tag != version) {
        if presence::presence(&site.visitor, &site.published(&tag)).await? != served {
            tracing::warn!(
                "{tag} is not what {} is in public: `publish rollback --version {} --to N` moves the tags to the number that is right",
                order.version,
                order.version
            );
        }
    }
    Ok(())
}

/// A unique tag that is known to be public: what cannot be told of it cannot be told of ours.
fn control(order: &Order, shelf: &Shelf, number: Number) -> Result<Option<Tag>, Fault> {
    let of_list = shelf.public.iter().flatten().filter_map(|tag| match order.version.number_in(tag) {
        Some(crate::publish::names::Numbered::Number(found)) if found != number => Some(found),
        _ => None,
    });
    let of_journals =
        shelf.kept.iter().filter(|(kept, story)| story.is_public && *kept != number).map(|(kept, _)| *kept);
    let highest = of_list.chain(of_journals).max();
    Ok(highest.map(|number| order.version.unique(number)).transpose()?)
}

impl Running<'_> {
    async fn go(mut self, next: Next, control: Option<Tag>) -> Result<(), Fault> {
        self.plan()?;
        let certify_at = match &next {
            Next::Upload => {
                self.upload().await?;
                Some(Vec::new())
            }
            Next::Certify(architectures) => Some(architectures.clone()),
            Next::AwaitPublic | Next::MoveTags | Next::Nothing => None,
        };
        if !matches!(next, Next::Upload) {
            self.account.became(Outcome::Kept, Moved::default());
        }
        if self.ends_after(Until::Uploaded)? {
            return Ok(());
        }
        match certify_at {
            Some(architectures) => certify(&mut self, &architectures).await?,
            // An exception may have been granted after it did not pass: the next run need not ask the catalog for it.
            None if !self.journal.story().is_submitted => self.journal.note(&Event::Submitted)?,
            None => {}
        }
        if self.ends_after(Until::Certified)? {
            return Ok(());
        }
        if next != Next::MoveTags {
            self.await_public(control).await?;
        }
        if !self.journal.story().is_public {
            self.journal.note(&Event::PublicSeen)?;
        }
        if self.ends_after(Until::Public)? {
            return Ok(());
        }
        self.account.go_on();
        let tags = self.order.tags()?;
        let moves = Moves {
            means: self.means,
            image: &self.numbered.image,
            version: &self.order.version,
            tags: &tags,
            number: Some(self.numbered.number),
        };
        move_tags(&moves, &mut self.journal, self.account).await?;
        self.take_over().await;
        Ok(self.journal.note(&Event::Done)?)
    }

    /// Whether this was the last step, or the run is to stop.
    fn ends_after(&self, step: Until) -> Result<bool, Fault> {
        if self.order.until > step && self.means.stop.gently.is_cancelled() {
            return Err(Fault::Stopped(self.means.stop.cause()));
        }
        Ok(self.order.until <= step)
    }

    /// Notes what is going to be published, unless that is noted already.
    fn plan(&mut self) -> Result<(), Fault> {
        let order = self.order;
        let image = &self.numbered.image;
        let child = |child: &crate::publish::Child| Platformed {
            platform: child.platform.to_string(),
            digest: child.manifest.digest.clone(),
        };
        let plan = Plan {
            digest: image.digest().clone(),
            children: image.children.iter().map(child).collect(),
            source: ImageRef::new(
                order.source.repository.clone(),
                Version::Digest(self.numbered.resolved.clone()),
            )
            .to_string(),
            product: order.product.to_string(),
            tags: order.tags()?,
            unique: order.make_unique,
            single_arch: order.wanted.single_arch,
            stripped: order.wanted.strip_attestations,
        };
        if self.journal.story().planned.as_ref() != Some(&plan) || self.journal.story().is_done {
            self.journal.note(&Event::Planned(plan))?;
        }
        Ok(())
    }

    async fn upload(&mut self) -> Result<(), Fault> {
        self.journal.note(&Event::PushStarted)?;
        let Numbered { image, tag, .. } = &self.numbered;
        let means = upload::Means {
            observer: Arc::clone(&self.means.observer),
            stop: self.means.stop.clone(),
            origin: self.account.origin(),
        };
        let uploaded = upload::upload(&self.means.site, image, &self.order.source, tag, &means).await?;
        self.account.became(Outcome::Copied(Reason::Absent), uploaded.moved);
        Ok(self.journal.note(&Event::Pushed)?)
    }

    async fn await_public(&self, control: Option<Tag>) -> Result<(), Fault> {
        let Means { site, patience, stop, .. } = self.means;
        if let Some(tag) = control {
            public::control(site, &tag).await?;
        }
        let Numbered { image, tag, .. } = &self.numbered;
        let wait = Wait { site, patience: *patience, told: &Logged, stop };
        match public::await_unique(&wait, image, tag, None).await {
            Err(Fault::TimedOut { after, awaited, advice }) if self.order.request_publish => {
                let catalog = self.request(Fault::TimedOut { after, awaited, advice }).await?;
                self.await_requested(&wait, catalog).await?;
            }
            ended => ended?,
        }
        Ok(())
    }

    /// Waits once more, unless the catalog gives up what it was asked for.
    async fn await_requested(&self, wait: &Wait<'_>, catalog: &Catalog) -> Result<(), Fault> {
        let (ids, since) = (self.ids(catalog).await, Instant::now());
        let early = || catalog.watch_requests(&ids, since).boxed();
        public::await_unique(wait, &self.numbered.image, &self.numbered.tag, Some(&early)).await
    }

    /// Asks the catalog to publish the image; gives the one that was asked.
    ///
    /// # Errors
    /// `late`, where the catalog may not be asked, and where it does not take the request.
    async fn request(&self, late: Fault) -> Result<&Catalog, Fault> {
        let Some(catalog) = self.means.catalog.as_ref().filter(|catalog| catalog.may_write()) else {
            tracing::warn!("the catalog is not asked to publish: `pyxis.use` is not `write` in the settings");
            return Err(late);
        };
        match catalog.request_publish(self.numbered.image.digest()).await {
            // It may do it, and is not asked twice.
            Ok(()) | Err(CatalogError::Unanswered { .. }) => Ok(catalog),
            Err(error) => {
                tracing::warn!("the catalog was not asked to publish the index: {}", advised(&error));
                if self.request_each(catalog).await { Ok(catalog) } else { Err(late) }
            }
        }
    }

    /// Asks for each child, where the catalog does not know the index; whether it was asked for one at least.
    async fn request_each(&self, catalog: &Catalog) -> bool {
        let mut is_asked = false;
        for id in self.ids(catalog).await {
            match catalog.request_publish_image(&id).await {
                Ok(()) | Err(CatalogError::Unanswered { .. }) => is_asked = true,
                Err(error) => {
                    tracing::warn!(image = %id, "the catalog was not asked to publish it: {}", advised(&error));
                }
            }
        }
        is_asked
    }

    /// What the catalog calls the children of the image, as far as it says so.
    async fn ids(&self, catalog: &Catalog) -> Vec<Arc<str>> {
        let mut ids = Vec::new();
        for child in &self.numbered.image.children {
            match catalog.records(&child.manifest.digest).await {
                Ok(records) => ids.extend(records.into_iter().map(|record| record.id)),
                Err(error) => tracing::warn!("the catalog's records are not known: {}", advised(&error)),
            }
        }
        ids
    }

    /// Asks the catalog to show the image with its tags. What it shows is no condition of success.
    async fn take_over(&self) {
        if !self.order.sync_tags {
            return;
        }
        let Some(catalog) = self.means.catalog.as_ref().filter(|catalog| catalog.may_write()) else {
            tracing::warn!(
                "the catalog is not asked to take over the tags: `pyxis.use` is not `write` in the settings"
            );
            return;
        };
        for id in self.ids(catalog).await {
            if let Err(error) = catalog.sync_tags(&id).await {
                tracing::warn!(image = %id, "the catalog was not asked to take over the tags: {}", advised(&error));
            }
        }
    }
}
