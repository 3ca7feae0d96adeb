//! Zip archives with exactly one file, read from front to back.
//!
//! Crates for zip do not do quite this: they refuse an archive that was itself written front to back, whose sizes follow
//! behind the data (`zip`), or take whatever follows on a file for the end (`rc-zip`). Of the format (APPNOTE.TXT) little
//! is needed here: the header of the file, its data, what follows on the data, and that the list of contents has one entry.

use std::io::{self, BufRead, Read};

use flate2::Crc;
use flate2::bufread::DeflateDecoder;

use crate::model::Hasher;

use super::{CHUNK, UncompressedError};

const LOCAL: &[u8; 4] = b"PK\x03\x04";
const DESCRIPTOR: &[u8; 4] = b"PK\x07\x08";
const CENTRAL: &[u8; 4] = b"PK\x01\x02";
const END: [&[u8; 4]; 2] = [b"PK\x05\x06", b"PK\x06\x06"];

const STORED: u16 = 0;
const DEFLATED: u16 = 8;
const IS_ENCRYPTED: u16 = 1;
/// Checksum and sizes are not in the header, but behind the data.
const HAS_DESCRIPTOR: u16 = 1 << 3;
/// The extra field with sizes of 64 bits.
const ZIP64: u16 = 1;

/// Why an archive is not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ZipFault {
    /// Something else is where a header should be.
    #[error("it has no header where one should be")]
    NoHeader,
    /// There is no file in it.
    #[error("there is no file in it")]
    NoFile,
    /// There is another file behind the first.
    #[error("there is more than one file in it")]
    Further,
    /// The data is encrypted, or packed in a way that is not known here.
    #[error("its data is encrypted, or packed in another way than by deflate")]
    Method,
    /// The checksum or the sizes are not those of the data.
    #[error("its checksum or its sizes are not those of its data")]
    Differs,
}

/// What is said of the file in the archive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Facts {
    crc: u32,
    packed: u64,
    size: u64,
}

struct Header {
    flags: u16,
    method: u16,
    facts: Facts,
    is_zip64: bool,
}

/// Hashes the only file of an archive.
pub(super) fn only_file(mut input: impl BufRead, hasher: &mut Hasher) -> Result<(), UncompressedError> {
    let header = header(&mut input)?;
    let found = data(&mut input, &header, hasher)?;
    let has_descriptor = header.flags & HAS_DESCRIPTOR != 0;
    let said = if has_descriptor { descriptor(&mut input, &header, found)? } else { header.facts };
    if said != found {
        return Err(ZipFault::Differs.into());
    }
    one_entry(&mut input)?;
    // A comment may follow.
    io::copy(&mut input, &mut io::sink()).map_err(UncompressedError::Damaged)?;
    Ok(())
}

fn header(input: &mut impl BufRead) -> Result<Header, UncompressedError> {
    match &take::<4>(input)? {
        LOCAL => {}
        other if END.contains(&other) => return Err(ZipFault::NoFile.into()),
        _ => return Err(ZipFault::NoHeader.into()),
    }
    let fixed = take::<26>(input)?;
    let short = |at: usize| u16::from_le_bytes([fixed[at], fixed[at + 1]]);
    let long = |at: usize| u32::from_le_bytes([fixed[at], fixed[at + 1], fixed[at + 2], fixed[at + 3]]);
    let mut facts = Facts { crc: long(10), packed: long(14).into(), size: long(18).into() };
    skip(input, short(22).into())?;
    let mut extra = vec![0; short(24).into()];
    input.read_exact(&mut extra).map_err(UncompressedError::Damaged)?;
    let sizes = zip64(&extra);
    if let Some((size, packed)) = sizes.filter(|_| facts.size == u64::from(u32::MAX)) {
        (facts.size, facts.packed) = (size, packed);
    }
    Ok(Header { flags: short(2), method: short(4), facts, is_zip64: sizes.is_some() })
}

/// The sizes of 64 bits, unpacked and packed, among the extra fields; in this header both are always there.
fn zip64(mut extra: &[u8]) -> Option<(u64, u64)> {
    loop {
        let (head, rest) = extra.split_first_chunk::<4>()?;
        let (id, length) = (u16::from_le_bytes([head[0], head[1]]), u16::from_le_bytes([head[2], head[3]]));
        let (field, behind) = rest.split_at_checked(length.into())?;
        if id == ZIP64 {
            let (size, field) = field.split_first_chunk()?;
            return Some((u64::from_le_bytes(*size), u64::from_le_bytes(*field.first_chunk()?)));
        }
        extra = behind;
    }
}

/// Hashes the data and says what it is.
fn data(input: &mut impl BufRead, header: &Header, hasher: &mut Hasher) -> Result<Facts, UncompressedError> {
    let has_descriptor = header.flags & HAS_DESCRIPTOR != 0;
    match header.method {
        _ if header.flags & IS_ENCRYPTED != 0 => Err(ZipFault::Method.into()),
        DEFLATED => {
            let mut unpacked = DeflateDecoder::new(input);
            let (crc, size) = hash(&mut unpacked, hasher)?;
            Ok(Facts { crc, packed: unpacked.total_in(), size })
        }
        // Only where its length is known is it known where it ends.
        STORED if !has_descriptor => {
            let (crc, size) = hash(&mut input.take(header.facts.packed), hasher)?;
            Ok(Facts { crc, packed: size, size })
        }
        _ => Err(ZipFault::Method.into()),
    }
}

fn hash(unpacked: &mut impl Read, hasher: &mut Hasher) -> Result<(u32, u64), UncompressedError> {
    let (mut crc, mut size, mut chunk) = (Crc::new(), 0, vec![0; CHUNK]);
    loop {
        let read = unpacked.read(&mut chunk).map_err(UncompressedError::Damaged)?;
        if read == 0 {
            return Ok((crc.sum(), size));
        }
        crc.update(&chunk[..read]);
        hasher.update(&chunk[..read]);
        size += read as u64;
    }
}

/// What is said behind the data. Its sizes have 64 bits where the header says so, or they would not fit otherwise.
fn descriptor(input: &mut impl BufRead, header: &Header, found: Facts) -> Result<Facts, UncompressedError> {
    let first = take::<4>(input)?;
    // The mark before it may be left out.
    let crc = if first == *DESCRIPTOR { take::<4>(input)? } else { first };
    let crc = u32::from_le_bytes(crc);
    if header.is_zip64 || found.packed.max(found.size) > u32::MAX.into() {
        let (packed, size) = (u64::from_le_bytes(take(input)?), u64::from_le_bytes(take(input)?));
        return Ok(Facts { crc, packed, size });
    }
    let (packed, size) = (u32::from_le_bytes(take(input)?), u32::from_le_bytes(take(input)?));
    Ok(Facts { crc, packed: packed.into(), size: size.into() })
}

/// Sees that the list of contents, which follows, has one entry.
fn one_entry(input: &mut impl BufRead) -> Result<(), UncompressedError> {
    match &take::<4>(input)? {
        CENTRAL => {}
        LOCAL => return Err(ZipFault::Further.into()),
        _ => return Err(ZipFault::NoHeader.into()),
    }
    let fixed = take::<42>(input)?;
    let length = |at: usize| u64::from(u16::from_le_bytes([fixed[at], fixed[at + 1]]));
    skip(input, length(24) + length(26) + length(28))?;
    match &take::<4>(input)? {
        CENTRAL => Err(ZipFault::Further.into()),
        end if END.contains(&end) => Ok(()),
        _ => Err(ZipFault::NoHeader.into()),
    }
}

fn take<const N: usize>(input: &mut impl Read) -> Result<[u8; N], UncompressedError> {
    let mut bytes = [0; N];
    input.read_exact(&mut bytes).map_err(UncompressedError::Damaged)?;
    Ok(bytes)
}

fn skip(input: &mut impl Read, count: u64) -> Result<(), UncompressedError> {
    let skipped = io::copy(&mut input.take(count), &mut io::sink()).map_err(UncompressedError::Damaged)?;
    if skipped < count {
        return Err(UncompressedError::Damaged(io::ErrorKind::UnexpectedEof.into()));
    }
    Ok(())
}
