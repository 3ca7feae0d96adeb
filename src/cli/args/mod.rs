//! What was typed: the commands and their flags, parsed and nothing more.
//!
//! Touches no file and no variable; [`settings`](super::settings) turns it into what is true.
//! Each group of flags is also what the environment is read into, so that a variable means exactly what
//! its flag does and lies under it.

mod auth;
mod connection;
mod console;
mod copy;
mod inspect;
mod mapping;
mod policy;
mod prune;
mod report;
pub mod value;

use std::any::TypeId;
use std::ffi::OsString;

use clap::{Arg, ArgMatches, Command as Clap, CommandFactory, FromArgMatches, Parser, Subcommand};

pub use auth::{AuthAction, AuthCheckArgs, AuthCheckCommand, AuthCommand};
pub use connection::{ConnectionArgs, PaceArgs};
pub use console::{ColorChoice, ConsoleArgs, LogFormat, ProgressMode};
pub use copy::{CopyArgs, OcArgs, WriteArgs};
pub use inspect::{ConfigmapArgs, ExplainArgs, LintArgs, OutputFormat, PlanArgs, VersionArgs};
pub use mapping::MappingArgs;
pub use policy::PolicyArgs;
pub use prune::{PruneArgs, PruneTagsCommand, SchemeName};
pub use report::{MergeCommand, ReportAction, ReportCommand, WholeArgs};

/// The whole command line.
#[derive(Debug, Parser)]
#[command(
    name = "image-mirror",
    version,
    about = "Mirrors container images between registries: only what changed, nothing lost, every line accounted for",
    after_help = AFTER,
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

const AFTER: &str = "\
Exit codes:
  0  everything is as desired (or now is)
  1  at least one entry failed or was refused, or a check found something
  2  bad input or usage, nothing was attempted
  3  could not tell or could not finish: interrupted, deadline, nothing reachable; run again
  4  a guard refused the whole operation
  5  timed out waiting for an outside party

Environment:
  Every flag can be set by a variable, and wins over it: MAPPINGS, ARTIFACTS, DRY_RUN and
  REGISTRY_AUTH_FILE (--authfile), else IMAGE_MIRROR_<FLAG>, as in IMAGE_MIRROR_JOBS=8.
  Booleans are 1, 0, true or false; lists have commas; an empty variable is unset.";

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Mirror what the mapping files ask for
    #[command(long_about = RUN, after_long_help = RUN_EXAMPLES)]
    Run(RunArgs),
    /// Show what a run would move, and why; nothing is written
    #[command(long_about = PLAN, after_long_help = PLAN_EXAMPLES)]
    Plan(PlanCommand),
    /// Check mapping files without a network
    #[command(long_about = LINT, after_long_help = LINT_EXAMPLES)]
    Lint(LintCommand),
    /// Explain one target: who asks for it, what both ends hold, what a run would do
    #[command(after_long_help = EXPLAIN_EXAMPLES)]
    Explain(ExplainCommand),
    /// Print the ConfigMap that the mapping files become
    #[command(after_long_help = CONFIGMAP_EXAMPLES)]
    Configmap(ConfigmapCommand),
    /// Try the logins that the mapping files need
    Auth(AuthCommand),
    /// Delete tags that kept an image for a while, once they are old enough
    PruneTags(PruneTagsCommand),
    /// Put the reports of shards together
    Report(ReportCommand),
    /// Print which program this is: its version, and the commit that it was built from
    #[command(after_long_help = VERSION_EXAMPLES)]
    Version(VersionArgs),
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
    /// What may be written.
    #[command(flatten)]
    pub policy: PolicyArgs,
    /// How much at a time and how long.
    #[command(flatten)]
    pub pace: PaceArgs,
    /// How registries are reached.
    #[command(flatten)]
    pub connection: ConnectionArgs,
    /// What only `oc` needs.
    #[command(flatten)]
    pub oc: OcArgs,
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
    /// What may be written.
    #[command(flatten)]
    pub policy: PolicyArgs,
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
        let matches: ArgMatches = Self::clap().try_get_matches_from(line)?;
        Self::from_arg_matches(&matches)
    }

    /// The command as clap sees it.
    #[must_use]
    pub fn clap() -> Clap {
        booleans(Self::command()).mut_subcommand("prune-tags", prune::without_idle_flags)
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

const RUN: &str = "\
Mirror what the mapping files ask for.

Reads every mapping file, compares what each source and each target holds now, copies what differs, \
checks what the target answers afterwards and reports one row an entry. A bad line fails alone: every \
other line is mirrored. Where nothing changed nothing is written.

PATH is a file, a directory (searched for files named mapping_*; a mounted ConfigMap reads right), a \
glob (quote it: the program expands it, no shell is needed) or - for standard input. Without any, \
MAPPINGS names them, else mappings/.

Manifest lists are always kept whole unless --filter-by-os says otherwise. The flags of `oc image \
mirror` are accepted; docs/migrating-from-oc.md says what became of each.";

const RUN_EXAMPLES: &str = "\
Examples:
  image-mirror run '/etc/imagemirror/mapping_knative*'
  image-mirror run --dry-run mappings/demo
  image-mirror run -a /tmp/config.json -f mapping_origin_4_12 --max-per-registry=3
  echo 'quay.io/a/b:v1 registry.example.com/a/b:v1' | image-mirror run -

Exit codes:
  0  every target is as desired
  1  at least one entry failed; the others are mirrored
  2  bad usage, no entry at all, or --strict found a bad line: nothing was attempted
  3  interrupted, over the deadline, or no registry reachable: run again";

const PLAN: &str = "\
Show what a run would move, and why; nothing is written.

The same as `run --dry-run`: sources and targets are compared by digest, no `push` right is asked for, \
and the report says for each entry what it would replace.";

const PLAN_EXAMPLES: &str = "\
Examples:
  image-mirror plan mappings/
  image-mirror plan --check mappings/ && echo 'nothing to do'
  image-mirror plan --since origin/main mappings/

Exit codes:
  0  the plan could be made
  1  at least one entry cannot be planned, or --check found something to move
  2  bad usage or no entry at all
  3  interrupted, over the deadline, or no registry reachable";

const LINT: &str = "\
Check mapping files without a network.

Finds what breaks at night: lines that do not parse, targets that two lines want, reversed directions, \
chains and cycles, names and sizes that no ConfigMap takes, files without an owner, files that no job \
reads. Every finding names its file, line and column.";

const LINT_EXAMPLES: &str = "\
Examples:
  image-mirror lint mappings/
  image-mirror lint --strict --jobs-dir jobs mappings/
  image-mirror lint --allow-target 'quay.io/openshift/*' --output json mappings/

Exit codes:
  0  no error (warnings do not count, unless --strict)
  1  at least one finding is an error
  2  bad usage, or nothing could be read";

const EXPLAIN_EXAMPLES: &str = "\
Examples:
  image-mirror explain quay.io/openshift/origin-cli:4.12
  image-mirror explain quay.io/openshift/origin-cli:4.12 '/etc/imagemirror/mapping_*'

Exit codes:
  0  the target is as the files want it, or a run would make it so
  1  no line asks for it, or an end cannot be read
  2  bad usage
  3  nothing reachable";

const CONFIGMAP_EXAMPLES: &str = "\
Examples:
  image-mirror configmap mappings/ | kubectl apply -f -
  image-mirror configmap --name image-mirror-mappings --namespace ci mappings/";

const VERSION_EXAMPLES: &str = "\
Examples:
  image-mirror version
  image-mirror version --json | jq -r .commit";
