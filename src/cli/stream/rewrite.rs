//! `stream rewrite`: a stream file in, the same with other addresses out.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::SystemTime;

use super::input::{self, Input};
use super::placed::{self, named};
use super::refused::NothingAttempted;
use crate::cli::connect;
use crate::cli::exit::Exit;
use crate::cli::output::Output;
use crate::cli::settings::{Rewritten, StreamRewrite};
use crate::error::Chain;
use crate::report::replace;
use crate::stream::document::Change;
use crate::stream::rewrite::{Rewriting, rewrite as changes_of};

/// Does what `settings` say.
pub(super) async fn rewrite(settings: &StreamRewrite, output: &Output) -> Exit {
    match rewritten(settings, output).await {
        Ok((bytes, origins)) => write(&settings.rewritten, &bytes, origins.as_deref(), output),
        Err(error) => error.refuse(output),
    }
}

async fn rewritten(
    settings: &StreamRewrite,
    output: &Output,
) -> Result<(Vec<u8>, Option<String>), NothingAttempted> {
    let client = connect::client(&settings.connection, None)?;
    let input = input::read(&settings.input, &client, output).await?;
    let placed = named(&input, &settings.placing, &settings.rewritten)?;
    output.findings(&placed.wanted.warnings);
    let Some(to) = placed.to() else { return Ok((input.document.bytes().to_vec(), None)) };
    let unsigned = BTreeSet::new();
    let rewriting = Rewriting {
        to,
        unselected: placed::unselected(&settings.rewritten),
        unsigned: &unsigned,
        touch: placed::touch(&settings.rewritten, SystemTime::now()),
    };
    let changes = changes_of(input.document.stream(), &input.selected, &rewriting);
    let changes = changes.map_err(NothingAttempted::Findings)?;
    let bytes = input.document.edited(&changes)?;
    Ok((bytes, origins(&settings.rewritten, &input, &changes)?))
}

/// The text of the map of origins, if one is asked for.
pub(super) fn origins(
    rewritten: &Rewritten,
    input: &Input,
    changes: &[Change],
) -> Result<Option<String>, NothingAttempted> {
    rewritten.origins.as_ref().map(|path| placed::origins(path, input, changes)).transpose()
}

/// Writes the files that were asked for, each whole or not at all.
pub(super) fn write(rewritten: &Rewritten, bytes: &[u8], origins: Option<&str>, output: &Output) -> Exit {
    if let Some((path, text)) = rewritten.origins.as_ref().zip(origins)
        && let Err(exit) = replaced(path, text.as_bytes())
    {
        return exit;
    }
    match &rewritten.file {
        Some(path) => to(path, bytes, output),
        None => Exit::AsDesired,
    }
}

/// Writes a file, `-` being standard output.
pub(super) fn to(path: &Path, bytes: &[u8], output: &Output) -> Exit {
    if path == Path::new("-") {
        return output.bytes(bytes);
    }
    replaced(path, bytes).err().unwrap_or(Exit::AsDesired)
}

fn replaced(path: &Path, bytes: &[u8]) -> Result<(), Exit> {
    replace(path, bytes).map_err(|error| {
        tracing::error!("cannot write {}: {}", path.display(), Chain(&error));
        Exit::Failed
    })
}
