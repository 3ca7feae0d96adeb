//! What many publications of one run may begin together.

use std::collections::BTreeSet;
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, PoisonError};

use super::Fault;

/// So many projects in a row that the catalog did not get to in time are a fault of the catalog, not of the projects.
const PATIENT_WITH: usize = 2;

/// Lets publications begin until so many were, or the catalog is found not to get to them.
#[derive(Debug, Default)]
pub struct Gate {
    most: Option<NonZeroUsize>,
    seen: Mutex<Seen>,
}

#[derive(Debug, Default)]
struct Seen {
    begun: usize,
    /// Projects that timed out since the last one that did not.
    late: BTreeSet<Arc<str>>,
}

impl Gate {
    /// Lets `most` begin; none: all.
    #[must_use]
    pub fn new(most: Option<NonZeroUsize>) -> Self {
        Self { most, seen: Mutex::default() }
    }

    /// Whether one more may begin.
    ///
    /// # Errors
    /// [`Fault::Deferred`] where it may not.
    pub fn enter(&self) -> Result<(), Fault> {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.late.len() >= PATIENT_WITH {
            let names: Vec<&str> = seen.late.iter().map(|name| &**name).collect();
            let why = format!("the catalog did not get to {} in time", names.join(" and "));
            return Err(Fault::Deferred { why: why.into(), is_asked: false });
        }
        if let Some(most) = self.most.filter(|most| seen.begun >= most.get()) {
            let why = format!("`--max-publish {most}` were begun in this run");
            return Err(Fault::Deferred { why: why.into(), is_asked: true });
        }
        seen.begun += 1;
        Ok(())
    }

    /// Takes in how a publication of `project` that began came out.
    pub fn ended(&self, project: &Arc<str>, fault: Option<&Fault>) {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        match fault {
            Some(Fault::TimedOut { .. }) => {
                seen.late.insert(Arc::clone(project));
            }
            // The catalog did its part.
            None | Some(Fault::NotPassed { .. }) => seen.late.clear(),
            Some(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn late() -> Fault {
        Fault::TimedOut { after: Duration::from_mins(1), awaited: "a to be public".into(), advice: None }
    }

    fn names() -> [Arc<str>; 3] {
        ["a", "b", "c"].map(Into::into)
    }

    // 19.87
    #[test]
    fn nothing_begins_after_two_projects_in_a_row_that_the_catalog_did_not_get_to() {
        let (gate, [a, b, c]) = (Gate::default(), names());
        gate.ended(&a, Some(&late()));
        gate.ended(&a, Some(&late()));
        assert!(gate.enter().is_ok(), "one project may be at fault itself");
        gate.ended(&b, None);
        gate.ended(&c, Some(&late()));
        assert!(gate.enter().is_ok(), "the catalog got to one in between");
        gate.ended(&b, Some(&late()));
        let Err(Fault::Deferred { why, is_asked: false }) = gate.enter() else { panic!("one more began") };
        assert!(why.contains("b and c"), "{why}");
    }

    #[test]
    fn no_more_begin_than_were_asked_for() {
        let gate = Gate::new(NonZeroUsize::new(2));
        assert!(gate.enter().is_ok() && gate.enter().is_ok());
        assert!(matches!(gate.enter(), Err(Fault::Deferred { is_asked: true, .. })));
    }
}
