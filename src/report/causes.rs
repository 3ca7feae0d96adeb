//! Puts together what fails for the same: one sentence for a login, a right and a place, however many lines.

use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use crate::error::{Blame, LoginName, Right, lacking};
use crate::model::{Cause, Outcome, Row};

use super::words::number;

/// More repositories of one organisation than this are counted and not named; so are organisations of a registry.
const NAMED: usize = 3;

/// One cause and what it happened to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gathered<T> {
    /// What happened, as a sentence.
    pub sentence: String,
    /// What to do; none: the failures say it themselves.
    pub help: Option<String>,
    /// What it happened to, at least one, in the order given.
    pub members: Vec<T>,
}

/// Gathers `failures` by what they come down to, in the order in which each cause is first seen. Where a login lacks
/// a right in many repositories, they are one cause.
pub fn gather<'a, T>(failures: impl IntoIterator<Item = (&'a Blame, T)>) -> Vec<Gathered<T>> {
    let failures: Vec<(&Blame, T)> = failures.into_iter().collect();
    let places = Places::of(failures.iter().map(|(blame, _)| *blame));
    let mut known: HashMap<String, usize> = HashMap::new();
    let mut gathered: Vec<Gathered<T>> = Vec::new();
    for (blame, member) in failures {
        let sentence = places.sentence(blame);
        let at = *known.entry(sentence.clone()).or_insert(gathered.len());
        if at == gathered.len() {
            gathered.push(Gathered { sentence, help: blame.help(), members: Vec::new() });
        }
        gathered[at].members.push(member);
    }
    gathered
}

/// What a row that did not end well comes down to, if other rows may end so for the same.
pub(super) fn blame(row: &Row) -> Option<Cow<'_, Blame>> {
    match &row.outcome {
        Outcome::Failed(failure) => failure.blame.as_deref().map(Cow::Borrowed),
        Outcome::Unfinished(cause @ Cause::Unreachable { host, .. }) => {
            let what = cause.to_string().into();
            Some(Cow::Owned(Blame::Host { host: Arc::clone(host), what }))
        }
        _ => None,
    }
}

/// A login, the right that it lacks, and the registry.
type Lack<'a> = (Option<&'a LoginName>, Right, &'a str);

/// The repositories in which each login lacks each right, by registry and organisation.
#[derive(Default)]
struct Places<'a>(HashMap<Lack<'a>, HashMap<&'a str, BTreeSet<&'a str>>>);

impl<'a> Places<'a> {
    fn of(blames: impl Iterator<Item = &'a Blame>) -> Self {
        let mut places = Self::default();
        for blame in blames {
            if let Blame::Right { host, repository, right, login } = blame {
                let lack = places.0.entry((login.as_ref(), *right, host)).or_default();
                lack.entry(organisation(repository)).or_default().insert(repository);
            }
        }
        places
    }

    fn sentence(&self, blame: &Blame) -> String {
        let Blame::Right { host, repository, right, login } = blame else { return blame.to_string() };
        let Some(lack) = self.0.get(&(login.as_ref(), *right, &**host)) else { return blame.to_string() };
        let organisation = organisation(repository);
        let many = |count: usize, place: &str| {
            lacking(login.as_ref(), *right, &format!("{} repositories of `{place}`", number(count as u64)))
        };
        match lack.get(organisation).map_or(0, BTreeSet::len) {
            _ if lack.len() > NAMED => many(lack.values().map(BTreeSet::len).sum(), host),
            few if few <= NAMED => blame.to_string(),
            count if organisation.is_empty() => many(count, host),
            count => many(count, &format!("{host}/{organisation}")),
        }
    }
}

fn organisation(repository: &str) -> &str {
    repository.split_once('/').map_or("", |(organisation, _)| organisation)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lacks(repository: &str, right: Right, user: &str) -> Blame {
        let login = LoginName { user: Some(user.into()), place: "entry `q.io` of f".into() };
        Blame::Right { host: "q.io".into(), repository: repository.into(), right, login: Some(login) }
    }

    fn sentences(blames: &[Blame]) -> Vec<(String, usize)> {
        let gathered = gather(blames.iter().map(|blame| (blame, ())));
        gathered.into_iter().map(|cause| (cause.sentence, cause.members.len())).collect()
    }

    #[test]
    fn one_right_in_one_repository_is_told_once_and_others_beside_it() {
        let pull = lacks("a/b", Right::Pull, "robot");
        let blames =
            [pull.clone(), lacks("a/b", Right::Push, "robot"), pull, lacks("a/b", Right::Pull, "me")];
        assert_eq!(
            sentences(&blames),
            [
                ("the login `robot` (entry `q.io` of f) lacks pull on `q.io/a/b`".to_owned(), 2),
                ("the login `robot` (entry `q.io` of f) lacks push on `q.io/a/b`".to_owned(), 1),
                ("the login `me` (entry `q.io` of f) lacks pull on `q.io/a/b`".to_owned(), 1),
            ]
        );
    }

    #[test]
    fn many_repositories_are_counted_by_organisation_and_many_organisations_by_registry() {
        let of = |names: &[&str]| {
            let blames: Vec<_> = names.iter().map(|name| lacks(name, Right::Push, "robot")).collect();
            sentences(&blames)
        };
        let one = of(&["a/1", "a/2", "a/3", "a/4", "b/1", "a/1"]);
        assert_eq!(one.len(), 2, "{one:?}");
        assert!(one[0].0.ends_with("lacks push on 4 repositories of `q.io/a`") && one[0].1 == 5, "{one:?}");
        assert!(one[1].0.ends_with("lacks push on `q.io/b/1`"), "{one:?}");
        let all = of(&["a/1", "b/1", "c/1", "d/1"]);
        assert!(all.len() == 1 && all[0].0.ends_with("lacks push on 4 repositories of `q.io`"), "{all:?}");
    }
}
