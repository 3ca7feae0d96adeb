//! Whether the jobs of a Prow configuration select every mapping file, and only files that exist.
//!
//! A job selects what it gives `image-mirror run`; nothing else of a job is looked at.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::Value;

use super::super::files::MappingFile;
use super::super::finding::{Finding, Severity};
use super::LintError;

/// A path or glob that a job gives to `image-mirror run`.
struct Selector {
    file: Arc<str>,
    /// Its last component, or nothing for a directory.
    pattern: Option<String>,
    written: String,
}

pub(super) fn look(
    files: &[Arc<MappingFile>],
    directory: &Path,
    findings: &mut Vec<Finding>,
) -> Result<(), LintError> {
    let mut selectors = Vec::new();
    for path in yaml_files(directory)? {
        let text =
            std::fs::read_to_string(&path).map_err(|error| LintError::Jobs { path: path.clone(), error })?;
        let name: Arc<str> = path.display().to_string().into();
        match serde_yaml::from_multiple::<Value>(&text) {
            Ok(documents) => documents.iter().for_each(|document| walk(document, &name, &mut selectors)),
            Err(_) => findings.push(
                Finding::about(
                    &name,
                    Severity::Error,
                    "job-unreadable",
                    "this file of jobs is no valid YAML",
                )
                .hint("repair it, or point `--jobs-dir` elsewhere"),
            ),
        }
    }
    let files: Vec<_> = files.iter().filter(|file| file.path.is_some()).collect();
    for selector in &selectors {
        if !files.iter().any(|file| selector.selects(file.base_name())) {
            let message = format!("`{}` selects no mapping file", selector.written);
            findings.push(
                Finding::about(&selector.file, Severity::Error, "selector-without-file", message)
                    .hint("the job would fail; correct the pattern, or drop the job"),
            );
        }
    }
    for file in files {
        if !selectors.iter().any(|selector| selector.selects(file.base_name())) {
            findings.push(
                Finding::about(&file.name, Severity::Warning, "file-without-job", "no job selects this file")
                    .hint("nothing mirrors it; add it to a job, or rename it so that a job's pattern fits"),
            );
        }
    }
    Ok(())
}

impl Selector {
    fn new(file: &Arc<str>, written: &str) -> Self {
        let last = written.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
        let pattern = last.contains("mapping").then(|| last.to_owned());
        // A directory such as `mappings/` selects whatever lies in it.
        let pattern = pattern.filter(|last| last.starts_with("mapping_") || last.contains(['*', '?', '[']));
        Self { file: Arc::clone(file), pattern, written: written.to_owned() }
    }

    fn selects(&self, base_name: &str) -> bool {
        match &self.pattern {
            None => true,
            Some(pattern) => glob::Pattern::new(pattern).is_ok_and(|pattern| pattern.matches(base_name)),
        }
    }
}

fn yaml_files(directory: &Path) -> Result<Vec<PathBuf>, LintError> {
    let failed = |error| LintError::Jobs { path: directory.to_owned(), error };
    let mut found = Vec::new();
    for entry in std::fs::read_dir(directory).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if path.is_dir() && !path.is_symlink() {
            found.extend(yaml_files(&path)?);
        } else if path.extension().is_some_and(|extension| extension == "yaml" || extension == "yml") {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

/// Every container has its words in `command` and `args`; scripts are strings among them.
fn walk(value: &Value, file: &Arc<str>, selectors: &mut Vec<Selector>) {
    match value {
        Value::Object(map) => {
            let words = |key: &str| map.get(key).and_then(Value::as_array).into_iter().flatten();
            let words: Vec<&str> = words("command").chain(words("args")).filter_map(Value::as_str).collect();
            selectors.extend(selected(&words).into_iter().map(|path| Selector::new(file, &path)));
            map.values().for_each(|value| walk(value, file, selectors));
        }
        Value::Array(values) => values.iter().for_each(|value| walk(value, file, selectors)),
        _ => {}
    }
}

/// The paths given to `image-mirror run` by a container's words, or by a script among them.
fn selected(words: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    // The image's entry point is the program, so that `run` may come first.
    match words.iter().position(|word| is_program(word)).map_or(0, |at| at + 1) {
        at if words.get(at) == Some(&"run") => found.extend(paths(words[at + 1..].iter().copied())),
        _ => {}
    }
    for script in words.iter().filter(|word| word.contains(char::is_whitespace)) {
        for command in script.replace("\\\n", " ").split(['\n', ';', '&', '|']) {
            let words: Vec<&str> =
                command.split_whitespace().map(|word| word.trim_matches(['"', '\''])).collect();
            let Some(at) = words.iter().position(|word| is_program(word)) else { continue };
            if words.get(at + 1) == Some(&"run") {
                found.extend(paths(words[at + 2..].iter().copied()));
            }
        }
    }
    found
}

fn is_program(word: &str) -> bool {
    word == "image-mirror" || word.ends_with("/image-mirror")
}

/// Words that are paths. An option's value is told from a path by the name that mapping files have; variables of a
/// script cannot be followed, and `FIXME` marks a template.
fn paths<'a>(words: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut found = Vec::new();
    for word in words {
        let value = match word.split_once('=') {
            Some(("-f" | "--filename", value)) => value,
            _ if word.starts_with("-f") && word.len() > 2 => &word[2..],
            _ if word.starts_with('-') => continue,
            _ => word,
        };
        let known = |path: &&str| path.contains("mapping") && !path.contains('$') && !path.contains("FIXME");
        found.extend(value.split(',').filter(known).map(str::to_owned));
    }
    found
}
