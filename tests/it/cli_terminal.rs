//! Colours: on a terminal only, not with `NO_COLOR`, and as `--color` says.
//!
//! The terminal is a pseudo terminal that Python's `pty` opens; what the program writes there is read back.

use std::path::Path;
use std::process::{Command, Stdio};

use tempfile::TempDir;

/// Runs words with a terminal for stdin, stdout and stderr, writes what they write to its own stdout, and ends as they do.
const ON_A_TERMINAL: &str =
    "import os, pty, sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))";

/// Help, what is not understood, and the summary of a run with a failure have colours.
const COLOURED: [(&str, i32); 4] =
    [("--help", 0), ("lint --help", 0), ("run --no-such-flag", 2), ("run mapping_broken", 1)];
/// Findings, log lines and data have none anywhere.
const PLAIN: [(&str, i32); 3] = [("-vv lint mapping_broken", 1), ("run mapping_none", 2), ("version", 0)];

fn stage() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("mapping_broken"), "# owner: us\nUPPER//x y\n").unwrap();
    folder
}

/// What the program says on both streams, with these variables beside what a terminal sets.
fn said(folder: &Path, on_a_terminal: bool, line: (&str, i32), variables: &[(&str, &str)]) -> String {
    let program = env!("CARGO_BIN_EXE_image-mirror");
    let mut command = Command::new(if on_a_terminal { "python3" } else { program });
    if on_a_terminal {
        command.args(["-c", ON_A_TERMINAL, program]);
    }
    command.args(line.0.split(' ')).current_dir(folder).stdin(Stdio::null());
    command.env_clear().env("PATH", "/usr/bin:/bin").env("HOME", folder).env("TERM", "xterm-256color");
    let output = command.envs(variables.iter().copied()).output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8(said).unwrap();
    assert_eq!(output.status.code(), Some(line.1), "{line:?}\n{said}");
    assert!(said.len() > 10, "{line:?} said nothing");
    said
}

/// Whether there is an escape that sets a colour or a weight; moving the cursor is none.
fn has_colours(said: &str) -> bool {
    said.split("\u{1b}[")
        .skip(1)
        .any(|rest| rest.trim_start_matches(|c: char| c.is_ascii_digit() || c == ';').starts_with('m'))
}

#[test]
fn on_a_terminal_there_are_colours_and_in_a_pipe_there_are_none() {
    let folder = stage();
    for line in COLOURED {
        let shown = said(folder.path(), true, line, &[]);
        assert!(has_colours(&shown), "{line:?}\n{shown}");
        let piped = said(folder.path(), false, line, &[]);
        assert!(!piped.contains('\u{1b}'), "{line:?}\n{piped}");
    }
}

#[test]
fn no_color_switches_them_off_and_an_empty_one_does_not() {
    let folder = stage();
    for line in COLOURED {
        for value in ["1", "0", "false"] {
            let shown = said(folder.path(), true, line, &[("NO_COLOR", value)]);
            assert!(!has_colours(&shown), "{line:?} NO_COLOR={value}\n{shown}");
        }
        assert!(has_colours(&said(folder.path(), true, line, &[("NO_COLOR", "")])), "{line:?}: it is empty");
    }
}

#[test]
fn the_flag_wins_over_the_terminal_and_over_no_color() {
    let folder = stage();
    for (words, code) in COLOURED {
        let never = format!("--color=never {words}");
        let shown = said(folder.path(), true, (&never, code), &[]);
        assert!(!has_colours(&shown), "{never}\n{shown}");
        let always = format!("--color always {words}");
        for variables in [&[][..], &[("NO_COLOR", "1")]] {
            let piped = said(folder.path(), false, (&always, code), variables);
            assert!(has_colours(&piped), "{always} {variables:?}\n{piped}");
        }
        let never = [("IMAGE_MIRROR_COLOR", "never")];
        assert!(!has_colours(&said(folder.path(), true, (words, code), &never)), "{words}");
        assert!(has_colours(&said(folder.path(), true, (&always, code), &never)), "{always}");
    }
}

#[test]
fn findings_log_lines_and_data_have_no_colours_anywhere() {
    let folder = stage();
    for line in PLAIN {
        for on_a_terminal in [true, false] {
            let said = said(folder.path(), on_a_terminal, line, &[]);
            assert!(!said.contains('\u{1b}'), "{line:?}\n{said}");
        }
    }
}
