//! Blocks of the docs that say what a command prints, run as a reader would: marked `console,run`, in the order of their
//! page, in a directory with the demo and nothing else, without a login.
//!
//! `$ ` begins a command, what follows is its output, both streams in one. `[..]` is any text in a line, a line `...`
//! is any number of lines. A command must succeed, or say itself what its exit code is (`|| echo "exit code $?"`).

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use assert_cmd::cargo::cargo_bin;
use snapbox::{Assert, IntoData as _};

use super::docs::pages;
use super::{files_below, root, text};

/// The blocks of a page that are to be run.
fn blocks(page: &str) -> Vec<String> {
    let blocks = page.split("\n```console,run\n").skip(1);
    blocks.map(|rest| rest.split_once("```").expect("a block is closed").0.to_owned()).collect()
}

/// A directory as the root of the repository is to a reader, but with the demo alone.
fn desk() -> tempfile::TempDir {
    let desk = tempfile::tempdir().unwrap();
    for path in files_below("mappings/demo", |_| true) {
        let copy = desk.path().join(&path);
        fs::create_dir_all(copy.parent().unwrap()).unwrap();
        fs::copy(root().join(&path), copy).unwrap();
    }
    desk
}

/// What a shell makes of a command line. Only a host on loopback can be reached: all others have a proxy that is not there.
fn run(desk: &Path, line: &str) -> Output {
    let program = cargo_bin("image-mirror");
    let path = format!("{}:/usr/bin:/bin", program.parent().unwrap().display());
    let mut shell = Command::new("/bin/sh");
    shell.env_clear().env("PATH", path).env("HOME", desk).env("HTTPS_PROXY", "http://127.0.0.1:1");
    shell.current_dir(desk).arg("-c").arg(format!("exec 2>&1; {line}")).output().unwrap()
}

/// A block with what its commands print now.
fn replayed(desk: &Path, block: &str) -> String {
    let mut said = String::new();
    for line in block.lines().filter_map(|line| line.strip_prefix("$ ")) {
        let output = run(desk, line);
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(output.status.success(), "{line}: {}\n{text}", output.status);
        said.extend(["$ ", line, "\n", &text]);
    }
    said
}

/// Panics with both, line by line, where a block of a page is not what its commands print.
fn compare(page: &str, printed: String, block: String) {
    let compared =
        Assert::new().normalize_paths(false).try_eq(Some(&page), printed.into_data(), block.into_data());
    compared.unwrap_or_else(|difference| panic!("{difference}"));
}

#[test]
fn the_blocks_that_are_marked_to_run_print_what_they_say() {
    let mut commands = 0;
    for page in pages() {
        let desk = desk();
        for block in blocks(&text(&page)) {
            commands += block.lines().filter(|line| line.starts_with("$ ")).count();
            compare(&page, replayed(desk.path(), &block), block);
        }
    }
    assert!(commands >= 8, "commands were run: {commands}");
}

#[test]
#[should_panic(expected = "4 kept")]
fn a_block_that_says_something_else_is_found() {
    let desk = desk();
    let block = "$ image-mirror run mappings/demo\n4 entries: 4 kept\n...\n";
    compare("a page", replayed(desk.path(), block), block.to_owned());
}

#[test]
#[should_panic(expected = "exit status: 2")]
fn a_command_that_fails_without_saying_so_is_found() {
    replayed(desk().path(), "$ image-mirror run no/such\n...\n");
}
