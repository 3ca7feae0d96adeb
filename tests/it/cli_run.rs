//! The built program on mapping files whose images lie in directories: no network, no login.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command as Program, Stdio};

use assert_cmd::Command;
use serde_json::Value;

/// A directory with a mapping file, in which the program is run.
struct Desk(tempfile::TempDir);

impl Desk {
    fn new(mapping: &str) -> Self {
        let desk = Self(tempfile::tempdir().unwrap());
        desk.write("mapping_x", mapping);
        desk
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).unwrap();
    }

    fn mirror(&self, words: &[&str]) -> Command {
        let mut command = Command::cargo_bin("image-mirror").unwrap();
        command.env_clear().env("HOME", self.0.path()).current_dir(self.0.path()).args(words);
        command
    }

    fn report(&self) -> Value {
        let text = fs::read_to_string(self.path("artifacts/image-mirror-report.json")).unwrap();
        serde_json::from_str(&text).unwrap()
    }

    /// The outcomes of the report's rows, by line.
    fn outcomes(&self) -> Vec<String> {
        let report = self.report();
        let mut rows: Vec<_> = report["rows"].as_array().unwrap().iter().collect();
        rows.sort_by_key(|row| row["origin"]["line"].as_u64());
        rows.iter().map(|row| row["outcome"].as_str().unwrap().to_owned()).collect()
    }
}

/// An image of the demo, as a mapping line names it.
fn image(tag: &str) -> String {
    let images = Path::new(env!("CARGO_MANIFEST_DIR")).join("mappings/demo/images");
    format!("oci:{}:{tag}", images.display())
}

fn two_entries() -> String {
    format!("# owner: us\n{} oci:to/hello:v1\n{} oci:to/tools:v1\n", image("hello"), image("tools"))
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[test]
fn a_run_copies_what_is_absent_and_a_second_one_keeps_it() {
    let desk = Desk::new(&two_entries());
    let run = ["run", "--artifacts", "artifacts", "mapping_x"];
    desk.mirror(&run).assert().code(0);
    assert_eq!(desk.outcomes(), ["copied", "copied"]);
    let before = fs::metadata(desk.path("to/hello/index.json")).unwrap().modified().unwrap();
    desk.mirror(&run).assert().code(0);
    assert_eq!(desk.outcomes(), ["kept", "kept"]);
    assert_eq!(fs::metadata(desk.path("to/hello/index.json")).unwrap().modified().unwrap(), before);
    for file in ["junit_image-mirror.xml", "image-mirror-summary.html", "metrics.prom"] {
        assert!(desk.path("artifacts").join(file).is_file(), "{file} was not written");
    }
}

#[test]
fn a_report_that_cannot_be_written_is_the_exit_code_that_is_printed() {
    let desk = Desk::new(&two_entries());
    desk.write("artifacts", "no directory");
    let done = desk.mirror(&["run", "--artifacts", "artifacts", "mapping_x"]).assert().code(1);
    let (said, told) = (text(&done.get_output().stdout), text(&done.get_output().stderr));
    assert!(said.ends_with("\nexit code 1: the report files could not be written\n"), "{said}");
    assert!(told.contains("could not write `artifacts`"), "{told}");
    assert!(desk.path("to/hello/index.json").is_file(), "{said}");

    let desk = Desk::new(&format!("{}not a=line\n", two_entries()));
    desk.write("artifacts", "no directory");
    let done = desk.mirror(&["run", "--artifacts", "artifacts", "mapping_x"]).assert().code(1);
    let said = text(&done.get_output().stdout);
    assert!(said.ends_with("\nexit code 1: at least one entry failed or was refused\n"), "{said}");
}

#[test]
fn the_job_is_told_by_variables_alone() {
    let desk = Desk::new(&two_entries());
    let variables = [("MAPPINGS", "mapping_*"), ("ARTIFACTS", "artifacts"), ("DRY_RUN", "true")];
    desk.mirror(&["run"]).envs(variables).assert().code(0);
    assert_eq!(desk.outcomes(), ["planned", "planned"]);
    assert!(!desk.path("to").exists(), "a dry run wrote something");
}

#[test]
fn a_bad_line_is_a_failed_row_and_the_others_are_mirrored() {
    let desk = Desk::new(&format!("{}not a=line\n{} oci:to/gone:v1\n", two_entries(), image("gone")));
    let done = desk.mirror(&["run", "--artifacts", "artifacts", "mapping_x"]).assert().code(1);
    assert_eq!(desk.outcomes(), ["copied", "copied", "failed", "failed"]);
    let said = text(&done.get_output().stderr);
    assert!(said.lines().any(|line| line.starts_with("error: ") && line.contains("mapping_x:5")), "{said}");
    assert!(said.contains("mapping_x:4:1"), "the bad line is not shown: {said}");
    assert!(!desk.path("to/gone").exists());
}

#[test]
fn strict_attempts_nothing_when_a_line_is_bad() {
    let desk = Desk::new(&format!("{}not a=line\n", two_entries()));
    let run = ["run", "--strict", "--artifacts", "artifacts", "mapping_x"];
    let done = desk.mirror(&run).assert().code(2).stdout("");
    assert!(text(&done.get_output().stderr).contains("nothing was attempted"));
    assert!(!desk.path("to").exists() && !desk.path("artifacts").exists());
}

#[test]
fn a_run_without_an_entry_is_never_a_green_nothing() {
    let desk = Desk::new("# nothing yet\n");
    desk.mirror(&["run", "mapping_x"]).assert().code(2).stdout("");
    desk.mirror(&["run", "--allow-empty", "--artifacts", "artifacts", "mapping_x"]).assert().code(0);
    assert_eq!(desk.outcomes(), Vec::<String>::new());
}

#[test]
fn what_is_named_and_absent_is_bad_usage() {
    let desk = Desk::new(&two_entries());
    for words in [&["run", "mapping_y"][..], &["run", "nowhere/*"], &["run", "-a", "no.json", "mapping_x"]] {
        desk.mirror(words).assert().code(2).stdout("");
    }
    assert!(!desk.path("to").exists());
}

#[test]
fn standard_input_is_a_mapping_file() {
    let desk = Desk::new("");
    desk.mirror(&["run", "-f", "-", "--artifacts", "artifacts"]).write_stdin(two_entries()).assert().code(0);
    assert_eq!(desk.report()["rows"][0]["origin"]["file"], "-");
}

#[test]
fn plan_writes_nothing_and_check_says_whether_something_is_to_do() {
    let desk = Desk::new(&two_entries());
    desk.mirror(&["plan", "mapping_x"]).assert().code(0);
    desk.mirror(&["plan", "--check", "mapping_x"]).assert().code(1);
    assert!(!desk.path("to").exists(), "plan wrote something");
    desk.mirror(&["run", "mapping_x"]).assert().code(0);
    desk.mirror(&["plan", "--check", "mapping_x"]).assert().code(0);
}

#[test]
fn plan_since_a_revision_looks_at_new_lines_only() {
    let desk = Desk::new(&two_entries());
    let git = |words: &[&str]| {
        let identity =
            ["-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "init.defaultBranch=main"];
        let mut git = Program::new("git");
        git.current_dir(desk.0.path()).args(identity).args(words).stdout(Stdio::null());
        assert!(git.status().unwrap().success(), "git {words:?}");
    };
    git(&["init", "-q"]);
    git(&["add", "mapping_x"]);
    git(&["commit", "-qm", "before"]);
    desk.write("mapping_x", &format!("{}{} oci:to/notes:v1\n", two_entries(), image("notes")));
    let plan = ["plan", "--since", "HEAD", "--artifacts", "artifacts", "mapping_x"];
    desk.mirror(&plan).env("PATH", "/usr/local/bin:/usr/bin:/bin").assert().code(0);
    assert_eq!(desk.report()["rows"].as_array().unwrap().len(), 1);
    assert_eq!(desk.report()["rows"][0]["origin"]["line"], 4);
    git(&["commit", "-qam", "after"]);
    desk.mirror(&plan).env("PATH", "/usr/local/bin:/usr/bin:/bin").assert().code(0);
    assert_eq!(desk.outcomes(), Vec::<String>::new(), "nothing new is nothing to do, and no mistake");
}

#[test]
fn a_deadline_leaves_the_rest_unfinished_and_the_report_is_written() {
    let desk = Desk::new(&two_entries());
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    desk.write("mapping_x", &format!("{}/a:v1 oci:to/a:v1\n", listener.local_addr().unwrap()));
    let run = ["run", "--deadline", "50ms", "--grace", "0s", "--artifacts", "artifacts", "mapping_x"];
    desk.mirror(&run).assert().code(3);
    assert_eq!(desk.outcomes(), ["unfinished"]);
    assert!(desk.report()["rows"][0]["reason"].as_str().unwrap().contains("deadline"));
}

#[test]
fn a_signal_ends_the_run_and_the_report_is_written() {
    let desk = Desk::new("");
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    desk.write("mapping_x", &format!("{}/a:v1 oci:to/a:v1\n", listener.local_addr().unwrap()));
    let mut run = Program::new(assert_cmd::cargo::cargo_bin("image-mirror"));
    run.args(["run", "--grace", "0s", "--artifacts", "artifacts", "mapping_x"]);
    run.env_clear().current_dir(desk.0.path()).stdout(Stdio::null()).stderr(Stdio::piped());
    let mut running = run.spawn().unwrap();
    // A registry that takes the connection and never answers: the run is surely under way.
    let (_held, _) = listener.accept().unwrap();
    let kill = Program::new("kill").arg(running.id().to_string()).status().unwrap();
    assert!(kill.success());
    let said: Vec<_> = BufReader::new(running.stderr.take().unwrap()).lines().map_while(Result::ok).collect();
    assert_eq!(running.wait().unwrap().code(), Some(3), "{said:?}");
    assert_eq!(desk.outcomes(), ["unfinished"]);
    assert!(said.iter().any(|line| line.contains("asked to stop")), "{said:?}");
    assert!(!said.iter().any(|line| line.contains("panicked")), "{said:?}");
}

#[test]
fn failures_are_errors_for_a_viewer_of_json_lines() {
    let desk = Desk::new(&format!("{} oci:to/gone:v1\nnot a=line\n", image("gone")));
    let done = desk.mirror(&["run", "--log-format", "json", "mapping_x"]).assert().code(1);
    let lines = text(&done.get_output().stderr);
    let lines: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let errors: Vec<_> = lines.iter().filter(|line| line["level"] == "error").collect();
    assert!(errors.iter().any(|line| line["message"].as_str().unwrap().contains("mapping_x:1")), "{lines:?}");
    assert!(errors.iter().any(|line| line["file"] == "mapping_x" && line["line"] == 2), "{lines:?}");
}

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    let desk = Desk::new(&"# a long comment, so that the pipe is full before all is written\n".repeat(4000));
    let mut run = Program::new(assert_cmd::cargo::cargo_bin("image-mirror"));
    run.args(["configmap", "mapping_x"]).env_clear().current_dir(desk.0.path());
    let mut running = run.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(running.stdout.take());
    let done = running.wait_with_output().unwrap();
    assert_eq!((done.status.code(), text(&done.stderr)), (Some(0), String::new()));
}
