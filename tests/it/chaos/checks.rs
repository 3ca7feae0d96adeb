//! What must hold at every moment, and what must hold in the end.

use std::collections::HashSet;

use super::lines::{Place, Side};
use super::world::World;
use crate::support::{TagWrite, writes};

const TARGETS: [Side; 2] = [Side::Trusting, Side::Strict];

/// What was looked at, and what was wrong with it.
#[derive(Debug, Default)]
pub(super) struct Checks {
    /// Writes of a tag, each checked when it was made.
    pub(super) writes: usize,
    /// Tags that were read down to their last byte.
    pub(super) tags: usize,
    /// What should never have been.
    pub(super) wrong: Vec<String>,
}

impl Checks {
    /// Now, with requests under way or not: every tag is whole, is one that it may be, and is still there.
    pub(super) fn look(&mut self, world: &mut World) {
        for side in TARGETS {
            for write in world.registry(side).take_tag_writes() {
                self.write(world, side, write);
            }
            for tag in tags(world, side) {
                self.tag(world, &tag);
                world.existing.insert(tag);
            }
        }
        let lost = world
            .existing
            .iter()
            .filter(|place| world.registry(place.side).tag_digest(&place.repository, &place.tag).is_none());
        self.wrong.extend(lost.map(|place| format!("lost: {place:?}")));
    }

    fn write(&mut self, world: &World, side: Side, write: TagWrite) {
        self.writes += 1;
        let place = Place { side, repository: write.repository, tag: write.tag };
        if !world.allowed.get(&place).is_some_and(|allowed| allowed.contains(&write.digest)) {
            self.wrong.push(format!("wrong: {place:?} was made to name {}", write.digest));
        }
    }

    fn tag(&mut self, world: &World, place: &Place) {
        self.tags += 1;
        let registry = world.registry(place.side);
        let Some(digest) = registry.tag_digest(&place.repository, &place.tag) else { return };
        if !world.allowed.get(place).is_some_and(|allowed| allowed.contains(&digest)) {
            self.wrong.push(format!("wrong: {place:?} names {digest}"));
        } else if !registry.holds(&place.repository, &place.tag, &world.images[&digest]) {
            // A run may have moved it on since it was asked for; then it is looked at as what it is now.
            match registry.tag_digest(&place.repository, &place.tag) {
                Some(now) if now != digest => self.tag(world, place),
                _ => self.wrong.push(format!("dangling: {place:?} ({digest})")),
            }
        }
    }

    /// After a round: also what the registries themselves saw at each write.
    pub(super) fn look_back(&mut self, world: &mut World) {
        self.look(world);
        for side in TARGETS {
            let broken = world.registry(side).take_broken();
            self.wrong.extend(broken.into_iter().map(|tag| format!("dangling: {side:?} {tag}")));
            let deleted = world.registry(side).count(crate::support::Kind::DeleteManifest);
            self.wrong.extend((deleted > 0).then(|| format!("{deleted} manifests were deleted at {side:?}")));
        }
        let at_source = world.registry(Side::Source).count(writes());
        self.wrong.extend((at_source > 0).then(|| format!("{at_source} writes to the source")));
    }

    /// Every target is what its source is.
    pub(super) fn converged(&mut self, world: &World) {
        for line in &world.lines {
            let wanted = &world.images[&world.wanted(line)];
            for target in &line.targets {
                if !world.registry(target.side).holds(&target.repository, &target.tag, wanted) {
                    self.wrong.push(format!("not converged: {target:?} is not {}", wanted.digest));
                }
            }
        }
    }
}

fn tags(world: &World, side: Side) -> HashSet<Place> {
    let registry = world.registry(side);
    let mut tags = HashSet::new();
    for repository in registry.repositories().into_iter().filter(|name| name.starts_with("mirror/")) {
        let of_it = registry.tags(&repository).into_iter();
        tags.extend(of_it.map(|tag| Place { side, repository: repository.clone(), tag }));
    }
    tags
}
