//! What lists of tags with digests save, at registries that have them. `make bench-listing` prints the table.

use std::fmt::Write as _;

use super::{assert_all, tiny};
use crate::support::{FakeRegistry, Image, Kind, QuayApi, Ran, Run, any};

/// Where the tags that are wanted stand in the list.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Where {
    First,
    Spread,
    Last,
}

/// A repository with so many tags of which so many are wanted; pages and HEADs that this takes at each side.
struct Figure {
    tags: usize,
    wanted: usize,
    place: Where,
    pages: usize,
    heads: usize,
}

const fn figure(tags: usize, wanted: usize, place: Where, pages: usize, heads: usize) -> Figure {
    Figure { tags, wanted, place, pages, heads }
}

const FIGURES: [Figure; 14] = [
    figure(200, 200, Where::First, 2, 0),
    figure(500, 10, Where::First, 1, 0),
    figure(500, 10, Where::Spread, 4, 2),
    figure(500, 10, Where::Last, 1, 10),
    figure(500, 200, Where::First, 2, 0),
    figure(500, 200, Where::Spread, 4, 0),
    figure(500, 200, Where::Last, 5, 0),
    figure(20_000, 10, Where::First, 1, 0),
    figure(20_000, 10, Where::Spread, 2, 9),
    figure(20_000, 200, Where::First, 2, 0),
    figure(20_000, 200, Where::Spread, 100, 100),
    figure(20_000, 200, Where::Last, 11, 200),
    figure(20_000, 2_000, Where::First, 20, 0),
    figure(20_000, 2_000, Where::Spread, 182, 180),
];

impl Figure {
    fn numbers(&self) -> impl Iterator<Item = usize> {
        let (first, step) = match self.place {
            Where::First => (0, 1),
            Where::Spread => (0, self.tags / self.wanted),
            Where::Last => (self.tags - self.wanted, 1),
        };
        (0..self.wanted).map(move |number| first + number * step)
    }

    fn mapping(&self, source: &FakeRegistry, target: &FakeRegistry) -> String {
        let mut text = String::from("# owner: us\n");
        for number in self.numbers() {
            let name = format!("org/app-{}:v{number:05}", self.tags);
            writeln!(text, "{}/{name} {}/{name}", source.host(), target.host()).unwrap();
        }
        text
    }
}

/// A registry with a repository of each of these sizes.
async fn registry(image: &Image, sizes: &[usize]) -> FakeRegistry {
    let registry = FakeRegistry::builder().quay_api(QuayApi::Open).start().await;
    for &tags in sizes {
        for number in 0..tags {
            registry.put_image(&format!("org/app-{tags}"), &format!("v{number:05}"), image);
        }
    }
    registry
}

async fn run(mapping: &str, quays: &[&FakeRegistry]) -> Ran {
    let flags = quays.iter().flat_map(|registry| ["--quay", registry.host()]);
    Run::new(["run"]).args(flags).args(["mapping_x"]).mapping("mapping_x", mapping).run().await.exits(0)
}

#[tokio::test]
async fn lists_answer_for_many_tags_and_never_cost_much_more_than_a_look_at_each() {
    let image = tiny(1);
    let sizes = [200, 500, 20_000];
    let (source, target) = (registry(&image, &sizes).await, registry(&image, &sizes).await);
    let mut table = String::from(HEAD);
    for figure in FIGURES {
        let ran = run(&figure.mapping(&source, &target), &[&source, &target]).await;
        assert_all(&ran, figure.wanted, "kept");
        let expected = [figure.pages, figure.heads, figure.pages + figure.heads];
        for registry in [&source, &target] {
            assert_eq!(counts(registry), expected, "{} of {}", figure.wanted, figure.tags);
            registry.clear_log();
        }
        assert!(expected[2] <= figure.wanted + figure.wanted / 20 + 1, "lists that cost more than they save");
        writeln!(table, "{figure}").unwrap();
    }
    tell(&table);
}

#[tokio::test]
async fn one_repository_costs_little_more_than_one_request_a_line_where_one_side_lists() {
    let image = tiny(1);
    let (source, target) = (registry(&image, &[200]).await, registry(&image, &[200]).await);
    let mapping = FIGURES[0].mapping(&source, &target);
    for (quay, other) in [(&source, &target), (&target, &source)] {
        assert_all(&run(&mapping, &[quay]).await, 200, "kept");
        assert_eq!((counts(quay), counts(other)), ([2, 0, 2], [0, 200, 200]));
        quay.clear_log();
        other.clear_log();
    }
    // Nobody named them: a registry is not asked for what it may not have.
    assert_all(&run(&mapping, &[]).await, 200, "kept");
    assert_eq!((counts(&source), counts(&target)), ([0, 200, 200], [0, 200, 200]));
}

#[tokio::test]
async fn of_many_repositories_each_is_a_page_that_has_eight_tags_or_more() {
    let image = tiny(1);
    let (source, target) = (registry(&image, &[]).await, registry(&image, &[]).await);
    let mut mapping = String::from("# owner: us\n");
    for repository in 0..11 {
        let tags = if repository == 0 { 7 } else { 10 };
        for (number, end) in (0..tags).flat_map(|number| [(number, &source), (number, &target)]) {
            end.put_image(&format!("org/app-{repository}"), &format!("v{number}"), &image);
        }
        for number in 0..tags {
            let name = format!("org/app-{repository}:v{number}");
            writeln!(mapping, "{}/{name} {}/{name}", source.host(), target.host()).unwrap();
        }
    }
    assert_all(&run(&mapping, &[&source, &target]).await, 107, "kept");
    assert_eq!((counts(&source), counts(&target)), ([10, 7, 17], [10, 7, 17]));
}

/// Pages, HEADs, and all requests.
fn counts(registry: &FakeRegistry) -> [usize; 3] {
    [registry.count(Kind::QuayTags), registry.count(Kind::HeadManifest), registry.count(any())]
}

const HEAD: &str = "\
| tags | wanted | they stand | pages, a side | HEADs, a side | a line, no lists | one side lists | both list |
|---:|---:|---|---:|---:|---:|---:|---:|
";

impl std::fmt::Display for Figure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { tags, wanted, place, pages, heads } = self;
        let place = match place {
            Where::First => "first",
            Where::Spread => "evenly apart",
            Where::Last => "last",
        };
        let a_line = |requests: usize| {
            let thousandths = requests * 1000 / wanted;
            format!("{}.{:03}", thousandths / 1000, thousandths % 1000)
        };
        let (one, both) = (a_line(wanted + pages + heads), a_line(2 * (pages + heads)));
        write!(f, "| {tags} | {wanted} | {place} | {pages} | {heads} | 2.000 | {one} | {both} |")
    }
}

#[expect(clippy::print_stderr, reason = "the table of docs/performance.md")]
fn tell(table: &str) {
    eprintln!("{table}");
}
