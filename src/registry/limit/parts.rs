//! How much of a blob a host takes in one piece.

/// No registry is tried with smaller parts of a blob.
const LEAST_PART: u64 = 256 << 10;

/// The smallest blob that a host refused to take in one piece, and the largest part it may take.
#[derive(Debug)]
pub(super) struct Parts {
    from: u64,
    largest: u64,
}

impl Default for Parts {
    fn default() -> Self {
        Self { from: u64::MAX, largest: u64::MAX }
    }
}

impl Parts {
    pub(super) fn wanted(&self, size: u64) -> bool {
        size >= self.from
    }

    pub(super) fn take_from(&mut self, size: u64) {
        self.from = self.from.min(size);
    }

    pub(super) fn largest(&self) -> u64 {
        self.largest
    }

    /// A part of `size` bytes was refused. Whether a smaller one is worth a try.
    pub(super) fn refused(&mut self, size: u64) -> bool {
        let smaller = size / 4;
        self.largest = self.largest.min(smaller.max(LEAST_PART));
        smaller >= LEAST_PART
    }
}
