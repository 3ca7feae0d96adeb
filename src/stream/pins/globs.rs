//! Globs over names that are joined by `/`: refs, and paths of a repository.

use std::sync::Arc;

use glob::{MatchOptions, Pattern};

/// `*` stays within a name; `**` is any number of them.
const WHOLE: MatchOptions = MatchOptions {
    case_sensitive: true,
    require_literal_separator: true,
    require_literal_leading_dot: false,
};

/// A glob.
#[derive(Debug, Clone)]
pub struct Glob {
    text: Arc<str>,
    whole: Pattern,
    names: Vec<Pattern>,
}

/// A text is no glob.
#[derive(Debug, thiserror::Error)]
#[error("`{text}` is no glob")]
pub struct GlobError {
    text: Box<str>,
    source: glob::PatternError,
}

impl Glob {
    /// The glob that `text` is.
    ///
    /// # Errors
    /// When it is none.
    pub fn parse(text: &str) -> Result<Self, GlobError> {
        let pattern =
            |part: &str| Pattern::new(part).map_err(|source| GlobError { text: text.into(), source });
        let names = text.split('/').map(pattern).collect::<Result<_, _>>()?;
        Ok(Self { text: text.into(), whole: pattern(text)?, names })
    }

    /// As it was written.
    #[must_use]
    pub fn text(&self) -> &Arc<str> {
        &self.text
    }

    /// Whether it matches the path.
    #[must_use]
    pub fn is_match(&self, path: &str) -> bool {
        self.whole.matches_with(path, WHOLE)
    }

    /// Whether it matches the ref, by its full name or by the one that people say.
    #[must_use]
    pub fn is_ref(&self, full: &str) -> bool {
        let kinds = ["refs/heads/", "refs/remotes/", "refs/tags/"];
        self.is_match(full)
            || kinds.iter().filter_map(|kind| full.strip_prefix(kind)).any(|name| self.is_match(name))
    }

    /// Whether it may match something below the folder.
    #[must_use]
    pub fn may_be_below(&self, folder: &str) -> bool {
        for (at, name) in folder.split('/').enumerate() {
            match self.names.get(at) {
                Some(pattern) if pattern.as_str() == "**" => return true,
                Some(pattern) if at + 1 < self.names.len() && pattern.matches_with(name, WHOLE) => {}
                _ => return false,
            }
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stays_within_a_name_and_a_folder_is_entered_only_where_something_may_match() {
        let glob = Glob::parse("data/*/rhcos*.json").unwrap();
        assert!(glob.is_match("data/data/rhcos-4.8.json"));
        assert!(!glob.is_match("data/data/coreos/rhcos.json"));
        assert!(glob.may_be_below("data") && glob.may_be_below("data/data"));
        assert!(!glob.may_be_below("docs") && !glob.may_be_below("data/data/coreos"));
        let deep = Glob::parse("data/**/*.json").unwrap();
        assert!(deep.is_match("data/a/b/c.json") && deep.may_be_below("data/a/b"));
        assert!(!deep.may_be_below("docs"));
        assert!(Glob::parse("a[").is_err());
    }

    #[test]
    fn a_ref_goes_by_its_full_name_and_by_the_one_that_people_say() {
        let glob = Glob::parse("release-*").unwrap();
        assert!(glob.is_ref("refs/heads/release-4.8"));
        assert!(!glob.is_ref("refs/remotes/origin/release-4.8") && !glob.is_ref("refs/heads/main"));
        assert!(Glob::parse("origin/release-*").unwrap().is_ref("refs/remotes/origin/release-4.8"));
        assert!(Glob::parse("refs/pull/*/head").unwrap().is_ref("refs/pull/12/head"));
    }
}
