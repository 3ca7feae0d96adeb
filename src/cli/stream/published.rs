//! What is published already of a pre-release, and where stream files are published.

use std::collections::BTreeSet;

use super::input::Input;
use super::placed::Placed;
use super::refused::NothingAttempted;
use crate::cli::settings::Errand;
use crate::error::Chain;
use crate::model::{Key, Locator, Origin, Outcome, Refusal, Row};
use crate::objects::Store;
use crate::stream::document::{Change, Document, Place, Stream};
use crate::stream::plan::{LayoutSettings, Ocp};
use crate::stream::prerelease::{Standing, standing};
use crate::stream::rewrite::{Rewriting, Unselected, rewrite};
use crate::stream::source::LARGEST_STREAM_FILE;

/// What is published in all destinations, beside what would be.
pub(super) enum Published {
    /// The same: nothing is to be done.
    Same(Vec<Row>),
    /// Something newer, in one at least.
    Newer(Vec<Row>),
    /// Nothing, or something older.
    ToReplace,
}

/// Where the stream file of a version is published. Stream files are of all architectures, and servers look for them
/// below the first.
pub(super) fn usual(
    errand: Errand,
    settings: &LayoutSettings,
    stream: &Stream,
) -> Result<Key, NothingAttempted> {
    let ocp = settings.ocp.clone().or_else(|| Ocp::guessed(&stream.name));
    let ocp = ocp.ok_or_else(|| {
        NothingAttempted::Usage(
            "nothing says which version of OpenShift the stream is of: pass `--ocp X.Y`".to_owned(),
        )
    })?;
    let ocp = ocp.as_str();
    Ok(Key::parse(&match errand {
        Errand::Prerelease => {
            format!("x86_64/dependencies/rhcos/pre-release/rhcos-{ocp}-prerelease.json")
        }
        Errand::Mirror | Errand::Promote => format!("x86_64/dependencies/rhcos-{ocp}.json"),
    })?)
}

/// Looks at what is published under `key` in each of `stores`. One that cannot be read holds up no other; nothing is
/// published there without another look.
pub(super) async fn look(
    stores: &[Store],
    key: &Key,
    (input, placed): (&Input, &Placed),
) -> Result<Published, NothingAttempted> {
    let addresses = addresses(input, placed)?;
    let mut standings = Vec::new();
    for store in stores {
        let bytes = match store.read(key, LARGEST_STREAM_FILE).await {
            Ok(Some((bytes, _))) => bytes,
            Ok(None) => {
                standings.push(Standing::Older);
                continue;
            }
            Err(error) => {
                tracing::warn!("it is not known what is published: {}", Chain(&error));
                standings.push(Standing::Older);
                continue;
            }
        };
        let name = store.locator(key).to_string();
        let published = Document::read(&name, &bytes, None).map_err(NothingAttempted::Findings)?;
        standings.push(match standing(published.stream(), input.document.stream(), &input.selected) {
            // Of another selection, or of another mirror.
            Standing::Same if !addresses.iter().all(|(place, url)| is_at(&published, place, url)) => {
                Standing::Older
            }
            standing => standing,
        });
    }
    let rows =
        |outcome: &Outcome| stores.iter().map(|store| row(store, key, input, outcome.clone())).collect();
    Ok(if standings.contains(&Standing::Newer) {
        Published::Newer(rows(&Outcome::Refused(Refusal::Newer)))
    } else if standings.iter().all(|standing| *standing == Standing::Same) {
        Published::Same(rows(&Outcome::Kept))
    } else {
        Published::ToReplace
    })
}

/// Where the selected artifacts are to be.
fn addresses<'a>(input: &'a Input, placed: &Placed) -> Result<Vec<(&'a Place, String)>, NothingAttempted> {
    let Some(to) = placed.to() else { return Ok(Vec::new()) };
    let unsigned = BTreeSet::new();
    let rewriting = Rewriting { to, unselected: Unselected::Kept, unsigned: &unsigned, touch: None };
    let stream = input.document.stream();
    let changes = rewrite(stream, &input.selected, &rewriting).map_err(NothingAttempted::Findings)?;
    let addresses = changes.into_iter().filter_map(|change| match change {
        Change::Location { artifact, url } => Some((&stream.artifacts.get(artifact)?.place, url)),
        _ => None,
    });
    Ok(addresses.collect())
}

fn is_at(published: &Document, place: &Place, url: &str) -> bool {
    let mut artifacts = published.stream().artifacts.iter().filter(|artifact| artifact.place == *place);
    artifacts.any(|artifact| artifact.file.as_ref().is_ok_and(|file| file.location.as_str() == url))
}

fn row(store: &Store, key: &Key, input: &Input, outcome: Outcome) -> Row {
    let origin = Origin::Directory { directory: key.as_str().into() };
    let source = Locator::Text(input.document.name().into());
    Row::of_nothing(origin, None, (source, store.locator(key)), outcome)
}
