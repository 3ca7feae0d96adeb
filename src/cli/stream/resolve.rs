//! `stream resolve`: a stream file in, the same as an installer under test is to use it out.

use std::path::Path;

use super::input;
use super::placed::{known_origins, settings as layout};
use super::refused::NothingAttempted;
use super::rewrite::to;
use crate::cli::connect;
use crate::cli::exit::Exit;
use crate::cli::output::Output;
use crate::cli::settings::StreamResolve;
use crate::stream::location::Base;
use crate::stream::resolve::{Resolving, Staging, resolve as changes_of, staging_layout};

/// Does what `settings` say.
pub(super) async fn resolve(settings: &StreamResolve, output: &Output) -> Exit {
    match resolved(settings, output).await {
        Ok(bytes) => to(settings.file.as_deref().unwrap_or(Path::new("-")), &bytes, output),
        Err(error) => error.refuse(output),
    }
}

async fn resolved(settings: &StreamResolve, output: &Output) -> Result<Vec<u8>, NothingAttempted> {
    let client = connect::client(&settings.connection, None)?;
    let input = input::read(&settings.input, &client, output).await?;
    let origins = settings.origins.as_deref().map(known_origins).transpose()?;
    if origins.is_none() && settings.prefix.is_none() {
        return Ok(input.document.bytes().to_vec());
    }
    let layout = layout(&settings.placing, "")?.layout;
    let staging = settings.prefix_layout.as_deref().map(staging_layout).transpose()?;
    let mirror_base = settings.url.as_ref().map(|url| Base::parse(url.as_str())).transpose()?;
    let prefix = settings.prefix.as_ref().map(|url| Base::parse(url.as_str())).transpose()?;
    let staging_template = staging.as_ref().unwrap_or(layout.template());
    let resolving = Resolving {
        origins: origins.as_ref(),
        mirror: layout.template(),
        mirror_base: mirror_base.as_ref(),
        staging: prefix.as_ref().map(|prefix| Staging { prefix, layout: staging_template }),
    };
    let changes = changes_of(input.document.stream(), &input.selected, &resolving);
    Ok(input.document.edited(&changes.map_err(NothingAttempted::Findings)?)?)
}
