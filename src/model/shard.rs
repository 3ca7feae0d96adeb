//! One of several runs that divide a mapping set among them, by target repository.

use std::fmt;
use std::str::FromStr;

use sha2::{Digest as _, Sha256};

/// One of `count` runs, counted from 0 as Kubernetes counts the pods of an Indexed Job.
///
/// Which shard takes a repository hangs on nothing but its name and the count, and a repository moves only when its
/// shard goes or a new one takes it (rendezvous hashing).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Shard {
    index: u32,
    count: u32,
}

/// A text that is no shard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ShardError {
    /// It does not read `I/N`.
    #[error("expected `I/N`, such as `0/4` for the first of four shards")]
    Form,
    /// There are no shards, or too many.
    #[error("expected from 1 to {} shards", Shard::MOST)]
    Count,
    /// The index is not below the count.
    #[error("shards are counted from 0, so the last of {count} is `{}/{count}`", count - 1)]
    Index {
        /// How many shards there are.
        count: u32,
    },
}

impl Shard {
    /// More shards than this are surely a mistake; each repository is weighed for every one of them.
    const MOST: u32 = 1_000;

    /// The shard `index` of `count`.
    ///
    /// # Errors
    /// When there is no such shard.
    pub fn new(index: u32, count: u32) -> Result<Self, ShardError> {
        match count {
            0 => Err(ShardError::Count),
            _ if count > Self::MOST => Err(ShardError::Count),
            _ if index >= count => Err(ShardError::Index { count }),
            _ => Ok(Self { index, count }),
        }
    }

    /// Which one it is, counted from 0.
    #[must_use]
    pub fn index(self) -> u32 {
        self.index
    }

    /// How many there are.
    #[must_use]
    pub fn count(self) -> u32 {
        self.count
    }

    /// Whether this shard takes what is named `name`; exactly one of all shards does.
    #[must_use]
    pub fn takes(self, name: &str) -> bool {
        (0..self.count).max_by_key(|index| weight(*index, name)) == Some(self.index)
    }
}

/// How much shard `index` wants `name`: the SHA-256 of both.
fn weight(index: u32, name: &str) -> [u8; 32] {
    Sha256::digest(format!("{index} {name}")).into()
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.index, self.count)
    }
}

impl FromStr for Shard {
    type Err = ShardError;

    fn from_str(text: &str) -> Result<Self, ShardError> {
        let (index, count) = text.split_once('/').ok_or(ShardError::Form)?;
        let number = |text: &str| text.parse().map_err(|_| ShardError::Form);
        Self::new(number(index)?, number(count)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn takers(name: &str, count: u32) -> Vec<u32> {
        (0..count).filter(|index| Shard::new(*index, count).unwrap().takes(name)).collect()
    }

    #[test]
    fn every_name_is_taken_by_one_shard_and_the_same_one_on_every_machine() {
        let of_four: Vec<u32> =
            ["quay.io/a/b", "quay.io/a/c", "oci:to/d"].iter().flat_map(|name| takers(name, 4)).collect();
        assert_eq!(of_four, [3, 3, 3]);
        assert_eq!(takers("quay.io/a/b", 1), [0]);
    }

    #[test]
    fn a_further_shard_takes_its_share_and_moves_nothing_else() {
        let names: Vec<String> = (0..400).map(|number| format!("quay.io/org/app-{number}")).collect();
        let mut moved = 0;
        for name in &names {
            let (before, after) = (takers(name, 4), takers(name, 5));
            assert_eq!((before.len(), after.len()), (1, 1));
            if before != after {
                assert_eq!(after, [4], "{name} went to a shard that was there before");
                moved += 1;
            }
        }
        assert!((50..=110).contains(&moved), "a fifth of 400 moves: {moved}");
    }

    #[test]
    fn a_shard_is_written_from_0() {
        assert_eq!("3/4".parse::<Shard>().unwrap().to_string(), "3/4");
        let said = |text: &str| text.parse::<Shard>().unwrap_err().to_string();
        assert!(said("4/4").contains("the last of 4 is `3/4`"));
        assert!(said("0/0").contains("from 1 to 1000"));
        assert!(said("0/1001").contains("from 1 to 1000"));
        for text in ["", "1", "a/b", "1/2/3", "-1/4"] {
            assert!(said(text).contains("`0/4`"), "{text}");
        }
    }
}
