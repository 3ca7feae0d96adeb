//! A file that is being received, and what is there of it already.

use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, Seek as _};
use std::os::unix::fs::{FileExt as _, MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use rustix::fs::OFlags;
use tokio::task::JoinHandle;

use super::super::Expected;
use super::super::error::{Error, Kind};
use super::super::taken::Turn;
use super::disk::{blocking, retried};
use super::{CHUNK, Directory, Stamp, aside, publish, take_in, within};
use crate::model::{Hasher, Key};

/// Nobody else may read what nobody has checked.
const MODE: u32 = 0o600;

/// A file that is being received. A block of it is written and hashed while the next one comes in.
#[derive(Debug)]
pub(in super::super) struct Partial {
    directory: Directory,
    key: Key,
    expected: Expected,
    paths: Paths,
    /// What has come and is not being written yet.
    block: Vec<u8>,
    /// How much there is, `block` included.
    offset: u64,
    validator: Option<String>,
    written: Written,
}

#[derive(Debug, Clone)]
struct Paths {
    content: PathBuf,
    /// Says under which validator of its source the content was read.
    validator: PathBuf,
}

/// The file, or where it comes back from.
#[derive(Debug)]
enum Written {
    Rests(Box<Open>),
    Writes(JoinHandle<Result<Box<Open>, io::Error>>),
    /// A write failed; what is in the file is all that is kept.
    Failed,
}

/// Whoever has it may write, as nobody else has it.
#[derive(Debug)]
struct Open {
    file: File,
    hasher: Hasher,
    length: u64,
    _turn: Turn,
}

impl Partial {
    pub(in super::super) async fn open(
        directory: &Directory,
        key: &Key,
        expected: &Expected,
    ) -> Result<Self, Error> {
        let turn = directory.taken.turn(&expected.sha256).await;
        let (hex, size) = (expected.sha256.hex().to_owned(), expected.size);
        let (paths, open, validator) = directory
            .on("receiving", key, move |root, _| {
                let folder = aside(root)?;
                let paths =
                    Paths { content: folder.join(&hex), validator: folder.join(format!("{hex}.validator")) };
                let open = open(&paths, size, turn)?;
                let validator = validator(&paths.validator)?;
                Ok((paths, open, validator))
            })
            .await?;
        Ok(Self {
            directory: directory.clone(),
            key: key.clone(),
            expected: expected.clone(),
            paths,
            block: Vec::new(),
            offset: open.length,
            validator,
            written: Written::Rests(open),
        })
    }

    pub(in super::super) fn offset(&self) -> u64 {
        self.offset
    }

    pub(in super::super) fn validator(&self) -> Option<&str> {
        self.validator.as_deref()
    }

    pub(in super::super) fn announce(&mut self, size: Option<u64>) {
        self.expected.size = self.expected.size.or(size);
    }

    pub(in super::super) async fn restart(&mut self, validator: Option<&str>) -> Result<(), Error> {
        self.block.clear();
        let (open, paths, new) = (self.settled().await?, self.paths.clone(), validator.map(str::to_owned));
        let open = blocking(move || emptied(open, &paths, new.as_deref()))
            .await
            .map_err(|error| self.failed(error))?;
        self.written = Written::Rests(open);
        (self.offset, self.validator) = (0, validator.map(str::to_owned));
        Ok(())
    }

    pub(in super::super) async fn write(&mut self, bytes: &[u8]) -> Result<(), Error> {
        let after = self.offset + bytes.len() as u64;
        if let Some(size) = self.expected.size.filter(|size| after > *size) {
            return Err(self.error(Kind::TooLarge(size)));
        }
        self.block.extend_from_slice(bytes);
        self.offset = after;
        if self.block.len() >= CHUNK { self.write_block().await } else { Ok(()) }
    }

    pub(in super::super) async fn commit(mut self) -> Result<Stamp, Error> {
        self.write_block().await?;
        let open = self.settled().await?;
        let found = open.hasher.clone().finish();
        if found != self.expected.sha256 {
            let kind = Kind::Digest { expected: self.expected.sha256.clone(), found };
            let error = self.error(kind);
            self.written = Written::Rests(open);
            self.discard().await?;
            return Err(error);
        }
        let (paths, over) = (self.paths.clone(), self.expected.over.clone());
        self.directory
            .on("writing", &self.key, move |root, key| {
                let stamp = publish(root, &open.file, &paths.content, key, &over)?;
                remove(&paths.validator)?;
                Ok(stamp)
            })
            .await
    }

    /// Keeps what is there for the next run, as far as it can be written.
    pub(in super::super) async fn suspend(mut self) -> Result<(), Error> {
        if matches!(self.written, Written::Failed) {
            return Ok(());
        }
        self.write_block().await?;
        self.settled().await.map(drop)
    }

    pub(in super::super) async fn discard(mut self) -> Result<(), Error> {
        // The one that is given back ends the turn, so that it is kept until nothing is there.
        let open = self.settled().await.ok();
        let paths = self.paths.clone();
        let removed = blocking(move || {
            remove(&paths.content)?;
            remove(&paths.validator)?;
            drop(open);
            Ok(())
        });
        removed.await.map_err(|error| self.error(Kind::of(error)))
    }

    async fn write_block(&mut self) -> Result<(), Error> {
        let open = self.settled().await?;
        let block = std::mem::replace(&mut self.block, Vec::with_capacity(CHUNK));
        self.written = Written::Writes(tokio::task::spawn_blocking(move || appended(open, &block)));
        Ok(())
    }

    /// The file, once what is being written is.
    async fn settled(&mut self) -> Result<Box<Open>, Error> {
        match std::mem::replace(&mut self.written, Written::Failed) {
            Written::Rests(open) => Ok(open),
            Written::Writes(writing) => match writing.await {
                Ok(written) => written.map_err(|error| self.failed(error)),
                Err(error) => Err(self.failed(io::Error::other(error))),
            },
            Written::Failed => Err(self.failed(io::Error::other("an earlier write failed"))),
        }
    }

    fn failed(&mut self, error: io::Error) -> Error {
        self.written = Written::Failed;
        self.error(Kind::of(error))
    }

    fn error(&self, kind: Kind) -> Error {
        Error::new(format!("receiving {}", self.directory.path(&self.key).display()), kind)
    }
}

/// Opens what is there, or begins it, and hashes it. More than there can be is no beginning of it.
fn open(paths: &Paths, size: Option<u64>, turn: Turn) -> Result<Box<Open>, Kind> {
    // A link in place of the file would be written through.
    let no_link = OFlags::NOFOLLOW.bits().cast_signed();
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false).mode(MODE).custom_flags(no_link);
    let mut file = retried(|| options.open(&paths.content)).map_err(|error| {
        if rustix::io::Errno::from_io_error(&error) == Some(rustix::io::Errno::LOOP) {
            Kind::Link
        } else {
            error.into()
        }
    })?;
    if !is_ours_alone(&file)? {
        remove(&paths.content)?;
        file = options.clone().create_new(true).open(&paths.content)?;
    }
    file.set_permissions(Permissions::from_mode(MODE))?;
    if size.is_some_and(|size| file.metadata().is_ok_and(|metadata| metadata.len() > size)) {
        file.set_len(0)?;
    }
    let (length, hasher) = retried(|| {
        let mut hasher = Hasher::sha256();
        file.rewind()?;
        Ok((take_in(&mut file, &mut hasher)?, hasher))
    })?;
    Ok(Box::new(Open { file, hasher, length, _turn: turn }))
}

/// Whether nobody else can reach what is written to it: it has one name, and is owned by whoever runs us.
fn is_ours_alone(file: &File) -> io::Result<bool> {
    let metadata = file.metadata()?;
    Ok(metadata.nlink() == 1 && metadata.uid() == rustix::process::geteuid().as_raw())
}

fn validator(path: &Path) -> Result<Option<String>, Kind> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(Some(text).filter(|text| !text.is_empty())),
        Err(error) if within::is_absent(&error) || error.kind() == io::ErrorKind::InvalidData => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// The old validator goes before the old content, and the new one comes before the new content, so that
/// bytes never lie beside the validator of others.
fn emptied(mut open: Box<Open>, paths: &Paths, validator: Option<&str>) -> io::Result<Box<Open>> {
    remove(&paths.validator)?;
    retried(|| open.file.set_len(0))?;
    if let Some(validator) = validator {
        fs::write(&paths.validator, validator)?;
    }
    (open.hasher, open.length) = (Hasher::sha256(), 0);
    Ok(open)
}

fn appended(mut open: Box<Open>, block: &[u8]) -> io::Result<Box<Open>> {
    retried(|| open.file.write_all_at(block, open.length))?;
    open.hasher.update(block);
    open.length += block.len() as u64;
    Ok(open)
}

fn remove(path: &Path) -> io::Result<()> {
    match retried(|| fs::remove_file(path)) {
        Err(error) if !within::is_absent(&error) => Err(error),
        _ => Ok(()),
    }
}
