//! The stream file: read from wherever it is, and what of it is selected.

use std::io::Read as _;
use std::path::Path;

use bytes::Bytes;

use super::refused::NothingAttempted;
use crate::cli::output::Output;
use crate::cli::settings::StreamInput;
use crate::registry::Client;
use crate::stream::document::Document;
use crate::stream::source::{LARGEST_STREAM_FILE, Source, read_local};

/// A stream file, and which of its artifacts are selected.
#[derive(Debug)]
pub(super) struct Input {
    pub(super) document: Document,
    pub(super) selected: Vec<usize>,
}

/// Reads the stream file that `settings` name, and tells what is odd about it.
pub(super) async fn read(
    settings: &StreamInput,
    client: &Client,
    output: &Output,
) -> Result<Input, NothingAttempted> {
    let document = document(&settings.src, settings.key.as_deref(), client).await?;
    output.findings(document.warnings());
    let selected = settings.selection.select(document.stream(), settings.allow_files);
    let (selected, warnings) = selected.map_err(NothingAttempted::Findings)?;
    output.findings(&warnings);
    Ok(Input { document, selected })
}

/// The stream file called `name`: a path, an address, or `-`.
pub(super) async fn document(
    name: &str,
    key: Option<&str>,
    client: &Client,
) -> Result<Document, NothingAttempted> {
    let bytes = bytes(name, client).await?;
    Document::read(name, &bytes, key).map_err(NothingAttempted::Findings)
}

async fn bytes(name: &str, client: &Client) -> Result<Bytes, NothingAttempted> {
    let unread = |source| NothingAttempted::File { name: name.to_owned(), source };
    if name == "-" {
        let mut text = Vec::new();
        std::io::stdin().lock().take(LARGEST_STREAM_FILE + 1).read_to_end(&mut text).map_err(unread)?;
        return Ok(text.into());
    }
    match Source::parse(name)? {
        Source::Disk(path) => read_local(&path).map(Bytes::from).map_err(unread),
        web @ Source::Web(_) => Ok(web.read_small(client, LARGEST_STREAM_FILE).await?),
    }
}

/// A small file of this machine.
pub(super) fn file(path: &Path) -> Result<Vec<u8>, NothingAttempted> {
    let name = path.display().to_string();
    read_local(path).map_err(|source| NothingAttempted::File { name, source })
}
