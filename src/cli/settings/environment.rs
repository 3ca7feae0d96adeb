//! The variables that we know, read once. The only place that looks at the environment.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::PathBuf;

use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::UsageError;
use crate::cli::args::Args;

const PREFIX: &str = "IMAGE_MIRROR_";
/// Flags whose variables have names of their own, because others set them: Prow, CI systems, podman.
const OWN_NAMES: [(&str, &str); 4] = [
    ("MAPPINGS", "filename"),
    ("ARTIFACTS", "artifacts"),
    ("DRY_RUN", "dry_run"),
    ("REGISTRY_AUTH_FILE", "authfile"),
];
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

/// The variables that stand for flags, and those about the machine.
#[derive(Debug, Default)]
pub struct Environment {
    flags: Vec<Variable>,
    platform: Vec<(String, String)>,
    unreadable: Vec<String>,
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
        let own = OWN_NAMES.iter().find(|(own, _)| *own == name).map(|(_, flag)| (*flag).to_owned());
        let flag = own.or_else(|| name.strip_prefix(PREFIX).map(str::to_ascii_lowercase));
        match (flag, value.into_string()) {
            (Some(flag), Ok(value)) if known.contains(&flag) => {
                self.flags.push(Variable { name, flag, value });
            }
            (Some(flag), Err(_)) if known.contains(&flag) => self.unreadable.push(name),
            (Some(_), _) if !is_service_link(&name) => self.unknown.push(name),
            (None, Ok(value)) if PLATFORM.contains(&name.as_str()) => self.platform.push((name, value)),
            _ => {}
        }
    }

    /// One group of flags as the environment sets it. What a variable says wrong is added to `errors`.
    pub(super) fn group<T: DeserializeOwned + Default>(&self, errors: &mut Vec<UsageError>) -> T {
        let all = self.flags.iter().map(Variable::pair);
        if let Ok(group) = envy::from_iter(all) {
            return group;
        }
        // envy does not say which variable it was, so each is asked alone; and all are told at once.
        for variable in &self.flags {
            if let Err(error) = envy::from_iter::<_, T>([variable.pair()]) {
                let (name, message) = (variable.name.clone(), error.to_string());
                errors.push(UsageError::Variable { name, message });
            }
        }
        T::default()
    }

    /// What the machine says of itself.
    pub(super) fn platform(&self) -> Platform {
        envy::from_iter(self.platform.iter().cloned()).unwrap_or_default()
    }

    /// Variables that stand for flags and hold something that is no text.
    pub(super) fn unreadable(&self) -> impl Iterator<Item = UsageError> {
        self.unreadable.iter().map(|name| UsageError::Unreadable { name: name.clone() })
    }

    /// Variables that look like ours and are not.
    pub(super) fn unknown(&self) -> &[String] {
        &self.unknown
    }
}

impl Variable {
    fn pair(&self) -> (String, String) {
        (self.flag.clone(), self.value.clone())
    }
}

/// Kubernetes sets such variables in every pod of a namespace that has a Service named `image-mirror`.
fn is_service_link(name: &str) -> bool {
    name.starts_with("IMAGE_MIRROR_SERVICE_")
        || name == "IMAGE_MIRROR_PORT"
        || name.starts_with("IMAGE_MIRROR_PORT_")
}
