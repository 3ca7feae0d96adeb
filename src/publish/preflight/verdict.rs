//! What a certification came to.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use serde::Deserialize;

use crate::publish::Fault;
use crate::publish::journal::Certified;
use crate::redact::{cut, one_line};

/// So much of what a check says is shown.
const LONGEST: usize = 600;

/// What the program found of an image. All that is required is there, or something did not pass.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checked {
    /// The image.
    pub image: String,
    /// By architecture.
    pub results: BTreeMap<String, PlatformResult>,
    /// What the operator should know, though it changes nothing.
    pub warnings: Vec<String>,
    /// Where the results and the logs are.
    pub folder: PathBuf,
}

/// What it found for one architecture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlatformResult {
    /// Whether all checks passed.
    pub passed: bool,
    /// By what name the catalog knows the image, if it was submitted and the program said so.
    pub image_id: Option<String>,
    /// The checks that the image does not pass.
    pub failed: Vec<FailedCheck>,
    /// The checks that could not be done.
    pub errors: Vec<FailedCheck>,
}

/// A check that was not passed, as the program describes it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct FailedCheck {
    /// Its name: `HasLicense`.
    pub name: String,
    /// What it is about.
    pub help: String,
    /// What to do about it.
    pub suggestion: String,
    /// Where more is said of it.
    pub knowledgebase_url: String,
}

impl Checked {
    /// Whether all that was looked at passed.
    #[must_use]
    pub fn is_passed(&self) -> bool {
        self.results.values().all(|result| result.passed)
    }

    /// For the journal.
    #[must_use]
    pub fn certified(&self) -> BTreeMap<String, Certified> {
        self.results.iter().map(|(architecture, result)| (architecture.clone(), result.into())).collect()
    }

    /// That it did not pass is a fault, whose report names each check that was not passed. `burned` is for the caller to tell.
    ///
    /// # Errors
    /// [`Fault::NotPassed`] when a platform did not pass.
    pub fn verdict(&self) -> Result<(), Fault> {
        if self.is_passed() {
            Ok(())
        } else {
            Err(Fault::NotPassed { report: self.to_string(), burned: None })
        }
    }
}

impl From<&PlatformResult> for Certified {
    fn from(result: &PlatformResult) -> Self {
        Self { passed: result.passed, image_id: result.image_id.clone() }
    }
}

/// What did not pass, a line for each check.
impl fmt::Display for Checked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} did not pass the certification", self.image)?;
        for (architecture, result) in self.results.iter().filter(|(_, result)| !result.passed) {
            if result.failed.is_empty() && result.errors.is_empty() {
                write!(f, "\n  {architecture}: it names no check that failed")?;
            }
            for check in &result.failed {
                write!(f, "\n  {architecture}: {check}")?;
            }
            for check in &result.errors {
                write!(f, "\n  {architecture}: could not be checked: {check}")?;
            }
        }
        write!(f, "\n  the results and logs are in {}", self.folder.display())
    }
}

impl fmt::Display for FailedCheck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words = [&self.help, &self.suggestion, &self.knowledgebase_url];
        let words: Vec<String> = words.iter().map(|text| cut(&one_line(text), LONGEST)).collect();
        let words: Vec<String> = words.into_iter().filter(|text| !text.is_empty()).collect();
        write!(f, "{}: {}", cut(&one_line(&self.name), LONGEST), words.join("; "))
    }
}

impl FailedCheck {
    /// The same, with `change` made to all its text.
    pub(super) fn map(self, change: impl Fn(&str) -> String) -> Self {
        Self {
            name: change(&self.name),
            help: change(&self.help),
            suggestion: change(&self.suggestion),
            knowledgebase_url: change(&self.knowledgebase_url),
        }
    }
}
