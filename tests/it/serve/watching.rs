//! With a cluster: changes are mirrored when they come, watches that break are taken up again, one instance writes.

use serde_json::json;

use super::{CI, Resident, World, until};
use crate::support::{FakeCluster, FakeRegistry, Fault, Image, Kind, Run, Which, any, on};

/// A cluster of which an API server tells, and the resident program over it.
struct Scene {
    world: World,
    api: FakeCluster,
}

impl Scene {
    async fn set() -> Self {
        let mut world = World::start().await;
        for (number, namespace) in [(1, "a"), (2, "b")] {
            world.offer(&format!("{namespace}/tool:v1"), &Image::example(number));
        }
        let api = FakeCluster::start().await;
        let scene = Self { world, api };
        scene.tell();
        scene
    }

    /// The API server has the ImageStreams as they are now.
    fn tell(&self) {
        for (namespace, name, object) in self.world.streams.objects() {
            self.api.put(namespace, name, object);
        }
    }

    /// The tag of an ImageStream moves, and the API server says so.
    fn moves(&mut self, istag: &str, image: &Image) {
        self.world.offer(istag, image);
        let (namespace, name, _) = crate::support::streams::istag(istag);
        let object = self.world.streams.objects().find(|(ns, stream, _)| (*ns, *stream) == (namespace, name));
        self.api.put(namespace, name, object.unwrap().2);
    }

    fn run(&self, words: &[&str]) -> Run {
        let to = format!("{}/{CI}", self.world.target.host());
        Run::new(["serve", "--kubeconfig", "kubeconfig", "--target-repository", &to])
            .args(words)
            .file("kubeconfig", self.api.kubeconfig())
    }

    async fn mirrored(&self, tag: &str, image: &Image) {
        until(tag, || self.world.target.holds(CI, tag, image)).await;
    }
}

fn puts_of(tag: &str) -> Which {
    on(Kind::PutManifest).reference(tag)
}

#[tokio::test]
async fn a_change_is_mirrored_when_it_comes_and_only_what_changed_is_looked_at() {
    let mut scene = Scene::set().await;
    let resident = Resident::of(scene.run(&["--namespace", "a,b"])).await;
    scene.mirrored("a_tool_v1", &Image::example(1)).await;
    scene.mirrored("b_tool_v1", &Image::example(2)).await;
    resident.until_queued(0).await;
    until("watches", || scene.api.watches().len() >= 2).await;
    scene.world.clear_logs();

    scene.moves("a/tool:v1", &Image::example(3));
    scene.mirrored("a_tool_v1", &Image::example(3)).await;
    scene.moves("a/new:v1", &Image::example(4));
    scene.mirrored("a_new_v1", &Image::example(4)).await;
    resident.until_queued(0).await;
    assert_eq!(scene.world.target.count(on(Kind::HeadManifest).reference("b_tool_v1")), 0);

    let ran = resident.stopped().await.exits(0);
    assert_eq!(
        scene.api.holder("ci", "image-mirror").unwrap_or_default(),
        "",
        "the lease was given up: {ran}"
    );
}

#[tokio::test]
async fn a_watch_that_breaks_is_taken_up_again_and_an_event_that_was_missed_is_not_lost() {
    let mut scene = Scene::set().await;
    let resident = Resident::of(scene.run(&["--all-namespaces"])).await;
    scene.mirrored("b_tool_v1", &Image::example(2)).await;
    until("a watch", || !scene.api.watches().is_empty()).await;

    scene.api.drop_watches();
    scene.api.forget_history();
    scene.moves("b/tool:v1", &Image::example(5));
    scene.mirrored("b_tool_v1", &Image::example(5)).await;

    // An object that is none stops neither the watch nor a look through everything.
    scene.api.put_raw("a", "broken", json!({"metadata": {"namespace": "a", "name": "broken"}, "status": 7}));
    scene.moves("a/tool:v1", &Image::example(6));
    scene.mirrored("a_tool_v1", &Image::example(6)).await;
    let ran = resident.stopped().await.exits(0);
    assert!(!ran.stderr.contains(FakeCluster::token()), "{ran}");
}

#[tokio::test]
async fn a_namespace_that_may_not_be_read_costs_the_others_nothing() {
    let scene = Scene::set().await;
    scene.api.deny(Some("a"));
    let resident = Resident::of(scene.run(&["--namespace", "a,b"])).await;
    scene.mirrored("b_tool_v1", &Image::example(2)).await;
    resident.until_queued(0).await;
    assert_eq!(scene.world.tag("a_tool_v1"), None);
    let metrics = resident.ask("GET", "/metrics").await.body;
    assert!(metrics.contains("passes_total{result=\"in_part\"} 1"), "{metrics}");
    let ran = resident.stopped().await.exits(0);
    assert!(ran.stderr.contains("imagestreams") && ran.stderr.contains("error:"), "{ran}");
}

#[tokio::test]
async fn of_two_instances_one_writes_and_the_other_is_ready_to() {
    let mut scene = Scene::set().await;
    let first = Resident::of(scene.run(&["--all-namespaces"])).await;
    scene.mirrored("b_tool_v1", &Image::example(2)).await;
    let holder = scene.api.holder("ci", "image-mirror").unwrap();
    let second = Resident::of(scene.run(&["--all-namespaces"])).await;
    until("the second looks at the lease", || {
        scene.api.requests().iter().filter(|request| request.path.contains("leases")).count() > 3
    })
    .await;
    assert_eq!(second.ask("GET", "/readyz").await.status, 200);
    assert!(second.ask("GET", "/metrics").await.body.contains("image_mirror_serve_leader 0"));

    scene.world.target.clear_log();
    scene.moves("a/tool:v1", &Image::example(7));
    scene.mirrored("a_tool_v1", &Image::example(7)).await;
    first.until_queued(0).await;
    assert_eq!(scene.world.target.count(puts_of("a_tool_v1")), 1, "one of them wrote it");
    assert_eq!(scene.api.holder("ci", "image-mirror"), Some(holder.clone()));

    // Whoever ends gives the lease up, and the other goes on.
    first.stopped().await.exits(0);
    until("the second holds the lease", || {
        scene.api.holder("ci", "image-mirror").is_some_and(|now| !now.is_empty() && now != holder)
    })
    .await;
    scene.moves("a/tool:v1", &Image::example(8));
    scene.mirrored("a_tool_v1", &Image::example(8)).await;
    second.stopped().await.exits(0);
    assert!(scene.world.source.count(any()) > 0);
}

/// Whether the API server was asked for one ImageStream.
fn was_asked_for(api: &FakeCluster, name: &str) -> bool {
    api.requests().iter().any(|request| request.path.ends_with(name))
}

#[tokio::test]
async fn a_list_that_grew_old_moves_no_tag_back() {
    let mut scene = Scene::set().await;
    let gate = scene.world.target.hold(on(Kind::HeadManifest).reference("a_tool_v1"));
    let resident = Resident::of(scene.run(&["--namespace", "a"])).await;
    gate.arrived(1).await;
    until("a watch", || !scene.api.watches().is_empty()).await;
    // A promotion writes the tag and the ImageStream while everything is looked through.
    scene.world.target.put_image(CI, "a_tool_v1", &Image::example(3));
    scene.moves("a/tool:v1", &Image::example(3));
    until("the change is looked at", || was_asked_for(&scene.api, "imagestreams/tool")).await;
    gate.release();
    resident.until_queued(0).await;
    resident.stopped().await.exits(0);
    assert_eq!(scene.world.target.count(puts_of("a_tool_v1")), 0, "back to the old image, and forth again");
}

#[tokio::test]
async fn many_changes_at_once_while_everything_is_looked_through_are_not_lost() {
    const MANY: usize = 300;
    let mut scene = Scene::set().await;
    let gate = scene.world.target.hold(on(Kind::HeadManifest).reference("a_tool_v1"));
    let resident = Resident::of(scene.run(&["--namespace", "a", "--lease", "none"])).await;
    gate.arrived(1).await;
    until("a watch", || !scene.api.watches().is_empty()).await;
    // The changes gather while one of them cannot be read.
    scene.api.fail_and_retry_after(429, 1);
    scene.moves("a/tool:v1", &Image::example(3));
    let reads =
        || scene.api.requests().iter().filter(|read| read.path.ends_with("imagestreams/tool")).count();
    until("the first change is looked at", || reads() == 1).await;
    for number in 0..MANY {
        scene.world.offer(&format!("a/s{number}:v1"), &Image::example(3));
    }
    scene.tell();
    until("it is looked at again", || reads() == 2).await;
    gate.release();
    for number in 0..MANY {
        scene.mirrored(&format!("a_s{number}_v1"), &Image::example(3)).await;
    }
    resident.until_queued(0).await;
    resident.stopped().await.exits(0);
}

#[tokio::test]
async fn a_tag_that_goes_back_while_its_image_is_copied_is_followed() {
    let mut scene = Scene::set().await;
    let resident = Resident::of(scene.run(&["--namespace", "a"])).await;
    scene.mirrored("a_tool_v1", &Image::example(1)).await;
    resident.until_queued(0).await;
    until("a watch", || !scene.api.watches().is_empty()).await;
    let gate = scene.world.target.hold(Kind::PutBlob);
    scene.moves("a/tool:v1", &Image::example(3));
    gate.arrived(1).await;
    scene.world.target.clear_log();
    scene.moves("a/tool:v1", &Image::example(1));
    let looks = on(Kind::HeadManifest).reference("a_tool_v1");
    until("the look", || scene.world.target.count(looks.clone()) > 0).await;
    gate.release();
    until("the tag was moved back", || {
        scene.world.target.count(puts_of("a_tool_v1")) == 2
            && scene.world.target.holds(CI, "a_tool_v1", &Image::example(1))
    })
    .await;
    resident.stopped().await.exits(0);
}

#[tokio::test]
async fn a_source_that_does_not_answer_delays_nobody() {
    let scene = Scene::set().await;
    let slow = FakeRegistry::start().await;
    let gate = slow.hold(Kind::HeadManifest);
    let config = format!("supplementalCIImages:\n  x/y:z: {{image: '{}/x/y:z'}}\n", slow.host());
    let run = scene.run(&["--namespace", "a", "--config", "_config.yaml"]).file("_config.yaml", config);
    let resident = Resident::of(run).await;
    gate.arrived(1).await;
    scene.mirrored("a_tool_v1", &Image::example(1)).await;
    gate.release();
    resident.running.kill().await;
}

#[tokio::test]
async fn what_is_odd_is_said_once_and_not_with_each_look() {
    let scene = Scene::set().await;
    let config = "ignoredSources:\n- image: registry.example.org/broken:v1\n";
    let words = ["--namespace", "a", "--config", "_config.yaml", "--interval", "10ms"];
    let resident = Resident::of(scene.run(&words).file("_config.yaml", config)).await;
    resident.until_measured("passes_total{result=\"complete\"} 3").await;
    let said = resident.stopped().await.exits(0).stderr;
    for odd in ["gives no reason", "matches nothing"] {
        assert_eq!(said.matches(odd).count(), 1, "{odd}: {said}");
    }
}

#[tokio::test]
async fn what_is_gone_leaves_the_queue_when_it_goes() {
    let scene = Scene::set().await;
    scene.api.deny(Some("b"));
    scene.world.target.fault(Fault::on(puts_of("a_tool_v1")).always().status(400));
    let resident = Resident::of(scene.run(&["--namespace", "a,b"])).await;
    resident.until_queued(1).await;
    until("a watch", || !scene.api.watches().is_empty()).await;
    scene.api.remove("a", "tool");
    resident.until_queued(0).await;
    resident.stopped().await.exits(0);
}

#[tokio::test]
async fn an_image_that_follows_another_is_mirrored_on_when_that_has_come() {
    let scene = Scene::set().await;
    let (cluster, proxy) = (scene.world.source.host(), scene.world.target.host());
    let image = Image::example(5);
    scene.world.source.put_image("org/tool", "v1", &image);
    let config = format!(
        "supplementalCIImages:\n  x/y:z: {{image: '{cluster}/org/tool:v1'}}\nqciToAppCIImages:\n  x/y:z: {{}}\n"
    );
    let words = ["--config", "_config.yaml", "--source-registry", cluster, "--proxy-host", proxy];
    let resident = Resident::of(scene.run(&words).file("_config.yaml", config)).await;
    until("the end of the chain", || scene.world.source.holds("x/y", "z", &image)).await;
    resident.stopped().await.exits(0);
}
