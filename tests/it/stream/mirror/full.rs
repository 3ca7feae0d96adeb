//! A disk that is full. It is played by a limit of the size of files, under which the program runs.

use std::fs;
use std::path::Path;

use crate::stream::world::{FOLDER, QEMU, World, row};
use crate::support::image::random_bytes;
use crate::support::run::REPORT;

/// So large may a file become there, in the units of `ulimit -f`.
const BLOCKS: usize = 4096;
const LIMIT: usize = BLOCKS * 512;

const ISO: &str = "x86_64/vmware/ova/disk";

// 14.93
#[tokio::test]
async fn a_full_disk_ends_the_run_at_once_and_the_next_one_goes_on() {
    let mut world = World::new().await;
    let content = random_bytes(2 * LIMIT, 1);
    world.list(QEMU, content.clone());
    world.list(ISO, random_bytes(100, 2));
    let run = world.mirror(&["--jobs", "1"]);
    let program = run.command();
    let mut limited = tokio::process::Command::new("/bin/sh");
    limited.args(["-c", &format!("trap '' XFSZ; ulimit -f {BLOCKS}; exec \"$0\" \"$@\"")]);
    limited.arg(program.get_program()).args(program.get_args()).current_dir(run.folder()).env_clear();
    limited.envs(program.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let ended = limited.output().await.unwrap();
    let said = String::from_utf8_lossy(&ended.stderr);
    assert_eq!(ended.status.code(), Some(1), "{said}");
    assert!(said.contains("no room"), "{said}");
    let (_, artifacts) = program.get_envs().find(|(name, _)| *name == "ARTIFACTS").unwrap();
    let report = fs::read_to_string(Path::new(artifacts.unwrap()).join(REPORT)).unwrap();
    assert!(report.contains("make room"), "{report}");
    assert_eq!(world.server.asked().len(), 1, "it was not tried again, and nothing else was begun");
    assert_eq!(fs::metadata(world.partial(QEMU)).unwrap().len(), LIMIT as u64, "all that fitted was kept");
    assert_eq!(world.keys(), Vec::<String>::new());
    assert!(!world.at(".image-mirror/lock").exists(), "{said}");

    let ran = world.mirror(&[]).run().await.exits(0);
    assert_eq!(row(&ran, QEMU)["bytes"]["present"], LIMIT);
    assert_eq!(row(&ran, ISO)["outcome"], "copied");
    let asked = world.server.asked();
    let rest = asked.iter().skip(1).find(|asked| asked.path.contains("qemu")).expect("the rest was fetched");
    assert_eq!(rest.header("range"), Some(&*format!("bytes={LIMIT}-")));
    assert_eq!(fs::read(world.at(&format!("{FOLDER}/{}", world.file(QEMU)))).unwrap(), content);
}
