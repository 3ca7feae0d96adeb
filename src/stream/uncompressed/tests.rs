use std::io::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::write::GzEncoder;

use super::*;

/// What all archives here hold.
const IMAGE: &[u8] = b"boot image\n";

/// `xz -9`: a dictionary of 64 MiB.
const XZ: &str =
    "/Td6WFoAAATm1rRGAgAhARwAAAAQz1jMAQAKYm9vdCBpbWFnZQoAAMBTlIN4T8llAAEjC8Ib/QkftvN9AQAAAAAEWVo=";
/// The same with a dictionary of 128 MiB.
const LARGE_XZ: &str =
    "/Td6WFoAAATm1rRGAgAhAR4AAACbB1FmAQAKYm9vdCBpbWFnZQoAAMBTlIN4T8llAAEjC8Ib/QkftvN9AQAAAAAEWVo=";
/// `zip FILE.zip FILE`
const STORED: &str = "UEsDBAoAAAAAAFWpe106/6pfCwAAAAsAAAAJAAAAZGlzay52aGR4Ym9vdCBpbWFnZQpQSwECHgMKAAAAAABVqXtdOv+qXwsAAAALAAAACQAAAAAAAAABAAAApIEAAAAAZGlzay52aGR4UEsFBgAAAAABAAEANwAAADIAAAAAAA==";
/// `… | zip FILE.zip -`: sizes of 64 bits.
const LONG_SIZES: &str = "UEsDBC0AAAAAAFWpe106/6pf//////////8BABQALQEAEAALAAAAAAAAAAsAAAAAAAAAYm9vdCBpbWFnZQpQSwECHgMtAAAAAABVqXtdOv+qXwsAAAALAAAAAQAAAAAAAAABAAAAgBEAAAAALVBLBgYsAAAAAAAAAB4DLQAAAAAAAAAAAAEAAAAAAAAAAQAAAAAAAAAvAAAAAAAAAD4AAAAAAAAAUEsGBwAAAABtAAAAAAAAAAEAAABQSwUGAAAAAAEAAQAvAAAAPgAAAAAA";
/// Written front to back by Python: deflated, with checksum and sizes behind the data.
const FRONT_TO_BACK: &str = "UEsDBBQACAAIAAAAIQAAAAAAAAAAAAAAAAAJAAAAZGlzay52aGR4S8rPL1HIzE1MT+UCAFBLBwg6/6pfDQAAAAsAAABQSwECFAMUAAgACAAAACEAOv+qXw0AAAALAAAACQAAAAAAAAAAAAAAgAEAAAAAZGlzay52aGR4UEsFBgAAAAABAAEANwAAAEQAAAAAAA==";
/// `zip FILE.zip FILE OTHER`
const TWO_FILES: &str = "UEsDBAoAAAAAAFWpe106/6pfCwAAAAsAAAAJAAAAZGlzay52aGR4Ym9vdCBpbWFnZQpQSwMECgAAAAAAVal7XYMW3IwBAAAAAQAAAAUAAABvdGhlcnhQSwECHgMKAAAAAABVqXtdOv+qXwsAAAALAAAACQAAAAAAAAABAAAApIEAAAAAZGlzay52aGR4UEsBAh4DCgAAAAAAVal7XYMW3IwBAAAAAQAAAAUAAAAAAAAAAQAAAKSBMgAAAG90aGVyUEsFBgAAAAACAAIAagAAAFYAAAAAAA==";
const NO_FILE: &str = "UEsFBgAAAAAAAAAAAAAAAAAAAAAAAA==";

fn decoded(text: &str) -> Vec<u8> {
    STANDARD.decode(text).unwrap()
}

fn member(content: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

/// The digest of what `bytes` decompress to, given in frames of `length` bytes.
async fn inflate(compression: Compression, bytes: &[u8], length: usize) -> Result<Digest, UncompressedError> {
    let inflate = Inflate::new(compression);
    for frame in bytes.chunks(length) {
        inflate.push(Bytes::copy_from_slice(frame)).await;
    }
    inflate.finish().await
}

async fn fault(archive: &[u8]) -> Option<ZipFault> {
    match inflate(Compression::Zip, archive, 7).await {
        Err(UncompressedError::Zip(fault)) => Some(fault),
        _ => None,
    }
}

#[test]
fn the_end_of_a_format_says_how_it_is_compressed() {
    let of = Compression::of_format;
    assert_eq!([of("4k.raw.gz"), of("tar.gz")], [Some(Compression::Gzip); 2]);
    assert_eq!([of("raw.xz"), of("vhdx.zip")], [Some(Compression::Xz), Some(Compression::Zip)]);
    assert_eq!([of("iso"), of("qcow2"), of("gz.iso"), of("")], [None; 4]);
}

// 14.36
#[tokio::test]
async fn both_members_of_a_gzip_file_count_and_a_part_of_it_is_no_file() {
    let file = [member(b"boot "), member(b"image\n")].concat();
    for length in [1, 10, file.len()] {
        assert_eq!(inflate(Compression::Gzip, &file, length).await.unwrap(), Digest::of(IMAGE));
    }
    assert_ne!(inflate(Compression::Gzip, &member(b"boot "), 9).await.unwrap(), Digest::of(IMAGE));
    for damaged in [&file[..file.len() - 3], &file[3..], b"".as_slice()] {
        let error = inflate(Compression::Gzip, damaged, 9).await.unwrap_err();
        assert!(matches!(error, UncompressedError::Damaged(_)), "{error:?}");
    }
}

// 14.37
#[tokio::test]
async fn an_xz_file_may_take_as_much_memory_as_xz_makes_files_for_and_no_more() {
    let file = decoded(XZ);
    assert_eq!(inflate(Compression::Xz, &file, 5).await.unwrap(), Digest::of(IMAGE));
    let twice = Digest::of(&IMAGE.repeat(2));
    assert_eq!(inflate(Compression::Xz, &file.repeat(2), 5).await.unwrap(), twice, "two streams in one file");
    let error = inflate(Compression::Xz, &decoded(LARGE_XZ), 5).await.unwrap_err();
    assert!(matches!(error, UncompressedError::Memory), "{error:?}");
    let error = inflate(Compression::Xz, &file[..file.len() - 20], 5).await.unwrap_err();
    assert!(matches!(error, UncompressedError::Damaged(_)), "{error:?}");
}

#[tokio::test]
async fn the_only_file_of_a_zip_archive_is_read_however_its_sizes_are_told() {
    for archive in [STORED, LONG_SIZES, FRONT_TO_BACK].map(decoded) {
        for length in [1, archive.len()] {
            assert_eq!(inflate(Compression::Zip, &archive, length).await.unwrap(), Digest::of(IMAGE));
        }
    }
}

#[tokio::test]
async fn a_zip_archive_with_no_file_or_two_or_other_bytes_than_it_says_is_refused() {
    assert_eq!(fault(&decoded(NO_FILE)).await, Some(ZipFault::NoFile));
    assert_eq!(fault(&decoded(TWO_FILES)).await, Some(ZipFault::Further));
    assert_eq!(fault(b"something else").await, Some(ZipFault::NoHeader));
    // The checksum in the header, and the one behind the data.
    for (archive, checksum) in [(STORED, 14), (FRONT_TO_BACK, 57)] {
        let mut archive = decoded(archive);
        archive[checksum] ^= 1;
        assert_eq!(fault(&archive).await, Some(ZipFault::Differs), "{checksum}");
    }
    let mut encrypted = decoded(STORED);
    encrypted[6] |= 1;
    assert_eq!(fault(&encrypted).await, Some(ZipFault::Method));
    let whole = decoded(STORED);
    let error = inflate(Compression::Zip, &whole[..whole.len() - 30], 9).await.unwrap_err();
    assert!(matches!(error, UncompressedError::Damaged(_)), "{error:?}");
}

#[tokio::test]
async fn frames_after_the_damage_hold_nobody_up() {
    let inflate = Inflate::new(Compression::Gzip);
    for _ in 0..1000 {
        inflate.push(Bytes::from_static(b"no gzip at all")).await;
    }
    assert!(matches!(inflate.finish().await, Err(UncompressedError::Damaged(_))));
}
