//! Who wants what of which target, whether or not it can be had now.

use super::Wanted;
use crate::error::Failure;
use crate::imagestreams::loops::Places;
use crate::imagestreams::selection::IsTag;
use crate::model::{Endpoint, Locator, Origin};

/// What is wanted of one target. That a source is not there now changes nothing about what it contradicts.
#[derive(Debug)]
pub(super) struct Claim {
    pub(super) origin: Origin,
    pub(super) source: Locator,
    /// The tag of an ImageStream that the source is; none: it is another image.
    pub(super) istag: Option<IsTag>,
    pub(super) target: Endpoint,
    pub(super) state: State,
}

/// How far a claim came.
#[derive(Debug)]
pub(super) enum State {
    /// Its source is there.
    Wanted(Box<Wanted>),
    /// It ended without a source; which row says so.
    Ended(usize),
    /// Somebody may want it: the ImageStream that would tell is not known, for this.
    Possible(Failure),
}

impl Claim {
    pub(super) fn wanted(wanted: Wanted) -> Self {
        let desired = &wanted.desired;
        Self {
            origin: desired.origin.clone(),
            source: desired.source.clone().into(),
            istag: wanted.istag.clone(),
            target: desired.target.clone(),
            state: State::Wanted(Box::new(wanted)),
        }
    }

    /// Whether both want the same image. A tag is the same whatever is under it.
    pub(super) fn agrees(&self, other: &Self) -> bool {
        let is_one_tag = self.istag.is_some() && self.istag == other.istag;
        is_one_tag || self.source == other.source
    }

    /// The places that it reads and writes.
    pub(super) fn ends(&self, places: &Places) -> (String, String) {
        let source = match (&self.istag, &self.state) {
            (Some(istag), _) => Places::of_istag(istag),
            (None, State::Wanted(wanted)) => places.of(&wanted.desired.source),
            (None, State::Ended(_) | State::Possible(_)) => self.source.to_string(),
        };
        (source, places.of(&self.target))
    }

    pub(super) fn is_possible(&self) -> bool {
        matches!(self.state, State::Possible(_))
    }
}
