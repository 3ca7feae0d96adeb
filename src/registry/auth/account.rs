//! One login (or none) at one registry: its tokens, and which scopes share one.
//!
//! A token that is due is fetched once, however many wait for it. Three ways lead to one: the
//! chunk that the repository was announced in, the lane of what is due now, or a token for just
//! what is needed, where a broader one was refused.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::Name;
use super::beside::Beside;
use super::error::Error;
use super::lane::{Lane, Verdict};
use super::request::Ask;
use super::scope::ScopeSet;
use super::standing::Standing;
use super::token::Token;
use crate::registry::credentials::Entry;

/// So many bytes of a token are taken not to be its scopes until one was seen: claims, a signature, and
/// the certificate that some services put into each.
const REST: usize = 1500;

/// So long a refusal is taken as the answer to the same question, which many lines may ask.
pub(super) const REFUSAL_HOLDS: Duration = Duration::from_mins(1);

/// One login at one registry.
#[derive(Debug)]
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
    /// How many bytes of the last token were not its scopes.
    rest: AtomicUsize,
    beside: Beside,
    standing: Standing,
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
        Self {
            entry,
            batching,
            rest: AtomicUsize::new(REST),
            no_post: AtomicBool::default(),
            tokens: Mutex::default(),
            slots: Mutex::default(),
            alone: Mutex::default(),
            announced: Mutex::default(),
            trials: Mutex::default(),
            beside: Beside::default(),
            standing: Standing::default(),
            lane: Lane::default(),
        }
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

    /// Says that `needed`, to push, will be due.
    pub(super) fn plan(&self, needed: ScopeSet) {
        self.beside.plan(needed);
    }

    /// A token that allows what is needed.
    pub(super) async fn token(&self, needed: &ScopeSet, ask: &Ask<'_>) -> Result<Arc<Token>, Error> {
        let token = self.good_enough(needed, ask).await?;
        if needed.has_push() {
            self.beside.note_used(needed);
        }
        Ok(token)
    }

    async fn good_enough(&self, needed: &ScopeSet, ask: &Ask<'_>) -> Result<Arc<Token>, Error> {
        if locked(&self.alone).contains(needed) {
            return self.single(needed, ask).await;
        }
        if let Some(token) = self.find(|token| token.covers(needed)) {
            return Ok(token);
        }
        if needed.len() == 0 || !self.batching.load(Ordering::Relaxed) || self.was_refused(needed) {
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

    /// The smallest that is good enough: it is sent along with each request.
    fn find(&self, fits: impl Fn(&Token) -> bool) -> Option<Arc<Token>> {
        let mut tokens = locked(&self.tokens);
        tokens.retain(|token| token.is_valid());
        tokens.iter().rev().filter(|token| fits(token)).min_by_key(|token| token.len()).cloned()
    }

    async fn fetch(&self, scopes: &ScopeSet, ask: &Ask<'_>) -> Result<Arc<Token>, Error> {
        if let Some(refusal) = self.standing.refusal().await {
            return Err(refusal);
        }
        let token = match ask.token(scopes).await {
            Ok(token) => Arc::new(token),
            Err(error) => return Err(self.standing.explain(error, ask).await),
        };
        self.rest.store(token.rest(), Ordering::Relaxed);
        if scopes.has_push() {
            self.beside.note_granted(scopes);
        }
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

    /// Whether exactly this was refused the last time: it would spoil the batch that it is part of.
    fn was_refused(&self, needed: &ScopeSet) -> bool {
        let slot = locked(&self.slots).get(needed).cloned();
        let failed = slot.as_ref().and_then(|slot| slot.failed.try_lock().ok());
        failed.is_some_and(|failed| failed.as_ref().is_some_and(|(error, _)| error.is_refusal()))
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
        let rest = self.rest.load(Ordering::Relaxed);
        let fits = |scopes: &ScopeSet| scopes.fits_one_token(rest);
        let (due, members) = self.lane.gather(&ticket, fits);
        let all = if due.has_push() { self.beside.added_to(&due, fits) } else { due.clone() };
        match self.fetch_due(needed, &due, &all, ask).await {
            Err(error) if error.is_refusal() && due != *needed => {
                self.put_on_trial(&due);
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

    /// A token for `all`, or for what is `due` of it if that is refused.
    async fn fetch_due(
        &self,
        needed: &ScopeSet,
        due: &ScopeSet,
        all: &ScopeSet,
        ask: &Ask<'_>,
    ) -> Result<Arc<Token>, Error> {
        if all != due {
            match self.fetch(all, ask).await {
                Err(error) if error.is_refusal() => {}
                other => return other,
            }
        }
        let result = if due == needed { self.single(due, ask).await } else { self.fetch(due, ask).await };
        if all != due && result.is_ok() {
            self.beside.give_up();
        }
        result
    }

    fn put_on_trial(&self, scopes: &ScopeSet) {
        let names = scopes.names().cloned().collect();
        locked(&self.trials).push(names);
    }

    /// When all of a refused batch are granted by themselves, batches are what was refused.
    fn note_granted(&self, needed: &ScopeSet) {
        locked(&self.trials).retain_mut(|names| {
            for name in needed.names() {
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
        locked(&self.trials).retain(|names| !needed.names().any(|name| names.contains(name)));
    }
}

impl Chunk {
    fn add(&self, name: &Name) -> bool {
        let mut names = locked(&self.names);
        let has_room = names.is_empty() || ScopeSet::pulls(names.iter().chain([name])).fits_one_token(REST);
        let is_open = has_room && !self.is_sealed.load(Ordering::SeqCst);
        if is_open {
            names.push(Name::clone(name));
        }
        is_open
    }

    fn seal(&self) -> ScopeSet {
        let names = locked(&self.names);
        self.is_sealed.store(true, Ordering::SeqCst);
        ScopeSet::pulls(names.iter())
    }
}
