//! How often a run failed in a row, in a file.

use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::nightly::payload::{BuildSystem, Payload};
use crate::reading;
use crate::report::replace;

/// What is counted by itself: `konflux:stream:4.19`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CounterKey(String);

impl CounterKey {
    /// Of the runs for `payload`.
    #[must_use]
    pub fn of(payload: &Payload) -> Self {
        let system = match payload.build_system {
            BuildSystem::Brew => "brew",
            BuildSystem::Konflux => "konflux",
        };
        Self(format!("{system}:{}:{}", payload.assembly.name, payload.version))
    }
}

impl fmt::Display for CounterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The file of the counts. Nobody else may write it at the same time.
#[derive(Debug, Clone)]
pub struct FailureCounter(PathBuf);

/// Why nothing was counted. The file is as it was.
#[derive(Debug, thiserror::Error)]
pub enum CounterError {
    /// It cannot be read.
    #[error("the state file `{}` cannot be read", .path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        cause: io::Error,
    },
    /// Something else is in it.
    #[error("the state file `{}` does not hold the counts of failures; it is left as it is", .path.display())]
    Other {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        cause: serde_json::Error,
    },
    /// It cannot be written.
    #[error("the state file `{}` cannot be written", .path.display())]
    Unwritable {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        cause: io::Error,
    },
}

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct State {
    failures: BTreeMap<String, u64>,
}

impl FailureCounter {
    /// The counts in the file at `path`, which need not exist yet.
    #[must_use]
    pub fn at(path: &Path) -> Self {
        Self(path.to_owned())
    }

    /// Counts one more; gives how many there were in a row, this one included.
    ///
    /// # Errors
    /// When the file cannot be read or written, or holds something else.
    pub fn count(&self, key: &CounterKey) -> Result<u64, CounterError> {
        let mut state = self.read()?;
        let count = state.failures.entry(key.0.clone()).or_default();
        *count = count.saturating_add(1);
        let count = *count;
        self.write(&state)?;
        Ok(count)
    }

    /// A success: begins anew. Gives how many failures there were before.
    ///
    /// # Errors
    /// When the file cannot be read or written, or holds something else.
    pub fn reset(&self, key: &CounterKey) -> Result<u64, CounterError> {
        let mut state = self.read()?;
        let Some(before) = state.failures.remove(&key.0) else { return Ok(0) };
        self.write(&state)?;
        Ok(before)
    }

    fn read(&self) -> Result<State, CounterError> {
        let path = || self.0.clone();
        match reading::plain(&self.0) {
            Ok(bytes) => {
                serde_json::from_slice(&bytes).map_err(|cause| CounterError::Other { path: path(), cause })
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(State::default()),
            Err(cause) => Err(CounterError::Unreadable { path: path(), cause }),
        }
    }

    fn write(&self, state: &State) -> Result<(), CounterError> {
        let text = serde_json::to_string_pretty(state).map_err(io::Error::other);
        let written = text.and_then(|text| replace(&self.0, (text + "\n").as_bytes()));
        written.map_err(|cause| CounterError::Unwritable { path: self.0.clone(), cause })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(text: &str) -> CounterKey {
        CounterKey(text.to_owned())
    }

    #[test]
    fn failures_are_counted_by_version_and_begin_anew_after_a_success() {
        let folder = tempfile::tempdir().unwrap();
        let counter = FailureCounter::at(&folder.path().join("state.json"));
        let (ours, others) = (key("konflux:stream:4.19"), key("konflux:stream:4.20"));
        assert_eq!([counter.count(&ours).unwrap(), counter.count(&ours).unwrap()], [1, 2]);
        assert_eq!(counter.count(&others).unwrap(), 1);
        assert_eq!(counter.reset(&ours).unwrap(), 2);
        assert_eq!([counter.count(&ours).unwrap(), counter.count(&others).unwrap()], [1, 2]);
    }

    #[test]
    fn a_file_that_holds_something_else_is_left_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state.json");
        std::fs::write(&path, "{\"failures\": {}, \"mine\": 1}").unwrap();
        let counter = FailureCounter::at(&path);
        assert!(matches!(counter.count(&key("a")).unwrap_err(), CounterError::Other { .. }));
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "{\"failures\": {}, \"mine\": 1}");
    }
}
