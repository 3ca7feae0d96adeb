//! An image that can never be mirrored costs the others nothing.

use super::{CI, Resident, World};
use crate::support::{Fault, Image, Kind, on};

#[tokio::test]
async fn a_poisoned_image_has_its_turn_and_delays_nobody() {
    let mut world = World::start().await;
    for number in 0..20 {
        world.offer(&format!("ci/tool:v{number:02}"), &Image::example(number));
    }
    let poisoned = on(Kind::PutManifest).reference("ci_tool_v00");
    world.target.fault(Fault::on(poisoned.clone()).always().status(400));
    let resident = Resident::start(&world, &["--all-namespaces", "--jobs", "1"]).await;
    // What is compared first is queued first, so its turn may be any of them.
    resident.until_measured("mirrored_total{outcome=\"failed\"} 1").await;
    resident.until_queued(1).await;

    assert_eq!(world.target.count(poisoned), 1, "it was tried once while the others had their turns");
    for number in 1..20 {
        let tag = format!("ci_tool_v{number:02}");
        assert_eq!(world.target.count(on(Kind::PutManifest).reference(&tag)), 1, "{tag}");
    }
    assert_eq!(world.tag("ci_tool_v00"), None);
    assert_eq!(
        resident.queue(9).await["mirrors"][0]["source_tag_ref"]["tag"],
        "v00",
        "and it is not forgotten"
    );
    let metrics = resident.ask("GET", "/metrics").await.body;
    for said in ["{outcome=\"copied\"} 19", "{outcome=\"failed\"} 1"] {
        assert!(metrics.contains(&format!("mirrored_total{said}")), "{metrics}");
    }
    let ran = resident.stopped().await.exits(0);
    assert!(ran.stderr.contains("ci_tool_v00"), "{ran}");
    assert_eq!(world.target.tags(CI).len(), 19 * 2 + 1, "its keep tag is there, and the tag itself is not");
}
