//! Reads files that somebody else may have put where they were found: a pull request, a mounted volume.
//!
//! What is wrong with such a file is printed with its lines, so a link must not make one of a file that is none of theirs;
//! and a pipe or a device could keep us waiting, or never end.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

/// No file that is read whole is larger: a ConfigMap holds 1 MiB.
const LARGEST: u64 = 64 << 20;

/// What a plain file holds.
///
/// # Errors
/// Also when it is none, or has more than 64 MiB.
pub fn plain(path: &Path) -> io::Result<Vec<u8>> {
    if !std::fs::metadata(path)?.is_file() {
        return Err(io::Error::other("it is not a plain file"));
    }
    whole(File::open(path)?)
}

/// What a plain file holds that was found in `root`, whatever links lead to it within.
///
/// # Errors
/// As [`plain`], and when a link leads out of `root`.
pub fn plain_within(path: &Path, root: &Path) -> io::Result<Vec<u8>> {
    stays_within(&path.canonicalize()?, root)?;
    plain(path)
}

/// Whether a path without links is in `root`, which is one too.
///
/// # Errors
/// When it is not: what to say of it.
pub fn stays_within(canonical: &Path, root: &Path) -> io::Result<()> {
    if canonical.starts_with(root) {
        return Ok(());
    }
    Err(io::Error::other(format!("it is a link that leads out of `{}`", root.display())))
}

/// All that `from` gives, which may be a pipe that the user named.
///
/// # Errors
/// Also when that is more than 64 MiB: it is never read in part.
pub fn whole(from: impl io::Read) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    from.take(LARGEST + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > LARGEST {
        return Err(io::Error::other(format!("it has more than {} MiB", LARGEST >> 20)));
    }
    Ok(bytes)
}
