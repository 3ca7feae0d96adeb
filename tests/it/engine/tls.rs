//! The same over TLS and HTTP/2, as registries in the world are spoken to.

use std::sync::Arc;

use futures_util::stream;
use image_mirror::engine::{Engine, Options, Silent, Stop};
use image_mirror::error::Class;
use image_mirror::model::{Batch, Desired, Host, Outcome, Row};
use image_mirror::registry;
use tempfile::TempDir;

use super::{Pair, impatient, word};
use crate::support::{FakeRegistry, Kind, any, fleet};

async fn pair() -> Pair {
    let start = || FakeRegistry::builder().tls().start();
    Pair { source: start().await, target: start().await, options: Options::default() }
}

/// Options that speak https to both registries of `pair`, and trust those whose authority is in `dir`.
fn options(pair: &Pair, dir: &TempDir, trusted: &[&FakeRegistry]) -> registry::Options {
    let ca_files = trusted.iter().enumerate().map(|(number, registry)| {
        let path = dir.path().join(format!("ca-{number}.pem"));
        std::fs::write(&path, registry.authority()).unwrap();
        path
    });
    let tls = [&pair.source, &pair.target].map(|registry| Host::new(registry.host()));
    registry::Options { ca_files: ca_files.collect(), tls: tls.to_vec(), ..impatient() }
}

async fn mirror(options: registry::Options, entries: Vec<Desired>) -> Vec<Row> {
    let client = super::client(options);
    let engine = Engine::new(&client, Options::default(), Arc::new(Silent), Stop::default());
    engine.run(stream::iter([Batch::admit(entries).batch])).await
}

#[tokio::test]
async fn images_go_over_tls_and_nothing_is_sent_twice() {
    let pair = pair().await;
    let images = fleet(30, 7);
    let entries: Vec<_> = images
        .iter()
        .map(|one| {
            pair.source.put_image(&one.repository, &one.tag, &one.image);
            let name = format!("{}:{}", one.repository, one.tag);
            pair.entry(&name, &format!("mirror/{name}"))
        })
        .collect();
    let dir = TempDir::new().unwrap();
    let options = options(&pair, &dir, &[&pair.source, &pair.target]);
    let rows = mirror(options.clone(), entries.clone()).await;

    assert!(rows.iter().all(|row| word(row) == "copied"), "{rows:?}");
    for one in &images {
        assert!(pair.target.holds(&format!("mirror/{}", one.repository), &one.tag, &one.image));
    }
    let blobs: std::collections::BTreeSet<_> =
        images.iter().flat_map(|one| one.image.tree_blobs()).map(|blob| blob.digest.clone()).collect();
    assert_eq!(pair.source.count(Kind::GetBlob), blobs.len());
    assert_eq!(pair.target.count(Kind::PutBlob), blobs.len());

    pair.clear_logs();
    assert!(mirror(options, entries).await.iter().all(|row| word(row) == "kept"));
    assert_eq!(pair.requests(), 60);
}

#[tokio::test]
async fn a_certificate_that_nobody_vouches_for_ends_it_before_anything_is_asked() {
    let pair = pair().await;
    let entries = vec![pair.entry("org/app:v1", "mirror/app:v1"), pair.entry("org/app:v2", "mirror/app:v2")];
    let dir = TempDir::new().unwrap();
    let rows = mirror(options(&pair, &dir, &[]), entries).await;

    assert_eq!(rows.len(), 2);
    for row in &rows {
        let said = match &row.outcome {
            Outcome::Unfinished(cause) => cause.to_string(),
            Outcome::Failed(failure) if failure.class == Class::Protocol => super::failure(row),
            other => panic!("{other:?}"),
        };
        assert!(said.contains("certificate"), "{said}");
    }
    assert_eq!(pair.source.count(any()) + pair.target.count(any()), 0);
}
