//! What is mirrored: generated images with real digests, the same for the same seed.
//!
//! The shape is that of a product's images: families that share a base, one in five for four architectures, Docker and
//! OCI types in turns, a few layers of their own.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt::Write as _;
use std::sync::Arc;

use crate::Result;
use crate::image::{DOCKER, Image, OCI, Types};
use crate::pool::{Blob, Pool, next};

const ARCHITECTURES: [&str; 4] = ["amd64", "arm64", "ppc64le", "s390x"];
const FAMILIES: usize = 3;
const BASE_LAYERS: u64 = 5;
const MB: u64 = 1_000_000;

/// How many images, and how large.
#[derive(Debug, Clone, Copy)]
pub struct Shape {
    repositories: usize,
    tags: usize,
    /// Least and most bytes of a layer of a base.
    base: (u64, u64),
    /// The same of a layer of its own.
    own: (u64, u64),
}

/// 200 tags of 50 repositories.
pub const MAIN: Shape = Shape { repositories: 50, tags: 4, base: (MB, 30 * MB), own: (MB / 10, 8 * MB) };
/// 2,000 tags of 200 repositories, tiny layers.
pub const MANY: Shape = Shape { repositories: 200, tags: 10, base: (1000, 1000), own: (1000, 1000) };
/// 200 tags of one repository, tiny layers.
pub const ONE: Shape = Shape { repositories: 1, tags: 200, base: (1000, 1000), own: (1000, 1000) };

/// One tag.
#[derive(Debug, Clone)]
pub struct Line {
    pub repository: String,
    pub tag: String,
    pub image: Arc<Image>,
}

/// Tags of one registry.
#[derive(Debug, Clone)]
pub struct Set {
    pub lines: Vec<Line>,
}

impl Set {
    pub fn generate(pool: &Pool, shape: Shape, seed: u64) -> Result<Self> {
        let mut maker = Maker { pool, shape, seed, bases: HashMap::new() };
        let mut lines = Vec::new();
        for repository in 0..shape.repositories {
            for tag in 0..shape.tags {
                let number = repository * shape.tags + tag;
                let group = if shape.repositories > 1 { repository } else { number };
                lines.push(Line {
                    repository: format!("set/image-{repository:03}"),
                    tag: format!("v{tag}"),
                    image: Arc::new(maker.image(group, number as u64)?),
                });
            }
        }
        Ok(Self { lines })
    }

    /// One image with one layer of `size` bytes.
    pub fn one_layer(pool: &Pool, size: u64, seed: u64) -> Result<Self> {
        let image = Image::single(pool, OCI, ARCHITECTURES[0], vec![pool.random(size, seed)?], "large")?;
        let (repository, tag) = ("set/large".to_owned(), "v1".to_owned());
        Ok(Self { lines: vec![Line { repository, tag, image: Arc::new(image) }] })
    }

    /// The same with every `step`th image built anew on the same base; and those alone.
    pub fn changed(&self, pool: &Pool, shape: Shape, seed: u64, step: usize) -> Result<(Self, Self)> {
        let mut maker = Maker { pool, shape, seed, bases: HashMap::new() };
        let (mut all, mut new) = (self.clone(), Vec::new());
        // Not always the same tag of a repository; those for four architectures are among them.
        let is_new = |at: usize| at % step == (at / step * 7 + step - 4) % step;
        for (at, line) in all.lines.iter_mut().enumerate().filter(|(at, _)| is_new(*at)) {
            line.image = Arc::new(maker.image(at / shape.tags, 1_000_000 + at as u64)?);
            new.push(line.clone());
        }
        Ok((all, Self { lines: new }))
    }

    /// Manifests by repository and digest.
    pub fn manifests(&self) -> BTreeMap<(&str, &str), &Blob> {
        let trees = self.lines.iter().flat_map(|line| line.image.tree().map(move |image| (line, image)));
        trees
            .map(|(line, image)| {
                ((line.repository.as_str(), image.manifest.digest.as_str()), &image.manifest)
            })
            .collect()
    }

    /// Blobs by repository and digest.
    pub fn links(&self) -> BTreeMap<(&str, &str), &Blob> {
        let blobs = self
            .lines
            .iter()
            .flat_map(|line| line.image.tree_blobs().into_iter().map(move |blob| (line, blob)));
        blobs.map(|(line, blob)| ((line.repository.as_str(), blob.digest.as_str()), blob)).collect()
    }

    /// Each blob once, with its size.
    pub fn blobs(&self) -> BTreeMap<&str, u64> {
        self.links().into_iter().map(|((_, digest), blob)| (digest, blob.size)).collect()
    }

    pub fn largest(&self) -> Option<&Blob> {
        self.links().into_values().max_by_key(|blob| blob.size)
    }

    pub fn repositories(&self) -> BTreeSet<&str> {
        self.lines.iter().map(|line| line.repository.as_str()).collect()
    }

    /// The mapping that copies it from `source` to each of `targets`, which may name a folder: `HOST/new`.
    pub fn mapping(&self, source: &str, targets: &[String]) -> String {
        let mut text = String::new();
        for line in &self.lines {
            let name = format!("{}:{}", line.repository, line.tag);
            for target in targets {
                // Writing to a string cannot fail.
                writeln!(text, "{source}/{name} {target}/{name}").ok();
            }
        }
        text
    }
}

struct Maker<'a> {
    pool: &'a Pool,
    shape: Shape,
    seed: u64,
    bases: HashMap<u64, Blob>,
}

impl Maker<'_> {
    fn image(&mut self, group: usize, number: u64) -> Result<Image> {
        let types = if group % 2 == 1 { DOCKER } else { OCI };
        if group % 5 != 4 {
            return self.single(group, number, types, 0);
        }
        let children: Result<Vec<_>> =
            (0..ARCHITECTURES.len()).map(|at| self.single(group, number, types, at)).collect();
        Image::index(self.pool, types, children?)
    }

    fn single(&mut self, group: usize, number: u64, types: Types, architecture: usize) -> Result<Image> {
        let base = (group % FAMILIES * ARCHITECTURES.len() + architecture) as u64;
        let mut layers = Vec::new();
        for layer in 0..BASE_LAYERS {
            layers.push(self.base(base * BASE_LAYERS + layer)?);
        }
        let first = (number << 8) | ((architecture as u64) << 4);
        for layer in 0..2 + next(&mut (self.seed ^ first)) % 2 {
            let seed = (1 << 48) | (self.seed << 40) | (first + layer);
            layers.push(self.pool.random(between(self.shape.own, seed), seed)?);
        }
        Image::single(self.pool, types, ARCHITECTURES[architecture], layers, &number.to_string())
    }

    /// The seed of a base is not that of the set: what is built anew stands on the same one.
    fn base(&mut self, seed: u64) -> Result<Blob> {
        if let Some(blob) = self.bases.get(&seed) {
            return Ok(blob.clone());
        }
        let blob = self.pool.random(between(self.shape.base, seed), seed)?;
        self.bases.insert(seed, blob.clone());
        Ok(blob)
    }
}

/// Gives MAIN 2.08 GB.
const SALT: u64 = 54;

/// A size, its logarithm as likely to be anywhere between the two.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "sizes of some megabytes"
)]
fn between((least, most): (u64, u64), seed: u64) -> u64 {
    let share = (next(&mut seed.wrapping_add(SALT)) >> 11) as f64 / (1_u64 << 53) as f64;
    (least as f64 * (most as f64 / least as f64).powf(share)) as u64
}
