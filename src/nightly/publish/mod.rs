//! Makes release images: a base image with one layer more, which says what the release is made of.
//!
//! 1. `components`: what each image of the payload says of itself, and the manifests of those that are operators.
//! 2. `references`, `versions`, `manifests`: the manifests as they are in the release; pure.
//! 3. `layer`, `image`: the layer and the image; pure, and the same bytes for the same input.
//! 4. `push`, `naming`: the base, the new blobs, the manifest under its name. A name never moves.

mod assemble;
mod components;
mod error;
mod image;
mod layer;
mod manifests;
mod members;
mod name;
mod naming;
mod push;
mod references;
mod release;
mod versions;

pub use error::Error;
pub(super) use members::readable;
pub use members::{MemberError, members};
pub use name::{NameError, ReleaseName, repository};
pub(super) use naming::{Named, Naming};
pub(super) use push::copy_by_digest;
pub use push::{Published, publish};
pub use release::{BASE, Release, ReleaseMember};

use std::sync::Arc;

use crate::engine::Stop;
use crate::policy::Policies;
use crate::registry::Client;

/// By which means images are written.
#[derive(Debug, Clone)]
pub struct Means {
    /// The registries.
    pub client: Client,
    /// When to stop.
    pub stop: Stop,
    /// Whether to say only what would be done: nothing but HEAD and GET.
    pub is_dry_run: bool,
    /// What an operator allows.
    pub policies: Policies,
    /// The payload file, whose policies count.
    pub file: Arc<str>,
}
