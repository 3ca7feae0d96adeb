//! The document that is kept between runs: gzipped JSON, the same bytes for the same content.

use std::io::{self, Read as _, Write as _};
use std::num::NonZeroU32;
use std::time::SystemTime;

use flate2::read::MultiGzDecoder;
use flate2::{Compression, GzBuilder};
use serde::{Deserialize, Serialize};

use crate::model::{Past, Standing};

/// Raised when a reader of the old form would misread the new one.
const VERSION: u32 = 1;
/// A million entries take less; what unpacks to more was not written by this program.
const UNPACKED: u64 = 64 << 20;

/// Why bytes are no record.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unreadable {
    /// It is not gzip, or its end is missing.
    #[error("it cannot be unpacked")]
    Gzip(#[source] io::Error),
    /// It is larger than any that this program writes.
    #[error("it unpacks to more than {} MiB", UNPACKED >> 20)]
    TooLarge,
    /// It is no JSON, or not of this shape.
    #[error("it is no record of earlier runs")]
    Json(#[source] serde_json::Error),
    /// It is of another version.
    #[error("it is of version {0}, and this program reads version {VERSION}")]
    Version(u32),
    /// One of its times is none.
    #[error("`{0}` is no time")]
    Time(String),
}

#[derive(Serialize, Deserialize)]
struct Document {
    version: u32,
    written: String,
    entries: Vec<Entry>,
}

/// Ordered as written: by source and target, of which there is one each.
#[derive(Serialize, Deserialize, PartialEq, Eq, PartialOrd, Ord)]
struct Entry {
    source: String,
    target: String,
    first_seen: String,
    verified: Option<String>,
    failures: u32,
    unfinished: bool,
}

/// `past` as it is kept, written at `now`.
///
/// # Errors
/// None of today's values has no form in JSON.
pub(super) fn pack(past: &Past, now: SystemTime) -> io::Result<Vec<u8>> {
    let mut entries: Vec<Entry> = past.all().map(entry).collect();
    entries.sort_unstable();
    let document = Document { version: VERSION, written: text(now), entries };
    let mut gzip = GzBuilder::new().mtime(0).write(Vec::new(), Compression::default());
    serde_json::to_writer(&mut gzip, &document)?;
    gzip.flush()?;
    gzip.finish()
}

/// What `bytes` say; an entry is set apart once it failed in `quarantine_after` runs in a row.
///
/// # Errors
/// When they are no record that this program wrote.
pub(super) fn unpack(bytes: &[u8], quarantine_after: NonZeroU32) -> Result<Past, Unreadable> {
    #[derive(Deserialize)]
    struct Versioned {
        version: u32,
    }
    let mut json = Vec::new();
    let mut unpacked = MultiGzDecoder::new(bytes).take(UNPACKED + 1);
    unpacked.read_to_end(&mut json).map_err(Unreadable::Gzip)?;
    if json.len() as u64 > UNPACKED {
        return Err(Unreadable::TooLarge);
    }
    let Versioned { version } = serde_json::from_slice(&json).map_err(Unreadable::Json)?;
    if version != VERSION {
        return Err(Unreadable::Version(version));
    }
    let document: Document = serde_json::from_slice(&json).map_err(Unreadable::Json)?;
    let mut past = Past::new(quarantine_after);
    for entry in document.entries {
        let standing = Standing {
            first_seen: time(&entry.first_seen)?,
            verified: entry.verified.as_deref().map(time).transpose()?,
            failures: entry.failures,
            unfinished: entry.unfinished,
            quarantined: false,
        };
        past.note(entry.source, entry.target, standing);
    }
    Ok(past)
}

fn entry((source, target, standing): (&str, &str, &Standing)) -> Entry {
    Entry {
        source: source.to_owned(),
        target: target.to_owned(),
        first_seen: text(standing.first_seen),
        verified: standing.verified.map(text),
        failures: standing.failures,
        unfinished: standing.unfinished,
    }
}

fn text(time: SystemTime) -> String {
    humantime::format_rfc3339_seconds(time).to_string()
}

fn time(text: &str) -> Result<SystemTime, Unreadable> {
    humantime::parse_rfc3339(text).map_err(|_| Unreadable::Time(crate::redact::one_line(text)))
}
