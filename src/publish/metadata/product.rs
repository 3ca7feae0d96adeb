//! One product.

use std::sync::Arc;

use super::Metadata;
use super::error::{MetadataError, Wrong};
use super::fields::Place;
use crate::model::Reference;
use crate::redact::Secret;

/// What connect.redhat.com puts before the number of a project in its addresses.
const PREFIX: &str = "ospid-";
/// How many digits the number of a project has.
const DIGITS: usize = 24;

/// A product, and by which secrets it is published. It prints without them.
#[derive(Debug, Clone)]
pub struct Product {
    /// What it is called here.
    pub name: String,
    /// The last part of its public repository.
    pub image_basename: String,
    /// Its project in the catalog, and the last part of its upload repository.
    pub project_id: String,
    /// The password of the robot that may push to its upload repository.
    pub registry_key: Secret,
    /// The token for the catalog; none: none is given.
    pub api_key: Option<Secret>,
    /// Who may list tags in the public registry; none: nobody is given.
    pub account: Option<Account>,
    /// What somebody should look at, in sentences.
    pub warnings: Vec<String>,
    file: Arc<str>,
}

/// An account of the public registry.
#[derive(Debug, Clone)]
pub struct Account {
    /// Its name.
    pub username: String,
    /// Its password.
    pub password: Secret,
}

impl Product {
    /// The user that may push to the upload repository of this product, below `org`.
    #[must_use]
    pub fn robot(&self, org: &str) -> String {
        format!("{org}+{}-robot", self.project_id)
    }

    /// The token for the catalog, of which there must be one.
    ///
    /// # Errors
    /// When none is given.
    pub fn needed_api_key(&self) -> Result<&Secret, MetadataError> {
        self.api_key.as_ref().ok_or_else(|| self.lacks("rhcc.api_key"))
    }

    fn lacks(&self, path: &str) -> MetadataError {
        let (file, path) = (Arc::clone(&self.file), path.to_owned());
        MetadataError::Value { file, path, wrong: Wrong::Missing }
    }
}

/// See [`Metadata::product`].
pub(super) fn read(metadata: &Metadata, name: &str) -> Result<Product, MetadataError> {
    let own = metadata.top().key("products").object()?.key(name).object()?;
    let shared = metadata.top().key("rhcc");
    let (project_id, warning) = project(&own.key("project_id"))?;
    Ok(Product {
        name: name.to_owned(),
        image_basename: basename(&own.key("image_basename"))?,
        project_id,
        registry_key: own.key("registry_key").secret()?,
        api_key: shared.key("api_key").secret_if_there()?,
        account: account(&shared.key("registry_service_account"))?,
        warnings: warning.into_iter().collect(),
        file: Arc::clone(&metadata.file),
    })
}

fn basename(place: &Place<'_>) -> Result<String, MetadataError> {
    let text = place.text()?;
    if is_in_a_name(text) { Ok(text.to_owned()) } else { Err(place.is(Wrong::NoName)) }
}

/// The project, and what is odd about it.
fn project(place: &Place<'_>) -> Result<(String, Option<String>), MetadataError> {
    let text = place.text()?;
    if text.matches('-').count() > 1 {
        return Err(place.is(Wrong::NoProject));
    }
    let id = text.strip_prefix(PREFIX).unwrap_or(text);
    if !is_in_a_name(id) || id.contains('/') {
        return Err(place.is(Wrong::NoName));
    }
    let is_usual = id.len() == DIGITS && id.bytes().all(|byte| byte.is_ascii_hexdigit());
    let warning = format!("the project `{id}` has not the {DIGITS} hexadecimal digits that projects have");
    Ok((id.to_owned(), (!is_usual).then_some(warning)))
}

/// Whether a text may be a part of the name of a repository.
fn is_in_a_name(text: &str) -> bool {
    let within = Reference::parse(&format!("registry.invalid/x/{text}"));
    within.is_ok_and(|reference| reference.tag.is_none() && reference.digest.is_none())
}

fn account(place: &Place<'_>) -> Result<Option<Account>, MetadataError> {
    if !place.is_there() {
        return Ok(None);
    }
    let place = place.clone().object()?;
    let username = place.key("username").text()?.to_owned();
    Ok(Some(Account { username, password: place.key("password").secret()? }))
}
