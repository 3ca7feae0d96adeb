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
    /// `pull,push,delete`; what it is asked for as is for the registry's challenge to say, see [`Need::set`].
    Delete,
}

impl Action {
    /// As tokens are asked for.
    fn text(self) -> &'static str {
        match self {
            Self::Pull => "pull",
            Self::Push => "pull,push",
            Self::Delete => "pull,push,delete",
        }
    }
}

/// The right to do something in one repository.
#[derive(Debug, Clone)]
pub(crate) struct Scope {
    /// The repository's name within its registry.
    pub(crate) name: Name,
    pub(crate) action: Action,
}

/// What one request needs. The first scope to write to, else the first scope, decides the login.
#[derive(Debug, Clone)]
pub(crate) struct Need {
    pub(crate) host: Host,
    pub(crate) role: Role,
    pub(crate) scopes: Vec<Scope>,
}

impl Need {
    /// The repository whose login is used.
    pub(crate) fn subject(&self) -> &str {
        let written = self.scopes.iter().find(|scope| scope.action >= Action::Push);
        written.or(self.scopes.first()).map_or("", |scope| &scope.name)
    }

    /// Whether it is to delete something.
    pub(super) fn is_deletion(&self) -> bool {
        self.scopes.iter().any(|scope| scope.action == Action::Delete)
    }

    /// What a token must allow. The right to delete is that to push, unless the registry `names_delete`: Distribution
    /// asks for `delete`, and quay, where to push is enough, refuses a token for an action that it does not know.
    pub(super) fn set(&self, names_delete: bool) -> ScopeSet {
        let mut set = ScopeSet::default();
        for scope in &self.scopes {
            let action = if names_delete { scope.action } else { scope.action.min(Action::Push) };
            set.add(&scope.name, action);
        }
        set
    }
}

/// For each repository the strongest action.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub(super) struct ScopeSet(BTreeMap<Name, Action>);

/// What a scope is besides its name: `{"type":"repository","class":"","name":"","actions":["pull","push"]},`.
const SCOPE_BYTES: usize = 69;

/// Tokens travel in a header, of which nginx takes 8 KB, and so do the scopes, in the query for one.
const TOKEN_BYTES: usize = 7 << 10;

impl ScopeSet {
    /// Repositories in one token at most.
    pub(super) const MOST: usize = 50;

    /// The same where all is only read: the tokens of many small requests, whose header is most of
    /// what is sent.
    pub(super) const MOST_PULLS: usize = 20;

    pub(super) fn pulls<'a>(names: impl IntoIterator<Item = &'a Name>) -> Self {
        Self(names.into_iter().map(|name| (Name::clone(name), Action::Pull)).collect())
    }

    pub(super) fn add(&mut self, name: &Name, action: Action) {
        let held = self.0.entry(Name::clone(name)).or_insert(action);
        *held = action.max(*held);
    }

    /// What is in either.
    pub(super) fn with(&self, other: &Self) -> Self {
        let mut both = self.clone();
        for (name, action) in other.iter() {
            both.add(name, action);
        }
        both
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&Name, Action)> {
        self.0.iter().map(|(name, action)| (name, *action))
    }

    /// About how many bytes of a token are these scopes: as JSON (distribution spec, JWT), in base64.
    pub(super) fn weight(&self) -> usize {
        self.0.keys().map(|name| (name.len() + SCOPE_BYTES) * 4 / 3).sum()
    }

    /// Whether a token for all of this may be asked for, if all but the scopes of it are `rest` bytes.
    pub(super) fn fits_one_token(&self, rest: usize) -> bool {
        let most = if self.has_push() { Self::MOST } else { Self::MOST_PULLS };
        self.len() <= most && rest + self.weight() <= TOKEN_BYTES
    }

    /// Whether everything in `needed` is allowed here too.
    pub(super) fn covers(&self, needed: &Self) -> bool {
        needed.0.iter().all(|(name, action)| self.0.get(name).is_some_and(|held| held >= action))
    }

    pub(super) fn has_push(&self) -> bool {
        self.0.values().any(|action| *action >= Action::Push)
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &Name> {
        self.0.keys()
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
        self.0.iter().map(|(name, action)| format!("repository:{name}:{}", action.text()))
    }

    /// In words: `pull` on `host/a/b`, `pull,push` on `host/c/d`.
    pub(super) fn shown(&self, host: &Host) -> String {
        let scope = |(name, action): (&Name, &Action)| format!("`{}` on `{host}/{name}`", action.text());
        if self.0.is_empty() {
            return format!("access to `{host}`");
        }
        self.0.iter().map(scope).collect::<Vec<_>>().join(", ")
    }
}
