//! Several products in the same registries, each a project of its own, for the commands that are about many.

use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use image_mirror::model::Digest;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::site::example;
use super::stand_in::StandIn;
use crate::support::{FakeRegistry, Glance, Image, Run, Shown, on, writes};

/// When customers get what was certified of a product.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Pace {
    /// At once.
    Soon,
    /// Not while the test runs.
    Never,
    /// Once 7.6.1-rhcc of another product was written.
    After(&'static str),
}

/// A world of several products. What the preflight program was told to check and to submit is certified.
pub(super) struct Several {
    pub(super) upload: FakeRegistry,
    pub(super) public: FakeRegistry,
    pub(super) sources: FakeRegistry,
    pub(super) preflight: Arc<StandIn>,
    /// More lines for the settings file.
    pub(super) settings: String,
    products: Vec<&'static str>,
    shared: Arc<Mutex<Shared>>,
    state: TempDir,
}

#[derive(Default)]
struct Shared {
    /// What was published before the test, by upload repository.
    published: BTreeSet<(String, Digest)>,
    paces: BTreeMap<String, Pace>,
}

impl Several {
    /// Empty projects, and a preflight program that passes everything.
    pub(super) async fn of(products: &[&'static str]) -> Self {
        let upload = FakeRegistry::start().await;
        let preflight = Arc::new(StandIn::new(&json!({ "mode": "pass" })));
        let shared: Arc<Mutex<Shared>> = Arc::default();
        let mut public = FakeRegistry::builder();
        for product in products {
            let from = uploads(product);
            let (registry, program, state) = (upload.clone(), Arc::clone(&preflight), Arc::clone(&shared));
            let name = (*product).to_owned();
            public = public.view((&upload, &from.clone()), &publics(product), move |glance| {
                shown(&locked(&state), (&name, &from), &registry, &program, glance)
            });
        }
        let (public, sources) = (public.start().await, FakeRegistry::start().await);
        let (settings, state) = (String::new(), tempfile::tempdir().unwrap());
        Self { upload, public, sources, preflight, settings, products: products.to_vec(), shared, state }
    }

    /// An image that customers get as these tags.
    pub(super) fn published(&self, product: &str, tags: &[&str], image: &Image) {
        for tag in tags {
            self.upload.put_image(&uploads(product), tag, image);
        }
        for digest in image.tree().iter().map(|manifest| manifest.digest.clone()) {
            locked(&self.shared).published.insert((uploads(product), digest));
        }
    }

    /// Puts an image in as the source of a version.
    pub(super) fn source(&self, product: &str, version: &str, image: &Image) {
        self.sources.put_image(&sources(product), &format!("{version}-rel"), image);
    }

    /// Version 7.6.1 is public, and its source has become another image, which is given back.
    pub(super) fn due(&self, product: &str) -> Image {
        let at = self.products.iter().position(|one| *one == product).unwrap() as u64;
        self.published(product, &["7.6.1-1", "7.6.1", "7.6.1-rhcc"], &example(10 * at));
        let image = example(10 * at + 1);
        self.source(product, "7.6.1", &image);
        image
    }

    /// When customers get what is certified of a product from now on.
    pub(super) fn pace(&self, product: &str, pace: Pace) {
        locked(&self.shared).paces.insert(product.to_owned(), pace);
    }

    /// Everything that was written since this was asked last: `product:tag`.
    pub(super) fn writes(&self) -> Vec<String> {
        let product = |repository: &str| {
            let found = self.products.iter().find(|product| uploads(product) == repository);
            found.copied().unwrap_or("elsewhere").to_owned()
        };
        let writes = self.upload.take_tag_writes().into_iter();
        writes.map(|write| format!("{}:{}", product(&write.repository), write.tag)).collect()
    }

    /// How many requests there were that could change the upload repository of a product.
    pub(super) fn attempts(&self, product: &str) -> usize {
        self.upload.count(writes().repository(uploads(product)))
    }

    /// What a tag of a product is where it is uploaded.
    pub(super) fn tag(&self, product: &str, tag: &str) -> Option<Digest> {
        self.upload.tag_digest(&uploads(product), tag)
    }

    /// Where the folders of the numbers of a product are.
    pub(super) fn folder(&self, product: &str) -> PathBuf {
        self.state.path().join(self.upload.host()).join(uploads(product))
    }

    /// `publish run`, one project at a time unless `words` say so.
    pub(super) fn run(&self, words: &[&str]) -> Run {
        let jobs = if words.iter().any(|word| word.starts_with("--jobs")) { None } else { Some("--jobs=1") };
        self.command("run").args(["--state-dir", self.state.path().to_str().unwrap()]).args(jobs).args(words)
    }

    /// `publish COMMAND` with the settings and the metadata.
    pub(super) fn command(&self, command: &str) -> Run {
        let words = ["publish", command, "--config", "publish.yaml", "--metadata", "products.json"];
        let Self { sources, upload, public, preflight, settings, .. } = self;
        let yaml = settings_of((sources.host(), upload.host(), public.host()), preflight, settings);
        inputs(Run::new(words), &self.products, &yaml)
    }
}

/// The settings of publications between these registries, without the catalog's API.
pub(super) fn settings_of(
    (sources, upload, public): (&str, &str, &str),
    preflight: &StandIn,
    more: &str,
) -> String {
    format!(
        "source_template: {sources}/cb-rhcc/{{basename}}:{{tag}}\nnamespace: example\nupload_host: {upload}\n\
         public_host: {public}\npoll_interval: 20ms\npublish_timeout: 10s\ntag_timeout: 10s\n\
         preflight: {{ command: {} }}\npyxis: {{ use: off }}\n{more}",
        preflight.program().display(),
    )
}

/// Puts the settings beside the program, and the metadata of these products.
pub(super) fn inputs(run: Run, products: &[&str], yaml: &str) -> Run {
    let of = |product: &&str| {
        let one =
            json!({ "image_basename": product, "project_id": project(product), "registry_key": "r0bot" });
        ((*product).to_owned(), one)
    };
    let products: serde_json::Map<String, Value> = products.iter().map(of).collect();
    let metadata = json!({ "rhcc": { "api_key": "t0ken" }, "products": products });
    let run = run.file("products.json", metadata.to_string()).file("publish.yaml", yaml);
    let path = run.folder().join("products.json");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
    run
}

/// The upload repository of a product.
pub(super) fn uploads(product: &str) -> String {
    format!("redhat-isv-containers/{}", project(product))
}

/// The repository that customers pull from.
pub(super) fn publics(product: &str) -> String {
    format!("example/{product}")
}

fn sources(product: &str) -> String {
    format!("cb-rhcc/{product}")
}

/// As many hexadecimal digits as projects have, another one for each name.
fn project(product: &str) -> String {
    Digest::of(product.as_bytes()).hex()[..24].to_owned()
}

fn shown(
    shared: &Shared,
    (product, from): (&str, &str),
    upload: &FakeRegistry,
    preflight: &StandIn,
    glance: &Glance<'_>,
) -> Shown {
    let is_time = match shared.paces.get(product).unwrap_or(&Pace::Soon) {
        Pace::Soon => true,
        Pace::Never => false,
        Pace::After(other) => {
            upload.count(
                on(crate::support::Kind::PutManifest).repository(uploads(other)).reference("7.6.1-rhcc"),
            ) > 0
        }
    };
    let submitted: Vec<String> =
        preflight.arguments().into_iter().filter(|line| is_time && line.contains("--submit")).collect();
    let is_certified = |tagged: &Digest| {
        let checked = |tag: &String| submitted.iter().any(|line| line.ends_with(&format!("/{from}:{tag}")));
        glance.tags().iter().any(|(tag, digest)| digest == tagged && checked(tag))
    };
    let is_public = |tagged: &Digest| {
        shared.published.contains(&(from.to_owned(), tagged.clone())) || is_certified(tagged)
    };
    let tags: BTreeMap<String, Digest> = glance
        .tags()
        .iter()
        .filter(|(_, digest)| is_public(digest))
        .map(|(tag, digest)| (tag.clone(), digest.clone()))
        .collect();
    let children = tags.values().flat_map(|digest| glance.children(digest)).map(|(_, child)| child);
    let manifests = children.chain(tags.values().cloned()).collect();
    Shown { tags, manifests, ..Shown::default() }
}

fn locked(shared: &Mutex<Shared>) -> MutexGuard<'_, Shared> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}
