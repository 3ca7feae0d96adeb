//! What images are called in the target repository, and under which conditions their names move.

use crate::model::{Host, Repository};

/// The registry of the cluster that the configuration file is about, where nothing else says so.
pub const CLUSTER_REGISTRY: &str = "registry.ci.openshift.org";

/// By which further tag an image stays in the target repository when a tag moves away from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum KeepTag {
    /// `YYYYMMDD_sha256_HEX`, for what comes and for what goes.
    #[default]
    Dated,
    /// `YYYYMMDDhhmmss_prune___ci_images_mirror__TAG`, for what goes.
    Backup,
    /// None.
    None,
}

/// Where images are and what they are called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Names {
    /// The one repository that images of the cluster go to.
    pub target: Repository,
    /// The host of the proxy that shows the target repository under its own name.
    pub proxy_host: Host,
    /// The host of the cluster's registry, if it is given rather than read from the ImageStreams (`--source-registry`).
    pub cluster_registry: Option<Host>,
    /// How images are kept that lose their tag.
    pub keep: KeepTag,
    /// Whether images are read from where they were imported from, and not from the cluster's registry.
    pub use_image_reference: bool,
}
