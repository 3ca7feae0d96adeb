//! Places of mapping files, and the findings about them.

use std::ops::Range;
use std::sync::Arc;

use super::files::MappingFile;
pub use crate::model::{Finding, Severity, Span};

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
        let mut finding = Finding::about(&self.file.name, severity, code, message);
        let bytes = self.start as usize..self.end as usize;
        finding.span = Some(Span::new(self.line, self.file.line(self.line), &bytes));
        finding
    }
}
