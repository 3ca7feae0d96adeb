//! Whether a source still is what an entry says, where whoever made the entry knows better than a registry.

use std::fmt;
use std::sync::Arc;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;

use crate::error::Failure;
use crate::model::Desired;

type Check = dyn Fn(Desired) -> BoxFuture<'static, Result<bool, Failure>> + Send + Sync;

/// Asked right before an entry is transferred whose target is another image. Entries are made of lists that were read a
/// while ago; what is pinned to a digest by such a list must not take the place of something newer.
#[derive(Clone)]
pub struct SourceCheck(Arc<Check>);

impl SourceCheck {
    /// A check by `is_current`: whether the source of the entry is what it names, at this moment.
    pub fn new<F>(is_current: impl Fn(Desired) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Result<bool, Failure>> + Send + 'static,
    {
        Self(Arc::new(move |desired| is_current(desired).boxed()))
    }

    pub(super) async fn is_current(&self, desired: &Desired) -> Result<bool, Failure> {
        (self.0)(desired.clone()).await
    }
}

impl fmt::Debug for SourceCheck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SourceCheck")
    }
}
