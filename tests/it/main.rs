//! Everything that is tested from outside, as one binary: a module a subject.

mod cli_help;
mod cli_settings;
mod dependencies;
mod layering;
mod mapping_cases;
mod mapping_support;
mod report_files;
mod report_html;
mod report_sample;
mod report_text;
