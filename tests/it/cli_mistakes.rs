//! Mistakes on the command line: each says what was wrong, and what to do next.

use std::process::Command;

use tempfile::TempDir;

/// A command line, and of what is said of it: what was wrong, and what to do.
const MISTAKES: [(&str, &str, &str); 24] = [
    ("mirror", "unrecognized subcommand 'mirror'", "try '--help'"),
    ("run --no-such-flag", "unexpected argument '--no-such-flag'", "try '--help'"),
    ("run none", "none: No such file", "name a file, a directory or a quoted glob"),
    ("run mapping_no*", "no mapping file matches `mapping_no*`", "name others"),
    ("run empty", "no mapping file has an entry", "`--allow-empty`"),
    ("run --jobs 0 fine", "invalid value '0'", "expected a whole number from 1"),
    ("run --deadline soon fine", "invalid value 'soon'", "such as `90s`"),
    ("run --insecure fine", "`--insecure` is not supported", "`--plain-http HOST`"),
    ("run --shard 3/2 fine", "invalid value '3/2'", "the last of 2 is `1/2`"),
    ("run -v -q fine", "cannot be used with", "try '--help'"),
    ("run --client-key k fine", "`--client-key`", "`--client-cert`"),
    ("run -a none.json fine", "`none.json`", "name another by `--authfile`"),
    ("run --dry-run -a no_json fine", "`no_json` is not JSON", "write it anew"),
    ("run --ca-file none.pem fine", "`none.pem`", "leave out its flag"),
    ("run --policy none.yaml fine", "none.yaml", "make it readable"),
    ("run --policy no_json fine", "unclosed bracket", "mend what is named above"),
    ("explain quay.io/x fine", "names a repository", "such as `quay.io/x:latest`"),
    ("configmap --name Bad_Name fine", "`Bad_Name` of `--name`", "write lower-case letters"),
    ("prune-tags quay.io/a/b", "`--scheme` is needed", "such as `--scheme=backup`"),
    ("nightly", "`payload.yaml` cannot be read", "--data-path"),
    ("imagestreams --target-repository quay.io/a/b", "nothing says what to mirror", "`--all-namespaces`"),
    (
        "imagestreams --from-file none.json --all-namespaces --target-repository quay.io/a/b",
        "`none.json` cannot be read",
        "oc get imagestreams",
    ),
    ("report merge none", "no file is called `none`", "name the reports"),
    ("stream mirror --src none.json --dest to --ocp 4.16", "none.json", "name a file that is there"),
];

fn stage() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    file("fine", "# owner: us\noci:from:v1 oci:to:v1\n");
    file("no_json", "{bad");
    std::fs::create_dir(folder.path().join("empty")).unwrap();
    folder
}

fn told(folder: &TempDir, words: &str) -> (Option<i32>, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_image-mirror"));
    command.args(words.split(' ')).current_dir(folder.path());
    let output = command.env_clear().env("HOME", folder.path()).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

#[test]
fn every_mistake_exits_with_2_and_says_what_was_wrong_and_what_to_do_and_prints_no_data() {
    let folder = stage();
    for (words, wrong, advice) in MISTAKES {
        let (code, stdout, stderr) = told(&folder, words);
        assert_eq!((code, stdout.as_str()), (Some(2), ""), "{words}\n{stderr}");
        assert!(stderr.lines().any(|line| line.starts_with("error: ")), "{words}\n{stderr}");
        assert!(stderr.contains(wrong) && stderr.contains(advice), "{words}\n{stderr}");
        assert!(!folder.path().join("to").exists(), "{words}: something was written");
    }
}

#[test]
fn what_is_explained_as_failed_or_asked_for_by_nobody_comes_with_what_to_do() {
    let folder = stage();
    let (code, failed, _) = told(&folder, "explain oci:to:v1 fine");
    assert_eq!(code, Some(1), "{failed}");
    assert!(failed.contains("fine:2 (owner us) asks for oci:from:v1"), "{failed}");
    assert!(failed.contains("error: ") && failed.contains("\n    help: "), "{failed}");
    let (code, nobody, _) = told(&folder, "explain quay.io/a/b:v1 fine");
    assert_eq!(code, Some(1), "{nobody}");
    assert!(nobody.contains("no line of 1 mapping files") && nobody.contains("\n  help: "), "{nobody}");
}
