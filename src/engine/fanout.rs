//! One download for several targets that want the same blob at the same time.
//!
//! Within a registry a blob is sent once anyway; this is for targets in several registries. The first
//! who opens the blob reads it and hands every frame on to those who joined. Nobody waits long for
//! anybody: who falls behind, or joins too late, or loses its reader, reads for itself.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use futures_util::{StreamExt as _, stream};
use tokio::sync::mpsc;

use super::store::Place;
use crate::error::Class;
use crate::model::{Descriptor, Digest};
use crate::registry::{BlobSource, BlobStream, Error, Permit};

/// Frames a follower may be behind; a frame has at most about 400 KiB.
const FRAMES_BEHIND: usize = 8;
/// How long the reader waits for a follower whose frames are all taken up.
const PATIENCE: Duration = Duration::from_secs(2);
/// One can join until this much was read.
const JOINABLE_BYTES: usize = 512 << 10;

type Key = (Place, Digest);

/// The downloads of a run that may be joined.
#[derive(Debug, Default)]
pub(super) struct Fanout {
    targets: Mutex<HashSet<Place>>,
    open: Mutex<HashMap<Key, Arc<Download>>>,
}

#[derive(Debug, Default)]
struct Download(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    /// What was read so far, while one can still join.
    read: Vec<Bytes>,
    bytes: usize,
    closed: bool,
    followers: Vec<mpsc::Sender<Bytes>>,
}

impl Fanout {
    /// Says that blobs will go to `registry`. Only with two of them is there anything to share.
    pub(super) fn note_target(&self, registry: Place) {
        self.targets.lock().unwrap_or_else(PoisonError::into_inner).insert(registry);
    }

    /// `blob`, which lies in `place`, to be shared if others want it at the same time.
    pub(super) fn share(
        self: &Arc<Self>,
        place: Place,
        descriptor: &Descriptor,
        blob: Box<dyn BlobSource>,
    ) -> Box<dyn BlobSource> {
        if self.targets.lock().unwrap_or_else(PoisonError::into_inner).len() < 2 {
            return blob;
        }
        let (key, size) = ((place, descriptor.digest.clone()), descriptor.size);
        Box::new(Shared { fanout: Arc::clone(self), key, blob, size, joined: AtomicBool::new(false) })
    }

    /// Joins a download under way, or becomes the reader of a new one.
    fn join(&self, key: &Key) -> Role {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(download) = open.get(key) {
            return download.follow().map_or(Role::Alone, |(read, frames)| Role::Follower(read, frames));
        }
        let download = Arc::new(Download::default());
        open.insert(key.clone(), Arc::clone(&download));
        Role::Reader(download)
    }
}

enum Role {
    Reader(Arc<Download>),
    Follower(Vec<Bytes>, mpsc::Receiver<Bytes>),
    Alone,
}

impl Download {
    fn follow(&self) -> Option<(Vec<Bytes>, mpsc::Receiver<Bytes>)> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if state.closed {
            return None;
        }
        let (sender, receiver) = mpsc::channel(FRAMES_BEHIND);
        state.followers.push(sender);
        Some((state.read.clone(), receiver))
    }

    /// Hands a frame to everyone who follows.
    async fn hand_on(&self, frame: &Bytes) {
        let followers = {
            let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            state.bytes += frame.len();
            if state.bytes > JOINABLE_BYTES {
                state.closed = true;
                state.read = Vec::new();
            } else {
                state.read.push(frame.clone());
            }
            std::mem::take(&mut state.followers)
        };
        let mut keeping_up = Vec::with_capacity(followers.len());
        for follower in followers {
            if follower.send_timeout(frame.clone(), PATIENCE).await.is_ok() {
                keeping_up.push(follower);
            }
        }
        self.0.lock().unwrap_or_else(PoisonError::into_inner).followers.extend(keeping_up);
    }
}

struct Shared {
    fanout: Arc<Fanout>,
    key: Key,
    blob: Box<dyn BlobSource>,
    size: u64,
    /// Whether this one has followed before; the second attempt reads for itself.
    joined: AtomicBool,
}

impl BlobSource for Shared {
    fn host(&self) -> Option<&crate::model::Host> {
        self.blob.host()
    }

    fn open(&self, permit: Option<Permit>) -> BoxFuture<'_, Result<BlobStream, Error>> {
        Box::pin(async move {
            let again = self.joined.swap(true, Ordering::Relaxed);
            let role = if again { Role::Alone } else { self.fanout.join(&self.key) };
            match role {
                Role::Alone => self.blob.open(permit).await,
                Role::Follower(read, frames) => {
                    let (digest, left) = (self.key.1.clone(), self.size);
                    Ok(Following { read: read.into(), frames, left, digest }.stream())
                }
                Role::Reader(download) => {
                    let reading =
                        Reading { fanout: Arc::clone(&self.fanout), key: self.key.clone(), download };
                    Ok(reading.lead(self.blob.open(permit).await?))
                }
            }
        })
    }
}

/// The reader's hold on a download; when it goes, whoever comes next reads for itself.
struct Reading {
    fanout: Arc<Fanout>,
    key: Key,
    download: Arc<Download>,
}

impl Drop for Reading {
    fn drop(&mut self) {
        self.fanout.open.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.key);
        let mut state = self.download.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.closed = true;
        state.followers.clear();
    }
}

impl Reading {
    fn lead(self, frames: BlobStream) -> BlobStream {
        let frames = stream::unfold((self, frames), async |(reading, mut frames)| {
            let frame = frames.next().await?;
            if let Ok(frame) = &frame {
                reading.download.hand_on(frame).await;
            }
            Some((frame, (reading, frames)))
        });
        BlobStream::new(frames.boxed())
    }
}

/// A download that somebody else reads. Its frames come verified.
struct Following {
    read: VecDeque<Bytes>,
    frames: mpsc::Receiver<Bytes>,
    left: u64,
    digest: Digest,
}

impl Following {
    fn stream(self) -> BlobStream {
        let frames = stream::try_unfold(self, async |mut following| {
            let frame = match following.read.pop_front() {
                Some(frame) => Some(frame),
                None => following.frames.recv().await,
            };
            match frame {
                Some(frame) => {
                    following.left = following.left.saturating_sub(frame.len() as u64);
                    Ok(Some((frame, following)))
                }
                None if following.left == 0 => Ok(None),
                None => Err(following.lost()),
            }
        });
        BlobStream::new(frames.boxed())
    }

    fn lost(&self) -> Error {
        let cause = "the shared download was given up, or this target fell behind".into();
        Error::local(format!("read blob {}", self.digest), Class::Transient, cause)
    }
}
