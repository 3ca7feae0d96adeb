//! `version`: which program this is.

use super::exit::Exit;
use super::output::Output;
use super::settings::Build;

/// Prints `build`.
pub(super) fn version(build: Build, as_json: bool, output: &Output) -> Exit {
    if !as_json {
        return output.data(&build.to_string());
    }
    match serde_json::to_string(&build) {
        Ok(json) => output.data(&(json + "\n")),
        Err(error) => output.refuse(&error),
    }
}
