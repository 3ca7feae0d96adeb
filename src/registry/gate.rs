//! Whether this program may write at this moment, where that can end while it runs.

use std::fmt;
use std::sync::Arc;

/// Asked right before each request that changes something at a registry; a request that may not be made is not made.
#[derive(Clone)]
pub struct WriteGate(Arc<dyn Fn() -> bool + Send + Sync>);

impl WriteGate {
    /// A gate that is open while `is_open` says so.
    pub fn new(is_open: impl Fn() -> bool + Send + Sync + 'static) -> Self {
        Self(Arc::new(is_open))
    }

    pub(super) fn is_open(&self) -> bool {
        (self.0)()
    }
}

impl fmt::Debug for WriteGate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "WriteGate({})", if self.is_open() { "open" } else { "shut" })
    }
}
