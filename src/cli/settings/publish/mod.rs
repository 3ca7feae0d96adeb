//! What the commands of `publish` work with.

mod made;

use std::ffi::OsString;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

use url::Url;

use super::{Connection, Pace};
use crate::cli::args::{LatestWord, NumberWord, Step};
use crate::publish::ReleaseVersion;

/// `publish`.
#[derive(Debug)]
pub enum Publish {
    /// `publish image`.
    Image(Box<PublishImage>),
    /// `publish next-rebuild`.
    Next(Box<PublishNext>),
    /// `publish plan`.
    Plan(Box<PublishBatch>),
    /// `publish run`.
    Run(Box<PublishBatch>),
    /// `publish status`.
    Status(Box<PublishStatus>),
    /// `publish rollback`.
    Rollback(Box<PublishRollback>),
    /// `publish resume`.
    Resume(Box<PublishResume>),
    /// `publish preflight install`.
    Install(Box<PreflightInstall>),
    /// `publish preflight supported`.
    Supported(Box<PreflightSupported>),
}

/// Which projects, and what is known of them.
#[derive(Debug, Clone)]
pub struct Projects {
    /// The settings file.
    pub config: PathBuf,
    /// The products and their secrets.
    pub metadata: PathBuf,
    /// Which products; none: all.
    pub products: Vec<String>,
    /// Where journals are; none: nowhere, and nothing may be written.
    pub state_dir: Option<PathBuf>,
    /// Between the registries of the rehearsal.
    pub rehearse: bool,
    /// The variables that the preflight program sees.
    pub inherited: Vec<(String, OsString)>,
}

/// How an image may look, and what is made of it.
#[derive(Debug, Clone, Copy)]
pub struct ImageRules {
    /// Configs get a line of their own; none: as the settings file says.
    pub make_unique: Option<bool>,
    /// It may be of one architecture.
    pub single_arch: bool,
    /// Attestations are left out.
    pub strip_attestations: bool,
    /// It may be a staging image.
    pub allow_staging_source: bool,
    /// It is checked before anything is uploaded; none: as the settings file says.
    pub precheck: Option<bool>,
}

/// What is made of what is there already.
#[derive(Debug, Clone, Copy)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own; none excludes another")]
pub struct GuardSettings {
    /// A unique tag that is there is ours.
    pub adopt: bool,
    /// A unique tag that is there is refused.
    pub no_resume: bool,
    /// The preflight program runs again.
    pub retry_preflight: bool,
    /// Although customers have the same content.
    pub force_publish: bool,
    /// The catalog is asked to publish.
    pub request_publish: bool,
    /// The catalog is asked to take over the tags.
    pub sync_tags: bool,
    /// The last step; none: all.
    pub stop_after: Option<Step>,
}

/// How long others are waited for; none: as the settings file says.
#[derive(Debug, Clone, Copy)]
pub struct WaitSettings {
    /// Between two looks.
    pub interval: Option<Duration>,
    /// For an image to become public.
    pub publish: Option<Duration>,
    /// For a tag to move.
    pub tag: Option<Duration>,
}

/// `publish image`.
#[derive(Debug)]
pub struct PublishImage {
    /// Which project.
    pub projects: Projects,
    /// The tag of the source.
    pub source_tag: String,
    /// What customers call it.
    pub version: ReleaseVersion,
    /// Its number.
    pub rebuild: NumberWord,
    /// Whether `latest` is moved.
    pub latest: LatestWord,
    /// How the image may look.
    pub rules: ImageRules,
    /// What is made of what is there.
    pub guards: GuardSettings,
    /// How long others are waited for.
    pub wait: WaitSettings,
    /// Nothing may be written.
    pub dry_run: bool,
    /// How much at a time and how long.
    pub pace: Pace,
    /// How registries are reached.
    pub connection: Connection,
}

/// `publish next-rebuild`.
#[derive(Debug)]
pub struct PublishNext {
    /// Which project.
    pub projects: Projects,
    /// Of which version.
    pub version: ReleaseVersion,
    /// How registries are reached.
    pub connection: Connection,
}

/// `publish plan`, `publish run`.
#[derive(Debug)]
pub struct PublishBatch {
    /// Which projects.
    pub projects: Projects,
    /// How images may look.
    pub rules: ImageRules,
    /// So many images at most; none: all.
    pub max_publish: Option<NonZeroUsize>,
    /// How long others are waited for.
    pub wait: WaitSettings,
    /// Nothing may be written.
    pub dry_run: bool,
    /// How much at a time and how long.
    pub pace: Pace,
    /// How registries are reached.
    pub connection: Connection,
}

/// `publish status`.
#[derive(Debug)]
pub struct PublishStatus {
    /// Which projects.
    pub projects: Projects,
    /// Which version; none: all.
    pub version: Option<ReleaseVersion>,
    /// How registries are reached.
    pub connection: Connection,
}

/// `publish rollback`.
#[derive(Debug)]
pub struct PublishRollback {
    /// Which project.
    pub projects: Projects,
    /// Of which version.
    pub version: ReleaseVersion,
    /// To which number.
    pub to: crate::publish::Number,
    /// `latest` too.
    pub latest: bool,
    /// How long others are waited for.
    pub wait: WaitSettings,
    /// Nothing may be written.
    pub dry_run: bool,
    /// How much at a time and how long.
    pub pace: Pace,
    /// How registries are reached.
    pub connection: Connection,
}

/// `publish resume`.
#[derive(Debug)]
pub struct PublishResume {
    /// Which projects.
    pub projects: Projects,
    /// How long others are waited for.
    pub wait: WaitSettings,
    /// Nothing may be written.
    pub dry_run: bool,
    /// How much at a time and how long.
    pub pace: Pace,
    /// How registries are reached.
    pub connection: Connection,
}

/// `publish preflight install`.
#[derive(Debug)]
pub struct PreflightInstall {
    /// Which version.
    pub version: String,
    /// What it must be.
    pub sha256: String,
    /// Where it is; none: where its project publishes it.
    pub url: Option<Url>,
    /// The file that it becomes.
    pub to: PathBuf,
    /// How servers are reached.
    pub connection: Connection,
}

/// `publish preflight supported`.
#[derive(Debug)]
pub struct PreflightSupported {
    /// The settings file, if there is one.
    pub config: Option<PathBuf>,
    /// How servers are reached.
    pub connection: Connection,
}
