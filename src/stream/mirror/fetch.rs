//! One file that is fetched: once for all destinations that lack it, and hashed by each of them.

use std::sync::Arc;

use bytes::Bytes;

use super::error::MirrorError;
use super::order::{Order, Setup};
use super::transfer::{Done, Lacking, expected, failed};
use crate::model::Outcome;
use crate::objects::{Error as StoreError, ErrorKind, Receiving};
use crate::registry::{self, Frame, Start};
use crate::stream::plan::Wanted;
use crate::stream::source::{Incoming, Source};
use crate::stream::uncompressed::{Compression, Inflate};

/// A file that is fetched.
pub(super) struct Fetch<'a> {
    order: &'a Order<'a>,
    setup: &'a Setup<'a>,
    wanted: &'a Wanted,
    /// Those that still lack it.
    open: Vec<Lacking<'a>>,
    pub(super) done: Vec<Done>,
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
    /// So many bytes were there before any came.
    held: u64,
}

impl<'a> Fetch<'a> {
    /// Of `wanted`, for `open`.
    pub(super) fn new(
        order: &'a Order<'a>,
        setup: &'a Setup<'a>,
        wanted: &'a Wanted,
        open: Vec<Lacking<'a>>,
    ) -> Self {
        Self { order, setup, wanted, open, done: Vec::new(), note: None, attempts: 0, is_resumed: false }
    }

    /// Tries until nobody lacks it, or it is not worth another try: what comes as something else twice from its start is
    /// something else, however much of it was there before.
    pub(super) async fn run(&mut self) {
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
        (self.is_resumed, self.note) = (false, None);
        let mut taking = self.receivers().await;
        match self.all_of_it(&mut taking).await {
            Ok(Some((stream, inside))) => {
                if let Err(error) = self.check_inside(inside).await {
                    self.discard(taking).await;
                    return Err(error);
                }
                self.commit(taking, &stream).await
            }
            Ok(None) => {
                self.suspend(taking).await;
                self.give_up(&Outcome::Unfinished(self.setup.stop.cause()));
                Ok(())
            }
            Err(error) => {
                self.suspend(taking).await;
                Err(error)
            }
        }
    }

    /// Lets everything come. None: it was stopped, or nobody takes it in.
    async fn all_of_it(
        &mut self,
        taking: &mut Vec<Taking<'a>>,
    ) -> Result<Option<(Incoming, Option<Inflate>)>, MirrorError> {
        if taking.is_empty() {
            return Ok(None);
        }
        let opened = tokio::select! {
            biased;
            () = self.setup.stop.now.cancelled() => return Ok(None),
            opened = self.open(self.start(taking)) => opened,
        };
        let mut stream = opened?;
        self.setup.observer.expected(stream.size().unwrap_or_default().saturating_sub(stream.offset()));
        self.begin(taking, &stream).await;
        let mut inside = self.inside();
        let is_all = self.flow(taking, &mut stream, &mut inside).await?;
        Ok((is_all && !taking.is_empty()).then_some((stream, inside)))
    }

    async fn open(&self, start: Start) -> Result<Incoming, registry::Error> {
        Source::of(&self.wanted.source)?.open(self.setup.client, start).await
    }

    /// Opens what takes it in, everywhere.
    async fn receivers(&mut self) -> Vec<Taking<'a>> {
        let mut taking = Vec::new();
        for lacking in std::mem::take(&mut self.open) {
            match lacking.store.receive(&self.wanted.key, &expected(self.wanted, &lacking.over)).await {
                Ok(receiving) => taking.push(Taking { lacking, receiving, skip: 0, held: 0 }),
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
        self.note = self.is_resumed.then(|| format!("the first {offset} bytes were there").into());
        let mut kept = Vec::new();
        for mut one in taking.drain(..) {
            one.receiving.announce(stream.size());
            let begun = if self.is_resumed {
                one.held = one.receiving.offset();
                one.skip = one.held - offset;
                Ok(())
            } else {
                (one.held, one.skip) = (0, 0);
                one.receiving.restart(stream.validator()).await
            };
            self.keep(one, begun, &mut kept).await;
        }
        *taking = kept;
    }

    async fn keep(&mut self, one: Taking<'a>, so_far: Result<(), StoreError>, kept: &mut Vec<Taking<'a>>) {
        match so_far {
            Ok(()) => kept.push(one),
            Err(error) => {
                self.refuse(&one.lacking, error);
                self.set_aside(one.receiving).await;
            }
        }
    }

    /// What has come is there for the next run.
    async fn set_aside(&self, receiving: Receiving) {
        if let Err(error) = receiving.suspend().await {
            tracing::debug!(error = %crate::error::Chain(&error), "not all is kept of {}", self.wanted.key);
        }
    }

    fn refuse(&mut self, lacking: &Lacking<'a>, error: StoreError) {
        if matches!(error.kind(), ErrorKind::NoSpace(_)) {
            tracing::error!("there is no room for more at the destination: this run gives up");
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
            self.keep(one, taken, &mut kept).await;
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
        for Taking { lacking, receiving, held, .. } in taking {
            let size = receiving.offset();
            match receiving.commit().await {
                Ok(stamp) => {
                    let mut done = Done::new(&lacking, Outcome::Copied(lacking.reason()), Some(stamp));
                    (done.moved.bytes.copied, done.moved.bytes.present) = (size - held, held);
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
            self.set_aside(one.receiving).await;
            self.open.push(one.lacking);
        }
    }

    async fn discard(&mut self, taking: Vec<Taking<'a>>) {
        for one in taking {
            if let Err(error) = one.receiving.discard().await {
                tracing::debug!(error = %crate::error::Chain(&error), "something is left of {}", self.wanted.key);
            }
            self.open.push(one.lacking);
        }
    }
}
