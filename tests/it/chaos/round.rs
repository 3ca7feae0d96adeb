//! One round: two runs of the same mapping at once, killed and started again, while the world changes.

use fastrand::Rng;

use super::checks::Checks;
use super::lines::Side;
use super::weather::Weather;
use super::world::{Program, World};
use crate::support::Ran;

/// How hard the rounds are.
#[derive(Debug, Clone, Copy)]
pub(super) struct Hardship {
    /// Lines of the mapping.
    pub(super) lines: usize,
    /// Rounds.
    pub(super) rounds: usize,
    /// How often each of the two is killed in a round, unless it ends before.
    pub(super) kills: usize,
}

/// Something that happens to the world.
#[derive(Debug, Clone, Copy)]
enum Event {
    /// A source tag gets a new version.
    Push(usize),
    /// Somebody else writes to a target.
    WriteByHand(usize),
    /// An administrator removes the repository of a target.
    Remove(usize),
    /// What no tag needs is removed, uploads under way too.
    CollectGarbage,
    /// A registry starts again and has forgotten uploads.
    Restart(Side),
    /// All tokens end.
    Revoke,
    /// Everything is looked at.
    Look,
}

/// Between rounds, while nobody runs.
pub(super) fn change(world: &mut World, rng: &mut Rng) {
    let count = world.lines.len();
    for _ in 0..count.div_ceil(12) {
        world.move_source(rng.usize(0..count));
    }
    world.write_by_hand(rng.usize(0..count));
    world.remove_repository(rng.usize(0..count));
    if rng.u8(0..4) == 0 {
        for side in [Side::Source, Side::Trusting, Side::Strict] {
            world.registry(side).collect_garbage();
        }
    }
}

/// Two runs at once, each killed and started again as often as it is to be; how all of them ended.
pub(super) async fn round(
    world: &mut World,
    weather: &Weather,
    checks: &mut Checks,
    hardship: Hardship,
    rng: &mut Rng,
) -> Vec<Ran> {
    let program = world.program();
    let events = events(world, rng);
    let (one, other) = (rng.fork(), rng.fork());
    weather.turn(true);
    let runs = async {
        let (mut ended, others) =
            tokio::join!(again(&program, weather, hardship, one), again(&program, weather, hardship, other));
        ended.extend(others);
        ended
    };
    let ended = tokio::select! {
        ended = runs => ended,
        never = happen(world, weather, checks, events) => never,
    };
    weather.turn(false);
    checks.look_back(world);
    ended
}

/// Requests that a run makes where there is nothing to do, about.
fn requests(lines: usize) -> u64 {
    lines as u64 * 2
}

/// Starts the program, kills it at the request that chance says, and starts it again; the last time it may end.
async fn again(program: &Program, weather: &Weather, hardship: Hardship, mut rng: Rng) -> Vec<Ran> {
    let mut ended = Vec::new();
    for _ in 0..hardship.kills {
        let (at, in_upload) = (weather.seen() + rng.u64(1..requests(hardship.lines) * 2), rng.bool());
        let moment = async {
            weather.seen_by(at).await;
            if in_upload {
                weather.next_upload().await;
            }
        };
        ended.push(program.start().killed_when(moment).await);
    }
    ended.push(program.start().ended().await);
    ended
}

/// What happens in a round, and at which of its requests.
fn events(world: &World, rng: &mut Rng) -> Vec<(u64, Event)> {
    let count = world.lines.len();
    let mut events = vec![Event::Revoke, Event::CollectGarbage, Event::Look, Event::Look, Event::Look];
    events.extend((0..count.div_ceil(25)).map(|_| Event::Push(rng.usize(0..count))));
    events.extend([Event::WriteByHand(rng.usize(0..count)), Event::WriteByHand(rng.usize(0..count))]);
    events.extend([Event::Restart(Side::Trusting), Event::Restart(Side::Strict)]);
    let line = rng.usize(0..count);
    // Who takes manifests in unseen cannot be kept whole by anybody while its administrator removes blobs.
    if world.lines[line].targets[0].side == Side::Strict {
        events.push(Event::Remove(line));
    }
    let mut events: Vec<_> =
        events.into_iter().map(|event| (rng.u64(1..requests(count) * 6), event)).collect();
    events.sort_by_key(|(at, _)| *at);
    events
}

async fn happen(
    world: &mut World,
    weather: &Weather,
    checks: &mut Checks,
    events: Vec<(u64, Event)>,
) -> Vec<Ran> {
    let begun = weather.seen();
    for (at, event) in events {
        weather.seen_by(begun + at).await;
        match event {
            Event::Push(line) => world.move_source(line),
            Event::WriteByHand(line) => world.write_by_hand(line),
            Event::Remove(line) => world.remove_repository(line),
            Event::CollectGarbage => world.registry(Side::Strict).collect_garbage(),
            Event::Restart(side) => world.registry(side).forget_uploads(),
            Event::Revoke => world.tokens.revoke_all(),
            Event::Look => checks.look(world),
        }
    }
    std::future::pending().await
}
