//! The variables that we know, read once. The only place that looks at the environment.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::PathBuf;

use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::UsageError;
use crate::cli::args::{Args, ColorChoice};
use crate::publish::preflight::INHERITED;
use crate::redact::Secret;

const PREFIX: &str = "IMAGE_MIRROR_";
/// Flags whose variables have names of their own, because others set them: Prow, CI systems, podman.
const OWN_NAMES: [(&str, &str); 6] = [
    ("OPENSHIFT_INSTALL_COREOS_STREAM_PREFIX", "prefix"),
    ("OPENSHIFT_INSTALL_CI_COREOS_BOOTIMAGES", "use_staging"),
    ("MAPPINGS", "filename"),
    ("ARTIFACTS", "artifacts"),
    ("DRY_RUN", "dry_run"),
    ("REGISTRY_AUTH_FILE", "authfile"),
];
/// The parameters of `nightly`, by the names that the job knows which it replaces. Other commands do not look at them: such
/// names are everybody's.
const OF_NIGHTLY: [(&str, &str); 18] = [
    ("ASSEMBLY", "assembly"),
    ("BUILD_VERSION", "build_version"),
    ("DOOZER_DATA_PATH", "data_path"),
    ("DOOZER_DATA_GITREF", "data_gitref"),
    ("MOCK", "mock"),
    ("SUPPRESS_EMAIL", "suppress_email"),
    ("RETRIGGER_CURRENT_NIGHTLY", "retrigger_current_nightly"),
    ("PUBLISH", "publish"),
    ("DEBUG", "debug"),
    ("IMAGES", "images"),
    ("EXCLUDE_ARCHES", "exclude_arches"),
    ("EMERGENCY_IGNORE_ISSUES", "emergency_ignore_issues"),
    ("ORGANIZATION", "organization"),
    ("REPOSITORY", "repository"),
    ("SKIP_MULTI_ARCH_PAYLOAD", "skip_multi_arch_payload"),
    ("EMBARGO_PERMIT_ACK", "embargo_permit_ack"),
    ("BUILD_URL", "build_url"),
    ("SOURCE_DATE_EPOCH", "source_date_epoch"),
];
/// What variables of the AWS tools begin with.
const OF_STORES: &str = "AWS_";
const PLATFORM: [&str; 10] = [
    "HOME",
    "XDG_RUNTIME_DIR",
    "XDG_CONFIG_HOME",
    "DOCKER_CONFIG",
    "NO_COLOR",
    "COLUMNS",
    "JOB_COMPLETION_INDEX",
    "JOB_COMPLETIONS",
    "KUBECONFIG",
    "HOSTNAME",
];

/// What the machine says of itself, as far as we ask.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Platform {
    /// `HOME`.
    pub home: Option<PathBuf>,
    /// `XDG_RUNTIME_DIR`.
    pub xdg_runtime_dir: Option<PathBuf>,
    /// `XDG_CONFIG_HOME`.
    pub xdg_config_home: Option<PathBuf>,
    /// `DOCKER_CONFIG`.
    pub docker_config: Option<PathBuf>,
    /// `NO_COLOR`, whatever it says.
    pub no_color: Option<String>,
    /// `COLUMNS`, whatever it says.
    pub columns: Option<String>,
    /// `JOB_COMPLETION_INDEX`, which Kubernetes sets in the pods of an Indexed Job.
    pub job_completion_index: Option<String>,
    /// `JOB_COMPLETIONS`, which the manifest of the Job sets.
    pub job_completions: Option<String>,
    /// `KUBECONFIG`: files, separated by colons.
    pub kubeconfig: Option<String>,
    /// `HOSTNAME`, in a pod its name.
    pub hostname: Option<String>,
}

/// The variables that stand for flags, those about the machine, and those by which buckets are reached.
#[derive(Debug, Default)]
pub struct Environment {
    flags: Vec<Variable>,
    of_nightly: Vec<Variable>,
    platform: Vec<(String, String)>,
    of_stores: Vec<(String, Secret)>,
    unreadable: Vec<String>,
    unreadable_of_nightly: Vec<String>,
    unknown: Vec<String>,
}

#[derive(Debug)]
struct Variable {
    name: String,
    flag: String,
    value: String,
}

impl Environment {
    /// The environment of this program.
    #[must_use]
    pub fn of_this_program() -> Self {
        Self::read(std::env::vars_os())
    }

    /// Takes from `variables` what we know; an empty one counts as unset.
    #[must_use]
    pub fn read(variables: impl IntoIterator<Item = (OsString, OsString)>) -> Self {
        let known: BTreeSet<String> = Args::flags().map(|flag| flag.replace('-', "_")).collect();
        let mut environment = Self::default();
        for (name, value) in variables {
            if value.is_empty() {
                continue;
            }
            let Ok(name) = name.into_string() else { continue };
            environment.take(&known, name, value);
        }
        environment
    }

    fn take(&mut self, known: &BTreeSet<String>, name: String, value: OsString) {
        if let Some((_, flag)) = OF_NIGHTLY.iter().find(|(own, _)| *own == name) {
            match value.into_string() {
                Ok(value) => self.of_nightly.push(Variable { name, flag: (*flag).to_owned(), value }),
                Err(_) => self.unreadable_of_nightly.push(name),
            }
            return;
        }
        let own = OWN_NAMES.iter().find(|(own, _)| *own == name).map(|(_, flag)| (*flag).to_owned());
        let flag = own.or_else(|| name.strip_prefix(PREFIX).map(str::to_ascii_lowercase));
        match (flag, value.into_string()) {
            (Some(flag), Ok(value)) if known.contains(&flag) => {
                self.flags.push(Variable { name, flag, value });
            }
            (Some(flag), Err(_)) if known.contains(&flag) => self.unreadable.push(name),
            (Some(_), _) if !is_service_link(&name) => self.unknown.push(name),
            (None, Ok(value)) if name.starts_with(OF_STORES) => {
                self.of_stores.push((name, value.into()));
            }
            (None, Ok(value)) if PLATFORM.contains(&name.as_str()) => self.platform.push((name, value)),
            _ => {}
        }
    }

    /// The colours that `IMAGE_MIRROR_COLOR` asks for; clap itself obeys `NO_COLOR` where nothing is said.
    #[must_use]
    pub fn color(&self) -> ColorChoice {
        let set = self.flags.iter().rev().find(|variable| variable.flag == "color");
        set.and_then(|variable| variable.value.parse().ok()).unwrap_or_default()
    }

    /// One group of flags as the environment sets it. What a variable says wrong is added to `errors`.
    pub(super) fn group<T: DeserializeOwned + Default>(&self, errors: &mut Vec<UsageError>) -> T {
        read(&self.flags.iter().collect::<Vec<_>>(), errors)
    }

    /// The parameters of `nightly` as the environment sets them.
    pub(super) fn parameters<T: DeserializeOwned + Default>(&self, errors: &mut Vec<UsageError>) -> T {
        errors.extend(self.unreadable_of_nightly.iter().map(|name| unreadable(name)));
        read(&self.flags.iter().chain(&self.of_nightly).collect::<Vec<_>>(), errors)
    }

    /// The variables of the AWS tools, by which buckets are reached. Some of them are secrets.
    pub(super) fn of_stores(&self) -> impl Iterator<Item = (&str, &Secret)> {
        self.of_stores.iter().map(|(name, value)| (name.as_str(), value))
    }

    /// What the machine says of itself.
    pub(super) fn platform(&self) -> Platform {
        envy::from_iter(self.platform.iter().cloned()).unwrap_or_default()
    }

    /// Variables that stand for flags and hold something that is no text.
    pub(super) fn unreadable(&self) -> impl Iterator<Item = UsageError> {
        self.unreadable.iter().map(|name| unreadable(name))
    }

    /// Variables that look like ours and are not.
    pub(super) fn unknown(&self) -> &[String] {
        &self.unknown
    }
}

/// Those of the variables that programs we start may see which are set.
#[expect(clippy::disallowed_methods, reason = "this is the place")]
pub(super) fn inherited() -> Vec<(String, OsString)> {
    let set = INHERITED.iter().filter_map(|name| Some(((*name).to_owned(), std::env::var_os(name)?)));
    set.collect()
}

/// A variable that a file of the user's names: `${NAME}`.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "this is the place")]
pub fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

impl Variable {
    fn pair(&self) -> (String, String) {
        (self.flag.clone(), self.value.clone())
    }
}

fn unreadable(name: &str) -> UsageError {
    UsageError::Unreadable { name: name.to_owned() }
}

fn read<T: DeserializeOwned + Default>(variables: &[&Variable], errors: &mut Vec<UsageError>) -> T {
    let all = variables.iter().map(|variable| variable.pair());
    if let Ok(group) = envy::from_iter(all) {
        return group;
    }
    // envy does not say which variable it was, so each is asked alone; and all are told at once.
    let before = errors.len();
    for variable in variables {
        if let Err(error) = envy::from_iter::<_, T>([variable.pair()]) {
            let (name, message) = (variable.name.clone(), error.to_string());
            errors.push(UsageError::Variable { name, message });
        }
    }
    if errors.len() == before {
        return read_twice(variables, errors);
    }
    T::default()
}

/// Two variables stand for one flag. That is fine where they say the same.
fn read_twice<T: DeserializeOwned + Default>(variables: &[&Variable], errors: &mut Vec<UsageError>) -> T {
    let mut once: Vec<&Variable> = Vec::new();
    for variable in variables {
        match once.iter().find(|other| other.flag == variable.flag) {
            None => once.push(variable),
            Some(other) if other.value == variable.value => {}
            Some(other) if envy::from_iter::<_, T>([other.pair(), variable.pair()]).is_err() => {
                let [first, second] = [other, variable].map(|variable| variable.name.clone());
                errors.push(UsageError::TwoVariables { first, second });
            }
            Some(_) => {}
        }
    }
    envy::from_iter(once.iter().map(|variable| variable.pair())).unwrap_or_default()
}

/// Kubernetes sets such variables in every pod of a namespace that has a Service named `image-mirror`.
fn is_service_link(name: &str) -> bool {
    name.starts_with("IMAGE_MIRROR_SERVICE_")
        || name == "IMAGE_MIRROR_PORT"
        || name.starts_with("IMAGE_MIRROR_PORT_")
}
