//! What `prune-tags` works with.

use super::{Connection, Draft, Pace, UsageError};
use crate::cli::args::value::{Count, Fraction, RepositoryName, Span, Truth};
use crate::cli::args::{PruneArgs, PruneTagsCommand, SchemeName};
use crate::imagestreams::prune::{Bounds, Order, Rule, Scheme};
use crate::registry::DeleteBy;

/// So much of a repository may be deleted unless told otherwise: a rule that fits more is wrong more often than right.
const MAX_FRACTION: f64 = 0.5;

/// `prune-tags`.
#[derive(Debug)]
pub struct PruneTags {
    /// What is to be deleted, where and how.
    pub order: Order,
    /// How much at a time and how long.
    pub pace: Pace,
    /// How the registry is reached. A token for quay's API is for its host.
    pub connection: Connection,
}

impl Draft<'_> {
    /// None: something is missing, which is among the errors.
    pub(super) fn prune_tags(&mut self, args: PruneTagsCommand) -> Option<PruneTags> {
        let RepositoryName(repository) = args.repository;
        let prune: PruneArgs = args.prune.over(self.group());
        let pace = self.pace(args.pace);
        let mut connection = self.connection(args.connection);
        connection.quay.insert(0, repository.host.clone());
        connection.quay_api_token_file.clone_from(&prune.quay_token_file);
        let order = Order {
            repository,
            bounds: bounds(&prune),
            by: by(&prune),
            jobs: pace.jobs.get(),
            rule: self.rule(&prune)?,
        };
        Some(PruneTags { order, pace, connection })
    }

    fn rule(&mut self, args: &PruneArgs) -> Option<Rule> {
        for (flag, such_as, is_given) in
            [("scheme", "backup", args.scheme.is_some()), ("older-than", "60days", args.older_than.is_some())]
        {
            if !is_given {
                self.errors.push(UsageError::Missing { flag, such_as });
            }
        }
        let scheme = match args.scheme? {
            SchemeName::Backup => Scheme::Backup,
            SchemeName::Dated => Scheme::Dated,
        };
        let Span(older_than) = args.older_than?;
        Some(Rule { scheme, older_than })
    }
}

fn bounds(args: &PruneArgs) -> Bounds {
    Bounds {
        most: args.max_delete.map(|Count(count)| count.get()),
        fraction: args.max_fraction.map_or(MAX_FRACTION, |Fraction(fraction)| fraction),
    }
}

/// None: a dry run, which beats what was said about deleting.
fn by(args: &PruneArgs) -> Option<DeleteBy> {
    let on = |flag: Option<Truth>| flag.is_some_and(|truth| truth.0);
    let deletes = on(args.delete) && !on(args.dry_run);
    let by = if args.quay_token_file.is_some() { DeleteBy::Quay } else { DeleteBy::Distribution };
    deletes.then_some(by)
}
