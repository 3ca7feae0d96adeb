//! Changes as edits of the tree: which keys of which objects are set or go. The tree is edited by the same list as the
//! bytes, so that the two can be compared.

use std::collections::{BTreeMap, BTreeSet};

use url::Url;

use super::artifact::is_said;
use super::change::Change;
use super::envelope::Opened;
use super::error::EditError;
use super::listed::Stream;
use super::tree::{Member, Node, Value};

/// The keys that lead to an object.
pub(super) type Path = Vec<String>;

/// What is to be different.
#[derive(Debug, Default)]
pub(super) struct Edits {
    /// What is set, each key once.
    pub(super) sets: Vec<Set>,
    /// The keys that go, by their objects.
    pub(super) removed: BTreeMap<Path, BTreeSet<String>>,
}

/// A key that gets a value.
#[derive(Debug)]
pub(super) struct Set {
    pub(super) object: Path,
    pub(super) key: &'static str,
    pub(super) value: New,
    /// Where it is new, it comes after the first of these that is there; or else at the end.
    pub(super) after: &'static [&'static str],
}

/// A new value.
#[derive(Debug)]
pub(super) enum New {
    Text(String),
    Object(Vec<(&'static str, String)>),
}

/// The edits that make `changes` of a stream.
pub(super) fn edits(opened: &Opened, stream: &Stream, changes: &[Change]) -> Result<Edits, EditError> {
    let mut wanted = Wanted { opened, stream, edits: Edits::default(), gone: BTreeMap::new() };
    for change in changes {
        wanted.change(change)?;
    }
    Ok(wanted.done())
}

struct Wanted<'a> {
    opened: &'a Opened,
    stream: &'a Stream,
    edits: Edits,
    /// The artifacts that go, by their formats.
    gone: BTreeMap<Path, BTreeSet<String>>,
}

impl Wanted<'_> {
    fn change(&mut self, change: &Change) -> Result<(), EditError> {
        match change {
            Change::Location { artifact, url } => {
                let object = self.artifact(*artifact)?;
                self.set_address(object, "location", url, &[])
            }
            Change::Signature { artifact, url: Some(url) } => {
                let object = self.artifact(*artifact)?;
                self.set_address(object, "signature", url, &["sha256", "location"])
            }
            Change::Signature { artifact, url: None } => {
                let object = self.artifact(*artifact)?;
                if self.node(&object)?.get("signature").is_some_and(is_said) {
                    self.edits.removed.entry(object).or_default().insert("signature".to_owned());
                }
                Ok(())
            }
            Change::Removed { artifact } => {
                let mut format = self.artifact(*artifact)?;
                let kind = format.pop().unwrap_or_default();
                self.gone.entry(format).or_default().insert(kind);
                Ok(())
            }
            Change::Container { container, image, digest_ref } => {
                let object = self.container(*container)?;
                self.set(object.clone(), "image", New::Text(image.clone()), &["release"])?;
                self.set(object, "digest-ref", New::Text(digest_ref.clone()), &["image", "release"])
            }
            Change::Touched { last_modified, generator } => self.touch(last_modified, generator),
        }
    }

    fn artifact(&self, index: usize) -> Result<Path, EditError> {
        let artifact = self.stream.artifacts.get(index).ok_or(EditError::Unlisted)?;
        let place = &artifact.place;
        Ok(self.path(&[
            "architectures",
            &place.arch,
            "artifacts",
            &place.artifact,
            "formats",
            &place.format,
            &place.kind,
        ]))
    }

    fn container(&self, index: usize) -> Result<Path, EditError> {
        let container = self.stream.containers.get(index).ok_or(EditError::Unlisted)?;
        Ok(self.path(&["architectures", &container.arch, "images", "kubevirt"]))
    }

    fn path(&self, keys: &[&str]) -> Path {
        self.opened.path.iter().cloned().chain(keys.iter().map(|key| (*key).to_owned())).collect()
    }

    fn node(&self, path: &Path) -> Result<&Node, EditError> {
        self.opened.root.follow(path).ok_or(EditError::Unlisted)
    }

    /// Addresses that mean the same are not changed, however they are written.
    fn set_address(
        &mut self,
        object: Path,
        key: &'static str,
        url: &str,
        after: &'static [&'static str],
    ) -> Result<(), EditError> {
        let written = self.node(&object)?.get(key).and_then(Node::text);
        let parsed = |text: &str| Url::parse(text).ok();
        let url = match written {
            Some(written) if parsed(written).is_some_and(|old| Some(old) == parsed(url)) => written,
            _ => url,
        };
        self.set(object, key, New::Text(url.to_owned()), after)
    }

    fn set(
        &mut self,
        object: Path,
        key: &'static str,
        value: New,
        after: &'static [&'static str],
    ) -> Result<(), EditError> {
        self.edits.sets.retain(|set| set.object != object || set.key != key);
        let node = self.node(&object)?;
        if node.members().is_none() {
            return Err(EditError::NoObject { path: object.join("/"), kind: node.kind() });
        }
        let is_there = match (&value, node.get(key)) {
            (New::Text(new), Some(old)) => old.text() == Some(new),
            _ => false,
        };
        if !is_there {
            self.edits.sets.push(Set { object, key, value, after });
        }
        Ok(())
    }

    fn touch(&mut self, last_modified: &str, generator: &str) -> Result<(), EditError> {
        let metadata = self.path(&["metadata"]);
        let said = [("last-modified", last_modified.to_owned()), ("generator", generator.to_owned())];
        let old = self.opened.root.follow(&metadata);
        if old.is_none_or(|old| old.is_null() || old.members().is_some_and(<[_]>::is_empty)) {
            return self.set(self.path(&[]), "metadata", New::Object(said.into()), &["stream"]);
        }
        let [(first, last_modified), (second, generator)] = said;
        self.set(metadata.clone(), first, New::Text(last_modified), &[])?;
        self.set(metadata, second, New::Text(generator), &["last-modified"])
    }

    /// What holds nothing any more goes too: a format, and a platform without formats.
    fn done(mut self) -> Edits {
        let (formats, gone_formats) = self.emptied(self.gone.clone(), 1);
        let (platforms, gone_platforms) = self.emptied(gone_formats, 2);
        for (object, keys) in formats.into_iter().chain(platforms).chain(gone_platforms) {
            self.edits.removed.entry(object).or_default().extend(keys);
        }
        let gone = &self.edits.removed;
        let is_gone = |object: &Path| {
            (0..object.len()).any(|at| gone.get(&object[..at]).is_some_and(|keys| keys.contains(&object[at])))
        };
        self.edits.sets.retain(|set| !is_gone(&set.object));
        let kept = self.edits.removed.iter().filter(|(object, _)| !is_gone(object));
        let removed = kept.map(|(object, keys)| (object.clone(), keys.clone())).collect();
        Edits { sets: self.edits.sets, removed }
    }

    /// Those objects that keep something, and those that do not: of these, what goes is the key `rise` levels above.
    fn emptied(&self, gone: BTreeMap<Path, BTreeSet<String>>, rise: usize) -> (Removed, Removed) {
        let (mut partly, mut wholly) = (Removed::new(), Removed::new());
        for (mut object, keys) in gone {
            let members = self.opened.root.follow(&object).and_then(Node::members).unwrap_or_default();
            let stays = |member: &Member| !member.node.is_null() && !keys.contains(&member.key);
            if members.iter().any(stays) {
                partly.insert(object, keys);
            } else {
                let mut above = object.split_off(object.len() - rise);
                wholly.entry(object).or_default().insert(above.swap_remove(0));
            }
        }
        (partly, wholly)
    }
}

type Removed = BTreeMap<Path, BTreeSet<String>>;

impl Edits {
    pub(super) fn is_empty(&self) -> bool {
        self.sets.is_empty() && self.removed.is_empty()
    }

    /// The tree as it is to be afterwards.
    pub(super) fn apply(&self, root: &Node) -> Node {
        let mut root = root.clone();
        for set in &self.sets {
            let Some(members) = root.members_mut(&set.object) else { continue };
            let node = Node { at: 0..0, value: set.value.value() };
            if let Some(member) = members.iter_mut().find(|member| member.key == set.key) {
                member.node = node;
            } else {
                let at = anchor(members, set.after).map_or(members.len(), |at| at + 1);
                members.insert(at, Member { key: set.key.to_owned(), key_at: 0..0, node });
            }
        }
        for (object, keys) in &self.removed {
            if let Some(members) = root.members_mut(object) {
                members.retain(|member| !keys.contains(&member.key));
            }
        }
        root
    }
}

/// The member after which a new one comes.
pub(super) fn anchor(members: &[Member], after: &[&str]) -> Option<usize> {
    after
        .iter()
        .find_map(|key| members.iter().position(|member| member.key == *key))
        .or(members.len().checked_sub(1))
}

impl New {
    fn value(&self) -> Value {
        let text = |text: &String| Value::Text(text.clone());
        match self {
            Self::Text(new) => text(new),
            Self::Object(entries) => {
                let member = |(key, new): &(&str, String)| Member {
                    key: (*key).to_owned(),
                    key_at: 0..0,
                    node: Node { at: 0..0, value: text(new) },
                };
                Value::Object(entries.iter().map(member).collect())
            }
        }
    }
}
