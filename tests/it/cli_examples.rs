//! What the help of every command ends with: examples that work when they are typed, and exit codes.

use std::ffi::OsString;

use clap::Command;
use image_mirror::cli::args::Args;
use image_mirror::cli::settings::{Environment, Settings};

/// Every command that does something, by the words that call it, with what its long help ends with, not yet fitted to a
/// terminal.
fn commands() -> Vec<(String, String)> {
    let mut root = Args::clap();
    root.build();
    let mut found = Vec::new();
    collect(&root, &mut found);
    found
}

fn collect(command: &Command, found: &mut Vec<(String, String)>) {
    let words = command.get_bin_name().unwrap_or_else(|| command.get_name());
    let below = || command.get_subcommands().filter(|below| below.get_name() != "help");
    if below().next().is_none() {
        let end = command.get_after_long_help().or(command.get_after_help());
        found.push((words.to_owned(), end.map(ToString::to_string).unwrap_or_default()));
    }
    below().for_each(|command| collect(command, found));
}

/// The lines of a part of the help, which begins with its name and ends with an empty line.
fn part<'h>(help: &'h str, name: &str) -> Vec<&'h str> {
    let lines = help.lines().skip_while(|line| *line != name).skip(1);
    lines.take_while(|line| !line.is_empty()).collect()
}

/// The commands of a shell line: what pipes and `&&` part, without redirections.
fn of_shell(line: &str) -> Vec<Vec<String>> {
    let mut commands = vec![Vec::new()];
    let mut words = shell_words::split(line).unwrap_or_else(|error| panic!("{line}: {error}")).into_iter();
    while let Some(word) = words.next() {
        match word.as_str() {
            "|" | "&&" | "||" | ";" => commands.push(Vec::new()),
            ">" | ">>" | "<" | "2>" => assert!(words.next().is_some(), "{line}: a redirection to nowhere"),
            _ => commands.last_mut().unwrap().push(word),
        }
    }
    commands
}

/// What the program's own parser and its settings say against the words of an example.
fn objection(words: &[String]) -> Option<String> {
    match Args::read(words.iter().map(OsString::from)) {
        Ok(args) => Settings::new(args, &Environment::read([])).err().map(|errors| format!("{errors:?}")),
        Err(answer) => answer.use_stderr().then(|| answer.to_string()),
    }
}

/// The example lines of a help, with what a backslash continues put together.
fn examples(help: &str) -> Vec<String> {
    part(help, "Examples:")
        .join("\n")
        .replace("\\\n", " ")
        .lines()
        .map(|line| line.trim().to_owned())
        .collect()
}

#[test]
fn every_command_shows_examples_of_itself_that_the_program_takes() {
    let commands = commands();
    assert!(commands.len() > 20, "{commands:?}");
    for (command, help) in commands {
        let mut own = 0;
        for line in examples(&help) {
            for words in
                of_shell(&line).iter().filter(|words| words.first().is_some_and(|w| w == "image-mirror"))
            {
                assert_eq!(objection(words), None, "{command}: {line}");
                own += usize::from(format!("{} ", words.join(" ")).starts_with(&format!("{command} ")));
            }
        }
        assert!(own > 0, "{command}: no example of itself");
    }
}

#[test]
fn every_command_tells_its_exit_codes_0_and_2_among_them() {
    for (command, help) in commands() {
        let told = part(&help, "Exit codes:");
        let code =
            |line: &&'_ str| line.strip_prefix("  ")?.split_once("  ").map(|(code, _)| code.to_owned());
        let mut codes: Vec<String> = told.iter().filter_map(code).collect();
        codes.retain(|code| !code.trim().is_empty()); // a line that goes on
        assert!(
            codes.first().is_some_and(|code| code == "0") && codes.iter().any(|code| code == "2"),
            "{command}: {told:?}"
        );
        assert!(
            codes.is_sorted()
                && codes.iter().all(|code| ["0", "1", "2", "3", "4", "5"].contains(&code.as_str())),
            "{command}: {told:?}"
        );
    }
}

#[test]
fn an_example_that_the_program_does_not_take_is_found() {
    let lines = [
        ("image-mirror lint a && image-mirror run --no-such-flag b > c", 1),
        ("echo x | image-mirror run --insecure -", 1),
        ("image-mirror version --json | jq -r .commit", 0),
        ("image-mirror run 'a && b'", 0),
    ];
    for (line, wrong) in lines {
        let commands = of_shell(line);
        let ours = commands.iter().filter(|words| words[0] == "image-mirror");
        assert_eq!(ours.filter(|words| objection(words).is_some()).count(), wrong, "{line}");
    }
}
