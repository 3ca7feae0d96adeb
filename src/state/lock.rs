//! The lock of a place that is written, such as a destination of files: one run writes there at a time.
//!
//! It is a file like any other, so that it works on file servers and in buckets, where nobody holds locks for us. Who holds
//! it says every minute that it is still there; who was not heard of for an hour is gone, and so is at once who was killed on this machine.

use std::future::Future;
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};
use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::process::Process;
use super::record::{self, StateError};
use super::time;
use crate::error::{Class, Classify};
use crate::model::Key;
use crate::objects::{ErrorKind, Over, Store};

const NAME: &str = "lock";
/// How often the holder says that it is still there.
const REFRESHED: Duration = Duration::from_mins(1);
/// Who was not heard of for so long is gone.
const STALE: Duration = Duration::from_hours(1);
/// Who could not say for so long that it is still there gives up writing, before others may take it for gone.
const UNHEARD: Duration = Duration::from_mins(45);
/// How often the lock may change hands while we look at it.
const TRIES: usize = 5;

/// Who holds a lock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    /// The machine.
    pub host: String,
    /// The process on it.
    pub pid: u32,
    /// The run, by a name that no other has.
    pub run: String,
    /// Since when.
    #[serde(with = "time")]
    pub since: SystemTime,
    /// When it last said that it is still there.
    #[serde(with = "time")]
    pub refreshed: SystemTime,
    /// Which process that is, for runs on the same machine; none: nobody there could tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub process: Option<Process>,
}

/// Why a lock was not taken. Whoever tells it says of what.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// Another run has it.
    #[error(
        "run {} (process {} on {}) writes there since {}",
        .0.run, .0.pid, .0.host, humantime::format_rfc3339_seconds(.0.since)
    )]
    Held(Box<Holder>),
    /// It changes hands all the time.
    #[error("several runs want to write there at once")]
    Contended,
    /// The place where the lock is kept.
    #[error(transparent)]
    State(#[from] StateError),
}

impl Classify for LockError {
    fn class(&self) -> Class {
        match self {
            Self::Held(_) | Self::Contended => Class::Denied,
            Self::State(error) => error.class(),
        }
    }

    fn advice(&self) -> Option<String> {
        match self {
            Self::Held(holder) => Some(format!(
                "wait for it to end; if it is gone already, its lock is taken over an hour after it was last heard of, at {}",
                humantime::format_rfc3339_seconds(holder.refreshed)
            )),
            Self::Contended => Some("run it again".to_owned()),
            Self::State(error) => error.advice(),
        }
    }
}

/// A lock that we hold. Dropped without a [release](Lock::release), it stays until it is stale.
#[derive(Debug)]
pub struct Lock {
    held: Held,
    refreshing: JoinSet<()>,
    lost: CancellationToken,
}

/// What it takes to say that we are still there.
#[derive(Debug, Clone)]
struct Held {
    store: Store,
    key: Key,
    holder: Holder,
}

impl Holder {
    /// Whether it is the same one: names of runs alone may clash where many machines start by one clock.
    fn is(&self, other: &Self) -> bool {
        (&self.host, self.pid, &self.run) == (&other.host, other.pid, &other.run)
    }
}

impl Lock {
    /// Takes the lock of `store` for the run called `run` on `host`.
    ///
    /// Of several that ask at once where nobody has it, one gets it: what is there already is never written over, which a bucket
    /// is asked for, and which a directory does by a rename that replaces nothing, or by link(2).
    ///
    /// # Errors
    /// [`LockError::Held`] when another run has it.
    pub async fn take(store: &Store, host: &str, run: &str) -> Result<Self, LockError> {
        let key = Key::of_state(NAME).map_err(StateError::Key)?;
        let now = SystemTime::now();
        let holder = Holder {
            host: host.to_owned(),
            pid: std::process::id(),
            run: run.to_owned(),
            since: now,
            refreshed: now,
            process: Process::own(),
        };
        taken(store, &key, &holder).await?;
        let held = Held { store: store.clone(), key, holder };
        let (lost, mut refreshing) = (CancellationToken::new(), JoinSet::new());
        refreshing.spawn(held.clone().refresh(lost.clone()));
        Ok(Self { held, refreshing, lost })
    }

    /// Ends when the lock is not ours any more: then nothing may be written.
    pub fn lost(&self) -> impl Future<Output = ()> + Send + 'static {
        self.lost.clone().cancelled_owned()
    }

    /// Gives it back, if it is still ours.
    ///
    /// # Errors
    /// When it cannot be deleted; it will be stale after an hour.
    pub async fn release(mut self) -> Result<(), StateError> {
        self.refreshing.shutdown().await;
        let Held { store, key, holder, .. } = &self.held;
        match record::read::<Holder>(store, key).await? {
            Some((found, _)) if found.is(holder) => Ok(store.delete(key).await?),
            _ => Ok(()),
        }
    }
}

/// Writes `holder` where nobody is, or somebody who is gone.
async fn taken(store: &Store, key: &Key, holder: &Holder) -> Result<(), LockError> {
    for _ in 0..TRIES {
        // It is looked at first, since there are stores that write whatever they are asked to.
        let over = match record::read::<Holder>(store, key).await? {
            None => Over::Nothing,
            // The answer to our own write was lost.
            Some((found, _)) if found.is(holder) => return Ok(()),
            Some((found, stamp)) => {
                let modified =
                    store.look(key).await.map_err(StateError::Store)?.map(|object| object.modified);
                let is_gone = found.process.as_ref().is_some_and(Process::is_gone);
                if !is_gone && !is_stale(&found, modified, SystemTime::now()) {
                    return Err(LockError::Held(Box::new(found)));
                }
                tracing::warn!(
                    run = found.run,
                    host = found.host,
                    "takes over the lock of a run that is gone"
                );
                Over::Only(stamp)
            }
        };
        match record::write(store, key, holder, &over).await {
            Err(error) if is_changed(&error) => {}
            written => return Ok(written.map(drop)?),
        }
    }
    Err(LockError::Contended)
}

/// Whether a holder is gone: by its own clock, and by the store's, as one of them may be wrong.
fn is_stale(holder: &Holder, modified: Option<SystemTime>, now: SystemTime) -> bool {
    let is_old = |then: SystemTime| now.duration_since(then).is_ok_and(|age| age > STALE);
    is_old(holder.refreshed) && modified.is_none_or(is_old)
}

fn is_changed(error: &StateError) -> bool {
    matches!(error, StateError::Store(error) if matches!(error.kind(), ErrorKind::Changed))
}

impl Held {
    /// Says every minute that we are still there, until the lock is lost.
    async fn refresh(mut self, lost: CancellationToken) {
        let mut heard = Instant::now();
        loop {
            tokio::time::sleep(REFRESHED).await;
            match self.refresh_once().await {
                Ok(true) => heard = Instant::now(),
                Ok(false) => break,
                Err(error) => {
                    tracing::warn!(store = %self.store, error = %crate::error::Chain(&error), "the lock is not renewed");
                    if heard.elapsed() > UNHEARD {
                        break;
                    }
                }
            }
        }
        lost.cancel();
    }

    /// Whether the lock is ours, and says so. As in [`taken`], it is looked at first; the stamp may be another than that of
    /// our last write, whose answer may have been lost.
    async fn refresh_once(&mut self) -> Result<bool, StateError> {
        self.holder.refreshed = SystemTime::now();
        let stamp = match record::read::<Holder>(&self.store, &self.key).await? {
            Some((found, stamp)) if found.is(&self.holder) => stamp,
            _ => return Ok(false),
        };
        match record::write(&self.store, &self.key, &self.holder, &Over::Only(stamp)).await {
            // Somebody else's, or our own, whose answer was lost: the next look tells.
            Err(error) if is_changed(&error) => Ok(true),
            written => written.map(|_| true),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs::{self, File};

    use super::*;
    use crate::objects::Directory;

    fn store(folder: &tempfile::TempDir) -> Store {
        Store::Directory(Directory::new(folder.path().into()))
    }

    async fn holder(store: &Store) -> Option<Holder> {
        record::read(store, &Key::of_state(NAME).unwrap()).await.unwrap().map(|(holder, _)| holder)
    }

    /// Somebody who was last heard of so long ago.
    async fn somebody(store: &Store, folder: &tempfile::TempDir, ago: Duration) {
        let then = SystemTime::now() - ago;
        let gone = Holder {
            host: "there".into(),
            pid: 7,
            run: "gone".into(),
            since: then,
            refreshed: then,
            process: None,
        };
        record::write(store, &Key::of_state(NAME).unwrap(), &gone, &Over::Anything).await.unwrap();
        File::open(folder.path().join(".image-mirror/lock")).unwrap().set_modified(then).unwrap();
    }

    // 14.92
    #[tokio::test]
    async fn a_second_run_is_told_who_writes_and_takes_over_once_that_one_gave_it_back() {
        let folder = tempfile::tempdir().unwrap();
        let store = store(&folder);
        let first = Lock::take(&store, "here", "one").await.unwrap();
        let refused = Lock::take(&store, "there", "two").await.unwrap_err();
        assert!(matches!(&refused, LockError::Held(holder) if holder.run == "one"));
        let text = refused.to_string();
        assert!(text.contains("run one") && text.contains("on here)") && text.contains("since 20"), "{text}");
        assert_eq!(refused.class(), Class::Denied);
        first.release().await.unwrap();
        assert_eq!(holder(&store).await, None);
        Lock::take(&store, "there", "two").await.unwrap().release().await.unwrap();
    }

    // 14.92
    #[tokio::test]
    async fn a_stale_lock_is_taken_over_and_a_younger_one_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let store = store(&folder);
        somebody(&store, &folder, Duration::from_mins(59)).await;
        assert!(matches!(Lock::take(&store, "here", "one").await, Err(LockError::Held(_))));
        somebody(&store, &folder, Duration::from_mins(61)).await;
        let lock = Lock::take(&store, "here", "one").await.unwrap();
        assert_eq!(holder(&store).await.unwrap().run, "one");
        lock.release().await.unwrap();
    }

    #[tokio::test]
    async fn a_holder_whose_clock_is_wrong_is_not_taken_for_gone_while_the_store_heard_of_it() {
        let folder = tempfile::tempdir().unwrap();
        let store = store(&folder);
        somebody(&store, &folder, STALE * 2).await;
        File::open(folder.path().join(".image-mirror/lock"))
            .unwrap()
            .set_modified(SystemTime::now())
            .unwrap();
        assert!(matches!(Lock::take(&store, "here", "one").await, Err(LockError::Held(_))));
        assert_eq!(holder(&store).await.unwrap().run, "gone", "nothing was written");
    }

    #[tokio::test(start_paused = true)]
    async fn a_lock_is_renewed_every_minute_and_whoever_lost_it_hears_of_it() {
        let folder = tempfile::tempdir().unwrap();
        let store = store(&folder);
        let lock = Lock::take(&store, "here", "one").await.unwrap();
        let path = folder.path().join(".image-mirror/lock");
        File::open(&path).unwrap().set_modified(SystemTime::UNIX_EPOCH).unwrap();
        // The stamp is another now, but what it says is ours: an answer that was lost looks like that.
        tokio::time::sleep(REFRESHED * 2 + Duration::from_secs(1)).await;
        assert!(fs::metadata(&path).unwrap().modified().unwrap() > SystemTime::UNIX_EPOCH);
        assert!(futures_util::FutureExt::now_or_never(lock.lost()).is_none());
        somebody(&store, &folder, Duration::ZERO).await;
        tokio::time::timeout(REFRESHED * 2, lock.lost()).await.unwrap();
        lock.release().await.unwrap();
        assert_eq!(holder(&store).await.unwrap().run, "gone", "the other's lock is left alone");
    }

    #[tokio::test]
    async fn what_is_no_lock_is_never_taken_over() {
        let folder = tempfile::tempdir().unwrap();
        let store = store(&folder);
        fs::create_dir_all(folder.path().join(".image-mirror")).unwrap();
        fs::write(folder.path().join(".image-mirror/lock"), "mine").unwrap();
        let refused = Lock::take(&store, "here", "one").await.unwrap_err();
        assert!(matches!(refused, LockError::State(StateError::Unreadable { .. })));
        assert_eq!(fs::read(folder.path().join(".image-mirror/lock")).unwrap(), b"mine");
    }
}
