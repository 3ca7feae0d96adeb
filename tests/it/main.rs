//! Everything that is tested from outside, in one binary since linking is the slow step: a module a subject.
#![cfg(test)] // tells clippy that all of it is tests, where `unwrap` is fine

mod auth_check;
mod chaos;
mod cli_help;
mod cli_inspect;
mod cli_run;
mod cli_settings;
mod demo_images;
mod dependencies;
mod e2e;
mod engine;
mod faults;
mod layering;
mod mapping_cases;
mod mapping_corpus;
mod mapping_expand;
mod mapping_files;
mod mapping_lint;
mod mapping_props;
mod mapping_support;
mod policies;
mod progress;
mod prune_tags;
mod registry;
mod report_files;
mod report_html;
mod report_merge;
mod report_sample;
mod report_text;
mod security;
mod shipped;
mod support;
mod support_selftest;
mod tag_lists;
