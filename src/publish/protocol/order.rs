//! What is to be published, and by which means.

use std::path::PathBuf;
use std::sync::Arc;

use crate::engine::{Observer, Stop};
use crate::model::{ImageRef, ReferenceError, Tag};
use crate::publish::catalog::Catalog;
use crate::publish::preflight::Preflight;
use crate::publish::site::{Patience, Site};
use crate::publish::source::Wanted;
use crate::publish::{Gate, Number, ReleaseVersion};
use crate::redact::Secret;

/// What is to be published.
#[derive(Debug, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "each is a choice of its own; none excludes another")]
pub struct Order {
    /// The product, by its name in the metadata file.
    pub product: Arc<str>,
    /// Where the image is.
    pub source: ImageRef,
    /// How it may look.
    pub wanted: Wanted,
    /// What customers call it.
    pub version: ReleaseVersion,
    /// Its number; none: the next.
    pub number: Option<Number>,
    /// Whether `latest` is moved.
    pub latest: Latest,
    /// Whether its configs get a line of their own.
    pub make_unique: bool,
    /// Whether it is checked before anything is uploaded.
    pub precheck: bool,
    /// Whether it is published although customers have the same content.
    pub force: bool,
    /// What is made of a unique tag that is there.
    pub resume: Resume,
    /// Whether the preflight program runs again although the image did not pass.
    pub retry_preflight: bool,
    /// Whether the catalog is asked to publish, once waiting was in vain.
    pub request_publish: bool,
    /// Whether the catalog is asked to take over the tags.
    pub sync_tags: bool,
    /// The last step.
    pub until: Until,
    /// Whether only what would be done is said.
    pub is_dry_run: bool,
}

impl Order {
    /// The tags that customers use, in the order in which they are moved.
    ///
    /// # Errors
    /// Never, since the length of a version leaves room for them.
    pub fn tags(&self) -> Result<Vec<Tag>, ReferenceError> {
        self.version.moving(self.latest != Latest::No)
    }
}

/// Whether `latest` is moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Latest {
    /// No.
    No,
    /// Unless a higher version is public.
    Unless,
    /// Whatever is public.
    Force,
}

/// What is made of a unique tag that is there and is this image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resume {
    /// It is gone on with if it is known to be ours.
    IfOurs,
    /// It is ours.
    Adopt,
    /// It is refused.
    Never,
}

/// The last step of a publication.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Until {
    /// The image is under its unique tag.
    Uploaded,
    /// It is certified.
    Certified,
    /// The public registry serves it.
    Public,
    /// The tags that customers use are the image.
    Done,
}

/// By which means it is published.
#[derive(Debug)]
pub struct Means {
    /// The registries.
    pub site: Site,
    /// The project's part of the certification; none: a rehearsal, in which nobody is told.
    pub project: Option<Project>,
    /// The login by which the upload registry is written; none: nobody's.
    pub robot: Option<Login>,
    /// The login by which the source is read, for the program that certifies; none: nobody's.
    pub source_login: Option<Login>,
    /// The program that certifies.
    pub preflight: Preflight,
    /// The catalog's own records; none: they are not asked for.
    pub catalog: Option<Catalog>,
    /// Where journals are; none: nothing is written.
    pub state_dir: Option<PathBuf>,
    /// A folder for this run alone, for what must not stay.
    pub scratch: PathBuf,
    /// Whether one more may begin; none: it may.
    pub gate: Option<Arc<Gate>>,
    /// How long others are waited for.
    pub patience: Patience,
    /// What is told of bytes on their way.
    pub observer: Arc<dyn Observer>,
    /// When to stop.
    pub stop: Stop,
    /// This machine, for others who want to publish.
    pub host: String,
    /// This run, by a name that no other has.
    pub run: String,
}

/// A login.
#[derive(Debug, Clone)]
pub struct Login {
    /// Who.
    pub user: String,
    /// What proves it.
    pub password: Secret,
}

/// A project of the catalog, and what proves that it is ours.
#[derive(Debug, Clone)]
pub struct Project {
    /// Its id.
    pub id: Arc<str>,
    /// The token of the catalog's API.
    pub api_key: Secret,
}
