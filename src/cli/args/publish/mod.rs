//! `publish`: its commands, each made of groups of flags.

mod groups;
mod help;
mod values;

use clap::Subcommand;

pub use groups::{
    BatchArgs, CatalogArgs, GuardArgs, ImageArgs, InstallArgs, OfVersionArgs, ReleaseArgs, RollbackArgs,
    SupportedArgs, WaitArgs,
};
pub use values::{LatestWord, NumberWord, ProductName, Step, VersionName};

use super::{ConnectionArgs, PaceArgs, WriteArgs};

/// `publish`.
#[derive(Debug, clap::Args)]
#[command(subcommand_required = true, arg_required_else_help = true, long_about = help::PUBLISH)]
pub struct PublishCommand {
    /// What of it.
    #[command(subcommand)]
    pub action: PublishAction,
}

/// The commands of `publish`.
#[derive(Debug, Subcommand)]
pub enum PublishAction {
    /// Certify an image and publish it: the unique tag, then, once it is public, the tags that customers use
    #[command(long_about = help::IMAGE, after_long_help = help::IMAGE_EXAMPLES, disable_version_flag = true)]
    Image(Box<PublishImageCommand>),
    /// Print the next rebuild number of a version
    #[command(after_long_help = help::NEXT_EXAMPLES, disable_version_flag = true)]
    NextRebuild(Box<PublishNextCommand>),
    /// Show which versions of which products are to be published again, and why; nothing is written
    #[command(long_about = help::PLAN, after_long_help = help::PLAN_EXAMPLES)]
    Plan(Box<PublishBatchCommand>),
    /// Publish what `plan` shows, after what earlier runs left unfinished
    #[command(long_about = help::RUN, after_long_help = help::RUN_EXAMPLES)]
    Run(Box<PublishBatchCommand>),
    /// Show where each tag points in each of the places
    #[command(long_about = help::STATUS, after_long_help = help::STATUS_EXAMPLES, disable_version_flag = true)]
    Status(Box<PublishStatusCommand>),
    /// Move the tags that customers use back to an image that is public
    #[command(long_about = help::ROLLBACK, after_long_help = help::ROLLBACK_EXAMPLES, disable_version_flag = true)]
    Rollback(Box<PublishRollbackCommand>),
    /// Go on with all publications that were begun and not finished
    #[command(after_long_help = help::RESUME_EXAMPLES)]
    Resume(Box<PublishResumeCommand>),
    /// Install the program that certifies images, or show which of its versions the catalog takes
    Preflight(PreflightCommand),
}

/// `publish image`.
#[derive(Debug, clap::Args)]
pub struct PublishImageCommand {
    /// Which project.
    #[command(flatten)]
    pub catalog: CatalogArgs,
    /// Which release.
    #[command(flatten)]
    pub release: ReleaseArgs,
    /// How the image may look.
    #[command(flatten)]
    pub image: ImageArgs,
    /// What the guards make of it.
    #[command(flatten)]
    pub guards: GuardArgs,
    /// How long is waited.
    #[command(flatten)]
    pub wait: WaitArgs,
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

/// `publish next-rebuild`.
#[derive(Debug, clap::Args)]
pub struct PublishNextCommand {
    /// Which project.
    #[command(flatten)]
    pub catalog: CatalogArgs,
    /// Which version.
    #[command(flatten)]
    pub version: OfVersionArgs,
    /// How registries are reached.
    #[command(flatten)]
    pub connection: ConnectionArgs,
}

/// `publish plan`, `publish run`.
#[derive(Debug, clap::Args)]
pub struct PublishBatchCommand {
    /// Which projects.
    #[command(flatten)]
    pub catalog: CatalogArgs,
    /// How images may look.
    #[command(flatten)]
    pub image: ImageArgs,
    /// How much of it.
    #[command(flatten)]
    pub batch: BatchArgs,
    /// How long is waited.
    #[command(flatten)]
    pub wait: WaitArgs,
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

/// `publish status`.
#[derive(Debug, clap::Args)]
pub struct PublishStatusCommand {
    /// Which projects.
    #[command(flatten)]
    pub catalog: CatalogArgs,
    /// Which version.
    #[command(flatten)]
    pub version: OfVersionArgs,
    /// How registries are reached.
    #[command(flatten)]
    pub connection: ConnectionArgs,
}

/// `publish rollback`.
#[derive(Debug, clap::Args)]
pub struct PublishRollbackCommand {
    /// Which project.
    #[command(flatten)]
    pub catalog: CatalogArgs,
    /// Which version.
    #[command(flatten)]
    pub version: OfVersionArgs,
    /// What its tags are to be.
    #[command(flatten)]
    pub rollback: RollbackArgs,
    /// How long is waited.
    #[command(flatten)]
    pub wait: WaitArgs,
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

/// `publish resume`.
#[derive(Debug, clap::Args)]
pub struct PublishResumeCommand {
    /// Which projects.
    #[command(flatten)]
    pub catalog: CatalogArgs,
    /// How long is waited.
    #[command(flatten)]
    pub wait: WaitArgs,
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

/// `publish preflight`.
#[derive(Debug, clap::Args)]
#[command(subcommand_required = true, arg_required_else_help = true)]
pub struct PreflightCommand {
    /// What of it.
    #[command(subcommand)]
    pub action: PreflightAction,
}

/// The commands of `publish preflight`.
#[derive(Debug, Subcommand)]
pub enum PreflightAction {
    /// Download a version of the preflight program, checked by its sha256
    #[command(after_long_help = help::INSTALL_EXAMPLES, disable_version_flag = true)]
    Install(Box<PreflightInstallCommand>),
    /// Print the versions of the preflight program that the catalog takes results of
    #[command(after_long_help = help::SUPPORTED_EXAMPLES)]
    Supported(Box<PreflightSupportedCommand>),
}

/// `publish preflight install`.
#[derive(Debug, clap::Args)]
pub struct PreflightInstallCommand {
    /// What, and where to.
    #[command(flatten)]
    pub install: InstallArgs,
    /// How servers are reached.
    #[command(flatten)]
    pub connection: ConnectionArgs,
}

/// `publish preflight supported`.
#[derive(Debug, clap::Args)]
pub struct PreflightSupportedCommand {
    /// Which catalog.
    #[command(flatten)]
    pub supported: SupportedArgs,
    /// How servers are reached.
    #[command(flatten)]
    pub connection: ConnectionArgs,
}
