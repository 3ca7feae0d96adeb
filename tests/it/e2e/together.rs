//! Two runs of the same mapping at once, as two programs.

use super::{Guarded, assert_all, lines, put, reason};
use crate::support::{FakeRegistry, Fault, Image, Kind, Named, Run, fleet, on, writes};

/// A line, its source in a first version, and a registry that may leave digests out of its answers.
struct Scene {
    source: FakeRegistry,
    target: FakeRegistry,
    mapping: String,
}

impl Scene {
    async fn set(first: &Image) -> Self {
        let (source, target) = (FakeRegistry::start().await, FakeRegistry::start().await);
        source.put_image("org/app", "v1", first);
        let mapping = format!("# owner: us\n{}/org/app:v1 {}/mirror/app:v1\n", source.host(), target.host());
        Self { source, target, mapping }
    }

    fn run(&self) -> Run {
        Run::new(["run", "mapping_x"]).mapping("mapping_x", &self.mapping)
    }
}

#[tokio::test]
async fn two_runs_over_the_same_lines_end_with_every_tag_right_and_the_next_has_nothing_to_do() {
    let registries = Guarded::start().await;
    let images = fleet(20, 11);
    put(&registries.source, &images);
    let mapping = lines(&images, registries.source.host(), registries.target.host());
    let run = || registries.run(&["run", "mapping_x"], &mapping);
    // Both have looked at everything that they will write before either writes.
    let gate = registries.target.hold([Kind::PostMount, Kind::PostUpload]);
    let (one, other) = (run().start(), run().start());
    gate.arrived(2).await;
    gate.release();
    let (one, other) = tokio::join!(one.ended(), other.ended());

    for ran in [one.exits(0), other.exits(0)] {
        assert_eq!(ran.rows().len(), images.len(), "{ran}");
        assert!(ran.rows_that("failed").is_empty() && ran.rows_that("unfinished").is_empty(), "{ran}");
    }
    registries.target.assert_tags_were_always_whole();
    for Named { repository, tag, image } in &images {
        assert!(registries.target.holds(&format!("mirror/{repository}"), tag, image), "{repository}");
    }
    registries.clear_logs();
    assert_all(&run().run().await.exits(0), images.len(), "kept");
    assert_eq!(registries.target.count(writes()), 0);
}

#[tokio::test]
async fn a_run_that_is_a_moment_behind_writes_what_the_source_was_and_the_next_run_mends_it() {
    let (older, newer) = (Image::example(1), Image::example(2));
    let scene = Scene::set(&older).await;
    // Only the run that is behind reads the older image.
    let gate = scene.source.hold(on(Kind::GetBlob).reference(older.config().digest.as_str()));
    let behind = scene.run().start();
    gate.arrived(1).await;
    scene.source.put_image("org/app", "v1", &newer);
    let ahead = scene.run().run().await.exits(0).rows().remove(0);
    assert!(scene.target.holds("mirror/app", "v1", &newer));
    gate.release();
    let behind = behind.ended().await.exits(0).rows().remove(0);

    assert_eq!([&behind["digest"], &ahead["digest"]], [older.digest.as_str(), newer.digest.as_str()]);
    assert!(scene.target.holds("mirror/app", "v1", &older), "less than a minute after it was looked at");
    scene.target.assert_tags_were_always_whole();
    let mended = scene.run().run().await.exits(0);
    assert_eq!(mended.rows()[0]["previous"], older.digest.as_str(), "{mended}");
    assert!(scene.target.holds("mirror/app", "v1", &newer));
}

#[tokio::test]
async fn a_run_whose_tag_a_newer_run_moved_on_says_so_and_is_content() {
    let (older, newer) = (Image::example(1), Image::example(2));
    let scene = Scene::set(&older).await;
    let unsaid = || Fault::on(Kind::PutManifest).carried_out().status(201);
    scene.target.fault(unsaid().without_header("docker-content-digest"));
    let gate = scene.target.hold(Kind::HeadManifest);
    gate.let_through(1);
    let behind = scene.run().start();
    gate.arrived(2).await;
    // The older image is written and about to be looked at; a newer run comes and goes.
    scene.source.put_image("org/app", "v1", &newer);
    scene.target.put_image("mirror/app", "v1", &newer);
    gate.release();
    let ran = behind.ended().await.exits(0);

    let row = ran.rows().remove(0);
    assert_eq!(
        (&row["outcome"], &row["digest"]),
        (&"skipped".into(), &newer.digest.as_str().into()),
        "{row}"
    );
    assert_eq!(reason(&row), "someone else made it what the source is now");
    assert!(scene.target.holds("mirror/app", "v1", &newer));
    assert_eq!(scene.target.count(Kind::PutManifest), 1);
}

#[tokio::test]
async fn a_tag_that_someone_else_moves_is_named_with_both_digests_and_mended_by_the_next_run() {
    let (image, foreign) = (Image::example(1), Image::example(9));
    let scene = Scene::set(&image).await;
    let unsaid = Fault::on(Kind::PutManifest).carried_out().status(201);
    scene.target.fault(unsaid.without_header("docker-content-digest"));
    let gate = scene.target.hold(Kind::HeadManifest);
    gate.let_through(1);
    let running = scene.run().start();
    gate.arrived(2).await;
    scene.target.put_image("mirror/app", "v1", &foreign);
    gate.release();
    let ran = running.ended().await.exits(1);

    let row = ran.rows_that("failed").remove(0);
    assert_eq!((&row["stage"], &row["class"]), (&"verify".into(), &"transient".into()), "{row}");
    for said in [reason(&row), ran.stdout.as_str()] {
        assert!(said.contains(image.digest.as_str()) && said.contains(foreign.digest.as_str()), "{said}");
    }
    let mended = scene.run().run().await.exits(0);
    assert_eq!(mended.rows()[0]["previous"], foreign.digest.as_str(), "{mended}");
    assert!(scene.target.holds("mirror/app", "v1", &image));
}
