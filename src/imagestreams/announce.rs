//! Tells a client which repositories entries are about, so that one token can name several of them.

use super::Wanted;
use crate::registry::{Client, Role};

/// Says that the repositories of `wanted` will be looked at.
pub fn announce(client: &Client, wanted: &[Wanted]) {
    let entries = || wanted.iter().map(|wanted| &wanted.desired);
    let sources = entries().filter_map(|entry| entry.source.repository().cloned());
    client.with_role(Role::Source).announce(sources);
    let targets = entries().filter_map(|entry| entry.target.repository().cloned());
    client.with_role(Role::Target).announce(targets);
}
