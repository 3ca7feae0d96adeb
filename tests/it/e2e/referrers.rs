//! `--referrers` from end to end: what a run costs with it, and that others find what it brought.

use std::collections::BTreeSet;

use super::set::{Set, Shape};
use super::{Guarded, assert_all, outcomes, reason};
use crate::support::{FakeRegistry, Image, Index, Judge, Kind, RealRegistry, Run, any, writes};

/// As in the budget: 200 tags of 50 repositories, a fifth of them for four platforms.
const MAIN: Shape = Shape { repositories: 50, tags: 4, base: (64, 1024), own: Some((64, 1024)) };

fn fill(registry: &FakeRegistry, set: &Set) {
    for line in &set.lines {
        registry.put_image(&line.repository, &line.tag, &line.image);
    }
}

/// HEADs, GETs of manifests, lists of tags, lists of referrers, and everything else but challenges.
fn counts(registry: &FakeRegistry) -> [usize; 5] {
    let mut counts = [0; 5];
    for request in registry.requests().iter().filter(|request| request.status != Some(401)) {
        let kinds = [Kind::HeadManifest, Kind::GetManifest, Kind::Tags, Kind::Referrers];
        counts[kinds.iter().position(|kind| *kind == request.kind).unwrap_or(4)] += 1;
    }
    counts
}

#[tokio::test]
async fn two_hundred_kept_tags_cost_with_referrers_what_the_page_says_and_nothing_more_without() {
    let set = Set::generate(MAIN, 1);
    let indexes = set.lines.iter().filter(|line| !line.image.children.is_empty()).count();
    let children: usize = set.lines.iter().map(|line| line.image.children.len()).sum();
    assert_eq!([indexes, children], [40, 160]);
    for (api, flag, expected) in [
        (true, "--skip-missing", [200, 0, 0, 0, 0]),
        (true, "--referrers", [200, 40, 50, 200 + 160, 0]),
        (false, "--referrers", [200, 0, 50, 2, 0]),
    ] {
        let registries = Guarded::start().await;
        registries.source.configure(|config| config.referrers = api);
        fill(&registries.source, &set);
        fill(&registries.target, &set);
        let mapping = set.mapping(registries.source.host(), registries.target.host());
        let ran = registries.run(&["run", "mapping_x", flag], &mapping).run().await.exits(0);

        assert_all(&ran, 200, "kept");
        assert_eq!(counts(&registries.source), expected, "{flag}, with the API: {api}\n{ran}");
        assert_eq!(counts(&registries.target), [200, 0, 0, 0, 0], "{flag}, with the API: {api}\n{ran}");
        for tokens in [&registries.source_tokens, &registries.target_tokens] {
            assert!(tokens.count() <= 12 && tokens.requests().iter().all(|token| !token.asks_for("push")));
        }
    }
}

#[tokio::test]
async fn signatures_attached_to_five_percent_later_are_what_the_next_run_copies_and_a_plan_says_so() {
    let registries = Guarded::start().await;
    for registry in [&registries.source, &registries.target] {
        registry.configure(|config| config.referrers = true);
    }
    let set = Set::generate(MAIN, 1);
    fill(&registries.source, &set);
    fill(&registries.target, &set);
    let mut signed = Vec::new();
    for line in set.lines.iter().step_by(20) {
        let signature = Image::artifact("application/vnd.example.signature")
            .layer(format!("signature of {}", line.repository))
            .subject(&line.image)
            .build();
        registries.source.put_untagged(&line.repository, &signature);
        signed.push((line.repository.clone(), signature));
    }
    let mapping = set.mapping(registries.source.host(), registries.target.host());
    let plan = registries.run(&["plan", "mapping_x", "--referrers", "--check"], &mapping);
    let plan = plan.run().await.exits(1);
    assert_eq!(outcomes(&plan), [("kept".to_owned(), 190), ("planned".to_owned(), 10)].into(), "{plan}");
    assert_eq!(registries.target.count(writes()), 0);
    registries.clear_logs();

    let ran = registries.run(&["run", "mapping_x", "--referrers"], &mapping).run().await.exits(0);
    assert_eq!(outcomes(&ran), [("kept".to_owned(), 190), ("updated".to_owned(), 10)].into(), "{ran}");
    for row in ran.rows_that("updated") {
        assert_eq!(reason(&row), "referrers are missing at the target");
        assert_eq!(row["digest"], row["previous"], "the tag stays");
    }
    for (repository, signature) in &signed {
        let held = registries.target.manifest(repository, signature.digest.as_str());
        assert_eq!(held, Some(signature.bytes.clone()), "{repository}");
    }
    assert_eq!(registries.target.count(Kind::PutManifest), 10, "{ran}");
    let asked: BTreeSet<_> = registries.target_tokens.requests().into_iter().flat_map(|t| t.scopes).collect();
    let to_push = asked.iter().filter(|scope| scope.ends_with(":pull,push")).count();
    assert_eq!(to_push, 10, "the right to write is asked for where something is written: {asked:?}");
    registries.clear_logs();

    let again = registries.run(&["run", "mapping_x", "--referrers"], &mapping).run().await.exits(0);
    assert_all(&again, 200, "kept");
    assert_eq!(registries.target.count(writes()), 0);
    // A list at the target for each of the ten, and one at the source for each signature.
    assert_eq!(counts(&registries.target), [200, 0, 0, 10, 0]);
    assert_eq!(counts(&registries.source), [200, 40, 50, 200 + 160 + 10, 0]);
}

#[tokio::test]
async fn between_real_registries_without_the_api_signatures_travel_and_another_client_finds_them() {
    let (source, target) = (RealRegistry::open().await, RealRegistry::open().await);
    let (judge, found) = (Judge::anonymous(source.host()), Judge::anonymous(target.host()));
    let (one, two) = (Image::example(1), Image::docker().platform("linux/arm64").layer_of(99, 3).build());
    let index = Index::oci().child(&one).child(&two).build();
    judge.push("org/app", "v1", &index).await;
    let sbom = Image::artifact("application/spdx+json").layer("an sbom").subject(&one).build();
    let on_sbom = Image::artifact("application/vnd.example").layer("signed").subject(&sbom).build();
    let list_tag = |subject: &Image| subject.digest.as_str().replace(':', "-");
    for (subject, referrer) in [(&one, &sbom), (&sbom, &on_sbom)] {
        judge.push("org/app", &list_tag(subject), &Index::oci().child(referrer).build()).await;
    }
    let sig = Image::oci().layer("a signature of cosign's").build();
    judge.push("org/app", &format!("{}.sig", list_tag(&index)), &sig).await;
    let mapping = format!("{}/org/app:v1 {}/mirror/app:v1", source.host(), target.host());
    let run = || Run::new(["run", "mapping_x", "--referrers"]).mapping("mapping_x", &mapping);
    assert_all(&run().run().await.exits(0), 1, "copied");

    found.assert_has("mirror/app", "v1", &index).await;
    assert_eq!(found.referrers("mirror/app", &one.digest).await, [sbom.digest.to_string()]);
    assert_eq!(found.referrers("mirror/app", &sbom.digest).await, [on_sbom.digest.to_string()]);
    found.assert_has("mirror/app", &format!("{}.sig", list_tag(&index)), &sig).await;

    let late = Image::artifact("application/vnd.example").layer("late").subject(&index).build();
    judge.push("org/app", &list_tag(&index), &Index::oci().child(&late).build()).await;
    assert_all(&run().run().await.exits(0), 1, "updated");
    assert_eq!(found.referrers("mirror/app", &index.digest).await, [late.digest.to_string()]);
    let before = target.requests().len();
    assert_all(&run().run().await.exits(0), 1, "kept");
    let asked = target.requests().split_off(before);
    assert!(asked.iter().all(|line| line.starts_with("GET") || line.starts_with("HEAD")), "{asked:#?}");
}

#[tokio::test]
async fn without_the_flag_no_scheme_is_asked_for_by_any_command() {
    let (source, target) = (FakeRegistry::builder().referrers().start().await, FakeRegistry::start().await);
    let image = Image::example(1);
    source.put_image("org/app", "v1", &image);
    source.put_untagged("org/app", &Image::artifact("a/b").layer("s").subject(&image).build());
    let mapping = format!("{}/org/app:v1 {}/mirror/app:v1", source.host(), target.host());
    for command in ["plan", "run", "run"] {
        Run::new([command, "mapping_x"]).mapping("mapping_x", &mapping).run().await.exits(0);
    }
    assert!(source.count(any()) > 0);
    assert_eq!(source.count([Kind::Referrers, Kind::Tags]) + target.count(Kind::Referrers), 0);
    assert_eq!(target.count(Kind::Tags), 1, "`plan` asks whether the repository is there yet");
    assert_eq!(target.manifests("mirror/app"), [image.digest]);
}
