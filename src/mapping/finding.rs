//! Findings: what is wrong, or odd, with a place of a mapping file.
//!
//! They are values; `render` turns them into text. A finding never holds a login: the line that it
//! shows is masked.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use serde::{Serialize, Serializer};

use super::files::MappingFile;
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

/// A place in a file that was read. It costs little until a finding is made of it.
#[derive(Debug, Clone)]
pub(super) struct Place {
    pub(super) file: Arc<MappingFile>,
    pub(super) line: u32,
    /// Bytes of the line.
    pub(super) start: u32,
    pub(super) end: u32,
}

impl Place {
    pub(super) fn new(file: &Arc<MappingFile>, line: u32, bytes: &Range<usize>) -> Self {
        let narrow = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        Self { file: Arc::clone(file), line, start: narrow(bytes.start), end: narrow(bytes.end) }
    }

    pub(super) fn finding(
        &self,
        severity: Severity,
        code: &'static str,
        message: impl Into<String>,
    ) -> Finding {
        let line = self.file.line(self.line);
        let cut = |at: u32| String::from_utf8_lossy(&line[..(at as usize).min(line.len())]).chars().count();
        let (start, end) = (cut(self.start), cut(self.end));
        let masked = redact::mask_logins(&String::from_utf8_lossy(line));
        let shown: String = masked.chars().take(SHOWN).collect();
        let narrow = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        let span = Span {
            line: self.line,
            column: narrow(start + 1),
            len: narrow((end - start).max(1)),
            text: shown.into(),
        };
        let mut finding = Finding::about(&self.file.name, severity, code, message);
        finding.span = Some(span);
        finding
    }
}
