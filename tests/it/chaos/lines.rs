//! What is mirrored: lines of a mapping file, and the image that each has in each of its versions.

use std::fmt::Write as _;

use crate::support::image::{ImageBuilder, random_bytes};
use crate::support::{Image, Index};

/// Tags of one repository.
const TAGS: usize = 12;
/// Layers that images share.
const POOL: u8 = 16;
/// A layer that takes a while, so that a kill finds it on its way.
const LARGE: usize = 512 << 10;
const PLATFORMS: [&str; 4] = ["linux/amd64", "linux/arm64/v8", "linux/ppc64le", "linux/s390x"];

/// One of the registries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Side {
    /// Open, only read from.
    Source,
    /// Open, and takes manifests in unseen.
    Trusting,
    /// Behind tokens, and checks what it is sent.
    Strict,
}

/// A tag at a registry.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Place {
    pub(super) side: Side,
    pub(super) repository: String,
    pub(super) tag: String,
}

/// One source and where it goes.
#[derive(Debug)]
pub(super) struct Line {
    pub(super) source: Place,
    pub(super) targets: Vec<Place>,
    is_wildcard: bool,
}

/// `count` lines: most go to one registry, each tenth to both, each twentieth comes from the registry that it goes to,
/// and the last tenth is asked for by wildcards.
pub(super) fn lines(count: usize) -> Vec<Line> {
    (0..count).map(|number| line(number, number >= count - count / 10)).collect()
}

fn line(number: usize, is_wildcard: bool) -> Line {
    let home = if number.is_multiple_of(2) { Side::Trusting } else { Side::Strict };
    let both = number.is_multiple_of(10) && !is_wildcard;
    // Lines of one wildcard stay together.
    let home = if is_wildcard { Side::Strict } else { home };
    let within = number % 20 == 7 && !is_wildcard;
    let kind = if is_wildcard { "any" } else { "app" };
    let (repository, tag) = (format!("{kind}-{}", number / TAGS), format!("v{}", number % TAGS));
    let source = Place {
        side: if within { home } else { Side::Source },
        repository: format!("org/{repository}"),
        tag: tag.clone(),
    };
    let sides = if both { vec![Side::Trusting, Side::Strict] } else { vec![home] };
    let targets = sides.into_iter().map(|side| Place {
        side,
        repository: format!("mirror/{repository}"),
        tag: tag.clone(),
    });
    Line { source, targets: targets.collect(), is_wildcard }
}

/// The mapping file. `host` says where a registry is.
pub(super) fn mapping(lines: &[Line], host: impl Fn(Side) -> String) -> String {
    let mut text = String::from("# owner: us\n");
    for line in lines {
        for target in &line.targets {
            let from = format!("{}/{}", host(line.source.side), line.source.repository);
            let to = format!("{}/{}", host(target.side), target.repository);
            let (tag, wildcard) = (&line.source.tag, format!("{from}:* {to}"));
            if !line.is_wildcard {
                writeln!(text, "{from}:{tag} {to}:{tag}").expect("a string");
            } else if !text.contains(&wildcard) {
                writeln!(text, "{wildcard}").expect("a string");
            }
        }
    }
    text
}

/// The image of line `number` in its version `version`, the same for the same seed. Every fifth is an index.
pub(super) fn image(seed: u64, number: usize, version: u64) -> Image {
    let docker = number % 3 == 1;
    if number % 5 != 4 {
        return single(seed, number, version, PLATFORMS[0]);
    }
    let index = if docker { Index::docker() } else { Index::oci() };
    let children = PLATFORMS.iter().take(2 + number % 3).enumerate();
    // The platforms but the first stay as they are for several versions, as where one of them is built anew.
    children
        .map(|(at, platform)| single(seed, number, if at == 0 { version } else { version / 3 }, platform))
        .fold(index, |index, child| index.child(&child))
        .build()
}

fn single(seed: u64, number: usize, version: u64, platform: &str) -> Image {
    let docker = number % 3 == 1;
    let start = if docker { Image::docker() } else { Image::oci() };
    let picks = random_bytes(3, seed ^ (number as u64) << 8);
    let shared = picks.iter().fold(start.platform(platform), |image, pick| pooled(image, seed, pick % POOL));
    let words = [seed, number as u64, version, platform.bytes().map(u64::from).sum()];
    let own = words.iter().fold(17, |mixed: u64, word| mixed.wrapping_mul(0x0100_0000_01B3) ^ word);
    let large = number % 10 == 3;
    shared.layer_of(if large { LARGE } else { 512 + number % 7 * 512 }, own).build()
}

fn pooled(image: ImageBuilder, seed: u64, pick: u8) -> ImageBuilder {
    image.layer_of(2048 * (1 + usize::from(pick)), seed.wrapping_mul(31).wrapping_add(u64::from(pick)))
}
