//! What is never checked here: neither the payload file nor a registry has what it takes.

use super::{CheckInput, Found};
use crate::nightly::issue::Code;
use crate::nightly::payload::AssemblyType;

const ALWAYS: [(Code, &str); 6] = [
    (
        Code::Impermissible,
        "whether the RPMs are built for each target and from the commits they are pinned to, and whether RHCOS has the \
         packages that the assembly asks for: the payload file does not say what is asked for",
    ),
    (
        Code::ConflictingInheritedDependency,
        "the payload file does not say which packages the assembly demands",
    ),
    (
        Code::ConflictingGroupRpmInstalled,
        "the payload file does not say which of the packages that are installed are built with the payload",
    ),
    (Code::MissingInheritedDependency, "the payload file does not say which packages an image must have"),
    (
        Code::UnshippableKernel,
        "the tags that stop a package from being shipped are in the build system, which is not asked",
    ),
    (Code::OutdatedRpmsInStreamBuild, "the repositories that newer packages would be in are not read"),
];

pub(super) fn check(order: &CheckInput<'_>) -> Found {
    let mut found = Found::default();
    let is_stream = order.payload.assembly.kind == AssemblyType::Stream;
    for (code, why) in ALWAYS {
        // Only the newest has to have the newest.
        if is_stream || code != Code::OutdatedRpmsInStreamBuild {
            found.undone(code, why);
        }
    }
    found
}
