//! The lease that one of several replicas holds: `coordination.k8s.io/v1`, as client-go's leader election keeps it.
//!
//! The crates at hand for it (`kube-leader-election`, `kube-lease-manager`) compare the `renewTime` that another
//! machine wrote with the clock of this one; with clocks apart, two replicas would write. Here a lease counts as
//! given up when it was not seen to change for its duration by our own monotonic clock, as in client-go.

use std::convert::Infallible;
use std::time::Duration;

use k8s_openapi::api::coordination::v1::{Lease, LeaseSpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{MicroTime, ObjectMeta};
use k8s_openapi::jiff::Timestamp;
use kube::Api;
use kube::api::PostParams;
use tokio::sync::watch;
use tokio::time::Instant;

use super::ask::Right;
use super::error::{Error, Kind};
use super::standing::Terms;
use super::{Cluster, Standing};
use crate::error::{Chain, Classify as _};

/// Which lease, and who we are.
#[derive(Debug, Clone)]
pub struct LeaseSettings {
    /// The namespace of the lease.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// Who we are, for people: the pod's name. Two that share it are told apart.
    pub identity: String,
    /// How long the lease outlives its last renewal; whole seconds, at least 15.
    pub duration: Duration,
}

/// The shortest duration: less would not outlast one slow answer.
const SHORTEST: Duration = Duration::from_secs(15);
/// So much before the lease ends we stop writing: what was sent until then has this long to arrive.
const MARGIN: Duration = Duration::from_secs(5);
/// How often who waits for the lease looks at it, and when what failed is tried again; as client-go does.
const LOOK: Duration = Duration::from_secs(2);

/// A campaign for the lease, to be [run](Campaign::run), and what it has come to.
#[must_use]
pub fn lease(cluster: &Cluster, settings: LeaseSettings) -> (Standing, Campaign) {
    let (terms, standing) = watch::channel(Terms::default());
    let duration = Duration::from_secs(settings.duration.max(SHORTEST).as_secs());
    let campaign = Campaign {
        api: Api::namespaced(cluster.client.clone(), &settings.namespace),
        cluster: cluster.clone(),
        // Of two processes with one name each would think that the lease is its own.
        identity: format!("{}_{:016x}", settings.identity, fastrand::u64(..)),
        settings: LeaseSettings { duration, ..settings },
        terms,
        observed: None,
        awaited: None,
        is_troubled: false,
    };
    (Standing::new(standing), campaign)
}

/// Acquires and renews the lease.
#[derive(Debug)]
pub struct Campaign {
    api: Api<Lease>,
    cluster: Cluster,
    settings: LeaseSettings,
    identity: String,
    terms: watch::Sender<Terms>,
    observed: Option<Observed>,
    /// The holder that we were last said to wait for.
    awaited: Option<String>,
    /// Whether the last round failed: it is said once.
    is_troubled: bool,
}

/// The lease as it was when it was last seen to change.
#[derive(Debug)]
struct Observed {
    /// None: it is not there any more.
    version: Option<String>,
    since: Instant,
    /// How long it must stay unchanged until it is free.
    duration: Duration,
}

impl Campaign {
    /// Acquires the lease as soon as it is free and renews it every third of its duration, for ever. What goes wrong
    /// is logged and tried again. To be dropped when writing is over, and then [released](Campaign::release).
    pub async fn run(&mut self) -> Infallible {
        let told = tell(self.place(), Standing::new(self.terms.subscribe()));
        tokio::select! {
            never = self.rounds() => never,
            never = told => never,
        }
    }

    async fn rounds(&mut self) -> Infallible {
        loop {
            let began = Instant::now();
            let is_ours = self.round().await;
            let pause = if is_ours { self.period() } else { LOOK };
            tokio::time::sleep_until(began + pause).await;
        }
    }

    /// Gives the lease up, if it is ours, so that another need not wait for its end. Nothing may be written any more
    /// by then, and [`Standing::may_write`] is false from the first moment.
    ///
    /// # Errors
    /// The API server cannot be reached or refuses; the lease then ends by itself.
    pub async fn release(self) -> Result<(), Error> {
        self.terms.send_modify(|terms| terms.ours = None);
        let released = tokio::time::timeout(self.period(), self.give_up()).await;
        released.unwrap_or_else(|_| Err(self.error(Kind::silent(&self.cluster.server, self.period()))))
    }

    /// One look, and what follows from it: whether the lease is ours now.
    async fn round(&mut self) -> bool {
        let tried = tokio::time::timeout(self.period(), self.take_or_renew()).await;
        match tried.unwrap_or_else(|_| Err(self.error(Kind::silent(&self.cluster.server, self.period())))) {
            Ok(is_ours) => {
                self.is_troubled = false;
                is_ours
            }
            Err(error) => {
                self.complain(&error);
                false
            }
        }
    }

    async fn take_or_renew(&mut self) -> Result<bool, Error> {
        let found = self.look().await?;
        self.observe(found.as_ref());
        if !self.may_take(found.as_ref()) {
            self.wait_for(found.as_ref().and_then(holder));
            return Ok(false);
        }
        let wanted = self.signed(found);
        let sent = Instant::now();
        let stored = self.write(&wanted).await?;
        let known = Some(Instant::now() + self.settings.duration);
        // Where another was first, the next look tells what that means.
        let Some(stored) = stored else {
            self.terms.send_modify(|terms| terms.known = known);
            return Ok(false);
        };
        self.observe(Some(&stored));
        self.awaited = None;
        self.terms.send_replace(Terms { ours: Some(sent + self.settings.duration - MARGIN), known });
        Ok(true)
    }

    fn observe(&mut self, found: Option<&Lease>) {
        let version = found.and_then(|lease| lease.metadata.resource_version.clone());
        let is_known = match &self.observed {
            Some(observed) => observed.version == version,
            None => found.is_none(),
        };
        if !is_known {
            let seconds = found.and_then(|lease| lease.spec.as_ref()?.lease_duration_seconds);
            let named = seconds.and_then(|seconds| u64::try_from(seconds).ok()).map(Duration::from_secs);
            let before = self.observed.as_ref().map_or(self.settings.duration, |observed| observed.duration);
            self.observed =
                Some(Observed { version, since: Instant::now(), duration: named.unwrap_or(before) });
        }
    }

    /// Whether the lease is ours, or nobody's. One that was deleted is its holder's for as long as that one may think so.
    fn may_take(&self, found: Option<&Lease>) -> bool {
        let is_free = found.is_some_and(|lease| holder(lease).is_none_or(|holder| holder == self.identity));
        is_free || self.observed.as_ref().is_none_or(|observed| observed.since.elapsed() >= observed.duration)
    }

    /// The lease with our name under it, and everything else that it holds.
    fn signed(&self, found: Option<Lease>) -> Lease {
        let name = Some(self.settings.name.clone());
        let mut lease = found
            .unwrap_or_else(|| Lease { metadata: ObjectMeta { name, ..ObjectMeta::default() }, spec: None });
        let is_ours = holder(&lease) == Some(&self.identity);
        let (spec, now) = (lease.spec.get_or_insert_with(LeaseSpec::default), MicroTime(Timestamp::now()));
        if !is_ours {
            spec.lease_transitions = Some(spec.lease_transitions.map_or(0, |times| times.saturating_add(1)));
            spec.acquire_time = Some(now.clone());
            spec.holder_identity = Some(self.identity.clone());
        }
        spec.renew_time = Some(now);
        spec.lease_duration_seconds = i32::try_from(self.settings.duration.as_secs()).ok();
        lease
    }

    /// The lease is another's. Each is named once, and after it was said that the lease is no longer ours.
    fn wait_for(&mut self, holder: Option<&str>) {
        let known = Some(Instant::now() + self.settings.duration);
        let was_ours = self.terms.send_replace(Terms { ours: None, known }).ours.is_some();
        if !was_ours && holder != self.awaited.as_deref() {
            self.awaited = holder.map(str::to_owned);
            if let Some(holder) = holder {
                tracing::info!("the lease {} is held by {holder}: waiting for it", self.place());
            }
        }
    }

    fn complain(&mut self, error: &Error) {
        let (said, advice) = (Chain(error).to_string(), error.advice().unwrap_or_default());
        if self.is_troubled {
            tracing::debug!(error = said, "trying again");
        } else {
            tracing::warn!(error = said, advice, "it is tried again until it works");
        }
        self.is_troubled = true;
    }

    async fn give_up(&self) -> Result<(), Error> {
        loop {
            let Some(mut lease) = self.look().await? else { return Ok(()) };
            if holder(&lease) != Some(&self.identity) {
                return Ok(());
            }
            let spec = lease.spec.get_or_insert_with(LeaseSpec::default);
            // The API takes no empty name.
            spec.holder_identity = None;
            spec.renew_time = Some(MicroTime(Timestamp::now()));
            if self.write(&lease).await?.is_some() {
                return Ok(());
            }
        }
    }

    async fn look(&self) -> Result<Option<Lease>, Error> {
        let found = self.api.get_opt(&self.settings.name).await;
        found.inspect(|_| self.cluster.note_answer()).map_err(|error| self.failed(error))
    }

    /// Writes the lease, if it still is as it was when we looked; none: it is not, and nothing was written.
    async fn write(&self, lease: &Lease) -> Result<Option<Lease>, Error> {
        let parameters = PostParams::default();
        let written = match &lease.metadata.resource_version {
            None => self.api.create(&parameters, lease).await,
            Some(_) => self.api.replace(&self.settings.name, &parameters, lease).await,
        };
        match written {
            Ok(stored) => Ok(Some(stored)),
            Err(kube::Error::Api(status)) if status.is_conflict() || status.is_already_exists() => Ok(None),
            Err(error) => Err(self.failed(error)),
        }
    }

    fn failed(&self, error: kube::Error) -> Error {
        self.cluster.failed(self.operation(), &Right::lease(&self.settings.namespace), error)
    }

    fn error(&self, kind: Kind) -> Error {
        self.cluster.error(self.operation(), &Right::lease(&self.settings.namespace), kind)
    }

    fn operation(&self) -> String {
        format!("holding the lease `{}`", self.place())
    }

    fn place(&self) -> String {
        format!("{}/{}", self.settings.namespace, self.settings.name)
    }

    fn period(&self) -> Duration {
        self.settings.duration / 3
    }
}

/// Says when the lease at `place` becomes ours, and when it is lost, at the moment it is.
async fn tell(place: String, standing: Standing) -> Infallible {
    loop {
        standing.held().await;
        tracing::info!("the lease {place} is ours");
        standing.lost().await;
        tracing::warn!("the lease {place} is lost: nothing is written any more");
    }
}

/// Whose the lease is.
fn holder(lease: &Lease) -> Option<&str> {
    lease.spec.as_ref()?.holder_identity.as_deref().filter(|holder| !holder.is_empty())
}
