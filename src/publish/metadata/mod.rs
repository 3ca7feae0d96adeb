//! The file that says which product is which project of the catalog, and by which secrets.
//!
//! ```json
//! { "rhcc": { "api_key": "…", "registry_service_account": { "username": "…", "password": "…" } },
//!   "products": { "server": { "image_basename": "server", "project_id": "…", "registry_key": "…" } } }
//! ```
//!
//! Others read it too, so what is not known in it is left alone. In place of a secret there may be `${NAME}`, a variable of the
//! environment, or `@/path`, a file that holds it. Only what a command needs has to be there. Nothing here prints a secret.

mod error;
mod fields;
mod product;

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::Arc;

use serde_json::Value;

pub use error::{MetadataError, Wrong};
pub use product::{Account, Product};

use crate::reading;
use crate::redact::Secret;
use fields::Place;

/// What a file may be that holds secrets: read and written by its owner.
const OTHERS: u32 = 0o077;

/// The file.
pub struct Metadata {
    file: Arc<str>,
    root: Value,
    /// The variables that are named in it; none: it is not set.
    variables: BTreeMap<String, Option<Secret>>,
    warnings: Vec<String>,
}

impl Metadata {
    /// Reads the file at `path`. `lookup` tells the variables of the environment that it names.
    ///
    /// # Errors
    /// When it cannot be read or is no JSON. What is in it is looked at once it is needed.
    pub fn read(path: &Path, lookup: &dyn Fn(&str) -> Option<String>) -> Result<Self, MetadataError> {
        let file: Arc<str> = path.display().to_string().into();
        let cannot = |source| MetadataError::File { file: Arc::clone(&file), source };
        let bytes = reading::plain(path).map_err(cannot)?;
        let mode = fs::metadata(path).map_err(cannot)?.permissions().mode();
        let root: Value =
            serde_json::from_slice(&bytes).map_err(|error| MetadataError::json(&file, &error))?;
        let mut warnings = Vec::new();
        if mode & OTHERS != 0 {
            warnings.push(format!(
                "{file} holds secrets and others may read it (mode {:o}): `chmod 600` it",
                mode & 0o777
            ));
        }
        let variables = fields::variables(&root)
            .map(|name| (name.to_owned(), lookup(name).filter(|value| !value.is_empty()).map(Secret::from)))
            .collect();
        Ok(Self { file, root, variables, warnings })
    }

    /// What somebody should look at, in sentences.
    #[must_use]
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// The names of all products, sorted.
    #[must_use]
    pub fn products(&self) -> Vec<&str> {
        let products = self.root.get("products").and_then(Value::as_object);
        let mut names: Vec<_> = products.into_iter().flat_map(|all| all.keys().map(String::as_str)).collect();
        names.sort_unstable();
        names
    }

    /// What is said of the product called `name`.
    ///
    /// # Errors
    /// When there is no such product, or something is missing or wrong that is needed of any; a secret that may be missing is wrong
    /// only if it is there.
    pub fn product(&self, name: &str) -> Result<Product, MetadataError> {
        product::read(self, name)
    }

    /// The value of the file as a whole, with its place.
    fn top(&self) -> Place<'_> {
        Place::top(self)
    }
}

impl fmt::Debug for Metadata {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Metadata").field("file", &self.file).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
