//! Do it once, let the others wait, let a failure be tried again.
//!
//! What makes a value is boxed: the cell would hold the future four times over, and futures that hold
//! futures that hold futures overflow a thread's stack.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};

use futures_util::future::BoxFuture;
use tokio::sync::OnceCell;

/// Values by key, each made by the first who asks while the others wait.
#[derive(Debug)]
pub(super) struct Once<K, V> {
    cells: Mutex<HashMap<K, Arc<OnceCell<V>>>>,
}

impl<K, V> Default for Once<K, V> {
    fn default() -> Self {
        Self { cells: Mutex::default() }
    }
}

impl<K: Eq + Hash + Clone, V: Clone> Once<K, V> {
    /// The value of `key`; `make` runs only for the first caller. If the first caller is dropped
    /// before it is done, the next one makes it.
    pub(super) async fn get(&self, key: &K, make: BoxFuture<'_, V>) -> V {
        self.cell(key).get_or_init(|| make).await.clone()
    }

    /// As [`Once::get`]; a failure is the caller's own, and the next caller tries again.
    pub(super) async fn try_get<E>(&self, key: &K, make: BoxFuture<'_, Result<V, E>>) -> Result<V, E> {
        self.cell(key).get_or_try_init(|| make).await.cloned()
    }

    /// Makes `value` known without work; what is there already stays.
    pub(super) fn learn(&self, key: &K, value: V) {
        // An error means that somebody else knows or is finding out.
        self.cell(key).set(value).ok();
    }

    /// The value of `key`, if it is known.
    pub(super) fn known(&self, key: &K) -> Option<V> {
        let cells = self.cells.lock().unwrap_or_else(PoisonError::into_inner);
        cells.get(key)?.get().cloned()
    }

    /// Forgets `key`: the next caller makes it anew.
    pub(super) fn forget(&self, key: &K) {
        self.cells.lock().unwrap_or_else(PoisonError::into_inner).remove(key);
    }

    fn cell(&self, key: &K) -> Arc<OnceCell<V>> {
        let mut cells = self.cells.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(cell) = cells.get(key) {
            return Arc::clone(cell);
        }
        let cell = Arc::new(OnceCell::new());
        cells.insert(key.clone(), Arc::clone(&cell));
        cell
    }
}
