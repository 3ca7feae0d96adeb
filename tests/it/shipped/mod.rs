//! Everything that is shipped beside the program is read here by what will read it in earnest.
//!
//! Not a test of the program: what its commands do with such files is tested elsewhere.

mod dependencies;
mod docs;
mod jobs;
mod makefile;

use std::fs;
use std::path::{Path, PathBuf};

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

/// Has the program's own parser accept a command line that begins with `image-mirror`.
fn assert_command_line(place: &str, words: &[String]) {
    assert_eq!(words.first().map(String::as_str), Some("image-mirror"), "{place}: {words:?}");
    todo!("the parser of the command line")
}
