//! Step 4: the certification, and the check of the source that goes before anything is uploaded.

use std::fs;
use std::path::{Path, PathBuf};

use crate::error::{Chain, Class, Classify, Failure, Stage, advised};
use crate::model::{ImageRef, Tag, Version};
use crate::publish::journal::{Event, Folders, Story};
use crate::publish::preflight::{Check, Checked, Project, Scope, auth_file};
use crate::publish::{Fault, Image};

use super::order::{Login, Means, Order};
use super::prepare::Numbered;
use super::steps::Running;

/// Something on this machine.
#[derive(Debug, thiserror::Error)]
#[error("cannot {what}")]
struct Local {
    what: String,
    #[source]
    cause: std::io::Error,
}

impl Classify for Local {
    fn class(&self) -> Class {
        Class::of_file(&self.cause)
    }
}

fn local(what: impl Into<String>) -> impl FnOnce(std::io::Error) -> Fault {
    let what = what.into();
    |cause| Fault::Untold(Failure::new(Stage::Read, Local { what, cause }))
}

/// Whether an image could be certified: before anything is uploaded, since its number would be used up.
///
/// # Errors
/// When the program is not there, or is not the one that is wanted, or the catalog does not take the token, or does not know the project.
pub(super) async fn ready(means: &Means) -> Result<(), Fault> {
    means.preflight.version().await?;
    let Some(catalog) = &means.catalog else { return Ok(()) };
    match catalog.project().await {
        Ok(_) => Ok(()),
        Err(error) if matches!(error.class(), Class::Denied | Class::Missing) => {
            Err(Fault::Unsuitable { what: Chain(&error).to_string(), advice: error.advice() })
        }
        Err(error) => {
            tracing::warn!("whether the catalog takes the token is not known: {}", advised(&error));
            Ok(())
        }
    }
}

/// Has `architectures` certified; none: all of the image.
pub(super) async fn certify(running: &mut Running<'_>, architectures: &[String]) -> Result<(), Fault> {
    let means = running.means;
    let attempt = running.journal.story().attempts + 1;
    let version = means.preflight.version().await?;
    let started = Event::PreflightStarted { attempt, version, architectures: architectures.to_vec() };
    running.journal.note(&started)?;
    let image = means.site.uploaded(&running.numbered.tag);
    let check = Check {
        image: image.to_string(),
        scope: scope(&running.numbered.image, architectures),
        project: project(means, true),
        docker_config: docker_config(means, means.robot.as_ref(), &image)?,
        folder: running.journal.folder().to_owned(),
        attempt,
    };
    let checked = means.preflight.check(&check).await?;
    warn(&checked);
    running.journal.note(&Event::PreflightResult { attempt, results: checked.certified() })?;
    let tag = running.numbered.tag.clone();
    checked.verdict().map_err(|fault| burn(fault, tag))?;
    Ok(running.journal.note(&Event::Submitted)?)
}

/// Checks the image at its source, and tells nobody.
pub(super) async fn precheck(order: &Order, means: &Means, numbered: &Numbered) -> Result<(), Fault> {
    let digest = numbered.resolved.clone();
    let image = ImageRef::new(order.source.repository.clone(), Version::Digest(digest));
    let folder = prechecks(means, &numbered.tag);
    let attempt = attempts(&folder);
    fs::create_dir_all(&folder).map_err(local(format!("make {}", folder.display())))?;
    let login = means.source_login.as_ref();
    let check = Check {
        image: image.to_string(),
        scope: scope(&numbered.image, &[]),
        project: project(means, false),
        docker_config: docker_config(means, login, &image)?,
        folder,
        attempt,
    };
    let checked = means.preflight.check(&check).await?;
    warn(&checked);
    checked.verdict()
}

fn scope(image: &Image, architectures: &[String]) -> Scope {
    let all = || image.children.iter().map(|child| child.platform.architecture.clone()).collect();
    match (image.has_index(), architectures.is_empty()) {
        (true, true) => Scope::Whole(all()),
        (false, true) => Scope::Each(all()),
        (_, false) => Scope::Each(architectures.to_vec()),
    }
}

fn project(means: &Means, submit: bool) -> Option<Project> {
    let project = means.project.as_ref()?;
    Some(Project { component_id: project.id.to_string(), api_token: project.api_key.clone(), submit })
}

/// A docker config with the login for the image, and no other.
fn docker_config(means: &Means, login: Option<&Login>, image: &ImageRef) -> Result<PathBuf, Fault> {
    let cannot = "write the login for the preflight program";
    if let Some(Login { user, password }) = login {
        let place = image.repository.to_string();
        return auth_file(&means.scratch, &place, user, password).map_err(local(cannot));
    }
    let path = means.scratch.join("no-login.json");
    fs::write(&path, r#"{"auths":{}}"#).map_err(local(cannot))?;
    Ok(path)
}

/// Where what comes of the checks of sources is kept. A number is not used up by them.
fn prechecks(means: &Means, tag: &Tag) -> PathBuf {
    let root = means.state_dir.as_deref().unwrap_or(&means.scratch);
    Folders::new(root).of(&means.site.upload).join(".prechecks").join(tag.as_str())
}

/// The number of the next attempt.
fn attempts(folder: &Path) -> u32 {
    let made = fs::read_dir(folder).map(Iterator::count).unwrap_or_default();
    u32::try_from(made).unwrap_or(u32::MAX).saturating_add(1)
}

fn warn(checked: &Checked) {
    for warning in &checked.warnings {
        tracing::warn!("{warning}");
    }
}

fn burn(fault: Fault, tag: Tag) -> Fault {
    match fault {
        Fault::NotPassed { report, .. } => Fault::NotPassed { report, burned: Some(tag) },
        other => other,
    }
}

/// That the image did not pass in an earlier attempt.
pub(super) fn not_passed(tag: &Tag, story: &Story) -> Fault {
    let failed = story
        .results
        .iter()
        .filter(|(_, result)| !result.passed)
        .map(|(architecture, _)| architecture.as_str());
    let failed: Vec<&str> = failed.collect();
    let report = format!(
        "{tag} did not pass the certification before, for {}; if an exception was granted, pass `--retry-preflight`",
        failed.join(", ")
    );
    Fault::NotPassed { report, burned: Some(tag.clone()) }
}
