//! Which mapping files.

use serde::Deserialize;

use super::value;

/// The mapping files of a command.
#[derive(Debug, Clone, Default, clap::Args, Deserialize)]
#[serde(default)]
pub struct MappingArgs {
    /// Mapping files, directories of them, globs, or - for standard input [default: MAPPINGS, else mappings/]
    #[arg(value_name = "PATH|GLOB")]
    #[serde(skip)]
    pub paths: Vec<String>,
    /// The same, as `oc` takes it; may be repeated or separated by commas
    #[arg(short = 'f', long, value_name = "PATH", value_delimiter = ',')]
    #[serde(deserialize_with = "value::list")]
    pub filename: Vec<String>,
}

impl MappingArgs {
    /// Everything named here, else everything named in `under`.
    #[must_use]
    pub fn over(self, under: Self) -> Vec<String> {
        let typed: Vec<_> =
            self.paths.into_iter().chain(self.filename).filter(|word| !word.is_empty()).collect();
        if typed.is_empty() { under.filename } else { typed }
    }
}
