//! How a file is served.

use crate::model::Key;

/// Whether a file stays what it is. Buckets tell caches so; a directory has nobody to tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// It is never another under this key: caches may keep it for a year.
    Immutable,
    /// It may be another soon: caches may keep it for five minutes.
    Mutable,
}

impl Kind {
    /// What caches are told.
    #[must_use]
    pub fn cache_control(self) -> &'static str {
        match self {
            Self::Immutable => "public, max-age=31536000, immutable",
            Self::Mutable => "public, max-age=300",
        }
    }
}

/// What readers of a file are told that it is.
pub(super) fn content_type(key: &Key) -> &'static str {
    match key.name().rsplit_once('.') {
        Some((_, "json")) => "application/json",
        Some((_, "txt")) => "text/plain",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_last_part_of_a_name_says_what_a_file_is() {
        let said = |text: &str| content_type(&Key::parse(text).unwrap());
        assert_eq!(said("a/rhcos.json"), "application/json");
        assert_eq!(said("sha256sum.txt"), "text/plain");
        for other in ["a.json/b", "x.json.gz", "json", "a/kernel-x86_64", "x.raw.gz"] {
            assert_eq!(said(other), "application/octet-stream", "{other}");
        }
    }
}
