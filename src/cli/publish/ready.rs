//! What the settings and the metadata name, made ready: repositories, clients, logins, the preflight program.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt as _;
use tempfile::TempDir;

use super::refused::NothingAttempted;
use crate::cli::connect;
use crate::cli::output::Output;
use crate::cli::report::Began;
use crate::cli::settings::{Connection, ImageRules, Pace, Projects, WaitSettings, variable};
use crate::cli::stop::{self, Patience};
use crate::engine::{Observer, Stop};
use crate::model::{Cause, ImageRef, Repository, Tag};
use crate::publish::batch::Selection;
use crate::publish::catalog::{Catalog, CatalogSettings};
use crate::publish::config::{Config, PyxisEnv, PyxisUse};
use crate::publish::metadata::{Metadata, Product};
use crate::publish::preflight::{Preflight, auth_file, private_folder};
use crate::publish::protocol::{Login, Means, Project};
use crate::publish::site::Patience as Waiting;
use crate::publish::source::Wanted;
use crate::publish::{Fault, Gate, Refused, ReleaseVersion, Site};
use crate::registry::{Client, Credentials};

/// What both files say.
pub(super) struct Ready {
    config: Config,
    metadata: Metadata,
    projects: Projects,
    /// What must not outlive the run; deleted with it.
    scratch: TempDir,
}

/// What a command brings of its own.
pub(super) struct Wants<'a> {
    pub(super) connection: &'a Connection,
    pub(super) began: Began,
    pub(super) observer: Arc<dyn Observer>,
    /// None: nothing is waited for.
    pub(super) wait: Option<&'a WaitSettings>,
    pub(super) deadline: Option<Duration>,
    pub(super) gate: Option<Arc<Gate>>,
    pub(super) stop: Stop,
}

impl<'a> Wants<'a> {
    /// What it takes to look.
    pub(super) fn to_look(connection: &'a Connection, began: Began, observer: Arc<dyn Observer>) -> Self {
        Self { connection, began, observer, wait: None, deadline: None, gate: None, stop: Stop::default() }
    }
}

/// Does `work` until it ends, watching for signals and the deadline.
pub(super) async fn watched<T>(
    wants: &Wants<'_>,
    pace: &Pace,
    output: &Output,
    work: impl Future<Output = T>,
) -> Result<T, NothingAttempted> {
    let signals = stop::signals().map_err(NothingAttempted::Signals)?;
    let patience = Patience { deadline: pace.deadline, grace: pace.grace };
    let progress = output.progress();
    Ok(tokio::select! {
        done = work => done,
        never = progress.show() => match never {},
        never = stop::watch(wants.stop.clone(), signals, patience) => match never {},
    })
}

/// Does `work`, which only looks, until it ends or a signal comes: either way no login stays behind in a temporary folder.
pub(super) async fn interruptible<T>(
    work: impl Future<Output = Result<T, NothingAttempted>>,
) -> Result<T, NothingAttempted> {
    let mut signals = std::pin::pin!(stop::signals().map_err(NothingAttempted::Signals)?);
    tokio::select! {
        done = work => done,
        _ = signals.next() => Err(Fault::Stopped(Cause::Interrupted).into()),
    }
}

/// Reads the settings.
pub(super) fn config(path: &Path) -> Result<Config, NothingAttempted> {
    Ok(Config::read(path)?)
}

impl Ready {
    /// Reads both files. Nothing is asked of anybody.
    pub(super) fn open(projects: &Projects) -> Result<Self, NothingAttempted> {
        let config = config(&projects.config)?;
        let metadata = Metadata::read(&projects.metadata, &variable)?;
        for warning in metadata.warnings() {
            tracing::warn!("{warning}");
        }
        if projects.rehearse && config.rehearsal.is_none() {
            let what = format!("{} has no `rehearsal`", projects.config.display());
            return Err(Fault::unsuitable(what, "say there between which repositories it goes").into());
        }
        if !projects.rehearse && config.preflight.pyxis_env != PyxisEnv::Prod && is_production(&config) {
            let what =
                "a catalog for tests takes no images of the upload registry that customers are served from";
            return Err(
                Fault::unsuitable(what, "set `preflight.pyxis_env: prod`, or another `upload_host`").into()
            );
        }
        let scratch = private_folder()
            .map_err(|source| NothingAttempted::Local { what: "make a temporary folder", source })?;
        Ok(Self { config, metadata, projects: projects.clone(), scratch })
    }

    /// The products that are asked for; all, if none is named.
    pub(super) fn names(&self) -> Vec<String> {
        if self.projects.products.is_empty() {
            return self.metadata.products().into_iter().map(ToOwned::to_owned).collect();
        }
        self.projects.products.clone()
    }

    /// The product that the command is about.
    pub(super) fn only(&self) -> Result<Product, NothingAttempted> {
        self.product(self.only_name())
    }

    /// What it is called.
    pub(super) fn only_name(&self) -> &str {
        self.projects.products.first().map(String::as_str).unwrap_or_default()
    }

    /// A product.
    pub(super) fn product(&self, name: &str) -> Result<Product, NothingAttempted> {
        let product = self.metadata.product(name)?;
        for warning in &product.warnings {
            tracing::warn!("{warning}");
        }
        Ok(product)
    }

    /// A product whose images are going to be certified: without the catalog's token the preflight program would check them and tell
    /// nobody.
    pub(super) fn certifiable(&self, name: &str, is_dry_run: bool) -> Result<Product, NothingAttempted> {
        let product = self.product(name)?;
        if !is_dry_run && !self.projects.rehearse {
            product.needed_api_key()?;
        }
        Ok(product)
    }

    /// Where the image of a version is, by the tag that was typed.
    pub(super) fn source(
        &self,
        product: &Product,
        version: &ReleaseVersion,
        tag: Option<&str>,
        is_staging_allowed: bool,
    ) -> Result<ImageRef, Fault> {
        let tag = tag.map(Tag::parse).transpose()?;
        let source = self.config.source(product, version, tag.as_ref());
        let source = source.map_err(|error| Fault::unsuitable(error.to_string(), "correct the settings"))?;
        let named = source.version.to_string();
        if !is_staging_allowed && !self.projects.rehearse && self.config.staging_pattern.matches(&named) {
            return Err(Refused::Other {
                what: format!(
                    "{source} is a staging image: its packages are not those that customers may get"
                ),
                advice: "build the image from released packages, or pass `--allow-staging-source`".to_owned(),
            }
            .into());
        }
        Ok(source)
    }

    /// Where the images of a product are.
    pub(super) fn any_source(&self, product: &Product) -> Result<Repository, Fault> {
        let any = ReleaseVersion::parse("1.0.0")
            .map_err(|error| Fault::unsuitable(error.to_string(), "correct the settings"))?;
        Ok(self.source(product, &any, None, true)?.repository)
    }

    /// How an image may look.
    pub(super) fn wanted(&self, rules: ImageRules) -> Wanted {
        Wanted {
            platforms: self.platforms(),
            single_arch: rules.single_arch,
            strip_attestations: rules.strip_attestations,
        }
    }

    /// What an image must be there for.
    pub(super) fn platforms(&self) -> Vec<String> {
        self.config.platforms.iter().map(ToString::to_string).collect()
    }

    /// Whether configs get a line of their own.
    pub(super) fn makes_unique(&self, rules: ImageRules) -> bool {
        rules.make_unique.unwrap_or(self.config.make_unique)
    }

    /// Whether sources are checked before anything is uploaded.
    pub(super) fn prechecks(&self, asked: Option<bool>) -> bool {
        asked.unwrap_or(self.config.precheck)
    }

    /// Which versions of a product a batch publishes.
    pub(super) fn selection(&self, product: &Product) -> Selection {
        self.config.products.get(&product.name).map(|settings| settings.versions.clone()).unwrap_or_default()
    }

    /// By which means a product is published. `source` is where its images are, if they are read.
    pub(super) async fn means(
        &self,
        product: &Product,
        source: Option<&Repository>,
        wants: &Wants<'_>,
    ) -> Result<Means, NothingAttempted> {
        let (upload, public) = self.places(product)?;
        let deadline = wants.deadline.map(|after| wants.began.clock + after);
        let robot = self.robot(product, &upload, wants.connection).await?;
        let connection = self.connection(product, &upload, wants.connection)?;
        let client = connect::client(&connection, deadline)?;
        let visitor = connect::visitor(&self.visiting(product, &public, wants.connection)?, deadline)?;
        let source_login = match source {
            Some(source) => login(&connect::sources(wants.connection)?, source).await,
            None => None,
        };
        let catalog = self.catalog(product, &visitor)?;
        let project = product.api_key.clone();
        let project = project.map(|api_key| Project { id: product.project_id.as_str().into(), api_key });
        Ok(Means {
            site: Site { upload, public, client, visitor },
            project: project.filter(|_| !self.projects.rehearse),
            robot,
            source_login,
            preflight: self.preflight(),
            catalog,
            state_dir: self.projects.state_dir.clone(),
            scratch: self.scratch.path().to_owned(),
            gate: wants.gate.clone(),
            patience: self.patience(wants.wait),
            observer: Arc::clone(&wants.observer),
            stop: wants.stop.clone(),
            host: connect::this_host(wants.connection).to_owned(),
            run: wants.began.run(),
        })
    }

    fn places(&self, product: &Product) -> Result<(Repository, Repository), Fault> {
        if let Some(rehearsal) = self.config.rehearsal.as_ref().filter(|_| self.projects.rehearse) {
            return Ok((rehearsal.upload.clone(), rehearsal.public.clone()));
        }
        let wrong = |error: crate::publish::config::PlaceError| {
            Fault::unsuitable(error.to_string(), "correct the settings or the metadata")
        };
        Ok((self.config.upload(product).map_err(wrong)?, self.config.public(product).map_err(wrong)?))
    }

    /// The robot that writes the upload registry; in a rehearsal whoever the user is there.
    async fn robot(
        &self,
        product: &Product,
        upload: &Repository,
        connection: &Connection,
    ) -> Result<Option<Login>, NothingAttempted> {
        if self.projects.rehearse {
            return Ok(login(&connect::targets(connection)?, upload).await);
        }
        let user = product.robot(&self.config.upload_org);
        Ok(Some(Login { user, password: product.registry_key.clone() }))
    }

    /// How sources and the upload registry are reached: the latter by the robot's login alone.
    fn connection(
        &self,
        product: &Product,
        upload: &Repository,
        connection: &Connection,
    ) -> Result<Connection, NothingAttempted> {
        if self.projects.rehearse {
            return Ok(connection.clone());
        }
        let user = product.robot(&self.config.upload_org);
        let file = auth_file(self.scratch.path(), &upload.to_string(), &user, &product.registry_key);
        Ok(Connection { target_authfile: Some(file.map_err(unwritten)?), ..connection.clone() })
    }

    /// How the public registry is reached: by the account that the metadata names, else as customers without one.
    fn visiting(
        &self,
        product: &Product,
        public: &Repository,
        connection: &Connection,
    ) -> Result<Connection, NothingAttempted> {
        if self.projects.rehearse {
            return Ok(connection.clone());
        }
        let file = match &product.account {
            Some(account) => {
                auth_file(self.scratch.path(), public.host.as_str(), &account.username, &account.password)
            }
            None => nobody(self.scratch.path()),
        };
        let file = Some(file.map_err(unwritten)?);
        Ok(Connection { source_authfile: file.clone(), target_authfile: file, ..connection.clone() })
    }

    fn catalog(&self, product: &Product, client: &Client) -> Result<Option<Catalog>, NothingAttempted> {
        let usage = self.config.pyxis.usage;
        let Some(key) = product.api_key.clone() else { return Ok(None) };
        if usage == PyxisUse::Off || self.projects.rehearse {
            return Ok(None);
        }
        let settings = CatalogSettings {
            base: self.config.pyxis.base.clone(),
            project: product.project_id.as_str().into(),
            key,
            key_place: "`rhcc.api_key` of the metadata".into(),
            may_write: usage == PyxisUse::Write,
        };
        Ok(Some(Catalog::new(settings, client)?))
    }

    fn preflight(&self) -> Preflight {
        let settings = &self.config.preflight;
        Preflight {
            command: settings.command.as_str().into(),
            version: settings.version.clone(),
            timeout: settings.timeout,
            pyxis_env: settings.pyxis_env.as_str().to_owned(),
            pyxis_host: None,
            inherit: self.projects.inherited.clone(),
        }
    }

    fn patience(&self, wait: Option<&WaitSettings>) -> Waiting {
        let usual = self.config.patience;
        wait.map_or(usual, |wait| Waiting {
            interval: wait.interval.unwrap_or(usual.interval),
            publish: wait.publish.unwrap_or(usual.publish),
            tag: wait.tag.unwrap_or(usual.tag),
        })
    }
}

/// Whether images go to the registry that customers are served from.
fn is_production(config: &Config) -> bool {
    config.upload_host.as_str() == "quay.io" && config.upload_org == "redhat-isv-containers"
}

/// The login for a repository; one that cannot be had is as none: whoever asks for it with none is told so there.
async fn login(credentials: &Credentials, repository: &Repository) -> Option<Login> {
    let found = credentials.password(repository).await;
    found.ok().flatten().map(|(user, password)| Login { user, password })
}

/// A file of logins without any.
fn nobody(folder: &Path) -> std::io::Result<PathBuf> {
    let path = folder.join("nobody.json");
    fs::write(&path, r#"{"auths":{}}"#)?;
    Ok(path)
}

fn unwritten(source: std::io::Error) -> NothingAttempted {
    NothingAttempted::Local { what: "write a login for this run", source }
}
