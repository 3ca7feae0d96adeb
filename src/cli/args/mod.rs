//! What was typed: the commands and their flags, parsed and nothing more.
//!
//! Touches no file and no variable; [`settings`](super::settings) turns it into what is true.
//! Each group of flags is also what the environment is read into, so that a variable means exactly what
//! its flag does and lies under it.

mod auth;
mod connection;
mod console;
mod copy;
mod help;
mod imagestreams;
mod inspect;
mod mapping;
mod nightly;
mod nightly_values;
mod policy;
mod prune;
mod publish;
mod report;
mod serve;
mod shell;
mod state;
mod stream;
pub mod value;

use std::any::TypeId;
use std::ffi::OsString;

use clap::{Arg, ArgMatches, Command as Clap, CommandFactory, FromArgMatches, Parser, Subcommand};

pub use auth::{AuthAction, AuthCheckArgs, AuthCheckCommand, AuthCommand};
pub use connection::{ConnectionArgs, PaceArgs, ShardArgs};
pub use console::{ColorChoice, ConsoleArgs, LogFormat, ProgressMode};
pub use copy::{ContentArgs, CopyArgs, OcArgs, WriteArgs};
pub use imagestreams::{ClusterArgs, KeepTagWord, NamesArgs, SelectionArgs, WantedArgs};
pub use inspect::{ConfigmapArgs, ExplainArgs, LintArgs, OutputFormat, PlanArgs, PlanFormat, VersionArgs};
pub use mapping::MappingArgs;
pub use nightly::{NightlyCommand, NightlyStreamArgs, ParameterArgs};
pub use nightly_values::{AssemblyName, Epoch, PathName, Skip, Words};
pub use policy::PolicyArgs;
pub use prune::{PruneArgs, PruneTagsCommand, SchemeName};
pub use publish::{
    BatchArgs, CatalogArgs, GuardArgs, ImageArgs, InstallArgs, LatestWord, NumberWord, OfVersionArgs,
    PreflightAction, PreflightCommand, PreflightInstallCommand, PreflightSupportedCommand, ProductName,
    PublishAction, PublishBatchCommand, PublishCommand, PublishImageCommand, PublishNextCommand,
    PublishResumeCommand, PublishRollbackCommand, PublishStatusCommand, ReleaseArgs, RollbackArgs, Step,
    SupportedArgs, VersionName, WaitArgs,
};
pub use report::{MergeCommand, ReportAction, ReportCommand, WholeArgs};
pub use serve::ServeArgs;
pub use shell::{CompletionsArgs, ManArgs};
pub use state::{QuarantineArgs, StateArgs};
pub use stream::{
    AliasesName, ArtifactArgs, Dated, DestinationArgs, GitPins, Glob, HistoryWord, LayoutArgs, LevelWord,
    MirrorArgs, OcpVersion, PinArgs, PrefixMap, PrereleaseAction, PruneStreamArgs, ResolveArgs, RewriteArgs,
    ScopeWord, SignatureRule, SourceArgs, Status, StoreAddress, StreamAction, StreamCommand,
    StreamMirrorCommand, StreamPinsCommand, StreamPruneCommand, StreamResolveCommand, StreamRewriteCommand,
    StreamValidateCommand, ValidateArgs, VerifyWord, WebAddress,
};

/// The whole command line.
#[derive(Debug, Parser)]
#[command(
    name = "image-mirror",
    version,
    about = "Mirrors container images between registries: only what changed, nothing lost, every line accounted for",
    after_help = help::AFTER,
    max_term_width = 100,
    propagate_version = true,
    subcommand_required = true,
    arg_required_else_help = true
)]
pub struct Args {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
    /// How to speak to the person (or the log viewer) in front of it.
    #[command(flatten)]
    pub console: ConsoleArgs,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Mirror what the mapping files ask for
    #[command(long_about = help::RUN, after_long_help = help::RUN_EXAMPLES)]
    Run(RunArgs),
    /// Show what a run would move, and why; nothing is written
    #[command(long_about = help::PLAN, after_long_help = help::PLAN_EXAMPLES)]
    Plan(PlanCommand),
    /// Mirror what the ImageStreams of a cluster say
    #[command(long_about = help::IMAGESTREAMS, after_long_help = help::IMAGESTREAMS_EXAMPLES)]
    Imagestreams(Box<ImageStreamsCommand>),
    /// Mirror what the ImageStreams of a cluster say, for as long as it runs
    #[command(long_about = help::SERVE, after_long_help = help::SERVE_EXAMPLES)]
    Serve(Box<ServeCommand>),
    /// Bring a release payload to the nightlies: check it, mirror its images, update its ImageStreams
    #[command(long_about = help::NIGHTLY, after_long_help = help::NIGHTLY_EXAMPLES)]
    Nightly(Box<NightlyCommand>),
    /// Mirror, rewrite, check and prune the boot images of CoreOS
    Stream(StreamCommand),
    /// Publish images to a certified catalog, guarded
    Publish(PublishCommand),
    /// Check mapping files without a network
    #[command(long_about = help::LINT, after_long_help = help::LINT_EXAMPLES)]
    Lint(LintCommand),
    /// Explain one target: who asks for it, what both ends hold, what a run would do
    #[command(after_long_help = help::EXPLAIN_EXAMPLES)]
    Explain(ExplainCommand),
    /// Print the ConfigMap that the mapping files become
    #[command(after_long_help = help::CONFIGMAP_EXAMPLES)]
    Configmap(ConfigmapCommand),
    /// Try the logins that the mapping files need
    Auth(AuthCommand),
    /// Delete tags that kept an image for a while, once they are old enough
    PruneTags(PruneTagsCommand),
    /// Put the reports of shards together
    Report(ReportCommand),
    /// Print which program this is: its version, and the commit that it was built from
    #[command(after_long_help = help::VERSION_EXAMPLES)]
    Version(VersionArgs),
    /// Print the completions of commands and flags for a shell
    #[command(long_about = shell::COMPLETIONS, after_long_help = shell::COMPLETIONS_EXAMPLES)]
    Completions(CompletionsArgs),
    /// Print the manual page, or write those of all commands
    #[command(long_about = shell::MAN, after_long_help = shell::MAN_EXAMPLES)]
    Man(ManArgs),
}

/// `run`.
#[derive(Debug, clap::Args)]
pub struct RunArgs {
    /// Which mapping files.
    #[command(flatten)]
    pub mapping: MappingArgs,
    /// What is compared and copied.
    #[command(flatten)]
    pub copy: CopyArgs,
    /// How far it is looked at, and what travels with it.
    #[command(flatten)]
    pub content: ContentArgs,
    /// What may be written.
    #[command(flatten)]
    pub policy: PolicyArgs,
    /// Whether anything is written.
    #[command(flatten)]
    pub write: WriteArgs,
    /// How much at a time and how long.
    #[command(flatten)]
    pub pace: PaceArgs,
    /// Which share of the work.
    #[command(flatten)]
    pub shard: ShardArgs,
    /// What is kept between runs.
    #[command(flatten)]
    pub state: StateArgs,
    /// What is made of entries that are set apart.
    #[command(flatten)]
    pub quarantine: QuarantineArgs,
    /// How registries are reached.
    #[command(flatten)]
    pub connection: ConnectionArgs,
    /// What only `oc` needs.
    #[command(flatten)]
    pub oc: OcArgs,
}

/// `plan`.
#[derive(Debug, clap::Args)]
pub struct PlanCommand {
    /// Which mapping files.
    #[command(flatten)]
    pub mapping: MappingArgs,
    /// What is asked beyond what a run would do.
    #[command(flatten)]
    pub question: PlanArgs,
    /// What is compared and copied.
    #[command(flatten)]
    pub copy: CopyArgs,
    /// How far it is looked at, and what travels with it.
    #[command(flatten)]
    pub content: ContentArgs,
    /// What may be written.
    #[command(flatten)]
    pub policy: PolicyArgs,
    /// How much at a time and how long.
    #[command(flatten)]
    pub pace: PaceArgs,
    /// Which share of the work.
    #[command(flatten)]
    pub shard: ShardArgs,
    /// What is kept between runs.
    #[command(flatten)]
    pub state: StateArgs,
    /// How registries are reached.
    #[command(flatten)]
    pub connection: ConnectionArgs,
    /// What only `oc` needs.
    #[command(flatten)]
    pub oc: OcArgs,
}

/// `imagestreams`.
#[derive(Debug, clap::Args)]
pub struct ImageStreamsCommand {
    /// What is mirrored, and where to.
    #[command(flatten)]
    pub wanted: WantedArgs,
    /// How far they are looked at, and what travels with them.
    #[command(flatten)]
    pub content: ContentArgs,
    /// What may be written.
    #[command(flatten)]
    pub policy: PolicyArgs,
    /// Whether anything is written.
    #[command(flatten)]
    pub write: WriteArgs,
    /// How much at a time and how long.
    #[command(flatten)]
    pub pace: PaceArgs,
    /// How registries are reached.
    #[command(flatten)]
    pub connection: ConnectionArgs,
}

/// `serve`.
#[derive(Debug, clap::Args)]
pub struct ServeCommand {
    /// What is mirrored, and where to.
    #[command(flatten)]
    pub wanted: WantedArgs,
    /// What may be written.
    #[command(flatten)]
    pub policy: PolicyArgs,
    /// That nothing is written, which it refuses.
    #[command(flatten)]
    pub write: WriteArgs,
    /// How it runs.
    #[command(flatten)]
    pub serve: ServeArgs,
    /// How registries are reached.
    #[command(flatten)]
    pub connection: ConnectionArgs,
}

/// `lint`.
#[derive(Debug, clap::Args)]
pub struct LintCommand {
    /// Which mapping files.
    #[command(flatten)]
    pub mapping: MappingArgs,
    /// What is checked.
    #[command(flatten)]
    pub lint: LintArgs,
    /// What may be written.
    #[command(flatten)]
    pub policy: PolicyArgs,
    /// How registries are reached.
    #[command(flatten)]
    pub connection: ConnectionArgs,
}

/// `explain`.
#[derive(Debug, clap::Args)]
pub struct ExplainCommand {
    /// What is explained.
    #[command(flatten)]
    pub explain: ExplainArgs,
    /// Which mapping files.
    #[command(flatten)]
    pub mapping: MappingArgs,
    /// What is compared and copied.
    #[command(flatten)]
    pub copy: CopyArgs,
    /// How far it is looked at, and what travels with it.
    #[command(flatten)]
    pub content: ContentArgs,
    /// What may be written.
    #[command(flatten)]
    pub policy: PolicyArgs,
    /// What is kept between runs.
    #[command(flatten)]
    pub state: StateArgs,
    /// How registries are reached.
    #[command(flatten)]
    pub connection: ConnectionArgs,
}

/// `configmap`.
#[derive(Debug, clap::Args)]
pub struct ConfigmapCommand {
    /// Which mapping files.
    #[command(flatten)]
    pub mapping: MappingArgs,
    /// What it is called.
    #[command(flatten)]
    pub configmap: ConfigmapArgs,
}

impl Args {
    /// Reads a command line.
    ///
    /// # Errors
    /// What clap says of it; `--help` and `--version` come this way too.
    pub fn read(line: impl IntoIterator<Item = OsString>) -> Result<Self, clap::Error> {
        Self::read_in(ColorChoice::Auto, line)
    }

    /// As [`read`](Self::read); what clap says of it is coloured as `color` says.
    ///
    /// # Errors
    /// What clap says of it; `--help` and `--version` come this way too.
    pub fn read_in(
        color: ColorChoice,
        line: impl IntoIterator<Item = OsString>,
    ) -> Result<Self, clap::Error> {
        let color = match color {
            ColorChoice::Auto => clap::ColorChoice::Auto,
            ColorChoice::Always => clap::ColorChoice::Always,
            ColorChoice::Never => clap::ColorChoice::Never,
        };
        let matches: ArgMatches = Self::clap().color(color).try_get_matches_from(line)?;
        Self::from_arg_matches(&matches)
    }

    /// The command as clap sees it.
    #[must_use]
    pub fn clap() -> Clap {
        booleans(Self::command())
            .mut_subcommand("prune-tags", prune::without_idle_flags)
            .mut_subcommand("nightly", nightly::in_its_own_words)
            .mut_subcommand("serve", serve::without_idle_flags)
    }

    /// The long names of all flags of all commands, without the dashes.
    pub fn flags() -> impl Iterator<Item = String> {
        let mut flags = Vec::new();
        collect_flags(&Self::command(), &mut flags);
        flags.into_iter()
    }
}

fn collect_flags(command: &Clap, flags: &mut Vec<String>) {
    flags.extend(command.get_arguments().filter_map(Arg::get_long).map(str::to_owned));
    for command in command.get_subcommands() {
        collect_flags(command, flags);
    }
}

/// Gives the flags that are true or false their form, in all commands below too.
fn booleans(command: Clap) -> Clap {
    command.mut_args(boolean).mut_subcommands(booleans)
}

/// Gives a flag that is true or false the form that `oc` takes: `--flag`, or `--flag=false`.
fn boolean(arg: Arg) -> Arg {
    if arg.get_value_parser().type_id() != TypeId::of::<value::Truth>() {
        return arg;
    }
    arg.num_args(0..=1).require_equals(true).default_missing_value("true").value_name("BOOL")
}
