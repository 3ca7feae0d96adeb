//! `stream`: its commands, each made of groups of flags.

mod destination;
mod help;
mod prune;
mod values;
mod wanted;

use clap::Subcommand;

pub use destination::{DestinationArgs, MirrorArgs, SignatureRule, VerifyWord};
pub use prune::{HistoryWord, PinArgs, PruneStreamArgs};
pub use values::{GitPins, Glob, OcpVersion, PrefixMap, Status, StoreAddress, WebAddress};
pub use wanted::{
    AliasesName, ArtifactArgs, Dated, LayoutArgs, LevelWord, ResolveArgs, RewriteArgs, ScopeWord, SourceArgs,
    ValidateArgs,
};

use super::{ConnectionArgs, PaceArgs, WriteArgs};

/// `stream`.
#[derive(Debug, clap::Args)]
#[command(subcommand_required = true, arg_required_else_help = true, long_about = help::STREAM)]
pub struct StreamCommand {
    /// What of it.
    #[command(subcommand)]
    pub action: StreamAction,
}

/// The commands of `stream`.
#[derive(Debug, Subcommand)]
pub enum StreamAction {
    /// Copy the boot images of a stream to where they belong, checked
    #[command(long_about = help::MIRROR, after_long_help = help::MIRROR_EXAMPLES, disable_version_flag = true)]
    Mirror(Box<StreamMirrorCommand>),
    /// Print a stream file with the addresses of the mirror, and change nothing else in it
    #[command(long_about = help::REWRITE, after_long_help = help::REWRITE_EXAMPLES, disable_version_flag = true)]
    Rewrite(Box<StreamRewriteCommand>),
    /// Say whether everything that a stream lists can be fetched where it says
    #[command(long_about = help::VALIDATE, after_long_help = help::VALIDATE_EXAMPLES)]
    Validate(Box<StreamValidateCommand>),
    /// Print a stream file with the addresses that an installer under test is to use
    #[command(long_about = help::RESOLVE, after_long_help = help::RESOLVE_EXAMPLES, disable_version_flag = true)]
    Resolve(Box<StreamResolveCommand>),
    /// Publish what is not released yet
    Prerelease(PrereleaseCommand),
    /// Copy what was published before its release to where releases are, without fetching it again
    #[command(long_about = help::PROMOTE, after_long_help = help::PROMOTE_EXAMPLES, disable_version_flag = true)]
    Promote(Box<StreamMirrorCommand>),
    /// Print which builds are pinned, and by what
    #[command(long_about = help::PINS, after_long_help = help::PINS_EXAMPLES)]
    Pins(Box<StreamPinsCommand>),
    /// Delete builds that nothing pins, once that was so for long enough
    #[command(long_about = help::PRUNE, after_long_help = help::PRUNE_EXAMPLES)]
    Prune(Box<StreamPruneCommand>),
}

/// `stream prerelease`.
#[derive(Debug, clap::Args)]
#[command(subcommand_required = true, arg_required_else_help = true)]
pub struct PrereleaseCommand {
    /// What of it.
    #[command(subcommand)]
    pub action: PrereleaseAction,
}

/// The commands of `stream prerelease`.
#[derive(Debug, Subcommand)]
pub enum PrereleaseAction {
    /// Mirror the newest build, then publish its stream file
    #[command(long_about = help::PRERELEASE, after_long_help = help::PRERELEASE_EXAMPLES, disable_version_flag = true)]
    Publish(Box<StreamMirrorCommand>),
}

/// `stream mirror`, `stream promote`, `stream prerelease publish`.
#[derive(Debug, clap::Args)]
pub struct StreamMirrorCommand {
    /// Which stream.
    #[command(flatten)]
    pub source: SourceArgs,
    /// Which artifacts.
    #[command(flatten)]
    pub artifacts: ArtifactArgs,
    /// Where each belongs.
    #[command(flatten)]
    pub layout: LayoutArgs,
    /// What the stream file says afterwards.
    #[command(flatten)]
    pub rewrite: RewriteArgs,
    /// Where to.
    #[command(flatten)]
    pub destination: DestinationArgs,
    /// How.
    #[command(flatten)]
    pub mirror: MirrorArgs,
    /// Whether anything is written.
    #[command(flatten)]
    pub write: WriteArgs,
    /// How much at a time and how long.
    #[command(flatten)]
    pub pace: PaceArgs,
    /// How servers are reached.
    #[command(flatten)]
    pub connection: ConnectionArgs,
}

/// `stream rewrite`.
#[derive(Debug, clap::Args)]
pub struct StreamRewriteCommand {
    /// Which stream.
    #[command(flatten)]
    pub source: SourceArgs,
    /// Which artifacts.
    #[command(flatten)]
    pub artifacts: ArtifactArgs,
    /// Where each belongs.
    #[command(flatten)]
    pub layout: LayoutArgs,
    /// What the stream file says afterwards.
    #[command(flatten)]
    pub rewrite: RewriteArgs,
    /// How servers are reached.
    #[command(flatten)]
    pub connection: ConnectionArgs,
}

/// `stream validate`.
#[derive(Debug, clap::Args)]
pub struct StreamValidateCommand {
    /// Which stream.
    #[command(flatten)]
    pub source: SourceArgs,
    /// Which artifacts.
    #[command(flatten)]
    pub artifacts: ArtifactArgs,
    /// What is asked of each.
    #[command(flatten)]
    pub validate: ValidateArgs,
    /// How much at a time and how long.
    #[command(flatten)]
    pub pace: PaceArgs,
    /// How servers are reached.
    #[command(flatten)]
    pub connection: ConnectionArgs,
}

/// `stream resolve`.
#[derive(Debug, clap::Args)]
pub struct StreamResolveCommand {
    /// Which stream.
    #[command(flatten)]
    pub source: SourceArgs,
    /// Which artifacts.
    #[command(flatten)]
    pub artifacts: ArtifactArgs,
    /// Where each belongs.
    #[command(flatten)]
    pub layout: LayoutArgs,
    /// What the addresses become.
    #[command(flatten)]
    pub resolve: ResolveArgs,
    /// How servers are reached.
    #[command(flatten)]
    pub connection: ConnectionArgs,
}

/// `stream pins`.
#[derive(Debug, clap::Args)]
pub struct StreamPinsCommand {
    /// What pins builds.
    #[command(flatten)]
    pub pins: PinArgs,
    /// How servers are reached.
    #[command(flatten)]
    pub connection: ConnectionArgs,
}

/// `stream prune`.
#[derive(Debug, clap::Args)]
pub struct StreamPruneCommand {
    /// What pins builds.
    #[command(flatten)]
    pub pins: PinArgs,
    /// Where builds are.
    #[command(flatten)]
    pub destination: DestinationArgs,
    /// Which of them are deleted.
    #[command(flatten)]
    pub prune: PruneStreamArgs,
    /// Whether anything is written, whatever `--delete` says.
    #[command(flatten)]
    pub write: WriteArgs,
    /// How much at a time and how long.
    #[command(flatten)]
    pub pace: PaceArgs,
    /// How servers are reached.
    #[command(flatten)]
    pub connection: ConnectionArgs,
}
