//! Which target repositories a plan would make: asked for once each, with the right to pull only.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::{StreamExt as _, stream};

use crate::model::{Foreseen, Locator, Outcome, Presence, Reason, Repository, Row};
use crate::registry::{Client, Role};

/// How many repositories are asked for at a time.
const AT_A_TIME: usize = 8;

/// Says of each row that would be a first copy whether its repository exists. A repository of which any target was seen is
/// there, and is not asked for.
pub(super) async fn tell(rows: &mut [Row], client: &Client) {
    let mut unseen: BTreeMap<String, (Repository, bool)> = BTreeMap::new();
    for row in rows.iter() {
        let Locator::Image(image) = &row.target else { continue };
        let of_repository = unseen.entry(image.repository.to_string());
        let (_, is_absent) = of_repository.or_insert_with(|| (image.repository.clone(), true));
        *is_absent &= row.previous.is_none() && !matches!(row.outcome, Outcome::Kept);
    }
    let would_be_first =
        |row: &Row| matches!(row.outcome, Outcome::Planned(Reason::Absent | Reason::Unknown));
    let named: BTreeSet<String> =
        rows.iter().filter(|row| would_be_first(row)).filter_map(repository).collect();
    unseen.retain(|name, (_, is_absent)| *is_absent && named.contains(name));
    let client = client.with_role(Role::Target);
    let told: BTreeMap<String, Presence> = stream::iter(unseen)
        .map(|(name, (repository, _))| {
            let client = &client;
            async move { (name, presence(client, &repository).await) }
        })
        .buffer_unordered(AT_A_TIME)
        .collect()
        .await;
    for row in rows.iter_mut().filter(|row| would_be_first(row)) {
        let presence = repository(row).and_then(|name| told.get(&name).copied());
        if presence.is_some() {
            row.foreseen = Some(Foreseen { repository: presence, ..row.foreseen.unwrap_or_default() });
        }
    }
}

fn repository(row: &Row) -> Option<String> {
    match &row.target {
        Locator::Image(image) => Some(image.repository.to_string()),
        _ => None,
    }
}

/// A page of its tags tells: only a repository that exists has one.
async fn presence(client: &Client, repository: &Repository) -> Presence {
    match client.tags_within(repository, 1).await {
        Ok(_) => Presence::Exists,
        Err(error) if error.status() == Some(404) => Presence::New,
        Err(_) => Presence::Untold,
    }
}
