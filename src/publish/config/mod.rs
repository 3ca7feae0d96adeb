//! The settings of publications, of which many products share one file. It holds no secrets.

mod error;
mod fields;
mod products;
mod read;
mod sections;
mod template;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use url::Url;

pub use error::{ConfigError, PlaceError};
pub use template::{SourceTemplate, TemplateError};

use super::batch::Selection;
use super::metadata::Product;
use super::names::ReleaseVersion;
use super::site::Patience;
use crate::model::{Host, ImageRef, Platform, Reference, Repository, Tag};
use crate::reading;

/// Settings that hold.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where images come from, but for products that have a template of their own.
    pub source_template: Option<SourceTemplate>,
    /// What the public repositories of all products are below.
    pub namespace: String,
    /// The registry that is written.
    pub upload_host: Host,
    /// What the upload repositories of all products are below.
    pub upload_org: String,
    /// The registry that customers pull from.
    pub public_host: Host,
    /// What an image must be there for; not empty, none of them twice.
    pub platforms: Vec<Platform>,
    /// How long is waited.
    pub patience: Patience,
    /// The preflight program.
    pub preflight: Preflight,
    /// Whether an image is checked before it is uploaded, so that one that does not pass uses up no number.
    pub precheck: bool,
    /// Whether the configs of an image are changed so that the catalog does not know it.
    pub make_unique: bool,
    /// The catalog.
    pub pyxis: Pyxis,
    /// Where a rehearsal goes; none: there can be none.
    pub rehearsal: Option<Rehearsal>,
    /// Source tags that are not published.
    pub staging_pattern: glob::Pattern,
    /// What is said of single products, by name. A product that is not here is published as the others are.
    pub products: BTreeMap<String, ProductSettings>,
}

/// How the preflight program is run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Preflight {
    /// A path, or a name that is looked for in `PATH`.
    pub command: String,
    /// The version that it must have; none: any.
    pub version: Option<String>,
    /// How long one run of it may take.
    pub timeout: Duration,
    /// Which catalog it talks to.
    pub pyxis_env: PyxisEnv,
}

/// Which catalog the preflight program talks to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PyxisEnv {
    /// That of customers.
    Prod,
    /// For acceptance tests.
    Uat,
    /// For tests of its makers.
    Qa,
    /// What comes next.
    Stage,
}

/// How the catalog's API is used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pyxis {
    /// What its paths begin with, without a slash at the end.
    pub base: Url,
    /// For what.
    pub usage: PyxisUse,
}

/// What the catalog's API may be used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PyxisUse {
    /// Nothing.
    Off,
    /// To look at what it has.
    Read,
    /// Also to ask it to publish, where an option says so as well.
    Write,
}

/// Where a rehearsal goes. Both are in other registries than publications.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rehearsal {
    /// What stands for the upload repository.
    pub upload: Repository,
    /// What stands for the public repository; it may be the same.
    pub public: Repository,
}

/// What is said of one product.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ProductSettings {
    /// Which versions a batch publishes.
    pub versions: Selection,
    /// Where its images come from; none: from where all do.
    pub source_template: Option<SourceTemplate>,
}

impl PyxisEnv {
    /// As the preflight program takes it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Prod => "prod",
            Self::Uat => "uat",
            Self::Qa => "qa",
            Self::Stage => "stage",
        }
    }
}

impl Config {
    /// Reads the file at `path`.
    ///
    /// # Errors
    /// When it cannot be read, and everything that is wrong in it.
    pub fn read(path: &Path) -> Result<Self, ConfigError> {
        let file: Arc<str> = path.display().to_string().into();
        let bytes = reading::plain(path)
            .map_err(|source| ConfigError::Unreadable { file: Arc::clone(&file), source })?;
        Self::of_text(&file, &String::from_utf8_lossy(&bytes))
    }

    /// The settings that `text` holds, which is called `file`.
    ///
    /// # Errors
    /// Everything that is wrong in it.
    pub fn of_text(file: &Arc<str>, text: &str) -> Result<Self, ConfigError> {
        read::read(file, text).map_err(ConfigError::Wrong)
    }

    /// The upload repository of a product.
    ///
    /// # Errors
    /// When its name would be none.
    pub fn upload(&self, product: &Product) -> Result<Repository, PlaceError> {
        place(format!("{}/{}/{}", self.upload_host, self.upload_org, product.project_id))
    }

    /// The public repository of a product.
    ///
    /// # Errors
    /// When its name would be none.
    pub fn public(&self, product: &Product) -> Result<Repository, PlaceError> {
        place(format!("{}/{}/{}", self.public_host, self.namespace, product.image_basename))
    }

    /// Where the image of a version of a product comes from. In a batch nobody names a `tag`; then it is `VERSION-rel`, which is
    /// what rebuilds are called.
    ///
    /// # Errors
    /// When nothing says where, or what it says is no image.
    pub fn source(
        &self,
        product: &Product,
        version: &ReleaseVersion,
        tag: Option<&Tag>,
    ) -> Result<ImageRef, PlaceError> {
        let own = self.products.get(&product.name).and_then(|settings| settings.source_template.as_ref());
        let template = own.or(self.source_template.as_ref());
        let template = template.ok_or_else(|| PlaceError::NoTemplate(product.name.clone()))?;
        Ok(template.render(&product.image_basename, version, tag)?)
    }
}

fn place(text: String) -> Result<Repository, PlaceError> {
    match Reference::parse(&text) {
        Ok(reference) if reference.tag.is_none() && reference.digest.is_none() => Ok(reference.repository),
        _ => Err(PlaceError::Name(text)),
    }
}

#[cfg(test)]
mod tests;
