//! Whatever happens while it runs: what was pinned when its source was last read is never deleted.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use image_mirror::model::{Outcome, Reason, Row, Update};
use image_mirror::stream::pins::Place;
use image_mirror::stream::prune::Verdict;
use proptest::collection::vec;
use proptest::prelude::*;

use super::history::{Repository, STREAM, stream};
use super::world::{Served, URL, World, at, days};

const ARCHES: [&str; 2] = ["s390x", "x86_64"];
const RELEASES: usize = 4;
/// Kept by all sources from the beginning, so that there is always a pin.
const ANCHOR: (&str, &str) = ("aarch64", "400.1.202001010000-0");

/// An architecture and a build, by their numbers.
type Build = (usize, usize);

fn build((arch, release): Build) -> (&'static str, String) {
    (ARCHES[arch % ARCHES.len()], format!("410.84.20220{}010000-0", 1 + release % RELEASES))
}

fn directory(of: Build) -> String {
    let (arch, release) = build(of);
    at(arch, "4.10", &release)
}

fn all() -> impl Iterator<Item = Build> {
    (0..ARCHES.len()).flat_map(|arch| (0..RELEASES).map(move |release| (arch, release)))
}

fn page(pins: &[Build]) -> String {
    let mut pins: Vec<(&str, String)> =
        pins.iter().copied().map(build).chain([(ANCHOR.0, ANCHOR.1.to_owned())]).collect();
    pins.sort();
    let pins: Vec<(&str, &str)> = pins.iter().map(|(arch, release)| (*arch, &**release)).collect();
    stream(&pins)
}

fn list(pins: &[Build]) -> String {
    let lines = pins.iter().copied().map(build).map(|(arch, release)| format!("{arch} {release}\n"));
    lines.chain([format!("{} {}\n", ANCHOR.0, ANCHOR.1)]).collect()
}

/// Something that somebody does.
#[derive(Debug, Clone)]
enum Event {
    /// The stream that is served lists these.
    Serve(Vec<Build>),
    /// The explicit list has these.
    List(Vec<Build>),
    /// A commit on one of two branches pins these, and nothing else.
    Commit(bool, Vec<Build>),
    /// A branch is what it was a commit ago.
    Revert,
    /// A source cannot be read from now on.
    Unreadable(u8),
    /// A commit on a branch is no stream file.
    Nonsense,
}

fn builds() -> impl Strategy<Value = Vec<Build>> {
    vec((0..ARCHES.len(), 0..RELEASES), 0..4)
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        3 => builds().prop_map(Event::Serve),
        3 => builds().prop_map(Event::List),
        4 => (any::<bool>(), builds()).prop_map(|(branch, pins)| Event::Commit(branch, pins)),
        1 => Just(Event::Revert),
        1 => (0..3_u8).prop_map(Event::Unreadable),
        1 => Just(Event::Nonsense),
    ]
}

#[derive(Debug, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
struct Flags {
    keep_latest: usize,
    grace: u64,
    max_delete: usize,
    accept_pin_drop: bool,
    ignore_unreadable: bool,
    include_ga: bool,
    check: bool,
}

fn flags() -> impl Strategy<Value = Flags> {
    let some = (0..3_usize, 0..3_u64, 3..20_usize);
    (some, any::<bool>(), any::<bool>(), any::<bool>(), any::<bool>()).prop_map(
        |((keep_latest, grace, max_delete), accept_pin_drop, ignore_unreadable, include_ga, check)| Flags {
            keep_latest,
            grace,
            max_delete,
            accept_pin_drop,
            ignore_unreadable,
            include_ga,
            check,
        },
    )
}

/// What somebody who sees everything knows.
#[derive(Debug, Default)]
struct Truth {
    served: Vec<Build>,
    listed: Vec<Build>,
    /// All that any commit pinned.
    committed: Vec<Build>,
    /// Commits of the main branch, by what they pin.
    main: Vec<Vec<Build>>,
    /// Sources that cannot be read, by the numbers of [`Event::Unreadable`].
    unreadable: BTreeSet<u8>,
    /// Whether some commit is nonsense, and whether it is at the tip.
    nonsense: (bool, bool),
    /// Directories that were there when this was last looked at.
    there: BTreeSet<Build>,
    /// What was deleted although it was pinned, or although a source could not be read.
    wrong: Vec<String>,
}

/// Where it happens.
struct Scene {
    repository: Arc<Repository>,
    list: PathBuf,
    mirror: PathBuf,
    ignores: bool,
}

impl Scene {
    fn happens(&self, served: &Served, truth: &mut Truth, event: &Event) {
        match event {
            Event::Serve(pins) => {
                truth.unreadable.remove(&0);
                served.put(URL, Some(page(pins)));
                truth.served.clone_from(pins);
            }
            Event::List(pins) if self.list.exists() => {
                fs::write(&self.list, list(pins)).unwrap();
                truth.listed.clone_from(pins);
            }
            Event::Commit(is_main, pins) => self.commit(truth, *is_main, pins.clone()),
            Event::Revert => {
                let before = truth.main.iter().rev().nth(1).cloned().unwrap_or_default();
                self.commit(truth, true, before);
            }
            Event::Unreadable(which) => {
                truth.unreadable.insert(*which);
                match which {
                    0 => served.put(URL, None),
                    1 => drop(fs::remove_file(&self.list)),
                    _ => drop(fs::remove_file(self.repository.path().join("HEAD"))),
                }
            }
            Event::Nonsense if self.repository.path().join("HEAD").exists() => {
                self.repository.commits([("refs/heads/main", STREAM, Some("no".to_owned()))]);
                truth.nonsense = (true, true);
            }
            Event::List(_) | Event::Nonsense => {}
        }
    }

    /// A commit that makes sense again; what made none before still does for who does not ignore it.
    fn commit(&self, truth: &mut Truth, is_main: bool, pins: Vec<Build>) {
        if !self.repository.path().join("HEAD").exists() {
            return;
        }
        let branch = if is_main { "refs/heads/main" } else { "refs/heads/release-4.10" };
        self.repository.commits([(branch, STREAM, Some(page(&pins)))]);
        truth.committed.extend(pins.iter().copied());
        if is_main {
            truth.nonsense.1 = false;
            truth.main.push(pins);
        }
    }

    /// Looks at what went since the last look, which whatever was read then decided.
    fn look(&self, truth: &mut Truth) {
        let is_there = |of: &Build| self.mirror.join(directory(*of)).join("rhcos-id.txt").exists();
        let now: BTreeSet<Build> = all().filter(is_there).collect();
        let (is_nonsense, is_tip) = truth.nonsense;
        let is_unreadable = !truth.unreadable.is_empty() || is_tip || (is_nonsense && !self.ignores);
        for gone in truth.there.difference(&now) {
            let pinned =
                [&truth.served, &truth.listed, &truth.committed].iter().any(|pins| pins.contains(gone));
            if pinned || is_unreadable {
                truth.wrong.push(format!("{gone:?} {pinned}"));
            }
        }
        truth.there = now;
    }
}

/// A world in which everything is marked since long ago.
async fn world(flags: &Flags, before: &[Event]) -> (World, Arc<Scene>, Arc<Mutex<Truth>>) {
    let mut world = World::new();
    let repository = Arc::new(Repository::new());
    let path = world.file("keep", &list(&[]));
    let mirror = world.path("");
    let ignores = flags.ignore_unreadable;
    let scene = Arc::new(Scene { repository: Arc::clone(&repository), list: path.clone(), mirror, ignores });
    let truth = Arc::new(Mutex::new(Truth::default()));
    world.sources.lists.push(Place::File(path));
    world.sources.histories.push(repository.source());
    world.sources.histories[0].ignore_unreadable = ignores;
    world.settings.release.keep_latest = flags.keep_latest;
    world.settings.grace = days(flags.grace);
    world.settings.max_delete = flags.max_delete;
    world.settings.accept_pin_drop = flags.accept_pin_drop;
    world.settings.include_ga = flags.include_ga;
    world.settings.check = flags.check;
    for (at, of) in all().enumerate() {
        world.put(&directory(of), days(400));
        if at % 4 != 3 {
            world.mark(&directory(of), days(1 + at as u64 % 3)).await;
        }
    }
    {
        let mut truth = truth.lock().unwrap();
        world.served.put(URL, Some(page(&[])));
        for event in [Event::Commit(true, Vec::new()), Event::Commit(false, Vec::new())].iter().chain(before)
        {
            scene.happens(&world.served, &mut truth, event);
        }
        truth.there = all().collect();
    }
    (world, scene, truth)
}

fn listed(rows: &[Row], wanted: impl Fn(&Outcome) -> bool) -> Vec<String> {
    rows.iter().filter(|row| wanted(&row.outcome)).map(|row| row.origin.to_string()).collect()
}

fn run<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn what_was_pinned_when_its_source_was_last_read_is_never_deleted(
        flags in flags(),
        before in vec(event(), 0..5),
        meanwhile in vec((1..8_usize, event()), 0..6),
    ) {
        run(async {
            let (world, scene, truth) = world(&flags, &before).await;
            let (seen, stage) = (Arc::clone(&truth), Arc::clone(&scene));
            *world.served.hook.lock().unwrap() = Some(Box::new(move |served, count| {
                let mut truth = seen.lock().unwrap();
                stage.look(&mut truth);
                for (_, event) in meanwhile.iter().filter(|(at, _)| *at == count) {
                    stage.happens(served, &mut truth, event);
                }
            }));
            let pruned = world.prune().await;
            let mut truth = truth.lock().unwrap();
            scene.look(&mut truth);
            prop_assert_eq!(&truth.wrong, &Vec::<String>::new());
            if matches!(pruned.verdict, Verdict::AsRowsSay) {
                for of in all().filter(|of| !truth.there.contains(of)) {
                    let (arch, release) = build(of);
                    let name = format!("{arch}/{release}");
                    let is_pinned = truth.served.contains(&of) || truth.listed.contains(&of) || truth.committed.contains(&of);
                    let is_told = pruned.rows.iter().any(|row| row.origin.to_string() == name);
                    prop_assert_eq!(is_pinned, is_told, "a later pin is a hole: {}", name);
                }
            }
            Ok(())
        })?;
    }

    #[test]
    fn a_dry_run_lists_what_the_run_does(flags in flags(), before in vec(event(), 0..5)) {
        run(async {
            let (world, _scene, _truth) = world(&flags, &before).await;
            let dry = world.dry().await;
            for of in all() {
                prop_assert!(world.is_there(&directory(of)), "a dry run deletes nothing");
            }
            let pruned = world.prune().await;
            let is_done = matches!(pruned.verdict, Verdict::AsRowsSay);
            prop_assert!(is_done || !before.is_empty() || flags.max_delete < 6, "{:?}", pruned.verdict);
            if is_done {
                let planned = |reason| listed(&dry, |outcome| matches!(outcome, Outcome::Planned(why) if *why == reason));
                let done = |what: fn(&Outcome) -> bool| listed(&pruned.rows, what);
                prop_assert_eq!(planned(Reason::Orphan), done(|outcome| matches!(outcome, Outcome::Deleted)));
                prop_assert_eq!(planned(Reason::Stray), done(|outcome| matches!(outcome, Outcome::Updated(Update::Marked))));
                prop_assert_eq!(
                    planned(Reason::Reclaimed),
                    done(|outcome| matches!(outcome, Outcome::Updated(Update::Unmarked)))
                );
            }
            Ok(())
        })?;
    }
}
