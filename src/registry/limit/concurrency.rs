//! How many requests may be under way to a host at a time.

use std::time::Duration;

use http::{HeaderMap, Version};

use crate::registry::refusal::LONGEST_WAIT;

/// Over HTTP/1.1 each request under way is a connection: begin with fewer than listeners queue, and grow.
const CONNECTIONS: u32 = 64;
const MOST_CONNECTIONS: u32 = 128;
/// Over HTTP/2 the connections stay few: full speed from the first answer on.
const STREAMS: u32 = 256;

/// How many at a time: as many as the host bore so far.
#[derive(Debug)]
pub(super) struct Concurrency {
    limit: f64,
    ceiling: f64,
    /// The most that was asked for by whoever runs us.
    most: u32,
    speaks_http2: bool,
    /// What the host says is left of its own budget.
    remaining: Option<usize>,
}

impl Concurrency {
    pub(super) fn new(most: Option<usize>) -> Self {
        let most = most.map_or(u32::MAX, |most| u32::try_from(most).unwrap_or(u32::MAX)).max(1);
        Self {
            limit: CONNECTIONS.min(most).into(),
            ceiling: MOST_CONNECTIONS.min(most).into(),
            most,
            speaks_http2: false,
            remaining: None,
        }
    }

    /// An answer came in this version of HTTP. Whether more may be under way than before.
    pub(super) fn speaks(&mut self, version: Version) -> bool {
        let news = version == Version::HTTP_2 && !self.speaks_http2;
        if news {
            self.speaks_http2 = true;
            self.ceiling = STREAMS.min(self.most).into();
            self.limit = self.ceiling;
        }
        news
    }

    /// Of so many requests under way, those that share connections.
    pub(super) fn streams(&self, in_use: usize) -> usize {
        if self.speaks_http2 { in_use } else { 0 }
    }

    pub(super) fn allowed(&self) -> usize {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "between 1 and the ceiling"
        )]
        let limit = self.limit as usize;
        limit.min(self.remaining.unwrap_or(usize::MAX)).max(1)
    }

    /// The host has too much to do: half as many.
    pub(super) fn halve(&mut self) {
        self.limit = (self.limit / 2.0).max(1.0);
    }

    /// Requests come too fast. Half as many at a time as well, if it may be their number that is too much.
    pub(super) fn slow_down(&mut self, in_use: usize) {
        if in_use >= self.allowed().div_ceil(2) {
            self.halve();
        }
    }

    /// One more for as many good answers as there are requests, while the limit is what holds us.
    pub(super) fn grow(&mut self, in_use: usize) {
        if in_use >= self.allowed() {
            self.limit = (self.limit + 1.0 / self.limit).min(self.ceiling);
        }
    }

    /// What the host says is left: `ratelimit-remaining: 76;w=21600`. If nothing, how long until there is again.
    pub(super) fn budget(&mut self, headers: &HeaderMap) -> Option<Duration> {
        let number = |name: &str| {
            let text = headers.get(name)?.to_str().ok()?;
            text.split([';', ',']).next()?.trim().parse::<u64>().ok()
        };
        let remaining = number("ratelimit-remaining").or_else(|| number("x-ratelimit-remaining"));
        self.remaining = remaining.and_then(|left| usize::try_from(left).ok());
        let reset = number("ratelimit-reset").filter(|_| remaining == Some(0))?;
        Some(Duration::from_secs(reset).min(LONGEST_WAIT))
    }
}
