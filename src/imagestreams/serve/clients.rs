//! The registry client of the moment. One lives as long as a look through everything: logins are read anew with it, and
//! what it learnt of a host that did not answer is forgotten.

use std::error::Error;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::engine::Ground;
use crate::registry::Client;

/// Makes a client.
pub type Connect = Box<dyn Fn() -> Result<Client, Box<dyn Error + Send + Sync>> + Send + Sync>;

/// A client is not replaced sooner, however many copies find a host silent.
const LEAST: Duration = Duration::from_secs(10);

/// The client of the moment.
pub(super) struct Clients {
    connect: Connect,
    current: Mutex<Current>,
}

#[derive(Clone)]
struct Current {
    client: Client,
    /// What copies with this client share.
    ground: Ground,
    since: Instant,
}

impl Clients {
    pub(super) fn new(connect: Connect) -> Result<Self, Box<dyn Error + Send + Sync>> {
        let current = Current::new(connect()?);
        Ok(Self { connect, current: Mutex::new(current) })
    }

    /// The client to use now, and what those who copy with it share.
    pub(super) fn current(&self) -> (Client, Ground) {
        let current = self.lock();
        (current.client.clone(), current.ground.clone())
    }

    /// Replaces the client, unless that was just done. With logins that cannot be read the old ones stay.
    pub(super) fn renew(&self) {
        let mut current = self.lock();
        if current.since.elapsed() < LEAST {
            return;
        }
        match (self.connect)() {
            Ok(client) => *current = Current::new(client),
            Err(error) => {
                tracing::error!("{}; going on with the logins as they were", crate::error::Chain(&*error));
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Current> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Current {
    fn new(client: Client) -> Self {
        Self { client, ground: Ground::default(), since: Instant::now() }
    }
}

impl std::fmt::Debug for Clients {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Clients").finish_non_exhaustive()
    }
}
