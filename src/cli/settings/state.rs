//! The settings of what is kept between runs.

use std::num::NonZeroU32;

use super::imagestreams::usual;
use super::{Draft, UsageError};
use crate::cli::args::value::Count;
use crate::cli::args::{QuarantineArgs, StateArgs};
use crate::cluster::Access;
use crate::history::Place;
use crate::model::Shard;

const QUARANTINE_AFTER: NonZeroU32 = NonZeroU32::new(3).unwrap();

/// What is kept between runs.
#[derive(Debug, Clone)]
pub struct StateSettings {
    /// Where.
    pub place: Place,
    /// An entry that failed in so many runs in a row is set apart.
    pub quarantine_after: NonZeroU32,
    /// How a ConfigMap is reached.
    pub access: Access,
}

impl Draft<'_> {
    /// None: nothing is kept, or something is wrong, which is among the errors.
    pub(super) fn state(&mut self, args: StateArgs, shard: Option<Shard>) -> Option<StateSettings> {
        let args: StateArgs = args.over(self.group());
        let place = args.state?;
        let place = match shard {
            None => Ok(place),
            Some(shard) => place.of_shard(shard),
        };
        let wrong =
            |why: crate::history::PlaceError| UsageError::Wrong { flag: "state", why: why.to_string() };
        let place = place.map_err(|why| self.errors.push(wrong(why))).ok()?;
        let after = args.quarantine_after.and_then(|Count(count)| NonZeroU32::try_from(count).ok());
        let access = Access { usual: usual(&self.environment.platform()), ..Access::default() };
        Some(StateSettings { place, quarantine_after: after.unwrap_or(QUARANTINE_AFTER), access })
    }

    pub(super) fn quarantine_ok(&mut self, args: QuarantineArgs, has_state: bool) -> bool {
        let args: QuarantineArgs = args.over(self.group());
        let is_ok = args.quarantine_ok.is_some_and(|truth| truth.0);
        if is_ok && !has_state {
            let why = "without `--state` nothing is known of earlier runs, so nothing is ever quarantined"
                .to_owned();
            self.errors.push(UsageError::Wrong { flag: "quarantine-ok", why });
        }
        is_ok
    }
}
