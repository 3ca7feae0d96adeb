//! What is published already of a pre-release, and where stream files are published.

use super::input::Input;
use super::refused::NothingAttempted;
use crate::cli::settings::Errand;
use crate::model::{Key, Locator, Origin, Outcome, Refusal, Row};
use crate::objects::Store;
use crate::stream::document::{Document, Stream};
use crate::stream::plan::{LayoutSettings, Ocp};
use crate::stream::prerelease::{Standing, standing};
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

/// Looks at what is published under `key` in each of `stores`.
pub(super) async fn look(stores: &[Store], key: &Key, input: &Input) -> Result<Published, NothingAttempted> {
    let mut standings = Vec::new();
    for store in stores {
        let Some((bytes, _)) = store.read(key, LARGEST_STREAM_FILE).await? else {
            standings.push(Standing::Older);
            continue;
        };
        let name = store.locator(key).to_string();
        let published = Document::read(&name, &bytes, None).map_err(NothingAttempted::Findings)?;
        standings.push(standing(published.stream(), input.document.stream(), &input.selected));
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

fn row(store: &Store, key: &Key, input: &Input, outcome: Outcome) -> Row {
    let origin = Origin::Line { file: input.document.stream().file.clone(), line: 0 };
    let source = Locator::Text(input.document.name().into());
    Row::of_nothing(origin, None, (source, store.locator(key)), outcome)
}
