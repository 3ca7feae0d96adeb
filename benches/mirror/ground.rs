//! The registries of a run, each behind its front.

use std::path::PathBuf;
use std::time::Duration;

use tempfile::TempDir;

use crate::Result;
use crate::path::{Fronts, Passed};
use crate::pool::Pool;
use crate::registry::Registry;
use crate::scenario::{Scenario, To};
use crate::set::Set;
use crate::store::Store;
use crate::tokens::Tokens;

/// What all grounds stand on.
#[derive(Debug)]
pub struct Grounds {
    pub pool: Pool,
    fronts: Fronts,
    tokens: Tokens,
    _certificates: TempDir,
}

/// A registry behind its front.
#[derive(Debug)]
pub struct Served {
    pub registry: Registry,
    pub host: String,
    /// The front of its token service.
    tokens: Option<String>,
}

/// The registries of a run.
#[derive(Debug)]
pub struct Ground {
    pub source: Served,
    pub targets: Vec<Served>,
}

impl Grounds {
    pub fn new() -> Result<Self> {
        let certificates = tempfile::tempdir()?;
        let fronts = Fronts::start(certificates.path())?;
        Ok(Self { pool: Pool::new()?, fronts, tokens: Tokens::start()?, _certificates: certificates })
    }

    /// The certificate to trust, the only file of its folder.
    pub fn authority(&self) -> PathBuf {
        self.fronts.authority().to_owned()
    }

    /// Registries that hold what they are to hold before a run.
    pub fn open(&mut self, scenario: &Scenario<'_>) -> Result<Ground> {
        let source = self.serve(scenario, Some(scenario.set))?;
        let count = match scenario.to {
            To::Same => 0,
            To::Others(count) => count,
        };
        let targets: Result<_> = (0..count).map(|_| self.serve(scenario, scenario.before)).collect();
        Ok(Ground { source, targets: targets? })
    }

    fn serve(&mut self, scenario: &Scenario<'_>, set: Option<&Set>) -> Result<Served> {
        let store = Store::new()?;
        if let Some(set) = set {
            store.lay(&self.pool, set)?;
        }
        let tokens = if scenario.has_tokens {
            Some(self.fronts.open(self.tokens.host(), scenario.rtt)?)
        } else {
            None
        };
        let service = tokens.as_ref().map(|front| (&self.tokens, front.as_str()));
        let registry = Registry::start(store, service)?;
        let host = self.fronts.open(&registry.host, scenario.rtt)?;
        Ok(Served { registry, host, tokens })
    }

    pub fn close(&mut self, ground: Ground) -> Result<()> {
        for served in ground.targets.into_iter().chain([ground.source]) {
            for host in std::iter::once(served.host).chain(served.tokens) {
                self.fronts.close(&host)?;
            }
        }
        Ok(())
    }

    /// What passed the fronts since the last call, towards the source and towards the targets.
    pub fn passed(&mut self, ground: &Ground, rtt: Duration) -> Result<(Passed, Passed)> {
        // Everything has come out of the delay lines by then.
        std::thread::sleep(2 * rtt + Duration::from_millis(20));
        let source = self.take(&ground.source)?;
        let mut target = Passed::default();
        for served in &ground.targets {
            target = target.and(&self.take(served)?);
        }
        Ok((source, target))
    }

    fn take(&mut self, served: &Served) -> Result<Passed> {
        let passed = self.fronts.take(&served.host)?;
        match &served.tokens {
            Some(tokens) => Ok(passed.and(&self.fronts.take(tokens)?)),
            None => Ok(passed),
        }
    }
}

impl Ground {
    pub fn hosts(&self) -> Vec<&str> {
        std::iter::once(&self.source).chain(&self.targets).map(|served| served.host.as_str()).collect()
    }

    /// What mappings call the targets.
    pub fn words(&self) -> Vec<String> {
        if self.targets.is_empty() {
            return vec![format!("{}/new", self.source.host)];
        }
        self.targets.iter().map(|target| target.host.clone()).collect()
    }
}
