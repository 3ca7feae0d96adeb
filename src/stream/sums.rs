//! `sha256sum.txt`: the sums of all files of a directory, as `sha256sum` writes and checks them.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::error::{Class, Classify};
use crate::model::Digest;

/// The list itself.
pub const SUMS: &str = "sha256sum.txt";
/// The list, as somebody signed it.
pub const SIGNED_SUMS: &str = "sha256sum.txt.gpg";
/// The mark of completion, which holds the build.
pub const MARK: &str = "rhcos-id.txt";
/// What is not in the list: it is written after it, or is itself.
pub const UNLISTED: [&str; 3] = [MARK, SUMS, SIGNED_SUMS];

/// The sums of a directory by the names of its files.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Sums(BTreeMap<String, Digest>);

/// A text that is no list of sums.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line} of the list of sums is not `SHA256  NAME`")]
pub struct SumsError {
    /// The line, from 1.
    pub line: usize,
}

impl Classify for SumsError {
    fn class(&self) -> Class {
        Class::Protocol
    }

    fn advice(&self) -> Option<String> {
        Some(format!("look at {SUMS} of the destination; if it is damaged, delete it: it is made anew"))
    }
}

/// Whether the list of a directory has the file `name`.
#[must_use]
pub fn is_listed(name: &str) -> bool {
    !UNLISTED.contains(&name) && name != ".image-mirror"
}

impl Sums {
    /// Reads a list, in text or in binary mode. What is not to be in it is left out.
    ///
    /// # Errors
    /// With the first line that is no such line, or that says something else of a name than one before.
    pub fn parse(text: &str) -> Result<Self, SumsError> {
        let mut sums = Self::default();
        for (at, line) in text.lines().enumerate() {
            let wrong = SumsError { line: at + 1 };
            let (name, sha256) = entry(line).ok_or_else(|| wrong.clone())?;
            if sums.0.get(&name).is_some_and(|before| *before != sha256) {
                return Err(wrong);
            }
            sums.insert(&name, sha256);
        }
        Ok(sums)
    }

    /// Notes the sum of a file, unless that is not to be in the list.
    pub fn insert(&mut self, name: &str, sha256: Digest) {
        if is_listed(name) {
            self.0.insert(name.to_owned(), sha256);
        }
    }

    /// The sum of a file.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Digest> {
        self.0.get(name)
    }

    /// The list after a run that has verified the files of `new`: those are as it found them, and what was listed before
    /// stays as long as the file is there.
    #[must_use]
    pub fn merged(mut self, new: Self, is_there: impl Fn(&str) -> bool) -> Self {
        self.0.retain(|name, _| is_there(name));
        self.0.extend(new.0);
        self
    }

    /// The text, sorted by the bytes of the names.
    #[must_use]
    pub fn render(&self) -> String {
        let mut text = String::new();
        for (name, sha256) in &self.0 {
            let escaped = escaped(name);
            let mark = if escaped == *name { "" } else { "\\" };
            let _ = writeln!(text, "{mark}{}  {escaped}", sha256.hex());
        }
        text
    }
}

impl FromIterator<(String, Digest)> for Sums {
    fn from_iter<T: IntoIterator<Item = (String, Digest)>>(files: T) -> Self {
        let mut sums = Self::default();
        for (name, sha256) in files {
            sums.insert(&name, sha256);
        }
        sums
    }
}

fn entry(line: &str) -> Option<(String, Digest)> {
    let (is_escaped, line) = line.strip_prefix('\\').map_or((false, line), |line| (true, line));
    let (hex, name) = line.split_once(' ')?;
    let name = name.strip_prefix([' ', '*'])?;
    let sha256 = Digest::parse(&format!("sha256:{}", hex.to_ascii_lowercase())).ok()?;
    let name = if is_escaped { unescaped(name)? } else { name.to_owned() };
    (!name.is_empty()).then_some((name, sha256))
}

/// As `sha256sum` writes names that would break a line, or that look as if they were escaped.
fn escaped(name: &str) -> String {
    name.replace('\\', "\\\\").replace('\n', "\\n").replace('\r', "\\r")
}

fn unescaped(text: &str) -> Option<String> {
    let mut name = String::new();
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        let plain = match c {
            '\\' => match rest.next()? {
                '\\' => '\\',
                'n' => '\n',
                'r' => '\r',
                _ => return None,
            },
            c => c,
        };
        name.push(plain);
    }
    Some(name)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn sums(files: &[(&str, &str)]) -> Sums {
        files.iter().map(|(name, content)| ((*name).to_owned(), Digest::of(content.as_bytes()))).collect()
    }

    // 14.47
    #[test]
    fn the_list_is_sorted_and_leaves_out_what_is_written_after_it() {
        let all = [("zzz", "z"), ("aaa", "a"), ("gamma", "a"), ("rhcos-id.txt", "9.6.20250121-0\n")];
        let text = sums(&all).render();
        let hex = |content: &str| Digest::of(content.as_bytes()).hex().to_owned();
        assert_eq!(text, format!("{}  aaa\n{}  gamma\n{}  zzz\n", hex("a"), hex("a"), hex("z")));
        for own in [".image-mirror", "sha256sum.txt", "sha256sum.txt.gpg"] {
            assert_eq!(sums(&[(own, "x")]).render(), "", "{own}");
        }
        assert!(
            sums(&[("a.sig", "x"), ("rhcos-id.txt.sig", "x")]).render().ends_with("  rhcos-id.txt.sig\n")
        );
    }

    // 14.48
    #[test]
    fn a_second_run_adds_to_the_list_and_drops_what_is_gone() {
        let before = sums(&[("kept", "k"), ("changed", "1"), ("gone", "g")]);
        let merged = before.merged(sums(&[("changed", "2"), ("added", "a")]), |name| name != "gone");
        assert_eq!(merged, sums(&[("added", "a"), ("changed", "2"), ("kept", "k")]));
    }

    #[test]
    fn lists_that_others_wrote_are_read() {
        let a = Digest::of(b"a").hex().to_owned();
        let text =
            format!("{a}  one\r\n{} *two words\n\\{a}  three\\\\four\n{a}  rhcos-id.txt\n", a.to_uppercase());
        let read = Sums::parse(&text).unwrap();
        assert_eq!(read, sums(&[("one", "a"), ("two words", "a"), ("three\\four", "a")]));
        assert_eq!(read.get("one"), Some(&Digest::of(b"a")));
        assert_eq!(Sums::parse("").unwrap(), Sums::default());
    }

    #[test]
    fn a_line_that_is_none_is_named() {
        let a = Digest::of(b"a").hex().to_owned();
        let b = Digest::of(b"b").hex().to_owned();
        for (text, line) in [
            (format!("{a}  one\n{a} two\n"), 2),
            (format!("{a}  "), 1),
            (format!("{}  one", &a[1..]), 1),
            (format!("{a}  one\n\n{a}  two"), 2),
            (format!("\\{a}  x\\y"), 1),
            (format!("{a}  one\n{a}  one\n{b}  one\n"), 3),
            ("<html></html>".to_owned(), 1),
        ] {
            assert_eq!(Sums::parse(&text), Err(SumsError { line }), "{text}");
        }
    }

    proptest! {
        #[test]
        fn a_list_is_read_as_it_was_written(files in proptest::collection::btree_map("[ -~é\\\\*\n\r]{1,9}", "[ab]", 0..6)) {
            let sums: Sums = files.into_iter().map(|(name, content)| (name, Digest::of(content.as_bytes()))).collect();
            let text = sums.render();
            prop_assert_eq!(Sums::parse(&text).unwrap(), sums.clone());
            prop_assert_eq!(text.lines().count(), sums.0.len());
        }
    }
}
