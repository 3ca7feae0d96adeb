//! The budget: what each scenario of the benchmark may cost, request by request and byte by byte.
//!
//! [`BUDGET`] is the one place that says so. A change that saves a request, or needs one more, changes a
//! number there, on purpose. All of it runs behind token services; the images are as many as in the
//! benchmark, and as small as can be.

use std::collections::BTreeSet;

use super::set::{Set, Shape};
use super::{Guarded, assert_all, outcomes};
use crate::support::{FakeRegistry, Kind, Ran, Request, TokenServer};

/// Requests by kind, in the order of the table's head. The one request of each registry that was answered
/// with its challenge is not among them.
type Counts = [usize; 8];

#[derive(Debug, PartialEq)]
struct Cost {
    scenario: &'static str,
    source: Counts,
    target: Counts,
    /// Bytes of blobs from the source, and to the target.
    bytes: [u64; 2],
    /// Tokens of the source, and of the target. Where something is written the second is a limit, since
    /// how much is known to be written when the first write is due hangs on time; all else is exact.
    tokens: [usize; 2],
}

#[rustfmt::skip]
const BUDGET: [Cost; 6] = [
    //                       manifest         blob            blob manifest
    //                 HEAD   GET   GET  HEAD  POST   PUT   PUT other
    Cost { scenario: "A cold",
             source: [ 200,  360, 1185,    0,    0,    0,    0,    0],
             target: [ 200,    0,    0,    0, 1526, 1185,  360,    0],
             bytes: [693_694, 693_694], tokens: [3, 10] },
    Cost { scenario: "B no-op",
             source: [ 200,    0,    0,    0,    0,    0,    0,    0],
             target: [ 200,    0,    0,    0,    0,    0,    0,    0],
             bytes: [0, 0], tokens: [3, 3] },
    Cost { scenario: "C 5 % changed",
             source: [ 200,   26,   78,    0,    0,    0,    0,    0],
             target: [ 200,   26,    0,    0,   79,   78,   26,    0],
             bytes: [47_539, 47_539], tokens: [3, 8] },
    // One registry is both.
    Cost { scenario: "D same registry",
             source: [   0,    0,    0,    0,    0,    0,    0,    0],
             target: [ 400,  360,    0,    0, 1525,    0,  360,    0],
             bytes: [0, 0], tokens: [0, 10] },
    Cost { scenario: "E 2,000 lines, no-op",
             source: [2000,    0,    0,    0,    0,    0,    0,    0],
             target: [2000,    0,    0,    0,    0,    0,    0,    0],
             bytes: [0, 0], tokens: [10, 10] },
    Cost { scenario: "F one repository, no-op",
             source: [ 200,    0,    0,    0,    0,    0,    0,    0],
             target: [ 200,    0,    0,    0,    0,    0,    0,    0],
             bytes: [0, 0], tokens: [1, 1] },
];

/// 200 tags of 50 repositories.
const MAIN: Shape = Shape { repositories: 50, tags: 4, base: (64, 1024), own: Some((64, 1024)) };
/// 2,000 tags of 200 repositories, never read.
const MANY: Shape = Shape { repositories: 200, tags: 10, base: (16, 64), own: None };
/// 200 tags of one repository.
const ONE: Shape = Shape { repositories: 1, tags: 200, base: (16, 64), own: None };
/// One tag in so many changes: 5 %.
const STEP: usize = 20;
const SEED: u64 = 1;

#[tokio::test]
async fn two_hundred_tags_of_fifty_repositories_cost_what_the_budget_says_cold_unchanged_and_changed() {
    let registries = Guarded::start().await;
    let set = Set::generate(MAIN, SEED);
    fill(&registries.source, &set);
    let mapping = set.mapping(registries.source.host(), registries.target.host());
    let ran = assert_budget("A cold", &registries, &mapping).await;
    assert_all(&ran, 200, "copied");
    let ran = assert_budget("B no-op", &registries, &mapping).await;
    assert_all(&ran, 200, "kept");
    let (after, new) = set.changed(MAIN, SEED + 1, STEP);
    fill(&registries.source, &new);
    let ran = assert_budget("C 5 % changed", &registries, &mapping).await;
    assert_eq!(outcomes(&ran), [("copied".to_owned(), 10), ("kept".to_owned(), 190)].into(), "{ran}");
    for line in &after.lines {
        assert!(registries.target.holds(&line.repository, &line.tag, &line.image), "{}", line.repository);
    }
    registries.target.assert_tags_were_always_whole();
}

#[tokio::test]
async fn a_copy_within_one_registry_costs_what_the_budget_says_and_moves_no_layer() {
    let registries = Guarded::start().await;
    let set = Set::generate(MAIN, SEED);
    fill(&registries.target, &set);
    let host = registries.target.host();
    let mapping = set.mapping(host, &format!("{host}/new"));
    let ran = assert_budget("D same registry", &registries, &mapping).await;
    assert_all(&ran, 200, "copied");
    for line in &set.lines {
        let repository = format!("new/{}", line.repository);
        assert!(registries.target.holds(&repository, &line.tag, &line.image), "{repository}");
    }
    // Once it is seen to work, blobs come from the source, and nobody waits for the first who brings one.
    let mounts = registries.target.requests_on(Kind::PostMount);
    let own = |mount: &&Request| {
        let from = mount.query.get("from").map(|from| format!("new/{from}"));
        from.is_some() && from == mount.repository
    };
    let from_source = mounts.iter().filter(own).count();
    assert!(from_source * 10 > mounts.len() * 9, "{from_source} of {}", mounts.len());
}

#[tokio::test]
async fn lines_with_nothing_to_do_cost_what_the_budget_says_in_many_repositories_and_in_one() {
    for (scenario, shape) in [("E 2,000 lines, no-op", MANY), ("F one repository, no-op", ONE)] {
        let registries = Guarded::start().await;
        let set = Set::generate(shape, SEED);
        fill(&registries.source, &set);
        fill(&registries.target, &set);
        let mapping = set.mapping(registries.source.host(), registries.target.host());
        let ran = assert_budget(scenario, &registries, &mapping).await;
        assert_all(&ran, set.lines.len(), "kept");
    }
}

fn fill(registry: &FakeRegistry, set: &Set) {
    for line in &set.lines {
        registry.put_image(&line.repository, &line.tag, &line.image);
    }
}

/// Runs the program and holds what was seen on the wire against the budget.
async fn assert_budget(scenario: &str, registries: &Guarded, mapping: &str) -> Ran {
    registries.clear_logs();
    let mapping = format!("# owner: us\n{mapping}");
    let ran = registries.run(&["run", "mapping_x"], &mapping).run().await.exits(0);
    let mut budget = BUDGET.into_iter().find(|cost| cost.scenario == scenario).unwrap();
    let found = Cost::of(budget.scenario, registries);
    let figure = mapping.lines().count() / 20 + 2;
    if found.writes() {
        assert!(budget.tokens[1] <= 2 * figure && found.tokens[1] <= budget.tokens[1], "{found:?}");
        budget.tokens[1] = found.tokens[1];
    }
    assert_eq!(found, budget, "what it cost, and the budget\n{ran}");
    assert!(found.writes() || found.tokens.iter().all(|tokens| *tokens <= figure), "{found:?}");
    assert_refused_once(registries);
    assert_eq!(asked_to_push(&registries.source_tokens), BTreeSet::new());
    let written = registries.target.requests_on(Kind::PutManifest);
    let written: BTreeSet<_> = written.into_iter().filter_map(|request| request.repository).collect();
    assert_eq!(asked_to_push(&registries.target_tokens), written, "the right to write, and what was written");
    ran
}

/// A registry says once that it wants a token, and never that it wants another.
fn assert_refused_once(registries: &Guarded) {
    for registry in [&registries.source, &registries.target] {
        let refused: Vec<_> =
            registry.requests().into_iter().filter(|request| request.status == Some(401)).collect();
        assert!(refused.len() <= 1 && !refused.iter().any(Request::is_authorized), "{refused:?}");
    }
}

fn asked_to_push(tokens: &TokenServer) -> BTreeSet<String> {
    let scopes = tokens.requests().into_iter().flat_map(|request| request.scopes);
    let name =
        |scope: String| Some(scope.strip_suffix(":pull,push")?.strip_prefix("repository:")?.to_owned());
    scopes.filter_map(name).collect()
}

impl Cost {
    fn of(scenario: &'static str, registries: &Guarded) -> Self {
        let Guarded { source, target, source_tokens, target_tokens } = registries;
        let read = source.requests_on(Kind::GetBlob).iter().map(|request| request.sent).sum();
        let sent = target.requests_on(Kind::PutBlob).iter().map(|request| request.received).sum();
        Self {
            scenario,
            source: counts(source),
            target: counts(target),
            bytes: [read, sent],
            tokens: [source_tokens.count(), target_tokens.count()],
        }
    }

    fn writes(&self) -> bool {
        self.target[4..].iter().any(|count| *count > 0)
    }
}

fn counts(registry: &FakeRegistry) -> Counts {
    let mut counts = Counts::default();
    for request in registry.requests().iter().filter(|request| request.status != Some(401)) {
        let at = match request.kind {
            Kind::HeadManifest => 0,
            Kind::GetManifest => 1,
            Kind::GetBlob => 2,
            Kind::HeadBlob => 3,
            Kind::PostUpload | Kind::PostMount => 4,
            Kind::PutBlob => 5,
            Kind::PutManifest => 6,
            _ => 7,
        };
        counts[at] += 1;
    }
    counts
}
