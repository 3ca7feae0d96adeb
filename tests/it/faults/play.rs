//! Plays a cell and judges it: one place for what holds for all of them.

use std::sync::Arc;

use futures_util::StreamExt as _;
use image_mirror::engine::{self, Engine, Silent, Stop};
use image_mirror::error::Chain;
use image_mirror::mapping::{ExpandOptions, batches};
use image_mirror::model::{Batch, Guard, Outcome, Row};
use image_mirror::registry::Role;

use super::cell::{Cell, Ends, Times};
use super::operation::Operation;
use super::scene::Scene;
use super::wrong::{Event, Wrong};
use crate::mapping_support::read_text;
use crate::support::{Image, Kind};

/// What a run came to.
pub(super) struct Ran {
    pub(super) row: Row,
    /// Requests that the report counts.
    pub(super) counted: u64,
}

/// Runs the line of `scene` through the whole program, as far as it is a library.
pub(super) async fn run(scene: &Scene, fault: Option<Wrong>) -> Ran {
    let event = match fault {
        Some(Wrong::Meanwhile(event)) => Some(event),
        _ => None,
    };
    let client = scene.client();
    let (set, source) = (read_text(scene.line()), client.with_role(Role::Source));
    let mut rows = Vec::new();
    let mut entries = Vec::new();
    let mut arrivals = std::pin::pin!(batches(set, source, ExpandOptions::default()));
    while let Some(arrival) = arrivals.next().await {
        rows.extend(arrival.rows);
        entries.extend(arrival.batch.into_entries());
    }
    if event == Some(Event::GuardedTargetMoved) {
        for entry in &mut entries {
            entry.guards.push(Guard::Unmoved);
        }
    }
    let skip_mount = scene.operation == Operation::HeadBlob;
    let referrers = scene.signature.is_some();
    let options = engine::Options { skip_mount, referrers, ..engine::Options::default() };
    let engine = Engine::new(&client, options, Arc::new(Silent), Stop::default());
    let batch = futures_util::stream::iter([Batch::admit(entries).batch]);
    rows.extend(tokio::join!(engine.run(batch), happen(scene, event)).0);
    assert_eq!(rows.len(), 1, "one line is one row");
    let all = client.wire().requests;
    let counted = all.token + all.head + all.get + all.post + all.patch + all.put + all.delete;
    Ran { row: rows.remove(0), counted }
}

/// What others do meanwhile.
async fn happen(scene: &Scene, event: Option<Event>) {
    let Some(event) = event else { return };
    let (registry, kind) = match event {
        Event::SourceMoved | Event::ManifestVanished => (&scene.source, Kind::GetManifest),
        Event::BlobVanished => (&scene.source, Kind::GetBlob),
        Event::TargetMoved | Event::GuardedTargetMoved | Event::SeenBlobVanished | Event::TokenExpired => {
            (&scene.target, Kind::PutBlob)
        }
    };
    let gate = registry.hold(kind);
    gate.arrived(1).await;
    match event {
        Event::TargetMoved | Event::GuardedTargetMoved => {
            scene.target.put_image(&scene.to, "v1", &theirs());
        }
        Event::SourceMoved => scene.source.put_image(&scene.from, "v1", &theirs()),
        Event::BlobVanished => scene.source.delete_blob(&scene.from, &scene.layer().digest),
        Event::SeenBlobVanished => {
            scene.target.delete_blob(&scene.to, &scene.new.children[0].config().digest);
        }
        Event::TokenExpired => {
            scene.tokens.as_ref().expect("a scene with tokens").revoke_all();
            // A token that is refused when it is new is refused for want of a right.
            tokio::time::advance(std::time::Duration::from_secs(15)).await;
        }
        Event::ManifestVanished => scene.source.delete_manifest(&scene.from, &scene.new.digest),
    }
}

/// What somebody else pushes.
pub(super) fn theirs() -> Image {
    Image::example(77)
}

/// Everything in which `ran` is not as `cell` says; `usual` is how many requests it takes when all is well.
pub(super) fn judge(cell: &Cell, scene: &Scene, ran: &Ran, usual: u64) -> Vec<String> {
    let mut wrong = Vec::new();
    let met = scene.met(cell.fault);
    let is_event = matches!(cell.fault, Wrong::Meanwhile(_));
    if met == 0 && !is_event {
        wrong.push("the fault did not happen".to_owned());
    }
    if cell.times == Times::Once
        && met > 1
        && !matches!(cell.fault, Wrong::Nobody | Wrong::Location(_) | Wrong::CutThen(_))
    {
        wrong.push(format!("the fault happened {met} times"));
    }
    wrong.extend(end(cell, &ran.row, scene.is_real, (ran.counted, usual)));
    if let Outcome::Failed(failure) = &ran.row.outcome {
        wrong.extend(message(cell, scene, &Chain(failure).to_string()));
        let stage = cell.operation.stage();
        if !cell.instead && failure.stage != stage {
            wrong.push(format!("fails at {}, not at {stage}", failure.stage));
        }
        let advice = failure.advice.as_deref().unwrap_or_default();
        if !advice.contains(cell.advises) {
            wrong.push(format!("the advice lacks `{}`: {advice}", cell.advises));
        }
        if cell.times == Times::Always
            && met < failure.attempts as usize
            && !is_event
            && cell.fault != Wrong::Nobody
        {
            wrong.push(format!("{} attempts are said, and the registry saw {met}", failure.attempts));
        }
    }
    let unseen = matches!(cell.fault, Wrong::Nobody | Wrong::RedirectToNobody);
    // An upload whose source turns out wrong is given up, perhaps before its first byte went out.
    let given_up = cell.operation == Operation::GetBlob && matches!(ran.row.outcome, Outcome::Failed(_));
    let missed = ran.counted.abs_diff(scene.requests() as u64);
    if !unseen && missed > u64::from(given_up) * 2 {
        wrong.push(format!("{} requests are counted, and {} came", ran.counted, scene.requests()));
    }
    wrong
}

fn end(cell: &Cell, row: &Row, scene_is_real: bool, (counted, usual): (u64, u64)) -> Option<String> {
    let more = i64::try_from(counted).unwrap() - i64::try_from(usual).unwrap();
    let somehow =
        cell.ends == Ends::CopiedSomehow || scene_is_real && matches!(cell.ends, Ends::Copied { .. });
    let found = match &row.outcome {
        Outcome::Copied(_) if somehow => return None,
        Outcome::Copied(_) => Ends::Copied { more: i32::try_from(more).unwrap() },
        Outcome::Failed(failure) => Ends::Failed { class: failure.class, attempts: row.attempts },
        Outcome::Unfinished(_) => Ends::Unfinished,
        Outcome::Refused(_) => Ends::Refused,
        other => return Some(format!("the row is {}", other.word())),
    };
    (found != cell.ends).then(|| format!("ends {found:?}: {}", said(row)))
}

pub(super) fn said(row: &Row) -> String {
    match &row.outcome {
        Outcome::Failed(failure) => {
            let advice = failure.advice.as_deref().unwrap_or("-");
            format!("{} ({}) advice: {advice}", Chain(failure), failure.stage)
        }
        other => format!("{other:?}"),
    }
}

fn message(cell: &Cell, scene: &Scene, said: &str) -> Vec<String> {
    let usual = if cell.instead { Vec::new() } else { vec![cell.operation.words(scene), cell.fault.says()] };
    let words = usual.into_iter().chain([cell.says.to_owned()]);
    let missing = words.filter(|words| !said.contains(words.as_str()));
    missing.map(|words| format!("the message lacks `{words}`: {said}")).collect()
}

/// Everything at the target that no run may ever leave behind.
pub(super) fn residue(cell: &Cell, scene: &Scene, row: &Row) -> Vec<String> {
    let mut wrong = scene.target.broken_tags();
    let tag = scene.target.tag_digest(&scene.to, "v1");
    let theirs = matches!(cell.fault, Wrong::Meanwhile(_)).then(theirs);
    let mut allowed = scene.allowed().into_iter().chain(&theirs);
    let image = allowed.find(|image| Some(&image.digest) == tag.as_ref());
    if !image.is_some_and(|image| scene.target.holds(&scene.to, "v1", image)) {
        wrong.push(format!("the tag is {tag:?}"));
    }
    // A registry that says that nothing refers to it is believed.
    let unsigned =
        matches!(cell.fault, Wrong::Status(404 | 405, _) | Wrong::Page) && cell.times == Times::Always;
    if matches!(row.outcome, Outcome::Copied(_)) && !unsigned && !scene.is_signed() {
        wrong.push("the image was copied without its signature".to_owned());
    }
    if matches!(row.outcome, Outcome::Copied(_)) && tag.as_ref() != row.digest.as_ref() {
        wrong.push("the row says copied, and the tag is something else".to_owned());
    }
    let expected: &[&str] =
        if cell.operation == Operation::Mount { &["mirror/app", "org/app"] } else { &["mirror/app"] };
    if scene.target.repositories() != expected || scene.target.tags(&scene.to) != ["v1"] {
        wrong.push("something else was written".to_owned());
    }
    wrong
}
