//! Words of others, fit for a row.

use std::sync::Arc;

use crate::redact::cut;
use crate::report::clean;

/// So many characters are shown.
const LONGEST: usize = 300;

/// `text` as one line of bearable length, without logins.
pub(super) fn told(text: &str) -> Arc<str> {
    cut(&clean(text), LONGEST).into()
}
