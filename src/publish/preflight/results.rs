//! The results that the program writes of each platform.

use std::fs;
use std::path::Path;
use std::time::SystemTime;

use serde::Deserialize;

use super::verdict::{FailedCheck, PlatformResult};
use crate::reading;

/// What is needed of `results.json`.
#[derive(Deserialize)]
struct Results {
    image: String,
    passed: bool,
    #[serde(default, rename = "results")]
    checks: Checks,
}

/// A list that is empty may be `null`.
#[derive(Deserialize, Default)]
#[serde(default)]
struct Checks {
    failed: Option<Vec<FailedCheck>>,
    errors: Option<Vec<FailedCheck>>,
}

/// The results in the file at `path`, written since `start`, of the image that is called `name`.
///
/// # Errors
/// Why they say nothing, in words that follow on `the results`.
pub(super) fn read(path: &Path, start: SystemTime, name: &str) -> Result<PlatformResult, String> {
    let Ok(metadata) = fs::symlink_metadata(path) else { return Err("are missing".to_owned()) };
    if !metadata.is_file() {
        return Err("are no plain file".to_owned());
    }
    let written = metadata.modified().map_err(|error| format!("are of an unknown time: {error}"))?;
    if written < start {
        return Err("are older than this run of the program".to_owned());
    }
    let bytes = reading::plain(path).map_err(|error| format!("cannot be read: {error}"))?;
    if bytes.is_empty() {
        return Err("are empty: it stopped before they were known".to_owned());
    }
    let results = serde_json::from_slice(&bytes).map_err(|error| format!("cannot be read: {error}"))?;
    judged(results, name)
}

fn judged(found: Results, name: &str) -> Result<PlatformResult, String> {
    let Results { image, passed, checks } = found;
    if image != name {
        return Err(format!("are of another image, {image}"));
    }
    let (failed, errors) = (checks.failed.unwrap_or_default(), checks.errors.unwrap_or_default());
    if passed && !(failed.is_empty() && errors.is_empty()) {
        return Err("say that it passed, and name checks that it did not pass".to_owned());
    }
    Ok(PlatformResult { passed, image_id: None, failed, errors })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const PASSED: &str =
        r#"{"image": "h/a:1", "passed": true, "results": {"passed": [], "failed": null, "errors": []}}"#;

    fn read_text(text: &str) -> Result<PlatformResult, String> {
        let file = tempfile::NamedTempFile::new().unwrap();
        let start = file.as_file().metadata().unwrap().modified().unwrap();
        fs::write(file.path(), text).unwrap();
        read(file.path(), start, "h/a:1")
    }

    #[test]
    fn results_are_believed_that_are_whole_new_and_of_our_image() {
        assert!(read_text(PASSED).unwrap().passed);
        let contradiction = PASSED.replace("null", r#"[{"name": "HasLicense"}]"#);
        let wrong = [
            ("", "empty"),
            ("{", "cannot be read"),
            ("{}", "cannot be read"),
            (&PASSED.replace("true", "\"true\""), "cannot be read"),
            (&PASSED.replace("h/a:1", "h/a:2"), "another image, h/a:2"),
            (&contradiction, "name checks"),
        ];
        for (text, why) in wrong {
            assert!(read_text(text).unwrap_err().contains(why), "{text}");
        }
    }

    #[test]
    fn results_of_before_and_links_to_results_are_no_results() {
        // 19.40
        let folder = tempfile::tempdir().unwrap();
        let (path, link) = (folder.path().join("results.json"), folder.path().join("link"));
        fs::write(&path, PASSED).unwrap();
        std::os::unix::fs::symlink(&path, &link).unwrap();
        let written = fs::metadata(&path).unwrap().modified().unwrap();
        let read = |path, start| read(path, start, "h/a:1");
        assert!(read(&path, written).is_ok());
        assert!(read(&path, written + Duration::from_secs(1)).unwrap_err().contains("older"));
        assert!(read(&link, written).unwrap_err().contains("no plain file"));
        assert!(read(&folder.path().join("none"), written).unwrap_err().contains("missing"));
    }
}
