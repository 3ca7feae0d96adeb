//! What comes once files are there: the stream file that says so, and whoever is to be told.

use std::collections::BTreeSet;
use std::path::Path;

use super::Rewritten;
use super::error::MirrorError;
use super::order::{Order, Setup};
use super::rows;
use super::side::Side;
use super::transfer::failed;
use crate::error::{Failure, Stage};
use crate::model::{Key, Locator, Outcome, Row};
use crate::redact::visible;
use crate::stream::document::Change;
use crate::stream::hook;
use crate::stream::location::encoded;
use crate::stream::plan::Wanted;
use crate::stream::rewrite::{Rewriting, rewrite};
use crate::stream::sums::MARK;

/// More paths than this are told by their folders, which CDNs take as patterns.
const PATHS: usize = 1000;

/// The stream file as it is to be, and what changes in it; none: it is not asked for.
pub(super) fn rewritten(
    order: &Order<'_>,
    unsigned: &BTreeSet<usize>,
    containers: Vec<Change>,
) -> Result<Option<Rewritten>, MirrorError> {
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
pub(super) async fn publish(
    side: &mut Side<'_>,
    (key, bytes): (&Key, &[u8]),
    run: (&Order<'_>, &Setup<'_>),
) -> Row {
    let outcome = side.publish((key, bytes), run).await.map_or_else(failed, Outcome::from);
    rows::besides(key.as_str(), ("the stream file", side.store.locator(key)), outcome)
}

/// Tells the operator's programs what changed in a destination.
pub(super) async fn tell(order: &Order<'_>, setup: &Setup<'_>, side: &Side<'_>) -> Vec<Row> {
    let mut told = Vec::new();
    if setup.is_dry_run {
        return told;
    }
    let (late, early): (Vec<&Key>, Vec<&Key>) = side.changed.iter().partition(|key| is_mutable(order, key));
    if let Some(program) = &order.push_command {
        let late = late.iter().copied().chain(&side.pointed).collect();
        for (word, keys) in [("data", early), ("index", late)] {
            let told_of = Told { program, folder: side.store.root(), word, paths: lines(keys) };
            told.extend(run(told_of, setup, side).await);
        }
    }
    if let Some(program) = &order.invalidate_command {
        let told_of = Told { program, folder: None, word: "invalidate", paths: paths(side, late) };
        told.extend(run(told_of, setup, side).await);
    }
    told
}

/// What a program is told.
struct Told<'a> {
    program: &'a Path,
    folder: Option<&'a Path>,
    word: &'a str,
    paths: Vec<String>,
}

/// None: it did what it was to do, or had nothing to do.
async fn run(
    Told { program, folder, word, paths }: Told<'_>,
    setup: &Setup<'_>,
    side: &Side<'_>,
) -> Option<Row> {
    if paths.is_empty() {
        return None;
    }
    let outcome = tokio::select! {
        biased;
        ended = hook::run(program, folder, word, &paths) => {
            Outcome::Failed(Failure::new(Stage::Transfer, ended.err()?))
        }
        () = setup.stop.now.cancelled() => Outcome::Unfinished(setup.stop.cause()),
    };
    let name = visible(&program.display().to_string());
    Some(rows::besides(&side.store.to_string(), (&name, Locator::Text(word.into())), outcome))
}

/// Whether a file may be another soon: what is not data of a build.
fn is_mutable(order: &Order<'_>, key: &Key) -> bool {
    let is_data = |wanted: &Wanted| {
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

/// As a CDN takes them: from its root, percent-encoded, and by folder where that leads elsewhere now, or there are too many.
fn paths(side: &Side<'_>, keys: Vec<&Key>) -> Vec<String> {
    let root = side.store.prefix().map_or(String::new(), |prefix| format!("/{}", encoded(prefix.as_str())));
    let path = |key: &Key| format!("{root}/{}", encoded(key.as_str()));
    let all_below =
        |folder: Option<Key>| folder.map_or(format!("{root}/*"), |folder| format!("{}/*", path(&folder)));
    let mut paths: BTreeSet<String> = side.pointed.iter().map(|link| all_below(Some(link.clone()))).collect();
    if keys.len() > PATHS {
        paths.extend(keys.into_iter().map(|key| all_below(key.parent())));
    } else {
        paths.extend(keys.into_iter().map(path));
    }
    paths.into_iter().collect()
}
