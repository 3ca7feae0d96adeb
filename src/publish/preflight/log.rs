//! What the program says while it runs. Nothing of it is a verdict.

use std::collections::BTreeMap;

use super::attempt::{Attempt, Logs};
use crate::reading;
use crate::redact::{cut, one_line};

/// So many of its last lines are shown, and so much of each.
const LAST: usize = 4;
const LONGEST: usize = 300;

const BEGINS: &str = " for platform ";
const SUBMITTED: &str = "The container's image id is: ";

/// What the program said, without secrets.
#[derive(Debug, Default)]
pub(super) struct Said {
    texts: Vec<String>,
}

impl Said {
    /// What it said in `logs`; what cannot be read was not said.
    pub(super) fn read(attempt: &Attempt, logs: &Logs) -> Self {
        let read = |path| {
            let bytes = reading::plain(path).unwrap_or_default();
            attempt.strike(&String::from_utf8_lossy(&bytes))
        };
        Self { texts: logs.all().iter().map(|path| read(path)).collect() }
    }

    /// Its last lines, as one.
    pub(super) fn last(&self) -> String {
        let has_words = |text: &&String| !text.trim().is_empty();
        let text = self.texts.iter().find(has_words).map_or("", String::as_str);
        let lines: Vec<String> = text.lines().map(|line| cut(&one_line(line), LONGEST)).collect();
        let lines: Vec<String> = lines.into_iter().filter(|line| !line.is_empty()).collect();
        lines[lines.len().saturating_sub(LAST)..].join(" / ")
    }

    /// The line by which the catalog refuses results of this version of the program.
    pub(super) fn refusal(&self) -> Option<String> {
        let is_refusal = |line: &&str| {
            line.contains("status code: 400")
                && (line.contains("is not supported") || line.contains("not recognized"))
        };
        let found = self.texts.iter().flat_map(|text| text.lines()).find(is_refusal);
        let shorter = |line: &str| line.split_once("Validation error: ").map(|(_, rest)| rest.to_owned());
        found.map(|line| cut(&one_line(&shorter(line).unwrap_or_else(|| line.to_owned())), LONGEST))
    }

    /// By what name the catalog knows the image of each architecture that was submitted. `only`: the run was for this one.
    pub(super) fn image_ids(&self, only: Option<&str>) -> BTreeMap<String, String> {
        let mut ids = BTreeMap::new();
        for text in self.texts.iter().rev() {
            let mut architecture = only.map(ToOwned::to_owned);
            for line in text.lines() {
                if let Some(begun) = after(line, BEGINS).filter(|_| only.is_none()) {
                    architecture = Some(begun);
                }
                if let (Some(id), Some(architecture)) = (after(line, SUBMITTED), &architecture) {
                    ids.insert(architecture.clone(), id);
                }
            }
        }
        ids
    }
}

/// The word of `line` behind `mark`.
fn after(line: &str, mark: &str) -> Option<String> {
    let (_, rest) = line.split_once(mark)?;
    let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '-' && c != '_').unwrap_or(rest.len());
    (end > 0).then(|| rest[..end].to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(text: &str) -> Said {
        Said { texts: vec![text.to_owned()] }
    }

    #[test]
    fn an_image_id_belongs_to_the_platform_that_was_begun_last() {
        let log = "msg=\"running checks for h/a:1 for platform amd64\"\nmsg=\"The container's image id is: 62c7a.\"\n\
                   msg=\"running checks for h/a:1 for platform arm64\"\nmsg=\"The container's image id is: 62c7b.\"\n\
                   msg=\"running checks for h/a:1 for platform s390x\"\n";
        let pair = |(arch, id): (&str, &str)| (arch.to_owned(), id.to_owned());
        assert_eq!(said(log).image_ids(None), [("amd64", "62c7a"), ("arm64", "62c7b")].map(pair).into());
        let alone = said("The container's image id is: 62c7a.").image_ids(Some("arm64"));
        assert_eq!(alone, [("arm64", "62c7a")].map(pair).into());
        assert!(
            said("The container's image id is: 62c7a.").image_ids(None).is_empty(),
            "nobody knows of which"
        );
    }

    #[test]
    fn the_catalog_refuses_a_version_and_not_an_image() {
        let tool = "'github.com/redhat-openshift-ecosystem/openshift-preflight' version '1.10.0'";
        let refused = format!(
            "Error: status code: 400: body: {{\"detail\": \"Validation error: {tool} is not supported.\"}}"
        );
        assert!(said(&refused).refusal().unwrap().starts_with(tool));
        assert!(said(&format!("status code: 400: {tool} not recognized")).refusal().is_some());
        for other in
            ["media type is not supported", "status code: 400: body: bad", "status code: 500: not supported"]
        {
            assert_eq!(said(other).refusal(), None, "{other}");
        }
    }

    #[test]
    fn its_last_lines_are_one_line() {
        let text = "1\n2\n\n3\n4\n\u{1b}[31m5\n";
        assert_eq!(said(text).last(), "2 / 3 / 4 / [31m5");
        let quiet = Said { texts: vec![" \n".into(), "there".into()] };
        assert_eq!(quiet.last(), "there");
    }
}
