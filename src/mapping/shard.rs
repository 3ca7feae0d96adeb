//! Keeps of a set what one shard takes: whole target repositories, so that the shards of a run never write to the
//! same one, and what is known of a repository serves all of its entries.

use std::collections::HashMap;
use std::sync::Arc;

use super::files::MappingFile;
use super::grammar::Destination;
use super::set::{Entry, MappingSet, Wish};
use crate::model::{Digest, Locator, Row, Shard};

/// The part of `set` that is for `shard`: each entry and each row is in exactly one of all shards. Findings stay, since
/// they are about the files: what contradicts itself was found over the whole set.
#[must_use]
pub fn of_shard(mut set: MappingSet, shard: Shard) -> MappingSet {
    let mut known: HashMap<Destination, bool> = HashMap::new();
    let mut takes = |entry: &Entry| {
        let destination = match &entry.wish {
            Wish::Exact(desired) => Destination::of(&desired.target),
            Wish::Wildcard(wildcard) => wildcard.target.clone(),
        };
        *known.entry(destination).or_insert_with_key(|destination| shard.takes(&destination.to_string()))
    };
    set.entries.retain(&mut takes);
    set.contested.retain(&mut takes);
    set.rows.retain(|row| shard.takes(&name(row)));
    set
}

/// What decides the shard of a row: where its target lies; as written where that is not known.
fn name(row: &Row) -> String {
    match (&row.target, &row.origin) {
        (Locator::Image(image), _) => image.repository.to_string(),
        (Locator::Layout(layout), _) => Destination::Layout(layout.path.clone()).to_string(),
        (Locator::Text(text), origin) if text.is_empty() => origin.group().to_string(),
        (target, _) => target.to_string(),
    }
}

impl MappingSet {
    /// Tells this set from any other: the digest of its files, names included.
    #[must_use]
    pub fn digest(&self) -> Digest {
        let line = |file: &Arc<MappingFile>| format!("{} {:?}\n", Digest::of(file.bytes()), file.name);
        Digest::of(self.files.iter().map(line).collect::<String>().as_bytes())
    }
}
