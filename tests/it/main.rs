//! One test binary: a module a subject.
#![cfg(test)] // tells clippy that all of it is tests, where `unwrap` is fine

mod progress;
mod report_files;
mod report_html;
mod report_sample;
mod report_text;
