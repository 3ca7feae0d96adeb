//! What a run costs when nothing changed.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use super::{Guarded, asked, assert_all, lines, put, put_mirrored, tiny};
use crate::mapping_corpus::data;
use crate::support::{Image, any, fleet, writes};

#[tokio::test]
async fn a_run_without_anything_to_do_costs_two_requests_a_line_and_a_token_for_twenty_repositories() {
    let registries = Guarded::start().await;
    let images = fleet(100, 11);
    put(&registries.source, &images);
    put_mirrored(&registries.target, &images);
    let mapping = lines(&images, registries.source.host(), registries.target.host());
    let ran = registries.run(&["run", "mapping_x"], &mapping).run().await.exits(0);

    assert_all(&ran, 100, "kept");
    let [reads, written, tokens] = asked(&ran);
    // Two more: the first request to a registry is answered with its challenge and asked again.
    assert!(reads <= 200 + 2, "{reads} requests for 100 lines");
    assert_eq!(written, 0);
    assert_eq!(tokens, registries.tokens());
    for tokens in [&registries.source_tokens, &registries.target_tokens] {
        assert!(tokens.count() <= 5, "{} tokens for 100 repositories", tokens.count());
    }
    assert_eq!(reads, registries.source.count(any()) + registries.target.count(any()));
    assert_eq!(registries.source.count(writes()) + registries.target.count(writes()), 0);
}

#[tokio::test]
async fn a_source_that_is_pinned_costs_no_request() {
    let registries = Guarded::start().await;
    let image = Image::example(1);
    let mut mapping = String::from("# owner: us\n");
    for number in 0..40 {
        registries.source.put_untagged("org/app", &image);
        registries.target.put_image("mirror/app", &format!("v{number}"), &image);
        let (source, target) = (registries.source.host(), registries.target.host());
        writeln!(mapping, "{source}/org/app@{} {target}/mirror/app:v{number}", image.digest).unwrap();
    }
    let ran = registries.run(&["run", "mapping_x"], &mapping).run().await.exits(0);

    assert_all(&ran, 40, "kept");
    assert_eq!(registries.source.requests().len() + registries.source_tokens.count(), 0);
    assert!(registries.target.requests().len() <= 41, "{}", registries.target.requests().len());
    assert_eq!(registries.target_tokens.count(), 1);
}

#[tokio::test]
async fn the_same_source_for_many_targets_is_looked_at_once() {
    let registries = Guarded::start().await;
    let image = Image::example(1);
    registries.source.put_image("org/app", "v1", &image);
    let mut line = format!("# owner: us\n{}/org/app:v1", registries.source.host());
    for number in 0..30 {
        registries.target.put_image("mirror/app", &format!("v{number}"), &image);
        write!(line, " {}/mirror/app:v{number}", registries.target.host()).unwrap();
    }
    let ran = registries.run(&["run", "mapping_x"], &format!("{line}\n")).run().await.exits(0);

    assert_all(&ran, 30, "kept");
    assert!(registries.source.requests().len() <= 2, "the challenge, and one look");
}

/// The file with its hosts replaced, and the two ends of each entry: `repository`, `tag`.
struct Recorded {
    text: String,
    sources: BTreeSet<(String, String)>,
    edges: Vec<(usize, (String, String))>,
}

impl Recorded {
    fn read(text: &str, source: &str, target: &str) -> Self {
        let text = text.replace("registry.ci.openshift.org/", &format!("{source}/"));
        let text = text.replace("quay.io/", &format!("{target}/"));
        let end = |word: &str| {
            let (_, name) = word.split_once('/').unwrap();
            let (repository, tag) = name.rsplit_once(':').unwrap();
            (repository.to_owned(), tag.to_owned())
        };
        let (mut sources, mut edges) = (BTreeMap::new(), Vec::new());
        for line in text.lines().filter(|line| !line.trim().is_empty() && !line.starts_with('#')) {
            let mut words = line.split_whitespace();
            let from = words.next().map(end).unwrap();
            let count = sources.len();
            let number = *sources.entry(from).or_insert(count);
            edges.extend(words.map(|word| (number, end(word))));
        }
        Self { text, sources: sources.into_keys().collect(), edges }
    }
}

#[tokio::test]
async fn the_recorded_file_of_origin_costs_one_look_a_source_and_one_a_target() {
    let Some(path) = data("mappings/openshift/mapping_origin_4_12") else { return };
    let registries = Guarded::start().await;
    let text = std::fs::read_to_string(path).unwrap();
    let recorded = Recorded::read(&text, registries.source.host(), registries.target.host());
    assert_eq!((recorded.sources.len(), recorded.edges.len()), (304, 608), "the file is another one");
    let image = tiny(1);
    for (repository, tag) in &recorded.sources {
        registries.source.put_image(repository, tag, &image);
    }
    for (_, (repository, tag)) in &recorded.edges {
        registries.target.put_image(repository, tag, &image);
    }
    let ran = registries.run(&["run", "mapping_x"], &recorded.text).run().await.exits(0);

    assert_all(&ran, 608, "kept");
    let (at_source, at_target) = (registries.source.count(any()), registries.target.count(any()));
    // The two challenges are no looks.
    assert!(at_source + at_target <= 304 + 608 + 2, "{at_source} + {at_target}");
    assert_eq!(asked(&ran), [at_source + at_target, 0, registries.tokens()]);
    let repositories: BTreeSet<_> = recorded.edges.iter().map(|(_, (repository, _))| repository).collect();
    let most = repositories.len().div_ceil(20);
    assert!(registries.target_tokens.count() <= most, "{} tokens", registries.target_tokens.count());
    assert_eq!(registries.source_tokens.count(), 1, "one repository is one token");
    assert_eq!(registries.target.count(writes()), 0);
    tell(&format!(
        "mapping_origin_4_12, nothing to do: {at_source} + {at_target} requests, {} + {} tokens",
        registries.source_tokens.count(),
        registries.target_tokens.count()
    ));
}

#[expect(clippy::print_stderr, reason = "a figure for the closing note of a change")]
fn tell(figure: &str) {
    eprintln!("{figure}");
}
