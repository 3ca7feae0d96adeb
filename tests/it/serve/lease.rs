//! The lease, with a clock that the test holds: when it cannot be renewed, no write starts after its time.

use std::sync::Arc;
use std::time::Duration;

use image_mirror::cluster::{self, Cluster, LeaseSettings};
use image_mirror::engine::{Options, Stop};
use image_mirror::imagestreams::{Inventory, Setup, serve};
use image_mirror::policy::Policies;
use image_mirror::registry::{self, Client, Credentials, WriteGate};
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::{CI, World};
use crate::imagestreams_run::everything;
use crate::support::cluster::Outage;
use crate::support::{FakeCluster, Image, Kind, writes};

const DURATION: Duration = Duration::from_secs(30);
/// When writes end: five seconds before the lease does.
const WRITES_END: Duration = Duration::from_secs(25);

/// Starts the service in this process.
async fn start(world: &World, api: &FakeCluster, stop: &Stop) -> JoinSet<usize> {
    let folder = tempfile::tempdir().unwrap();
    let cluster = Cluster::connect(&api.access(folder.path())).await.unwrap();
    let settings = LeaseSettings {
        namespace: "ci".to_owned(),
        name: "image-mirror".to_owned(),
        identity: "test".to_owned(),
        duration: DURATION,
    };
    let (standing, campaign) = cluster::lease(&cluster, settings);
    let setup = Setup {
        config: None,
        asked: everything(world.target.host()),
        inventory: Inventory::Cluster(cluster),
        options: Options { jobs: 4, visible_targets: true, ..Options::default() },
        policies: Policies::default(),
        interval: Duration::from_hours(1),
        allow_empty: false,
        standing: Some(standing.clone()),
    };
    let connect = Box::new(move || {
        let standing = standing.clone();
        let write_gate = Some(WriteGate::new(move || standing.may_write()));
        let options = registry::Options { write_gate, ..registry::Options::default() };
        Ok(Client::new(options, Credentials::anonymous(), Credentials::anonymous())?)
    });
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (stop, mut running) = (stop.clone(), JoinSet::new());
    let service =
        async move { Box::pin(serve(setup, connect, listener, Some(campaign), stop)).await.unwrap() };
    running.spawn(service);
    running
}

#[tokio::test(start_paused = true)]
async fn with_the_lease_api_cut_off_no_write_starts_after_its_time_and_running_copies_stop_before_their_tag()
{
    for outage in [Outage::Silent, Outage::Unavailable] {
        let (old, new) = (Image::example(1), Image::example(2));
        let mut world = World::start().await;
        world.target.put_image(CI, "ci_tool_v1", &old);
        world.offer("ci/tool:v1", &new);
        let api = Arc::new(FakeCluster::start().await);
        for (namespace, name, object) in world.streams.objects() {
            api.put(namespace, name, object);
        }
        // The copy has got to its blobs when the lease cannot be renewed any more.
        let gate = world.target.hold(Kind::PutBlob);
        let stop = Stop::default();
        let mut running = start(&world, &api, &stop).await;
        gate.arrived(1).await;
        api.lease_outage(Some(outage));
        let cut_off = Instant::now();
        tokio::time::sleep(WRITES_END + Duration::from_millis(1)).await;
        let before = world.target.count(writes());
        gate.release();
        tokio::time::sleep(Duration::from_mins(10)).await;

        assert!(cut_off.elapsed() > DURATION);
        assert_eq!(world.target.count(Kind::PutManifest), 0, "{outage:?}: neither a keep tag nor the tag");
        assert_eq!(world.target.count(writes()), before, "{outage:?}: no write started");
        assert_eq!(world.tag("ci_tool_v1"), Some(old.digest.clone()));

        // Once it can be renewed the work is taken up again.
        api.lease_outage(None);
        let mirrored = async {
            while !world.target.holds(CI, "ci_tool_v1", &new) {
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        };
        assert!(tokio::time::timeout(Duration::from_mins(10), mirrored).await.is_ok(), "{outage:?}");
        world.target.assert_tags_were_always_whole();
        stop.gently.cancel();
        assert_eq!(running.join_next().await.unwrap().unwrap(), 0);
    }
}
