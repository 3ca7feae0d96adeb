//! What a request needs a right to, and sets of such rights.

use std::collections::BTreeMap;

use super::Name;
use crate::model::Host;
use crate::registry::Role;

/// What is done in a repository.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Action {
    /// `pull`
    Pull,
    /// `pull,push`
    Push,
}

/// The right to do something in one repository.
#[derive(Debug, Clone)]
pub(crate) struct Scope {
    /// The repository's name within its registry.
    pub(crate) name: Name,
    pub(crate) action: Action,
}

/// What one request needs. The first scope to push to, else the first scope, decides the login.
#[derive(Debug, Clone)]
pub(crate) struct Need {
    pub(crate) host: Host,
    pub(crate) role: Role,
    pub(crate) scopes: Vec<Scope>,
}

impl Need {
    /// The repository whose login is used.
    pub(super) fn subject(&self) -> &str {
        let pushed = self.scopes.iter().find(|scope| scope.action == Action::Push);
        pushed.or(self.scopes.first()).map_or("", |scope| &scope.name)
    }

    pub(super) fn set(&self) -> ScopeSet {
        let mut set = ScopeSet::default();
        for scope in &self.scopes {
            set.add(&scope.name, scope.action);
        }
        set
    }
}

/// For each repository the strongest action.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub(super) struct ScopeSet(BTreeMap<Name, Action>);

impl ScopeSet {
    pub(super) fn pulls<'a>(names: impl IntoIterator<Item = &'a Name>) -> Self {
        Self(names.into_iter().map(|name| (Name::clone(name), Action::Pull)).collect())
    }

    pub(super) fn add(&mut self, name: &Name, action: Action) {
        let held = self.0.entry(Name::clone(name)).or_insert(action);
        *held = action.max(*held);
    }

    pub(super) fn add_all(&mut self, other: &Self) {
        for (name, action) in &other.0 {
            self.add(name, *action);
        }
    }

    /// How many repositories there would be with those of `other`.
    pub(super) fn len_with(&self, other: &Self) -> usize {
        self.0.len() + other.0.keys().filter(|name| !self.0.contains_key(*name)).count()
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether everything in `needed` is allowed here too.
    pub(super) fn covers(&self, needed: &Self) -> bool {
        needed.0.iter().all(|(name, action)| self.0.get(name).is_some_and(|held| held >= action))
    }

    pub(super) fn has_push(&self) -> bool {
        self.0.values().any(|action| *action == Action::Push)
    }

    pub(super) fn names(&self, action: Action) -> impl Iterator<Item = &Name> {
        self.0.iter().filter(move |(_, held)| **held == action).map(|(name, _)| name)
    }

    /// The one repository that is only read, if there is nothing else.
    pub(super) fn only_pull(&self) -> Option<&Name> {
        match self.0.iter().next() {
            Some((name, Action::Pull)) if self.0.len() == 1 => Some(name),
            _ => None,
        }
    }

    /// As token services read them: `repository:NAME:pull,push`.
    pub(super) fn texts(&self) -> impl Iterator<Item = String> {
        self.0.iter().map(|(name, action)| match action {
            Action::Pull => format!("repository:{name}:pull"),
            Action::Push => format!("repository:{name}:pull,push"),
        })
    }

    /// In words: `pull` on `host/a/b`, `pull,push` on `host/c/d`.
    pub(super) fn shown(&self, host: &Host) -> String {
        let scope = |(name, action): (&Name, &Action)| match action {
            Action::Pull => format!("`pull` on `{host}/{name}`"),
            Action::Push => format!("`pull,push` on `{host}/{name}`"),
        };
        if self.0.is_empty() {
            return format!("access to `{host}`");
        }
        self.0.iter().map(scope).collect::<Vec<_>>().join(", ")
    }
}
