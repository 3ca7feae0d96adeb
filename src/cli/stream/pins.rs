//! `stream pins`, and the sources of pins of `stream prune`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

use url::Url;

use super::refused::NothingAttempted;
use crate::cli::args::GitPins;
use crate::cli::connect;
use crate::cli::exit::Exit;
use crate::cli::output::Output;
use crate::cli::settings::{PinSettings, StreamPins};
use crate::error::{Failure, Stage, advised};
use crate::redact::one_line;
use crate::registry::Client;
use crate::stream::pins::{Fetch, Fetching, Git, Glob, Pin, PinSet, Place, Sources, pins as read};
use crate::stream::source::{LARGEST_STREAM_FILE, Source};

/// Does what `settings` say.
pub(super) async fn pins(settings: &StreamPins, output: &Output) -> Exit {
    let sources = match prepared(settings) {
        Ok(sources) => sources,
        Err(error) => return error.refuse(output),
    };
    match read(&sources).await {
        Ok(pins) => output.data(&listed(&pins)),
        Err(error) => {
            tracing::error!("{}", advised(&error));
            Exit::Guarded
        }
    }
}

fn prepared(settings: &StreamPins) -> Result<Sources, NothingAttempted> {
    let client = connect::client(&settings.connection, None)?;
    sources(&settings.pins, client)
}

/// A line a pin, as `--pin-list` reads them: the architecture, the build, and behind a `#` what pins it.
fn listed(pins: &PinSet) -> String {
    let line =
        |pin: &Pin| one_line(&format!("{} {} # {}", pin.arch.as_deref().unwrap_or("*"), pin.release, pin.by));
    let lines: BTreeSet<String> = pins.iter().map(line).collect();
    lines.into_iter().map(|line| line + "\n").collect()
}

/// What pins builds, as the library reads it.
pub(super) fn sources(settings: &PinSettings, client: Client) -> Result<Sources, NothingAttempted> {
    let streams = settings.streams.iter().map(|name| {
        Ok(match Source::parse(name)? {
            Source::Web(url) => Place::Url(url),
            Source::Disk(path) => Place::File(path),
        })
    });
    Ok(Sources {
        streams: streams.collect::<Result<_, NothingAttempted>>()?,
        lists: settings.lists.iter().cloned().map(Place::File).collect(),
        histories: histories(settings)?,
        fetch: Arc::new(Web(client)),
    })
}

/// One for each repository, since each pattern must match something there.
fn histories(settings: &PinSettings) -> Result<Vec<Git>, NothingAttempted> {
    let mut histories: BTreeMap<PathBuf, Git> = BTreeMap::new();
    for GitPins { repository, refs, paths } in &settings.git {
        let history = histories.entry(repository.clone()).or_insert_with(|| Git {
            repository: repository.clone(),
            refs: Vec::new(),
            extra_refs: Vec::new(),
            paths: Vec::new(),
            depth: settings.depth,
            ignore_unreadable: settings.ignore_unreadable,
        });
        let of_others = is_of_others(refs);
        let list = if of_others { &mut history.extra_refs } else { &mut history.refs };
        add(list, refs)?;
        add(&mut history.paths, paths)?;
    }
    Ok(histories.into_values().collect())
}

/// Whether a pattern is of references that anybody may push to: of pull requests.
fn is_of_others(refs: &str) -> bool {
    ["refs/pull/", "refs/merge-requests/", "refs/changes/"].iter().any(|prefix| refs.starts_with(prefix))
}

fn add(list: &mut Vec<Glob>, text: &str) -> Result<(), NothingAttempted> {
    let glob = Glob::parse(text)?;
    if !list.iter().any(|known| known.text() == glob.text()) {
        list.push(glob);
    }
    Ok(())
}

/// Stream files and lists of web servers.
#[derive(Debug)]
struct Web(Client);

impl Fetch for Web {
    fn fetch<'a>(&'a self, url: &'a Url) -> Fetching<'a> {
        Box::pin(async move {
            let read = self.0.read_file(url, LARGEST_STREAM_FILE).await;
            read.map_err(|error| Failure::new(Stage::Read, error))
        })
    }
}
