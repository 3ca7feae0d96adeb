//! The fault matrix: what becomes of a line when a certain operation goes wrong in a certain way.
//!
//! The rows of [`table`] are all there is: they are played against registries in this process, those marked so against
//! a real one too, and they are what `docs/reliability.md` prints.

mod cell;
mod operation;
mod page;
mod play;
mod real;
mod scene;
mod table;
mod wrong;

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use cell::Cell;
use image_mirror::model::Outcome;
use operation::Operation;
use scene::Scene;

/// How often an operation is tried in the matrix; `--attempts` is 5 by default.
pub(crate) const ATTEMPTS: u32 = 3;

/// Plays all cells of `operation`, and fails with everything that is not as its row says.
async fn play_all(operation: Operation) {
    let cells: Vec<Cell> = table::cells().into_iter().filter(|cell| cell.operation == operation).collect();
    assert!(!cells.is_empty(), "{operation:?} has no rows");
    let (mut wrong, mut usual) = (Vec::new(), HashMap::new());
    for cell in &cells {
        let found = play(cell, &mut usual).await;
        wrong.extend(found.into_iter().map(|what| format!("{:?} {:?}: {what}", cell.fault, cell.times)));
    }
    assert!(wrong.is_empty(), "{operation:?}:\n{}", wrong.join("\n"));
}

/// Plays one cell: without its fault, with it, and once more when the fault is gone.
async fn play(cell: &Cell, usual: &mut HashMap<bool, u64>) -> Vec<String> {
    let usual = match usual.entry(cell.fault.needs_tls()) {
        Entry::Occupied(known) => *known.get(),
        Entry::Vacant(unknown) => *unknown.insert(requests_when_all_is_well(cell).await),
    };
    let mut scene = Scene::fake(cell).await;
    scene.spoil(cell);
    let ran = play::run(&scene, Some(cell.fault)).await;
    let mut wrong = play::judge(cell, &scene, &ran, usual);
    wrong.extend(play::residue(cell, &scene, &ran.row));
    scene = scene.healed(cell);
    let again = play::run(&scene, None).await;
    let done = matches!(again.row.outcome, Outcome::Copied(_) | Outcome::Kept | Outcome::Updated(_));
    if !done || !scene.is_signed() {
        wrong.push(format!("is not mirrored when the fault is gone: {}", play::said(&again.row)));
    }
    wrong.extend(play::residue(cell, &scene, &again.row));
    wrong
}

async fn requests_when_all_is_well(cell: &Cell) -> u64 {
    let ran = play::run(&Scene::fake(cell).await.healed(cell), None).await;
    assert!(matches!(ran.row.outcome, Outcome::Copied(_)), "without a fault: {}", play::said(&ran.row));
    ran.counted
}

macro_rules! plays {
    ($($name:ident: $operation:ident),+ $(,)?) => {$(
        #[tokio::test(start_paused = true)]
        async fn $name() {
            play_all(Operation::$operation).await;
        }
    )+};
}

plays! {
    the_tag_list: TagList,
    the_token_to_pull: PullToken,
    the_token_to_push: PushToken,
    the_head_of_the_source: HeadSource,
    the_head_of_the_target: HeadTarget,
    the_manifest: GetManifest,
    the_child_manifest: GetChild,
    the_old_manifest: GetOld,
    the_referrers: Referrers,
    the_head_of_a_blob: HeadBlob,
    the_mount: Mount,
    the_opening_of_an_upload: PostUpload,
    the_download: GetBlob,
    the_upload: PutBlob,
    the_upload_in_parts: Patch,
    the_put_of_a_child: PutChild,
    the_put_of_the_tag: PutTag,
    the_look_afterwards: HeadAfter,
}
