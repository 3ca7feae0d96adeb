//! `README.md`, `docs/` and the pages beside mappings and jobs: links that lead somewhere, commands that exist.

use std::collections::BTreeSet;
use std::path::Path;

use super::makefile::targets;
use super::{assert_command_line, files_below, root, text};

fn is_page(path: &str) -> bool {
    Path::new(path).extension().is_some_and(|extension| extension == "md")
}

/// Every page that is shipped, by its path from the root.
pub(super) fn pages() -> Vec<String> {
    let mut pages = ["README.md", "CONTRIBUTING.md", "CHANGELOG.md"].map(str::to_owned).to_vec();
    for directory in ["docs", "jobs", "mappings"] {
        pages.extend(files_below(directory, is_page));
    }
    pages
}

/// A page cut into what stands in fenced blocks and what stands around them.
struct Page {
    prose: String,
    blocks: String,
}

fn page(path: &str) -> Page {
    let (mut prose, mut blocks, mut fenced) = (String::new(), String::new(), false);
    for line in text(path).lines() {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
            continue;
        }
        let part = if fenced { &mut blocks } else { &mut prose };
        part.push_str(line);
        part.push('\n');
    }
    assert!(!fenced, "{path}: a fenced block is not closed");
    Page { prose, blocks }
}

/// The text between single back-quotes in the prose of a page.
fn code_spans(prose: &str) -> Vec<&str> {
    prose.lines().flat_map(|line| line.split('`').skip(1).step_by(2)).collect()
}

/// Command lines of the program in the blocks and code spans of a page, as they are written. One with an ellipsis or a
/// placeholder in angle brackets is a pattern for people, one with `[..]` the output of another.
fn command_lines(page: &Page) -> Vec<String> {
    let joined = page.blocks.replace("\\\n", " ");
    let prompt = |line: &str| line.trim_start().trim_start_matches("$ ").to_owned();
    let in_blocks = joined.lines().map(prompt);
    let in_prose = code_spans(&page.prose).into_iter().map(str::to_owned);
    in_blocks
        .chain(in_prose)
        .filter(|line| line.starts_with("image-mirror "))
        .filter(|line| !line.contains(['…', '<']) && !line.contains("[..]"))
        .collect()
}

/// How GitHub names the anchor of a heading.
fn anchor(heading: &str) -> String {
    let kept = heading.trim().to_lowercase();
    kept.chars()
        .filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'))
        .collect::<String>()
        .replace(' ', "-")
}

fn anchors(path: &str) -> BTreeSet<String> {
    let headings = page(path).prose;
    headings
        .lines()
        .filter(|line| line.starts_with('#'))
        .map(|line| anchor(line.trim_start_matches('#')))
        .collect()
}

/// The targets of the links of a page that lead to a file or a heading of ours.
fn own_links(prose: &str) -> Vec<String> {
    let targets = prose.split("](").skip(1).filter_map(|rest| rest.split_once(')').map(|(target, _)| target));
    targets.filter(|target| !target.contains("://")).map(str::to_owned).collect()
}

#[test]
fn every_link_leads_to_a_file_and_a_heading_that_exist() {
    let mut seen = 0;
    for path in pages() {
        for link in own_links(&page(&path).prose) {
            let (file, heading) = link.split_once('#').unwrap_or((&link, ""));
            let here = root().join(&path);
            let target = if file.is_empty() { here.clone() } else { here.parent().unwrap().join(file) };
            let target = target.canonicalize().unwrap_or_else(|error| panic!("{path}: {link}: {error}"));
            let target = target
                .strip_prefix(root().canonicalize().unwrap())
                .expect("inside the repository")
                .to_owned();
            if !heading.is_empty() {
                assert!(
                    anchors(target.to_str().unwrap()).contains(heading),
                    "{path}: {link}: no such heading"
                );
            }
            seen += 1;
        }
    }
    assert!(seen > 10, "links were found: {seen}");
}

#[test]
fn every_command_line_in_the_docs_is_one_that_the_program_takes() {
    let mut seen = 0;
    for path in pages() {
        for line in command_lines(&page(&path)) {
            let line =
                line.split(" #").next().unwrap().split(" |").next().unwrap().split(" >").next().unwrap();
            let words = shell_words::split(line).unwrap_or_else(|error| panic!("{path}: {line}: {error}"));
            assert_command_line(&format!("{path}: {line}"), &words);
            seen += 1;
        }
    }
    assert!(seen > 10, "command lines were found: {seen}");
}

#[test]
fn every_make_target_in_the_docs_exists() {
    let targets = targets();
    for path in pages() {
        let page = page(&path);
        let lines = page.blocks.lines().chain(code_spans(&page.prose));
        for line in lines.filter_map(|line| line.trim_start().strip_prefix("make ")) {
            let words = line.split(" #").next().unwrap().split_whitespace();
            for word in words.filter(|word| !word.contains('=')) {
                assert!(targets.iter().any(|target| target == word), "{path}: make {line}");
            }
        }
    }
}

#[test]
fn every_page_of_docs_is_in_the_book_once() {
    let mut summary = own_links(&text("docs/SUMMARY.md"));
    summary.sort();
    let pages: Vec<_> = files_below("docs", is_page)
        .iter()
        .filter_map(|path| path.strip_prefix("docs/"))
        .filter(|path| *path != "SUMMARY.md")
        .map(str::to_owned)
        .collect();
    assert_eq!(summary, pages);
}

#[test]
fn the_readme_leads_to_every_page_that_lies_directly_in_docs() {
    let readme = text("README.md");
    for path in files_below("docs", |path| is_page(path) && path.matches('/').count() == 1) {
        if !["docs/SUMMARY.md", "docs/introduction.md"].contains(&path.as_str()) {
            assert!(readme.contains(&format!("({path})")), "README.md does not lead to {path}");
        }
    }
}

#[test]
fn every_class_of_a_failure_has_its_section_in_troubleshooting_and_no_other() {
    let source = text("src/error/mod.rs");
    let display = source.split_once("impl fmt::Display for Class").unwrap().1.split_once("\n}").unwrap().0;
    let made: BTreeSet<_> = display.split('"').skip(1).step_by(2).map(str::to_owned).collect();
    assert!(made.len() >= 8, "{made:?}");
    let page = text("docs/troubleshooting.md");
    let by_class = page.split_once("\n## By class\n").unwrap().1.split_once("\n## ").unwrap().0;
    let sections: Vec<_> = by_class.split("\n### ").skip(1).collect();
    let named: BTreeSet<_> =
        sections.iter().map(|section| section.lines().next().unwrap().to_owned()).collect();
    assert_eq!(named, made);
    for section in sections {
        for part in ["```", "**Means**", "**What to do**"] {
            assert!(section.contains(part), "{part} is not in {section}");
        }
    }
}

/// What `patterns` catch in the source files that `wanted` picks.
fn caught<const N: usize>(wanted: impl Fn(&str) -> bool, patterns: [&str; N]) -> BTreeSet<String> {
    let patterns = patterns.map(|pattern| regex::Regex::new(pattern).unwrap());
    let mut caught = BTreeSet::new();
    let sources = files_below("src", |path| Path::new(path).extension() == Some("rs".as_ref()));
    for path in sources.iter().filter(|path| wanted(path)) {
        let source = text(path);
        let found = patterns.iter().flat_map(|pattern| pattern.captures_iter(&source));
        caught.extend(found.map(|capture| capture[1].to_owned()));
    }
    caught
}

fn is_of_imagestreams(path: &str) -> bool {
    path.starts_with("src/imagestreams/")
}

#[test]
fn every_code_of_a_finding_is_explained_and_no_other() {
    let made = caught(
        |path| !is_of_imagestreams(path) && !path.starts_with("src/stream/"),
        [
            r#"Problem::(?:error|warning)\(\s*"([a-z0-9-]+)""#,
            r#"Severity::(?:Error|Warning),\s*"([a-z0-9-]+)""#,
            r#"=>\s*\{?\s*\(\s*"([a-z0-9-]+)",\s*(?:hint|None)"#,
        ],
    );
    let page = page("docs/mapping-format.md").prose;
    let rows =
        page.lines().filter_map(|line| line.strip_prefix("| `")).filter_map(|row| row.split_once("` |"));
    let code = |name: &str| name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    let explained: BTreeSet<String> =
        rows.map(|(name, _)| name.to_owned()).filter(|name| code(name)).collect();
    assert!(explained.len() > 30, "{explained:?}");
    assert_eq!(made, explained);
}

#[test]
fn every_code_of_a_finding_of_imagestreams_is_explained_and_no_other() {
    let made = caught(
        is_of_imagestreams,
        [
            r#"\b(?:warn|at|Finding::about)\([^";]*"([a-z]+(?:-[a-z]+)*)""#,
            r#"\b(?:code|CODE: &str) = "([a-z-]+)""#,
        ],
    );
    let page = page("docs/imagestreams.md").prose;
    let table = page.lines().skip_while(|line| !line.starts_with("| finding |")).skip(2);
    let names = table.take_while(|line| line.starts_with('|')).filter_map(|row| row.split('|').nth(1));
    let explained: BTreeSet<String> =
        names.flat_map(|names| names.split(',')).map(|name| name.trim().replace('`', "")).collect();
    assert!(explained.len() > 10, "{explained:?}");
    assert_eq!(made, explained);
}
