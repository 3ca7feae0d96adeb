//! The settings of `imagestreams` and `serve`.

use std::net::{Ipv4Addr, SocketAddr};
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

use super::UsageError;
use super::environment::Platform;
use super::policy::PolicySettings;
use super::values::{Connection, Copying, GRACE, JOBS, Pace};
use crate::cli::args::value::{Count, HostName, LeaseName, RepositoryName, Span, Truth};
use crate::cli::args::{ClusterArgs, NamesArgs, SelectionArgs, ServeArgs};
use crate::cluster::Access;
use crate::imagestreams::{Names, Selection};
use crate::model::Host;

/// The proxy under which clusters of OpenShift's CI read the target repository.
const PROXY_HOST: &str = "quay-proxy.ci.openshift.org";
const LISTEN: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 8090);
const INTERVAL: Duration = Duration::from_hours(1);
const LEASE_DURATION: Duration = Duration::from_secs(30);
/// Five seconds before its end nothing is written any more, so less would leave no time to renew it.
const SHORTEST_LEASE: Duration = Duration::from_secs(15);
const LEASE: &str = "image-mirror";

/// `imagestreams`.
#[derive(Debug)]
pub struct ImageStreams {
    /// Nothing may be written.
    pub dry_run: bool,
    /// What is mirrored, and where to.
    pub wanted: WantedSettings,
    /// How far it is looked at, and what travels with it.
    pub copying: Copying,
    /// What may be written.
    pub policy: PolicySettings,
    /// How much at a time and how long.
    pub pace: Pace,
    /// How registries are reached.
    pub connection: Connection,
}

/// `serve`.
#[derive(Debug)]
pub struct Serve {
    /// What is mirrored, and where to.
    pub wanted: WantedSettings,
    /// What may be written.
    pub policy: PolicySettings,
    /// Where the pages are.
    pub listen: SocketAddr,
    /// How often everything is looked through.
    pub interval: Duration,
    /// The lease whose holder writes; none: whoever runs does.
    pub lease: Option<LeaseSettings>,
    /// Images being copied at a time.
    pub jobs: NonZeroUsize,
    /// How long copies under way get after a signal.
    pub grace: Duration,
    /// How registries are reached.
    pub connection: Connection,
}

/// Which lease.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeaseSettings {
    /// Its namespace; none: that of the pod or the context.
    pub namespace: Option<String>,
    /// Its name.
    pub name: String,
    /// Who we are in it.
    pub identity: String,
    /// How long it holds.
    pub duration: Duration,
}

/// Where ImageStreams are read.
#[derive(Debug, Clone)]
pub enum Listed {
    /// In files.
    Files(Vec<PathBuf>),
    /// In a cluster.
    Cluster(Access),
}

impl Listed {
    /// Whether standard input is one of the files.
    pub(super) fn is_from_input(&self) -> bool {
        matches!(self, Self::Files(paths) if paths.iter().any(|path| path.as_os_str() == "-"))
    }
}

/// What is mirrored, and where to.
#[derive(Debug)]
pub struct WantedSettings {
    /// The configuration.
    pub config: Option<PathBuf>,
    /// What the flags pick.
    pub selection: Selection,
    /// Where ImageStreams are read.
    pub listed: Listed,
    /// Where images are and what they are called.
    pub names: Names,
    /// Having nothing to mirror is fine.
    pub allow_empty: bool,
}

impl WantedSettings {
    /// As `args` say; what is wrong with them goes to `errors`. None: something is.
    pub(super) fn new(
        (selection, cluster, names): (SelectionArgs, ClusterArgs, NamesArgs),
        platform: &Platform,
        errors: &mut Vec<UsageError>,
    ) -> Option<Self> {
        let on = |flag: Option<Truth>| flag.is_some_and(|truth| truth.0);
        let allow_empty = on(selection.allow_empty);
        let (config, selection) = (selection.config.clone(), picked(selection));
        if config.is_none() && !picks_something(&selection) {
            errors.push(UsageError::NothingPicked);
        }
        if names.target_repository.is_none() {
            errors.push(UsageError::Missing { flag: "target-repository", such_as: "quay.io/openshift/ci" });
        }
        let names = names.target_repository.map(|RepositoryName(target)| Names {
            target,
            proxy_host: names.proxy_host.map_or_else(|| Host::new(PROXY_HOST), |HostName(host)| host),
            cluster_registry: names.source_registry.map(|HostName(host)| host),
            keep: names.keep_tag.map_or_else(Default::default, Into::into),
            use_image_reference: on(names.use_image_reference),
        });
        if !cluster.from_file.is_empty() && (cluster.kubeconfig.is_some() || cluster.context.is_some()) {
            errors.push(UsageError::FilesAndCluster);
        }
        let listed = listed(cluster, platform);
        Some(Self { config, selection, listed, names: names?, allow_empty })
    }
}

fn picked(args: SelectionArgs) -> Selection {
    Selection {
        all_namespaces: args.all_namespaces.is_some_and(|truth| truth.0),
        namespaces: args.namespace,
        streams: args.stream,
        tags: args.tag,
        exclude: args.exclude,
    }
}

fn picks_something(selection: &Selection) -> bool {
    let Selection { all_namespaces, namespaces, streams, tags, exclude: _ } = selection;
    *all_namespaces || !(namespaces.is_empty() && streams.is_empty() && tags.is_empty())
}

fn listed(args: ClusterArgs, platform: &Platform) -> Listed {
    if !args.from_file.is_empty() {
        return Listed::Files(args.from_file);
    }
    let kubeconfig = args.kubeconfig.into_iter().collect();
    Listed::Cluster(Access { kubeconfig, usual: usual(platform), context: args.context })
}

/// Where `kubectl` looks for a kubeconfig that is not named.
pub(super) fn usual(platform: &Platform) -> Vec<PathBuf> {
    match &platform.kubeconfig {
        Some(paths) => std::env::split_paths(paths).filter(|path| !path.as_os_str().is_empty()).collect(),
        None => platform.home.iter().map(|home| home.join(".kube/config")).collect(),
    }
}

/// What `serve` is told beyond what is mirrored.
pub(super) struct Residence {
    pub(super) listen: SocketAddr,
    pub(super) interval: Duration,
    pub(super) lease: Option<LeaseSettings>,
    pub(super) jobs: NonZeroUsize,
    pub(super) grace: Duration,
}

impl Residence {
    /// As `args` say; what is wrong with them goes to `errors`. Without a cluster there is no lease.
    pub(super) fn new(
        args: ServeArgs,
        has_cluster: bool,
        platform: &Platform,
        errors: &mut Vec<UsageError>,
    ) -> Self {
        let span = |span: Option<Span>, default| span.map_or(default, |Span(span)| span);
        let duration = span(args.lease_duration, LEASE_DURATION);
        if duration < SHORTEST_LEASE {
            errors.push(UsageError::ShortLease);
        }
        let lease = match args.lease {
            Some(LeaseName::None) => None,
            Some(LeaseName::Of { .. }) if !has_cluster => {
                errors.push(UsageError::LeaseWithoutCluster);
                None
            }
            None if !has_cluster => None,
            None => Some((None, LEASE.to_owned())),
            Some(LeaseName::Of { namespace, name }) => Some((namespace, name)),
        };
        let identity = platform.hostname.clone().unwrap_or_else(|| LEASE.to_owned());
        Self {
            listen: args.listen.unwrap_or(LISTEN),
            interval: span(args.interval, INTERVAL),
            lease: lease.map(|(namespace, name)| LeaseSettings { namespace, name, identity, duration }),
            jobs: args.jobs.map_or(JOBS, |Count(count)| count),
            grace: span(args.grace, GRACE),
        }
    }
}
