//! What is kept between runs, as commands use it.

use super::connect::{self, ConnectError};
use super::settings::{Connection, StateSettings};
use crate::engine::Stop;
use crate::history::{Keeper, Means};

/// The state, not read yet.
pub(super) struct Kept {
    settings: StateSettings,
    means: Means,
}

impl Kept {
    /// As `settings` say; none: nothing is kept.
    pub(super) fn new(
        settings: Option<&StateSettings>,
        connection: &Connection,
    ) -> Result<Option<Self>, ConnectError> {
        let Some(settings) = settings.cloned() else { return Ok(None) };
        let (client, access) = (connect::client_beside(connection)?, settings.access.clone());
        Ok(Some(Self { settings, means: Means { client, access } }))
    }

    /// Reads it; none: the run is to stop.
    pub(super) async fn read(self, stop: &Stop) -> Option<Keeper> {
        let Self { settings: StateSettings { place, quarantine_after, .. }, means } = self;
        stop.gently.run_until_cancelled(Keeper::read(place, means, quarantine_after)).await
    }
}
