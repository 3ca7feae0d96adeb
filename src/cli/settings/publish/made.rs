//! Flags and variables become what the commands of `publish` work with.

use std::num::NonZeroUsize;
use std::time::Duration;

use super::super::environment::inherited;
use super::super::{Draft, UsageError};
use super::{
    GuardSettings, ImageRules, PreflightInstall, PreflightSupported, Projects, Publish, PublishBatch,
    PublishImage, PublishNext, PublishResume, PublishRollback, PublishStatus, WaitSettings,
};
use crate::cli::args::value::{Count, Span, Truth};
use crate::cli::args::{
    BatchArgs, CatalogArgs, GuardArgs, ImageArgs, InstallArgs, LatestWord, NumberWord, OfVersionArgs,
    PreflightAction, ProductName, PublishAction, PublishBatchCommand, PublishImageCommand,
    PublishRollbackCommand, ReleaseArgs, RollbackArgs, VersionName, WaitArgs, WebAddress,
};
use crate::publish::ReleaseVersion;

/// Projects side by side: each waits for the catalog most of the time.
const JOBS: NonZeroUsize = NonZeroUsize::new(2).unwrap();
/// How the script that this replaces waited.
const COMPAT_INTERVAL: Duration = Duration::from_secs(3);
const COMPAT_TIMEOUT: Duration = Duration::from_mins(10);

fn on(flag: Option<Truth>) -> bool {
    flag.is_some_and(|truth| truth.0)
}

/// Whether a command writes journals, and about how many products it is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Scope {
    /// About one, with a journal.
    OneJournaled,
    /// About one.
    One,
    /// About any number, with journals.
    ManyJournaled,
    /// About any number.
    Many,
}

impl Draft<'_> {
    /// None: something is missing or wrong, which is among the errors.
    pub(in crate::cli::settings) fn publish(&mut self, action: PublishAction) -> Option<Publish> {
        Some(match action {
            PublishAction::Image(args) => Publish::Image(Box::new(self.publish_image(*args)?)),
            PublishAction::NextRebuild(args) => {
                let projects = self.projects(args.catalog, Scope::One);
                let version = self.version(args.version);
                let connection = self.connection(args.connection);
                Publish::Next(Box::new(PublishNext { projects: projects?, version: version?, connection }))
            }
            PublishAction::Plan(args) => Publish::Plan(Box::new(self.publish_batch(*args, Scope::Many)?)),
            PublishAction::Run(args) => {
                Publish::Run(Box::new(self.publish_batch(*args, Scope::ManyJournaled)?))
            }
            PublishAction::Status(args) => {
                let projects = self.projects(args.catalog, Scope::Many);
                let connection = self.connection(args.connection);
                let version = args.version.over(self.group()).version.map(|VersionName(version)| version);
                Publish::Status(Box::new(PublishStatus { projects: projects?, version, connection }))
            }
            PublishAction::Rollback(args) => Publish::Rollback(Box::new(self.publish_rollback(*args)?)),
            PublishAction::Resume(args) => {
                let projects = self.projects(args.catalog, Scope::ManyJournaled);
                let wait = self.wait(args.wait);
                let dry_run = on(args.write.over(self.group()).dry_run);
                let (pace, connection) = (self.few(args.pace, JOBS), self.connection(args.connection));
                Publish::Resume(Box::new(PublishResume {
                    projects: projects?,
                    wait,
                    dry_run,
                    pace,
                    connection,
                }))
            }
            PublishAction::Preflight(command) => self.preflight(command.action)?,
        })
    }

    fn preflight(&mut self, action: PreflightAction) -> Option<Publish> {
        Some(match action {
            PreflightAction::Install(args) => {
                let install: InstallArgs = args.install.over(self.group());
                let connection = self.connection(args.connection);
                let needed = [
                    (install.version.is_none(), "version", "1.14.1"),
                    (install.sha256.is_none(), "sha256", "9f86d081…"),
                    (install.to.is_none(), "to", "/state/preflight"),
                ];
                self.missing(&needed);
                Publish::Install(Box::new(PreflightInstall {
                    version: install.version?,
                    sha256: install.sha256?,
                    url: install.url.map(|WebAddress(url)| url),
                    to: install.to?,
                    connection,
                }))
            }
            PreflightAction::Supported(args) => {
                let config = args.supported.over(self.group()).config;
                let connection = self.connection(args.connection);
                Publish::Supported(Box::new(PreflightSupported { config, connection }))
            }
        })
    }

    fn publish_image(&mut self, args: PublishImageCommand) -> Option<PublishImage> {
        let release: ReleaseArgs = args.release.over(self.group());
        let projects = self.projects(args.catalog, Scope::OneJournaled);
        self.missing(&[
            (release.source_tag.is_none(), "source-tag", "7.6.1-rel"),
            (release.version.is_none(), "version", "7.6.1"),
        ]);
        let guards = self.guards(args.guards);
        Some(PublishImage {
            projects: projects?,
            source_tag: release.source_tag?,
            version: release.version.map(|VersionName(version)| version)?,
            rebuild: release.rebuild.unwrap_or(NumberWord::Next),
            latest: release.latest.unwrap_or(LatestWord::No),
            rules: self.rules(args.image),
            guards,
            wait: self.wait(args.wait),
            dry_run: on(args.write.over(self.group()).dry_run),
            pace: self.pace(args.pace),
            connection: self.connection(args.connection),
        })
    }

    fn publish_batch(&mut self, args: PublishBatchCommand, scope: Scope) -> Option<PublishBatch> {
        let projects = self.projects(args.catalog, scope);
        let batch: BatchArgs = args.batch.over(self.group());
        Some(PublishBatch {
            projects: projects?,
            rules: self.rules(args.image),
            max_publish: batch.max_publish.map(|Count(count)| count),
            wait: self.wait(args.wait),
            dry_run: scope == Scope::Many || on(args.write.over(self.group()).dry_run),
            pace: self.few(args.pace, JOBS),
            connection: self.connection(args.connection),
        })
    }

    fn publish_rollback(&mut self, args: PublishRollbackCommand) -> Option<PublishRollback> {
        let projects = self.projects(args.catalog, Scope::OneJournaled);
        let version = self.version(args.version);
        let rollback: RollbackArgs = args.rollback.over(self.group());
        let to = match rollback.to {
            Some(NumberWord::This(to)) => Some(to),
            Some(NumberWord::Next) => {
                let why = "it is the number of an image that is public already".to_owned();
                self.errors.push(UsageError::Wrong { flag: "to", why });
                None
            }
            None => {
                self.errors.push(UsageError::Missing { flag: "to", such_as: "2" });
                None
            }
        };
        Some(PublishRollback {
            projects: projects?,
            version: version?,
            to: to?,
            latest: on(rollback.latest),
            wait: self.wait(args.wait),
            dry_run: on(args.write.over(self.group()).dry_run),
            pace: self.pace(args.pace),
            connection: self.connection(args.connection),
        })
    }

    fn version(&mut self, args: OfVersionArgs) -> Option<ReleaseVersion> {
        let args: OfVersionArgs = args.over(self.group());
        self.missing(&[(args.version.is_none(), "version", "7.6.1")]);
        args.version.map(|VersionName(version)| version)
    }

    /// Notes the flags that are missing, with what they could be.
    fn missing(&mut self, needed: &[(bool, &'static str, &'static str)]) {
        for (_, flag, such_as) in needed.iter().filter(|(is_missing, ..)| *is_missing) {
            self.errors.push(UsageError::Missing { flag, such_as });
        }
    }

    fn projects(&mut self, args: CatalogArgs, scope: Scope) -> Option<Projects> {
        let args: CatalogArgs = args.over(self.group());
        let is_one = matches!(scope, Scope::One | Scope::OneJournaled);
        let is_journaled = matches!(scope, Scope::OneJournaled | Scope::ManyJournaled);
        if is_one && args.product.len() != 1 {
            self.errors.push(match args.product.len() {
                0 => UsageError::Missing { flag: "product", such_as: "couchbase-server" },
                _ => {
                    UsageError::Wrong { flag: "product", why: "this command is about one product".to_owned() }
                }
            });
        }
        let needed = [
            (args.config.is_none(), "config", "publish.yaml"),
            (args.metadata.is_none(), "metadata", "products.json"),
            (is_journaled && args.state_dir.is_none(), "state-dir", "/state"),
        ];
        self.missing(&needed);
        Some(Projects {
            config: args.config?,
            metadata: args.metadata?,
            products: args.product.into_iter().map(|ProductName(name)| name).collect(),
            state_dir: args.state_dir,
            rehearse: on(args.rehearse),
            inherited: inherited(),
        })
    }

    fn rules(&mut self, args: ImageArgs) -> ImageRules {
        let args: ImageArgs = args.over(self.group());
        ImageRules {
            make_unique: args.make_unique.map(|truth| truth.0),
            single_arch: on(args.single_arch),
            strip_attestations: on(args.strip_attestations),
            allow_staging_source: on(args.allow_staging_source),
            precheck: args.precheck.map(|truth| truth.0),
        }
    }

    fn guards(&mut self, args: GuardArgs) -> GuardSettings {
        let args: GuardArgs = args.over(self.group());
        let guards = GuardSettings {
            adopt: on(args.adopt),
            no_resume: on(args.no_resume),
            retry_preflight: on(args.retry_preflight),
            force_publish: on(args.force_publish),
            request_publish: on(args.request_publish),
            sync_tags: on(args.sync_tags),
            stop_after: args.stop_after,
        };
        if guards.adopt && guards.no_resume {
            let why = "it goes on with a tag that `--no-resume` refuses: leave one out".to_owned();
            self.errors.push(UsageError::Wrong { flag: "adopt", why });
        }
        guards
    }

    fn wait(&mut self, args: WaitArgs) -> WaitSettings {
        let args: WaitArgs = args.over(self.group());
        let compat = |time: Duration| on(args.poll_compat).then_some(time);
        let given =
            |span: Option<Span>, usual: Duration| span.map(|Span(span)| span).or_else(|| compat(usual));
        WaitSettings {
            interval: given(args.poll_interval, COMPAT_INTERVAL),
            publish: given(args.publish_timeout, COMPAT_TIMEOUT),
            tag: given(args.tag_timeout, COMPAT_TIMEOUT),
        }
    }
}
