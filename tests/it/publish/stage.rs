//! Everything that the program needs to publish, and that a test can look into: sources, both registries, the catalog, a
//! preflight program, a state directory. Each run is the built program.

use std::path::PathBuf;

use image_mirror::model::Digest;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::site::example;
use super::stand_in::StandIn;
use crate::support::catalog::{KEY, PROJECT};
use crate::support::{CatalogWorld, FakeRegistry, Image, Ran, Run};

/// Where images come from.
pub(super) const SOURCE: &str = "cb-rhcc/server";
/// The robot's password.
pub(super) const ROBOT: &str = "r0bot's p+ss/word";
/// The public registry's account.
pub(super) const ACCOUNT: &str = "acc0unt&password";

/// A world to publish in.
pub(super) struct Stage {
    pub(super) world: CatalogWorld,
    pub(super) sources: FakeRegistry,
    pub(super) preflight: StandIn,
    /// More lines for the settings file.
    pub(super) settings: String,
    /// What the settings file says of the preflight program besides its path.
    pub(super) program: &'static str,
    /// What the settings file lets the catalog be asked.
    pub(super) usage: &'static str,
    state: TempDir,
}

impl Stage {
    /// An empty project, and a preflight program that passes everything.
    pub(super) async fn new() -> Self {
        Self::of(CatalogWorld::start().await).await
    }

    /// The same in a world of the test's own.
    pub(super) async fn of(world: CatalogWorld) -> Self {
        let stage = Self {
            sources: FakeRegistry::builder().start().await,
            preflight: StandIn::new(&json!({})),
            settings: String::new(),
            program: "timeout: 10m",
            usage: "read",
            state: tempfile::tempdir().unwrap(),
            world,
        };
        stage.steer(&json!({ "mode": "pass" }));
        stage
    }

    /// What the preflight program does from now on; what it submits goes to the catalog.
    pub(super) fn steer(&self, mode: &Value) {
        let mut mode = mode.clone();
        let address = self.world.pyxis.submit_url("", None);
        mode["submit"] = address.split('?').next().into();
        self.preflight.steer(&mode);
    }

    /// Puts an image for two platforms in as the source of `tag`, another one for each seed.
    pub(super) fn source(&self, tag: &str, seed: u64) -> Image {
        let image = example(seed);
        self.sources.put_image(SOURCE, tag, &image);
        image
    }

    /// Where journals are.
    pub(super) fn state(&self) -> PathBuf {
        self.state.path().to_owned()
    }

    /// The folder of a number.
    pub(super) fn folder(&self, unique: &str) -> PathBuf {
        let world = &self.world;
        self.state().join(world.upload.host()).join(crate::support::catalog::UPLOAD).join(unique)
    }

    /// What a journal says, an event a line, by name.
    pub(super) fn events(&self, unique: &str) -> Vec<String> {
        let text = std::fs::read_to_string(self.folder(unique).join("journal.jsonl")).unwrap_or_default();
        let name = |line: &str| {
            let line: Value = serde_json::from_str(line).unwrap();
            line["event"].as_str().unwrap().to_owned()
        };
        text.lines().map(name).collect()
    }

    /// `publish WORDS` with the settings, the metadata and the state directory.
    pub(super) fn command(&self, words: &[&str]) -> Run {
        let files = ["--config", "publish.yaml", "--metadata", "products.json"];
        self.files(Run::new(["publish"]).args(words).args(files))
    }

    /// `publish image` of version 7.6.1 from the tag 7.6.1-rel, with `words` behind it.
    pub(super) fn image(&self, words: &[&str]) -> Run {
        self.release("7.6.1-rel", "7.6.1", words)
    }

    /// `publish image` of any version from any tag.
    pub(super) fn release(&self, source_tag: &str, version: &str, words: &[&str]) -> Run {
        let state = self.state().display().to_string();
        let usual = ["image", "--product", "server", "--source-tag", source_tag, "--version", version];
        self.command(&usual).args(["--state-dir", &state]).args(words)
    }

    /// The same, run to its end.
    pub(super) async fn publish(&self, words: &[&str]) -> Ran {
        self.image(words).run().await
    }

    /// Any other command with the state directory.
    pub(super) fn other(&self, words: &[&str]) -> Run {
        let state = self.state().display().to_string();
        self.command(words).args(["--state-dir", &state])
    }

    /// The next number of 7.6.1 that is free.
    pub(super) async fn next(&self) -> String {
        let words = ["next-rebuild", "--product", "server", "--version", "7.6.1"];
        self.other(&words).run().await.exits(0).stdout.trim().to_owned()
    }

    fn files(&self, run: Run) -> Run {
        let metadata = json!({
            "rhcc": {
                "api_key": KEY,
                "registry_service_account": { "username": "account", "password": ACCOUNT },
            },
            "products": {
                "server": { "image_basename": "server", "project_id": PROJECT, "registry_key": ROBOT },
            },
        });
        let run = run.file("products.json", metadata.to_string()).file("publish.yaml", self.yaml());
        let path = run.folder().join("products.json");
        std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
        run
    }

    fn yaml(&self) -> String {
        let Self { world, sources, preflight, settings, program, usage, .. } = self;
        format!(
            "source_template: {}/cb-rhcc/{{basename}}:{{tag}}\n\
             namespace: example\n\
             upload_host: {}\n\
             public_host: {}\n\
             poll_interval: 20ms\n\
             publish_timeout: 10s\n\
             tag_timeout: 10s\n\
             preflight: {{ command: {}, {program} }}\n\
             pyxis: {{ base: '{}', use: {usage} }}\n\
             {settings}",
            sources.host(),
            world.upload.host(),
            world.public.host(),
            preflight.program().display(),
            world.pyxis.base(),
        )
    }
}

/// The tags that were written, in their order, with what they became.
pub(super) fn writes(stage: &Stage) -> Vec<(String, Digest)> {
    stage.world.take_tag_writes()
}

/// Pairs of a tag and an image, as [`writes`] gives them.
pub(super) fn all(tags: &[&str], image: &Image) -> Vec<(String, Digest)> {
    tags.iter().map(|tag| ((*tag).to_owned(), image.digest.clone())).collect()
}
