//! Step 6: the tags that customers use. Each is seen in public before the next is moved, so that never more than one is on its way.

use crate::model::{Digest, Moved, Outcome, Reason, Tag};
use crate::publish::fault::Refused;
use crate::publish::journal::{Event, Journal, Story};
use crate::publish::public::{self, Logged, Wait};
use crate::publish::{Fault, Image, Number, ReleaseVersion, floating, number, presence};

use super::account::Account;
use super::order::Means;

/// Tags that are going to be moved.
pub(super) struct Moves<'a> {
    pub(super) means: &'a Means,
    /// What they are going to be.
    pub(super) image: &'a Image,
    pub(super) version: &'a ReleaseVersion,
    /// In this order.
    pub(super) tags: &'a [Tag],
    /// The number of the image. A tag that we moved and that somebody else moved since is left alone, and nothing is written once a
    /// later number is there. None: whatever is there, for somebody wants it so.
    pub(super) number: Option<Number>,
}

/// Moves the tags, one after the other.
pub(super) async fn move_tags(
    moves: &Moves<'_>,
    journal: &mut Journal,
    account: &mut Account,
) -> Result<(), Fault> {
    for tag in moves.tags {
        if moves.means.stop.gently.is_cancelled() {
            return Err(Fault::Stopped(moves.means.stop.cause()));
        }
        moves.one(tag, journal, account).await?;
        account.go_on();
    }
    Ok(())
}

/// Says what moving the tags would come to, and writes nothing.
pub(super) async fn foresee_tags(
    moves: &Moves<'_>,
    story: &Story,
    account: &mut Account,
) -> Result<(), Fault> {
    for tag in moves.tags {
        if let Some(before) = moves.before(tag, story, account).await? {
            let digest = moves.image.digest();
            match moves.due(&before) {
                Some(reason) => {
                    account.became(Outcome::Planned(reason), Moved::default());
                    account.say(format!("point {tag} at {digest}, and wait until it is public"));
                }
                None => account.say(format!("wait until {tag} is public")),
            }
        }
        account.go_on();
    }
    Ok(())
}

/// What a tag is that is not the image yet, at least for customers.
struct Before {
    upload: Option<Digest>,
    public: Option<Digest>,
}

impl Moves<'_> {
    async fn one(&self, tag: &Tag, journal: &mut Journal, account: &mut Account) -> Result<(), Fault> {
        let Some(before) = self.before(tag, journal.story(), account).await? else {
            return Ok(journal.note(&Event::FloatingSeen { tag: tag.clone() })?);
        };
        let due = self.due(&before);
        let Before { upload, public } = before;
        journal.note(&Event::FloatingBefore { tag: tag.clone(), upload, public })?;
        if let Some(reason) = due {
            floating::point(&self.means.site, self.image, tag).await?;
            journal.note(&Event::FloatingPushed { tag: tag.clone() })?;
            account.became(Outcome::Copied(reason), Moved::default());
        }
        self.await_public(tag, journal).await?;
        Ok(journal.note(&Event::FloatingSeen { tag: tag.clone() })?)
    }

    /// Looks at a tag; none: it is the image, also for customers.
    async fn before(&self, tag: &Tag, story: &Story, account: &mut Account) -> Result<Option<Before>, Fault> {
        let site = &self.means.site;
        let wanted = Some(self.image.digest());
        let upload = presence::presence(&site.writer(), &site.uploaded(tag)).await?;
        let public = presence::presence(&site.visitor, &site.published(tag)).await?;
        account.was(upload.clone());
        account.became(Outcome::Kept, Moved::default());
        if upload.as_ref() == wanted && public.as_ref() == wanted {
            return Ok(None);
        }
        if upload.as_ref() != wanted {
            self.refuse_older().await?;
            self.refuse_foreign(tag, upload.as_ref(), story)?;
        }
        Ok(Some(Before { upload, public }))
    }

    /// Why a tag is to be written; none: it only is not public yet.
    fn due(&self, before: &Before) -> Option<Reason> {
        match &before.upload {
            None => Some(Reason::Absent),
            Some(upload) => (upload != self.image.digest()).then_some(Reason::Differs),
        }
    }

    /// Where a later number is there, what customers get would be older than what they had, or will have.
    async fn refuse_older(&self) -> Result<(), Fault> {
        let (Some(number), Means { site, .. }, version) = (self.number, self.means, self.version) else {
            return Ok(());
        };
        let tags = presence::tags(&site.writer(), &site.upload).await?;
        match number::highest(version, &tags)?.filter(|highest| *highest > number) {
            None => Ok(()),
            Some(newer) => {
                Err(Refused::Superseded { version: version.clone(), number, newer: version.unique(newer)? }
                    .into())
            }
        }
    }

    /// A tag that we moved, and that is something else now, was moved by somebody else, who may have had a reason.
    fn refuse_foreign(&self, tag: &Tag, found: Option<&Digest>, story: &Story) -> Result<(), Fault> {
        let ours = self.image.digest();
        let was_moved = story.floating.iter().any(|moving| moving.tag == *tag && moving.is_pushed);
        if self.number.is_none() || !was_moved {
            return Ok(());
        }
        let found = found.map_or_else(|| "absent".to_owned(), ToString::to_string);
        let place = &self.means.site.upload;
        Err(Refused::Other {
            what: format!("{place}:{tag} was moved by us to {ours}, and since then by somebody else: it is {found}"),
            advice: format!(
                "find out who moved it and why; `publish rollback --version {} --to N` moves the tags to the number that is right",
                self.version
            ),
        }
        .into())
    }

    async fn await_public(&self, tag: &Tag, journal: &Journal) -> Result<(), Fault> {
        let Means { site, patience, stop, .. } = self.means;
        let wait = Wait { site, patience: *patience, told: &Logged, stop };
        let Err(fault) = public::await_floating(&wait, self.image.digest(), tag).await else { return Ok(()) };
        let Fault::TimedOut { after, awaited, advice } = fault else { return Err(fault) };
        let is_gone = matches!(presence::presence(&site.visitor, &site.published(tag)).await, Ok(None));
        let before = journal.story().floating.iter().find(|moving| moving.tag == *tag);
        let advice = match before.and_then(|moving| moving.public.as_ref()) {
            Some(before) if is_gone => Some(format!(
                "customers cannot pull {tag} now, which was {before}: `publish rollback --version {} --to N` with the number of \
                 that image brings it back; a run later goes on waiting",
                self.version
            )),
            _ => advice,
        };
        Err(Fault::TimedOut { after, awaited, advice })
    }
}
