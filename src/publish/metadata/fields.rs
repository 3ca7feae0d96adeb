//! Values of the file, each with its place.

use std::path::Path;
use std::sync::Arc;

use secrecy::ExposeSecret as _;
use serde_json::Value;

use super::Metadata;
use super::error::{MetadataError, Wrong};
use crate::reading;
use crate::redact::Secret;

/// A value, if it is there, and where it is.
#[derive(Clone)]
pub(super) struct Place<'a> {
    metadata: &'a Metadata,
    path: String,
    value: Option<&'a Value>,
}

impl<'a> Place<'a> {
    /// The file as a whole.
    pub(super) fn top(metadata: &'a Metadata) -> Self {
        Self { metadata, path: String::new(), value: Some(&metadata.root) }
    }

    /// The value of a key of this one.
    pub(super) fn key(&self, name: &str) -> Self {
        let path = if self.path.is_empty() { name.to_owned() } else { format!("{}.{name}", self.path) };
        Self { metadata: self.metadata, path, value: self.value.and_then(|value| value.get(name)) }
    }

    /// Whether anything is there.
    pub(super) fn is_there(&self) -> bool {
        !matches!(self.value, None | Some(Value::Null))
    }

    /// That something is wrong with it.
    pub(super) fn is(&self, wrong: Wrong) -> MetadataError {
        MetadataError::Value { file: Arc::clone(&self.metadata.file), path: self.path.clone(), wrong }
    }

    /// It must have keys.
    pub(super) fn object(self) -> Result<Self, MetadataError> {
        match self.value {
            Some(Value::Object(_)) => Ok(self),
            None => Err(self.is(Wrong::Missing)),
            Some(Value::Null) => Err(self.is(Wrong::Null)),
            Some(_) => Err(self.is(Wrong::NoObject)),
        }
    }

    /// Its text, which is not empty.
    pub(super) fn text(&self) -> Result<&'a str, MetadataError> {
        match self.value {
            Some(Value::String(text)) if !text.trim().is_empty() => Ok(text),
            Some(Value::String(_)) => Err(self.is(Wrong::Empty)),
            None => Err(self.is(Wrong::Missing)),
            Some(Value::Null) => Err(self.is(Wrong::Null)),
            Some(_) => Err(self.is(Wrong::NoText)),
        }
    }

    /// The secret that it is, or that lies where it says.
    pub(super) fn secret(&self) -> Result<Secret, MetadataError> {
        let text = self.text()?;
        if let Some(name) = variable(text) {
            let value = self.metadata.variables.get(name).and_then(Option::as_ref);
            return value.cloned().ok_or_else(|| self.is(Wrong::Unset(name.to_owned())));
        }
        match text.strip_prefix('@') {
            Some(path) if path.starts_with('/') => self.in_file(Path::new(path)),
            _ => Ok(Secret::from(text)),
        }
    }

    /// As [`Place::secret`]; none: it is missing, `null` or empty.
    pub(super) fn secret_if_there(&self) -> Result<Option<Secret>, MetadataError> {
        match self.value {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) if text.trim().is_empty() => Ok(None),
            Some(_) => self.secret().map(Some),
        }
    }

    /// What a file holds, but for the end of its line.
    fn in_file(&self, path: &Path) -> Result<Secret, MetadataError> {
        let cannot = |source| MetadataError::SecretFile {
            file: Arc::clone(&self.metadata.file),
            path: self.path.clone(),
            source,
        };
        let bytes = reading::plain(path).map_err(cannot)?;
        let whole = Secret::from(String::from_utf8(bytes).map_err(|_| self.is(Wrong::NoSecret))?);
        match whole.expose_secret().trim_end_matches(['\r', '\n']) {
            "" => Err(self.is(Wrong::Empty)),
            secret => Ok(Secret::from(secret)),
        }
    }
}

/// The variable that a text names as a whole: `${NAME}`.
fn variable(text: &str) -> Option<&str> {
    let name = text.strip_prefix("${")?.strip_suffix('}')?;
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    (!name.is_empty() && name.bytes().all(is_name)).then_some(name)
}

/// The variables that any text below `value` names.
pub(super) fn variables(value: &Value) -> Box<dyn Iterator<Item = &str> + '_> {
    match value {
        Value::String(text) => Box::new(variable(text).into_iter()),
        Value::Array(items) => Box::new(items.iter().flat_map(variables)),
        Value::Object(entries) => Box::new(entries.values().flat_map(variables)),
        _ => Box::new(std::iter::empty()),
    }
}
