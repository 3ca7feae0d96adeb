//! What `nightly` works with.

use std::fmt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::imagestreams::usual;
use super::{Connection, Copying, Draft, Pace, PolicySettings, UsageError};
use crate::cli::args::value::{Span, Truth};
use crate::cli::args::{
    AssemblyName, CopyArgs, Epoch, NightlyCommand, NightlyStreamArgs, ParameterArgs, PathName, Skip, Words,
    WriteArgs,
};
use crate::cluster::Access;
use crate::nightly::parameters::Parameters;
use crate::redact::mask_logins;

const DIRECTORY: &str = "imagestreams";
const RETRIGGER_WAIT: Duration = Duration::from_mins(2);
/// A release image is made of what was imported, so `--publish` waits so long for it.
const PUBLISH_WAIT: Duration = Duration::from_mins(10);

/// `nightly`.
#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own; none excludes another")]
pub struct Nightly {
    /// What is asked for beside the payload file.
    pub parameters: Parameters,
    /// The parameters in effect, for `--mock`.
    pub table: Vec<Parameter>,
    /// Nothing may be written.
    pub dry_run: bool,
    /// Nothing is done at all.
    pub mock: bool,
    /// More is said.
    pub debug: bool,
    /// Where ImageStreams are.
    pub backend: BackendSettings,
    /// Nothing is done without the image that stands in for others.
    pub strict_pod: bool,
    /// How long the cluster may take to import; none: that is not waited for.
    pub wait_import: Option<Duration>,
    /// How long the tag that retriggers stays.
    pub retrigger_wait: Duration,
    /// What keeps the number of failures.
    pub state_file: Option<PathBuf>,
    /// Where this run can be looked at; empty: nowhere.
    pub build_url: String,
    /// All times in release images; none: when their base was made.
    pub source_date_epoch: Option<SystemTime>,
    /// How far images are looked at.
    pub copying: Copying,
    /// What may be written.
    pub policy: PolicySettings,
    /// How much at a time and how long.
    pub pace: Pace,
    /// How registries are reached.
    pub connection: Connection,
}

/// Where ImageStreams are.
#[derive(Debug, Clone)]
pub enum BackendSettings {
    /// Files of a directory.
    Files(PathBuf),
    /// A cluster.
    Cluster(Access),
}

/// A parameter, what it is and who says so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parameter {
    /// Its name, which is that of its variable.
    pub name: &'static str,
    /// What it is, logins masked.
    pub value: String,
    /// Who says so.
    pub from: SaidBy,
}

/// Who says what a parameter is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SaidBy {
    /// The command line.
    Flag,
    /// A variable.
    Environment,
    /// Nobody.
    Default,
}

impl fmt::Display for SaidBy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Flag => "flag",
            Self::Environment => "environment",
            Self::Default => "default",
        })
    }
}

impl Nightly {
    /// Where plans, definitions and what is to be known of a payload are written.
    #[must_use]
    pub fn artifacts(&self) -> PathBuf {
        let folder = self.pace.artifacts.as_deref().unwrap_or(Path::new("."));
        folder.join("gen-payload-artifacts")
    }
}

impl Draft<'_> {
    /// None: something is wrong, which is among the errors.
    pub(super) fn nightly(&mut self, args: NightlyCommand) -> Nightly {
        let under: ParameterArgs = self.environment.parameters(&mut self.errors);
        let write: WriteArgs = self.group();
        let table = table((&args.parameters, &under), (&args.write, &write));
        let asked = args.parameters.over(under);
        if asked.data_gitref.is_some() {
            self.notes
                .push("DOOZER_DATA_GITREF says nothing here: the payload file is as it lies there".into());
        }
        let content = args.content.over(self.group());
        if on(content.referrers, false) {
            let instead =
                "on registries without a list of referrers their tags are those that keep images here";
            self.errors.push(UsageError::Replaced { flag: "referrers", instead });
        }
        let streams: NightlyStreamArgs = args.streams.over(self.group());
        let dry_run = on(args.write.over(write).dry_run, false);
        let backend = self.backend(&streams);
        let has_cluster = matches!(backend, BackendSettings::Cluster(_));
        let publish = on(asked.publish, false);
        self.needs_cluster(has_cluster, "wait-import", streams.wait_import.is_some());
        let retrigger = on(asked.retrigger_current_nightly, false);
        self.needs_cluster(has_cluster, "retrigger-current-nightly", retrigger);
        let wait = streams.wait_import.map(|Span(wait)| wait);
        Nightly {
            table,
            dry_run,
            mock: on(asked.mock, false),
            debug: on(asked.debug, false),
            backend,
            strict_pod: on(streams.strict_pod, true),
            wait_import: wait.or_else(|| (publish && has_cluster).then_some(PUBLISH_WAIT)),
            retrigger_wait: streams.retrigger_wait.map_or(RETRIGGER_WAIT, |Span(wait)| wait),
            state_file: streams.state_file,
            // It becomes an annotation of public ImageStreams.
            build_url: asked.build_url.as_deref().map(mask_logins).unwrap_or_default(),
            source_date_epoch: asked.source_date_epoch.map(|Epoch(time)| time),
            parameters: parameters(asked),
            copying: Copying::new(&CopyArgs::default(), content),
            policy: self.policy(args.policy),
            pace: self.pace(args.pace),
            connection: self.connection(args.connection),
        }
    }

    fn backend(&mut self, args: &NightlyStreamArgs) -> BackendSettings {
        let has_cluster = on(args.cluster, false);
        if has_cluster && args.imagestream_dir.is_some() {
            self.errors.push(UsageError::DirectoryAndCluster);
        }
        if !has_cluster && (args.kubeconfig.is_some() || args.context.is_some()) {
            self.errors.push(UsageError::ClusterNotAsked);
        }
        if has_cluster {
            let kubeconfig = args.kubeconfig.iter().cloned().collect();
            let usual = usual(&self.environment.platform());
            return BackendSettings::Cluster(Access { kubeconfig, usual, context: args.context.clone() });
        }
        BackendSettings::Files(args.imagestream_dir.clone().unwrap_or_else(|| DIRECTORY.into()))
    }

    fn needs_cluster(&mut self, has_cluster: bool, flag: &'static str, is_given: bool) {
        if is_given && !has_cluster {
            self.errors.push(UsageError::NeedsCluster { flag });
        }
    }
}

fn on(flag: Option<Truth>, default: bool) -> bool {
    flag.map_or(default, |truth| truth.0)
}

fn parameters(args: ParameterArgs) -> Parameters {
    let path = |path: Option<PathName>| path.map(|PathName(path)| path);
    Parameters {
        assembly: args.assembly.map(|AssemblyName(name)| name),
        build_version: args.build_version,
        data_path: args.data_path,
        retrigger: on(args.retrigger_current_nightly, false),
        publish: on(args.publish, false),
        images: ParameterArgs::words(args.images),
        exclude_arches: ParameterArgs::words(args.exclude_arches),
        emergency: on(args.emergency_ignore_issues, false),
        organization: path(args.organization),
        repository: path(args.repository),
        private_repository: path(args.private_repository),
        release_repository: path(args.release_repository),
        embargo_ack: on(args.embargo_permit_ack, false),
        skip_multi: args.skip_multi_arch_payload.and_then(|Skip(skip)| skip),
    }
}

/// Each parameter as it is in effect: what was typed, over the environment.
fn table(
    (typed, under): (&ParameterArgs, &ParameterArgs),
    (write, write_under): (&WriteArgs, &WriteArgs),
) -> Vec<Parameter> {
    macro_rules! row {
        ($name:literal, $field:ident, $default:literal, $show:expr) => {
            row($name, (&typed.$field, &under.$field), $default, $show)
        };
    }
    let truth = |truth: &Truth| truth.0.to_string();
    let text = |text: &String| mask_logins(text);
    let path = |path: &PathName| path.0.to_string();
    let words = |list: &Words| list.0.join(",");
    let of_file = "(the payload file's)";
    vec![
        row("ASSEMBLY", (&typed.assembly, &under.assembly), of_file, |name| name.0.to_string()),
        row("BUILD_VERSION", (&typed.build_version, &under.build_version), of_file, ToString::to_string),
        row!("DOOZER_DATA_PATH", data_path, "payload.yaml", text),
        row!("DOOZER_DATA_GITREF", data_gitref, "(without effect)", text),
        row("DRY_RUN", (&write.dry_run, &write_under.dry_run), "false", truth),
        row!("MOCK", mock, "false", truth),
        row!("SUPPRESS_EMAIL", suppress_email, "true", truth),
        row!("RETRIGGER_CURRENT_NIGHTLY", retrigger_current_nightly, "false", truth),
        row!("PUBLISH", publish, "false", truth),
        row!("DEBUG", debug, "false", truth),
        row!("IMAGES", images, "(all)", words),
        row!("EXCLUDE_ARCHES", exclude_arches, "(none)", words),
        row!("EMERGENCY_IGNORE_ISSUES", emergency_ignore_issues, "false", truth),
        row("ORGANIZATION", (&typed.organization, &under.organization), of_file, path),
        row("REPOSITORY", (&typed.repository, &under.repository), of_file, path),
        row!("SKIP_MULTI_ARCH_PAYLOAD", skip_multi_arch_payload, "auto", |skip: &Skip| match skip.0 {
            Some(skip) => skip.to_string(),
            None => "auto".to_owned(),
        }),
        row!("EMBARGO_PERMIT_ACK", embargo_permit_ack, "false", truth),
        row!("BUILD_URL", build_url, "(none)", text),
        row!("SOURCE_DATE_EPOCH", source_date_epoch, "(the base image's)", |Epoch(time): &Epoch| {
            time.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs().to_string()
        }),
    ]
}

fn row<T>(
    name: &'static str,
    (typed, under): (&Option<T>, &Option<T>),
    default: &str,
    show: impl Fn(&T) -> String,
) -> Parameter {
    let (value, from) = match (typed, under) {
        (Some(value), _) => (show(value), SaidBy::Flag),
        (None, Some(value)) => (show(value), SaidBy::Environment),
        (None, None) => (default.to_owned(), SaidBy::Default),
    };
    Parameter { name, value, from }
}
