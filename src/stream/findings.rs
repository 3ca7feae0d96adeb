//! Findings about what a stream lists. Of an artifact only the line is known by then.

use std::sync::Arc;

use super::document::{Artifact, Stream};
use crate::model::{Finding, Severity, Span};

/// An error about one artifact.
pub(super) fn error(stream: &Stream, artifact: &Artifact, code: &'static str, message: &str) -> Finding {
    about(stream, artifact, Severity::Error, code, message)
}

/// A warning about one artifact.
pub(super) fn warning(stream: &Stream, artifact: &Artifact, code: &'static str, message: &str) -> Finding {
    about(stream, artifact, Severity::Warning, code, message)
}

fn about(
    stream: &Stream,
    artifact: &Artifact,
    severity: Severity,
    code: &'static str,
    message: &str,
) -> Finding {
    let span = Span { line: artifact.line, column: 1, len: 1, text: "".into() };
    Finding {
        severity,
        code,
        message: format!("{}: {message}", artifact.place),
        file: Arc::clone(&stream.file),
        span: Some(span),
        hint: None,
    }
}
