//! Findings: what is wrong, or odd, with a place of a file that somebody wrote.
//!
//! A finding never holds a login: the line that it shows is masked.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use serde::{Serialize, Serializer};

use crate::error::{Class, Classify};
use crate::redact;

/// How much of a long line a finding shows, in characters.
const SHOWN: usize = 1_000;

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// What it is about is not mirrored.
    Error,
    /// It is mirrored, and somebody should look.
    Warning,
}

/// A place within a line, as a person counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Span {
    /// The line, from 1.
    pub line: u32,
    /// The character of the line, from 1.
    pub column: u32,
    /// How many characters.
    pub len: u32,
    /// The line, logins masked, at most its first thousand characters.
    pub text: Arc<str>,
}

/// Something that is wrong, or odd.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// How bad it is.
    pub severity: Severity,
    /// A stable name for this kind of finding.
    pub code: &'static str,
    /// What is the matter.
    pub message: String,
    /// The file, named as its reader would.
    pub file: Arc<str>,
    /// Where in the file; none: the file as a whole.
    pub span: Option<Span>,
    /// What to do about it.
    pub hint: Option<String>,
}

impl Span {
    /// The `bytes` of `line`, which is the line `number`.
    #[must_use]
    pub fn new(number: u32, line: &[u8], bytes: &Range<usize>) -> Self {
        let cut = |at: usize| String::from_utf8_lossy(&line[..at.min(line.len())]).chars().count();
        let (start, end) = (cut(bytes.start), cut(bytes.end));
        let masked = redact::mask_logins(&String::from_utf8_lossy(line));
        let shown: String = masked.chars().take(SHOWN).collect();
        let narrow = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        let len = narrow(end.saturating_sub(start).max(1));
        Self { line: number, column: narrow(start + 1), len, text: shown.into() }
    }
}

impl Finding {
    /// A finding about `file` as a whole.
    pub fn about(
        file: &Arc<str>,
        severity: Severity,
        code: &'static str,
        message: impl Into<String>,
    ) -> Self {
        let file = Arc::clone(file);
        Self { severity, code, message: message.into(), file, span: None, hint: None }
    }

    /// The same finding, saying what to do.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Whether it is an error.
    #[must_use]
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }

    /// The line; 0 is the file as a whole.
    #[must_use]
    pub fn line(&self) -> u32 {
        self.span.as_ref().map_or(0, |span| span.line)
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Finding {}

impl Classify for Finding {
    fn class(&self) -> Class {
        Class::Invalid
    }

    fn advice(&self) -> Option<String> {
        self.hint.clone()
    }
}

/// The JSON of the report contract; a finding about a whole file has no line and no column.
impl Serialize for Finding {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Json<'a> {
            severity: Severity,
            code: &'a str,
            message: &'a str,
            file: &'a str,
            line: Option<u32>,
            column: Option<u32>,
            length: Option<u32>,
            hint: Option<&'a str>,
        }
        let span = self.span.as_ref();
        let json = Json {
            severity: self.severity,
            code: self.code,
            message: &self.message,
            file: &self.file,
            line: span.map(|span| span.line),
            column: span.map(|span| span.column),
            length: span.map(|span| span.len),
            hint: self.hint.as_deref(),
        };
        json.serialize(serializer)
    }
}
