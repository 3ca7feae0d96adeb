//! Stopped at each request in turn: the old image keeps a tag until the new one is there and verified.

use super::{CI, World};
use crate::support::{FakeRegistry, Image, Index, Stop};

fn is_named(registry: &FakeRegistry, image: &Image) -> bool {
    registry.tags(CI).iter().any(|tag| registry.holds(CI, tag, image))
}

#[tokio::test]
async fn stopped_at_each_request_the_old_image_stays_reachable_until_the_new_one_is_verified() {
    let old = Image::example(1);
    let new = Index::oci().child(&Image::example(2)).child(&Image::example(3)).build();
    for scheme in ["dated", "backup"] {
        let mut stopped = 0;
        loop {
            let mut world = World::start().await;
            world.target.put_image(CI, "ci_tool_v1", &old);
            world.offer("ci/tool:v1", &new);
            let stop = Stop::after(stopped);
            world.source.stop_with(&stop);
            world.target.stop_with(&stop);
            let words = ["--namespace", "ci", "--keep-tag", scheme, "--attempts", "1"];
            let ran = world.run(&words).run().await;
            assert!(
                is_named(&world.target, &old),
                "{scheme}, after {stopped} requests nothing names it: {ran}"
            );
            world.target.assert_tags_were_always_whole();
            let is_done = !stop.was_reached();
            assert!(ran.code == Some(0) || !is_done, "{ran}");

            world.source.resume();
            world.target.resume();
            world.run(&words).run().await.exits(0);
            assert!(world.target.holds(CI, "ci_tool_v1", &new), "{scheme}, mended after {stopped}");
            assert!(is_named(&world.target, &old), "{scheme}, mended after {stopped}");
            if is_done {
                break;
            }
            stopped += 1;
        }
        assert!(stopped > 12, "{scheme}: the run was stopped {stopped} times");
    }
}
