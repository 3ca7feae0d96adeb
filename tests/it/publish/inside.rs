//! A publication in this process, which can be dropped at any moment, as a kill ends it, and begun again at once.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use image_mirror::engine::{Silent, Stop as Asked};
use image_mirror::model::Digest;
use image_mirror::publish::catalog::{Catalog, CatalogSettings};
use image_mirror::publish::preflight::Preflight;
use image_mirror::publish::protocol::{
    Latest, Means, Order, Project, Published, Resume, Rollback, Until, publish, roll_back,
};
use image_mirror::publish::site::Patience;
use image_mirror::publish::source::Wanted;
use image_mirror::publish::{Number, ReleaseVersion};
use tempfile::TempDir;

use super::site::{example, site, tagged};
use crate::support::catalog::{KEY, PROJECT, UPLOAD};
use crate::support::{CatalogWorld, FakeRegistry, Image, Kind, Stop, on};

pub(super) const SOURCE: &str = "cb-rhcc/server";
/// The tags that customers use.
pub(super) const FLOATING: [&str; 2] = ["7.6.1", "7.6.1-rhcc"];
const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/publish/preflight_quick.sh");

/// In memory where there is a place for that: nobody here loses power.
fn folder() -> TempDir {
    tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap()
}

/// A project whose customers have 7.6.1-1, and another image at the source.
pub(super) struct Inside {
    pub(super) world: CatalogWorld,
    pub(super) sources: FakeRegistry,
    pub(super) old: Image,
    pub(super) new: Image,
    /// Whether the catalog may be asked.
    pub(super) has_catalog: bool,
    /// How long others are waited for.
    pub(super) limit: Duration,
    folder: TempDir,
}

impl Inside {
    pub(super) async fn new() -> Self {
        let (old, new) = (example(1), example(2));
        let inside = Self {
            world: CatalogWorld::start().await,
            sources: FakeRegistry::start().await,
            old,
            new,
            has_catalog: true,
            limit: Duration::from_secs(20),
            folder: folder(),
        };
        for tag in ["7.6.1-1", "7.6.1", "7.6.1-rhcc"] {
            inside.world.published(tag, &inside.old);
        }
        inside.sources.put_image(SOURCE, "7.6.1-rel", &inside.new);
        std::os::unix::fs::symlink(SCRIPT, inside.program()).unwrap();
        inside.lets_pass(true);
        inside
    }

    fn program(&self) -> PathBuf {
        self.folder.path().join("preflight")
    }

    /// Whether images pass from now on.
    pub(super) fn lets_pass(&self, is_passed: bool) {
        let (host, port) = self.world.pyxis.host().split_once(':').unwrap();
        fs::write(self.folder.path().join("preflight.mode"), format!("{host} {port} {is_passed}\n")).unwrap();
    }

    /// The images that the preflight program was to submit.
    pub(super) fn submitted(&self) -> Vec<String> {
        let runs = fs::read_to_string(self.folder.path().join("preflight.runs")).unwrap_or_default();
        runs.lines().map(ToOwned::to_owned).collect()
    }

    fn state(&self) -> PathBuf {
        self.folder.path().join("state")
    }

    /// The journal of a number.
    pub(super) fn journal(&self, unique: &str) -> PathBuf {
        self.state().join(self.world.upload.host()).join(UPLOAD).join(unique).join("journal.jsonl")
    }

    /// The journal is gone, with all others.
    pub(super) fn lose_journals(&self) {
        if self.state().exists() {
            fs::remove_dir_all(self.state()).unwrap();
        }
    }

    /// The journal ends within its last line, as a kill leaves it; `at` chooses where.
    pub(super) fn tear_journal(&self, unique: &str, at: usize) {
        let path = self.journal(unique);
        let Ok(text) = fs::read(&path) else { return };
        let Some((_, whole)) = text.split_last() else { return };
        let last = whole.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
        fs::write(&path, &text[..last + at % (text.len() - last)]).unwrap();
    }

    /// 7.6.1 from its tag at the source, under the next number.
    pub(super) fn order(&self) -> Order {
        Order {
            product: "server".into(),
            source: tagged(self.sources.host(), SOURCE, "7.6.1-rel"),
            wanted: Wanted {
                platforms: ["linux/amd64", "linux/arm64"].map(ToOwned::to_owned).into(),
                single_arch: false,
                strip_attestations: false,
            },
            version: ReleaseVersion::parse("7.6.1").unwrap(),
            number: None,
            latest: Latest::No,
            make_unique: false,
            precheck: false,
            force: false,
            resume: Resume::IfOurs,
            retry_preflight: false,
            request_publish: false,
            sync_tags: false,
            until: Until::Done,
            is_dry_run: false,
        }
    }

    fn catalog(&self, site: &image_mirror::publish::Site) -> Option<Catalog> {
        let settings = CatalogSettings {
            base: self.world.pyxis.base(),
            project: PROJECT.into(),
            key: KEY.to_owned().into(),
            key_place: "the tests".into(),
            may_write: false,
        };
        self.has_catalog.then(|| Catalog::new(settings, &site.visitor).unwrap())
    }

    fn means(&self, scratch: &TempDir) -> Means {
        let site = site(&self.world);
        let key = KEY.to_owned().into();
        Means {
            project: Some(Project { id: PROJECT.into(), api_key: key }),
            robot: None,
            source_login: None,
            preflight: Preflight {
                command: self.program(),
                version: None,
                timeout: Duration::from_mins(1),
                pyxis_env: "prod".to_owned(),
                pyxis_host: None,
                inherit: vec![("PATH".to_owned(), "/usr/bin:/bin".into())],
            },
            catalog: self.catalog(&site),
            state_dir: Some(self.state()),
            scratch: scratch.path().to_owned(),
            gate: None,
            patience: Patience { interval: Duration::from_millis(2), publish: self.limit, tag: self.limit },
            observer: Arc::new(Silent),
            stop: Asked::default(),
            // The lock of a run that was dropped is its own: this process is still there.
            host: "here".to_owned(),
            run: "run".to_owned(),
            site,
        }
    }

    /// Publishes, to the end.
    pub(super) async fn publish(&self, order: &Order) -> Published {
        let scratch = tempfile::tempdir().unwrap();
        let means = self.means(&scratch);
        Box::pin(publish(order, &means)).await
    }

    /// Publishes until `stop` is reached, and is gone then; none: it was not there at the end.
    pub(super) async fn publish_until(&self, order: &Order, stop: &Stop) -> Option<Published> {
        let CatalogWorld { upload, public, pyxis, .. } = &self.world;
        for registry in [upload, public, &self.sources] {
            registry.stop_with(stop);
        }
        pyxis.stop_with(stop);
        let ended = tokio::select! {
            biased;
            () = stop.reached() => None,
            ended = self.publish(order) => Some(ended),
        };
        for registry in [upload, public, &self.sources] {
            registry.resume();
        }
        pyxis.resume();
        ended
    }

    /// Moves the tags back to a number.
    pub(super) async fn roll_back(&self, to: &str) -> Published {
        let scratch = tempfile::tempdir().unwrap();
        let means = self.means(&scratch);
        let Order { product, version, .. } = self.order();
        let to = Self::number(to);
        Box::pin(roll_back(&Rollback { product, version, to, latest: false, is_dry_run: false }, &means))
            .await
    }

    /// What 7.6.1-2 is, if it is there.
    pub(super) fn second(&self) -> Option<Digest> {
        self.world.tag("7.6.1-2")
    }

    /// A number.
    pub(super) fn number(text: &str) -> Number {
        Number::parse(text).unwrap()
    }

    /// The unique tags that requests wrote, in order.
    pub(super) fn own(&self) -> Vec<String> {
        let is_unique =
            |tag: &String| tag.strip_prefix("7.6.1-").is_some_and(|end| end.parse::<u32>().is_ok());
        self.world.changes().into_iter().map(|change| change.tag).filter(is_unique).collect()
    }

    /// What customers were promised, in all that was written so far: I1 to I5.
    #[track_caller]
    pub(super) fn assert_invariants(&self) {
        let Self { world, sources, .. } = self;
        let own = self.own();
        for change in world.changes() {
            let after = change.after.as_ref().expect("a tag is never removed");
            if own.contains(&change.tag) {
                assert_eq!(change.before, None, "I2, I3: {change:?}");
                continue;
            }
            let floating = FLOATING.contains(&&*change.tag) || change.tag == "latest";
            assert!(floating, "a tag that is none of ours: {change:?}");
            // The same bytes, which each customer could pull already.
            assert!(own.iter().any(|own| change.served.get(own) == Some(after)), "I1, I5: {change:?}");
        }
        let deleted = on([Kind::DeleteManifest, Kind::DeleteBlob, Kind::DeleteUpload, Kind::QuayDeleteTag]);
        for registry in [&world.upload, &world.public, sources] {
            assert_eq!(registry.count(deleted.clone()), 0, "I4");
        }
        for registry in [&world.public, sources] {
            let wrote = |request: &crate::support::Request| request.kind.is_write();
            assert!(!registry.requests().iter().any(wrote), "I4");
        }
        assert!(world.pyxis.writes().is_empty(), "I4: the catalog is asked for nothing");
        world.upload.assert_tags_were_always_whole();
    }

    /// It is published under the second number, and nothing else came of it.
    #[track_caller]
    pub(super) fn assert_published(&self) {
        let second = self.second().expect("7.6.1-2 is there");
        for tag in ["7.6.1-2", "7.6.1", "7.6.1-rhcc"] {
            assert_eq!(self.world.tag(tag).as_ref(), Some(&second), "{tag}");
            assert_eq!(self.world.served(tag).as_ref(), Some(&second), "{tag} as customers get it");
        }
        assert_eq!(self.world.tag("7.6.1-1").as_ref(), Some(&self.old.digest));
        assert_eq!(self.world.upload.tags(UPLOAD), ["7.6.1", "7.6.1-1", "7.6.1-2", "7.6.1-rhcc"]);
        assert!(self.submitted().iter().all(|image| image.ends_with(":7.6.1-2")), "{:?}", self.submitted());
        assert!(!self.submitted().is_empty(), "nobody certified it");
    }
}
