//! One login (or none) at one registry: its tokens, and which scopes share one.
//!
//! A token that is due is fetched once, however many wait for it. Three ways lead to one: the
//! chunk that the repository was announced in, the lane of what is due now, or a token for just
//! what is needed, where a broader one was refused.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::Name;
use super::error::Error;
use super::lane::{Lane, Verdict};
use super::request::Ask;
use super::scope::{Action, ScopeSet};
use super::token::Token;
use crate::registry::credentials::Entry;

/// Repositories a token. Tokens grow with their scopes and travel in a header; registries refuse
/// headers of 8 to 16 KB. Twenty long names stay below that, also as a query to the token service.
pub(super) const CAP: usize = 20;

/// Repositories last mounted from that a new token may pull from too.
const RECENT: usize = 8;

/// So long a refusal is taken as the answer to the same question, which many lines may ask.
const REFUSAL_HOLDS: Duration = Duration::from_mins(1);

/// One login at one registry.
#[derive(Debug, Default)]
pub(super) struct Account {
    pub(super) entry: Option<Arc<Entry>>,
    pub(super) no_post: AtomicBool,
    /// The registry's tokens may name several repositories. Shared by its accounts.
    batching: Arc<AtomicBool>,
    tokens: Mutex<Vec<Arc<Token>>>,
    slots: Mutex<HashMap<ScopeSet, Arc<Slot>>>,
    /// What a broader token did not open.
    alone: Mutex<HashSet<ScopeSet>>,
    announced: Mutex<Announced>,
    /// Of each refused batch, the repositories that were not yet asked for by themselves.
    trials: Mutex<Vec<HashSet<Name>>>,
    recent: Mutex<VecDeque<Name>>,
    lane: Lane,
}

/// Where one certain token is fetched, by one caller at a time.
#[derive(Debug, Default)]
struct Slot {
    fetches: AtomicU64,
    failed: tokio::sync::Mutex<Option<(Error, Instant)>>,
}

#[derive(Debug, Default)]
struct Announced {
    chunks: HashMap<Name, Arc<Chunk>>,
    open: Arc<Chunk>,
}

/// Repositories that share a pull token.
#[derive(Debug, Default)]
struct Chunk {
    slot: Slot,
    names: Mutex<Vec<Name>>,
    /// Its token was asked for: no more names.
    is_sealed: AtomicBool,
    is_refused: AtomicBool,
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Whether a failure is the answer to the same question for a while.
fn holds((error, at): &(Error, Instant)) -> bool {
    error.is_refusal() && at.elapsed() < REFUSAL_HOLDS
}

impl Account {
    pub(super) fn new(entry: Option<Arc<Entry>>, batching: Arc<AtomicBool>) -> Self {
        Self { entry, batching, ..Self::default() }
    }

    /// Gives `name` a place in a chunk, in the order of announcement.
    pub(super) fn announce(&self, name: &Name) {
        let mut announced = locked(&self.announced);
        if announced.chunks.contains_key(name) {
            return;
        }
        if !announced.open.add(name) {
            announced.open = Arc::default();
            announced.open.add(name);
        }
        let chunk = Arc::clone(&announced.open);
        announced.chunks.insert(Name::clone(name), chunk);
    }

    /// A token that allows what is needed.
    pub(super) async fn token(&self, needed: &ScopeSet, ask: &Ask<'_>) -> Result<Arc<Token>, Error> {
        if locked(&self.alone).contains(needed) {
            return self.single(needed, ask).await;
        }
        if let Some(token) = self.find(|token| token.covers(needed)) {
            return Ok(token);
        }
        if needed.len() == 0 || !self.batching.load(Ordering::Relaxed) {
            return self.single(needed, ask).await;
        }
        let chunk = needed.only_pull().and_then(|name| locked(&self.announced).chunks.get(name).cloned());
        match chunk {
            Some(chunk) => self.chunked(&chunk, needed, ask).await,
            None => self.joined(needed, ask).await,
        }
    }

    /// Takes note that `token` was refused although it was new and should have been enough: from
    /// now on what is needed gets a token of its own. False: it was that already.
    pub(super) fn narrow(&self, token: &Token, needed: &ScopeSet) -> bool {
        if token.is_exactly(needed) {
            return false;
        }
        locked(&self.alone).insert(needed.clone());
        true
    }

    /// Makes the next caller fetch a new token in the place of `token`.
    pub(super) fn forget(&self, token: &Arc<Token>) {
        locked(&self.tokens).retain(|held| !Arc::ptr_eq(held, token));
    }

    fn find(&self, fits: impl Fn(&Token) -> bool) -> Option<Arc<Token>> {
        let mut tokens = locked(&self.tokens);
        tokens.retain(|token| token.is_valid());
        tokens.iter().rev().find(|token| fits(token)).cloned()
    }

    async fn fetch(&self, scopes: &ScopeSet, ask: &Ask<'_>) -> Result<Arc<Token>, Error> {
        let token = Arc::new(ask.token(scopes).await?);
        locked(&self.tokens).push(Arc::clone(&token));
        Ok(token)
    }

    /// The token of `scopes` through its slot: fetched by one, had by all who wait.
    async fn once(
        &self,
        slot: &Slot,
        scopes: &ScopeSet,
        ask: &Ask<'_>,
        fits: impl Fn(&Token) -> bool,
    ) -> Result<Arc<Token>, Error> {
        let seen = slot.fetches.load(Ordering::SeqCst);
        let mut failed = slot.failed.lock().await;
        if let Some(token) = self.find(fits) {
            return Ok(token);
        }
        if let Some(failure) = &*failed
            && (slot.fetches.load(Ordering::SeqCst) != seen || holds(failure))
        {
            return Err(failure.0.clone());
        }
        let result = self.fetch(scopes, ask).await;
        slot.fetches.fetch_add(1, Ordering::SeqCst);
        *failed = result.as_ref().err().map(|error| (error.clone(), Instant::now()));
        result
    }

    /// The refusal of exactly this, if it is recent: it would spoil the batch that it is part of.
    fn remembered(&self, needed: &ScopeSet) -> Option<Error> {
        let slot = locked(&self.slots).get(needed).cloned()?;
        slot.failed.try_lock().ok()?.as_ref().filter(|failed| holds(failed)).map(|(error, _)| error.clone())
    }

    /// A token for what is needed and nothing else.
    async fn single(&self, needed: &ScopeSet, ask: &Ask<'_>) -> Result<Arc<Token>, Error> {
        let slot = Arc::clone(locked(&self.slots).entry(needed.clone()).or_default());
        let result = self.once(&slot, needed, ask, |token| token.is_exactly(needed)).await;
        match &result {
            Ok(_) => self.note_granted(needed),
            Err(error) if error.is_refusal() => self.note_refused(needed),
            Err(_) => {}
        }
        result
    }

    async fn chunked(&self, chunk: &Chunk, needed: &ScopeSet, ask: &Ask<'_>) -> Result<Arc<Token>, Error> {
        let scopes = chunk.seal();
        if scopes.len() == 1 || chunk.is_refused.load(Ordering::SeqCst) {
            return self.single(needed, ask).await;
        }
        match self.once(&chunk.slot, &scopes, ask, |token| token.covers(needed)).await {
            Err(error) if error.is_refusal() => {
                if !chunk.is_refused.swap(true, Ordering::SeqCst) {
                    self.put_on_trial(&scopes);
                }
                self.single(needed, ask).await
            }
            other => other,
        }
    }

    /// A token for what is needed together with what others need at this moment.
    async fn joined(&self, needed: &ScopeSet, ask: &Ask<'_>) -> Result<Arc<Token>, Error> {
        if let Some(refusal) = self.remembered(needed) {
            return Err(refusal);
        }
        let ticket = self.lane.enter(needed);
        // Callers that became ready at the same moment get to their places too.
        tokio::task::yield_now().await;
        let turn = self.lane.turn.lock().await;
        if let Some(token) = self.find(|token| token.covers(needed)) {
            return Ok(token);
        }
        match ticket.verdict() {
            Some(Verdict::Failed(error)) => return Err(error),
            Some(Verdict::Alone) => {
                drop(turn);
                return self.single(needed, ask).await;
            }
            None => {}
        }
        let (mut scopes, members) = self.lane.gather(&ticket, CAP);
        self.add_recent(needed, &mut scopes);
        let result =
            if scopes == *needed { self.single(needed, ask).await } else { self.fetch(&scopes, ask).await };
        match result {
            Err(error) if error.is_refusal() && scopes != *needed => {
                locked(&self.recent).clear();
                self.put_on_trial(&scopes);
                self.lane.judge(&members, &Verdict::Alone);
                drop(turn);
                self.single(needed, ask).await
            }
            Err(error) => {
                self.lane.judge(&members, &Verdict::Failed(error.clone()));
                Err(error)
            }
            Ok(token) => Ok(token),
        }
    }

    /// Lets a token for pushes also pull from where blobs were mounted from lately: the next mount
    /// is likely to be from there.
    fn add_recent(&self, needed: &ScopeSet, scopes: &mut ScopeSet) {
        if !scopes.has_push() {
            return;
        }
        let mut recent = locked(&self.recent);
        for name in recent.iter().take(CAP.saturating_sub(scopes.len())) {
            scopes.add(name, Action::Pull);
        }
        if needed.has_push() {
            for name in needed.names(Action::Pull) {
                recent.retain(|held| held != name);
                recent.push_front(Name::clone(name));
            }
            recent.truncate(RECENT);
        }
    }

    fn put_on_trial(&self, scopes: &ScopeSet) {
        let names = scopes.names(Action::Pull).chain(scopes.names(Action::Push)).cloned().collect();
        locked(&self.trials).push(names);
    }

    /// When all of a refused batch are granted by themselves, batches are what was refused.
    fn note_granted(&self, needed: &ScopeSet) {
        locked(&self.trials).retain_mut(|names| {
            for name in needed.names(Action::Pull).chain(needed.names(Action::Push)) {
                names.remove(name);
            }
            if names.is_empty() {
                self.batching.store(false, Ordering::Relaxed);
            }
            !names.is_empty()
        });
    }

    /// A refused member explains why its batch was refused.
    fn note_refused(&self, needed: &ScopeSet) {
        locked(&self.trials).retain(|names| {
            let mut refused = needed.names(Action::Pull).chain(needed.names(Action::Push));
            !refused.any(|name| names.contains(name))
        });
    }
}

impl Chunk {
    fn add(&self, name: &Name) -> bool {
        let mut names = locked(&self.names);
        let has_room = names.len() < CAP && !self.is_sealed.load(Ordering::SeqCst);
        if has_room {
            names.push(Name::clone(name));
        }
        has_room
    }

    fn seal(&self) -> ScopeSet {
        let names = locked(&self.names);
        self.is_sealed.store(true, Ordering::SeqCst);
        ScopeSet::pulls(names.iter())
    }
}
