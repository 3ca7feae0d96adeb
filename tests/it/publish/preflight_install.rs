//! Installing the program: only what it must be is put where it belongs.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::time::Duration;

use image_mirror::error::{Class, advised};
use image_mirror::model::Digest;
use image_mirror::publish::Fault;
use image_mirror::publish::preflight::install::{Install, install, sha256_of, url_of};
use image_mirror::registry::{Client, Credentials, Options};

use crate::support::{FileFault, FileServer, Run};

const PROGRAM: &[u8] = b"#!/bin/sh\necho 'preflight version 1.14.0 <commit: 0>'\n";

fn client() -> Client {
    let (backoff_min, backoff_max) = (Duration::from_millis(1), Duration::from_millis(4));
    let options = Options { backoff_min, backoff_max, ..Options::default() };
    Client::new(options, Credentials::anonymous(), Credentials::anonymous()).unwrap()
}

fn wanted(server: &FileServer, to: &Path) -> Install {
    let sha256 = sha256_of(Digest::of(PROGRAM).hex()).unwrap();
    Install { url: server.url("/preflight-linux-amd64"), sha256, to: to.to_owned() }
}

fn names(folder: &Path) -> Vec<String> {
    fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

#[tokio::test]
async fn the_program_is_there_and_can_be_run_though_the_download_was_cut() {
    let (server, folder) = (FileServer::start().await, tempfile::tempdir().unwrap());
    server.put("/preflight-linux-amd64", PROGRAM);
    server.fault("/preflight-linux-amd64", FileFault::Cut(10));
    server.fault("/preflight-linux-amd64", FileFault::NoRanges);
    let to = folder.path().join("preflight");
    fs::write(&to, "of before").unwrap();
    install(&client(), &wanted(&server, &to)).await.unwrap();
    assert_eq!(fs::read(&to).unwrap(), PROGRAM);
    assert_eq!(fs::metadata(&to).unwrap().permissions().mode() & 0o777, 0o755);
    assert_eq!(names(folder.path()), ["preflight"]);
    assert_eq!(server.count("/preflight-linux-amd64"), 2);
}

#[tokio::test]
async fn what_is_there_already_is_not_downloaded_again() {
    let (server, folder) = (FileServer::start().await, tempfile::tempdir().unwrap());
    server.put("/preflight-linux-amd64", PROGRAM);
    let to = folder.path().join("preflight");
    install(&client(), &wanted(&server, &to)).await.unwrap();
    install(&client(), &wanted(&server, &to)).await.unwrap();
    assert_eq!(server.count("/preflight-linux-amd64"), 1);
    fs::write(&to, "another program").unwrap();
    install(&client(), &wanted(&server, &to)).await.unwrap();
    assert_eq!(fs::read(&to).unwrap(), PROGRAM);
}

#[tokio::test]
async fn other_bytes_downloaded_end_the_command_with_1() {
    let (server, folder) = (FileServer::start().await, tempfile::tempdir().unwrap());
    server.put("/preflight-linux-amd64", PROGRAM);
    let (to, url) = (folder.path().join("preflight"), server.url("/preflight-linux-amd64").to_string());
    let install = |sha256: &str| {
        let words = ["publish", "preflight", "install", "--version=1.14.0", "--sha256", sha256];
        Run::new(words).args(["--url", &url, "--to", to.to_str().unwrap()]).run()
    };
    install(Digest::of(b"another program").hex()).await.exits(1);
    assert!(!to.exists());
    install(Digest::of(PROGRAM).hex()).await.exits(0);
    assert_eq!(fs::read(&to).unwrap(), PROGRAM);
}

#[tokio::test]
async fn other_bytes_are_are_refused_and_nothing_is_left_of_them() {
    let (server, folder) = (FileServer::start().await, tempfile::tempdir().unwrap());
    server.put("/preflight-linux-amd64", b"another program".as_slice());
    let to = folder.path().join("preflight");
    let fault = install(&client(), &wanted(&server, &to)).await.unwrap_err();
    assert!(matches!(&fault, Fault::Untold(failure) if failure.class == Class::Corrupt), "{fault}");
    let said = advised(&fault);
    assert!(said.contains(Digest::of(PROGRAM).as_str()) && said.contains("another file"), "{said}");
    assert_eq!(names(folder.path()), Vec::<String>::new());

    fs::write(&to, "of before").unwrap();
    install(&client(), &wanted(&server, &to)).await.unwrap_err();
    assert_eq!(fs::read_to_string(&to).unwrap(), "of before");
    assert_eq!(names(folder.path()), ["preflight"]);
}

#[tokio::test]
async fn a_release_that_is_not_there_is_untold_and_changes_nothing() {
    let (server, folder) = (FileServer::start().await, tempfile::tempdir().unwrap());
    let fault = install(&client(), &wanted(&server, &folder.path().join("preflight"))).await.unwrap_err();
    assert!(matches!(fault, Fault::Untold(_)), "{fault}");
    assert_eq!(names(folder.path()), Vec::<String>::new());
}

#[test]
fn a_release_is_named_by_its_version_and_its_digest() {
    let url = url_of("1.14.0").unwrap();
    assert!(url.path().contains("/download/1.14.0/preflight-linux-"), "{url}");
    for wrong in ["latest", "../1.14.0", "1.14", ""] {
        assert!(matches!(url_of(wrong), Err(Fault::Unsuitable { .. })), "{wrong}");
    }
    assert_eq!(sha256_of(&Digest::of(b"a").hex().to_uppercase()).unwrap(), Digest::of(b"a"));
    for wrong in ["", "abc", "sha256:abc"] {
        assert!(matches!(sha256_of(wrong), Err(Fault::Unsuitable { .. })), "{wrong}");
    }
}
