//! Where the parts of a text stand in the file that holds it.
//!
//! The text may be the file, or a string of it: with escapes, or indented and folded. Whatever the form, what is no blank
//! comes in the same order in both, so that walking both tells where each part is.

use std::ops::Range;

/// How a text is written in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Style {
    /// As it is; lines may be indented and folded: a file, or a block scalar of YAML.
    Bare,
    /// In double quotes, of JSON or YAML: with escapes.
    Double,
    /// In single quotes of YAML.
    Single,
}

/// The places of a text.
#[derive(Debug)]
pub(super) struct Places {
    style: Style,
    /// In their order; between two of them are only blanks.
    pieces: Vec<Piece>,
}

/// A part of the text and where it is.
#[derive(Debug)]
struct Piece {
    said: Range<usize>,
    written: Range<usize>,
    /// Whether it is written as it is, byte for byte.
    is_same: bool,
}

impl Places {
    /// Those of a text that is a file as it is.
    pub(super) fn of_file(text: &str) -> Self {
        let whole = 0..text.len();
        let piece = Piece { said: whole.clone(), written: whole, is_same: true };
        Self { style: Style::Bare, pieces: vec![piece] }
    }

    /// Those of the string `said`, which is written at `at` of `file`; none when it cannot be found there.
    pub(super) fn of_string(said: &str, file: &str, at: &Range<usize>) -> Option<Self> {
        let written = file.get(at.clone())?;
        let style = match written.as_bytes().first()? {
            b'"' => Style::Double,
            b'\'' => Style::Single,
            _ => Style::Bare,
        };
        let quote = usize::from(style != Style::Bare);
        let inside = at.start + quote..at.end.checked_sub(quote)?;
        let mut tokens = Tokens { style, file: file.get(..inside.end)?, at: inside.start };
        let mut pieces: Vec<Piece> = Vec::new();
        for (start, c) in said.char_indices().filter(|(_, c)| !is_blank(*c)) {
            let said_at = start..start + c.len_utf8();
            let token = tokens.find(|token| !token.c.is_some_and(is_blank))?;
            if token.c? != c {
                return None;
            }
            let is_same = file[token.at.clone()] == said[said_at.clone()];
            match pieces.last_mut() {
                Some(last)
                    if is_same && last.is_same && same_between(last, &said_at, &token.at, said, file) =>
                {
                    last.said.end = said_at.end;
                    last.written.end = token.at.end;
                }
                _ => pieces.push(Piece { said: said_at, written: token.at, is_same }),
            }
        }
        Some(Self { style, pieces })
    }

    /// Where a part of the text is. It takes no blanks with it that are not its own, such as those before a line.
    pub(super) fn range(&self, part: &Range<usize>) -> Range<usize> {
        if part.is_empty() {
            let at = self.end_of(part.start);
            return at..at;
        }
        let first = self.pieces.partition_point(|piece| piece.said.end <= part.start);
        let start = match self.pieces.get(first) {
            Some(piece) if piece.said.start <= part.start => piece.start(part.start),
            _ => self.end_of(part.start),
        };
        let last = self.pieces.partition_point(|piece| piece.said.end < part.end);
        let end = match self.pieces.get(last) {
            Some(piece) if piece.said.start < part.end => piece.end(part.end),
            Some(piece) => piece.written.start,
            None => self.pieces.last().map_or(0, |piece| piece.written.end),
        };
        start..end.max(start)
    }

    /// Where that ends which comes before `at`.
    fn end_of(&self, at: usize) -> usize {
        let next = self.pieces.partition_point(|piece| piece.said.start < at);
        match next.checked_sub(1).and_then(|before| self.pieces.get(before)) {
            Some(piece) => piece.end(at.min(piece.said.end)),
            None => self.pieces.first().map_or(0, |piece| piece.written.start),
        }
    }

    /// `text`, without line breaks, as it must be written here.
    pub(super) fn written(&self, text: &str) -> String {
        match self.style {
            Style::Bare => text.to_owned(),
            Style::Single => text.replace('\'', "''"),
            Style::Double => {
                let quoted = serde_json::Value::from(text).to_string();
                quoted[1..quoted.len() - 1].to_owned()
            }
        }
    }
}

impl Piece {
    fn start(&self, at: usize) -> usize {
        if self.is_same { self.written.start + (at - self.said.start) } else { self.written.start }
    }

    fn end(&self, at: usize) -> usize {
        if self.is_same { self.written.start + (at - self.said.start) } else { self.written.end }
    }
}

/// Whether the blanks after `last` are written as they are.
fn same_between(last: &Piece, said_at: &Range<usize>, at: &Range<usize>, said: &str, file: &str) -> bool {
    said[last.said.end..said_at.start] == file[last.written.end..at.start]
}

fn is_blank(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\r' | '\n')
}

/// A character as it is written; none: what no style has.
struct Token {
    at: Range<usize>,
    c: Option<char>,
}

struct Tokens<'a> {
    style: Style,
    file: &'a str,
    at: usize,
}

impl Iterator for Tokens<'_> {
    type Item = Token;

    fn next(&mut self) -> Option<Token> {
        let rest = &self.file[self.at..];
        let plain = rest.chars().next()?;
        let (c, length) = match (self.style, plain) {
            (Style::Double, '\\') => escaped(rest),
            (Style::Single, '\'') => (Some('\''), if rest.starts_with("''") { 2 } else { 1 }),
            _ => (Some(plain), plain.len_utf8()),
        };
        let at = self.at..self.at + length;
        self.at = at.end;
        Some(Token { at, c })
    }
}

/// What the escape at the beginning of `rest` stands for, and its length. YAML knows all escapes of JSON.
fn escaped(rest: &str) -> (Option<char>, usize) {
    let Some(kind) = rest[1..].chars().next() else { return (None, 1) };
    let c = match kind {
        'x' => return by_number(rest, 2),
        'u' => return by_number(rest, 4),
        'U' => return by_number(rest, 8),
        '0' => '\0',
        'a' => '\u{7}',
        'b' => '\u{8}',
        't' => '\t',
        'n' => '\n',
        'v' => '\u{b}',
        'f' => '\u{c}',
        'r' => '\r',
        'e' => '\u{1b}',
        'N' => '\u{85}',
        '_' => '\u{a0}',
        'L' => '\u{2028}',
        'P' => '\u{2029}',
        // Quotes, slashes, blanks and the break of a line that goes on are themselves.
        other => other,
    };
    (Some(c), 1 + kind.len_utf8())
}

fn by_number(rest: &str, digits: usize) -> (Option<char>, usize) {
    let number =
        |from: usize| rest.get(from..from + digits).and_then(|hex| u32::from_str_radix(hex, 16).ok());
    let Some(first) = number(2) else { return (None, 1) };
    let length = 2 + digits;
    // Half of a character that JSON writes as two.
    if let (0xd800..0xdc00, true) = (first, rest[length..].starts_with("\\u")) {
        let pair = number(length + 2).and_then(|second| {
            let units = [first, second].map(|unit| u16::try_from(unit).unwrap_or_default());
            char::decode_utf16(units).next()?.ok()
        });
        return (pair, 2 * length);
    }
    (char::from_u32(first), length)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Where each word of `said` is written.
    fn words<'a>(said: &str, file: &'a str) -> Vec<&'a str> {
        let places = Places::of_string(said, file, &(0..file.len())).unwrap();
        let mut found = Vec::new();
        for word in said.split_whitespace() {
            let start = word.as_ptr().addr() - said.as_ptr().addr();
            found.push(&file[places.range(&(start..start + word.len()))]);
        }
        found
    }

    #[test]
    fn words_are_found_behind_escapes_and_at_the_beginnings_of_lines() {
        let double = r#""a\nb\"c \u00e9\ud83d\ude00\/ d\te""#;
        assert_eq!(words("a\nb\"c é😀/ d\te", double), ["a", "b\\\"c", r"\u00e9\ud83d\ude00\/", "d", "e"]);
        assert_eq!(words("it's b", "'it''s\r\n  b'"), ["it''s", "b"]);
        assert_eq!(words("a\n  b c\n", "a\r\n      b c\r\n"), ["a", "b", "c"]);
        assert_eq!(words("a b\nc", "a\n  b\n\n  c"), ["a", "b", "c"], "folded");
    }

    #[test]
    fn a_range_of_lines_takes_the_indentation_of_one_of_them() {
        let (said, file) = ("{\nAA\nBB\n}", "{\n    AA\n    BB\n    }");
        let places = Places::of_string(said, file, &(0..file.len())).unwrap();
        assert_eq!(&file[places.range(&(2..5))], "AA\n    ");
        assert_eq!(&file[places.range(&(1..4))], "\n    AA");
        assert_eq!(places.range(&(4..4)), 8..8);
    }

    #[test]
    fn a_text_that_is_not_there_has_no_places() {
        for (said, file) in [("ab", "\"ac\""), ("ab", "\"a"), ("a", "\"\\q\""), ("a", "\"\\u00\""), ("a", "")]
        {
            assert!(Places::of_string(said, file, &(0..file.len())).is_none(), "{said} in {file}");
        }
        assert!(Places::of_string("a", "a", &(0..2)).is_none(), "beyond the end");
    }
}
