//! Which repositories the lines of a mapping set need, and on which side.

use std::collections::HashMap;

use crate::cli::{connect, policies};
use crate::mapping::{MappingSet, Wish};
use crate::model::{Endpoint, Origin, Repository, Version};
use crate::policy::Policies;
use crate::registry::Role;

/// A repository that lines need.
pub(super) struct Need {
    pub(super) role: Role,
    pub(super) repository: Repository,
    /// What to look at there; none: its tags, since lines name none.
    pub(super) version: Option<Version>,
    /// The lines, in their order.
    pub(super) origins: Vec<Origin>,
}

/// What `set` needs, as far as `policies` let it: each repository once a side, sources first, in the order of their
/// names.
pub(super) fn of(set: &MappingSet, policies: &Policies) -> Vec<Need> {
    let mut known: HashMap<(Role, Repository), usize> = HashMap::new();
    let mut needs: Vec<Need> = Vec::new();
    for entry in set.entries().iter().filter(|entry| !policies::forbid(policies, entry)) {
        for (role, repository, version) in ends(&entry.wish) {
            let at = *known.entry((role, repository.clone())).or_insert(needs.len());
            if at == needs.len() {
                needs.push(Need { role, repository, version: None, origins: Vec::new() });
            }
            let need = &mut needs[at];
            need.version = need.version.take().or(version);
            if need.origins.last() != Some(entry.wish.origin()) {
                need.origins.push(entry.wish.origin().clone());
            }
        }
    }
    needs.sort_by(|one, other| {
        let key = |need: &Need| (need.role == Role::Target, need.repository.clone());
        key(one).cmp(&key(other))
    });
    needs
}

/// The ends of a wish that are in registries.
fn ends(wish: &Wish) -> impl Iterator<Item = (Role, Repository, Option<Version>)> {
    let (source, target) = match wish {
        Wish::Exact(desired) => (version(&desired.source), version(&desired.target)),
        Wish::Wildcard(_) => (None, None),
    };
    let source = connect::source(wish).map(|repository| (Role::Source, repository, source));
    let target = connect::target(wish).map(|repository| (Role::Target, repository, target));
    source.into_iter().chain(target)
}

fn version(endpoint: &Endpoint) -> Option<Version> {
    match endpoint {
        Endpoint::Registry(image) => Some(image.version.clone()),
        Endpoint::Layout(_) => None,
    }
}
