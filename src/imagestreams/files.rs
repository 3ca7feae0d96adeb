//! ImageStreams from files: what `oc get imagestreams -o yaml` or `-o json` wrote.

use std::io;
use std::path::Path;

use super::streams::Streams;

/// A file of ImageStreams that cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// There is no such file, or it cannot be read.
    #[error("`{file}` cannot be read")]
    Unreadable {
        /// The file.
        file: String,
        /// Why.
        #[source]
        cause: io::Error,
    },
}

/// Adds the ImageStreams of the file at `path`, which may be a pipe. An object that is no ImageStream spoils only itself.
///
/// # Errors
/// When the file cannot be read, or is neither YAML nor JSON.
pub fn read_file(_path: &Path, _streams: &mut Streams) -> Result<(), FileError> {
    unimplemented!()
}
