//! Hosts that cannot be reached.

use std::fmt::Write as _;

use super::{assert_all, outcomes, reason, tiny};
use crate::support::{FakeRegistry, Nobody, Run};

#[tokio::test]
async fn a_host_that_is_not_there_is_one_cause_for_all_its_lines_and_exit_3() {
    let (target, nobody) = (FakeRegistry::start().await, Nobody::new());
    let dead = nobody.host();
    let mut mapping = String::from("# owner: us\n");
    for number in 0..50 {
        writeln!(mapping, "{dead}/org/app:v{number} {}/mirror/app:v{number}", target.host()).unwrap();
    }
    let run = Run::new(["run", "--attempts", "2", "mapping_x"]).mapping("mapping_x", &mapping);
    let ran = run.run().await.exits(3);

    assert_all(&ran, 50, "unfinished");
    assert!(ran.rows().iter().all(|row| reason(row).contains(dead)), "{ran}");
    assert_eq!(ran.stdout.matches("error: ").count(), 1, "one cause is told once\n{ran}");
    assert_eq!(target.repositories(), Vec::<String>::new());
}

#[tokio::test]
async fn the_lines_of_other_hosts_are_mirrored_and_the_exit_is_1() {
    let (source, target, nobody) = (FakeRegistry::start().await, FakeRegistry::start().await, Nobody::new());
    source.put_image("org/app", "v1", &tiny(1));
    let mapping = format!(
        "# owner: us\n{0}/org/app:v1 {1}/mirror/app:v1\n{2}/org/app:v1 {1}/mirror/gone:v1\n{0}/org/app:v1 {2}/a/b:v1\n",
        source.host(),
        target.host(),
        nobody.host()
    );
    let run = Run::new(["run", "--attempts", "2", "mapping_x"]).mapping("mapping_x", &mapping);
    let ran = run.run().await.exits(1);

    assert_eq!(outcomes(&ran), [("copied".to_owned(), 1), ("unfinished".to_owned(), 2)].into(), "{ran}");
    assert!(target.holds("mirror/app", "v1", &tiny(1)));
}
