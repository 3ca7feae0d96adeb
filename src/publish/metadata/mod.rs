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
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::Path;
use std::sync::Arc;

use serde_json::Value;

pub use error::{MetadataError, Wrong};
pub use product::{Account, Product};

use crate::reading;
use crate::redact::Secret;
use fields::Place;

/// What nobody but its owner may do with a file that holds secrets: read it, write it.
const OTHERS: u32 = 0o077;
/// The same of a file that is not ours. Then its group is how we may read it: so Kubernetes mounts secrets for a pod whose user is
/// not root.
const OTHERS_BUT_ITS_GROUP: u32 = 0o037;

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
        let about = fs::metadata(path).map_err(cannot)?;
        let (mode, is_ours) =
            (about.permissions().mode(), about.uid() == rustix::process::geteuid().as_raw());
        let root: Value =
            serde_json::from_slice(&bytes).map_err(|error| MetadataError::json(&file, &error))?;
        let mut warnings = Vec::new();
        if is_open(mode, is_ours) {
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

/// Whether others may do more with a file than they need to, which may be ours.
fn is_open(mode: u32, is_ours: bool) -> bool {
    mode & if is_ours { OTHERS } else { OTHERS_BUT_ITS_GROUP } != 0
}

impl fmt::Debug for Metadata {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Metadata").field("file", &self.file).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
