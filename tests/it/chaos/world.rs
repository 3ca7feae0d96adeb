//! The registries, and the people who change them: builders that push new versions, somebody who writes to a target
//! by hand, administrators that remove repositories and collect garbage.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use image_mirror::model::Digest;

use super::lines::{Line, Place, Side, image, lines, mapping};
use super::weather::Weather;
use crate::support::{
    FakeRegistry, Grant, Image, Kind, MountPolicy, Request, Run, Running, TokenServer, docker_config,
};

/// Versions from here on are what somebody else pushes to a target.
const BY_HAND: u64 = 1 << 32;
const LOGIN: (&str, &str) = ("robot", "secret");

/// What the program is given.
pub(super) struct Program {
    mapping: String,
    logins: String,
}

impl Program {
    pub(super) fn start(&self) -> Running {
        let words = ["run", "--jobs", "16", "--attempts", "4", "--stall-timeout", "1s", "--progress", "none"];
        let run = Run::new(words).args(["--authfile", "login.json", "mapping_chaos"]);
        run.file("login.json", &self.logins).mapping("mapping_chaos", &self.mapping).start()
    }

    /// Lines of the mapping file that ask for one target each: each must end as one row.
    pub(super) fn entries(&self) -> usize {
        self.mapping.lines().filter(|line| !line.contains(['*', '#'])).count()
    }
}

/// Everything outside of the program.
pub(super) struct World {
    seed: u64,
    pub(super) lines: Vec<Line>,
    source: FakeRegistry,
    trusting: FakeRegistry,
    strict: FakeRegistry,
    pub(super) tokens: TokenServer,
    /// Which version each source tag is at.
    versions: Vec<u64>,
    by_hand: u64,
    /// Every image that was ever pushed by somebody.
    pub(super) images: HashMap<Digest, Image>,
    /// What a target tag may be: whatever its source was at some time, or somebody wrote there by hand.
    pub(super) allowed: HashMap<Place, HashSet<Digest>>,
    /// Target tags that exist, and that nobody but an administrator may remove.
    pub(super) existing: HashSet<Place>,
}

impl World {
    /// With `count` lines, all sources in their first version and empty targets.
    pub(super) async fn new(count: usize, seed: u64, weather: &Arc<Weather>) -> Self {
        let tokens = TokenServer::builder().account(LOGIN.0, LOGIN.1, [Grant::push("")]).start().await;
        let source = FakeRegistry::builder().page_size(5).start().await;
        let trusting = FakeRegistry::builder().trusting().start().await;
        let strict = FakeRegistry::builder().bearer(&tokens).mounts(MountPolicy::OnlyOtherRepositories);
        let strict = strict.start().await;
        for registry in [&source, &trusting, &strict] {
            let weather = Arc::clone(weather);
            registry.fault_by(move |kind| weather.meet(kind));
        }
        let of_tokens = Arc::clone(weather);
        tokens.fault_by(move |kind| of_tokens.meet(kind));
        let mut world = Self {
            seed,
            lines: lines(count),
            source,
            trusting,
            strict,
            tokens,
            versions: vec![0; count],
            by_hand: BY_HAND,
            images: HashMap::new(),
            allowed: HashMap::new(),
            existing: HashSet::new(),
        };
        (0..count).for_each(|number| world.push(number));
        world
    }

    pub(super) fn registry(&self, side: Side) -> &FakeRegistry {
        match side {
            Side::Source => &self.source,
            Side::Trusting => &self.trusting,
            Side::Strict => &self.strict,
        }
    }

    /// The program, about to mirror everything.
    pub(super) fn program(&self) -> Program {
        let mapping = mapping(&self.lines, |side| self.registry(side).host().to_owned());
        Program { mapping, logins: docker_config(&[(self.strict.host(), LOGIN.0, LOGIN.1)]) }
    }

    fn push(&mut self, number: usize) {
        let image = image(self.seed, number, self.versions[number]);
        let line = &self.lines[number];
        for target in &line.targets {
            self.allowed.entry(target.clone()).or_default().insert(image.digest.clone());
        }
        self.registry(line.source.side).put_image(&line.source.repository, &line.source.tag, &image);
        self.images.insert(image.digest.clone(), image);
    }

    /// A source tag gets a new version.
    pub(super) fn move_source(&mut self, number: usize) {
        self.versions[number] += 1;
        self.push(number);
    }

    /// Somebody else writes to the first target of a line.
    pub(super) fn write_by_hand(&mut self, number: usize) {
        self.by_hand += 1;
        let (image, target) = (image(self.seed, number, self.by_hand), self.lines[number].targets[0].clone());
        self.allowed.entry(target.clone()).or_default().insert(image.digest.clone());
        self.registry(target.side).put_image(&target.repository, &target.tag, &image);
        self.images.insert(image.digest.clone(), image);
        self.existing.insert(target);
    }

    /// An administrator removes the repository that a line goes to.
    pub(super) fn remove_repository(&mut self, number: usize) {
        let target = self.lines[number].targets[0].clone();
        self.existing.retain(|place| (place.side, &place.repository) != (target.side, &target.repository));
        let registry = self.registry(target.side);
        if registry.repositories().contains(&target.repository) {
            registry.delete_repository(&target.repository);
        }
    }

    /// What the source of a line is now.
    pub(super) fn wanted(&self, line: &Line) -> Digest {
        let source = &line.source;
        self.registry(source.side).tag_digest(&source.repository, &source.tag).expect("sources stay")
    }

    /// Targets of all lines.
    pub(super) fn targets(&self) -> usize {
        self.lines.iter().map(|line| line.targets.len()).sum()
    }

    /// Uploads whose connection ended in the middle of their bytes, since the logs were cleared.
    pub(super) fn cut_uploads(&self) -> usize {
        let uploads = [&self.trusting, &self.strict].map(|registry| registry.requests_on(Kind::PutBlob));
        let is_cut = |request: &&Request| {
            let length = request.header("content-length").and_then(|text| text.parse().ok()).unwrap_or(0);
            request.status.is_none() && (1..length).contains(&request.received)
        };
        uploads.iter().flatten().filter(is_cut).count()
    }

    /// Forgets requests: hundreds of thousands would fill the memory.
    pub(super) fn clear_logs(&self) {
        for side in [Side::Source, Side::Trusting, Side::Strict] {
            self.registry(side).clear_log();
        }
        self.tokens.clear_log();
    }
}
