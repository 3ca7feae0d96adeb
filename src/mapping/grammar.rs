//! Reads one line of a mapping file: comment, words, pairs; what each pair wants or why it wants nothing.
//!
//! The grammar is that of `oc image mirror -f`, widened: tabs separate words too, and a bad target does not
//! spoil the others of its line. It is stricter where the older one dropped words or asked a registry what a line meant.

use std::ops::Range;

use super::word::{Pattern, Problem, Source, Target, Word, WordReader};
use crate::model::{Endpoint, ImageRef, LayoutRef, Repository, Tag, Version};

/// The longest line, its carriage return included and its line feed not.
const LONGEST: usize = 65_535;

/// Where the tags of a wildcard go.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Destination {
    /// A repository.
    Registry(Repository),
    /// A layout directory.
    Layout(std::path::PathBuf),
}

impl Destination {
    /// Where an endpoint lies, whatever its tag.
    #[must_use]
    pub fn of(endpoint: &Endpoint) -> Self {
        match endpoint {
            Endpoint::Registry(image) => Self::Registry(image.repository.clone()),
            Endpoint::Layout(layout) => Self::Layout(layout.path.clone()),
        }
    }

    /// The endpoint here under `tag`.
    #[must_use]
    pub fn tagged(&self, tag: Tag) -> Endpoint {
        match self {
            Self::Registry(repository) => {
                Endpoint::Registry(ImageRef::new(repository.clone(), Version::Tag(tag)))
            }
            Self::Layout(path) => Endpoint::Layout(LayoutRef { path: path.clone(), tag: Some(tag) }),
        }
    }
}

impl std::fmt::Display for Destination {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Registry(repository) => repository.fmt(f),
            Self::Layout(path) => write!(f, "oci:{}", path.display()),
        }
    }
}

/// What a pair of a line wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Wanted {
    Exact { source: Endpoint, target: Endpoint },
    Wildcard { source: Repository, pattern: Pattern, target: Destination },
}

/// A pair that stands, and the bytes of its two words.
#[derive(Debug)]
pub(super) struct Pair {
    pub(super) wanted: Wanted,
    pub(super) source: Range<usize>,
    pub(super) target: Range<usize>,
}

/// What cannot be mirrored; it becomes one row.
#[derive(Debug)]
pub(super) struct Bad {
    pub(super) problem: Problem,
    /// Bytes of the line that name the source; empty where nothing can be told apart.
    pub(super) source: Range<usize>,
    /// Bytes of the line that name the target or targets.
    pub(super) target: Range<usize>,
}

/// What a line says.
#[derive(Debug, Default)]
pub(super) struct Line {
    pub(super) pairs: Vec<Pair>,
    pub(super) bad: Vec<Bad>,
    /// Warnings, and errors that add to one in `bad`.
    pub(super) more: Vec<Problem>,
}

/// The comment of a line, without its `#`, if that is all the line holds.
pub(super) fn comment(line: &[u8]) -> Option<&[u8]> {
    line.trim_ascii().strip_prefix(b"#")
}

/// Reads a line without its line break.
pub(super) fn read_line(line: &[u8], strict: bool) -> Line {
    let mut out = Line::default();
    let entry = line.split(|b| *b == b'#').next().unwrap_or_default();
    let words = match words(line, entry, &mut out.more) {
        Ok(words) => words,
        Err(problem) => {
            out.bad.push(Bad { source: 0..entry.len().min(LONGEST), target: 0..0, problem });
            return out;
        }
    };
    let mut reader = WordReader { strict, warnings: Vec::new() };
    read_words(&words, &mut reader, &mut out);
    out.more.append(&mut reader.warnings);
    out
}

/// The words of an entry, or what is wrong with the line as a whole.
fn words<'a>(line: &[u8], entry: &'a [u8], more: &mut Vec<Problem>) -> Result<Vec<Word<'a>>, Problem> {
    if line.len() > LONGEST {
        let message = format!("a line of more than {LONGEST} bytes");
        return Err(Problem::error("line-length", 0..1, message).hint("break it into several lines"));
    }
    let text = std::str::from_utf8(entry).map_err(|error| {
        let at = error.valid_up_to();
        Problem::error("utf-8", at..at + 1, "the line is not UTF-8 text")
    })?;
    let trimmed = text.trim();
    let start = text.len() - text.trim_start().len();
    if let Some((at, odd)) = trimmed.char_indices().find(|(_, c)| is_odd(*c)) {
        return Err(odd_character(start + at, odd));
    }
    if let Some(at) = trimmed.find('\t') {
        let span = start + at..start + at + 1;
        more.push(
            Problem::warning("tab", span, "a tab separates words here, and not for `oc`")
                .hint("write a space"),
        );
    }
    let mut found = Vec::new();
    let mut at = start;
    for part in trimmed.split([' ', '\t']) {
        if !part.is_empty() {
            found.push(Word { text: part, start: at });
        }
        at += part.len() + 1;
    }
    Ok(found)
}

/// Characters that look like a separator or like nothing.
fn is_odd(c: char) -> bool {
    let invisible = matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}' | '\u{feff}');
    invisible || (c != ' ' && c != '\t' && (c.is_control() || c.is_whitespace()))
}

fn odd_character(at: usize, odd: char) -> Problem {
    let span = at..at + odd.len_utf8();
    if odd == '\r' {
        let message = "a carriage return within the line";
        return Problem::error("carriage-return", span, message).hint("end lines with a line feed");
    }
    let message = format!("the character U+{:04X} cannot be part of a line", odd as u32);
    Problem::error("character", span, message).hint("separate words by single spaces")
}

fn read_words(words: &[Word<'_>], reader: &mut WordReader, out: &mut Line) {
    let (Some(first), Some(last)) = (words.first(), words.last()) else { return };
    let rest = words.get(1).map_or(last.span().end..last.span().end, |second| second.start..last.span().end);
    if let Some(problem) = shape_problem(words) {
        out.bad.push(Bad { problem, source: first.span(), target: rest });
    } else if first.text.contains('=') {
        for word in words {
            pair(*word, reader, out);
        }
    } else {
        list(words, rest, reader, out);
    }
}

fn shape_problem(words: &[Word<'_>]) -> Option<Problem> {
    let pairs = words.iter().filter(|word| word.text.contains('=')).count();
    if let Some(arrow) = words.iter().find(|word| matches!(word.text, "->" | "=>" | ":" | "=")) {
        let message = "neither a source nor a target nor a pair";
        return Some(
            Problem::error("word", arrow.span(), message).hint("write `SRC DST [DST…]` or `SRC=DST`"),
        );
    }
    if pairs > 0 && pairs < words.len() {
        let odd = words.iter().find(|word| !word.text.contains('='))?;
        let message = "a line is either pairs `SRC=DST` or a list `SRC DST [DST…]`, and this one mixes them";
        return Some(Problem::error("mixed", odd.span(), message).hint("write them on two lines"));
    }
    let [only] = words else { return None };
    if pairs > 0 {
        return None;
    }
    let hint = if only.text.contains(',') {
        "targets are separated by spaces, not by commas"
    } else {
        "write `SRC DST [DST…]` or `SRC=DST`"
    };
    Some(Problem::error("no-target", only.span(), "a source without a target").hint(hint))
}

fn pair(word: Word<'_>, reader: &mut WordReader, out: &mut Line) {
    let (left, right) = word.text.split_once('=').unwrap_or((word.text, ""));
    let source = Word { text: left, start: word.start };
    let target = Word { text: right, start: word.start + left.len() + 1 };
    let bad = |problem| Bad { problem, source: source.span(), target: target.span() };
    if left.is_empty() || right.is_empty() {
        let message = "a pair `SRC=DST` with one side empty";
        let problem = Problem::error("empty-side", word.span(), message);
        out.bad.push(bad(problem.hint("write source and target on either side of the `=`, without spaces")));
        return;
    }
    match (reader.source(source), reader.target(target)) {
        (Ok(wanted), Ok(at)) => join(&wanted, source, at, target, out),
        (Err(problem), Ok(_)) | (Ok(_), Err(problem)) => out.bad.push(bad(problem)),
        (Err(problem), Err(more)) => {
            out.bad.push(bad(problem));
            out.more.push(more);
        }
    }
}

fn list(words: &[Word<'_>], rest: Range<usize>, reader: &mut WordReader, out: &mut Line) {
    let Some((&source, targets)) = words.split_first() else { return };
    let wanted = reader.source(source);
    if let Err(problem) = &wanted {
        out.bad.push(Bad { problem: problem.clone(), source: source.span(), target: rest });
    }
    for &target in targets {
        match (&wanted, reader.target(target)) {
            (Ok(wanted), Ok(at)) => join(wanted, source, at, target, out),
            (Ok(_), Err(problem)) => {
                out.bad.push(Bad { problem, source: source.span(), target: target.span() });
            }
            (Err(_), Err(more)) => out.more.push(more),
            (Err(_), Ok(_)) => {}
        }
    }
}

/// Puts what source and target say together into what is wanted.
fn join(source: &Source, source_word: Word<'_>, target: Target, target_word: Word<'_>, out: &mut Line) {
    let wanted = match source {
        Source::Wildcard { repository, pattern } => wildcard(repository, pattern, target, target_word),
        Source::Image { image, tag } => {
            let source = Endpoint::Registry(image.clone());
            let digest = matches!(image.version, Version::Digest(_)).then(|| image.version.clone());
            exact(source, (tag.clone(), digest), target, target_word, &mut out.more)
        }
        Source::Layout(layout) => {
            let inherited = (layout.tag.clone(), None);
            exact(Endpoint::Layout(layout.clone()), inherited, target, target_word, &mut out.more)
        }
    };
    let (source, target) = (source_word.span(), target_word.span());
    match wanted {
        Ok(wanted) => out.pairs.push(Pair { wanted, source, target }),
        Err(problem) => out.bad.push(Bad { problem, source, target }),
    }
}

fn wildcard(
    repository: &Repository,
    pattern: &Pattern,
    target: Target,
    word: Word<'_>,
) -> Result<Wanted, Problem> {
    let (destination, tag) = match target {
        Target::Registry { repository, tag } => (Destination::Registry(repository), tag),
        Target::Layout(layout) => (Destination::Layout(layout.path), layout.tag),
    };
    if tag.is_some() {
        let message = "a source with a `*` needs a target without a tag";
        return Err(Problem::error("wildcard-tagged-target", word.span(), message)
            .hint("leave out the tag: each tag that matches keeps its name"));
    }
    if destination == Destination::Registry(repository.clone()) {
        return Err(self_copy(word));
    }
    Ok(Wanted::Wildcard { source: repository.clone(), pattern: pattern.clone(), target: destination })
}

/// What a target without a tag inherits: the tag, else the digest.
type Inherited = (Option<Tag>, Option<Version>);

fn exact(
    source: Endpoint,
    (tag, digest): Inherited,
    target: Target,
    word: Word<'_>,
    more: &mut Vec<Problem>,
) -> Result<Wanted, Problem> {
    let target = match target {
        Target::Registry { repository, tag: own } => {
            let version = match (own.or(tag), digest) {
                (Some(tag), _) => Version::Tag(tag),
                (None, Some(digest)) => {
                    let message = "without a tag the target is pushed by its digest only";
                    more.push(
                        Problem::warning("digest-only", word.span(), message)
                            .hint("registries may prune what no tag names; write a tag"),
                    );
                    digest
                }
                (None, None) => return Err(needs_tag(word)),
            };
            Endpoint::Registry(ImageRef::new(repository, version))
        }
        Target::Layout(layout) => {
            let Some(tag) = layout.tag.or(tag) else { return Err(needs_tag(word)) };
            Endpoint::Layout(LayoutRef { path: layout.path, tag: Some(tag) })
        }
    };
    if source == target {
        return Err(self_copy(word));
    }
    Ok(Wanted::Exact { source, target })
}

fn needs_tag(word: Word<'_>) -> Problem {
    Problem::error("untagged-target", word.span(), "neither the target nor the source has a tag")
        .hint("write a tag behind the target")
}

fn self_copy(word: Word<'_>) -> Problem {
    Problem::error("self-copy", word.span(), "source and target are the same")
        .hint("drop it, or give the target another name")
}
