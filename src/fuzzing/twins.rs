//! Each fuzz target as a property test: its seeds and findings as they are, then mutations of them.

use std::path::{Path, PathBuf};

use proptest::prelude::*;
use proptest::test_runner::TestRunner;

use super::TARGETS;

/// How an input is changed: what is done, where, how much, and with which of the words.
type Edit = (u8, prop::sample::Index, u8, prop::sample::Index);

fn fuzz() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz")
}

/// The content of each file in a folder, in the order of their names; nothing where there is no such folder.
fn files(folder: &Path) -> Vec<Vec<u8>> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut paths: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths.iter().map(|path| std::fs::read(path).unwrap()).collect()
}

/// The words of a dictionary, which escapes as JSON does, but for bytes by their number.
fn words(target: &str) -> Vec<Vec<u8>> {
    let text = std::fs::read_to_string(fuzz().join(format!("dictionaries/{target}.dict"))).unwrap();
    let word = |line: &str| {
        let json = line.replace(r"\x", r"\u00");
        serde_json::from_str::<String>(&json).unwrap_or_else(|error| panic!("{line}: {error}")).into()
    };
    text.lines().filter(|line| line.starts_with('"')).map(word).collect()
}

fn edited(mut input: Vec<u8>, edits: &[Edit], words: &[Vec<u8>]) -> Vec<u8> {
    for (kind, at, length, word) in edits {
        let start = at.index(input.len() + 1);
        let end = input.len().min(start + usize::from(*length % 16));
        let word = word.get(words);
        match kind % 6 {
            0 => drop(input.drain(start..end)),
            1 => drop(input.splice(start..start, word.iter().copied())),
            2 => drop(input.splice(start..end, word.iter().copied())),
            3 => input[start..end].fill(*length),
            4 => {
                let part = input[start..end].repeat(2);
                input.splice(start..start, part);
            }
            _ => input.truncate(end),
        }
    }
    input
}

fn holds(name: &str, target: fn(&[u8]), cases: u32) {
    let known =
        [files(&fuzz().join("seeds").join(name)), files(&fuzz().join("findings").join(name))].concat();
    assert!(known.len() >= 3, "{name} has seeds");
    for input in &known {
        target(input);
    }
    // Whole inputs are words too: one in another.
    let words = [words(name), known.clone()].concat();
    let edits = prop::collection::vec(any::<Edit>(), 0..8);
    let inputs = (prop::sample::select(known), edits).prop_map(|(seed, edits)| edited(seed, &edits, &words));
    let config = ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() };
    let run = TestRunner::new(config).run(&inputs, |input| {
        target(&input);
        Ok(())
    });
    run.unwrap_or_else(|error| panic!("{error}"));
}

macro_rules! twins {
    ($($test:ident = $target:ident, $cases:expr;)*) => {
        $(#[test] fn $test() {
            holds(stringify!($target), super::$target, $cases);
        })*
        const TWINS: &[&str] = &[$(stringify!($target)),*];
    };
}

twins! {
    a_line_of_a_mapping_file_gives_one_entry_or_one_row_and_hides_logins = mapping_line, 300;
    a_reference_prints_as_what_reads_the_same = reference, 1000;
    a_docker_config_prints_no_secret_and_its_longest_key_wins = docker_config, 500;
    a_challenge_leads_a_login_to_no_place_that_is_not_safe = www_authenticate, 1000;
    a_link_leads_to_a_page_of_the_same_registry = link, 1000;
    a_manifest_is_its_bytes_and_names_what_they_say = manifest, 500;
    an_index_is_cut_down_to_what_matches = index, 500;
    a_registry_that_asks_to_wait_is_waited_for_so_long_or_not_at_all = retry_after, 500;
    a_page_of_tags_answers_what_stands_in_it = quay_page, 500;
    a_policy_is_read_as_a_whole_or_not_at_all = policy, 500;
    a_configuration_is_read_by_the_rules_of_go_or_refused_with_its_places = imagestreams_config, 300;
    a_payload_is_read_as_a_whole_by_its_rules_or_refused_with_its_places = payload, 300;
    a_stream_is_read_or_refused_with_its_places_and_what_is_undone_was_never_done = stream, 300;
    a_refusal_is_one_line_of_bounded_length = refusal, 1000;
}

#[test]
fn every_target_has_a_twin_a_program_and_a_dictionary() {
    let names: Vec<_> = TARGETS.iter().map(|(name, _)| *name).collect();
    assert_eq!(names, TWINS);
    let listed = |folder: &str| {
        let entries = std::fs::read_dir(fuzz().join(folder)).unwrap();
        let mut names: Vec<_> = entries
            .map(|entry| entry.unwrap().path().file_stem().unwrap().to_str().unwrap().to_owned())
            .collect();
        names.sort();
        names
    };
    let mut sorted = names.clone();
    sorted.sort_unstable();
    for folder in ["targets", "seeds", "dictionaries"] {
        assert_eq!(listed(folder), sorted, "{folder}");
    }
}
