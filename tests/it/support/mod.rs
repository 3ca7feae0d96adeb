//! What the tests stand on: images with real digests, registries to move them between, the built program.
//!
//! Nothing here decides what is right for the program; it only plays its outside world and writes down
//! what it saw. It reads manifests and checks digests on its own, so that it can be a judge.
//!
//! - [`image`]: build images, indexes and artifacts; [`fleet`]: many of them, sharing layers
//! - [`registry`]: a registry in this process, with a request log and scripted faults; token servers;
//!   [`Spy`]: a server that answers as a test says and keeps all that it received
//! - [`cluster`]: an API server in this process, with ImageStreams, their tags and Leases
//! - [`catalog`]: a certified catalog in this process: where images are uploaded, where customers pull them from, its API
//! - [`files`]: a web server with plain files, and scripted faults of its own
//! - [`bucket`]: an S3-compatible store in this process, with a request log and scripted faults; [`moto`]: one that
//!   others wrote
//! - [`judge`]: oci-client as an independent client, to fill registries and to look at them
//! - [`capacity`]: registries with a limit, in virtual time
//! - [`nobody`]: an address that refuses every connection
//! - [`real`]: Debian's `docker-registry` and `skopeo`; [`run`]: the program itself
//!
//! ```ignore
//! let registry = FakeRegistry::start().await;
//! let image = Image::oci().layer(b"hello").build();
//! registry.put_image("a/b", "v1", &image);
//! registry.fault(Fault::on(Kind::GetBlob).repository("a/b").times(2).status(503));
//! // … point the program at registry.host() …
//! assert_eq!(registry.count(Kind::GetBlob), 3);
//! registry.assert_tags_whole();
//! ```
#![allow(dead_code, unused_imports, reason = "an outside world offers more than each test takes")]
#![allow(unreachable_pub, reason = "`pub` here says: for the tests")]

pub mod bucket;
pub mod capacity;
pub mod catalog;
pub mod clock;
pub mod cluster;
pub mod files;
pub mod fleet;
pub mod image;
pub mod judge;
pub mod moto;
pub mod nobody;
pub mod real;
pub mod registry;
pub mod run;
pub mod streams;

pub use bucket::{BUCKET, BucketFault, BucketRequest, Effect, FakeBucket};
pub use catalog::{CatalogWorld, Change, Customer, Lag, Pyxis, PyxisFault, PyxisRequest};
pub use cluster::{ApiRequest, FakeCluster, Outage};
pub use files::{Asked, FileFault, FileServer};
pub use fleet::{Named, fleet};
pub use image::{Blob, Image, Index};
pub use judge::Judge;
pub use moto::Moto;
pub use nobody::Nobody;
pub use real::{RealRegistry, skopeo, skopeo_copy, skopeo_raw, succeeded};
pub use registry::{
    FakeRegistry, Fault, Gate, Glance, Grant, ISSUER, Kind, Locations, MountPolicy, QuayApi, Request, Seen,
    Shown, Spy, Stop, TagWrite, TokenField, TokenRequest, TokenServer, Which, any, found, on, reply,
    reply_with, writes,
};
pub use run::{Ran, Run, Running, docker_config, write_mapping};
pub use streams::StreamList;
