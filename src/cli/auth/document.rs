//! What was found, for programs: one JSON object, described in `docs/operating.md`.

use serde::Serialize;

use super::checks::{Answer, Check};
use super::{Checked, Role};
use crate::error::LoginName;
use crate::model::Origin;

#[derive(Serialize)]
struct Document<'a> {
    push: bool,
    checks: Vec<CheckFields<'a>>,
    warnings: &'a [String],
    exit_code: u8,
}

#[derive(Serialize)]
struct CheckFields<'a> {
    side: &'static str,
    registry: &'a str,
    repository: &'a str,
    login: Option<&'a LoginName>,
    token_service: Option<&'a str>,
    pull: &'static str,
    push: Option<&'static str>,
    message: Option<String>,
    reason: Option<&'a str>,
    help: Option<&'a str>,
    lines: &'a [Origin],
}

impl<'a> From<&'a Check> for CheckFields<'a> {
    fn from(check: &'a Check) -> Self {
        let trouble = check.troubles().next();
        Self {
            side: side(check.need.role),
            registry: check.need.repository.host.as_str(),
            repository: &check.need.repository.name,
            login: check.login.as_ref(),
            token_service: check.token_host.as_deref(),
            pull: word(&check.pull),
            push: check.push.as_ref().map(word),
            message: trouble.and_then(|trouble| trouble.blame.as_ref()).map(ToString::to_string),
            reason: trouble.map(|trouble| &*trouble.said),
            help: trouble.and_then(|trouble| trouble.help.as_deref()),
            lines: &check.need.origins,
        }
    }
}

/// The side that a role is of.
pub(super) fn side(role: Role) -> &'static str {
    match role {
        Role::Source => "source",
        Role::Target => "target",
    }
}

fn word(answer: &Answer) -> &'static str {
    match answer {
        Answer::Granted => "granted",
        Answer::Absent => "absent",
        Answer::Lacking(_) => "lacking",
        Answer::Untold => "untold",
        Answer::Unknown(_) => "unknown",
    }
}

/// The object, ending in a newline.
pub(super) fn render(checked: &Checked) -> String {
    let document = Document {
        push: checked.push,
        checks: checked.checks.iter().map(CheckFields::from).collect(),
        warnings: &checked.warnings,
        exit_code: checked.exit.code(),
    };
    serde_json::to_string_pretty(&document).unwrap_or_default() + "\n"
}
