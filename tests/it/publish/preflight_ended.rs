//! No program that was started is left behind, however a run ends.

use image_mirror::error::Chain;
use image_mirror::publish::Fault;
use serde_json::json;

use super::stand_in::{StandIn, mode};

#[tokio::test]
async fn one_that_hangs_is_killed_with_what_it_started_and_gave_no_verdict() {
    // 19.45. The second one hangs when all is written and submitted: what else it would have done is not known.
    for name in ["hang", "hang-after"] {
        let stand_in = StandIn::new(&mode("pass"));
        let mut pipe = stand_in.pipe();
        stand_in.steer(&json!({ "mode": name, "pipe": pipe.path }));
        let (preflight, check) = (stand_in.preflight(), stand_in.check());
        let paused = async {
            pipe.here().await;
            // From here on nothing is waited for on the clock.
            tokio::time::pause();
        };
        let (checked, ()) = tokio::join!(preflight.check(&check), paused);
        pipe.gone().await;
        tokio::time::resume();
        let Err(Fault::Untold(failure)) = checked else { panic!("{checked:?}") };
        let said = Chain(&failure).to_string();
        assert!(said.contains("still running after 10m"), "{said}");
        assert!(stand_in.state().join("preflight-1/logs/all/stderr.log").exists(), "what it wrote is kept");
    }
}

#[tokio::test]
async fn nobody_waits_for_it_any_more_and_it_is_killed_with_what_it_started() {
    let stand_in = StandIn::new(&mode("pass"));
    let mut pipe = stand_in.pipe();
    stand_in.steer(&json!({ "mode": "hang", "pipe": pipe.path, "leak": true }));
    let (preflight, check) = (stand_in.preflight(), stand_in.check());
    tokio::select! {
        checked = preflight.check(&check) => panic!("{checked:?}"),
        () = pipe.here() => {}
    }
    pipe.gone().await;
    super::preflight_secrets::assert_none_in(&stand_in.state());
}

#[tokio::test]
async fn what_it_leaves_behind_when_it_ends_is_killed() {
    let stand_in = StandIn::new(&mode("pass"));
    let pipe = stand_in.pipe();
    stand_in.steer(&json!({ "mode": "pass", "leaves": true, "pipe": pipe.path }));
    let checked = stand_in.preflight().check(&stand_in.check()).await.unwrap();
    pipe.gone().await;
    checked.verdict().unwrap();
    assert_eq!(checked.warnings, Vec::<String>::new());
}
