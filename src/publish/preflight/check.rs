//! Runs the program on an image, and judges what it wrote.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::ExitStatus;
use std::time::Duration;

use super::attempt::{Attempt, Logs};
use super::auth::private_folder;
use super::error::{PreflightError, local, untold};
use super::log::Said;
use super::verdict::{Checked, FailedCheck, PlatformResult};
use super::{Preflight, program, results};
use crate::publish::Fault;
use crate::redact::{Secret, one_line, visible};

/// What is to be checked.
#[derive(Debug, Clone)]
pub struct Check {
    /// The image: `quay.io/org/name:7.6.1-2`.
    pub image: String,
    /// Which platforms of it.
    pub scope: Scope,
    /// The project that it is certified for; none: the program is told of no catalog.
    pub project: Option<Project>,
    /// A docker config with the login for the image, and no other: the program may send all of it out.
    pub docker_config: PathBuf,
    /// What comes of it is kept in `preflight-K` in this folder.
    pub folder: PathBuf,
    /// K, from 1; where that folder is there already, the next that is not.
    pub attempt: u32,
}

/// Which platforms are checked, by architecture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    /// All of an index, in one run. These must be among them.
    Whole(Vec<String>),
    /// These, with a run for each: some of an index, or that of an image without one.
    Each(Vec<String>),
}

/// A project of the catalog.
#[derive(Debug, Clone)]
pub struct Project {
    /// Its id.
    pub component_id: String,
    /// Reads the exceptions that were granted to it; submits.
    pub api_token: Secret,
    /// Whether the results are submitted, also those of an image that does not pass. Else nothing is written there.
    pub submit: bool,
}

/// One run of the program.
struct Run<'a> {
    /// None: all of an index.
    platform: Option<&'a str>,
    /// The architectures whose results must come of it.
    required: &'a [String],
}

impl Scope {
    fn runs<'a>(&'a self) -> Vec<Run<'a>> {
        match self {
            Self::Whole(required) => vec![Run { platform: None, required }],
            Self::Each(each) => {
                let run = |one: &'a String| Run { platform: Some(one), required: std::slice::from_ref(one) };
                each.iter().map(run).collect()
            }
        }
    }

    /// Whether there is something to check, and its names can be parts of paths.
    fn certifiable(&self) -> Result<(), String> {
        let (Self::Whole(all) | Self::Each(all)) = self;
        if all.is_empty() {
            return Err("has no platform that is to be certified".to_owned());
        }
        let is_plain = |name: &str| !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric());
        let odd = all.iter().find(|name| !is_plain(name));
        odd.map_or(Ok(()), |odd| Err(format!("is for the architecture `{}`", visible(odd))))
    }
}

impl Preflight {
    /// Checks an image. What did not pass is no error here: see [`Checked::verdict`]. When the future is dropped the program is
    /// killed, with all that it started.
    ///
    /// # Errors
    /// [`Fault::Untold`] when it is not known of every platform whether it passed, nor of any that it did not; or when the
    /// results were to be submitted, and may not have been. [`Fault::Unsuitable`] when the program cannot be run, or the
    /// catalog does not accept its version any more.
    pub async fn check(&self, check: &Check) -> Result<Checked, Fault> {
        check.scope.certifiable().map_err(|what| {
            let what = format!("{} {what}", check.image);
            Fault::unsuitable(what, "only images for amd64, arm64, ppc64le and s390x can be certified")
        })?;
        let attempt = Attempt::begin(check)?;
        let (image, folder) = (check.image.clone(), attempt.folder().to_owned());
        let mut checked = Checked { image, results: BTreeMap::new(), warnings: Vec::new(), folder };
        for run in check.scope.runs() {
            let (logs, ended) = self.run(check, &attempt, &run).await?;
            Judge { check, attempt: &attempt, run: &run, logs: &logs }.judge(ended, &mut checked)?;
        }
        Ok(checked)
    }

    /// Lets it run, in an empty directory.
    async fn run(&self, check: &Check, attempt: &Attempt, run: &Run<'_>) -> Result<(Logs, Ended), Fault> {
        let empty = private_folder().map_err(local("make a temporary folder"))?;
        let begun = attempt.logs(run.platform.unwrap_or("all"));
        let (logs, stdout, stderr) =
            begun.map_err(local(format!("begin the logs in {}", attempt.folder().display())))?;
        let mut command = self.command().map_err(|error| self.unusable(&error))?;
        command.args(["check", "container"]);
        if let Some(platform) = run.platform {
            command.args(["--platform", platform]);
        }
        if check.project.as_ref().is_some_and(|project| project.submit) {
            command.arg("--submit");
        }
        command.arg(&check.image).envs(self.environment(check, attempt, &logs));
        command.current_dir(empty.path()).stdout(stdout).stderr(stderr);
        let ended = program::run(command, self.timeout).await.map_err(|error| self.unusable(&error))?;
        Ok((logs, ended.map_or(Ended::Killed(self.timeout), Ended::Itself)))
    }
}

/// How a run ended.
#[derive(Clone, Copy)]
enum Ended {
    Itself(ExitStatus),
    /// It took longer than this.
    Killed(Duration),
}

/// Judges what one run wrote.
struct Judge<'a> {
    check: &'a Check,
    attempt: &'a Attempt,
    run: &'a Run<'a>,
    logs: &'a Logs,
}

impl Judge<'_> {
    fn judge(&self, ended: Ended, checked: &mut Checked) -> Result<(), Fault> {
        let said = Said::read(self.attempt, self.logs);
        if let Some(refusal) = said.refusal() {
            return Err(Fault::unsuitable(
                format!("the catalog does not accept results of this version of preflight: {refusal}"),
                "upgrade preflight (`image-mirror publish preflight supported` says to which version) and run it again",
            ));
        }
        let status = match ended {
            Ended::Itself(status) => status,
            Ended::Killed(after) => {
                let after = humantime::format_duration(after);
                return Err(
                    self.no_verdict(&said, format!("it was still running after {after} and was ended"))
                );
            }
        };
        let (found, lacking) = self.results(&said);
        let is_passed = found.values().all(|result| result.passed);
        let unproven = self.unproven(&found);
        checked.results.extend(found);
        // That one platform does not pass is a verdict, whatever is lacking of others.
        if !is_passed {
            return Ok(());
        }
        if !lacking.is_empty() {
            return Err(self.no_verdict(&said, format!("{} (it ended with {status})", lacking.join(", "))));
        }
        self.weigh(status, &unproven, &said, checked)
    }

    /// The results of each platform, and what is wrong with those that say nothing.
    fn results(&self, said: &Said) -> (BTreeMap<String, PlatformResult>, Vec<String>) {
        let mut ids = said.image_ids(self.only());
        let (mut found, mut lacking) = (BTreeMap::new(), Vec::new());
        for architecture in self.run.required {
            match results::read(&self.attempt.results(architecture), self.logs.start, &self.check.image) {
                Ok(result) => {
                    let result =
                        PlatformResult { image_id: ids.remove(architecture), ..self.without_secrets(result) };
                    found.insert(architecture.clone(), result);
                }
                Err(why) => {
                    let why = one_line(&self.attempt.strike(&why));
                    lacking.push(format!("the results for {architecture} {why}"));
                }
            }
        }
        (found, lacking)
    }

    /// The platform that all that was said is about.
    fn only(&self) -> Option<&str> {
        self.run.platform.or(match self.run.required {
            [only] => Some(only),
            _ => None,
        })
    }

    fn without_secrets(&self, result: PlatformResult) -> PlatformResult {
        let strike = |text: &str| self.attempt.strike(text);
        let all = |checks: Vec<_>| checks.into_iter().map(|check: FailedCheck| check.map(strike)).collect();
        PlatformResult { failed: all(result.failed), errors: all(result.errors), ..result }
    }

    /// The platforms that were to be submitted, and of which the program does not say that they were.
    fn unproven(&self, found: &BTreeMap<String, PlatformResult>) -> Vec<String> {
        if !self.check.project.as_ref().is_some_and(|project| project.submit) {
            return Vec::new();
        }
        let unproven = found.iter().filter(|(_, result)| result.image_id.is_none());
        unproven.map(|(architecture, _)| architecture.clone()).collect()
    }

    /// All passed. Results are written before they are submitted: where that was all, the exit code does not matter, but with an
    /// error it must be known that they were.
    fn weigh(
        &self,
        status: ExitStatus,
        unproven: &[String],
        said: &Said,
        checked: &mut Checked,
    ) -> Result<(), Fault> {
        let of = unproven.join(" and ");
        if !status.success() && !unproven.is_empty() {
            let why =
                format!("all passed, but it ended with {status} and did not say that it submitted {of}");
            return Err(self.no_verdict(said, why));
        }
        if !status.success() {
            checked.warnings.push(format!("preflight ended with {status}, although all checks passed"));
        }
        if !unproven.is_empty() {
            checked.warnings.push(format!("preflight did not say under which id it submitted {of}"));
        }
        Ok(())
    }

    fn no_verdict(&self, said: &Said, why: String) -> Fault {
        let (image, folder) = (self.check.image.clone(), self.attempt.folder().to_owned());
        untold(PreflightError::NoVerdict { image, why, said: said.last(), folder })
    }
}
