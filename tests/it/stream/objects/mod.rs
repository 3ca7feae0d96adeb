//! Destinations: directories and buckets.

mod bucket;
mod directory;
mod full;
mod killed;
mod lock;
mod moto;
mod uploads;

use std::time::Duration;

use bytes::Bytes;
use image_mirror::model::{Digest, Key};
use image_mirror::objects::{Bucket, BucketSettings, Error, Expected, Kind, Over, Receiving, Stamp, Store};

use crate::support::{BUCKET, FakeBucket};

const MIB: usize = 1 << 20;

fn key(text: &str) -> Key {
    Key::parse(text).unwrap()
}

/// So many bytes, of which no two parts are the same.
fn content(size: usize) -> Bytes {
    let mut content = vec![0; size];
    for (number, block) in content.chunks_mut(MIB).enumerate() {
        block.fill(u8::try_from(number % 251).unwrap());
        let mark = number.to_le_bytes();
        let length = mark.len().min(block.len());
        block[..length].copy_from_slice(&mark[..length]);
    }
    content.into()
}

fn expected(content: &Bytes) -> Expected {
    Expected {
        sha256: Digest::of(content),
        size: Some(content.len() as u64),
        kind: Kind::Immutable,
        over: Over::Nothing,
    }
}

fn settings(options: Vec<(&'static str, String)>) -> BucketSettings {
    let options = options.into_iter().map(|(name, value)| (name.to_owned(), value.into())).collect();
    BucketSettings {
        options,
        attempts: 3,
        waits: (Duration::from_millis(1), Duration::from_millis(2)),
        ..BucketSettings::new(BUCKET.to_owned(), None)
    }
}

fn open(bucket: &FakeBucket) -> Store {
    Store::Bucket(Bucket::open(&settings(bucket.options())).unwrap())
}

/// Hands over what is missing.
async fn feed(receiving: &mut Receiving, content: &Bytes) -> Result<(), Error> {
    let mut at = usize::try_from(receiving.offset()).unwrap();
    while at < content.len() {
        let to = (at + MIB).min(content.len());
        receiving.write(content.slice(at..to)).await?;
        at = to;
    }
    Ok(())
}

async fn bring(store: &Store, to: &Key, content: &Bytes, expected: &Expected) -> Result<Stamp, Error> {
    let mut receiving = store.receive(to, expected).await?;
    feed(&mut receiving, content).await?;
    receiving.commit().await
}
