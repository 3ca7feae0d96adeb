//! Everything that is tested from outside, as one binary.

mod cli_help;
mod cli_settings;
mod dependencies;
mod layering;
