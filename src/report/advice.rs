//! What to do about a row that did not end well, in words for the person on call.
//!
//! An adapter that knows more than class and stage says so itself
//! ([`Failure::advice`](crate::error::Failure)); these are the words where it does not.

use std::borrow::Cow;

use crate::error::{Class, Stage};
use crate::model::{Cause, Refusal};

/// What to do about a failure of `class` at `stage`.
#[must_use]
pub fn advice(class: Class, stage: Stage) -> &'static str {
    match class {
        Class::Invalid | Class::Transient | Class::Denied | Class::Missing | Class::Corrupt
            if stage == Stage::Delete =>
        {
            deleting(class)
        }
        Class::Invalid => invalid(stage),
        Class::Transient => transient(stage),
        Class::Throttled => {
            "the registry asked us to wait longer than we may: run again later, lower \
             `--max-per-registry`, or pull with a login (accounts have higher limits than anonymous \
             callers); `--max-retry-after` sets how long to wait"
        }
        Class::Denied => denied(stage),
        Class::Missing => missing(stage),
        Class::Corrupt => corrupt(stage),
        Class::Protocol => {
            "the registry answered in a way that is not supported, so running again will not help: read \
             the cause above; if the same image can be pulled with another program, report it as a bug"
        }
        Class::Interrupted => "the run was stopped before this was done: run again, it goes on from there",
    }
}

fn deleting(class: Class) -> &'static str {
    if class == Class::Denied {
        "the login lacks the right to delete tags in this repository: give it to the account, or put a login that has \
         it in its place"
    } else {
        "the tag is as it was: run again, what is deleted is not asked for again; if it stays, look at the registry's \
         status page"
    }
}

fn invalid(stage: Stage) -> &'static str {
    match stage {
        Stage::Read => "correct this line in the file; `image-mirror lint FILE` shows the place",
        Stage::Resolve | Stage::Plan | Stage::Transfer | Stage::Verify | Stage::Delete => {
            "the registry does not accept what this line asks for, so running again will not help: \
             correct the line"
        }
    }
}

fn transient(stage: Stage) -> &'static str {
    match stage {
        Stage::Read => "reading the list from the registry failed: run again; nothing was lost",
        Stage::Resolve => {
            "the registry of the source is in trouble: run again in a few minutes, nothing was lost; if \
             it lasts, look at that registry's status page"
        }
        Stage::Plan | Stage::Transfer | Stage::Verify | Stage::Delete => {
            "a registry is in trouble: run again in a few minutes, what was sent is not sent again; if it \
             lasts, look at the status page of the registry named above"
        }
    }
}

fn denied(stage: Stage) -> &'static str {
    match stage {
        Stage::Read | Stage::Resolve => {
            "the credential may not read the source: check that the name is spelled right (a registry \
             may say `denied` for what does not exist) and give the account read access to the repository"
        }
        Stage::Plan | Stage::Transfer | Stage::Verify | Stage::Delete => {
            "the credential lacks a right at the target: give the account write access to the repository, \
             or, where the repository does not exist yet, the right to create it"
        }
    }
}

fn missing(stage: Stage) -> &'static str {
    match stage {
        Stage::Read | Stage::Resolve => {
            "the source does not exist: correct or remove the line, push the image, or run with \
             `--skip-missing` if that is normal"
        }
        Stage::Plan | Stage::Transfer | Stage::Delete => {
            "something needed is gone: if it is a part of the source, push that image again; if it is the \
             target's repository, create it"
        }
        Stage::Verify => {
            "the target does not answer with what was sent: someone may have removed it just now; run again"
        }
    }
}

fn corrupt(stage: Stage) -> &'static str {
    match stage {
        Stage::Read | Stage::Resolve | Stage::Plan | Stage::Transfer | Stage::Delete => {
            "bytes were not what their digest or size says, so nothing was put at the target: run again; \
             if it stays, the image is damaged at its source and must be pushed there again"
        }
        Stage::Verify => {
            "the target is not what was sent: see whether something else writes this tag, then run again; \
             if it stays, the target's registry changes what it stores"
        }
    }
}

/// What to do about a guard that said no.
pub(super) fn refusal_advice(refusal: &Refusal) -> Cow<'static, str> {
    let advice = match refusal {
        Refusal::Forbidden => "correct the target, or allow its place",
        Refusal::Exists => "the target may only be created, not changed: remove it by hand if it must change",
        Refusal::Moved { .. } => {
            "the target was left as it is: see who else writes it, then run again to compare anew"
        }
        Refusal::Taken { .. } => {
            "the target was left as it is, since a backup is never written over: remove that tag by hand if \
             it is of no use, or choose a template that makes others"
        }
        Refusal::Differs => {
            "a build never changes once it is published: find out which of the two is right, and pass \
             `--overwrite-differing` if it is the stream"
        }
        Refusal::Newer => "nothing was changed; pass `--force` if it is to be replaced by something older",
        Refusal::Guarded { advice, .. } => return advice.to_string().into(),
        Refusal::NoTag(_) => "choose a shorter template: a tag has at most 128 characters",
        Refusal::TooMany { .. } => {
            "nothing was deleted: see that these tags are the right ones, then allow as many by that flag"
        }
        Refusal::AgeUnknown => {
            "builds that can be repeated often leave the time out: let such sources pass with \
             `unknown-source-age: allow`, or leave this target out of the rule"
        }
        Refusal::ByRule(rule, refusal) => {
            return format!("{}; {rule} says so", refusal_advice(refusal)).into();
        }
    };
    advice.into()
}

/// What to do about entries that were not finished.
pub(super) fn cause_advice(cause: &Cause) -> Cow<'static, str> {
    let advice = match cause {
        Cause::Deadline => {
            "run again, it goes on where this run stopped; if it happens each time, raise `--deadline` or \
             run fewer files at a time"
        }
        Cause::Interrupted => "run again, it goes on where this run stopped",
        Cause::SourceMoved => "run again: it compares with what the source is now",
        Cause::Withheld => {
            "nothing is to be done for this entry: whoever holds the lease goes on where this one stopped; if this \
             happens often, see why the lease could not be renewed"
        }
        Cause::TimedOut { .. } => {
            "nothing is lost, and what was waited for may still come: see why it takes so long, then run again, or wait \
             longer"
        }
        Cause::Untold(_) => {
            "nothing is known to be wrong: run again; if it happens each time, see that the host can be reached from here, \
             and what its operator says"
        }
        Cause::Deferred(_) => "nothing was changed here: it is begun by the next run",
        Cause::NotAllThere => "nothing was changed here: mend what other rows say, then run again",
        Cause::Unreachable { host, .. } if is_within_cluster(host) => {
            return format!(
                "{UNREACHABLE}. `{host}` is a name within a cluster: from outside of it, `--source-registry HOST` of \
                 `imagestreams` names the public one"
            )
            .into();
        }
        Cause::Unreachable { .. } => UNREACHABLE,
    };
    advice.into()
}

const UNREACHABLE: &str = "nothing was changed for these entries: check the name of the host, its status page, and this \
                           machine's DNS, proxy and firewall; then run again";

/// Whether a host, with or without a port, is a Service of Kubernetes.
fn is_within_cluster(host: &str) -> bool {
    let name = host.split_once(':').map_or(host, |(name, _)| name);
    let name = name.strip_suffix(".cluster.local").unwrap_or(name);
    name.rsplit_once('.').is_some_and(|(_, last)| last == "svc")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_asks_a_cluster_from_outside_is_told_of_its_public_name() {
        let help = |host: &str| {
            cause_advice(&Cause::Unreachable { host: host.into(), error: "no such host".into() })
        };
        let registry = "image-registry.openshift-image-registry.svc";
        for end in ["", ":5000", ".cluster.local", ".cluster.local:5000"] {
            let said = help(&format!("{registry}{end}"));
            assert!(
                said.starts_with(UNREACHABLE) && said.contains("`--source-registry HOST`"),
                "{end}: {said}"
            );
        }
        for host in ["quay.io", "svc", "a.svc.example.com:5000", "svc.cluster.local.example.com"] {
            assert_eq!(help(host), UNREACHABLE, "{host}");
        }
    }
}
