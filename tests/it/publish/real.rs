//! Two real registries with a catalog between them that lags, judged by skopeo, which shares nothing with the program.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use image_mirror::model::Digest;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use super::several::{inputs, publics, settings_of, uploads};
use super::site::example;
use super::stand_in::StandIn;
use crate::support::{FakeRegistry, Image, RealRegistry, Run, skopeo, skopeo_copy, skopeo_raw, succeeded};

const VERSIONS: [&str; 3] = ["7.2.0", "7.6.0-MP1", "7.6.1"];
/// So many looks at a tag find what was there before.
const LAG: usize = 3;

/// Two registries, and what brings images from one to the other.
struct Bridge {
    upload: Arc<RealRegistry>,
    public: Arc<RealRegistry>,
    /// What preflight programs told: image and architecture, of what passed.
    told: Arc<Mutex<BTreeSet<(String, String)>>>,
    catalog: String,
    _work: JoinSet<()>,
}

/// What it knows of a tag.
struct Known {
    digest: Digest,
    /// How many looks there were at it when it became that.
    looks: usize,
    is_shown: bool,
}

impl Bridge {
    async fn start() -> Self {
        let (upload, public) = (Arc::new(RealRegistry::open().await), Arc::new(RealRegistry::open().await));
        let told: Arc<Mutex<BTreeSet<(String, String)>>> = Arc::default();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let catalog = format!("http://{}/", listener.local_addr().unwrap());
        let mut work = JoinSet::new();
        let taken = Arc::clone(&told);
        let app = Router::new().fallback(move |body: Bytes| async move { take(&taken, &body) });
        work.spawn(async move { axum::serve(listener, app).await.unwrap() });
        let (from, to, certified) = (Arc::clone(&upload), Arc::clone(&public), Arc::clone(&told));
        work.spawn(async move { carry(&from, &to, &certified).await });
        Self { upload, public, told, catalog, _work: work }
    }
}

fn take(told: &Mutex<BTreeSet<(String, String)>>, body: &[u8]) {
    let told_now: Value = serde_json::from_slice(body).unwrap();
    let text = |key: &str| told_now[key].as_str().unwrap().to_owned();
    if told_now["passed"] == true {
        told.lock().unwrap_or_else(PoisonError::into_inner).insert((text("image"), text("architecture")));
    }
}

/// Brings tags whose image was certified for both architectures to the public registry, once they were looked at often enough
/// in vain. Until then they are there what they were before.
async fn carry(upload: &RealRegistry, public: &RealRegistry, told: &Mutex<BTreeSet<(String, String)>>) {
    let (mut known, mut certified) = (BTreeMap::<String, Known>::new(), BTreeSet::<Digest>::new());
    loop {
        // A real registry tells nobody what happens in it.
        tokio::time::sleep(Duration::from_millis(10)).await;
        let looks = looks(public);
        for (tag, count) in &looks {
            if known.get(tag).is_some_and(|known| known.is_shown && known.looks == *count) {
                continue;
            }
            let from = upload.image(&uploads("server"), tag);
            let Some(digest) = digest(&from).await else { continue };
            let has = |architecture: &str| {
                told.lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .contains(&(from.clone(), architecture.to_owned()))
            };
            if has("amd64") && has("arm64") {
                certified.insert(digest.clone());
            }
            if !certified.contains(&digest) {
                continue;
            }
            let is_same = known.get(tag).is_some_and(|known| known.digest == digest);
            if !is_same {
                known.insert(tag.clone(), Known { digest, looks: *count, is_shown: false });
                continue;
            }
            let Some(known) = known.get_mut(tag) else { continue };
            if known.is_shown {
                known.looks = *count;
            } else if *count >= known.looks + LAG {
                skopeo_copy(&from, &public.image(&publics("server"), tag), &[]).await;
                (known.is_shown, known.looks) = (true, *count);
            }
        }
    }
}

/// How often each tag was asked for, and by whom it does not matter.
fn looks(public: &RealRegistry) -> BTreeMap<String, usize> {
    let mut looks = BTreeMap::new();
    for line in public.requests() {
        let part = line.split("/manifests/").nth(1).and_then(|rest| rest.split(' ').next());
        if let Some(tag) = part.filter(|tag| !tag.contains(':') && !line.starts_with("PUT")) {
            *looks.entry(tag.to_owned()).or_default() += 1;
        }
    }
    looks
}

/// What a tag is; none: it is not there.
async fn digest(image: &str) -> Option<Digest> {
    let address = format!("docker://{image}");
    let ran = skopeo(&["inspect", "--raw", "--tls-verify=false", &address]).await;
    ran.status.success().then(|| Digest::of(&ran.stdout))
}

struct Publisher {
    bridge: Bridge,
    sources: FakeRegistry,
    preflight: StandIn,
    state: TempDir,
}

impl Publisher {
    async fn start() -> Self {
        let bridge = Bridge::start().await;
        let preflight = StandIn::new(&json!({ "mode": "pass", "catalog": bridge.catalog }));
        let sources = FakeRegistry::start().await;
        Self { bridge, sources, preflight, state: tempfile::tempdir().unwrap() }
    }

    /// `publish image` of a new image.
    async fn publish(&self, version: &str, seed: u64) -> Image {
        let image = example(seed);
        let tag = format!("{version}-rel");
        self.sources.put_image("cb-rhcc/server", &tag, &image);
        let hosts = (self.sources.host(), self.bridge.upload.host(), self.bridge.public.host());
        let words = ["publish", "image", "--config", "publish.yaml", "--metadata", "products.json"];
        let usual = [
            "--product=server",
            "--source-tag",
            &tag,
            "--version",
            version,
            "--publish-timeout=1m",
            "--tag-timeout=1m",
        ];
        let state = self.state.path().display().to_string();
        let run = inputs(Run::new(words), &["server"], &settings_of(hosts, &self.preflight, ""));
        run.args(usual).args(["--state-dir", &state, "--poll-interval=50ms"]).run().await.exits(0);
        image
    }

    /// What both registries have as a tag, by skopeo.
    async fn both(&self, tag: &str) -> [Digest; 2] {
        let upload = self.bridge.upload.image(&uploads("server"), tag);
        let public = self.bridge.public.image(&publics("server"), tag);
        [Digest::of(&skopeo_raw(&upload, None).await), Digest::of(&skopeo_raw(&public, None).await)]
    }
}

/// The tags that the upload registry was told to write, in their order.
fn written(upload: &RealRegistry) -> Vec<String> {
    let tag = |line: &String| {
        let name = line.strip_prefix("PUT ")?.split("/manifests/").nth(1)?.split(' ').next()?;
        (!name.contains(':')).then(|| name.to_owned())
    };
    upload.requests().iter().filter_map(tag).collect()
}

/// Who wrote to a registry.
fn writers(registry: &RealRegistry) -> BTreeSet<String> {
    let log = registry.log();
    let lines = log.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let writes = lines.filter(|line| {
        ["PUT", "POST", "PATCH", "DELETE"].iter().any(|method| line["http.request.method"] == *method)
    });
    let name = |line: Value| {
        let agent = line["http.request.useragent"].as_str().unwrap_or_default().to_owned();
        agent.split('/').next().unwrap_or_default().to_owned()
    };
    writes.map(name).collect()
}

// Done when 3
#[tokio::test]
async fn two_rebuilds_of_three_versions_go_through_real_registries_and_skopeo_finds_what_the_steps_promise() {
    let publisher = Publisher::start().await;
    let mut expected = Vec::new();
    for (at, version) in (0..).zip(VERSIONS) {
        let first = publisher.publish(version, 2 * at).await;
        let second = publisher.publish(version, 2 * at + 1).await;
        for number in [1, 2] {
            expected.extend([format!("{version}-{number}"), version.to_owned(), format!("{version}-rhcc")]);
        }
        assert_eq!(
            publisher.both(&format!("{version}-1")).await,
            [first.digest.clone(), first.digest],
            "{version}"
        );
        for tag in [format!("{version}-2"), version.to_owned(), format!("{version}-rhcc")] {
            assert_eq!(publisher.both(&tag).await, [second.digest.clone(), second.digest.clone()], "{tag}");
        }
    }
    let Bridge { upload, public, told, .. } = &publisher.bridge;
    assert_eq!(
        written(upload),
        expected,
        "the unique tag first, then each that customers use, and nothing else"
    );
    assert_eq!(
        told.lock().unwrap_or_else(PoisonError::into_inner).len(),
        3 * 2 * 2,
        "each is certified once"
    );
    assert_eq!(writers(public), BTreeSet::from(["skopeo".to_owned()]), "the program writes nothing there");
    for version in VERSIONS {
        assert!(looks(public)[&format!("{version}-2")] > LAG, "{version}: it was waited for");
        let folder = tempfile::tempdir().unwrap();
        let from = format!("docker://{}", public.image(&publics("server"), version));
        let to = format!("dir:{}", folder.path().display());
        // All children with their blobs, each by its digest.
        succeeded(skopeo(&["copy", "--all", "--src-tls-verify=false", &from, &to]).await);
    }
}
