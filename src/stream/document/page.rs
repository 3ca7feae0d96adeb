//! A file as its reader sees it: findings with lines and columns.

use std::ops::Range;
use std::sync::Arc;

use super::places::Places;
use super::tree::Fault;
use crate::model::{Finding, Severity, Span};

/// A file with its lines.
#[derive(Debug)]
pub(super) struct Page<'a> {
    pub(super) name: &'a Arc<str>,
    pub(super) text: &'a str,
    /// Where each line begins.
    starts: Vec<usize>,
}

/// A text that is in a file, and where.
#[derive(Debug, Clone, Copy)]
pub(super) struct Within<'a> {
    pub(super) page: &'a Page<'a>,
    pub(super) places: &'a Places,
}

impl<'a> Page<'a> {
    pub(super) fn new(name: &'a Arc<str>, text: &'a str) -> Self {
        let mut starts = vec![0];
        starts.extend(text.match_indices('\n').map(|(at, _)| at + 1));
        // The break that ends the last line begins no other.
        starts.pop_if(|start| *start == text.len() && *start > 0);
        Self { name, text, starts }
    }

    /// A finding about the file as a whole.
    pub(super) fn whole(&self, code: &'static str, message: impl Into<String>) -> Finding {
        Finding::about(self.name, Severity::Error, code, message)
    }

    /// What is wrong at `at`.
    pub(super) fn wrong(&self, at: &Range<usize>, code: &'static str, message: impl Into<String>) -> Finding {
        Finding { span: Some(self.span(at)), ..self.whole(code, message) }
    }

    /// Everything that is wrong with the file as a text.
    pub(super) fn faults(&self, faults: Vec<Fault>) -> Vec<Finding> {
        faults.into_iter().map(|fault| self.wrong(&fault.at, fault.code, fault.message)).collect()
    }

    /// The line in which `at` is, from 1.
    pub(super) fn line(&self, at: usize) -> u32 {
        u32::try_from(self.starts.partition_point(|start| *start <= at)).unwrap_or(u32::MAX)
    }

    fn span(&self, at: &Range<usize>) -> Span {
        let number = self.line(at.start);
        let start = self.starts[number as usize - 1];
        let line = self.text[start..].lines().next().unwrap_or_default();
        let within = |at: usize| at.saturating_sub(start).min(line.len());
        Span::new(number, line.as_bytes(), &(within(at.start)..within(at.end)))
    }
}

impl Within<'_> {
    /// What is wrong at `at` of the text.
    pub(super) fn wrong(&self, at: &Range<usize>, code: &'static str, message: impl Into<String>) -> Finding {
        self.page.wrong(&self.places.range(at), code, message)
    }

    /// What is odd at `at` of the text.
    pub(super) fn odd(&self, at: &Range<usize>, code: &'static str, message: impl Into<String>) -> Finding {
        Finding { severity: Severity::Warning, ..self.wrong(at, code, message) }
    }

    /// The line of the file in which `at` of the text is.
    pub(super) fn line(&self, at: &Range<usize>) -> u32 {
        self.page.line(self.places.range(at).start)
    }
}
