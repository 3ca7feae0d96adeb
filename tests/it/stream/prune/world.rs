//! A destination on disk, sources of pins, and a time.

use std::collections::HashMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use image_mirror::engine::Stop;
use image_mirror::error::{Class, Failure, Stage};
use image_mirror::model::{Origin, Outcome, Reason, Row, Update};
use image_mirror::objects::{Directory, Store};
use image_mirror::stream::pins::{Fetch, Fetching, Git, Place, Sources};
use image_mirror::stream::prune::{PruneSettings, Pruned, Refused, Verdict, prune};
use image_mirror::stream::state::Tombstone;
use url::Url;

use super::history::stream;
use crate::report_sample::broken;

pub(crate) const URL: &str = "https://example.com/rhcos.json?token=S3CRET";
/// The build that the stream at [`URL`] pins, unless a test says otherwise.
pub(crate) const PINNED: &str = "9.6.20260101-0";

pub(crate) fn now() -> SystemTime {
    humantime::parse_rfc3339("2027-01-15T08:00:00Z").unwrap()
}

pub(crate) const fn days(count: u64) -> Duration {
    Duration::from_hours(24 * count)
}

/// Where a build of `arch` is.
pub(crate) fn at(arch: &str, ocp: &str, release: &str) -> String {
    format!("{arch}/dependencies/rhcos/{ocp}/{release}")
}

/// What web servers answer; each fetch is told first.
#[derive(Default)]
pub(crate) struct Served {
    /// None: status 500.
    pub(crate) pages: Mutex<HashMap<String, Option<String>>>,
    #[expect(clippy::type_complexity, reason = "it is named nowhere else")]
    pub(crate) hook: Mutex<Option<Box<dyn FnMut(&Served, usize) + Send>>>,
    count: Mutex<usize>,
}

impl std::fmt::Debug for Served {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Served")
    }
}

impl Served {
    pub(crate) fn put(&self, url: &str, page: Option<String>) {
        self.pages.lock().unwrap().insert(url.to_owned(), page);
    }

    fn answer(&self, url: &Url) -> Result<bytes::Bytes, Failure> {
        let count = {
            let mut count = self.count.lock().unwrap();
            *count += 1;
            *count
        };
        if let Some(hook) = &mut *self.hook.lock().unwrap() {
            hook(self, count);
        }
        let page = self.pages.lock().unwrap().get(url.as_str()).cloned().flatten();
        page.map(Into::into)
            .ok_or_else(|| Failure::new(Stage::Read, broken(Class::Transient, 5, "GET", "status 500")))
    }
}

impl Fetch for Served {
    fn fetch<'a>(&'a self, url: &'a Url) -> Fetching<'a> {
        Box::pin(async move { self.answer(url) })
    }
}

pub(crate) struct World {
    folder: tempfile::TempDir,
    pub(crate) store: Store,
    pub(crate) served: Arc<Served>,
    pub(crate) sources: Sources,
    pub(crate) settings: PruneSettings,
    pub(crate) now: SystemTime,
}

impl World {
    /// One stream at [`URL`], which pins [`PINNED`]; nothing is kept but for a reason, all that is due may go, and it does.
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let served = Arc::new(Served::default());
        served.put(URL, Some(stream(&[("x86_64", PINNED)])));
        let fetch: Arc<dyn Fetch> = Arc::<Served>::clone(&served);
        let streams = vec![Place::Url(Url::parse(URL).unwrap())];
        let sources = Sources { streams, lists: Vec::new(), histories: Vec::new(), fetch };
        let mut settings = PruneSettings { delete: true, max_fraction: 1.0, ..PruneSettings::default() };
        settings.release.keep_latest = 0;
        settings.pre_release.keep_latest = 0;
        let store = Store::Directory(Directory::new(folder.path().join("mirror")));
        Self { folder, store, served, sources, settings, now: now() }
    }

    pub(crate) fn with_history(mut self, git: Git) -> Self {
        self.sources.histories.push(git);
        self
    }

    /// A path below the root of the destination.
    pub(crate) fn path(&self, below: &str) -> PathBuf {
        self.folder.path().join("mirror").join(below)
    }

    /// A file of this machine that is no part of the destination.
    pub(crate) fn file(&self, name: &str, content: &str) -> PathBuf {
        let path = self.folder.path().join(name);
        fs::write(&path, content).unwrap();
        path
    }

    /// A complete directory of the build that its name says, as old as this.
    pub(crate) fn put(&self, directory: &str, age: Duration) {
        let build = Path::new(directory).file_name().unwrap().to_str().unwrap().to_owned();
        self.put_build(directory, &build, age);
    }

    pub(crate) fn put_build(&self, directory: &str, build: &str, age: Duration) {
        self.write(&format!("{directory}/rhcos-qemu.qcow2.gz"), "disk", age);
        self.write(&format!("{directory}/sha256sum.txt"), "sums", age);
        self.write(&format!("{directory}/rhcos-id.txt"), &format!("{build}\n"), age);
    }

    /// A file, as old as this.
    pub(crate) fn write(&self, below: &str, content: &str, age: Duration) {
        let path = self.path(below);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, content).unwrap();
        File::options().write(true).open(&path).unwrap().set_modified(now() - age).unwrap();
    }

    /// Marks a directory, so long ago.
    pub(crate) async fn mark(&self, directory: &str, age: Duration) {
        let tombstone = Tombstone { directory: directory.to_owned(), since: now() - age, release: None };
        tombstone.write(&self.store).await.unwrap();
    }

    pub(crate) fn is_marked(&self, directory: &str) -> bool {
        self.path(&format!(".image-mirror/tombstones/{directory}.json")).exists()
    }

    pub(crate) fn is_there(&self, directory: &str) -> bool {
        self.path(directory).join("rhcos-id.txt").exists()
    }

    pub(crate) async fn prune(&self) -> Pruned {
        prune(&self.store, &self.settings, &self.sources, self.now, &Stop::default()).await
    }

    /// As [`World::prune`], of a run that is not refused.
    pub(crate) async fn rows(&self) -> Vec<Row> {
        let pruned = self.prune().await;
        assert!(matches!(pruned.verdict, Verdict::AsRowsSay), "{:?}", pruned.verdict);
        pruned.rows
    }

    /// The rows of a dry run.
    pub(crate) async fn dry(&self) -> Vec<Row> {
        let settings = PruneSettings { delete: false, ..self.settings.clone() };
        prune(&self.store, &settings, &self.sources, self.now, &Stop::default()).await.rows
    }

    /// As [`World::prune`], of a run that is refused.
    pub(crate) async fn refused(&self) -> Refused {
        match self.prune().await.verdict {
            Verdict::Refused(refused) => refused,
            other => panic!("{other:?}"),
        }
    }
}

/// The row of a directory.
pub(crate) fn row<'a>(rows: &'a [Row], of: &str) -> &'a Row {
    let own = |row: &&Row| matches!(&row.origin, Origin::Directory { directory } if **directory == *of);
    rows.iter().find(own).unwrap_or_else(|| panic!("{of} has no row"))
}

/// What became of a directory, and why.
pub(crate) fn became(rows: &[Row], of: &str) -> (&'static str, String) {
    let row = row(rows, of);
    let word = match &row.outcome {
        Outcome::Updated(Update::Marked) => "marked",
        Outcome::Updated(Update::Unmarked) => "unmarked",
        Outcome::Planned(Reason::Orphan) => "would be deleted",
        Outcome::Planned(Reason::Stray) => "would be marked",
        Outcome::Planned(Reason::Reclaimed) => "would be unmarked",
        other => other.word(),
    };
    (word, row.note.as_deref().unwrap_or_default().to_owned())
}
