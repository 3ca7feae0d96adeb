//! The flags about what may be written, as a policy that governs every entry.

use std::path::PathBuf;
use std::sync::Arc;

use crate::cli::args::PolicyArgs;
use crate::cli::args::value::{Span, Truth};
use crate::model::{Guard, Rule, Which};
use crate::policy::{AllowList, Asked, Pattern, Policy};

/// What may be written.
#[derive(Debug, Clone, Default)]
pub struct PolicySettings {
    /// Policy files, besides those that lie beside mapping files.
    pub files: Vec<PathBuf>,
    /// What the flags say.
    pub flags: Policy,
}

impl PolicySettings {
    pub(super) fn new(args: PolicyArgs) -> Self {
        let on = |flag: Option<Truth>| flag.is_some_and(|truth| truth.0);
        let allow = Some(args.allow_target).filter(|patterns| !patterns.is_empty());
        let allow = allow.map(|patterns| AllowList { rule: flag("--allow-target"), patterns });
        let asked = [
            on(args.never_move).then(|| of_all("--never-move", Guard::Absent)),
            on(args.if_unmoved).then(|| of_all("--if-unmoved", Guard::Unmoved)),
            args.backup.map(|tag| of_all("--backup", Guard::Tagged(Which::Outgoing, tag))),
            args.min_source_age
                .map(|Span(least)| of_all("--min-source-age", Guard::SourceAge { least, unknown: false })),
        ];
        Self { files: args.policy, flags: Policy { allow, asked: asked.into_iter().flatten().collect() } }
    }
}

fn of_all(name: &str, guard: Guard) -> Asked {
    Asked { rule: flag(name), targets: vec![Pattern::everything()], guards: vec![guard] }
}

/// A flag is a rule that is written on the command line.
fn flag(name: &str) -> Arc<Rule> {
    Arc::new(Rule { name: None, place: name.into() })
}
