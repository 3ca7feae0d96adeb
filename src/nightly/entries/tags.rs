//! Which image each tag of a payload is, where several would be the same tag.

use std::sync::Arc;

use crate::nightly::arch::Arch;
use crate::nightly::inspected::Member;

/// A tag and what takes it.
#[derive(Debug)]
pub(super) struct Taken<'a> {
    pub(super) tag: Arc<str>,
    /// None: no image is built for this architecture.
    pub(super) member: Option<&'a Member>,
}

/// An image that is there for an architecture, although its build lacks it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{component}` is to be built for {arch}, and its build `{nvr}` has no image for it")]
pub struct NotBuilt {
    /// The image definition.
    pub component: Arc<str>,
    /// The architecture.
    pub arch: Arch,
    /// The build.
    pub nvr: String,
    /// The line of the image definition.
    pub line: u32,
}

/// What each tag is for `arch`, in the order in which tags first come up: of those that follow of a name the first wins, a
/// tag that is written wins over them, and of several written ones the last wins.
pub(super) fn taken<'a>(members: &'a [Member], arch: Arch) -> Result<Vec<Taken<'a>>, Vec<NotBuilt>> {
    let (mut taken, mut missing) = (Vec::<Taken<'a>>::new(), Vec::new());
    for member in members {
        let definition = &member.definition;
        let Some(build) = member.build.as_ref().filter(|_| definition.is_for_payload) else { continue };
        let at = taken.iter().position(|taken| *taken.tag == *definition.tag());
        if !definition.is_for(arch) {
            if at.is_none() {
                taken.push(Taken { tag: definition.tag().into(), member: None });
            }
            continue;
        }
        let is_free = at.is_none_or(|at| taken[at].member.is_none());
        if !is_free && definition.payload_tag.is_none() {
            continue;
        }
        if !build.images.contains_key(&arch) {
            let (component, nvr) = (Arc::clone(&definition.name), build.build.nvr.to_string());
            missing.push(NotBuilt { component, arch, nvr, line: definition.line });
            continue;
        }
        match at {
            Some(at) => taken[at].member = Some(member),
            None => taken.push(Taken { tag: definition.tag().into(), member: Some(member) }),
        }
    }
    if missing.is_empty() { Ok(taken) } else { Err(missing) }
}
