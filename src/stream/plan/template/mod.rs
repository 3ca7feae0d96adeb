//! Templates of paths: `{arch}/dependencies/rhcos/{ocp}/{release}/{name}`.

mod values;

use std::fmt::{self, Write as _};
use std::str::FromStr;
use std::sync::Arc;

use regex::Regex;

use crate::model::{Key, KeyError};

pub use values::{Found, Placeholder, Values};

/// Makes a path of what is known of an artifact, and finds out from a path what is not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    text: Arc<str>,
    parts: Vec<Part>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Text(String),
    Value(Placeholder),
}

/// A text that is no template.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TemplateError {
    /// Something else between braces, or a brace alone.
    #[error("`{0}` has a brace that is not of {known}", known = Placeholder::known())]
    Placeholder(String),
    /// Every file would be under one name.
    #[error("`{0}` is the name of no layout, and a template has at least one of {known}", known = Placeholder::known())]
    Constant(String),
    /// It could make no path.
    #[error("this can be the path of no file")]
    Path(#[source] KeyError),
}

/// Why a template makes no path of some values.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RenderError {
    /// It needs something that is not known.
    #[error("the layout has `{{{0}}}`, which is not known")]
    Undefined(Placeholder),
    /// A value is no part of a name.
    #[error("the {0} is `{1}`, which cannot be part of a file's name")]
    Value(Placeholder, String),
    /// What it makes is no path.
    #[error("the layout makes no path of it")]
    Key(#[from] KeyError),
}

impl Template {
    /// Whether it has `placeholder`.
    #[must_use]
    pub fn has(&self, placeholder: Placeholder) -> bool {
        self.parts.contains(&Part::Value(placeholder))
    }

    /// The path that it makes of `values`.
    ///
    /// # Errors
    /// When a value that it needs is not known, is empty or has a slash, and when the whole is no path of a file.
    pub fn render(&self, values: &Values<'_>) -> Result<Key, RenderError> {
        let mut text = String::new();
        for part in &self.parts {
            match part {
                Part::Text(part) => text.push_str(part),
                Part::Value(placeholder) => {
                    let value = values.of(*placeholder).ok_or(RenderError::Undefined(*placeholder))?;
                    let may_be_empty = *placeholder == Placeholder::ArchSuffix;
                    if value.contains('/') || (value.is_empty() && !may_be_empty) {
                        return Err(RenderError::Value(*placeholder, value));
                    }
                    text.push_str(&value);
                }
            }
        }
        Ok(Key::parse(&text)?)
    }

    /// What `path`, or its end, says that `known` does not; nothing if the template could not have made it.
    #[must_use]
    pub fn read(&self, path: &[String], known: &Values<'_>) -> Option<Found> {
        let end = path.get(path.len().checked_sub(self.names())?..)?.join("/");
        let captures = self.pattern(known)?.captures(&end)?;
        let found = |placeholder: Placeholder, known: Option<&str>| {
            let found = captures.name(placeholder.word()).map(|found| found.as_str());
            known.or(found).map(str::to_owned)
        };
        let found = Found {
            ocp: found(Placeholder::Ocp, known.ocp),
            release: found(Placeholder::Release, known.release),
            name: found(Placeholder::Name, known.name),
        };
        // A value that stands twice in the template must be the same in both places.
        self.render(&found.values(known)).is_ok_and(|key| key.as_str() == end).then_some(found)
    }

    /// Of how many names the paths are.
    fn names(&self) -> usize {
        self.text.split('/').count()
    }

    /// What matches its paths, given what is known.
    fn pattern(&self, known: &Values<'_>) -> Option<Regex> {
        let mut pattern = "(?s)^".to_owned();
        let mut named = Vec::new();
        for part in &self.parts {
            match part {
                Part::Text(text) => pattern.push_str(&regex::escape(text)),
                Part::Value(placeholder) => match known.of(*placeholder) {
                    Some(value) => pattern.push_str(&regex::escape(&value)),
                    None if named.contains(placeholder) => pattern.push_str(placeholder.pattern()),
                    None => {
                        named.push(*placeholder);
                        let _ = write!(pattern, "(?<{placeholder}>{})", placeholder.pattern());
                    }
                },
            }
        }
        pattern.push('$');
        Regex::new(&pattern).ok()
    }

    /// Checks what it makes at the shortest.
    fn check(self) -> Result<Self, TemplateError> {
        if !self.parts.iter().any(|part| matches!(part, Part::Value(_))) {
            return Err(TemplateError::Constant(self.text.to_string()));
        }
        let letter = |part: &Part| match part {
            Part::Text(text) => text.clone(),
            Part::Value(_) => "x".to_owned(),
        };
        let shortest: String = self.parts.iter().map(letter).collect();
        Key::parse(&shortest).map_err(TemplateError::Path)?;
        Ok(self)
    }
}

impl FromStr for Template {
    type Err = TemplateError;

    fn from_str(text: &str) -> Result<Self, TemplateError> {
        let wrong = || TemplateError::Placeholder(text.to_owned());
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some((before, behind)) = rest.split_once('{') {
            let (word, after) = behind.split_once('}').ok_or_else(wrong)?;
            let known = Placeholder::ALL.into_iter().find(|known| known.word() == word);
            parts.push(Part::Text(before.to_owned()));
            parts.push(Part::Value(known.ok_or_else(wrong)?));
            rest = after;
        }
        parts.push(Part::Text(rest.to_owned()));
        if parts.iter().any(|part| matches!(part, Part::Text(text) if text.contains('}'))) {
            return Err(wrong());
        }
        Self { text: text.into(), parts }.check()
    }
}

impl fmt::Display for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests;
