//! What comes once files are there: the stream file that says so, and whoever is to be told.

use std::collections::BTreeSet;
use std::path::Path;

use super::error::MirrorError;
use super::order::{Order, Setup};
use super::rows;
use super::side::Side;
use crate::error::{Failure, Stage};
use crate::model::{Key, Locator, Outcome, Reason, Row};
use crate::redact::visible;
use crate::stream::document::Change;
use crate::stream::hook;
use crate::stream::location::encoded;
use crate::stream::rewrite::{Rewriting, rewrite};
use crate::stream::sums::MARK;

/// More paths than this are told by their folders, which CDNs take as patterns.
const PATHS: usize = 1000;

/// The stream file as it is to be, and what changes in it; none: it is not asked for.
pub(super) fn rewritten(
    order: &Order<'_>,
    unsigned: &BTreeSet<usize>,
    containers: Vec<Change>,
) -> Result<Option<(Vec<u8>, Vec<Change>)>, MirrorError> {
    let Some(to) = &order.rewriting else { return Ok(None) };
    let rewriting =
        Rewriting { to: to.clone(), unselected: order.unselected, unsigned, touch: order.touch.clone() };
    let mut changes =
        rewrite(order.document.stream(), order.selected, &rewriting).map_err(MirrorError::Findings)?;
    changes.extend(containers);
    let bytes = order.document.edited(&changes)?;
    Ok(Some((bytes, changes)))
}

/// Puts the stream file where readers look for it.
pub(super) async fn publish(side: &mut Side<'_>, (key, bytes): (&Key, &[u8]), setup: &Setup<'_>) -> Row {
    let outcome = match side.publish(key, bytes, setup).await {
        Ok(true) => Outcome::Copied(Reason::Differs),
        Ok(false) => Outcome::Kept,
        Err(error) => Outcome::of_failure(Failure::new(Stage::Transfer, error)),
    };
    rows::besides(key.as_str(), ("the stream file", side.store.locator(key)), outcome)
}

/// Tells the operator's programs what changed in a destination.
pub(super) async fn tell(order: &Order<'_>, setup: &Setup<'_>, side: &Side<'_>) -> Vec<Row> {
    let mut told = Vec::new();
    if side.changed.is_empty() || setup.is_dry_run {
        return told;
    }
    if let Some(program) = &order.push_command {
        let folder = side.store.root();
        let (late, early): (Vec<&Key>, Vec<&Key>) =
            side.changed.iter().partition(|key| is_mutable(order, key));
        for (word, keys) in [("data", early), ("index", late)] {
            told.extend(run(program, folder, word, &lines(keys), side).await);
        }
    }
    if let Some(program) = &order.invalidate_command {
        let mutable = side.changed.iter().filter(|key| is_mutable(order, key)).collect();
        told.extend(run(program, None, "invalidate", &paths(mutable), side).await);
    }
    told
}

/// None: it did what it was to do, or had nothing to do.
async fn run(
    program: &Path,
    folder: Option<&Path>,
    word: &str,
    paths: &[String],
    side: &Side<'_>,
) -> Option<Row> {
    if paths.is_empty() {
        return None;
    }
    let error = hook::run(program, folder, word, paths).await.err()?;
    let name = visible(&program.display().to_string());
    let outcome = Outcome::Failed(Failure::new(Stage::Transfer, error));
    Some(rows::besides(&side.store.to_string(), (&name, Locator::Text(word.into())), outcome))
}

/// Whether a file may be another soon: what is not data of a build.
fn is_mutable(order: &Order<'_>, key: &Key) -> bool {
    let is_data = |wanted: &crate::stream::plan::Wanted| {
        let signature = wanted.signature.as_ref().map(|(_, key)| key);
        wanted.is_immutable && (wanted.key == *key || wanted.aliases.contains(key) || signature == Some(key))
    };
    !order.plan.files.iter().any(is_data)
}

fn lines(mut keys: Vec<&Key>) -> Vec<String> {
    // The mark says that all of its directory is there.
    keys.sort_by_key(|key| (key.name() == MARK, key.as_str()));
    keys.into_iter().map(Key::to_string).collect()
}

/// As a CDN takes them: from the root, percent-encoded, and by folder where there are too many.
fn paths(keys: Vec<&Key>) -> Vec<String> {
    let path = |key: &Key| format!("/{}", encoded(key.as_str()));
    if keys.len() <= PATHS {
        return keys.into_iter().map(path).collect();
    }
    let pattern = |key: &Key| key.parent().map_or("/*".to_owned(), |folder| format!("{}/*", path(&folder)));
    let folders: BTreeSet<String> = keys.into_iter().map(pattern).collect();
    folders.into_iter().collect()
}
