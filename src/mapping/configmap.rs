//! Renders mapping files as the ConfigMap that a job mounts.
//!
//! What a pod reads from the mounted files is what the files held, byte for byte.

use std::collections::HashMap;
use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// The most that Kubernetes lets a ConfigMap hold, keys and values together.
pub const LIMIT: usize = 1 << 20;

/// The longest key.
const LONGEST_KEY: usize = 253;

/// A mapping file by name.
#[derive(Debug, Clone, Copy)]
pub struct Content<'a> {
    /// Its path; the base name is the key.
    pub path: &'a str,
    /// What it holds.
    pub bytes: &'a [u8],
}

impl<'a> Content<'a> {
    /// The key of the file: directories vanish.
    #[must_use]
    pub fn key(&self) -> &'a str {
        self.path.rsplit('/').next().unwrap_or_default()
    }

    fn size(&self) -> usize {
        self.key().len() + self.bytes.len()
    }
}

/// Why files cannot become a ConfigMap.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfigMapError {
    /// A base name that is no key.
    #[error(
        "`{0}`: a key has only letters, digits, `-`, `_` and `.`, and at most 253 of them; rename the file"
    )]
    Key(String),
    /// Two files with one base name.
    #[error("`{0}` and `{1}` have the same base name, and directories vanish in a ConfigMap; rename one")]
    Clash(String, String),
    /// A file that fills more than a ConfigMap alone.
    #[error("`{path}` has {bytes} bytes, more than a ConfigMap can hold; split it")]
    Size {
        /// Its path.
        path: String,
        /// How large it is.
        bytes: usize,
    },
    /// There is nothing to render.
    #[error("no mapping file to make a ConfigMap of")]
    Empty,
}

/// Whether Kubernetes takes `key` as a key of a ConfigMap.
#[must_use]
pub fn is_key(key: &str) -> bool {
    let letter = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
    (1..=LONGEST_KEY).contains(&key.len()) && !key.starts_with("..") && key != "." && key.bytes().all(letter)
}

/// The YAML of one ConfigMap `name`, or of several `name`, `name-2`… where one is not enough.
///
/// # Errors
/// The first file that cannot be a key or a value.
pub fn render(files: &[Content<'_>], name: &str, namespace: Option<&str>) -> Result<String, ConfigMapError> {
    let mut out = String::new();
    for (index, part) in parts(files)?.into_iter().enumerate() {
        if index > 0 {
            out.push_str("---\n");
        }
        out.push_str("apiVersion: v1\nkind: ConfigMap\nmetadata:\n");
        let suffix = if index > 0 { format!("-{}", index + 1) } else { String::new() };
        let _ = writeln!(out, "  name: {}", quoted(&format!("{name}{suffix}")));
        if let Some(namespace) = namespace {
            let _ = writeln!(out, "  namespace: {}", quoted(namespace));
        }
        section(&mut out, "data", &part, |bytes| std::str::from_utf8(bytes).ok().map(text_value));
        section(&mut out, "binaryData", &part, |bytes| {
            std::str::from_utf8(bytes).is_err().then(|| format!(" {}\n", STANDARD.encode(bytes)))
        });
    }
    Ok(out)
}

/// The files in order, as many in a ConfigMap as it can hold.
fn parts<'a>(files: &[Content<'a>]) -> Result<Vec<Vec<Content<'a>>>, ConfigMapError> {
    let mut known: HashMap<&str, &str> = HashMap::new();
    let mut parts: Vec<Vec<Content<'a>>> = Vec::new();
    let mut size = 0;
    for file in files {
        if !is_key(file.key()) {
            return Err(ConfigMapError::Key(file.path.to_owned()));
        }
        if let Some(other) = known.insert(file.key(), file.path) {
            return Err(ConfigMapError::Clash(other.to_owned(), file.path.to_owned()));
        }
        if file.size() > LIMIT {
            return Err(ConfigMapError::Size { path: file.path.to_owned(), bytes: file.bytes.len() });
        }
        size += file.size();
        match parts.last_mut() {
            Some(part) if size <= LIMIT => part.push(*file),
            _ => {
                size = file.size();
                parts.push(vec![*file]);
            }
        }
    }
    if parts.is_empty() { Err(ConfigMapError::Empty) } else { Ok(parts) }
}

fn section(out: &mut String, title: &str, files: &[Content<'_>], value: impl Fn(&[u8]) -> Option<String>) {
    let mut untitled = true;
    for file in files {
        let Some(value) = value(file.bytes) else { continue };
        if std::mem::take(&mut untitled) {
            let _ = writeln!(out, "{title}:");
        }
        let _ = write!(out, "  {}:{value}", quoted(file.key()));
    }
}

/// The value behind the colon, its line break included: a block that people can read where YAML
/// keeps every byte of it, else a quoted string.
fn text_value(text: &str) -> String {
    // A line of nothing but blanks is content to some readers and a line break to others.
    let blank = |line: &str| !line.is_empty() && line.trim().is_empty();
    let block = text.chars().all(|c| c == '\n' || c == '\t' || (' '..='~').contains(&c) || is_plain(c))
        && !text.split('\n').any(blank);
    if !block || text.trim_matches('\n').is_empty() {
        return format!(" {}\n", quoted(text));
    }
    let chomping = match text.as_bytes() {
        [.., b'\n', b'\n'] => "+",
        [.., b'\n'] => "",
        _ => "-",
    };
    let mut out = format!(" |2{chomping}\n");
    let body = text.strip_suffix('\n').unwrap_or(text);
    for line in body.split('\n') {
        let indent = if line.is_empty() { "" } else { "    " };
        let _ = writeln!(out, "{indent}{line}");
    }
    out
}

/// Letters beyond ASCII, but nothing that YAML takes for a line break or leaves out.
fn is_plain(c: char) -> bool {
    c > '\u{a0}' && !c.is_whitespace() && !matches!(c, '\u{feff}' | '\u{fffe}' | '\u{ffff}')
}

/// A double-quoted YAML string; JSON's escapes are YAML's.
fn quoted(text: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
    if text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.bytes().all(plain)
        && !is_word_of_yaml(text)
    {
        return text.to_owned();
    }
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            ' '..='~' => out.push(c),
            _ if is_plain(c) => out.push(c),
            _ if (c as u32) < 0x1_0000 => {
                let _ = write!(out, "\\u{:04X}", c as u32);
            }
            _ => {
                let _ = write!(out, "\\U{:08X}", c as u32);
            }
        }
    }
    out.push('"');
    out
}

/// Words that YAML reads as something else than text.
fn is_word_of_yaml(text: &str) -> bool {
    ["true", "false", "null", "yes", "no", "on", "off", "y", "n"]
        .contains(&text.to_ascii_lowercase().as_str())
}
