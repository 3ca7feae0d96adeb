//! The program killed while a request is under way, and run again.

use super::assert_all;
use crate::support::{FakeRegistry, Image, Index, Run, any};

/// Two entries: one whose tag moves, and a new index of two platforms.
struct Scene {
    source: FakeRegistry,
    target: FakeRegistry,
    old: Image,
    single: Image,
    index: Image,
}

impl Scene {
    async fn set() -> Self {
        let single = Image::oci().layer_of(700, 50).layer_of(300, 1).build();
        let old = Image::oci().layer_of(700, 50).layer_of(200, 2).build();
        let arm = Image::docker().platform("linux/arm64").layer_of(700, 50).layer_of(90, 3).build();
        let index = Index::oci().child(&single).child(&arm).build();
        let (source, target) = (FakeRegistry::start().await, FakeRegistry::start().await);
        source.put_image("org/single", "v1", &single);
        source.put_image("org/multi", "v1", &index);
        target.put_image("mirror/single", "v1", &old);
        Self { source, target, old, single, index }
    }

    fn run(&self) -> Run {
        let (from, to) = (self.source.host(), self.target.host());
        let lines = format!(
            "# owner: us\n{from}/org/single:v1 {to}/mirror/single:v1\n{from}/org/multi:v1 {to}/mirror/multi:v1\n"
        );
        Run::new(["run", "mapping_x"]).mapping("mapping_x", &lines)
    }

    fn assert_whole(&self, killed_at: &str) {
        self.target.assert_tags_were_always_whole();
        let single = self.target.tag_digest("mirror/single", "v1").unwrap();
        assert!([&self.old.digest, &self.single.digest].contains(&&single), "{killed_at}");
        let multi = self.target.tag_digest("mirror/multi", "v1");
        assert!(multi.is_none_or(|multi| multi == self.index.digest), "{killed_at}");
    }

    async fn run_again(&self, killed_at: &str) {
        let ran = self.run().run().await.exits(0);
        assert!(self.target.holds("mirror/single", "v1", &self.single), "{killed_at}: {ran}");
        assert!(self.target.holds("mirror/multi", "v1", &self.index), "{killed_at}: {ran}");
        self.target.assert_tags_were_always_whole();
    }
}

#[tokio::test]
async fn killed_in_the_middle_and_run_again_every_tag_is_always_whole() {
    let whole = Scene::set().await;
    assert_all(&whole.run().run().await.exits(0), 2, "copied");
    let (at_source, at_target) = (whole.source.count(any()), whole.target.count(any()));
    assert!(at_target > 15, "only {at_target} requests to be killed at");

    // Orders vary from run to run, and with them the number of requests: a run may end before its last moment.
    let mut killed = 0;
    for let_through in (0..at_target).step_by(2) {
        let scene = Scene::set().await;
        let gate = scene.target.hold(any());
        gate.let_through(let_through);
        killed += usize::from(scene.run().start().kill_when(gate.arrived(let_through + 1)).await);
        gate.release();
        let killed_at = format!("killed at request {let_through} to the target");
        scene.assert_whole(&killed_at);
        scene.run_again(&killed_at).await;
    }
    for let_through in (0..at_source).step_by(3) {
        let scene = Scene::set().await;
        let gate = scene.source.hold(any());
        gate.let_through(let_through);
        killed += usize::from(scene.run().start().kill_when(gate.arrived(let_through + 1)).await);
        gate.release();
        let killed_at = format!("killed at request {let_through} to the source");
        scene.assert_whole(&killed_at);
        scene.run_again(&killed_at).await;
    }
    let moments = at_target.div_ceil(2) + at_source.div_ceil(3);
    assert!(killed + 4 >= moments, "killed at {killed} of {moments} moments");
}
