//! What an observer is told.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use futures_util::stream;
use image_mirror::engine::{Engine, Observer, Stop};
use image_mirror::model::{Batch, Desired, Row};

use super::Pair;
use crate::support::{Fault, Image, Kind};

#[derive(Debug, Default)]
struct Sums {
    announced: AtomicUsize,
    started: AtomicUsize,
    finished: AtomicUsize,
    expected: AtomicU64,
    sent: AtomicU64,
}

impl Observer for Sums {
    fn announced(&self, count: usize) {
        self.announced.fetch_add(count, Ordering::Relaxed);
    }

    fn started(&self, _entry: &Desired) {
        self.started.fetch_add(1, Ordering::Relaxed);
    }

    fn expected(&self, bytes: u64) {
        self.expected.fetch_add(bytes, Ordering::Relaxed);
    }

    fn sent(&self, bytes: u64) {
        self.sent.fetch_add(bytes, Ordering::Relaxed);
    }

    fn finished(&self, _row: &Row) {
        self.finished.fetch_add(1, Ordering::Relaxed);
    }
}

#[tokio::test]
async fn an_observer_is_told_of_every_entry_and_of_every_byte_once() {
    let pair = Pair::start().await;
    let image = Image::example(1);
    let copied = pair.offer(&image);
    pair.target.put_image("mirror/kept", "v1", &image);
    let kept = pair.entry("org/app:v1", "mirror/kept:v1");
    let failed = pair.entry("org/app:gone", "mirror/gone:v1");
    // A blob that is sent twice counts once.
    pair.target.fault(Fault::on(Kind::PutBlob).times(1).status(503));
    let sums = Arc::new(Sums::default());
    let observer: Arc<dyn Observer> = Arc::<Sums>::clone(&sums);
    let engine =
        Engine::new(&super::client(super::impatient()), pair.options.clone(), observer, Stop::default());
    let rows = engine.run(stream::iter([Batch::admit(vec![copied, kept, failed]).batch])).await;

    assert_eq!(rows.len(), 3);
    let entries = [&sums.announced, &sums.started, &sums.finished].map(|sum| sum.load(Ordering::Relaxed));
    assert_eq!(entries, [3, 3, 3]);
    let bytes = [&sums.expected, &sums.sent].map(|sum| sum.load(Ordering::Relaxed));
    assert_eq!(bytes, [image.tree_blob_bytes(); 2]);
}
