//! What holds for every line of a mapping file, whatever somebody typed. For the fuzz target and its twin.

use std::ops::Range;

use super::files::Input;
use super::grammar::{self, Line};
use super::set::{MappingSet, ReadOptions, Wish, read};
use super::{Finding, render};
use crate::model::Endpoint;
use crate::model::properties::points_into_its_line;

/// A line gives for each of its pairs an entry or a row, and each row says in the line why; what it gives reads again
/// as itself, and a login in it is shown nowhere.
pub(crate) fn mapping_line(input: &[u8]) {
    let line = input.split(|b| *b == b'\n').next().unwrap_or_default();
    for strict in [false, true] {
        each_pair_ends_once(line, &grammar::read_line(line, strict));
    }
    let set = read_text(line);
    assert_eq!(set.has_errors(), !set.rows().is_empty(), "an error is a row, and a row an error");
    set.findings().iter().for_each(shows_its_place);
    set.entries().iter().for_each(|entry| reads_again(&entry.wish));
    hides_a_login(line);
}

fn read_text(line: &[u8]) -> MappingSet {
    let input = Input::Text { name: "m".into(), bytes: line.to_vec() };
    read(&[input], &ReadOptions::default()).expect("text can be read")
}

fn each_pair_ends_once(line: &[u8], read: &Line) {
    let entry = line.split(|b| *b == b'#').next().unwrap_or_default();
    let blank = String::from_utf8_lossy(entry).trim().is_empty() && line.len() <= 65_535;
    assert_eq!(read.pairs.len() + read.bad.len() == 0, blank, "one of both, and neither only for nothing");
    let targets: Vec<_> = read.pairs.iter().map(|pair| &pair.target).collect();
    for bad in &read.bad {
        let same = |range: &&Range<usize>| **range == bad.target && !range.is_empty();
        assert!(!targets.iter().any(same), "an entry and a row for one target");
        lies_in(line, &bad.problem.span);
        lies_in(line, &bad.source);
        lies_in(line, &bad.target);
    }
    for pair in &read.pairs {
        lies_in(line, &pair.source);
        lies_in(line, &pair.target);
    }
    read.more.iter().for_each(|problem| lies_in(line, &problem.span));
}

/// Within the line, and where it is text on whole characters.
fn lies_in(line: &[u8], span: &Range<usize>) {
    assert!(line.get(span.clone()).is_some(), "{span:?} is not in a line of {} bytes", line.len());
    if let Ok(text) = std::str::from_utf8(line) {
        assert!(text.get(span.clone()).is_some(), "{span:?} cuts a character of {text:?}");
    }
}

/// The caret is drawn, and under the line.
fn shows_its_place(finding: &Finding) {
    points_into_its_line(finding);
    let text = render(std::slice::from_ref(finding));
    assert!(finding.span.is_none() || text.contains('^'), "no caret:\n{text}");
}

fn reads_again(wish: &Wish) {
    let Wish::Exact(desired) = wish else { return };
    // A layout's path may have what a line cannot hold; a target by digest only cannot be written.
    let (Endpoint::Registry(source), Endpoint::Registry(target)) = (&desired.source, &desired.target) else {
        return;
    };
    if target.to_string().contains('@') {
        return;
    }
    let line = format!("{source} {target}");
    let again = read_text(line.as_bytes());
    let [entry] = again.entries() else { panic!("`{line}` is not one entry: {:?}", again.findings()) };
    let Wish::Exact(same) = &entry.wish else { panic!("`{line}` is a wildcard") };
    assert_eq!((&same.source, &same.target), (&desired.source, &desired.target));
}

/// The line as a part of a password.
fn hides_a_login(line: &[u8]) {
    let Ok(text) = std::str::from_utf8(line) else { return };
    if text.contains(|c: char| c == '#' || c.is_whitespace()) {
        return;
    }
    for login in ["quay.io/a/b:v1 {}@quay.io/c/d:v1", "{}@quay.io/a/b:v1 quay.io/c/d:v1", "a=https://{}@h/b"]
    {
        let set = read_text(login.replace("{}", &format!("user:S3CRET{text}")).as_bytes());
        let shown = format!("{:?}{:?}{}", set.findings(), set.rows(), render(set.findings()));
        assert!(!shown.contains("S3CRET"), "a password is shown: {shown}");
        assert!(set.entries().is_empty(), "a login became part of an entry");
    }
}
