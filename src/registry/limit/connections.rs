//! Which of the HTTP/2 connections to a host a request goes over.
//!
//! A further one is opened by one request while the others go on over those that are up: waiting for a
//! handshake of three round trips costs more than waiting for a stream.

use std::sync::Arc;

use super::{HostState, lock};

/// How many HTTP/2 connections to one host there may be at most.
pub(in crate::registry) const CONNECTIONS: usize = 4;
/// How many requests share one HTTP/2 connection (servers commonly allow 100 to 128).
const STREAMS: usize = 100;
/// A further connection takes three round trips to its first answer. It is worth it where so many requests went over
/// each of those that are up, since about as many are to be expected; before, it would be what a short run waits for.
const WORTH_IT: usize = 3 * STREAMS;

/// The connections to one host.
#[derive(Debug)]
pub(super) struct Connections {
    ready: usize,
    opening: bool,
    sent: usize,
}

/// The connection that one request goes over.
#[derive(Debug)]
pub(in crate::registry) struct Connection {
    /// From 0 to [`CONNECTIONS`]; 0 is the first, which may be over HTTP/1.1.
    pub(in crate::registry) number: usize,
    /// The host, where this request is the one that opens the connection.
    opens: Option<Arc<HostState>>,
}

impl Default for Connections {
    fn default() -> Self {
        Self { ready: 1, opening: false, sent: 0 }
    }
}

impl Connections {
    /// A number, and whether it is that of a connection to open; `streams` are under way.
    fn pick(&mut self, streams: usize) -> (usize, bool) {
        self.sent += 1;
        let few = streams > self.ready * STREAMS && self.sent > self.ready * WORTH_IT;
        if few && !self.opening && self.ready < CONNECTIONS {
            self.opening = true;
            return (self.ready, true);
        }
        (self.sent % self.ready, false)
    }
}

impl HostState {
    /// The connection for the next request.
    pub(in crate::registry) fn connection(self: &Arc<Self>) -> Connection {
        let mut state = lock(&self.state);
        let streams = state.concurrency.streams(state.in_use);
        let (number, opens) = state.connections.pick(streams);
        Connection { number, opens: opens.then(|| Arc::clone(self)) }
    }
}

impl Connection {
    /// An answer came over it: others may use it too.
    pub(in crate::registry) fn answered(mut self) {
        if let Some(host) = self.opens.take() {
            let mut state = lock(&host.state);
            state.connections.opening = false;
            state.connections.ready += 1;
        }
    }
}

impl Drop for Connection {
    /// No answer came: the next request that finds too few tries again.
    fn drop(&mut self) {
        if let Some(host) = self.opens.take() {
            lock(&host.state).connections.opening = false;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_further_connection_is_opened_by_one_request_and_used_by_others_once_it_is_up() {
        let mut connections = Connections { sent: WORTH_IT, ..Connections::default() };
        assert_eq!(connections.pick(100), (0, false));
        assert_eq!(connections.pick(101), (1, true));
        assert_eq!(connections.pick(250), (0, false), "the handshake is under way");
        connections.opening = false;
        connections.ready += 1;
        let numbers: Vec<_> = (0..4).map(|_| connections.pick(150)).collect();
        assert_eq!(numbers.iter().filter(|picked| **picked == (1, false)).count(), 2);
        assert_eq!(connections.pick(201), (0, false), "not for so few requests");
        connections.sent = 2 * WORTH_IT;
        assert_eq!(connections.pick(201), (2, true));
    }

    #[test]
    fn there_are_four_at_most() {
        let mut connections = Connections { ready: CONNECTIONS, opening: false, sent: usize::MAX / 2 };
        assert!(!connections.pick(10_000).1);
    }
}
