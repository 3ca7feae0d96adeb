//! A disk that is full. It is played by a limit of the size of files, under which a second process of this binary runs.

use std::path::Path;
use std::process::Command;

use image_mirror::error::{Class, Classify as _};
use image_mirror::objects::{Directory, ErrorKind, Store};
use nix::sys::resource::{Resource, getrlimit};

use super::{content, expected, feed, key};

/// So large may a file become there, in the units of `ulimit -f`.
const BLOCKS: u64 = 4096;
const LIMIT: u64 = BLOCKS * 512;
const NAME: &str = "stream::objects::full::a_full_disk_ends_it_at_once_and_the_next_run_goes_on";

// 14.93
#[tokio::test]
async fn a_full_disk_ends_it_at_once_and_the_next_run_goes_on() {
    if getrlimit(Resource::RLIMIT_FSIZE).unwrap().0 == LIMIT {
        return on_the_full_disk(&std::env::temp_dir()).await;
    }
    let folder = tempfile::tempdir().unwrap();
    let ended = Command::new("/bin/sh")
        .args(["-c", &format!("trap '' XFSZ; ulimit -f {BLOCKS}; exec \"$0\" --exact {NAME}")])
        .arg(std::env::current_exe().unwrap())
        .env("TMPDIR", folder.path())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&ended.stdout);
    assert!(ended.status.success() && said.contains("1 passed"), "{said}");
    let store = Store::Directory(Directory::new(folder.path().into()));
    let bytes = content(2 * usize::try_from(LIMIT).unwrap());
    let mut receiving = store.receive(&key("a"), &expected(&bytes)).await.unwrap();
    assert_eq!(receiving.offset(), LIMIT, "all that fitted was kept");
    assert!(!folder.path().join("a").exists());
    feed(&mut receiving, &bytes).await.unwrap();
    receiving.commit().await.unwrap();
    assert_eq!(std::fs::read(folder.path().join("a")).unwrap(), bytes);
}

async fn on_the_full_disk(root: &Path) {
    let store = Store::Directory(Directory::new(root.into()));
    let bytes = content(2 * usize::try_from(LIMIT).unwrap());
    let mut receiving = store.receive(&key("a"), &expected(&bytes)).await.unwrap();
    let error = feed(&mut receiving, &bytes).await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::NoSpace(_)), "{error:?}");
    assert_eq!(error.class(), Class::Denied, "it is not tried again");
    receiving.suspend().await.unwrap();
}
