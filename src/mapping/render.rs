//! Prints findings as compilers do: what, where, the line with a caret under it, and what to do.

use std::fmt::Write as _;

use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet};

use super::finding::{Finding, Severity, Span};
use crate::redact::visible;

/// The findings as text, a blank line between two of them. Each begins with `error: ` or `warning: `
/// at the start of a line, where log viewers look for it.
#[must_use]
pub fn render(findings: &[Finding]) -> String {
    let renderer = Renderer::plain();
    let mut out = String::new();
    for finding in findings {
        let separator = if out.is_empty() { "" } else { "\n" };
        let _ = writeln!(out, "{separator}{}", renderer.render(&[group(finding)]));
    }
    out
}

fn group(finding: &Finding) -> Group<'_> {
    let level = match finding.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let title = level.primary_title(finding.message.as_str());
    let group = match &finding.span {
        Some(span) => title.element(snippet(finding, span)),
        None => title.element(Origin::path(&*finding.file)),
    };
    match &finding.hint {
        Some(hint) => group.element(Level::HELP.message(hint.as_str())),
        None => group,
    }
}

fn snippet<'a>(finding: &'a Finding, span: &'a Span) -> Snippet<'a, annotate_snippets::Annotation<'a>> {
    // Control characters are shown by the renderer.
    let text = visible(&span.text);
    let byte =
        |characters: u32| text.char_indices().nth(characters as usize).map_or(text.len(), |(at, _)| at);
    let start = byte(span.column.saturating_sub(1));
    let end = byte(span.column.saturating_sub(1).saturating_add(span.len)).max(start);
    Snippet::source(text)
        .line_start(span.line as usize)
        .path(&*finding.file)
        .annotation(AnnotationKind::Primary.span(start..end))
}
