//! The directory of a build: its list of sums, and the mark that it is complete, which comes last and goes first.

use super::error::MirrorError;
use super::look::Held;
use crate::model::Key;
use crate::objects::{Over, Store};
use crate::state::StateError;
use crate::stream::plan::Directory;
use crate::stream::sums::{MARK, SUMS, Sums};

const LARGEST: u64 = 1 << 20;

/// Takes the mark away before anything in the directory changes. True: there was one.
pub(super) async fn unmark(
    store: &Store,
    held: &mut Held,
    directory: &Directory,
) -> Result<bool, MirrorError> {
    let mark = name(directory, MARK)?;
    if held.objects.remove(&mark).is_none() {
        return Ok(false);
    }
    store.delete(&mark).await?;
    Ok(true)
}

/// A small file that is to be written.
#[derive(Debug)]
pub(super) struct Due {
    pub(super) key: Key,
    pub(super) content: String,
    pub(super) over: Over,
}

/// The list of sums, if it is to be another. What lies there already and is not ours keeps its line.
pub(super) async fn sums(
    store: &Store,
    held: &Held,
    directory: &Directory,
    ours: Sums,
) -> Result<Option<Due>, MirrorError> {
    let key = name(directory, SUMS)?;
    let old = store.read(&key, LARGEST).await?;
    let (text, over) = match &old {
        None => (String::new(), Over::Nothing),
        Some((content, stamp)) => (String::from_utf8_lossy(content).into_owned(), Over::Only(stamp.clone())),
    };
    // Nobody lists a root, where anything may lie besides.
    let is_there =
        |name: &str| directory.key.is_none() || held.objects.keys().any(|key| is_in(key, directory, name));
    let content = Sums::parse(&text)?.merged(ours, is_there).render();
    Ok((content != text).then_some(Due { key, content, over }))
}

fn is_in(key: &Key, directory: &Directory, name: &str) -> bool {
    key.name() == name && key.parent() == directory.key
}

/// The mark that the directory is complete, unless it is marked so.
pub(super) async fn mark(
    store: &Store,
    held: &Held,
    directory: &Directory,
) -> Result<Option<Due>, MirrorError> {
    let (key, content) = (name(directory, MARK)?, format!("{}\n", directory.release));
    if held.objects.contains_key(&key) {
        let old = store.read(&key, LARGEST).await?;
        if old.is_some_and(|(old, _)| old == content.as_bytes()) {
            return Ok(None);
        }
    }
    Ok(Some(Due { key, content, over: Over::Anything }))
}

/// Something in the directory.
pub(super) fn name(directory: &Directory, name: &str) -> Result<Key, MirrorError> {
    let key = directory.key.as_ref().map_or_else(|| Key::parse(name), |key| key.join(name));
    Ok(key.map_err(StateError::Key)?)
}
