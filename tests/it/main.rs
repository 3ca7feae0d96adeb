//! One test binary: a module a subject.

mod progress;
mod report_files;
mod report_html;
mod report_sample;
mod report_text;
