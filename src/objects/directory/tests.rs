use super::*;

fn key(text: &str) -> Key {
    Key::parse(text).unwrap()
}

fn aside_in(root: &Path) -> Vec<String> {
    let entries = fs::read_dir(root.join(".image-mirror/partials")).unwrap();
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

#[tokio::test]
async fn what_was_written_is_listed_and_read_and_gone_once_deleted() {
    let folder = tempfile::tempdir().unwrap();
    let store = Directory::new(folder.path().join("not/there/yet"));
    assert_eq!(store.list(None).await.unwrap(), []);
    store.write(&key("a/b"), "one".into(), &Over::Nothing).await.unwrap();
    store.write(&Key::of_state("x").unwrap(), "own".into(), &Over::Nothing).await.unwrap();
    let listed = store.list(None).await.unwrap();
    assert_eq!(listed.iter().map(|object| object.key.as_str()).collect::<Vec<_>>(), ["a/b"]);
    assert_eq!(store.look(&key("a/b")).await.unwrap().unwrap(), listed[0]);
    assert_eq!(store.read(&key("a/b"), 3).await.unwrap().unwrap().0, "one");
    assert!(matches!(store.read(&key("a/b"), 2).await.unwrap_err().kind(), Kind::TooLarge(2)));
    assert_eq!(store.sha256(&listed[0]).await.unwrap(), Digest::of(b"one"));
    store.delete(&key("a/b")).await.unwrap();
    store.delete(&key("a/b")).await.unwrap();
    assert_eq!(store.look(&key("a/b")).await.unwrap(), None);
    let own = store.list(Some(&Key::of_state("x").unwrap().parent().unwrap())).await.unwrap();
    assert_eq!(own.len(), 1, "what is our own is listed where it is asked for");
}

#[tokio::test]
async fn a_write_replaces_only_what_it_may() {
    let folder = tempfile::tempdir().unwrap();
    let (store, key) = (Directory::new(folder.path().into()), key("a"));
    let first = store.write(&key, "one".into(), &Over::Nothing).await.unwrap();
    let again = store.write(&key, "two".into(), &Over::Nothing).await.unwrap_err();
    assert!(matches!(again.kind(), Kind::Changed));
    store.write(&key, "two".into(), &Over::Only(first.clone())).await.unwrap();
    let late = store.write(&key, "three".into(), &Over::Only(first)).await.unwrap_err();
    assert!(matches!(late.kind(), Kind::Changed));
    assert_eq!(store.read(&key, 9).await.unwrap().unwrap().0, "two");
    assert_eq!(aside_in(folder.path()), Vec::<String>::new(), "nothing is left aside");
}

#[tokio::test]
async fn a_link_that_leads_out_of_the_root_is_not_followed_and_one_within_is() {
    let (folder, outside) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let store = Directory::new(folder.path().into());
    store.write(&key("real/x"), "in".into(), &Over::Nothing).await.unwrap();
    fs::write(outside.path().join("x"), "out").unwrap();
    std::os::unix::fs::symlink(outside.path(), folder.path().join("out")).unwrap();
    std::os::unix::fs::symlink(outside.path().join("x"), folder.path().join("file")).unwrap();
    std::os::unix::fs::symlink(outside.path().join("new"), folder.path().join("nowhere")).unwrap();
    std::os::unix::fs::symlink("real", folder.path().join("in")).unwrap();
    let is_link = |error: Error| assert!(matches!(error.kind(), Kind::Link), "{error:?}");
    is_link(store.write(&key("out/x"), "new".into(), &Over::Anything).await.unwrap_err());
    is_link(store.write(&key("out/y/z"), "new".into(), &Over::Anything).await.unwrap_err());
    is_link(store.write(&key("nowhere/z"), "new".into(), &Over::Anything).await.unwrap_err());
    is_link(store.read(&key("out/x"), 9).await.unwrap_err());
    is_link(store.read(&key("file"), 9).await.unwrap_err());
    is_link(store.delete(&key("out/x")).await.unwrap_err());
    store.write(&key("in/x"), "new".into(), &Over::Anything).await.unwrap();
    assert_eq!(fs::read(folder.path().join("real/x")).unwrap(), b"new");
    // A link in place of the file itself is replaced, not written through.
    store.write(&key("file"), "own".into(), &Over::Anything).await.unwrap();
    assert_eq!(fs::read(outside.path().join("x")).unwrap(), b"out");
    assert_eq!(fs::read_dir(outside.path()).unwrap().count(), 1);
}

#[tokio::test]
async fn files_may_be_read_by_all_and_folders_too_and_leftovers_go_by_their_age() {
    let folder = tempfile::tempdir().unwrap();
    let store = Directory::new(folder.path().join("root"));
    store.write(&key("a/b/c"), "one".into(), &Over::Nothing).await.unwrap();
    let mode = |path: &str| fs::metadata(store.root().join(path)).unwrap().permissions().mode() & 0o777;
    assert_eq!([mode(""), mode("a"), mode("a/b"), mode(".image-mirror")], [0o755; 4]);
    assert_eq!(mode("a/b/c"), 0o644);
    let left = store.root().join(".image-mirror/partials/left");
    fs::write(&left, "x").unwrap();
    let written = fs::metadata(&left).unwrap().modified().unwrap();
    assert_eq!(store.clear_leftovers(written).await.unwrap(), 0);
    assert!(left.exists());
    assert_eq!(store.clear_leftovers(written + std::time::Duration::from_secs(1)).await.unwrap(), 1);
    assert!(!left.exists());
}
