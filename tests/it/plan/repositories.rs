//! What `plan` asks for besides, and that it asks for nothing where nothing would move.

use super::{World, diff, made, plan};
use crate::support::{Fault, Index, Kind, Run};

#[tokio::test]
async fn a_new_repository_is_told_from_one_that_exists_and_from_one_that_is_hidden() {
    let world = World::start().await;
    for (name, seed) in [("one:1", 1), ("two:1", 2), ("three:1", 3)] {
        world.offer(name, "2026-01-02", seed);
    }
    world.target.put_image("t/there", "other", &made("2026-01-01", 9));
    world.target.fault(Fault::on(Kind::Tags).repository("t/hidden").status(403).always());
    let lines = [("one:1", "new:1"), ("two:1", "new:2"), ("two:1", "there:1"), ("three:1", "hidden:1")]
        .map(|(a, b)| world.line(a, b));
    let ran = plan(&["mapping_x"]).mapping("mapping_x", &lines.concat()).run().await;
    assert_eq!(ran.code, Some(0), "{ran}");
    insta::assert_snapshot!(diff(&world.shown(&ran.stdout)));
    let told: Vec<_> = ran.rows().iter().map(|row| row["repository"].clone()).collect();
    assert_eq!(told, ["new", "new", "exists", "untold"]);
    assert_eq!(world.target.count(Kind::Tags), 3, "once for each repository");
    assert!(!world.target.requests().iter().any(|request| request.kind.is_write()));
    assert!(world.target.repositories().iter().all(|name| name == "t/there"));
}

#[tokio::test]
async fn a_plan_with_nothing_to_move_costs_no_request_more_and_a_dry_run_never_does() {
    let world = World::start().await;
    let image = world.offer("one:1", "2026-01-02", 1);
    world.target.put_image("t/one", "1", &image);
    let ran = plan(&["mapping_x"]).mapping("mapping_x", &world.line("one:1", "one:1")).run().await;
    assert_eq!((ran.code, world.requests()), (Some(0), 2), "{ran}");

    let mut counts = Vec::new();
    for words in [vec!["plan"], vec!["run", "--dry-run"]] {
        world.target.put_image("t/one", "1", &made("2025-01-02", 7));
        world.source.clear_log();
        world.target.clear_log();
        let run = Run::new(words).args(["mapping_x"]).mapping("mapping_x", &world.line("one:1", "one:1"));
        let ran = run.run().await;
        counts.push((world.requests(), ran.stdout.contains("2025-01-02 → 2026-01-02")));
    }
    assert_eq!(counts, [(6, true), (4, false)], "a config of each side");
}

#[tokio::test]
async fn dates_of_indexes_cost_two_requests_more_and_a_config_that_cannot_be_read_is_a_date_that_is_not_known()
 {
    let world = World::start().await;
    let index =
        |day: &str, seed: u64| Index::oci().child(&made(day, seed)).child(&made(day, seed + 1)).build();
    let (old, new) = (index("2026-03-01", 10), index("2026-11-20", 20));
    let mut counts = Vec::new();
    for words in [vec!["run", "--dry-run"], vec!["plan"]] {
        world.source.put_image("a/app", "1", &new);
        world.target.put_image("t/app", "1", &old);
        world.source.clear_log();
        world.target.clear_log();
        let run = Run::new(words).args(["mapping_x"]).mapping("mapping_x", &world.line("app:1", "app:1"));
        let ran = run.run().await;
        counts.push(world.requests());
        assert_eq!(ran.stdout.contains("made 2026-03-01 → 2026-11-20"), counts.len() == 2, "{ran}");
    }
    assert_eq!(counts[1], counts[0] + 2, "{counts:?}");

    world.source.fault(Fault::on(Kind::GetBlob).status(404).always());
    let ran = plan(&["mapping_x"]).mapping("mapping_x", &world.line("app:1", "app:1")).run().await;
    assert_eq!(ran.code, Some(0), "{ran}");
    assert!(ran.stdout.contains("made 2026-03-01 → unknown"), "{ran}");
    assert!(ran.rows()[0].get("created").is_none(), "{ran}");
}
