//! What is true: flags laid over the environment, checked, with defaults filled in.
//!
//! Past this module nothing is a text that might be wrong. It reads no mapping file and no login.

mod build;
mod environment;
mod error;
mod imagestreams;
mod nightly;
mod policy;
mod prune;
mod publish;
mod state;
mod stream;
mod values;

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

pub use build::Build;
pub use environment::{Environment, Platform, variable};
pub use error::UsageError;
pub use imagestreams::{ImageStreams, LeaseSettings, Listed, Serve, WantedSettings};
pub use nightly::{BackendSettings, Nightly, Parameter, SaidBy};
pub use policy::PolicySettings;
pub use prune::PruneTags;
pub use publish::{
    GuardSettings, ImageRules, PreflightInstall, PreflightSupported, Projects, Publish, PublishBatch,
    PublishImage, PublishNext, PublishResume, PublishRollback, PublishStatus, WaitSettings,
};
pub use state::StateSettings;
pub use stream::{
    Destinations, Errand, Level, PinSettings, Placing, Rewritten, Stream, StreamInput, StreamMirror,
    StreamPins, StreamPrune, StreamResolve, StreamRewrite, StreamValidate,
};
pub use values::{
    AuthCheck, ClientIdentity, Configmap, Connection, Console, Copying, Explain, Lint, Merge, Pace, Run,
    Verbosity,
};

use imagestreams::Residence;

use super::args::value::Count;
use super::args::{
    Args, AuthAction, AuthCheckArgs, AuthCheckCommand, Command, ConfigmapArgs, ConfigmapCommand,
    ConnectionArgs, ContentArgs, CopyArgs, ExplainCommand, ImageStreamsCommand, LintArgs, LintCommand,
    MappingArgs, MergeCommand, OcArgs, PaceArgs, PlanArgs, PlanCommand, PolicyArgs, ReportAction, RunArgs,
    ServeArgs, ServeCommand, ShardArgs, VersionArgs, WantedArgs, WholeArgs,
};
use crate::model::Shard;

/// What to do.
#[derive(Debug)]
pub enum Action {
    /// `run` and `plan`.
    Run(Box<Run>),
    /// `imagestreams`.
    ImageStreams(Box<ImageStreams>),
    /// `serve`.
    Serve(Box<Serve>),
    /// `nightly`.
    Nightly(Box<Nightly>),
    /// `stream`.
    Stream(Stream),
    /// `publish`.
    Publish(Publish),
    /// `lint`.
    Lint(Box<Lint>),
    /// `explain`.
    Explain(Box<Explain>),
    /// `configmap`.
    Configmap(Configmap),
    /// `auth check`.
    AuthCheck(Box<AuthCheck>),
    /// `prune-tags`.
    PruneTags(Box<PruneTags>),
    /// `report merge`.
    Merge(Merge),
    /// `version`: which build this is, and whether that is said in JSON.
    Version(Build, bool),
    /// `completions`.
    Completions(clap_complete::Shell),
    /// `man`: into this directory; none: the page of the program on stdout.
    Man(Option<PathBuf>),
}

impl Action {
    /// Whether a parameter of its own asks for more on stderr.
    fn is_talkative(&self) -> bool {
        matches!(self, Self::Nightly(nightly) if nightly.debug)
    }
}

/// Everything that was asked for, checked.
#[derive(Debug)]
pub struct Settings {
    /// What to do.
    pub action: Action,
    /// How to speak.
    pub console: Console,
    /// What the person should know of what they typed.
    pub notes: Vec<String>,
}

impl Settings {
    /// Lays `args` over `environment`.
    ///
    /// # Errors
    /// Everything that is wrong, not only the first.
    pub fn new(args: Args, environment: &Environment) -> Result<Self, Vec<UsageError>> {
        let mut draft = Draft::new(environment);
        let console = Console::new(args.console.over(draft.group()), &environment.platform());
        match draft.action(args.command) {
            Some(action) if draft.errors.is_empty() => {
                let console =
                    if action.is_talkative() { console.at_least(Verbosity::Debug) } else { console };
                Ok(Self { action, console, notes: draft.notes })
            }
            _ => Err(draft.errors),
        }
    }
}

/// Settings on their way, with what was found wrong so far.
struct Draft<'a> {
    environment: &'a Environment,
    errors: Vec<UsageError>,
    notes: Vec<String>,
}

impl<'a> Draft<'a> {
    fn new(environment: &'a Environment) -> Self {
        let unknown = environment.unknown().iter();
        let notes = unknown.map(|name| format!("the variable `{name}` is no flag of ours and is ignored"));
        Self { environment, errors: environment.unreadable().collect(), notes: notes.collect() }
    }

    fn group<T: serde::de::DeserializeOwned + Default>(&mut self) -> T {
        self.environment.group(&mut self.errors)
    }

    /// None: what is wrong is among the errors.
    fn action(&mut self, command: Command) -> Option<Action> {
        Some(match command {
            Command::Run(args) => Action::Run(Box::new(self.run(args))),
            Command::Plan(args) => Action::Run(Box::new(self.plan(args))),
            Command::Imagestreams(args) => Action::ImageStreams(Box::new(self.imagestreams(*args)?)),
            Command::Serve(args) => Action::Serve(Box::new(self.serve(*args)?)),
            Command::Nightly(args) => Action::Nightly(Box::new(self.nightly(*args))),
            Command::Stream(args) => Action::Stream(self.stream(args.action)?),
            Command::Publish(args) => Action::Publish(self.publish(args.action)?),
            Command::Lint(args) => Action::Lint(Box::new(self.lint(args))),
            Command::Explain(args) => Action::Explain(Box::new(self.explain(args))),
            Command::Configmap(args) => Action::Configmap(self.configmap(args)),
            Command::Auth(args) => match args.action {
                AuthAction::Check(args) => Action::AuthCheck(Box::new(self.auth_check(args))),
            },
            Command::PruneTags(args) => Action::PruneTags(Box::new(self.prune_tags(args)?)),
            Command::Report(args) => match args.action {
                ReportAction::Merge(args) => Action::Merge(self.merge(args)),
            },
            Command::Completions(args) => Action::Completions(args.shell),
            Command::Man(args) => Action::Man(args.to),
            Command::Version(args) => {
                let args: VersionArgs = args.over(self.group());
                Action::Version(Build::of_this_program(), args.json.is_some_and(|truth| truth.0))
            }
        })
    }

    fn run(&mut self, args: RunArgs) -> Run {
        let shard = self.shard(args.shard);
        let before = self.errors.len();
        let state = self.state(args.state, shard);
        let has_state = state.is_some() || self.errors.len() > before;
        let dry_run = args.write.over(self.group());
        self.check_oc(args.oc, args.copy.keep_manifest_list.is_some());
        Run {
            command: "run",
            dry_run: dry_run.dry_run.is_some_and(|truth| truth.0),
            check: false,
            since: None,
            plan: None,
            inputs: self.inputs(args.mapping),
            copying: self.copying(args.copy, args.content),
            policy: self.policy(args.policy),
            pace: self.pace(args.pace),
            shard,
            state,
            quarantine_ok: self.quarantine_ok(args.quarantine, has_state),
            connection: self.connection(args.connection),
        }
    }

    fn plan(&mut self, args: PlanCommand) -> Run {
        let shard = self.shard(args.shard);
        let question: PlanArgs = args.question.over(self.group());
        self.check_oc(args.oc, args.copy.keep_manifest_list.is_some());
        Run {
            command: "plan",
            dry_run: true,
            check: question.check.is_some_and(|truth| truth.0),
            since: question.since,
            plan: Some(question.output.unwrap_or_default()),
            inputs: self.inputs(args.mapping),
            copying: self.copying(args.copy, args.content),
            policy: self.policy(args.policy),
            pace: self.pace(args.pace),
            shard,
            state: self.state(args.state, shard),
            quarantine_ok: false,
            connection: self.connection(args.connection),
        }
    }

    fn imagestreams(&mut self, args: ImageStreamsCommand) -> Option<ImageStreams> {
        let dry_run = args.write.over(self.group());
        let wanted = self.wanted(args.wanted);
        Some(ImageStreams {
            dry_run: dry_run.dry_run.is_some_and(|truth| truth.0),
            copying: Copying::new(&CopyArgs::default(), args.content.over(self.group())),
            policy: self.policy(args.policy),
            pace: self.pace(args.pace),
            connection: self.connection(args.connection),
            wanted: wanted?,
        })
    }

    fn serve(&mut self, args: ServeCommand) -> Option<Serve> {
        if args.write.over(self.group()).dry_run.is_some_and(|truth| truth.0) {
            let instead = "serve writes; `imagestreams --dry-run` shows what it would write";
            self.errors.push(UsageError::Replaced { flag: "dry-run", instead });
        }
        let wanted = self.wanted(args.wanted);
        let has_cluster = wanted.as_ref().is_none_or(|wanted| matches!(wanted.listed, Listed::Cluster(_)));
        if wanted.as_ref().is_some_and(|wanted| wanted.listed.is_from_input()) {
            self.errors.push(UsageError::InputOfServe);
        }
        let serve: ServeArgs = args.serve.over(self.group());
        let residence = Residence::new(serve, has_cluster, &self.environment.platform(), &mut self.errors);
        let Residence { listen, interval, lease, jobs, grace } = residence;
        Some(Serve {
            policy: self.policy(args.policy),
            connection: self.connection(args.connection),
            wanted: wanted?,
            listen,
            interval,
            lease,
            jobs,
            grace,
        })
    }

    fn wanted(&mut self, args: WantedArgs) -> Option<WantedSettings> {
        let WantedArgs { selection, cluster, names } = args;
        let args = (selection.over(self.group()), cluster.over(self.group()), names.over(self.group()));
        WantedSettings::new(args, &self.environment.platform(), &mut self.errors)
    }

    fn lint(&mut self, args: LintCommand) -> Lint {
        let lint: LintArgs = args.lint.over(self.group());
        Lint {
            inputs: self.inputs(args.mapping),
            resolve: lint.resolve.is_some_and(|truth| truth.0),
            strict: lint.strict.is_some_and(|truth| truth.0),
            output: lint.output.unwrap_or_default(),
            policy: self.policy(args.policy),
            jobs_dir: lint.jobs_dir,
            connection: self.connection(args.connection),
        }
    }

    fn explain(&mut self, args: ExplainCommand) -> Explain {
        Explain {
            target: args.explain.target,
            state: self.state(args.state, None),
            inputs: self.inputs(args.mapping),
            copying: self.copying(args.copy, args.content),
            policy: self.policy(args.policy),
            connection: self.connection(args.connection),
        }
    }

    fn configmap(&mut self, args: ConfigmapCommand) -> Configmap {
        let configmap: ConfigmapArgs = args.configmap.over(self.group());
        Configmap {
            inputs: self.inputs(args.mapping),
            name: self.name("name", configmap.name, "image-mirror-mappings"),
            namespace: self.name("namespace", configmap.namespace, "ci"),
        }
    }

    /// A name that Kubernetes takes, else `usual`. A dot, which only some names may have, is left to Kubernetes.
    fn name(&mut self, flag: &'static str, value: Option<String>, usual: &'static str) -> String {
        let Some(value) = value else { return usual.to_owned() };
        let is_plain = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit();
        let inner = |c: u8| is_plain(c) || matches!(c, b'-' | b'.');
        let ends = [value.bytes().next(), value.bytes().last()];
        if !value.bytes().all(inner) || !ends.iter().all(|end| end.is_some_and(is_plain)) {
            self.errors.push(UsageError::NoName { flag, value: value.clone(), such_as: usual });
        }
        value
    }

    fn auth_check(&mut self, args: AuthCheckCommand) -> AuthCheck {
        let check: AuthCheckArgs = args.check.over(self.group());
        AuthCheck {
            inputs: self.inputs(args.mapping),
            policy: self.policy(args.policy),
            push: check.push.is_some_and(|truth| truth.0),
            output: check.output.unwrap_or_default(),
            connection: self.connection(args.connection),
        }
    }

    fn merge(&mut self, args: MergeCommand) -> Merge {
        let whole: WholeArgs = args.whole.over(self.group());
        Merge { files: args.files, artifacts: whole.artifacts }
    }

    fn inputs(&mut self, args: MappingArgs) -> Vec<String> {
        let is_pair = |word: &&String| word.contains('=') && !Path::new(word).exists();
        for word in args.paths.iter().filter(is_pair) {
            self.errors.push(UsageError::Pair { word: crate::redact::mask_logins(word) });
        }
        let inputs = args.over(self.group());
        if inputs.is_empty() { vec!["mappings/".to_owned()] } else { inputs }
    }

    fn copying(&mut self, args: CopyArgs, content: ContentArgs) -> Copying {
        let (args, content) = (args.over(self.group()), content.over(self.group()));
        if Copying::ignores_filter(&args) {
            self.notes
                .push("`--keep-manifest-list` keeps lists whole, so `--filter-by-os` is ignored".to_owned());
        }
        Copying::new(&args, content)
    }

    fn policy(&mut self, args: PolicyArgs) -> PolicySettings {
        PolicySettings::new(args.over(self.group()))
    }

    fn pace(&mut self, args: PaceArgs) -> Pace {
        Pace::new(args.over(self.group()))
    }

    /// As [`Draft::pace`], where so few at a time are usual.
    fn few(&mut self, args: PaceArgs, usual: NonZeroUsize) -> Pace {
        let args: PaceArgs = args.over(self.group());
        let jobs = args.jobs.map_or(usual, |Count(count)| count);
        Pace { jobs, ..Pace::new(args) }
    }

    fn shard(&mut self, args: ShardArgs) -> Option<Shard> {
        let args: ShardArgs = args.over(self.group());
        args.shard.or_else(|| self.shard_of_job())
    }

    /// The shard that this is as a pod of an Indexed Job.
    fn shard_of_job(&mut self) -> Option<Shard> {
        let platform = self.environment.platform();
        let index = platform.job_completion_index?;
        let Some(count) = platform.job_completions else {
            self.errors.push(UsageError::IndexWithoutCompletions);
            return None;
        };
        let said = format!("{index}/{count}");
        let shard = said.parse();
        shard.map_err(|why| self.errors.push(UsageError::Indexed { said, why })).ok()
    }

    fn connection(&mut self, args: ConnectionArgs) -> Connection {
        let args: ConnectionArgs = args.over(self.group());
        if args.client_cert.is_none() && args.client_key.is_some() {
            self.errors.push(UsageError::KeyWithoutCertificate);
        }
        Connection::new(args, self.environment.platform())
    }

    fn check_oc(&mut self, args: OcArgs, keep_manifest_list: bool) {
        let args: OcArgs = args.over(self.group());
        self.errors.extend(replaced(&args));
        let idle = [
            ("--keep-manifest-list", keep_manifest_list),
            ("--skip-multiple-scopes", args.skip_multiple_scopes.is_some()),
            ("--continue-on-error", args.continue_on_error.is_some()),
            ("--max-registry", args.max_registry.is_some()),
        ];
        let given: Vec<_> =
            idle.iter().filter(|(_, given)| *given).map(|(flag, _)| format!("`{flag}`")).collect();
        if !given.is_empty() {
            let verb = if given.len() == 1 { "needs" } else { "need" };
            let flags = given.join(", ");
            self.notes
                .push(format!("{flags} {verb} nothing here and may be dropped (docs/migrating-from-oc.md)"));
        }
    }
}

/// The flags of `oc image mirror` that are an error, and what to do instead. `=false` asks for nothing.
fn replaced(args: &OcArgs) -> Vec<UsageError> {
    let on = |flag: Option<super::args::value::Truth>| flag.is_some_and(|truth| truth.0);
    let table = [
        (
            "insecure",
            on(args.insecure),
            "name the host by `--plain-http HOST` if it speaks plain http, or trust its certificate by `--ca-file FILE`",
        ),
        (
            "skip-verification",
            on(args.skip_verification),
            "content is always checked against its digest; drop the flag",
        ),
        (
            "s3-source-bucket",
            args.s3_source_bucket.is_some(),
            "blobs come from the source registry, or are mounted at the target; drop the flag",
        ),
        ("dir", args.dir.is_some(), "write directories as `oci:PATH[:TAG]` in the mapping file"),
        ("from-dir", args.from_dir.is_some(), "write directories as `oci:PATH[:TAG]` in the mapping file"),
    ];
    let given = table.into_iter().filter(|(_, given, _)| *given);
    given.map(|(flag, _, instead)| UsageError::Replaced { flag, instead }).collect()
}
