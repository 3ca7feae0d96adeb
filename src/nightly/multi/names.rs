//! What a release for all architectures is called.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::model::{ImageRef, Repository, Tag, Version};
use crate::nightly::payload::AssemblyType;
use crate::nightly::publish::{NameError, ReleaseName};
use crate::nightly::{Arch, Payload};

/// What stands before the time in a name.
const BEFORE_TIME: &str = "-multi-";

/// `X.Y.0-0.nightly-multi-TIME`, of other types `X.Y.0-0.art-assembly-ASSEMBLY-multi-TIME`. Each second has its own: two releases of one
/// name break the graph of updates.
///
/// # Errors
/// When the assembly has a name that no version can have.
pub fn release_name(payload: &Payload, now: SystemTime) -> Result<ReleaseName, NameError> {
    let what = match payload.assembly.kind {
        AssemblyType::Stream => "nightly".to_owned(),
        _ => format!("art-assembly-{}", payload.assembly.name),
    };
    ReleaseName::parse(&format!("{}.0-0.{what}{BEFORE_TIME}{}", payload.version, timestamp(now)))
}

/// The release image of one architecture.
///
/// # Errors
/// When the name is too long for a tag.
pub fn of_arch(repository: &Repository, name: &ReleaseName, arch: Arch) -> Result<ImageRef, NameError> {
    let tag = format!("{name}-{arch}");
    let tag = Tag::parse(&tag).map_err(|cause| NameError::NoTag { name: tag, cause })?;
    Ok(ImageRef::new(repository.clone(), Version::Tag(tag)))
}

/// `YYYY-MM-DD-HHMMSS`, UTC.
fn timestamp(at: SystemTime) -> String {
    let since = at.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let written = humantime::format_rfc3339_seconds(UNIX_EPOCH + Duration::from_secs(since)).to_string();
    written.trim_end_matches('Z').replace(':', "").replace('T', "-")
}

/// When the release was made that is called `name`; none: it does not say so.
#[must_use]
pub fn made_at(name: &str) -> Option<SystemTime> {
    let (_, time) = name.rsplit_once(BEFORE_TIME)?;
    let (date, clock) = time.rsplit_once('-').filter(|(_, clock)| clock.len() == 6 && clock.is_ascii())?;
    let written = format!("{date}T{}:{}:{}Z", &clock[..2], &clock[2..4], &clock[4..]);
    humantime::parse_rfc3339(&written).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_says_when_it_was_made() {
        let at = UNIX_EPOCH + Duration::from_secs(1_700_000_000);
        assert_eq!(timestamp(at + Duration::from_millis(900)), "2023-11-14-221320");
        assert_eq!(made_at("4.10.0-0.nightly-multi-2023-11-14-221320"), Some(at));
        assert_eq!(made_at("4.10.0-0.art-assembly-a-multi-b-multi-2023-11-14-221320"), Some(at));
        for name in [
            "tickle",
            "4.10.0-0.nightly-multi-",
            "4.10.0-0.nightly-multi-2023-11-14",
            "4.10.0-0.nightly-multi-2023-11-14-2213",
            "4.10.0-0.nightly-multi-2023-13-14-221320",
            "4.10.0-0.nightly-multi-2023-11-14-éééé",
            "4.10.0-0.nightly-multi-2023-11-14-221320-x86_64",
        ] {
            assert_eq!(made_at(name), None, "{name}");
        }
    }
}
