//! `stream validate`: a stream file in, a row for each artifact out, and an exit code that Prow can act on.

use super::input;
use super::refused::NothingAttempted;
use crate::cli::connect;
use crate::cli::exit::Exit;
use crate::cli::output::Output;
use crate::cli::report::{Began, Ended, conclude};
use crate::cli::settings::{Level as LevelWord, Pace, StreamValidate};
use crate::cli::stop::{self, Patience};
use crate::engine::Stop;
use crate::model::{Host, Row};
use crate::registry::Client;
use crate::stream::document::Stream;
use crate::stream::validate::{Level, Prefix, Selected, Validation, changed_since, validate as ask};

/// Does what `settings` say.
pub(super) async fn validate(settings: &StreamValidate, output: &Output) -> Exit {
    let began = Began::now();
    match asked(settings, output, began).await {
        Ok((client, rows)) => {
            let (wire, exit) = (client.wire(), Exit::of(&rows));
            let ended = Ended {
                command: "stream validate",
                dry_run: true,
                began,
                part: None,
                rows,
                wire,
                exit,
                state: None,
            };
            conclude(ended, settings.pace.artifacts.as_deref(), output)
        }
        Err(error) => error.refuse(output),
    }
}

async fn asked(
    settings: &StreamValidate,
    output: &Output,
    began: Began,
) -> Result<(Client, Vec<Row>), NothingAttempted> {
    let deadline = settings.pace.deadline.map(|after| began.clock + after);
    let client = connect::client(&settings.connection, deadline)?;
    let input = input::read(&settings.input, &client, output).await?;
    let stream = input.document.stream();
    let numbered = stream.containers.iter().enumerate();
    let wanted = numbered.filter(|(_, container)| {
        settings.containers && settings.input.selection.takes_containers_of(&container.arch)
    });
    let containers: Vec<usize> = wanted.map(|(at, _)| at).collect();
    // Whoever waits for this to be well must not be told so of nothing.
    if input.selected.is_empty() && containers.is_empty() {
        return Err(NothingAttempted::Unselected);
    }
    let mut artifacts = input.selected.clone();
    if let Some(name) = &settings.changed_since {
        let old = input::document(name, settings.input.key.as_deref(), &client).await?;
        artifacts = changed_since(stream, &artifacts, old.stream());
    }
    let selected = Selected { artifacts: &artifacts, containers: &containers };
    let validation = validation(settings, stream)?;
    let (stop, progress) = (Stop::default(), output.progress());
    let signals = stop::signals().map_err(NothingAttempted::Signals)?;
    let Pace { deadline, grace, .. } = settings.pace;
    let rows = tokio::select! {
        rows = Box::pin(ask(stream, &selected, &validation, (&client, &stop))) => rows,
        never = progress.show() => match never {},
        never = stop::watch(stop.clone(), signals, Patience { deadline, grace }) => match never {},
    };
    Ok((client, rows))
}

fn validation(settings: &StreamValidate, stream: &Stream) -> Result<Validation, NothingAttempted> {
    let prefixes = settings.prefixes.iter().map(|url| Prefix::parse(url.as_str()));
    Ok(Validation {
        level: match settings.level {
            LevelWord::Head => Level::Head,
            LevelWord::Checksum => Level::Checksum,
            LevelWord::Deep => Level::Deep,
        },
        require_prefixes: prefixes.collect::<Result<_, _>>()?,
        signatures: settings.signatures,
        missing_statuses: missing(settings, stream),
        jobs: settings.pace.jobs.get(),
    })
}

/// What `--missing-status` says holds for every host of the stream.
fn missing(settings: &StreamValidate, stream: &Stream) -> Vec<(Host, Vec<u16>)> {
    if settings.missing.is_empty() {
        return Vec::new();
    }
    let files = stream.artifacts.iter().filter_map(|artifact| artifact.file.as_ref().ok());
    let mut hosts: Vec<Host> = files.filter_map(|file| file.location.host_str().map(Host::new)).collect();
    hosts.sort();
    hosts.dedup();
    hosts.into_iter().map(|host| (host, settings.missing.clone())).collect()
}
