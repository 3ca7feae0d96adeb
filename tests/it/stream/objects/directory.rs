//! Files that are received into a directory.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::Path;

use futures_util::FutureExt as _;
use image_mirror::model::Digest;
use image_mirror::objects::{Directory, ErrorKind, Expected, Over, Pointed, Store};

use super::{bring, content, expected, feed, key};

fn store(folder: &tempfile::TempDir) -> Store {
    Store::Directory(Directory::new(folder.path().into()))
}

fn partials(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder.join(".image-mirror/partials")).unwrap();
    let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

// 14.20
#[tokio::test]
async fn a_file_that_came_whole_can_be_read_by_all_and_nothing_else_is_left() {
    let folder = tempfile::tempdir().unwrap();
    let (store, bytes, to) = (store(&folder), content(3_000_000), key("4.16/x86_64/disk.raw.gz"));
    let mut receiving = store.receive(&to, &expected(&bytes)).await.unwrap();
    assert_eq!((receiving.offset(), receiving.validator()), (0, None));
    feed(&mut receiving, &bytes).await.unwrap();
    let (path, partial) = (folder.path().join(to.as_str()), Digest::of(&bytes).hex().to_owned());
    assert!(!path.exists(), "nothing is seen before it was checked");
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&folder.path().join(".image-mirror/partials").join(partial)), 0o600);
    let stamp = receiving.commit().await.unwrap();
    assert_eq!(fs::read(&path).unwrap(), bytes);
    assert_eq!((mode(&path), mode(path.parent().unwrap())), (0o644, 0o755));
    assert_eq!(partials(folder.path()), Vec::<String>::new());
    assert_eq!(store.look(&to).await.unwrap().unwrap().stamp, stamp);
}

// 14.21, 14.22, 14.23
#[tokio::test]
async fn a_file_that_was_cut_or_has_a_flipped_byte_is_told_by_its_size_or_digest() {
    let folder = tempfile::tempdir().unwrap();
    let (store, bytes, to) = (store(&folder), content(10_000), key("a"));
    let stamp = bring(&store, &to, &bytes, &expected(&bytes)).await.unwrap();
    let whole = store.look(&to).await.unwrap().unwrap();
    assert_eq!((whole.size, &whole.stamp), (10_000, &stamp));
    assert_eq!(store.sha256(&whole).await.unwrap(), Some(Digest::of(&bytes)));
    assert_eq!(store.look(&to).await.unwrap().unwrap(), whole, "looking changes nothing");
    let path = folder.path().join("a");
    fs::write(&path, &bytes[..9_999]).unwrap();
    assert_eq!(store.look(&to).await.unwrap().unwrap().size, 9_999);
    let mut flipped = bytes.to_vec();
    flipped[5_000] ^= 1;
    fs::write(&path, &flipped).unwrap();
    let now = store.look(&to).await.unwrap().unwrap();
    assert_eq!(now.size, 10_000);
    assert_ne!(store.sha256(&now).await.unwrap(), Some(Digest::of(&bytes)));
    // Nothing is replaced but what was seen to be wrong.
    let error = bring(&store, &to, &bytes, &expected(&bytes)).await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Changed));
    assert_eq!(fs::read(&path).unwrap(), flipped);
    let over = Expected { over: Over::Only(now.stamp), ..expected(&bytes) };
    bring(&store, &to, &bytes, &over).await.unwrap();
    assert_eq!(fs::read(&path).unwrap(), bytes);
}

#[tokio::test]
async fn what_was_kept_is_gone_on_with_under_the_validator_of_its_source() {
    let folder = tempfile::tempdir().unwrap();
    let (store, bytes, to) = (store(&folder), content(5_000_000), key("a"));
    let mut first = store.receive(&to, &expected(&bytes)).await.unwrap();
    first.restart(Some("\"v1\"")).await.unwrap();
    first.write(bytes.slice(..3_000_000)).await.unwrap();
    first.suspend().await.unwrap();
    let mut second = store.receive(&to, &expected(&bytes)).await.unwrap();
    assert_eq!((second.offset(), second.validator()), (3_000_000, Some("\"v1\"")));
    feed(&mut second, &bytes).await.unwrap();
    second.commit().await.unwrap();
    assert_eq!(fs::read(folder.path().join("a")).unwrap(), bytes);
    assert_eq!(partials(folder.path()), Vec::<String>::new());
}

#[tokio::test]
async fn of_a_receiver_that_was_dropped_what_was_written_down_is_gone_on_with() {
    let folder = tempfile::tempdir().unwrap();
    let (store, bytes, to) = (store(&folder), content(5_000_000), key("a"));
    let mut killed = store.receive(&to, &expected(&bytes)).await.unwrap();
    killed.write(bytes.slice(..4_000_000)).await.unwrap();
    drop(killed);
    let mut next = store.receive(&to, &expected(&bytes)).await.unwrap();
    assert_eq!(next.offset(), 4_000_000);
    feed(&mut next, &bytes).await.unwrap();
    next.commit().await.unwrap();
    assert_eq!(fs::read(folder.path().join("a")).unwrap(), bytes);
}

#[tokio::test]
async fn a_restart_drops_what_is_there_and_keeps_no_old_validator() {
    let folder = tempfile::tempdir().unwrap();
    let (store, bytes, to) = (store(&folder), content(2_000_000), key("a"));
    let mut receiving = store.receive(&to, &expected(&bytes)).await.unwrap();
    receiving.restart(Some("\"v1\"")).await.unwrap();
    receiving.write(content(1_500_000).slice(1..)).await.unwrap();
    receiving.restart(None).await.unwrap();
    assert_eq!((receiving.offset(), receiving.validator()), (0, None));
    assert_eq!(partials(folder.path()), [Digest::of(&bytes).hex()]);
    feed(&mut receiving, &bytes).await.unwrap();
    receiving.commit().await.unwrap();
    assert_eq!(fs::read(folder.path().join("a")).unwrap(), bytes);
}

// 14.24, 14.28
#[tokio::test]
async fn wrong_bytes_never_get_a_name_and_nothing_of_them_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let (store, bytes, to) = (store(&folder), content(2_000_000), key("a"));
    let mut wrong = store.receive(&to, &expected(&bytes)).await.unwrap();
    wrong.write(bytes.slice(1..)).await.unwrap();
    let error = wrong.commit().await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Digest { expected, .. } if *expected == Digest::of(&bytes)));
    assert!(!folder.path().join("a").exists());
    assert_eq!(store.receive(&to, &expected(&bytes)).await.unwrap().offset(), 0);
    let mut long = store.receive(&to, &expected(&bytes)).await.unwrap();
    long.write(bytes.clone()).await.unwrap();
    let error = long.write("x".into()).await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::TooLarge(2_000_000)));
    long.discard().await.unwrap();
    assert_eq!(partials(folder.path()), Vec::<String>::new());
}

#[tokio::test]
async fn a_second_receiver_of_one_digest_waits_for_the_first() {
    let folder = tempfile::tempdir().unwrap();
    let (store, bytes) = (store(&folder), content(2_000_000));
    let wanted = expected(&bytes);
    let mut first = store.receive(&key("a"), &wanted).await.unwrap();
    let (to, other) = (key("b"), store.clone());
    let second = other.receive(&to, &wanted);
    tokio::pin!(second);
    assert!(second.as_mut().now_or_never().is_none());
    feed(&mut first, &bytes).await.unwrap();
    first.commit().await.unwrap();
    let mut second = second.await.unwrap();
    assert_eq!(second.offset(), 0, "nothing is shared");
    feed(&mut second, &bytes).await.unwrap();
    second.commit().await.unwrap();
    for name in ["a", "b"] {
        assert_eq!(fs::read(folder.path().join(name)).unwrap(), bytes);
    }
}

#[tokio::test]
async fn a_link_in_place_of_a_partial_file_is_not_written_through() {
    let folder = tempfile::tempdir().unwrap();
    let outside = tempfile::NamedTempFile::new().unwrap();
    let (store, bytes, to) = (store(&folder), content(1_000), key("a"));
    let aside = folder.path().join(".image-mirror/partials");
    fs::create_dir_all(&aside).unwrap();
    std::os::unix::fs::symlink(outside.path(), aside.join(Digest::of(&bytes).hex())).unwrap();
    let error = store.receive(&to, &expected(&bytes)).await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Link), "{error:?}");
    assert_eq!(outside.path().metadata().unwrap().len(), 0);
}

#[tokio::test]
async fn a_copy_is_a_second_name_and_replaces_only_what_it_may() {
    let folder = tempfile::tempdir().unwrap();
    let (store, bytes) = (store(&folder), content(1_000));
    let wanted = expected(&bytes);
    bring(&store, &key("a/x"), &bytes, &wanted).await.unwrap();
    let stamp = store.copy(&key("a/x"), &key("b/y"), &wanted).await.unwrap();
    let number = |name: &str| fs::metadata(folder.path().join(name)).unwrap().ino();
    assert_eq!(number("a/x"), number("b/y"));
    assert_eq!(store.look(&key("b/y")).await.unwrap().unwrap().stamp, stamp);
    fs::write(folder.path().join("c"), "other").unwrap();
    let error = store.copy(&key("a/x"), &key("c"), &wanted).await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Changed));
    assert_eq!(fs::read(folder.path().join("c")).unwrap(), b"other");
    let anything = Expected { over: Over::Anything, ..wanted };
    store.copy(&key("a/x"), &key("c"), &anything).await.unwrap();
    store.copy(&key("a/x"), &key("c"), &anything).await.unwrap();
    assert_eq!(number("a/x"), number("c"));
    assert_eq!(partials(folder.path()), Vec::<String>::new());
}

#[tokio::test]
async fn a_link_is_pointed_anew_and_nothing_real_is_ever_replaced_by_one() {
    let folder = tempfile::tempdir().unwrap();
    let (store, link) = (store(&folder), key("4.16/latest"));
    store
        .write(&key("4.16/4.16.1/x"), "1".into(), image_mirror::objects::Kind::Mutable, &Over::Nothing)
        .await
        .unwrap();
    store
        .write(&key("4.16/4.16.2/x"), "2".into(), image_mirror::objects::Kind::Mutable, &Over::Nothing)
        .await
        .unwrap();
    assert_eq!(store.pointed(&link).await.unwrap(), None);
    assert_eq!(store.point(&link, &key("4.16/4.16.1")).await.unwrap(), Pointed::Changed);
    assert_eq!(store.point(&link, &key("4.16/4.16.1")).await.unwrap(), Pointed::Already);
    assert_eq!(store.point(&link, &key("4.16/4.16.2")).await.unwrap(), Pointed::Changed);
    assert_eq!(store.pointed(&link).await.unwrap(), Some(key("4.16/4.16.2")));
    assert_eq!(fs::read_link(folder.path().join("4.16/latest")).unwrap(), Path::new("4.16.2"));
    assert_eq!(store.read(&key("4.16/latest/x"), 9).await.unwrap().unwrap().0, "2");
    let error = store.point(&key("4.16/4.16.1"), &key("4.16/4.16.2")).await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::NotALink));
    assert_eq!(store.pointed(&key("4.16/4.16.1")).await.unwrap(), None);
    assert_eq!(fs::read(folder.path().join("4.16/4.16.1/x")).unwrap(), b"1");
    assert_eq!(partials(folder.path()), Vec::<String>::new());
}

#[tokio::test]
async fn a_folder_is_moved_away_whole_and_over_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(&folder);
    let into = image_mirror::model::Key::of_state("trash/2026-11-27/4.8/416").unwrap();
    for name in ["4.8/416/x", "4.8/416/y", "4.8/417/x"] {
        store
            .write(&key(name), "1".into(), image_mirror::objects::Kind::Mutable, &Over::Nothing)
            .await
            .unwrap();
    }
    assert!(store.trash(&key("4.8/416"), &into).await.unwrap());
    assert!(!store.trash(&key("4.8/416"), &into).await.unwrap(), "it is not there any more");
    let left = store.list(None).await.unwrap();
    assert_eq!(left.iter().map(|object| object.key.as_str()).collect::<Vec<_>>(), ["4.8/417/x"]);
    assert_eq!(store.list(Some(&into)).await.unwrap().len(), 2);
    let error = store.trash(&key("4.8/417"), &into).await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Changed));
    assert!(folder.path().join("4.8/417/x").exists());
}

#[tokio::test]
async fn a_partial_file_that_has_another_name_too_is_not_written_through() {
    let folder = tempfile::tempdir().unwrap();
    let (store, bytes, to) = (store(&folder), content(3_000_000), key("a"));
    let partial = folder.path().join(".image-mirror/partials").join(Digest::of(&bytes).hex());
    fs::create_dir_all(partial.parent().unwrap()).unwrap();
    // As a run leaves it that is killed between the two steps of a rename that replaces nothing; or as somebody plants it.
    let other = folder.path().join("published");
    fs::write(&other, &bytes[..2_000_000]).unwrap();
    fs::hard_link(&other, &partial).unwrap();
    let mut receiving = store.receive(&to, &expected(&bytes)).await.unwrap();
    receiving.restart(None).await.unwrap();
    feed(&mut receiving, &bytes).await.unwrap();
    receiving.commit().await.unwrap();
    assert_eq!(fs::read(&other).unwrap(), bytes[..2_000_000], "it is as it was");
    assert_eq!(fs::read(folder.path().join("a")).unwrap(), bytes);
}
