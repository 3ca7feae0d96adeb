//! Everything that is shipped beside the program is read here by what will read it in earnest.
//!
//! Not a test of the program: what its commands do with such files is tested elsewhere.

mod docs;
mod jobs;
mod makefile;
mod manifests;
mod mappings;
mod nightly;
mod overlays;
mod presubmits;
mod programs;
mod publish;
mod requests;
mod rules;
mod runnable;
mod sbom;
mod streams;

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use image_mirror::cli::args::Args;
use image_mirror::cli::settings::{Environment, Settings};

/// The root of the package.
fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The text of a shipped file, by its path from the root.
fn text(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Every file below a directory whose path `wanted` accepts, by its path from the root, in order.
fn files_below(directory: &str, wanted: impl Fn(&str) -> bool + Copy) -> Vec<String> {
    let mut found = Vec::new();
    let mut open = vec![PathBuf::from(directory)];
    while let Some(directory) = open.pop() {
        for entry in fs::read_dir(root().join(&directory)).unwrap() {
            let entry = entry.unwrap();
            let path = directory.join(entry.file_name());
            let name = path.to_str().unwrap();
            match entry.file_type().unwrap().is_dir() {
                true => open.push(path),
                false if wanted(name) => found.push(name.to_owned()),
                false => {}
            }
        }
    }
    found.sort();
    found
}

/// Has the program's own parser and its settings accept a command line that begins with `image-mirror`.
fn assert_command_line(place: &str, words: &[String]) {
    assert_eq!(words.first().map(String::as_str), Some("image-mirror"), "{place}: {words:?}");
    let args = match Args::read(words.iter().map(OsString::from)) {
        Ok(args) => args,
        Err(answer) if !answer.use_stderr() => return, // --help and --version
        Err(answer) => panic!("{place}: {answer}"),
    };
    if let Err(errors) = Settings::new(args, &Environment::read([])) {
        panic!("{place}: {errors:?}");
    }
}

#[test]
fn a_command_line_that_the_program_does_not_take_is_found() {
    let found = |line: &str| {
        let words = shell_words::split(line).unwrap();
        std::panic::catch_unwind(|| assert_command_line("here", &words)).is_err()
    };
    assert!(found("image-mirror run --no-such-flag mappings"));
    assert!(found("image-mirror run --insecure mappings"));
    assert!(found("oc image mirror -f mapping_x"));
    assert!(!found("image-mirror run --deadline=1h '/etc/imagemirror/mapping_x*'"));
}
