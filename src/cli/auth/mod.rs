//! `auth check`: mapping files in, the rights that their repositories need out. Nothing is written.
//!
//! 1. [`needs`]: which repositories the lines name, on which side.
//! 2. [`checks`]: one read each, and with `--push` a question to the token service.
//! 3. [`shown`]: what was found, for people; [`document`], for programs.

mod checks;
mod document;
mod needs;
mod shown;

use std::collections::HashSet;
use std::pin::pin;

use futures_util::StreamExt as _;

use super::args::OutputFormat;
use super::connect;
use super::exit::Exit;
use super::output::Output;
use super::settings::AuthCheck;
use super::stop;
use crate::error::Blame;
use crate::mapping::{self, Input, ReadOptions};
use crate::registry::{Client, Role};

use checks::{Answer, Check};
use needs::Need;

/// Why nothing was checked.
#[derive(Debug, thiserror::Error)]
enum NothingChecked {
    #[error("no mapping file has an entry, so there is nothing to check; name other files")]
    Empty,
    #[error("the mapping files cannot be read")]
    Files(#[from] mapping::ReadError),
    #[error(transparent)]
    Connect(#[from] connect::ConnectError),
    #[error("cannot listen for signals")]
    Signals(#[from] std::io::Error),
}

/// What `auth check` found.
struct Checked {
    push: bool,
    checks: Vec<Check>,
    /// Logins that nothing needs and that would be of no use.
    warnings: Vec<String>,
    exit: Exit,
}

/// Does what `settings` say.
pub(super) async fn check(settings: AuthCheck, output: &Output) -> Exit {
    match look(&settings, output).await {
        Ok(None) => Exit::Unfinished,
        Ok(Some(checked)) => {
            let text = match settings.output {
                OutputFormat::Json => document::render(&checked),
                OutputFormat::Text => shown::render(&checked, output.width()),
            };
            output.data(&text).or(checked.exit)
        }
        Err(error) => output.refuse(&error),
    }
}

/// None: asked to stop.
async fn look(settings: &AuthCheck, output: &Output) -> Result<Option<Checked>, NothingChecked> {
    let inputs: Vec<Input> = settings.inputs.iter().map(Input::from).collect();
    let set = mapping::read(&inputs, &ReadOptions::default())?;
    output.findings(set.findings());
    if set.is_empty() {
        return Err(NothingChecked::Empty);
    }
    let client = connect::client(&settings.connection, None)?;
    let mut signals = pin!(stop::signals()?);
    let needs = needs::of(&set);
    if settings.push {
        warn_of_new_repositories(&needs, settings);
    }
    connect::announce(&client, &set, &crate::policy::Policies::default());
    let checks = tokio::select! {
        checks = checks::all(needs, settings.push, &client) => checks,
        _ = signals.next() => {
            tracing::warn!("asked to stop: nothing is known");
            return Ok(None);
        }
    };
    let (warnings, exit) = (useless_logins(&client, &checks), exit(&checks));
    Ok(Some(Checked { push: settings.push, checks, warnings, exit }))
}

/// Said before anything is asked: it is the one thing that this command can leave behind.
fn warn_of_new_repositories(needs: &[Need], settings: &AuthCheck) {
    let is_quay = |need: &&Need| {
        let host = &need.repository.host;
        need.role == Role::Target && (host.as_str() == "quay.io" || settings.connection.quay.contains(host))
    };
    let count = needs.iter().filter(is_quay).count();
    if count > 0 {
        tracing::warn!(
            "quay makes a repository, private and empty, when the right to push to it is asked for and it does not \
             exist; {count} repositories there will be asked for"
        );
    }
}

/// Logins of no use that no check has blamed already.
fn useless_logins(client: &Client, checks: &[Check]) -> Vec<String> {
    let blamed: HashSet<_> = checks
        .iter()
        .flat_map(Check::troubles)
        .filter_map(|trouble| match &trouble.blame {
            Some(Blame::Login { login, .. }) => Some(&login.place),
            _ => None,
        })
        .collect();
    let mut told = Vec::new();
    for role in [Role::Source, Role::Target] {
        for (login, why) in client.with_role(role).credentials().useless() {
            let warning = format!("{login} {why}");
            if !blamed.contains(&login.place) && !told.contains(&warning) {
                told.push(warning);
            }
        }
    }
    told
}

/// 1 where a right is known to be missing, 3 where one could not be told.
fn exit(checks: &[Check]) -> Exit {
    let of = |answer: &Answer| match answer {
        Answer::Granted | Answer::Absent => Exit::AsDesired,
        Answer::Lacking(_) => Exit::Failed,
        Answer::Untold | Answer::Unknown(_) => Exit::Unfinished,
    };
    checks.iter().flat_map(Check::answers).map(of).fold(Exit::AsDesired, Exit::or)
}
