//! What became of publications, for the person and the reports.

use std::path::Path;

use super::exit_of;
use crate::cli::exit::Exit;
use crate::cli::output::Output;
use crate::cli::report::{Began, Ended, conclude};
use crate::error::advised;
use crate::model::{Row, Wire};
use crate::publish::protocol::{Means, Published};

/// What was asked for.
pub(super) struct Told {
    pub(super) command: &'static str,
    pub(super) dry_run: bool,
    pub(super) began: Began,
}

/// Says what became of `published`, by `means`.
pub(super) fn end(
    told: &Told,
    published: Vec<Published>,
    means: &[&Means],
    artifacts: Option<&Path>,
    output: &Output,
) -> Exit {
    let (mut rows, mut exit): (Vec<Row>, Exit) = (Vec::new(), Exit::AsDesired);
    for one in published {
        for line in &one.said {
            tracing::info!("{line}");
        }
        if let Some(fault) = &one.fault {
            tracing::error!("{}", advised(&**fault));
        }
        exit = exit.or(exit_of(one.fault.as_deref()));
        rows.extend(one.rows);
    }
    let mut wire = Wire::default();
    for means in means {
        wire += means.site.client.wire();
        wire += means.site.visitor.wire();
    }
    let Told { command, dry_run, began } = *told;
    conclude(Ended { command, dry_run, began, part: None, rows, wire, exit, state: None }, artifacts, output)
}
