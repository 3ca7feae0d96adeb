//! Everything that is tested from outside, as one binary: a module a subject.

mod cli_help;
mod cli_settings;
mod demo_images;
mod dependencies;
mod layering;
mod report_files;
mod report_html;
mod report_sample;
mod report_text;
mod shipped;
