//! Runs a command and says what it cost: this program starts itself again to have the command as its only child, since
//! the kernel sums up CPU and memory for all children of a program together.

use std::process::{Command, ExitCode, Output, Stdio};

use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeVal;
use serde::Serialize;
use serde_json::{Value, json};
use tokio::time::Instant;

/// The word that makes this program run the rest of its words and print what they cost.
pub const MEASURE: &str = "--measure";

/// What a command cost.
#[derive(Debug, Clone, Copy, Default, Serialize)]
pub struct Cost {
    pub wall: f64,
    /// User and system time of it and its children.
    pub cpu: f64,
    /// The most memory of any one of them, in bytes.
    pub memory: u64,
}

/// Runs `command` to its end.
pub fn measured(command: &Command) -> std::io::Result<(Cost, Output)> {
    let mut outer = Command::new(std::env::current_exe()?);
    outer.arg(MEASURE).arg(command.get_program()).args(command.get_args());
    outer.env_clear().envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    outer.current_dir(command.get_current_dir().unwrap_or(std::path::Path::new("/")));
    outer.stdin(Stdio::null());
    let output = outer.output()?;
    let text = String::from_utf8_lossy(&output.stderr);
    let last: Value =
        text.lines().last().and_then(|line| serde_json::from_str(line).ok()).unwrap_or_default();
    let number = |name: &str| last[name].as_f64().unwrap_or(f64::NAN);
    let cost = Cost {
        wall: number("wall"),
        cpu: number("cpu"),
        memory: last["memory"].as_u64().unwrap_or_default(),
    };
    Ok((cost, output))
}

/// Runs `words`; what it cost is the last line on standard error.
pub fn child(words: &[&str]) -> ExitCode {
    let started = Instant::now();
    let status = Command::new(words[0]).args(&words[1..]).status();
    let wall = started.elapsed().as_secs_f64();
    let code = status.ok().and_then(|status| status.code()).unwrap_or(125);
    if let Ok(usage) = getrusage(UsageWho::RUSAGE_CHILDREN) {
        let cpu = seconds(usage.user_time()) + seconds(usage.system_time());
        let memory = u64::try_from(usage.max_rss()).unwrap_or_default() << 10;
        say(&json!({"wall": wall, "cpu": cpu, "memory": memory}));
    }
    ExitCode::from(u8::try_from(code).unwrap_or(125))
}

#[expect(clippy::cast_precision_loss, reason = "microseconds of a program that runs for minutes")]
fn seconds(time: TimeVal) -> f64 {
    time.tv_sec() as f64 + time.tv_usec() as f64 / 1e6
}

fn say(value: &Value) {
    use std::io::Write as _;
    // Where nobody listens there is nobody to be told.
    writeln!(std::io::stderr(), "{value}").ok();
}
