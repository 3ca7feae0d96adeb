//! Deletes one directory, in an order in which it never looks complete while it is not.

use std::time::SystemTime;

use super::folders;
use super::refused::Unable;
use super::scan::is_mark;
use crate::model::{Key, KeyError};
use crate::objects::{Object, Store};
use crate::stream::state::Known;
use crate::stream::sums::SUMS;

/// Deletes what was listed of `directory`: its mark, then the rest, or all of the rest at once where that can be put aside.
///
/// # Errors
/// When any of it cannot be deleted. What is left has no mark, unless that was it.
pub(super) async fn delete(
    store: &Store,
    directory: &Key,
    listed: &[Object],
    now: SystemTime,
) -> Result<(), Unable> {
    let keys = in_order(directory, listed)?;
    let marks = keys.iter().filter(|key| is_mark(directory, key));
    for mark in marks {
        store.delete(mark).await?;
    }
    if !folders::set_aside(store, directory, now).await? {
        for key in &keys {
            store.delete(key).await?;
        }
    }
    Ok(Known::forget(store, directory).await?)
}

/// The mark, then data, then the list of sums with what belongs to it.
///
/// # Errors
/// When a key is not below the directory: then none of them is to be trusted.
fn in_order<'a>(directory: &Key, listed: &'a [Object]) -> Result<Vec<&'a Key>, KeyError> {
    let mut keys: Vec<&Key> = listed.iter().map(|object| &object.key).collect();
    if let Some(outside) = keys.iter().find(|key| key.is_state() || !key.is_below(directory)) {
        return Err(KeyError::Dots(outside.to_string()));
    }
    keys.sort_by_key(|key| (!is_mark(directory, key), key.name().starts_with(SUMS)));
    Ok(keys)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Key;
    use crate::objects::{Directory, Kind, Over};

    async fn listed(keys: &[&str]) -> Vec<Object> {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::Directory(Directory::new(folder.path().into()));
        for key in keys {
            store
                .write(&Key::parse(key).unwrap(), "x".into(), Kind::Immutable, &Over::Nothing)
                .await
                .unwrap();
        }
        store.list(None).await.unwrap()
    }

    #[tokio::test]
    async fn the_mark_goes_first_and_the_sums_last_and_nothing_that_is_elsewhere() {
        let directory = Key::parse("a/1.2").unwrap();
        let objects = listed(&[
            "a/1.2/a.iso",
            "a/1.2/sha256sum.txt",
            "a/1.2/sha256sum.txt.gpg",
            "a/1.2/rhcos-id.txt",
            "a/1.2/z/rhcos-id.txt",
        ])
        .await;
        let keys: Vec<&str> = in_order(&directory, &objects).unwrap().into_iter().map(Key::name).collect();
        assert_eq!(keys, ["rhcos-id.txt", "a.iso", "rhcos-id.txt", "sha256sum.txt", "sha256sum.txt.gpg"]);
        let outside = listed(&["a/1.2/a.iso", "a/1.20/a.iso"]).await;
        assert!(in_order(&directory, &outside).is_err());
    }
}
