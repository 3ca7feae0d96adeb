//! `publish preflight`: the program that certifies images.

use url::Url;

use super::refused::NothingAttempted;
use super::{exit_of, ready};
use crate::cli::connect;
use crate::cli::exit::Exit;
use crate::cli::output::Output;
use crate::cli::settings::{PreflightInstall, PreflightSupported};
use crate::error::{Class, Classify as _, advised};
use crate::publish::Fault;
use crate::publish::catalog::{BASE, tools};
use crate::publish::preflight::Supported;
use crate::publish::preflight::install::{Install, install as get, sha256_of, url_of};

/// `publish preflight install`.
pub(super) async fn install(settings: &PreflightInstall, output: &Output) -> Exit {
    let installed = async {
        let url = match &settings.url {
            Some(url) => url.clone(),
            None => url_of(&settings.version)?,
        };
        let install = Install { url, sha256: sha256_of(&settings.sha256)?, to: settings.to.clone() };
        let client = connect::client(&settings.connection, None)?;
        Ok::<_, NothingAttempted>(get(&client, &install).await?)
    };
    match installed.await {
        Ok(()) => output.data(&format!("{}\n", settings.to.display())),
        // What was downloaded is not what was asked for; nothing is wrong with the question.
        Err(NothingAttempted::Fault(fault @ Fault::Untold(_))) if fault.class() == Class::Corrupt => {
            tracing::error!("{}", advised(&fault));
            Exit::Failed
        }
        Err(error) => error.refuse(output),
    }
}

/// `publish preflight supported`.
pub(super) async fn supported(settings: &PreflightSupported, output: &Output) -> Exit {
    let versions = async {
        let base: Url = match &settings.config {
            Some(path) => ready::config(path)?.pyxis.base,
            None => BASE.parse().map_err(|_| Fault::unsuitable("the catalog has no address", ""))?,
        };
        let client = connect::client(&settings.connection, None)?;
        let answer = tools(&client, &base).await?;
        Ok::<_, NothingAttempted>(answer)
    };
    match versions.await {
        Ok(answer) => match Supported::parse(&answer) {
            Ok(supported) => output.data(&(supported.versions().join("\n") + "\n")),
            Err(error) => {
                tracing::error!("the catalog's list of tools cannot be read: {error}");
                exit_of(None).or(Exit::Unfinished)
            }
        },
        Err(error) => error.refuse(output),
    }
}
