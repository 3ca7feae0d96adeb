//! Completions, tried in a shell, and manual pages, set by the program that shows them.

use std::fs;
use std::process::{Command, Output};

use assert_cmd::Command as Built;
use image_mirror::cli::args::Args;

fn image_mirror(words: &[&str]) -> Vec<u8> {
    let mut command = Built::cargo_bin("image-mirror").unwrap();
    command.env_clear().args(words).assert().code(0).get_output().stdout.clone()
}

fn text(output: Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// What bash offers for the last of `words`.
fn offered(script: &std::path::Path, words: &[&str]) -> String {
    let code = r#"source "$1"; shift
        COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1))
        "$(complete -p image-mirror | sed 's/.*-F \([^ ]*\) .*/\1/')" image-mirror "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
        echo "${COMPREPLY[@]}""#;
    text(Command::new("bash").args(["-c", code, "bash"]).arg(script).args(words).output().unwrap())
}

#[test]
fn bash_completes_commands_their_subcommands_and_their_flags() {
    let folder = tempfile::tempdir().unwrap();
    let script = folder.path().join("image-mirror.bash");
    fs::write(&script, image_mirror(&["completions", "bash"])).unwrap();
    assert_eq!(offered(&script, &["image-mirror", "pl"]), "plan\n");
    assert_eq!(offered(&script, &["image-mirror", "stream", "prun"]), "prune\n");
    assert_eq!(offered(&script, &["image-mirror", "run", "--quay-api"]), "--quay-api-token-file\n");
    assert_eq!(offered(&script, &["image-mirror", "lint", "--deadl"]), "\n", "a flag of another command");
}

#[test]
fn every_shell_gets_a_script_of_its_own() {
    let scripts = ["bash", "zsh", "fish", "powershell", "elvish"]
        .map(|shell| String::from_utf8(image_mirror(&["completions", shell])).unwrap());
    for (at, script) in scripts.iter().enumerate() {
        assert!(script.contains("prune-tags") && script.contains("skip-missing"));
        assert!(scripts[at + 1..].iter().all(|other| other != script));
    }
}

#[test]
fn every_command_has_a_manual_page_with_its_examples() {
    fn names(command: &clap::Command, name: &str, found: &mut Vec<String>) {
        found.push(format!("{name}.1"));
        for below in command.get_subcommands() {
            names(below, &format!("{name}-{}", below.get_name()), found);
        }
    }
    let folder = tempfile::tempdir().unwrap();
    let pages = folder.path().join("share/man1");
    image_mirror(&["man", "--to", pages.to_str().unwrap()]);
    let mut wanted = Vec::new();
    names(&Args::clap(), "image-mirror", &mut wanted);
    wanted.sort();
    let mut found: Vec<String> =
        fs::read_dir(&pages).unwrap().map(|page| page.unwrap().file_name().into_string().unwrap()).collect();
    found.sort();
    assert_eq!(found, wanted);
    assert!(found.len() > 30, "{found:?}");
    for name in ["image-mirror-run.1", "image-mirror-stream-prune.1", "image-mirror-auth-check.1"] {
        let page = fs::read_to_string(pages.join(name)).unwrap();
        assert!(page.starts_with(".ie ") || page.contains("\n.TH image-mirror"), "{page:.200}");
        assert!(page.contains("Examples:") && page.contains("Exit codes:"), "{name}");
    }
    assert!(String::from_utf8(image_mirror(&["man"])).unwrap().contains(".TH image-mirror 1"));
}

#[test]
fn pages_that_cannot_be_written_are_an_error_that_names_the_directory() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    let mut command = Built::cargo_bin("image-mirror").unwrap();
    let done = command.env_clear().args(["man", "--to"]).arg(&file).assert().code(1).stdout("");
    let said = String::from_utf8_lossy(&done.get_output().stderr).into_owned();
    assert!(said.starts_with("error: cannot write manual pages into `"), "{said}");
    assert!(said.contains("name a directory that can be written by `--to`"), "{said}");
}
