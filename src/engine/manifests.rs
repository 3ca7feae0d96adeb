//! The manifests that a run reads, each fetched once a digest while it is being used or was lately.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::OnceCell;

use super::store::Store;
use crate::error::{Failure, Stage};
use crate::model::{Content, Descriptor, Digest, Manifest, ManifestError};

/// How many bytes of manifests are kept. A manifest has 1 to 10 KiB, so this is some thousand
/// images; entries that share a source stand close together in the files and find it here.
const KEPT_BYTES: usize = 16 << 20;

/// A manifest and what it names.
#[derive(Debug)]
pub(super) struct Node {
    /// The bytes.
    pub(super) manifest: Manifest,
    /// What they name.
    pub(super) content: Content,
}

impl Node {
    /// Reads what `manifest` names.
    pub(super) fn new(manifest: Manifest) -> Result<Self, ManifestError> {
        let content = manifest.content()?;
        Ok(Self { manifest, content })
    }
}

type Cell = Arc<OnceCell<Option<Arc<Node>>>>;

/// The manifests of a run's sources, by digest.
#[derive(Debug, Default)]
pub(super) struct Manifests(Mutex<Kept>);

#[derive(Debug, Default)]
struct Kept {
    cells: HashMap<Digest, Cell>,
    order: VecDeque<(Digest, usize)>,
    bytes: usize,
}

impl Manifests {
    /// The manifest that `wanted` names, from `store` unless it is at hand; None: `store` lacks it.
    pub(super) async fn get(&self, store: &Store, wanted: &Descriptor) -> Result<Option<Arc<Node>>, Failure> {
        let cell = self.cell(&wanted.digest);
        let node = cell
            .get_or_try_init(async || {
                let Some(manifest) = store.manifest(wanted, Stage::Transfer).await? else { return Ok(None) };
                let size = manifest.bytes.len();
                let node = Node::new(manifest).map_err(|error| Failure::new(Stage::Transfer, error))?;
                self.keep(wanted.digest.clone(), size);
                Ok::<_, Failure>(Some(Arc::new(node)))
            })
            .await?;
        if node.is_none() {
            // Another store may have it.
            self.lock().cells.remove(&wanted.digest);
        }
        Ok(node.clone())
    }

    /// Keeps `node` for good: no store is asked for it.
    pub(super) fn give(&self, node: Node) {
        let digest = node.manifest.digest.clone();
        let cell = OnceCell::new_with(Some(Some(Arc::new(node))));
        self.lock().cells.insert(digest, Arc::new(cell));
    }

    fn cell(&self, digest: &Digest) -> Cell {
        Arc::clone(self.lock().cells.entry(digest.clone()).or_default())
    }

    fn keep(&self, digest: Digest, size: usize) {
        let mut kept = self.lock();
        kept.bytes += size;
        kept.order.push_back((digest, size));
        while kept.bytes > KEPT_BYTES {
            let Some((oldest, size)) = kept.order.pop_front() else { break };
            kept.bytes -= size;
            kept.cells.remove(&oldest);
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
