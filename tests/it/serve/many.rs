//! A long queue in little memory.

use super::{Resident, World};
use crate::support::{Image, Kind};

const MIB: u64 = 1 << 20;

/// The most memory of an instance in whose queue `count` targets wait.
async fn queued(count: usize) -> u64 {
    let mut world = World::start().await;
    let image = Image::example(1);
    for number in 0..count {
        let istag = format!("ns{}/stream-with-a-name{}:v{number}", number % 7, number % 101);
        world.streams.put(&istag, &image.digest);
    }
    // Nothing is ever read of a source, so every target stays queued.
    let gate = world.source.hold(Kind::GetManifest);
    let resident = Resident::start(&world, &["--all-namespaces"]).await;
    resident.until_queued(count).await;
    gate.arrived(1).await;
    assert_eq!(resident.queue(count).await["mirrors"].as_array().unwrap().len(), count);
    let peak = resident.running.peak_memory();
    gate.release();
    resident.running.kill().await;
    peak
}

#[tokio::test]
async fn a_thousand_queued_targets_take_little_memory() {
    let peak = queued(1_000).await;
    // The program of the suite is not optimised, and what is read in of its code counts too.
    assert!(peak < 80 * MIB, "{} MiB", peak / MIB);
}

#[tokio::test]
#[ignore = "large: ten thousand targets, run by `make test-large`"]
#[expect(clippy::print_stderr, reason = "a figure for the closing note of a change")]
async fn large_ten_thousand_queued_targets_take_a_hundred_mebibytes_at_most() {
    let peak = queued(10_000).await;
    eprintln!("10,000 queued targets: {} MiB", peak / MIB);
    assert!(peak <= 100 * MIB, "{} MiB", peak / MIB);
}
