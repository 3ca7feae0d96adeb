//! Flags about what is printed, the same for every command.

use clap::{ArgAction, ValueEnum};
use serde::Deserialize;

use super::value;

/// How log lines look.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// Lines for people; a failure begins `error:`
    #[default]
    Text,
    /// One JSON object a line
    Json,
}

/// How progress is shown.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum ProgressMode {
    /// Bars on a terminal, else lines
    #[default]
    Auto,
    /// Bars
    Bar,
    /// A line now and then
    Plain,
    /// Nothing
    None,
}

/// Whether colours are used.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum ColorChoice {
    /// On a terminal, unless `NO_COLOR` is set
    #[default]
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// Reads the words of a clap enum from a variable too.
macro_rules! from_words {
    ($($type:ty),*) => {$(
        impl std::str::FromStr for $type {
            type Err = String;

            fn from_str(text: &str) -> Result<Self, String> {
                <Self as ValueEnum>::from_str(text, true).map_err(|_| {
                    let words: Vec<_> = Self::value_variants()
                        .iter()
                        .filter_map(ValueEnum::to_possible_value)
                        .map(|word| format!("`{}`", word.get_name()))
                        .collect();
                    format!("expected one of {}", words.join(", "))
                })
            }
        }
    )*};
}
pub(super) use from_words;

from_words!(LogFormat, ProgressMode, ColorChoice);

/// What is printed on stderr, and how.
#[derive(Debug, Clone, Copy, Default, clap::Args, Deserialize)]
#[serde(default)]
#[command(next_help_heading = "Output")]
pub struct ConsoleArgs {
    /// How log lines on stderr look [default: text]
    #[arg(long, global = true, value_name = "FORMAT", hide_possible_values = false)]
    #[serde(deserialize_with = "value::one")]
    pub log_format: Option<LogFormat>,
    /// How progress is shown on stderr [default: auto]
    #[arg(long, global = true, value_name = "HOW")]
    #[serde(deserialize_with = "value::one")]
    pub progress: Option<ProgressMode>,
    /// Whether to use colours [default: auto]
    #[arg(long, global = true, value_name = "WHEN")]
    #[serde(deserialize_with = "value::one")]
    pub color: Option<ColorChoice>,
    /// Say more on stderr (-vv: every request)
    #[arg(short, long, global = true, action = ArgAction::Count)]
    #[serde(deserialize_with = "value::times")]
    pub verbose: u8,
    /// Say less on stderr (-qq: errors only)
    #[arg(short, long, global = true, action = ArgAction::Count, conflicts_with = "verbose")]
    #[serde(deserialize_with = "value::times")]
    pub quiet: u8,
}

impl ConsoleArgs {
    /// What was typed, over `under`.
    #[must_use]
    pub fn over(self, under: Self) -> Self {
        let said = self.verbose > 0 || self.quiet > 0;
        Self {
            log_format: self.log_format.or(under.log_format),
            progress: self.progress.or(under.progress),
            color: self.color.or(under.color),
            verbose: if said { self.verbose } else { under.verbose },
            quiet: if said { self.quiet } else { under.quiet },
        }
    }
}
