//! Starts the program, and sees to it that nothing of it is left.

use std::io;
use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::process::{Child, Command};
use tokio::time::timeout;

use super::Preflight;
use crate::publish::Fault;

/// So long the program has to end by itself once it is asked to.
const GRACE: Duration = Duration::from_secs(5);

/// The program and all that it started. They are killed when this is dropped.
struct Group(Option<Pid>);

impl Group {
    /// `child` was started as the leader of a group.
    fn led_by(child: &Child) -> Self {
        Self(child.id().and_then(|id| id.try_into().ok()).and_then(Pid::from_raw))
    }

    fn signal(&self, signal: Signal) {
        if let Some(leader) = self.0 {
            // An error says that there is nobody left.
            let _ = kill_process_group(leader, signal);
        }
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.signal(Signal::KILL);
    }
}

/// Runs `command` until it ends; none: it took longer than `patience` and was ended. Nothing that it started is left behind,
/// also when nobody waits for it any more, but for what left its group on purpose.
pub(super) async fn run(mut command: Command, patience: Duration) -> io::Result<Option<ExitStatus>> {
    command.process_group(0).stdin(Stdio::null()).kill_on_drop(true);
    let mut child = command.spawn()?;
    let group = Group::led_by(&child);
    if let Ok(ended) = timeout(patience, child.wait()).await {
        return ended.map(Some);
    }
    group.signal(Signal::TERM);
    let _ = timeout(GRACE, child.wait()).await;
    drop(group);
    let _ = timeout(GRACE, child.wait()).await;
    Ok(None)
}

impl Preflight {
    /// The program with the arguments and the environment that are given, and nothing else. It is run in another directory,
    /// so that its path must not begin with ours.
    pub(super) fn command(&self) -> io::Result<Command> {
        let is_name = self.command.components().count() == 1 && !self.command.has_root();
        let is_path = !is_name || self.command.as_os_str().as_encoded_bytes().contains(&b'/');
        let program =
            if is_path { std::path::absolute(&self.command)? } else { PathBuf::from(&self.command) };
        let mut command = Command::new(program);
        command.env_clear();
        Ok(command)
    }

    /// The program cannot be started.
    pub(super) fn unusable(&self, error: &io::Error) -> Fault {
        Fault::unsuitable(
            format!("cannot run the preflight program `{}`: {error}", self.command.display()),
            "install it with `image-mirror publish preflight install --version VERSION --sha256 HEX --to PATH`, and name that \
             path in the settings",
        )
    }
}
