//! What images are called in the target repository, and under which conditions their names move.

use std::sync::Arc;

use super::desired::EntryError;
use super::selection::IsTag;
use crate::model::{Guard, Host, ImageRef, Repository, Tag, TagTemplate, Version, Which};

const DATED: &str = "{date}_sha256_{digest}";
const BACKUP: &str = "{timestamp}_prune___ci_images_mirror__{tag}";

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

impl Names {
    /// The target repository as the proxy shows it.
    #[must_use]
    pub fn proxy(&self) -> Repository {
        Repository { host: self.proxy_host.clone(), name: Arc::clone(&self.target.name) }
    }

    /// The host of the cluster's registry, where no ImageStream tells.
    #[must_use]
    pub fn cluster_host(&self) -> Host {
        self.cluster_registry.clone().unwrap_or_else(|| Host::new(CLUSTER_REGISTRY))
    }

    /// What the image of `istag` is called in the target repository.
    ///
    /// # Errors
    /// When that is no tag, mostly for its length. Only further tags are shortened: others look for this one.
    pub fn image_of(&self, istag: &IsTag) -> Result<ImageRef, EntryError> {
        let text = tag_text(istag);
        let tag = Tag::parse(&text).map_err(|_| EntryError::NoTag { tag: text.into() })?;
        Ok(ImageRef::new(self.target.clone(), Version::Tag(tag)))
    }

    /// How the image of `istag` is pulled through the proxy.
    #[must_use]
    pub fn pull_spec(&self, istag: &IsTag) -> String {
        format!("{}:{}", self.proxy(), tag_text(istag))
    }

    /// What the image of `istag` would be called, image or not.
    pub(super) fn shown(&self, istag: &IsTag) -> String {
        format!("{}:{}", self.target, tag_text(istag))
    }

    /// What the image of `istag` would be called in the cluster's registry, image or not.
    pub(super) fn shown_in_cluster(&self, istag: &IsTag) -> String {
        format!("{}/{istag}", self.cluster_host())
    }

    /// The conditions on moving a tag of the target repository.
    pub(super) fn guards(&self) -> Vec<Guard> {
        let kept = match self.keep {
            KeepTag::Dated => vec![Which::Incoming, Which::Outgoing],
            KeepTag::Backup => vec![Which::Outgoing],
            KeepTag::None => Vec::new(),
        };
        let template = self.template();
        let kept = kept.into_iter().zip(std::iter::repeat(template));
        let kept = kept.filter_map(|(which, template)| Some(Guard::Tagged(which, template?)));
        [Guard::Unmoved].into_iter().chain(kept).collect()
    }

    /// What makes the further tags that images are kept by.
    pub(super) fn template(&self) -> Option<TagTemplate> {
        let text = match self.keep {
            KeepTag::Dated => DATED,
            KeepTag::Backup => BACKUP,
            KeepTag::None => return None,
        };
        text.parse().ok().map(TagTemplate::shortening)
    }
}

/// What an image of the target repository is called for `istag`, tag or not.
fn tag_text(istag: &IsTag) -> String {
    let IsTag { namespace, name, tag } = istag;
    format!("{namespace}_{name}_{tag}")
}

/// Whether the tag for `istag` has only characters that a tag has, however many.
pub(super) fn is_in_a_tag(istag: &IsTag) -> bool {
    let text = tag_text(istag);
    text.bytes().all(|b| b.is_ascii_alphanumeric() || b"_.-".contains(&b)) && !text.starts_with(['.', '-'])
}
