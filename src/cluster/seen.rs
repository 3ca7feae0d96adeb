//! Which objects a watch knows, so that what went while nobody watched is told when all are listed anew.

use std::collections::HashSet;

use kube::Resource as _;
use kube::runtime::watcher;

use super::text::Text;
use super::watch::Event;

/// Namespace and name.
type Name = (String, String);

/// The objects of a watch by name.
#[derive(Debug, Default)]
pub(super) struct Seen {
    here: HashSet<Name>,
    /// Were here before the list that is under way.
    before: HashSet<Name>,
}

impl Seen {
    /// What there is to tell of `event`.
    pub(super) fn take(&mut self, event: watcher::Event<Text>) -> Vec<Event> {
        match event {
            watcher::Event::Init => {
                self.before.extend(self.here.drain());
                Vec::new()
            }
            watcher::Event::InitApply(text) | watcher::Event::Apply(text) => {
                self.here.extend(name(&text));
                vec![Event::Changed(text.json.into())]
            }
            watcher::Event::Delete(text) => {
                let Some(gone) = name(&text) else { return Vec::new() };
                self.here.remove(&gone);
                vec![deleted(gone)]
            }
            watcher::Event::InitDone => {
                let gone = self.before.drain().filter(|name| !self.here.contains(name));
                gone.map(deleted).chain([Event::Listed]).collect()
            }
        }
    }
}

fn name(text: &Text) -> Option<Name> {
    let meta = text.meta();
    meta.namespace.clone().zip(meta.name.clone())
}

fn deleted((namespace, name): Name) -> Event {
    Event::Deleted { namespace, name }
}
