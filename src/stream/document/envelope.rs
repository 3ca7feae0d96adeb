//! In what a stream comes, and where it is in it.

use std::ops::Range;
use std::sync::Arc;

use super::page::{Page, Within};
use super::places::Places;
use super::tree::{self, Fault, Member, Node, Value, word};
use crate::model::Finding;
use crate::yaml;

/// No stream is larger; the largest known has 60 KiB.
const LARGEST: usize = 16 << 20;
/// Before the text of a file, which some editors put there.
const MARK: &str = "\u{feff}";

/// A text with a stream in it, taken out of its file.
#[derive(Debug)]
pub(super) struct Opened {
    /// Whether the file begins with a byte order mark, which is not counted in places.
    pub(super) is_marked: bool,
    /// The `ConfigMap` that has the text in one of its fields; none: the text is the file.
    pub(super) map: Option<ConfigMap>,
    /// The text, JSON.
    pub(super) text: String,
    /// Where its parts are in the file.
    pub(super) places: Places,
    /// What it says.
    pub(super) root: Node,
    /// Under which keys of it the stream is.
    pub(super) path: Vec<String>,
}

/// A `ConfigMap` with the text of streams.
#[derive(Debug)]
pub(super) struct ConfigMap {
    pub(super) tree: Node,
    /// The field of its `data`: `stream`, or `streams` for those with names.
    pub(super) field: &'static str,
}

impl Opened {
    /// The stream.
    pub(super) fn stream(&self) -> &Node {
        self.root.follow(&self.path).unwrap_or(&self.root)
    }

    /// The text of the file without its mark.
    pub(super) fn page_text(bytes: &[u8]) -> &str {
        let text = std::str::from_utf8(bytes).unwrap_or_default();
        text.strip_prefix(MARK).unwrap_or(text)
    }

    /// So many bytes are before the text of the file.
    pub(super) fn offset(&self) -> usize {
        if self.is_marked { MARK.len() } else { 0 }
    }
}

/// Finds the stream in a file; that which is called `key`, if the file has many.
pub(super) fn open(name: &Arc<str>, bytes: &[u8], key: Option<&str>) -> Result<Opened, Vec<Finding>> {
    let (is_marked, text) = text_of(name, bytes)?;
    let page = Page::new(name, text);
    let (tree, is_yaml) = tree_of(&page)?;
    let opened = match kind_of(&page, &tree, is_yaml).map_err(|finding| vec![finding])? {
        Kind::ConfigMap => from_map(&page, tree, key)?,
        kind => plain(&page, tree, &kind, key).map_err(|finding| vec![finding])?,
    };
    Ok(Opened { is_marked, ..opened })
}

/// By which keys [`open`] finds the streams of a file, all of them; none is the key of the one that needs none.
pub(super) fn keys(name: &Arc<str>, bytes: &[u8]) -> Result<Vec<Option<String>>, Vec<Finding>> {
    let (_, text) = text_of(name, bytes)?;
    let page = Page::new(name, text);
    let (tree, is_yaml) = tree_of(&page)?;
    let kind = kind_of(&page, &tree, is_yaml).map_err(|finding| vec![finding])?;
    let has_field = |field| tree.get("data").is_some_and(|data| data.get(field).is_some());
    let mut keys: Vec<Option<String>> = match kind {
        Kind::Stream => Vec::new(),
        Kind::Streams => full(&tree).map(|member| Some(member.key.clone())).collect(),
        Kind::ConfigMap if !has_field("streams") => Vec::new(),
        Kind::ConfigMap => {
            let (inside, root) = field_of(&page, &tree, "streams")?;
            if root.members().is_none() {
                return Err(vec![inside.wrong("must be a map of streams")]);
            }
            full(&root).map(|member| Some(member.key.clone())).collect()
        }
    };
    if keys.is_empty() || has_field("stream") {
        keys.insert(0, None);
    }
    Ok(keys)
}

/// The text of a file, and whether a byte order mark is before it.
fn text_of<'a>(name: &Arc<str>, bytes: &'a [u8]) -> Result<(bool, &'a str), Vec<Finding>> {
    let whole = |code, message: &str| vec![Page::new(name, "").whole(code, message)];
    if bytes.len() > LARGEST {
        return Err(whole("size", &format!("the file has more than {} MiB", LARGEST >> 20)));
    }
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => return Err(vec![no_text(name, &bytes[..error.valid_up_to()])]),
    };
    let (is_marked, text) = text.strip_prefix(MARK).map_or((false, text), |text| (true, text));
    if text.trim().is_empty() {
        let said =
            if is_marked { "the file holds a byte order mark and nothing else" } else { "the file is empty" };
        return Err(whole("empty", said));
    }
    Ok((is_marked, text))
}

fn no_text(name: &Arc<str>, good: &[u8]) -> Finding {
    let shown = format!("{}\u{fffd}", String::from_utf8_lossy(good));
    Page::new(name, &shown).wrong(&(good.len()..shown.len()), "encoding", "this is not UTF-8 text")
}

/// The file as a tree, and whether it is YAML that is no JSON.
fn tree_of(page: &Page<'_>) -> Result<(Node, bool), Vec<Finding>> {
    let faults = match tree::read(page.text) {
        Ok(tree) => return Ok((tree, false)),
        Err(faults) => faults,
    };
    if page.text.trim_start().starts_with(['{', '[']) {
        return Err(page.faults(faults));
    }
    let mut source = yaml::Source::new(Arc::clone(page.name), page.text, "syntax");
    source.parse().map(|node| (tree::of_yaml(node), true)).ok_or(source.findings)
}

/// What a file is.
enum Kind {
    Stream,
    Streams,
    ConfigMap,
}

fn kind_of(page: &Page<'_>, tree: &Node, is_yaml: bool) -> Result<Kind, Finding> {
    let Some(members) = tree.members() else {
        let said = format!("the file holds {}, and a stream is an object", tree.kind());
        return Err(page.wrong(&tree.at, "envelope", said));
    };
    let other = |said: &str| Err(page.whole("envelope", said));
    match tree.get("kind").and_then(Node::text) {
        Some("ConfigMap") => return Ok(Kind::ConfigMap),
        Some(kind) if tree.get("apiVersion").is_some() => {
            return other(&format!(
                "this is a `{}`; of Kubernetes' objects only a ConfigMap holds a stream",
                word(kind)
            ));
        }
        _ if is_yaml => return other("this is YAML and no ConfigMap; a stream is JSON"),
        _ => {}
    }
    let has = |key: &str| tree.get(key).is_some();
    if has("architectures") {
        Ok(Kind::Stream)
    } else if members.iter().any(|member| member.key.starts_with("coreos-assembler.")) {
        other("this is about one build (`meta.json`), not a stream")
    } else if has("amis") || has("baseURI") {
        other("this is the pre-stream format (`rhcos.json`), not a stream")
    } else if tree.get("stream").and_then(Node::text).is_some() {
        other("`architectures` is missing")
    } else if is_marketplace(tree) {
        other("this is a file of marketplace images, not a stream")
    } else if !members.is_empty() && members.iter().all(is_stream_or_empty) {
        Ok(Kind::Streams)
    } else {
        other("this is no stream: it has neither `architectures`, nor streams under its keys")
    }
}

fn is_stream_or_empty(member: &Member) -> bool {
    let node = &member.node;
    node.members().is_some_and(<[_]>::is_empty) || node.get("architectures").is_some()
}

/// Whether offers are listed by architecture, provider, kind and generation.
fn is_marketplace(tree: &Node) -> bool {
    has_offer(tree, 4)
}

fn has_offer(node: &Node, levels: usize) -> bool {
    let is_offer = node.get("publisher").is_some() && node.get("offer").is_some();
    is_offer || (levels > 0 && values(node).any(|below| has_offer(below, levels - 1)))
}

fn values(node: &Node) -> impl Iterator<Item = &Node> {
    node.members().unwrap_or_default().iter().map(|member| &member.node)
}

/// A file that is a stream, or a map of streams.
fn plain(page: &Page<'_>, tree: Node, kind: &Kind, key: Option<&str>) -> Result<Opened, Finding> {
    let path = match (kind, key) {
        (Kind::Streams, _) => vec![chosen(page, &tree, key, &tree.at)?],
        (_, None) => Vec::new(),
        (_, Some(key)) => {
            let said = format!(
                "the file is one stream, in which nothing is to be chosen by the key `{}`",
                word(key)
            );
            return Err(page.whole("stream-key", said));
        }
    };
    let (text, places) = (page.text.to_owned(), Places::of_file(page.text));
    Ok(Opened { is_marked: false, map: None, text, places, root: tree, path })
}

/// The key of the stream that is meant.
fn chosen(page: &Page<'_>, streams: &Node, key: Option<&str>, at: &Range<usize>) -> Result<String, Finding> {
    let members = streams.members().unwrap_or_default();
    let keys: Vec<_> = members.iter().map(|member| format!("`{}`", word(&member.key))).collect();
    let listed = format!("it has {}", keys.join(", "));
    let mut full = full(streams);
    let found = match (key, full.next(), full.next()) {
        (Some(key), ..) => members.iter().find(|member| member.key == key),
        (None, Some(member), None) => Some(member),
        (None, ..) => None,
    };
    match (found, key) {
        (Some(member), _) if is_full(member) => Ok(member.key.clone()),
        (Some(member), _) => {
            Err(page.wrong(at, "stream-key", format!("`{}` is empty; {listed}", word(&member.key))))
        }
        (None, Some(key)) => {
            Err(page.wrong(at, "stream-key", format!("there is no stream `{}`; {listed}", word(key))))
        }
        (None, None) => Err(page
            .wrong(at, "stream-key", format!("the file holds several streams; {listed}"))
            .hint("choose one with --stream-key")),
    }
}

fn is_full(member: &Member) -> bool {
    member.node.members().is_none_or(|members| !members.is_empty())
}

/// The streams of a map that are not empty.
fn full(streams: &Node) -> impl Iterator<Item = &Member> {
    streams.members().unwrap_or_default().iter().filter(|member| is_full(member))
}

/// A stream in a field of a `ConfigMap`.
fn from_map(page: &Page<'_>, tree: Node, key: Option<&str>) -> Result<Opened, Vec<Finding>> {
    let field = if key.is_some() { "streams" } else { "stream" };
    let (inside, root) = field_of(page, &tree, field)?;
    let path = key.map(|key| chosen(page, &root, Some(key), inside.at)).transpose();
    let path = path.map_err(|finding| vec![finding])?.into_iter().collect();
    let text = inside.text.to_owned();
    let Some(places) = inside.places else {
        return Err(vec![inside.wrong("is written in a way that is not understood")]);
    };
    Ok(Opened { is_marked: false, map: Some(ConfigMap { tree, field }), text, places, root, path })
}

/// What the text in a field of a `ConfigMap` says.
fn field_of<'a>(
    page: &'a Page<'a>,
    tree: &'a Node,
    field: &'static str,
) -> Result<(Inside<'a>, Node), Vec<Finding>> {
    let data = tree.get("data");
    let Some(node) = data.and_then(|data| data.get(field)) else {
        let said = format!("the ConfigMap has no `data.{field}`");
        return Err(vec![page.wrong(&data.map_or(0..0, |data| data.at.clone()), "envelope", said)]);
    };
    let Some(text) = node.text() else {
        let said = format!("`data.{field}` is {}, and must be text", node.kind());
        return Err(vec![page.wrong(&node.at, "envelope", said)]);
    };
    let inside =
        Inside { page, field, text, at: &node.at, places: Places::of_string(text, page.text, &node.at) };
    let root = tree::read(text).map_err(|faults| inside.told(faults))?;
    Ok((inside, root))
}

/// A text in a field of a `ConfigMap`.
struct Inside<'a> {
    page: &'a Page<'a>,
    field: &'static str,
    text: &'a str,
    at: &'a Range<usize>,
    places: Option<Places>,
}

impl Inside<'_> {
    /// That the field is not as it should be.
    fn wrong(&self, said: &str) -> Finding {
        self.page.wrong(self.at, "envelope", format!("`data.{}` {said}", self.field))
    }

    /// What is wrong in the text, with its place in the text and in the file.
    fn told(&self, faults: Vec<Fault>) -> Vec<Finding> {
        faults.into_iter().map(|fault| self.fault(&fault)).collect()
    }

    fn fault(&self, fault: &Fault) -> Finding {
        let before = &self.text[..fault.at.start];
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        let said = format!("`data.{}`, line {line}, column {column}: {}", self.field, fault.message);
        match &self.places {
            Some(places) => Within { page: self.page, places }.wrong(&fault.at, fault.code, said),
            None => self.page.wrong(self.at, fault.code, said),
        }
    }
}

impl ConfigMap {
    /// The `ConfigMap` with another text in its place.
    pub(super) fn saying(&self, text: &str) -> Node {
        let mut tree = self.tree.clone();
        let data = tree.members_mut(&["data".to_owned()]);
        for member in data.into_iter().flatten().filter(|member| member.key == self.field) {
            member.node.value = Value::Text(text.to_owned());
        }
        tree
    }
}
