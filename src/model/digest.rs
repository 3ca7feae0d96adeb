//! Content digests, `algorithm:hex` (OCI image spec, descriptor.md §Digests).

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::digest::common::hazmat::SerializableState as _;
use sha2::{Digest as _, Sha256, Sha384, Sha512};

/// A digest that was checked: a known algorithm and as many lower-case hex digits as it needs.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Digest(Arc<str>);

/// Why a text is no digest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DigestError {
    /// There is no `algorithm:hex`, or the hex part has other characters.
    #[error("not a digest of the form sha256:HEX")]
    Format,
    /// The algorithm is not sha256, sha384 or sha512.
    #[error("unsupported digest algorithm")]
    Algorithm,
    /// The number of hex digits does not fit the algorithm.
    #[error("invalid checksum digest length")]
    Length,
    /// Hex digits must be lower case (OCI image spec); registries store them so.
    #[error("the hex digits of a digest must be lower case")]
    Case,
}

impl Digest {
    /// Checks `text` and keeps it.
    ///
    /// # Errors
    /// See [`DigestError`].
    pub fn parse(text: &str) -> Result<Self, DigestError> {
        let (algorithm, hex) = text.split_once(':').ok_or(DigestError::Format)?;
        if hex.is_empty() || !hex.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Err(DigestError::Format);
        }
        let length = match algorithm {
            "sha256" => 64,
            "sha384" => 96,
            "sha512" => 128,
            _ => return Err(DigestError::Algorithm),
        };
        if hex.len() != length {
            return Err(DigestError::Length);
        }
        if hex.bytes().any(|b| b.is_ascii_uppercase()) {
            return Err(DigestError::Case);
        }
        Ok(Self(text.into()))
    }

    /// The sha256 digest of `bytes`.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        Self(format!("sha256:{}", hex::encode(Sha256::digest(bytes))).into())
    }

    /// The digest of `bytes` by the algorithm of `self`, to compare with it.
    #[must_use]
    pub fn same_algorithm_of(&self, bytes: &[u8]) -> Self {
        let mut hasher = Hasher::like(self);
        hasher.update(bytes);
        hasher.finish()
    }

    /// `sha256`, `sha384` or `sha512`.
    #[must_use]
    pub fn algorithm(&self) -> &str {
        self.0.split(':').next().unwrap_or_default()
    }

    /// The hex digits.
    #[must_use]
    pub fn hex(&self) -> &str {
        self.0.split(':').nth(1).unwrap_or_default()
    }

    /// The digest as written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::str::FromStr for Digest {
    type Err = DigestError;

    fn from_str(text: &str) -> Result<Self, DigestError> {
        Self::parse(text)
    }
}

impl Serialize for Digest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Digest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}

/// Hashes a stream by the algorithm of a digest that it is to be compared with.
#[derive(Debug, Clone)]
pub enum Hasher {
    /// SHA-256.
    Sha256(Sha256),
    /// SHA-384.
    Sha384(Sha384),
    /// SHA-512.
    Sha512(Sha512),
}

impl Hasher {
    /// A hasher by the algorithm of `digest`.
    #[must_use]
    pub fn like(digest: &Digest) -> Self {
        match digest.algorithm() {
            "sha512" => Self::Sha512(Sha512::new()),
            "sha384" => Self::Sha384(Sha384::new()),
            _ => Self::Sha256(Sha256::new()),
        }
    }

    /// A hasher for sha256.
    #[must_use]
    pub fn sha256() -> Self {
        Self::Sha256(Sha256::new())
    }

    /// Everything that it knows after the bytes taken in, to go on from there in another run; none for other algorithms
    /// than sha256.
    #[must_use]
    pub fn state(&self) -> Option<Vec<u8>> {
        match self {
            Self::Sha256(hasher) => Some(hasher.serialize().to_vec()),
            Self::Sha384(_) | Self::Sha512(_) => None,
        }
    }

    /// A hasher for sha256 that goes on from a [`state`](Self::state); none if it is no such state.
    #[must_use]
    pub fn from_state(state: &[u8]) -> Option<Self> {
        let state = state.try_into().ok()?;
        Sha256::deserialize(&state).ok().map(Self::Sha256)
    }

    /// Takes in more bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        match self {
            Self::Sha256(hasher) => hasher.update(bytes),
            Self::Sha384(hasher) => hasher.update(bytes),
            Self::Sha512(hasher) => hasher.update(bytes),
        }
    }

    /// The digest of all bytes taken in.
    #[must_use]
    pub fn finish(self) -> Digest {
        let text = match self {
            Self::Sha256(hasher) => format!("sha256:{}", hex::encode(hasher.finalize())),
            Self::Sha384(hasher) => format!("sha384:{}", hex::encode(hasher.finalize())),
            Self::Sha512(hasher) => format!("sha512:{}", hex::encode(hasher.finalize())),
        };
        Digest(text.into())
    }
}
