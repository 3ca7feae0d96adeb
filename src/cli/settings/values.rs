//! The settings as types: what each command works with.

use std::num::{NonZeroU32, NonZeroUsize};
use std::path::PathBuf;
use std::time::Duration;

use regex::Regex;

use super::environment::Platform;
use super::policy::PolicySettings;
use super::state::StateSettings;
use crate::cli::args::value::{Count, HostName, Span, Truth};
use crate::cli::args::{
    ColorChoice, ConnectionArgs, ConsoleArgs, ContentArgs, CopyArgs, LogFormat, OutputFormat, PaceArgs,
    PlanFormat, ProgressMode,
};
use crate::model::{Host, Shard};

/// `run` and `plan`.
#[derive(Debug)]
pub struct Run {
    /// The command as typed.
    pub command: &'static str,
    /// Nothing may be written.
    pub dry_run: bool,
    /// Exit 1 if anything would be moved.
    pub check: bool,
    /// Only lines that were added or altered since this Git revision.
    pub since: Option<String>,
    /// How a plan is printed; none: it is a run.
    pub plan: Option<PlanFormat>,
    /// Files, directories, globs or `-`.
    pub inputs: Vec<String>,
    /// What is compared and copied.
    pub copying: Copying,
    /// What may be written.
    pub policy: PolicySettings,
    /// How much at a time and how long.
    pub pace: Pace,
    /// Which target repositories; none: all.
    pub shard: Option<Shard>,
    /// What is kept between runs; none: nothing.
    pub state: Option<StateSettings>,
    /// What is quarantined does not count for the exit code.
    pub quarantine_ok: bool,
    /// How registries are reached.
    pub connection: Connection,
}

/// `lint`.
#[derive(Debug)]
pub struct Lint {
    /// Files, directories, globs or `-`.
    pub inputs: Vec<String>,
    /// Also ask whether the sources exist.
    pub resolve: bool,
    /// A warning counts as an error.
    pub strict: bool,
    /// How findings are printed.
    pub output: OutputFormat,
    /// What may be written.
    pub policy: PolicySettings,
    /// Where the job files are.
    pub jobs_dir: Option<PathBuf>,
    /// How registries are reached.
    pub connection: Connection,
}

/// `explain`.
#[derive(Debug)]
pub struct Explain {
    /// The target, as typed.
    pub target: String,
    /// What is kept between runs; none: nothing.
    pub state: Option<StateSettings>,
    /// Files, directories, globs or `-`.
    pub inputs: Vec<String>,
    /// What a run would compare and copy.
    pub copying: Copying,
    /// What may be written.
    pub policy: PolicySettings,
    /// How registries are reached.
    pub connection: Connection,
}

/// `configmap`.
#[derive(Debug)]
pub struct Configmap {
    /// Files, directories, globs or `-`.
    pub inputs: Vec<String>,
    /// Its name.
    pub name: String,
    /// Its namespace.
    pub namespace: String,
}

/// `auth check`.
#[derive(Debug)]
pub struct AuthCheck {
    /// Files, directories, globs or `-`.
    pub inputs: Vec<String>,
    /// What may be written.
    pub policy: PolicySettings,
    /// Also ask for the right to push to targets.
    pub push: bool,
    /// How the answer is printed.
    pub output: OutputFormat,
    /// How registries are reached.
    pub connection: Connection,
}

/// `report merge`.
#[derive(Debug)]
pub struct Merge {
    /// Files or globs.
    pub files: Vec<String>,
    /// Where the report files of the whole go.
    pub artifacts: Option<PathBuf>,
}

/// How much is said on stderr.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verbosity {
    /// Errors.
    Errors,
    /// Errors and warnings.
    Warnings,
    /// Also what a person should know.
    Normal,
    /// Also what we do and why.
    Debug,
    /// Also every request.
    Trace,
}

/// How to speak.
#[derive(Debug, Clone)]
pub struct Console {
    /// How log lines look.
    pub log_format: LogFormat,
    /// How progress is shown.
    pub progress: ProgressMode,
    /// Whether colours are used.
    pub color: ColorChoice,
    /// How much is said.
    pub verbosity: Verbosity,
    /// The width that `COLUMNS` gives.
    pub columns: Option<u16>,
}

impl Console {
    pub(super) fn new(args: ConsoleArgs, platform: &Platform) -> Self {
        let color = args.color.unwrap_or_default();
        let muted = color == ColorChoice::Auto && platform.no_color.is_some();
        Self {
            log_format: args.log_format.unwrap_or_default(),
            progress: args.progress.unwrap_or_default(),
            color: if muted { ColorChoice::Never } else { color },
            verbosity: match (args.verbose, args.quiet) {
                (0, 0) => Verbosity::Normal,
                (1, _) => Verbosity::Debug,
                (2.., _) => Verbosity::Trace,
                (0, 1) => Verbosity::Warnings,
                (0, _) => Verbosity::Errors,
            },
            columns: platform.columns.as_deref().and_then(|text| text.parse().ok()),
        }
    }
}

impl Console {
    /// The same, saying at least so much.
    pub(super) fn at_least(self, verbosity: Verbosity) -> Self {
        Self { verbosity: self.verbosity.max(verbosity), ..self }
    }
}

/// What is compared and copied, and what counts as wrong.
#[derive(Debug, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own; none excludes another")]
pub struct Copying {
    /// Only these platforms; none: lists are kept whole.
    pub filter_by_os: Option<Regex>,
    /// Skip entries without a source.
    pub skip_missing: bool,
    /// Check that unchanged targets are whole.
    pub verify_content: bool,
    /// Write every manifest again.
    pub force: bool,
    /// Never mount.
    pub skip_mount: bool,
    /// Copy what refers to an image.
    pub referrers: bool,
    /// Attempt nothing if any line is bad.
    pub strict: bool,
    /// Having no entry is fine.
    pub allow_empty: bool,
    /// A wildcard that matches nothing is a failure.
    pub fail_on_empty_match: bool,
    /// How many tags a wildcard may match.
    pub max_wildcard_tags: NonZeroUsize,
}

const MAX_WILDCARD_TAGS: NonZeroUsize = NonZeroUsize::new(10_000).unwrap();

impl Copying {
    pub(super) fn new(args: &CopyArgs, content: ContentArgs) -> Self {
        let on = |flag: Option<Truth>| flag.is_some_and(|truth| truth.0);
        let whole = on(args.keep_manifest_list);
        let force = on(content.force);
        Self {
            filter_by_os: filter(args).filter(|_| !whole),
            skip_missing: on(args.skip_missing),
            verify_content: on(content.verify_content) || force,
            force,
            skip_mount: on(content.skip_mount),
            referrers: on(content.referrers),
            strict: on(args.strict),
            allow_empty: on(args.allow_empty),
            fail_on_empty_match: on(args.fail_on_empty_match),
            max_wildcard_tags: args.max_wildcard_tags.map_or(MAX_WILDCARD_TAGS, |Count(count)| count),
        }
    }

    /// What differs by name only, in every entry.
    pub(in crate::cli) fn names_only() -> Self {
        Self::new(&CopyArgs::default(), ContentArgs::default())
    }

    /// Whether a filter was given beside `--keep-manifest-list`, which overrules it as in `oc`.
    pub(super) fn ignores_filter(args: &CopyArgs) -> bool {
        args.keep_manifest_list.is_some_and(|truth| truth.0) && filter(args).is_some()
    }
}

/// `.*` and nothing mean all platforms, and then a list is kept byte for byte.
fn filter(args: &CopyArgs) -> Option<Regex> {
    args.filter_by_os
        .as_ref()
        .map(|pattern| pattern.0.clone())
        .filter(|regex| !matches!(regex.as_str(), "" | ".*"))
}

/// How much at a time, how long, and where the reports go.
#[derive(Debug, Clone)]
pub struct Pace {
    /// Where the report files go.
    pub artifacts: Option<PathBuf>,
    /// Entries under way at a time.
    pub jobs: NonZeroUsize,
    /// No entry starts after this long.
    pub deadline: Option<Duration>,
    /// What running entries get after a signal or the deadline.
    pub grace: Duration,
}

pub(super) const JOBS: NonZeroUsize = NonZeroUsize::new(32).unwrap();
/// Prow and Kubernetes kill a pod 30 s after the signal unless told otherwise; the report needs a few of them.
pub(super) const GRACE: Duration = Duration::from_secs(25);

impl Pace {
    pub(super) fn new(args: PaceArgs) -> Self {
        Self {
            artifacts: args.artifacts,
            jobs: args.jobs.map_or(JOBS, |Count(count)| count),
            deadline: args.deadline.map(|Span(span)| span),
            grace: args.grace.map_or(GRACE, |Span(span)| span),
        }
    }
}

/// The certificate that we show and its key.
#[derive(Debug, Clone)]
pub struct ClientIdentity {
    /// PEM; it may hold the key too.
    pub certificate: PathBuf,
    /// PEM.
    pub key: Option<PathBuf>,
}

/// How registries are reached and who we are to them.
#[derive(Debug, Clone)]
pub struct Connection {
    /// The only login file for both ends.
    pub authfile: Option<PathBuf>,
    /// The only login file for sources.
    pub source_authfile: Option<PathBuf>,
    /// The only login file for targets.
    pub target_authfile: Option<PathBuf>,
    /// Where login files are looked for otherwise.
    pub platform: Platform,
    /// Registries that take the pod's service account.
    pub cluster_registries: Vec<Host>,
    /// Hosts that run Quay, besides quay.io.
    pub quay: Vec<Host>,
    /// A token for quay's API.
    pub quay_api_token_file: Option<PathBuf>,
    /// Hosts that speak plain http.
    pub plain_http: Vec<Host>,
    /// Loopback hosts that speak TLS.
    pub tls: Vec<Host>,
    /// More certificates to trust.
    pub ca_file: Option<PathBuf>,
    /// What we show to registries.
    pub identity: Option<ClientIdentity>,
    /// Requests under way with one registry; none: it adapts.
    pub max_per_registry: Option<NonZeroUsize>,
    /// The first try included.
    pub attempts: NonZeroU32,
    /// The longest pause that a registry may ask for.
    pub max_retry_after: Duration,
    /// How long no byte may move.
    pub stall_timeout: Duration,
    /// How long a connection may take to open.
    pub connect_timeout: Duration,
}

const ATTEMPTS: NonZeroU32 = NonZeroU32::new(5).unwrap();
const MAX_RETRY_AFTER: Duration = Duration::from_mins(10);
const STALL_TIMEOUT: Duration = Duration::from_mins(1);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

impl Connection {
    pub(super) fn new(args: ConnectionArgs, platform: Platform) -> Self {
        let hosts = |names: Vec<HostName>| names.into_iter().map(|HostName(host)| host).collect();
        let span = |span: Option<Span>, default| span.map_or(default, |Span(span)| span);
        let attempts = args.attempts.and_then(|Count(count)| NonZeroU32::try_from(count).ok());
        let key = args.client_key;
        Self {
            authfile: args.authfile,
            source_authfile: args.source_authfile,
            target_authfile: args.target_authfile,
            platform,
            cluster_registries: hosts(args.cluster_registry),
            quay: hosts(args.quay),
            quay_api_token_file: args.quay_api_token_file,
            plain_http: hosts(args.plain_http),
            tls: hosts(args.tls),
            ca_file: args.ca_file,
            identity: args.client_cert.map(|certificate| ClientIdentity { certificate, key }),
            max_per_registry: args.max_per_registry.map(|Count(count)| count),
            attempts: attempts.unwrap_or(ATTEMPTS),
            max_retry_after: span(args.max_retry_after, MAX_RETRY_AFTER),
            stall_timeout: span(args.stall_timeout, STALL_TIMEOUT),
            connect_timeout: span(args.connect_timeout, CONNECT_TIMEOUT),
        }
    }
}
