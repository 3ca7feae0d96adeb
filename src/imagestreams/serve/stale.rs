//! Whether a target is behind its source for longer than the turn of a queue explains.

use std::time::{Duration, SystemTime};

/// So much later the tag of the source may have been moved than the target's image was made.
const DAY: Duration = Duration::from_hours(24);

/// Whether an image that was `made` then is stale where the tag of its source was moved at `source`. One that does not
/// say when it was made is taken for one that is.
pub(super) fn is_stale(made: Option<SystemTime>, source: SystemTime) -> bool {
    made.is_none_or(|made| made.checked_add(DAY).is_some_and(|latest| latest < source))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_is_stale_when_its_image_was_made_more_than_a_day_before_the_source_moved() {
        // Row 67, by the time of the tag in place of that of the image.
        let made = SystemTime::UNIX_EPOCH + Duration::from_hours(490_896);
        assert!(!is_stale(Some(made), made + DAY));
        assert!(is_stale(Some(made), made + DAY + Duration::from_secs(1)));
        assert!(!is_stale(Some(made), made - DAY));
        assert!(is_stale(None, made), "what does not say when it was made");
    }
}
