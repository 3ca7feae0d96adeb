//! A certified catalog in this process: the registry that images are uploaded to, the one that customers pull from, the API.
//!
//! The public registry is a view of the upload registry. It serves a tag only while the image that the tag is there is
//! published: a new image under an old tag takes the tag away from customers at once, and a published image under any tag is
//! served at once. An image is published when each of its children is certified and the [`Lag`] is over, or when the API is
//! asked for it. All of it has plain addresses on loopback, so that the program can be run against it, too.
//!
//! ```ignore
//! let world = CatalogWorld::start().await;
//! world.published("7.6.1-1", &old);                 // as an earlier publication left it
//! world.lag(Lag::Looks(3));                         // a certified image takes three more looks
//! // … point the program at world.upload, world.public and world.pyxis …
//! world.certify(&image.digest);                     // or let a preflight stand-in POST to world.pyxis.submit_url(..)
//! assert_eq!(world.served("7.6.1"), Some(image.digest));
//! ```

mod api;
mod customer;
mod pyxis;
mod record;
mod requests;
mod shown;
mod state;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use image_mirror::model::Digest;
use serde_json::Value;

use super::image::Image;
use super::registry::{Builder, FakeRegistry, TagWrite};

pub use customer::Customer;
pub use pyxis::{KEY, PROJECT, Pyxis, PyxisFault, PyxisRequest};
use state::State;
pub use state::{Change, Lag};

/// The repository of the upload registry.
pub const UPLOAD: &str = "redhat-isv-containers/0123456789abcdef01234567";
/// The repository of the public registry.
pub const PUBLIC: &str = "example/server";

/// A running catalog; it ends when the last clone is dropped.
#[derive(Debug, Clone)]
pub struct CatalogWorld {
    /// Where images are uploaded: [`UPLOAD`].
    pub upload: FakeRegistry,
    /// Where customers pull from: [`PUBLIC`]. It has faults and a log of its own.
    pub public: FakeRegistry,
    /// The API.
    pub pyxis: Pyxis,
    state: Arc<Mutex<State>>,
}

impl CatalogWorld {
    /// An empty project, in which nobody needs a login but for the API.
    pub async fn start() -> Self {
        Self::of(FakeRegistry::builder(), FakeRegistry::builder()).await
    }

    /// The same with registries that are set up: with logins, TLS, page sizes.
    pub async fn of(upload: Builder, public: Builder) -> Self {
        let upload = upload.start().await;
        let state: Arc<Mutex<State>> = Arc::default();
        let seen = Arc::clone(&state);
        let public = public.view((&upload, UPLOAD), PUBLIC, move |glance| locked(&seen).show(glance));
        let public = public.start().await;
        let watched = Arc::clone(&state);
        upload.watch(UPLOAD, move |glance| locked(&watched).written(glance));
        public.host().clone_into(&mut locked(&state).public_host);
        let pyxis = Pyxis::start(&state, &upload).await;
        Self { upload, public, pyxis, state }
    }

    /// `127.0.0.1:PORT/…:tag` in the upload registry.
    pub fn uploaded_at(&self, tag: &str) -> String {
        self.upload.image(UPLOAD, tag)
    }

    /// `127.0.0.1:PORT/…:tag` in the public registry.
    pub fn public_at(&self, tag: &str) -> String {
        self.public.image(PUBLIC, tag)
    }
}

/// What it holds.
impl CatalogWorld {
    /// Puts an image in that was published under `tag` long ago.
    pub fn published(&self, tag: &str, image: &Image) {
        self.upload.put_image(UPLOAD, tag, image);
        let children = self.upload.glance(UPLOAD).children(&image.digest);
        let mut state = self.state();
        state.put(&self.upload.glance(UPLOAD));
        for (architecture, child) in children {
            state.certify(&child, architecture.as_deref());
            state.publish(&child);
        }
        // From here on it is what a stale answer is.
        state.served(&self.upload.glance(UPLOAD), tag);
    }

    /// Puts an image in as a publication left it that ended before the certification.
    pub fn uploaded(&self, tag: &str, image: &Image) {
        self.upload.put_image(UPLOAD, tag, image);
        let mut state = self.state();
        state.put(&self.upload.glance(UPLOAD));
        state.let_customers_pull(&self.upload.glance(UPLOAD));
    }

    /// All children of an image, or one child, pass the certification.
    pub fn certify(&self, digest: &Digest) {
        let children = self.upload.glance(UPLOAD).children(digest);
        let mut state = self.state();
        for (architecture, child) in children {
            state.certify(&child, architecture.as_deref());
        }
    }

    /// A child is known to the catalog, and did not pass.
    pub fn fail(&self, child: &Digest, architecture: &str) {
        self.state().record(child, Some(architecture));
    }

    /// Whatever is uploaded from now on is certified as soon as it is looked at: no preflight is needed.
    pub fn certify_everything(&self) {
        self.state().certifies_everything = true;
    }

    /// How long a certified image takes to be published. Default: no time.
    pub fn lag(&self, lag: Lag) {
        self.state().lag = lag;
    }

    /// Once `tag` moves from one published image to another, so many more looks at it find the old one.
    pub fn stale(&self, tag: &str, looks: usize) {
        self.state().stale.insert(tag.to_owned(), looks);
    }

    /// So many looks at `tag` find `image`, whatever it is; `usize::MAX`: all.
    pub fn show_instead(&self, tag: &str, image: &Image, looks: usize) {
        self.state().instead.insert(tag.to_owned(), (image.clone(), looks));
    }
}

/// What became of it.
impl CatalogWorld {
    /// What customers get under `tag` now; asking is no look.
    pub fn served(&self, tag: &str) -> Option<Digest> {
        self.state().served(&self.upload.glance(UPLOAD), tag)
    }

    /// What `tag` is in the upload registry.
    pub fn tag(&self, tag: &str) -> Option<Digest> {
        self.upload.tag_digest(UPLOAD, tag)
    }

    /// The tags that requests wrote, in order, since this was asked last.
    pub fn take_tag_writes(&self) -> Vec<(String, Digest)> {
        let writes = self.upload.take_tag_writes().into_iter();
        writes.map(|TagWrite { tag, digest, .. }| (tag, digest)).collect()
    }

    /// What requests made of tags, in order.
    pub fn changes(&self) -> Vec<Change> {
        self.state().changes.clone()
    }

    /// A customer who pulls `tag` after everything that happens, from now on.
    pub fn customer(&self, tag: &str) -> Customer {
        let customer = Customer::of(tag);
        let mut state = self.state();
        state.customers.push(customer.clone());
        state.let_customers_pull(&self.upload.glance(UPLOAD));
        customer
    }

    /// What the API knows of a child; null: nothing.
    pub fn record(&self, child: &Digest) -> Value {
        let glance = self.upload.glance(UPLOAD);
        let state = self.state();
        state
            .records
            .iter()
            .find(|record| record.digest == *child)
            .map_or(Value::Null, |record| state.json(record, &glance))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        locked(&self.state)
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
