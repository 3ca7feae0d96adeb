//! Which process a run is, so that another run beside it can tell that it is gone.
//!
//! A number alone tells nothing: each container has processes of its own by the same numbers, and numbers are used again. So the
//! boot of the machine, the namespace of the numbers and the start of the process belong to it; all of them are Linux's.

use std::fs;

use serde::{Deserialize, Serialize};

/// A process, told from any other that ever was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Process {
    /// The boot of the machine, and the namespace in which the number is a number.
    world: String,
    /// The number.
    pid: u32,
    /// When it was started, in the ticks of the machine.
    started: u64,
}

impl Process {
    /// This one; none where the system does not tell.
    #[must_use]
    pub fn own() -> Option<Self> {
        let pid = std::process::id();
        Some(Self { world: world()?, pid, started: started(pid)? })
    }

    /// Whether it is known to be gone: it was one of those that we see, and is none of them any more. Of all others nobody here
    /// can tell.
    #[must_use]
    pub fn is_gone(&self) -> bool {
        // Where the first process cannot be seen, those of others cannot either (proc(5), hidepid).
        world().is_some_and(|own| own == self.world)
            && started(1).is_some()
            && started(self.pid) != Some(self.started)
    }
}

fn world() -> Option<String> {
    let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    let namespace = fs::read_link("/proc/self/ns/pid").ok()?;
    Some(format!("{} {}", boot.trim(), namespace.display()))
}

/// When a process was started that still runs (proc(5): the 22nd field of `stat`, and the third for its state; the second, its
/// name, may hold anything but ends with the last parenthesis).
fn started(pid: u32) -> Option<u64> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let mut behind_name = stat.rsplit_once(')')?.1.split_ascii_whitespace();
    let state = behind_name.next()?;
    let started = behind_name.nth(18)?.parse().ok()?;
    (!matches!(state, "Z" | "X")).then_some(started)
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    #[test]
    fn a_process_is_gone_once_it_has_ended_and_not_before() {
        let own = Process::own().unwrap();
        assert!(!own.is_gone());
        let mut child = Command::new("sleep").arg("600").spawn().unwrap();
        let other = Process { pid: child.id(), started: started(child.id()).unwrap(), ..own.clone() };
        assert!(!other.is_gone());
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(other.is_gone());
        assert_eq!(Process::own(), Some(own.clone()), "it is the same at any time");
        let later = Process { started: own.started + 1, ..own };
        assert!(later.is_gone(), "its number was used again");
    }

    #[test]
    fn of_another_machine_or_container_nobody_can_tell() {
        let own = Process::own().unwrap();
        let elsewhere = Process { world: "another boot pid:[4026531836]".to_owned(), pid: u32::MAX, ..own };
        assert!(!elsewhere.is_gone());
    }
}
