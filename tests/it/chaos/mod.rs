//! Everything goes wrong at once, for long: faults on a tenth of all requests, two runs of the same mapping at a time,
//! both killed and started again, tags that move at both ends, repositories and uploads that vanish.
//!
//! At every write of a tag, at sampled moments and after every round each target tag must be whole, must be what some
//! source of its line was or what somebody else wrote there, and must not be lost. Once faults stop, one run makes
//! everything as desired and the next finds nothing to do.
//!
//! The suite runs it small. `make chaos` runs it at full size: `SEED`, `ROUNDS`, `LINES` and `KILLS` change it.

mod checks;
mod lines;
mod round;
mod tally;
mod weather;
mod world;

use std::sync::Arc;

use fastrand::Rng;

use checks::Checks;
use round::{Hardship, change, round};
use tally::{Figures, Tally};
use weather::Weather;
use world::World;

use crate::support::writes;

/// Of all requests.
const ODDS: f64 = 0.1;
const SEED: u64 = 20_261_120;

/// All rounds, then the end. Gives back what is to be printed, and panics with it when anything was wrong.
async fn chaos(hardship: Hardship, seed: u64, say: impl Fn(&str)) -> (usize, usize) {
    let (weather, mut rng) = (Arc::new(Weather::new(seed, ODDS)), Rng::with_seed(seed));
    let mut world = World::new(hardship.lines, seed, &weather).await;
    let (mut checks, mut tally) = (Checks::default(), Tally::default());
    let entries = world.program().entries();
    for number in 1..=hardship.rounds {
        change(&mut world, &mut rng);
        let ended = round(&mut world, &weather, &mut checks, hardship, &mut rng).await;
        for ran in &ended {
            tally.add(ran, entries);
        }
        tally.cut_uploads += world.cut_uploads();
        world.clear_logs();
        say(&format!(
            "round {number} of {}: {} requests, {} faults, {} kills so far, {} wrong",
            hardship.rounds,
            weather.seen(),
            weather.counts().values().sum::<usize>(),
            tally.kills(),
            checks.wrong.len() + tally.wrong.len(),
        ));
    }
    converge(&mut world, &mut checks, &mut tally).await;
    let figures =
        Figures { requests: weather.seen(), faults: &weather.counts(), tally: &tally, checks: &checks };
    say(&figures.to_string());
    assert!(checks.wrong.is_empty() && tally.wrong.is_empty(), "with SEED={seed}:\n{figures}");
    (weather.counts().values().sum(), tally.kills())
}

/// In good weather one run is enough, and the next has nothing to do.
async fn converge(world: &mut World, checks: &mut Checks, tally: &mut Tally) {
    for outcome in ["", "kept"] {
        let ran = world.program().start().ended().await.exits(0);
        tally.add(&ran, world.program().entries());
        checks.look_back(world);
        checks.converged(world);
        if outcome == "kept" {
            assert_eq!(ran.rows_that("kept").len(), world.targets(), "{ran}");
            for side in [lines::Side::Trusting, lines::Side::Strict] {
                assert_eq!(world.registry(side).count(writes()), 0, "a run with nothing to do wrote");
            }
        }
        world.clear_logs();
    }
}

#[tokio::test]
async fn after_faults_kills_and_moves_every_tag_is_whole_and_right_and_runs_converge() {
    let hardship = Hardship { lines: 30, rounds: 3, kills: 2 };
    let (faults, kills) = chaos(hardship, SEED, |_| {}).await;
    assert!(faults > 50 && kills > 4, "only {faults} faults and {kills} kills");
}

#[expect(clippy::disallowed_methods, reason = "the program's settings are not meant")]
fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name)
        .map_or(default, |text| text.parse().unwrap_or_else(|_| panic!("{name}={text} is no number")))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "minutes: make chaos"]
#[expect(clippy::print_stdout, reason = "its figures are what it is run for")]
async fn the_whole_of_it() {
    let seed = setting("SEED", SEED);
    let of = |name, default| usize::try_from(setting(name, default)).expect("a small number");
    let hardship = Hardship { lines: of("LINES", 500), rounds: of("ROUNDS", 35), kills: of("KILLS", 3) };
    println!("SEED={seed} {hardship:?}");
    let (faults, kills) = chaos(hardship, seed, |line| println!("{line}")).await;
    let is_default = hardship.lines >= 500 && hardship.rounds >= 35 && hardship.kills >= 3;
    assert!(!is_default || (faults >= 10_000 && kills >= 200), "only {faults} faults and {kills} kills");
}
