//! The cells that are marked so, with a real registry (Debian's `docker-registry`) behind both ends.
//!
//! Here the clock is the real one. What is at the target is judged by skopeo and by oci-client.

use futures_util::{StreamExt as _, stream};
use image_mirror::model::Outcome;

use super::cell::Cell;
use super::play;
use super::scene::Scene;
use super::table;
use crate::support::image::digest_of;
use crate::support::{Judge, RealRegistry, skopeo_raw};

/// Cells that are played at a time.
const AT_A_TIME: usize = 6;

#[tokio::test]
async fn the_cells_marked_so_end_the_same_way_with_a_real_registry() {
    let real = RealRegistry::open().await;
    let cells: Vec<Cell> = table::cells().into_iter().filter(|cell| cell.is_real).collect();
    assert!(cells.len() >= 30, "{} cells", cells.len());
    // One for all: each would read the certificates of this machine.
    let judge = Judge::anonymous(real.host());
    let wrong: Vec<String> = stream::iter(cells.iter().enumerate())
        .map(|(number, cell)| play_one(cell, (&real, &judge), number))
        .buffer_unordered(AT_A_TIME)
        .flat_map(stream::iter)
        .collect()
        .await;
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

async fn play_one(cell: &Cell, real: (&RealRegistry, &Judge), number: usize) -> Vec<String> {
    let scene = Scene::real(cell, real, number).await;
    scene.spoil(cell);
    let ran = play::run(&scene, Some(cell.fault)).await;
    let mut wrong = play::judge(cell, &scene, &ran, 0);
    wrong.extend(residue(&scene, real, &ran.row.outcome).await);
    let scene = scene.healed(cell);
    let again = play::run(&scene, None).await;
    wrong.extend(residue(&scene, real, &again.row.outcome).await);
    if !matches!(again.row.outcome, Outcome::Copied(_) | Outcome::Kept) {
        wrong.push(format!("is not mirrored when the fault is gone: {}", play::said(&again.row)));
    }
    wrong
        .into_iter()
        .map(|what| format!("{:?} {:?} {:?}: {what}", cell.operation, cell.fault, cell.times))
        .collect()
}

/// Whatever happened, the tag is the old image or the new one, and whole.
async fn residue(scene: &Scene, (real, judge): (&RealRegistry, &Judge), outcome: &Outcome) -> Vec<String> {
    let copied = matches!(outcome, Outcome::Copied(_) | Outcome::Kept);
    let tag = digest_of(&skopeo_raw(&real.image(&scene.to, "v1"), None).await);
    let Some(image) = scene.allowed().into_iter().find(|image| image.digest == tag) else {
        return vec![format!("the tag is {tag}")];
    };
    judge.assert_has(&scene.to, "v1", image).await;
    if copied && image.digest != scene.new.digest {
        return vec!["the row says copied, and the tag is the old image".to_owned()];
    }
    Vec::new()
}
