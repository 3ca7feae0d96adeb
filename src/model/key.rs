//! Where a file is below the root of a destination.

use std::fmt;
use std::sync::Arc;

/// The folder for what we keep for ourselves; no other key may begin with it.
const STATE: &str = ".image-mirror";
/// Of a segment: file systems take no more.
const LONGEST_NAME: usize = 255;
/// Of a whole key: buckets take no more.
const LONGEST: usize = 1024;

/// A path below the root of a destination: names joined by `/`, none of them empty, `.` or `..`, none with a control
/// character. So it never leads out of the root, and is the same in a directory and in a bucket.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key(Arc<str>);

/// Why a text is no key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// Empty, or with an empty name in it: `a//b`, `/a`, `a/`.
    #[error("`{0}` has an empty name in it")]
    Empty(String),
    /// `.` or `..`
    #[error("`{0}` has `.` or `..` in it, which could lead elsewhere")]
    Dots(String),
    /// It cannot be printed on one line.
    #[error("{0:?} has a control character in it")]
    Control(String),
    /// Longer than a file system or a bucket takes.
    #[error("`{0}` is too long: a name may have {LONGEST_NAME} bytes, a path {LONGEST}")]
    TooLong(String),
    /// Our own folder.
    #[error("`{0}` is in `{STATE}/`, where this program keeps its own state")]
    Reserved(String),
}

impl Key {
    /// The key that `text` is.
    ///
    /// # Errors
    /// When it is none.
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        let key = Self::any(text)?;
        if key.is_state() { Err(KeyError::Reserved(text.to_owned())) } else { Ok(key) }
    }

    /// The key of something that we keep for ourselves.
    ///
    /// # Errors
    /// When `text` is no key.
    pub fn of_state(text: &str) -> Result<Self, KeyError> {
        Self::any(&format!("{STATE}/{text}"))
    }

    fn any(text: &str) -> Result<Self, KeyError> {
        let own = || text.to_owned();
        if text.chars().any(char::is_control) {
            return Err(KeyError::Control(own()));
        }
        for name in text.split('/') {
            match name {
                "" => return Err(KeyError::Empty(own())),
                "." | ".." => return Err(KeyError::Dots(own())),
                _ if name.len() > LONGEST_NAME => return Err(KeyError::TooLong(own())),
                _ => {}
            }
        }
        if text.len() > LONGEST {
            return Err(KeyError::TooLong(own()));
        }
        Ok(Self(text.into()))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The last name.
    #[must_use]
    pub fn name(&self) -> &str {
        self.0.rsplit('/').next().unwrap_or(&self.0)
    }

    /// The folder that it is in; none: the root.
    #[must_use]
    pub fn parent(&self) -> Option<Self> {
        self.0.rsplit_once('/').map(|(parent, _)| Self(parent.into()))
    }

    /// What is called `name` in this folder.
    ///
    /// # Errors
    /// When that is no key.
    pub fn join(&self, name: &str) -> Result<Self, KeyError> {
        Self::any(&format!("{self}/{name}"))
    }

    /// Whether it is something that we keep for ourselves.
    #[must_use]
    pub fn is_state(&self) -> bool {
        self.0.split('/').next() == Some(STATE)
    }

    /// Whether it is somewhere below `folder`.
    #[must_use]
    pub fn is_below(&self, folder: &Self) -> bool {
        self.0.strip_prefix(&*folder.0).is_some_and(|rest| rest.starts_with('/'))
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_leads_nowhere_but_below_the_root() {
        for bad in ["", "/a", "a/", "a//b", "..", "a/../b", "./a", "a\nb", "a\0b"] {
            assert!(Key::parse(bad).is_err(), "{bad:?}");
        }
        assert!(Key::parse(&"x".repeat(256)).is_err());
        assert!(Key::parse(&vec!["x".repeat(200); 6].join("/")).is_err());
        let key = Key::parse("a/b c/d..e").unwrap();
        assert_eq!((key.name(), key.parent().unwrap().as_str()), ("d..e", "a/b c"));
        assert!(key.is_below(&Key::parse("a").unwrap()));
        assert!(!key.is_below(&Key::parse("a/b").unwrap()), "a name is taken whole");
    }

    #[test]
    fn the_folder_of_our_own_is_nobody_elses() {
        assert_eq!(
            Key::parse(".image-mirror/lock"),
            Err(KeyError::Reserved(".image-mirror/lock".to_owned()))
        );
        assert!(Key::parse(".image-mirror").is_err());
        let key = Key::of_state("lock").unwrap();
        assert!(key.is_state());
        assert_eq!(key.as_str(), ".image-mirror/lock");
        assert!(Key::parse("a/.image-mirror/x").is_ok());
    }
}
