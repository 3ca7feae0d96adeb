//! Many images at once: what a day's mirroring looks like, small.

use super::image::{Image, ImageBuilder, Index, random_bytes};

/// An image and where it belongs.
#[derive(Debug, Clone)]
pub struct Named {
    /// `org/image-017`
    pub repository: String,
    /// `v1`
    pub tag: String,
    /// The image.
    pub image: Image,
}

const PLATFORMS: [&str; 4] = ["linux/amd64", "linux/arm64/v8", "linux/ppc64le", "linux/s390x"];

/// `count` images in as many repositories, the same for the same seed: every fifth is an index of four
/// platforms, Docker and OCI types take turns, and most layers come from a pool of a dozen that all share.
pub fn fleet(count: usize, seed: u64) -> Vec<Named> {
    (0..count)
        .map(|number| Named {
            repository: format!("org/image-{number:03}"),
            tag: "v1".to_owned(),
            image: one(number, seed),
        })
        .collect()
}

fn one(number: usize, seed: u64) -> Image {
    let docker = number % 2 == 1;
    if number % 5 != 4 {
        return single(number, seed, docker, PLATFORMS[0]);
    }
    let index = if docker { Index::docker() } else { Index::oci() };
    let children = PLATFORMS.iter().map(|platform| single(number, seed, docker, platform));
    children.fold(index, |index, child| index.child(&child)).build()
}

fn single(number: usize, seed: u64, docker: bool, platform: &str) -> Image {
    let start = if docker { Image::docker() } else { Image::oci() };
    let picks = random_bytes(2, seed ^ number as u64);
    let shared = picks
        .iter()
        .fold(start.platform(platform), |image, pick| pooled(image, seed, usize::from(pick % 12)));
    let own = (seed << 20) ^ ((number as u64) << 8) ^ platform.bytes().map(u64::from).sum::<u64>();
    shared.layer_of(512 + number % 7 * 512, own).build()
}

fn pooled(image: ImageBuilder, seed: u64, pick: usize) -> ImageBuilder {
    image.layer_of(4096 * (1 + pick), seed.wrapping_mul(31).wrapping_add(pick as u64))
}
