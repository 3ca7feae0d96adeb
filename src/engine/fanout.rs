//! One download for all registries that want the same blob.
//!
//! Within a registry a blob is sent once anyway; this is for targets in several registries. Entries of one
//! source are moved together ([`super::siblings`]). Whoever is about to send a blob waits for the others that
//! will want it, then one download is handed on to all of them. Nobody waits long for anybody: who does not
//! come, falls behind or loses the download reads for itself.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use futures_util::{StreamExt as _, stream};
use tokio::sync::{Notify, Semaphore, mpsc, oneshot};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

use super::store::Store;
use crate::error::Class;
use crate::model::{Descriptor, Digest, Host};
use crate::registry::{BlobSource, BlobStream, Error, Permit, carried};

/// Frames a registry may be behind the download; a frame has at most about 400 KiB.
const FRAMES_BEHIND: usize = 8;
/// How long to wait for a registry that does not come, or whose frames are all taken up.
const PATIENCE: Duration = Duration::from_secs(5);

/// The registries that one source is being sent to, one for each entry.
#[derive(Debug, Default)]
pub(super) struct Recipients(Mutex<Vec<Host>>);

/// The blobs of a run that somebody is about to send.
#[derive(Debug, Default)]
pub(super) struct Fanout {
    meetings: Mutex<HashMap<Digest, Meeting>>,
    /// Shared downloads under way; they end with the run.
    downloads: Mutex<JoinSet<()>>,
}

/// Those who are about to send one blob, and those they wait for.
#[derive(Debug)]
struct Meeting {
    recipients: Arc<Recipients>,
    arrived: Vec<(Host, oneshot::Sender<Frames>)>,
    /// Registries that turned out not to want it.
    declined: HashSet<Host>,
    changed: Arc<Notify>,
}

type Frames = mpsc::Receiver<Bytes>;
/// Where the parts of a download are waited for.
type Seats = Vec<oneshot::Sender<Frames>>;

/// One blob to be sent to one registry.
pub(super) struct Sending<'a> {
    pub(super) blob: &'a Descriptor,
    pub(super) source: &'a Store,
    pub(super) host: &'a Host,
    pub(super) recipients: &'a Arc<Recipients>,
    /// Bounds the downloads of the run.
    pub(super) streams: &'a Arc<Semaphore>,
}

/// Tells those who wait for a registry that it does not want the blob, or has it by now.
pub(super) struct Settling<'a> {
    fanout: &'a Fanout,
    digest: &'a Digest,
    host: &'a Host,
}

impl Recipients {
    pub(super) fn new(hosts: Vec<Host>) -> Arc<Self> {
        Arc::new(Self(Mutex::new(hosts)))
    }

    fn hosts(&self) -> MutexGuard<'_, Vec<Host>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Fanout {
    /// The blob as it is to be sent to this registry: a part of a download for several, or none where nobody
    /// else wants it now. `has` tells which registries have it.
    pub(super) async fn share(
        &self,
        sending: &Sending<'_>,
        has: impl Fn(&Host) -> bool,
    ) -> Option<Box<dyn BlobSource>> {
        if sending.recipients.hosts().iter().all(|host| host == sending.host) {
            return None;
        }
        let (changed, mut seat) = self.arrive(sending);
        let end_of_patience = Instant::now() + PATIENCE;
        let mut patient = true;
        loop {
            if let Some(seats) = self.all_there(&sending.blob.digest, &has, patient) {
                // Dropped, a single seat is told to read for itself.
                if seats.len() > 1 {
                    self.begin(sending.download(seats));
                }
            }
            tokio::select! {
                frames = &mut seat => return Some(sending.part(frames.ok()?)),
                () = changed.notified() => {}
                () = sleep_until(end_of_patience), if patient => patient = false,
            }
        }
    }

    /// Until the result is dropped this registry is on its way to the blob.
    pub(super) fn settling<'a>(&'a self, digest: &'a Digest, host: &'a Host) -> Settling<'a> {
        Settling { fanout: self, digest, host }
    }

    /// An entry for `host` has ended: nobody waits for it any more.
    pub(super) fn left(&self, recipients: &Arc<Recipients>, host: &Host) {
        {
            let mut hosts = recipients.hosts();
            let Some(at) = hosts.iter().position(|one| one == host) else { return };
            hosts.swap_remove(at);
        }
        for meeting in self.meetings().values() {
            if Arc::ptr_eq(&meeting.recipients, recipients) {
                meeting.changed.notify_one();
            }
        }
    }

    fn arrive(&self, sending: &Sending<'_>) -> (Arc<Notify>, oneshot::Receiver<Frames>) {
        let (sender, seat) = oneshot::channel();
        let mut meetings = self.meetings();
        let meeting = meetings.entry(sending.blob.digest.clone()).or_insert_with(|| Meeting {
            recipients: Arc::clone(sending.recipients),
            arrived: Vec::new(),
            declined: HashSet::new(),
            changed: Arc::default(),
        });
        meeting.arrived.push((sending.host.clone(), sender));
        (Arc::clone(&meeting.changed), seat)
    }

    /// Ends the meeting if nobody else is to be waited for; whoever gets the seats begins the download.
    fn all_there(&self, digest: &Digest, has: &impl Fn(&Host) -> bool, patient: bool) -> Option<Seats> {
        let mut meetings = self.meetings();
        let meeting = meetings.get(digest)?;
        if patient && meeting.awaits(has) {
            return None;
        }
        let meeting = meetings.remove(digest)?;
        Some(meeting.arrived.into_iter().map(|(_, seat)| seat).collect())
    }

    fn begin(&self, download: impl Future<Output = ()> + Send + 'static) {
        let mut downloads = self.downloads.lock().unwrap_or_else(PoisonError::into_inner);
        while downloads.try_join_next().is_some() {}
        downloads.spawn(carried(download));
    }

    fn meetings(&self) -> MutexGuard<'_, HashMap<Digest, Meeting>> {
        self.meetings.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Meeting {
    fn awaits(&self, has: &impl Fn(&Host) -> bool) -> bool {
        let is_here = |host: &Host| self.arrived.iter().any(|(arrived, _)| arrived == host);
        let hosts = self.recipients.hosts();
        hosts.iter().any(|host| !is_here(host) && !self.declined.contains(host) && !has(host))
    }
}

impl Drop for Settling<'_> {
    fn drop(&mut self) {
        if let Some(meeting) = self.fanout.meetings().get_mut(self.digest) {
            meeting.declined.insert(self.host.clone());
            meeting.changed.notify_one();
        }
    }
}

impl Sending<'_> {
    /// Reads the blob and hands it on to those who have a seat. Ends early when nobody listens any more.
    fn download(&self, seats: Seats) -> impl Future<Output = ()> + Send + 'static {
        let (source, blob, streams) = (self.source.clone(), self.blob.clone(), Arc::clone(self.streams));
        async move {
            let _stream = streams.acquire_owned().await.ok();
            // Whoever loses the download, for whatever reason, reads for itself and meets it again.
            let Ok(permit) = source.permit().await else { return };
            let mut followers = Vec::with_capacity(seats.len());
            for seat in seats {
                let (sender, frames) = mpsc::channel(FRAMES_BEHIND);
                if seat.send(frames).is_ok() {
                    followers.push(sender);
                }
            }
            let blob = source.blob(&blob);
            let Ok(mut frames) = blob.open(permit).await else { return };
            while let Some(Ok(frame)) = frames.next().await {
                followers = hand_on(followers, &frame).await;
                if followers.is_empty() {
                    return;
                }
            }
        }
    }

    fn part(&self, frames: Frames) -> Box<dyn BlobSource> {
        let frames = Mutex::new(Some(frames));
        Box::new(Part { frames, blob: self.source.blob(self.blob), of: self.blob.clone() })
    }
}

/// Those who keep up with the download.
async fn hand_on(followers: Vec<mpsc::Sender<Bytes>>, frame: &Bytes) -> Vec<mpsc::Sender<Bytes>> {
    let mut keeping_up = Vec::with_capacity(followers.len());
    for follower in followers {
        if follower.send_timeout(frame.clone(), PATIENCE).await.is_ok() {
            keeping_up.push(follower);
        }
    }
    keeping_up
}

/// A part of a shared download, and the blob itself for when that is lost.
struct Part {
    frames: Mutex<Option<Frames>>,
    blob: Box<dyn BlobSource>,
    of: Descriptor,
}

impl Part {
    fn frames(&self) -> MutexGuard<'_, Option<Frames>> {
        self.frames.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl BlobSource for Part {
    fn host(&self) -> Option<&Host> {
        // The download holds the permit of its host.
        if self.frames().is_some() { None } else { self.blob.host() }
    }

    fn open(&self, permit: Option<Permit>) -> BoxFuture<'_, Result<BlobStream, Error>> {
        let shared = self.frames().take();
        match shared {
            None => self.blob.open(permit),
            Some(frames) => {
                let following = Following { frames, left: self.of.size, digest: self.of.digest.clone() };
                Box::pin(async move { Ok(following.stream()) })
            }
        }
    }
}

/// A download that somebody else reads. Its frames come verified.
struct Following {
    frames: Frames,
    left: u64,
    digest: Digest,
}

impl Following {
    fn stream(self) -> BlobStream {
        let frames = stream::try_unfold(self, async |mut following| match following.frames.recv().await {
            Some(frame) => {
                following.left = following.left.saturating_sub(frame.len() as u64);
                Ok(Some((frame, following)))
            }
            None if following.left == 0 => Ok(None),
            None => Err(following.lost()),
        });
        BlobStream::new(frames.boxed())
    }

    fn lost(&self) -> Error {
        let cause = "the shared download was given up, or this target fell behind".into();
        Error::local(format!("read blob {}", self.digest), Class::Transient, cause)
    }
}
