//! Frames that an asynchronous task sends, read by a thread.

use std::io::{self, BufRead, Read};

use bytes::{Buf as _, Bytes};
use tokio::sync::mpsc::Receiver;

/// The reading end. It is at its end when nobody can send any more.
#[derive(Debug)]
pub(super) struct Pipe {
    frames: Receiver<Bytes>,
    current: Bytes,
}

impl Pipe {
    pub(super) fn new(frames: Receiver<Bytes>) -> Self {
        Self { frames, current: Bytes::new() }
    }
}

impl BufRead for Pipe {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        while self.current.is_empty() {
            match self.frames.blocking_recv() {
                Some(frame) => self.current = frame,
                None => break,
            }
        }
        Ok(&self.current)
    }

    fn consume(&mut self, count: usize) {
        self.current.advance(count);
    }
}

impl Read for Pipe {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let count = self.fill_buf()?.read(out)?;
        self.consume(count);
        Ok(count)
    }
}
