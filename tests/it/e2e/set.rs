//! What is mirrored: generated images with real digests, the same for the same seed.
//!
//! The shape is that of a product's images: families that share a base, one in five for four platforms, Docker and
//! OCI types in turns, a few layers of their own.

use std::collections::HashMap;
use std::sync::Arc;

use bytes::Bytes;

use crate::support::image::{Image, ImageBuilder, Index, random_bytes};

const PLATFORMS: [&str; 4] = ["linux/amd64", "linux/arm64/v8", "linux/ppc64le", "linux/s390x"];
const LAYER: &str = "application/vnd.oci.image.layer.v1.tar+gzip";
const DOCKER_LAYER: &str = "application/vnd.docker.image.rootfs.diff.tar.gzip";
const FAMILIES: usize = 3;
const BASE_LAYERS: u64 = 5;

/// How many images, and how large.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shape {
    pub(super) repositories: usize,
    pub(super) tags: usize,
    /// Least and most bytes of a layer of a base.
    pub(super) base: (usize, usize),
    /// The same of a layer of its own; none: an image differs from its siblings in an annotation only.
    pub(super) own: Option<(usize, usize)>,
}

/// One line of a mapping.
#[derive(Debug, Clone)]
pub(super) struct Line {
    pub(super) repository: String,
    pub(super) tag: String,
    pub(super) image: Arc<Image>,
}

/// The images of a source.
#[derive(Debug, Clone)]
pub(super) struct Set {
    pub(super) lines: Vec<Line>,
}

impl Set {
    pub(super) fn generate(shape: Shape, seed: u64) -> Self {
        let mut maker = Maker { shape, seed, layers: HashMap::new() };
        let mut lines = Vec::new();
        for repository in 0..shape.repositories {
            for tag in 0..shape.tags {
                let number = repository * shape.tags + tag;
                let family = if shape.repositories > 1 { repository } else { number };
                lines.push(Line {
                    repository: format!("set/image-{repository:03}"),
                    tag: format!("v{tag}"),
                    image: Arc::new(maker.image(family, number as u64)),
                });
            }
        }
        Self { lines }
    }

    /// The same with every `step`th image built anew on the same base; and those alone.
    pub(super) fn changed(&self, shape: Shape, seed: u64, step: usize) -> (Self, Self) {
        let mut maker = Maker { shape, seed, layers: HashMap::new() };
        let (mut all, mut new) = (self.clone(), Vec::new());
        // Not always the same tag of a repository; those for four platforms are among them.
        let is_new = |at: usize| at % step == (at / step * 7 + step - 4) % step;
        for (at, line) in all.lines.iter_mut().enumerate().filter(|(at, _)| is_new(*at)) {
            line.image = Arc::new(maker.image(at / shape.tags, 1_000_000 + at as u64));
            new.push(line.clone());
        }
        (all, Self { lines: new })
    }

    /// The mapping that copies it from `source` to `target`, which may name a folder: `HOST/new`.
    pub(super) fn mapping(&self, source: &str, target: &str) -> String {
        let line = |line: &Line| {
            let name = format!("{}:{}", line.repository, line.tag);
            format!("{source}/{name} {target}/{name}\n")
        };
        self.lines.iter().map(line).collect()
    }
}

struct Maker {
    shape: Shape,
    seed: u64,
    layers: HashMap<u64, Bytes>,
}

impl Maker {
    fn image(&mut self, group: usize, number: u64) -> Image {
        let docker = group % 2 == 1;
        if group % 5 != 4 {
            return self.single(group, number, docker, 0);
        }
        let index = if docker { Index::docker() } else { Index::oci() };
        let children: Vec<_> =
            (0..PLATFORMS.len()).map(|at| self.single(group, number, docker, at)).collect();
        children.iter().fold(index, Index::child).build()
    }

    fn single(&mut self, group: usize, number: u64, docker: bool, platform: usize) -> Image {
        let start = if docker { Image::docker() } else { Image::oci() };
        let media_type = if docker { DOCKER_LAYER } else { LAYER };
        let mut image = start.platform(PLATFORMS[platform]);
        let base = (group % FAMILIES * PLATFORMS.len() + platform) as u64;
        for layer in 0..BASE_LAYERS {
            // The seed of a base is not that of the set: what is built anew stands on the same one.
            let bytes = self.layer(base * BASE_LAYERS + layer, self.shape.base);
            image = image.layer_typed(media_type, bytes);
        }
        match self.shape.own {
            None => image.annotation("bench.number", &number.to_string()).build(),
            Some(size) => self.own(image, media_type, (number << 8) | ((platform as u64) << 4), size).build(),
        }
    }

    fn own(
        &mut self,
        image: ImageBuilder,
        media_type: &str,
        first: u64,
        size: (usize, usize),
    ) -> ImageBuilder {
        let layers = 2 + mix(self.seed ^ first) % 2;
        (0..layers).fold(image, |image, layer| {
            let seed = (1 << 48) | (self.seed << 40) | (first + layer);
            image.layer_typed(media_type, random_bytes(between(size, seed), seed))
        })
    }

    fn layer(&mut self, seed: u64, size: (usize, usize)) -> Bytes {
        self.layers.entry(seed).or_insert_with(|| random_bytes(between(size, seed), seed)).clone()
    }
}

/// A size, every order of magnitude as likely as the other.
fn between((least, most): (usize, usize), seed: u64) -> usize {
    let doublings = (most / least.max(1)).max(1).ilog2();
    let words = mix(seed.wrapping_add(0x5EED));
    let floor = least << (words % u64::from(doublings + 1));
    let upper = (floor * 2).min(most).max(floor + 1);
    floor + usize::try_from((words >> 16) % (upper - floor) as u64).unwrap_or_default()
}

fn mix(seed: u64) -> u64 {
    let word = seed.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let word = (word ^ (word >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let word = (word ^ (word >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    word ^ (word >> 31)
}
