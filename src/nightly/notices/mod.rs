//! What people are told of a run that failed: texts in files, for whoever sends them on.

mod counter;

use std::fmt::Write as _;

pub use counter::{CounterError, CounterKey, FailureCounter};

use super::payload::{BuildSystem, Phase, Version};

/// A run that failed.
#[derive(Debug, Clone)]
pub struct Failed<'a> {
    /// The version, if it got so far.
    pub version: Option<Version>,
    /// The assembly, if it got so far.
    pub assembly: Option<&'a str>,
    /// How many times in a row it failed, this time included; none: nobody counts.
    pub count: Option<u64>,
    /// Whether it failed because the payload is inconsistent.
    pub is_unviable: bool,
    /// What went wrong, a line each.
    pub errors: &'a [String],
    /// Where the run is shown; empty where nobody said.
    pub build_url: &'a str,
}

/// A text for people, as a file of the artifacts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// The path below the artifacts.
    pub path: String,
    /// The text.
    pub text: String,
}

/// Who the mail is for.
const TO: &str = "failed-build-sync";
/// The longest name of a mail's file, without its ending.
const LONGEST_NAME: usize = 247;

impl Failed<'_> {
    /// What is to be sent: the mail always, a notice to a channel only at counts that call for it. `counts`: who is told at
    /// which counts; none where failures of this run are not counted.
    #[must_use]
    pub fn notices(&self, audience: Option<Audience>) -> Vec<Notice> {
        let mut notices = vec![self.mail()];
        let told = audience.zip(self.count);
        if told.is_some_and(|(_, count)| is_team_told(count)) {
            notices.push(self.channel("team"));
        }
        if told.is_some_and(|(audience, count)| audience.is_forum_there() && is_forum_told(count)) {
            notices.push(self.channel("forum"));
        }
        notices
    }

    fn mail(&self) -> Notice {
        let subject = format!("Error during OCP {} build sync", self.version_text());
        let name: String = format!("email001-{}-{}", squeezed(TO, "@."), squeezed(&subject, ""));
        let name: String = name.chars().take(LONGEST_NAME).collect();
        let text = format!("to: {TO}\nsubject: {subject}\n\n{}", self.body());
        Notice { path: format!("email/{name}.txt"), text }
    }

    fn channel(&self, audience: &str) -> Notice {
        let title = if self.is_unviable { "[UNVIABLE]" } else { "[FAILURE]" };
        Notice { path: format!("notices/{audience}.txt"), text: format!("{title} {}", self.body()) }
    }

    fn body(&self) -> String {
        let assembly = self.assembly.unwrap_or("unknown");
        let times = match self.count {
            Some(1) => "once".to_owned(),
            Some(count) => format!("{count} times in a row"),
            None => "an unknown number of times: its failures are not counted".to_owned(),
        };
        let mut text = format!(
            "The payload of {} for the assembly `{assembly}` could not be brought to the nightlies. It failed {times}.\n\n",
            self.version_text(),
        );
        for error in self.errors {
            let _ = writeln!(text, "- {error}");
        }
        if !self.build_url.is_empty() {
            let _ = writeln!(text, "\n{}", self.build_url);
        }
        text
    }

    fn version_text(&self) -> String {
        self.version.map_or_else(|| "unknown".to_owned(), |version| version.to_string())
    }
}

/// Who there is to be told.
#[derive(Debug, Clone, Copy)]
pub struct Audience {
    /// Where the version is in its life.
    pub phase: Phase,
    /// What made the builds.
    pub build_system: BuildSystem,
}

impl Audience {
    /// Only of released versions, and only of brew's builds the release forum hears.
    fn is_forum_there(self) -> bool {
        self.phase == Phase::Release && self.build_system == BuildSystem::Brew
    }
}

/// Whether the team hears of the failure after `count` in a row: the more there were, the more rarely.
#[must_use]
pub fn is_team_told(count: u64) -> bool {
    match count {
        0 | 1 => false,
        2..=9 => count.is_multiple_of(2),
        10..=50 => count.is_multiple_of(5),
        51..=200 => count.is_multiple_of(10),
        _ => count.is_multiple_of(100),
    }
}

/// Whether the release forum does.
#[must_use]
pub fn is_forum_told(count: u64) -> bool {
    match count {
        0 | 1 => false,
        2..=9 => count.is_multiple_of(5),
        10..=50 => count.is_multiple_of(10),
        51..=200 => count.is_multiple_of(50),
        _ => count.is_multiple_of(100),
    }
}

/// `text` with each run of characters that are no letter, digit, `_` or one of `more` as one `_`.
fn squeezed(text: &str, more: &str) -> String {
    let mut squeezed = String::new();
    for c in text.chars() {
        let is_kept = c.is_alphanumeric() || c == '_' || more.contains(c);
        if is_kept {
            squeezed.push(c);
        } else if !squeezed.ends_with('_') {
            squeezed.push('_');
        }
    }
    squeezed
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 18.115
    #[test]
    fn the_more_failures_there_were_the_more_rarely_is_told_of_them() {
        let counts = [1, 2, 5, 10, 15, 60, 300];
        assert_eq!(counts.map(is_team_told), [false, true, false, true, true, true, true]);
        assert_eq!(counts.map(is_forum_told), [false, false, true, true, false, false, true]);
    }

    fn failed(count: Option<u64>) -> Failed<'static> {
        Failed {
            version: Some(Version { major: 4, minor: 19 }),
            assembly: Some("stream"),
            count,
            is_unviable: false,
            errors: &[],
            build_url: "https://ci.example/job/12",
        }
    }

    fn paths(count: Option<u64>, phase: Phase, build_system: BuildSystem) -> Vec<String> {
        let audience = Some(Audience { phase, build_system });
        failed(count).notices(audience).into_iter().map(|notice| notice.path).collect()
    }

    #[test]
    fn the_forum_hears_of_released_versions_of_brew_only() {
        let mail = "email/email001-failed_build_sync-Error_during_OCP_4_19_build_sync.txt";
        assert_eq!(paths(Some(1), Phase::Release, BuildSystem::Brew), [mail]);
        assert_eq!(
            paths(Some(10), Phase::Release, BuildSystem::Brew),
            [mail, "notices/team.txt", "notices/forum.txt"]
        );
        assert_eq!(paths(Some(10), Phase::PreRelease, BuildSystem::Brew), [mail, "notices/team.txt"]);
        assert_eq!(paths(Some(10), Phase::Release, BuildSystem::Konflux), [mail, "notices/team.txt"]);
    }

    #[test]
    fn without_a_count_nobody_is_told_that_it_is_the_nth_time() {
        assert_eq!(paths(None, Phase::Release, BuildSystem::Brew).len(), 1);
        let text = failed(None).mail().text;
        assert!(text.contains("an unknown number of times"), "{text}");
        assert!(text.ends_with("\nhttps://ci.example/job/12\n"), "{text}");
    }

    #[test]
    fn what_went_wrong_is_in_each_text_and_the_title_says_whether_it_is_the_payload() {
        let errors = ["the `etcd` image is missing".to_owned()];
        let failed = Failed { is_unviable: true, errors: &errors, ..failed(Some(2)) };
        let notices = failed.notices(Some(Audience { phase: Phase::Eol, build_system: BuildSystem::Brew }));
        assert!(notices.iter().all(|notice| notice.text.contains("- the `etcd` image is missing\n")));
        assert!(notices[1].text.starts_with("[UNVIABLE] "), "{}", notices[1].text);
        assert!(notices[1].text.contains("It failed 2 times in a row."), "{}", notices[1].text);
    }
}
