//! What jobs ask for in memory, against what their commands were measured to take (docs/performance.md, "What a job asks for").

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::jobs::words;
use super::manifests::containers;
use super::text;
use crate::support::{FakeRegistry, Image, Ran, Run, StreamList};

const MIB: u64 = 1 << 20;
/// A request is at most so many times what was measured.
const FACTOR: u64 = 4;

/// A row of the table.
struct Row {
    command: String,
    peak: u64,
    others: u64,
    request: u64,
}

/// `23 MiB` and `128Mi`, in MiB; `-`: nothing.
fn amount(cell: &str) -> u64 {
    let digits: String = cell.chars().take_while(char::is_ascii_digit).collect();
    match (digits.parse(), cell.trim_matches('`').trim_start_matches(|letter: char| letter.is_ascii_digit()))
    {
        (Ok(number), " MiB" | "Mi") => number,
        (Err(_), "-") => 0,
        _ => panic!("`{cell}` is no amount"),
    }
}

fn table() -> Vec<Row> {
    let page = text("docs/performance.md");
    let head = "| command | what was measured |";
    let rows = page.lines().skip_while(|line| !line.starts_with(head)).skip(2);
    let rows = rows.take_while(|line| line.starts_with('|')).map(|line| {
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        let [_, command, what, peak, others, by, request, _] = cells.as_slice() else { panic!("{line}") };
        assert!(!what.is_empty() && !by.is_empty(), "{line}");
        let command = command.trim_matches('`').to_owned();
        Row {
            command,
            peak: amount(peak),
            others: amount(others),
            request: amount(request.trim_matches('`')),
        }
    });
    let rows: Vec<Row> = rows.collect();
    let commands: BTreeSet<&String> = rows.iter().map(|row| &row.command).collect();
    assert_eq!(commands.len(), rows.len(), "each once");
    rows
}

fn row<'a>(table: &'a [Row], words: &[String]) -> &'a Row {
    let line = words.join(" ") + " ";
    let fits = |row: &&Row| line.starts_with(&format!("{} ", row.command));
    let row = table.iter().filter(fits).max_by_key(|row| row.command.len());
    row.unwrap_or_else(|| panic!("nobody measured `{line}`"))
}

#[test]
fn every_request_is_that_of_the_table_which_follows_from_what_was_measured() {
    let (table, mut used) = (table(), BTreeSet::new());
    for row in &table {
        let least = row.peak + row.others;
        assert!(row.peak > 0 && row.request >= least, "{}: less than it takes", row.command);
        assert!(row.request <= FACTOR * least, "{}: more than {FACTOR} times of it", row.command);
    }
    for (path, _, container) in containers() {
        let words = words(&container);
        if words[0] != "image-mirror" {
            continue; // a clone, which is not ours
        }
        let row = row(&table, &words[1..]);
        let requests = container.resources.as_ref().unwrap().requests.as_ref().unwrap();
        let asked = match requests["memory"].0.as_str() {
            "1Gi" => 1024,
            amount_of_it => amount(amount_of_it),
        };
        assert_eq!(asked, row.request, "{path}: `{}`", row.command);
        used.insert(row.command.clone());
    }
    let rows: BTreeSet<String> = table.into_iter().map(|row| row.command).collect();
    assert_eq!(used, rows, "each row is some job's");
    assert!(text("docs/performance.md").contains("at most four times"), "{FACTOR}");
}

/// The most memory that the program had in use in this run, which ended well.
async fn peak(run: Run) -> (Ran, u64) {
    let (ran, peak) = run.start().ended_with_peak_memory().await;
    (ran.exits(0), peak)
}

fn assert_enough(command: &str, peak: u64) {
    let words: Vec<String> = command.split(' ').map(str::to_owned).collect();
    let row_request = row(&table(), &words).request;
    assert!(peak > MIB, "{command}: the figure is not one: {peak}");
    assert!(peak <= row_request * MIB, "{command}: {} MiB of {row_request} MiB", peak.div_ceil(MIB));
}

fn image(number: usize) -> Image {
    Image::oci().layer_of(200_000, number as u64).layer(format!("layer {number}")).build()
}

/// 500 lines in 20 files, the images of which are in the first registry alone.
async fn real_set(run: impl Fn(&[&str]) -> Run) -> (FakeRegistry, FakeRegistry, impl Fn(&[&str]) -> Run) {
    let (source, target) = (FakeRegistry::start().await, FakeRegistry::start().await);
    target.configure(|config| config.check_every_write = false);
    let mut files = vec![String::from("# owner: us\n"); 20];
    for number in 0..500 {
        let (file, name) = (number % 20, format!("part-{}", number % 25));
        source.put_image(&format!("org/{name}"), &format!("v{number}"), &image(number));
        let (from, to) = (source.host(), target.host());
        writeln!(files[file], "{from}/org/{name}:v{number} {to}/mirror/{name}:v{number}").unwrap();
    }
    let with_files = move |words: &[&str]| {
        let names = files.iter().enumerate();
        names.fold(run(words), |run, (number, file)| run.mapping(&format!("mapping_part_{number}"), file))
    };
    (source, target, with_files)
}

#[tokio::test]
async fn a_set_of_500_lines_in_20_files_has_room_in_what_its_jobs_ask_for() {
    let (_source, target, run) = real_set(|words| Run::new(words)).await;
    let (ran, copied) = peak(run(&["run", "."])).await;
    assert_eq!(ran.rows_that("copied").len(), 500, "{ran}");
    let (ran, kept) = peak(run(&["run", "."])).await;
    assert_eq!(ran.rows_that("kept").len(), 500, "{ran}");
    assert_enough("run", copied.max(kept));

    let folder = tempfile::tempdir().unwrap();
    for shard in ["0/2", "1/2"] {
        let artifacts = folder.path().to_str().unwrap();
        let (_, share) = peak(run(&["run", "--shard", shard, "--artifacts", artifacts, "."])).await;
        assert_enough("run", share);
    }
    let reports = format!("{}/image-mirror-report-*-of-2.json", folder.path().display());
    let (merged, took) = peak(Run::new(["report", "merge", "-o", "whole", &reports])).await;
    assert!(merged.stdout.contains("500"), "{merged}");
    assert_enough("report merge", took);

    let (ran, took) = peak(run(&["plan", "."])).await;
    assert_eq!(ran.rows_that("kept").len(), 500, "{ran}");
    assert_enough("plan", took);
    let (_, took) = peak(run(&["lint", "--strict", "."])).await;
    assert_enough("lint", took);
    let (ran, took) = peak(run(&["auth", "check", "."])).await;
    assert!(!ran.stdout.is_empty());
    assert_enough("auth check", took);
    target.assert_tags_whole();
}

#[tokio::test]
async fn a_thousand_tags_of_image_streams_and_their_old_tags_have_room_in_what_the_jobs_ask_for() {
    let (source, target) = (FakeRegistry::start().await, FakeRegistry::start().await);
    target.configure(|config| config.check_every_write = false);
    let mut streams = StreamList::of(source.host());
    for number in 0..1000 {
        let image = image(number % 100);
        let name = format!("ns{}/stream{}", number % 5, number % 97);
        source.put_untagged(&name, &image);
        streams.put(&format!("{name}:v{number}"), &image.digest);
        target.put_image("org/old", &format!("20200101{number:06}_prune_ci_app_latest"), &image);
    }
    let repository = format!("{}/org/ci", target.host());
    let words = ["imagestreams", "-A", "--from-file", "streams.json", "--target-repository", &repository];
    let (ran, took) = peak(Run::new(words).file("streams.json", streams.json())).await;
    assert_eq!(ran.rows_that("copied").len(), 1000, "{ran}");
    assert_enough("imagestreams", took);

    let old = format!("{}/org/old", target.host());
    let words = ["prune-tags", &old, "--scheme", "backup", "--older-than", "60days", "--max-fraction", "1"];
    let (ran, took) = peak(Run::new(words).args(["--delete"])).await;
    assert!(ran.rows_that("deleted").len() > 100, "{ran}");
    assert_enough("prune-tags", took);
}
