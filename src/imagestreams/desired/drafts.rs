//! Entries on their way, and rows for those that end on it.

use std::collections::HashSet;
use std::sync::Arc;

use super::claim::{Claim, State};
use super::source::{Ended, Found, Lost};
use super::{EntryError, Wanted, Wish};
use crate::error::{Failure, Stage};
use crate::imagestreams::asked::Asked;
use crate::imagestreams::config::Ignored;
use crate::imagestreams::excluding::Excluding;
use crate::imagestreams::ignoring::Ignoring;
use crate::imagestreams::selection::IsTag;
use crate::imagestreams::streams::Streams;
use crate::imagestreams::told::told;
use crate::model::{
    Desired, Endpoint, Finding, Guard, Locator, Origin, Outcome, Row, Severity, Skip, Span, TagTemplate,
};

/// Whoever asks for entries.
#[derive(Debug, Clone)]
pub(super) struct Asker<'a> {
    pub(super) origin: Origin,
    pub(super) owner: &'static str,
    /// Where it is written, if it is.
    pub(super) place: Option<&'a Span>,
}

/// What came of what was asked for so far.
#[derive(Debug)]
pub(super) struct Drafts<'a> {
    pub(super) asked: &'a Asked,
    pub(super) streams: &'a Streams,
    pub(super) ignoring: Ignoring<'a>,
    pub(super) excluding: Excluding<'a>,
    /// The tags that a rule or a flag picked already.
    pub(super) seen: HashSet<IsTag>,
    guards: Vec<Guard>,
    template: Option<TagTemplate>,
    claims: Vec<Claim>,
    wish: Wish,
}

impl<'a> Drafts<'a> {
    pub(super) fn new(asked: &'a Asked, streams: &'a Streams) -> Self {
        Self {
            asked,
            streams,
            ignoring: Ignoring::new(asked.config.as_ref(), &asked.names),
            excluding: Excluding::new(&asked.selection),
            seen: HashSet::new(),
            guards: asked.names.guards(),
            template: asked.names.template(),
            claims: Vec::new(),
            wish: Wish { findings: streams.findings().to_vec(), ..Wish::default() },
        }
    }

    /// Rows and findings, and all that is to be judged.
    pub(super) fn finish(self) -> (Wish, Vec<Claim>) {
        (self.wish, self.claims)
    }

    /// A row for each part of the cluster that could not be read.
    pub(super) fn what_is_unread(&mut self) {
        for unread in self.streams.failures() {
            let origin = Origin::ImageStreamTag { stream: unread.part.to_string().into(), tag: None };
            let ends = (
                Locator::Text(unread.part.described().into()),
                Locator::Text(self.asked.names.target.to_string().into()),
            );
            self.wish.rows.push(Row::of_nothing(
                origin,
                None,
                ends,
                Outcome::of_failure(unread.failure.clone()),
            ));
        }
    }

    /// Says which entries of `ignoredSources` and which exclusions are of no use, where everything is known that could have
    /// been left out.
    pub(super) fn unused(&mut self) {
        if !self.streams.failures().is_empty() {
            return;
        }
        let file = self.asked.config.as_ref().map(|config| &config.file);
        for (file, entry) in
            file.into_iter().flat_map(|file| self.ignoring.unused().map(move |entry| (file, entry)))
        {
            let message = "this entry of `ignoredSources` matches nothing";
            let finding = at(file, Some(&entry.place), "ignores-nothing", message);
            self.wish.findings.push(finding.hint("take it out, or correct it"));
        }
        for exclusion in self.excluding.unused() {
            let message = format!("`--exclude {exclusion}` excludes nothing of what the flags pick");
            let finding = at(&exclusion.to_string().into(), None, "excludes-nothing", message);
            self.wish.findings.push(finding.hint("take it out, or correct it"));
        }
    }

    /// A row for what `ignored` says to leave alone.
    pub(super) fn leave(&mut self, asker: &Asker<'_>, (source, target): (String, String), ignored: &Ignored) {
        let reason = ignored.reason.as_deref().map(told);
        let ends = (Locator::Text(source.into()), Locator::Text(target.into()));
        self.row(asker, ends, Outcome::Skipped(Skip::Ignored(reason)));
    }

    /// As [`Drafts::leave`], of a tag that is called after itself.
    pub(super) fn leave_tag(&mut self, asker: &Asker<'_>, istag: &IsTag, ignored: &Ignored) {
        self.leave(asker, (istag.to_string(), self.asked.names.shown(istag)), ignored);
    }

    /// An entry from `found` to the name of `key` in the target repository.
    pub(super) fn want_in_target(&mut self, asker: &Asker<'_>, key: &IsTag, found: Result<Found, Ended>) {
        let target = self.asked.names.image_of(key).map(Endpoint::Registry);
        if let Ok(target) = &target {
            self.warn_if_shortened(asker, target);
        }
        let shown = || self.asked.names.shown(key);
        let guards = self.guards.clone();
        self.entry(asker, target.map_err(|error| (error, shown())), guards, found);
    }

    /// An entry from `found` to the tag `key` of the cluster.
    pub(super) fn want_in_cluster(&mut self, asker: &Asker<'_>, key: &IsTag, found: Result<Found, Ended>) {
        let target = self.cluster_image(key);
        let shown = || self.asked.names.shown_in_cluster(key);
        self.entry(asker, target.map_err(|error| (error, shown())), vec![Guard::Unmoved], found);
    }

    fn entry(
        &mut self,
        asker: &Asker<'_>,
        target: Result<Endpoint, (EntryError, String)>,
        guards: Vec<Guard>,
        found: Result<Found, Ended>,
    ) {
        match (target, found) {
            (Ok(target), Ok(found)) => {
                let Found { source, istag, created } = found;
                let (origin, owner) = (asker.origin.clone(), Some(asker.owner.into()));
                let desired = Desired { origin, owner, source, target, guards };
                self.claims.push(Claim::wanted(Wanted { desired, istag, created, level: 0 }));
            }
            (Ok(target), Err(Ended { source, outcome })) => {
                let (origin, text) = (asker.origin.clone(), Locator::Text(source.to_string().into()));
                let state = State::Ended(self.wish.rows.len());
                self.row(asker, (text.clone(), target.clone().into()), outcome);
                let istag = if let Lost::Tag(istag) = source { Some(istag) } else { None };
                self.claims.push(Claim { origin, source: text, istag, target, state });
            }
            (Err((_, shown)), Err(ended)) => {
                self.row(
                    asker,
                    (Locator::Text(ended.source.to_string().into()), Locator::Text(shown.into())),
                    ended.outcome,
                );
            }
            (Err((error, shown)), Ok(found)) => {
                self.row(asker, (found.source.into(), Locator::Text(shown.into())), failed(error));
            }
        }
    }

    /// Takes into account that `asker` may want the image of `istag`, of which `failure` hides whether it does.
    pub(super) fn may_want_in_target(&mut self, asker: &Asker<'_>, istag: &IsTag, failure: Failure) {
        if let Ok(target) = self.asked.names.image_of(istag) {
            self.claims.push(Claim {
                origin: asker.origin.clone(),
                source: Locator::Text(istag.to_string().into()),
                istag: Some(istag.clone()),
                target: Endpoint::Registry(target),
                state: State::Possible(failure),
            });
        }
    }

    fn row(&mut self, asker: &Asker<'_>, ends: (Locator, Locator), outcome: Outcome) {
        let owner = Some(asker.owner.into());
        self.wish.rows.push(Row::of_nothing(asker.origin.clone(), owner, ends, outcome));
    }

    /// A row for what was asked for and is no entry at all.
    pub(super) fn fail(&mut self, asker: &Asker<'_>, source: &str, failure: Failure) {
        let ends = (Locator::Text(source.into()), Locator::Text(self.asked.names.target.to_string().into()));
        self.row(asker, ends, Outcome::of_failure(failure));
    }

    /// Says what is odd about what `asker` asks for.
    pub(super) fn warn(&mut self, asker: &Asker<'_>, code: &'static str, message: String) {
        let finding = at(asker.origin.group(), asker.place, code, message);
        self.wish.findings.push(finding);
    }

    fn warn_if_shortened(&mut self, asker: &Asker<'_>, target: &Endpoint) {
        let Some((template, tag)) = self.template.as_ref().zip(target.tag()) else { return };
        if template.is_shortened(tag) {
            let message = format!(
                "the backup tag of `{tag}` would be too long: its end gives way to a hash of the whole"
            );
            self.warn(asker, "shortened-tag", message);
        }
    }
}

/// A warning with its place, if it has one.
fn at(file: &Arc<str>, place: Option<&Span>, code: &'static str, message: impl Into<String>) -> Finding {
    let mut finding = Finding::about(file, Severity::Warning, code, message);
    finding.span = place.cloned();
    finding
}

/// The outcome of an entry that cannot be one.
pub(super) fn failed(error: EntryError) -> Outcome {
    Outcome::Failed(Failure::new(Stage::Read, error))
}
