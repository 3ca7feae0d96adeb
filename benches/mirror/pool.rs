//! All blobs and manifests that are ever served, each once, as files. Registries get hard links to them: nothing is copied,
//! and a file that is still the same one needs no look into it.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};
use tempfile::TempDir;

use crate::Result;

/// Bytes that a manifest names; they are in the pool.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Blob {
    /// `sha256:…`
    pub digest: String,
    pub size: u64,
}

/// The files.
#[derive(Debug)]
pub struct Pool {
    folder: TempDir,
}

impl Pool {
    pub fn new() -> Result<Self> {
        Ok(Self { folder: tempfile::tempdir()? })
    }

    /// Where the bytes of `digest` are.
    pub fn path(&self, digest: &str) -> PathBuf {
        self.folder.path().join(digest.trim_start_matches("sha256:"))
    }

    pub fn put(&self, bytes: &[u8]) -> Result<Blob> {
        let digest = format!("sha256:{}", hex::encode(Sha256::digest(bytes)));
        fs::write(self.path(&digest), bytes)?;
        Ok(Blob { digest, size: bytes.len() as u64 })
    }

    /// `size` bytes that look random and are the same for the same seed.
    pub fn random(&self, size: u64, seed: u64) -> Result<Blob> {
        let unnamed = self.folder.path().join("unnamed");
        let digest = write_random(&unnamed, size, seed)?;
        fs::rename(&unnamed, self.path(&digest))?;
        Ok(Blob { digest, size })
    }
}

/// How many bytes are made at a time; a multiple of 8.
const CHUNK: usize = 256 << 10;

fn write_random(path: &Path, size: u64, seed: u64) -> Result<String> {
    let (mut file, mut hash, mut state) = (File::create(path)?, Sha256::new(), seed);
    let (mut left, mut chunk) = (size, vec![0; CHUNK]);
    while left > 0 {
        for bytes in chunk.as_chunks_mut::<8>().0 {
            *bytes = next(&mut state).to_le_bytes();
        }
        let some = &chunk[..CHUNK.min(usize::try_from(left)?)];
        hash.update(some);
        file.write_all(some)?;
        left -= some.len() as u64;
    }
    Ok(format!("sha256:{}", hex::encode(hash.finalize())))
}

/// `SplitMix64`: the bytes, and so all digests, stay the same whatever crates do.
pub fn next(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let word = (*state ^ (*state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let word = (word ^ (word >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    word ^ (word >> 31)
}
