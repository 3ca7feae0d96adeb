//! One file on its way from where it is to the destinations that lack it: fetched once, hashed by each of them.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::time::Instant;

use super::error::MirrorError;
use super::order::{Order, Setup};
use crate::error::{Failure, Stage};
use crate::model::{Key, Moved, Outcome, Reason};
use crate::objects::{Error as StoreError, ErrorKind, Expected, Kind, Over, Receiving, Stamp, Store};
use crate::registry::{self, Frame, Start, counted};
use crate::stream::plan::Wanted;
use crate::stream::source::{Incoming, Source};
use crate::stream::uncompressed::{Compression, Inflate};

/// A destination that lacks a file.
#[derive(Debug, Clone)]
pub(super) struct Lacking<'a> {
    /// Which of the destinations.
    pub(super) number: usize,
    pub(super) store: &'a Store,
    /// What may be replaced there.
    pub(super) over: Over,
    /// A key of it that holds the same bytes.
    pub(super) elsewhere: Option<&'a Key>,
}

/// What became of a file in one destination.
#[derive(Debug, Clone)]
pub(super) struct Done {
    pub(super) number: usize,
    pub(super) outcome: Outcome,
    /// What it is recognised by from now on; none: it is not there.
    pub(super) stamp: Option<Stamp>,
    pub(super) note: Option<Arc<str>>,
    pub(super) moved: Moved,
    /// How often all of it was asked for.
    pub(super) attempts: u32,
    pub(super) elapsed: Duration,
}

/// Brings `wanted` to all that lack it.
pub(super) async fn bring(
    order: &Order<'_>,
    setup: &Setup<'_>,
    wanted: &Wanted,
    lacking: Vec<Lacking<'_>>,
) -> Vec<Done> {
    let began = Instant::now();
    let (near, far): (Vec<_>, Vec<_>) = lacking.into_iter().partition(|lacking| lacking.elsewhere.is_some());
    let mut done = Vec::new();
    for lacking in near {
        done.push(copy(wanted, &lacking).await);
    }
    if !far.is_empty() {
        let mut fetch = Fetch {
            order,
            setup,
            wanted,
            open: far,
            done: Vec::new(),
            note: None,
            attempts: 0,
            is_resumed: false,
        };
        let ((), requests) = counted(fetch.run()).await;
        // What several share counts once.
        if let Some(first) = fetch.done.first_mut() {
            first.moved.requests += requests;
        }
        done.append(&mut fetch.done);
    }
    for one in &mut done {
        one.elapsed = began.elapsed();
    }
    done
}

/// What is to be there, and how it is served.
fn expected(wanted: &Wanted, lacking: &Lacking<'_>) -> Expected {
    let kind = if wanted.is_immutable { Kind::Immutable } else { Kind::Mutable };
    Expected { sha256: wanted.sha256.clone(), size: None, kind, over: lacking.over.clone() }
}

async fn copy(wanted: &Wanted, lacking: &Lacking<'_>) -> Done {
    let from = lacking.elsewhere.unwrap_or(&wanted.key);
    let copied = lacking.store.copy(from, &wanted.key, &expected(wanted, lacking)).await;
    let note = Some(format!("copied from {from} of the same destination").into());
    match copied {
        Ok(stamp) => Done { note, ..Done::new(lacking, Outcome::Copied(lacking.reason()), Some(stamp)) },
        Err(error) => Done::new(lacking, failed(error), None),
    }
}

fn failed(error: impl Into<MirrorError>) -> Outcome {
    Outcome::of_failure(Failure::new(Stage::Transfer, error.into()))
}

impl Lacking<'_> {
    /// Why it is written.
    pub(super) fn reason(&self) -> Reason {
        if self.over == Over::Nothing { Reason::Absent } else { Reason::Differs }
    }
}

impl Done {
    /// What nothing was moved for.
    pub(super) fn of(number: usize, outcome: Outcome) -> Self {
        let (moved, elapsed) = (Moved::default(), Duration::ZERO);
        Self { number, outcome, stamp: None, note: None, moved, attempts: 1, elapsed }
    }

    fn new(lacking: &Lacking<'_>, outcome: Outcome, stamp: Option<Stamp>) -> Self {
        Self { stamp, ..Self::of(lacking.number, outcome) }
    }
}

/// A file that is fetched.
struct Fetch<'a> {
    order: &'a Order<'a>,
    setup: &'a Setup<'a>,
    wanted: &'a Wanted,
    /// Those that still lack it.
    open: Vec<Lacking<'a>>,
    done: Vec<Done>,
    note: Option<Arc<str>>,
    attempts: u32,
    /// Whether the last try went on where another run had stopped.
    is_resumed: bool,
}

/// A destination that is taking it in.
struct Taking<'a> {
    lacking: Lacking<'a>,
    receiving: Receiving,
    /// So many of the bytes to come it has already.
    skip: u64,
}

impl<'a> Fetch<'a> {
    /// Tries until nobody lacks it, or it is not worth another try: what comes as something else twice from its start is
    /// something else, however much of it was there before.
    async fn run(&mut self) {
        let mut from_start = 0;
        let fetched = loop {
            self.attempts += 1;
            let fetched = self.once().await;
            from_start += u32::from(!self.is_resumed);
            match &fetched {
                Err(error) if error.is_of_content() && from_start < 2 => {
                    tracing::warn!("{} is fetched once more, from its start: {error}", self.wanted.key);
                }
                _ => break fetched,
            }
        };
        if let Err(error) = fetched {
            self.give_up(&failed(error));
        }
        for done in &mut self.done {
            done.note.clone_from(&self.note);
            done.attempts = self.attempts;
        }
    }

    fn give_up(&mut self, outcome: &Outcome) {
        let open = std::mem::take(&mut self.open);
        self.done.extend(open.iter().map(|lacking| Done::new(lacking, outcome.clone(), None)));
    }

    /// Fetches it once, for all that lack it. Who cannot take it is done then; an error is the source's.
    async fn once(&mut self) -> Result<(), MirrorError> {
        let mut taking = self.receivers().await;
        let start = self.start(&taking);
        let mut stream = match self.open(start).await {
            Ok(stream) => stream,
            Err(error) => {
                self.suspend(taking).await;
                return Err(error.into());
            }
        };
        self.begin(&mut taking, &stream).await;
        let mut inside = self.inside();
        let ended = self.flow(&mut taking, &mut stream, &mut inside).await;
        match ended {
            Ok(true) => {}
            Ok(false) => {
                self.suspend(taking).await;
                self.give_up(&Outcome::Unfinished(self.setup.stop.cause()));
                return Ok(());
            }
            Err(error) => {
                self.suspend(taking).await;
                return Err(error);
            }
        }
        if let Err(error) = self.check_inside(inside).await {
            for one in taking {
                self.discard(one).await;
            }
            return Err(error);
        }
        self.commit(taking, &stream).await
    }

    async fn open(&self, start: Start) -> Result<Incoming, registry::Error> {
        Source::of(&self.wanted.source)?.open(self.setup.client, start).await
    }

    /// Opens what takes it in, everywhere.
    async fn receivers(&mut self) -> Vec<Taking<'a>> {
        let mut taking = Vec::new();
        for lacking in std::mem::take(&mut self.open) {
            match lacking.store.receive(&self.wanted.key, &expected(self.wanted, &lacking)).await {
                Ok(receiving) => taking.push(Taking { lacking, receiving, skip: 0 }),
                Err(error) => self.done.push(Done::new(&lacking, failed(error), None)),
            }
        }
        taking
    }

    /// Where all can go on; where what is inside is compared nobody can, since it is read from its start.
    fn start(&self, taking: &[Taking<'_>]) -> Start {
        let held = |one: &Taking<'_>| (one.receiving.offset(), one.receiving.validator().map(str::to_owned));
        let least = taking.iter().map(held).min();
        match least {
            Some((offset, validator))
                if offset > 0
                    && !self.is_looked_into()
                    && taking.iter().all(|one| held(one).1 == validator) =>
            {
                Start { offset, validator }
            }
            _ => Start::default(),
        }
    }

    /// Everybody takes up where the stream begins.
    async fn begin(&mut self, taking: &mut Vec<Taking<'a>>, stream: &Incoming) {
        let offset = stream.offset();
        self.is_resumed = offset > 0;
        if self.is_resumed {
            self.note = Some(format!("the first {offset} bytes were there").into());
        }
        let mut kept = Vec::new();
        for mut one in taking.drain(..) {
            one.receiving.announce(stream.size());
            let begun = if offset == 0 {
                one.receiving.restart(stream.validator()).await
            } else {
                one.skip = one.receiving.offset() - offset;
                Ok(())
            };
            self.keep(one, begun, &mut kept);
        }
        *taking = kept;
    }

    fn keep(&mut self, one: Taking<'a>, so_far: Result<(), StoreError>, kept: &mut Vec<Taking<'a>>) {
        match so_far {
            Ok(()) => kept.push(one),
            Err(error) => self.refuse(&one.lacking, error),
        }
    }

    fn refuse(&mut self, lacking: &Lacking<'a>, error: StoreError) {
        if matches!(error.kind(), ErrorKind::NoSpace(_)) {
            // More would only fill what is left.
            self.setup.stop.now.cancel();
        }
        self.done.push(Done::new(lacking, failed(error), None));
    }

    /// Hands on every byte. False: it was stopped.
    async fn flow(
        &mut self,
        taking: &mut Vec<Taking<'a>>,
        stream: &mut Incoming,
        inside: &mut Option<Inflate>,
    ) -> Result<bool, MirrorError> {
        while !taking.is_empty() {
            let frame = tokio::select! {
                biased;
                () = self.setup.stop.now.cancelled() => return Ok(false),
                frame = stream.next() => frame?,
            };
            match frame {
                None => return Ok(true),
                Some(Frame::Anew) => {
                    *inside = self.inside();
                    self.begin(taking, stream).await;
                }
                Some(Frame::Bytes(bytes)) => {
                    if let Some(inside) = inside {
                        inside.push(bytes.clone()).await;
                    }
                    self.hand_on(taking, bytes).await;
                }
            }
        }
        Ok(true)
    }

    async fn hand_on(&mut self, taking: &mut Vec<Taking<'a>>, bytes: Bytes) {
        self.setup.observer.sent(bytes.len() as u64);
        let mut kept = Vec::new();
        for mut one in taking.drain(..) {
            let skipped = usize::try_from(one.skip).unwrap_or(usize::MAX).min(bytes.len());
            one.skip -= skipped as u64;
            let rest = bytes.slice(skipped..);
            let taken = if rest.is_empty() { Ok(()) } else { one.receiving.write(rest).await };
            self.keep(one, taken, &mut kept);
        }
        *taking = kept;
    }

    /// Whether it is compared by what it decompresses to.
    fn is_looked_into(&self) -> bool {
        self.order.is_uncompressed_verified && self.wanted.uncompressed.is_some()
    }

    fn inside(&self) -> Option<Inflate> {
        let compression = Compression::of_format(self.wanted.source.path())?;
        self.is_looked_into().then(|| Inflate::new(compression))
    }

    async fn check_inside(&mut self, inside: Option<Inflate>) -> Result<(), MirrorError> {
        let (Some(inside), Some(expected)) = (inside, &self.wanted.uncompressed) else { return Ok(()) };
        let found = inside.finish().await;
        let wrong = match found {
            Ok(found) if found == *expected => return Ok(()),
            Ok(found) => MirrorError::OtherInside { expected: expected.clone(), found },
            Err(error) => MirrorError::Inside(error),
        };
        if !self.wanted.is_uncompressed_doubtful {
            return Err(wrong);
        }
        tracing::warn!("{}: {}", self.wanted.key, crate::error::Chain(&wrong));
        self.note = Some(crate::error::Chain(&wrong).to_string().into());
        Ok(())
    }

    /// Lets it be seen where its digest is right. Where it is not, all of it is fetched once more.
    async fn commit(&mut self, taking: Vec<Taking<'a>>, stream: &Incoming) -> Result<(), MirrorError> {
        let mut wrong = Ok(());
        for Taking { lacking, receiving, .. } in taking {
            let size = receiving.offset();
            match receiving.commit().await {
                Ok(stamp) => {
                    let mut done = Done::new(&lacking, Outcome::Copied(lacking.reason()), Some(stamp));
                    done.moved.bytes.copied = size;
                    self.done.push(done);
                }
                Err(error) => match error.kind() {
                    ErrorKind::Digest { found, .. } => {
                        wrong = Err(stream.differs(&self.wanted.sha256, found.clone()).into());
                        self.open.push(lacking);
                    }
                    _ => self.refuse(&lacking, error),
                },
            }
        }
        wrong
    }

    /// Keeps what has come for the next run.
    async fn suspend(&mut self, taking: Vec<Taking<'a>>) {
        for one in taking {
            if let Err(error) = one.receiving.suspend().await {
                tracing::debug!(error = %crate::error::Chain(&error), "nothing is kept of {}", self.wanted.key);
            }
            self.open.push(one.lacking);
        }
    }

    async fn discard(&mut self, one: Taking<'a>) {
        if let Err(error) = one.receiving.discard().await {
            tracing::debug!(error = %crate::error::Chain(&error), "something is left of {}", self.wanted.key);
        }
        self.open.push(one.lacking);
    }
}
