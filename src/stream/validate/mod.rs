//! Whether everything that a stream lists is where it says, as far as servers tell: `stream validate`.
//!
//! Each file is one row: kept if it is there, failed if it is missing or something else, and unfinished if nobody can
//! tell, since a server that is down is no reason to call a file missing.

mod containers;
mod prefix;
mod sums;
mod verdict;

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt as _;
use tokio::time::Instant;
use url::Url;

use super::document::{Artifact, Container, File, Stream};
use super::source::Source;
use crate::engine::Stop;
use crate::model::{Digest, Hasher, Host, Locator, Moved, Origin, Outcome, Row};
use crate::redact::SafeUrl;
use crate::registry::{Client, Error, Frame, Probed, Start, counted};

use sums::Lists;
use verdict::Verdict;

pub use prefix::{Prefix, PrefixError};
pub use verdict::Unmirrored;

/// What says that a file is missing. Behind some content networks a file that is not there is one that may not be read.
const MISSING_ON_MIRROR: [u16; 3] = [403, 404, 410];
const MISSING: [u16; 2] = [404, 410];

/// How much is to be known of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// It is there, and not empty.
    Head,
    /// The `sha256sum.txt` beside it lists it as the stream does.
    Checksum,
    /// All of its bytes are right.
    Deep,
}

/// What is to hold.
#[derive(Debug, Clone)]
pub struct Validation {
    /// How much is to be known of each file.
    pub level: Level,
    /// Each location must be below one of these; none: anywhere.
    pub require_prefixes: Vec<Prefix>,
    /// Whether signatures that the stream lists must be there too.
    pub signatures: bool,
    /// For these hosts, the statuses that say that a file is missing. For others they are 404 and 410, and 403 too below
    /// a prefix that is required.
    pub missing_statuses: Vec<(Host, Vec<u16>)>,
    /// So many files are checked at a time.
    pub jobs: usize,
}

/// What of a stream is to be checked, by the places in its lists.
#[derive(Debug, Clone, Copy)]
pub struct Selected<'a> {
    /// Its files.
    pub artifacts: &'a [usize],
    /// Its container images.
    pub containers: &'a [usize],
}

/// Of `selected` artifacts those that `old` does not list with the same location and digest.
#[must_use]
pub fn changed_since(stream: &Stream, selected: &[usize], old: &Stream) -> Vec<usize> {
    let usable = old.artifacts.iter().filter_map(|artifact| artifact.file.as_ref().ok());
    let known: HashSet<(&Url, &Digest)> = usable.map(|file| (&file.location, &file.sha256)).collect();
    let is_new = |artifact: &Artifact| {
        artifact.file.as_ref().map_or(true, |file| !known.contains(&(&file.location, &file.sha256)))
    };
    selected.iter().copied().filter(|at| is_new(&stream.artifacts[*at])).collect()
}

/// Checks what is `selected` of `stream`: a row each, files first, in the order of their places.
pub async fn validate(
    stream: &Stream,
    selected: &Selected<'_>,
    validation: &Validation,
    (client, stop): (&Client, &Stop),
) -> Vec<Row> {
    let mut artifacts: Vec<&Artifact> = selected.artifacts.iter().map(|at| &stream.artifacts[*at]).collect();
    artifacts.sort_by(|a, b| a.place.cmp(&b.place));
    let within = artifacts.iter().filter_map(|artifact| artifact.file.as_ref().ok());
    let within = within.filter(|file| is_within(validation, &file.location));
    let sums = if validation.level == Level::Checksum {
        Lists::read(within, validation, client).await
    } else {
        Lists::default()
    };
    let check = Check { validation, client, stop, sums, file: Arc::clone(&stream.file) };
    let jobs = validation.jobs.max(1);
    let files = futures_util::stream::iter(artifacts).map(|artifact| check.artifact(artifact));
    let mut rows: Vec<Row> = files.buffered(jobs).collect().await;
    let containers = selected.containers.iter().map(|at| &stream.containers[*at]);
    let images = futures_util::stream::iter(containers).map(|container| check.container(container));
    rows.extend(images.buffered(jobs).collect::<Vec<_>>().await);
    rows
}

fn is_within(validation: &Validation, location: &Url) -> bool {
    let prefixes = &validation.require_prefixes;
    prefixes.is_empty() || prefixes.iter().any(|prefix| prefix.covers(location))
}

/// The statuses by which the server of `url` says that it has no such file.
fn missing_statuses<'a>(validation: &'a Validation, url: &Url) -> &'a [u16] {
    let host = Host::of(url);
    let named = validation.missing_statuses.iter().find(|(named, _)| *named == host);
    let is_mirror = validation.require_prefixes.iter().any(|prefix| prefix.covers(url));
    let usual = if is_mirror { MISSING_ON_MIRROR.as_slice() } else { MISSING.as_slice() };
    named.map_or(usual, |(_, statuses)| statuses)
}

struct Check<'a> {
    validation: &'a Validation,
    client: &'a Client,
    stop: &'a Stop,
    sums: Lists,
    file: Arc<str>,
}

impl Check<'_> {
    async fn artifact(&self, artifact: &Artifact) -> Row {
        let begin = Instant::now();
        let (checked, requests) = counted(Box::pin(self.unless_stopped(self.listed(artifact)))).await;
        let target = match &artifact.file {
            Ok(file) => Locator::Url(SafeUrl::new(file.location.clone())),
            Err(_) => Locator::Text(artifact.place.to_string().into()),
        };
        self.row(&artifact.place.to_string(), target, checked, (requests, begin.elapsed()))
    }

    async fn container(&self, container: &Container) -> Row {
        let begin = Instant::now();
        let checked = Box::pin(containers::check(container, self.client));
        let (checked, requests) = counted(self.unless_stopped(checked)).await;
        let written = container.digest_ref.as_deref().unwrap_or_default();
        let place = format!("{}/images/kubevirt", container.arch);
        self.row(&place, Locator::Text(written.into()), checked, (requests, begin.elapsed()))
    }

    async fn unless_stopped(
        &self,
        checked: impl Future<Output = Result<(), Verdict>>,
    ) -> Result<(), Verdict> {
        if self.stop.gently.is_cancelled() {
            return Err(Verdict::Stopped(self.stop.cause()));
        }
        tokio::select! {
            biased;
            () = self.stop.now.cancelled() => Err(Verdict::Stopped(self.stop.cause())),
            checked = checked => checked,
        }
    }

    /// Nothing is copied, so there is no source.
    fn row(
        &self,
        place: &str,
        target: Locator,
        checked: Result<(), Verdict>,
        (requests, elapsed): (u32, Duration),
    ) -> Row {
        let origin = Origin::Artifact { file: Arc::clone(&self.file), artifact: place.into() };
        let outcome = checked.map_or_else(Verdict::into_outcome, |()| Outcome::Kept);
        let row = Row::of_nothing(origin, None, (Locator::Text("".into()), target), outcome);
        Row { moved: Moved { requests, ..row.moved }, elapsed, ..row }
    }

    async fn listed(&self, artifact: &Artifact) -> Result<(), Verdict> {
        let file = artifact.file.as_ref().map_err(|findings| {
            let said: Vec<_> = findings.iter().map(|finding| finding.message.as_str()).collect();
            Verdict::from(Unmirrored::Unusable(said.join("; ")))
        })?;
        if !is_within(self.validation, &file.location) {
            return Err(Unmirrored::WrongPrefix(self.validation.require_prefixes.clone()).into());
        }
        self.is_there(file).await?;
        match self.validation.level {
            Level::Head => {}
            Level::Checksum => self.sums.check(file)?,
            Level::Deep => self.is_right(file).await?,
        }
        self.is_signed(file).await
    }

    async fn is_there(&self, file: &File) -> Result<(), Verdict> {
        let missing = missing_statuses(self.validation, &file.location);
        let probed = self.client.probe(&file.location).await;
        let probed = probed.map_err(|error| Verdict::of(error, "it", missing))?;
        judge(&probed, missing)
    }

    /// Downloads it; wrong bytes are worth another download, for a network of servers may have one damaged copy.
    async fn is_right(&self, file: &File) -> Result<(), Verdict> {
        let checked = self.client.retrying(|| hash(self.client, file)).await;
        let missing = missing_statuses(self.validation, &file.location);
        checked.map_err(|error| Verdict::of(error, "it", missing))
    }

    async fn is_signed(&self, file: &File) -> Result<(), Verdict> {
        let Some(signature) = file.signature.as_ref().filter(|_| self.validation.signatures) else {
            return Ok(());
        };
        let missing = missing_statuses(self.validation, signature);
        let read = Source::Web(signature.clone()).read_signature(self.client).await;
        read.map(drop).map_err(|error| Verdict::of(error, "its signature", missing))
    }
}

fn judge(probed: &Probed, missing: &[u16]) -> Result<(), Verdict> {
    let Probed { status, size, is_page, url, is_elsewhere } = probed;
    match *status {
        status if missing.contains(&status) => Err(Unmirrored::Status(status).into()),
        403 => {
            let host = url.expose().host_str().unwrap_or_default();
            Err(Verdict::Untold(format!("{host}: status 403").into()))
        }
        200..300 if *is_elsewhere => Err(Unmirrored::Folder.into()),
        200..300 if *is_page => Err(Unmirrored::Page.into()),
        200..300 | 416 if *size == Some(0) => Err(Unmirrored::Empty.into()),
        200..300 => Ok(()),
        status => Err(Unmirrored::Answer(status).into()),
    }
}

/// Downloads `file` and compares its digest.
async fn hash(client: &Client, file: &File) -> Result<(), Error> {
    let mut stream = client.download(&file.location, Start::default()).await?;
    let mut hasher = Hasher::sha256();
    while let Some(frame) = stream.next().await? {
        match frame {
            Frame::Bytes(bytes) => hasher.update(&bytes),
            Frame::Anew => hasher = Hasher::sha256(),
        }
    }
    let found = hasher.finish();
    if found == file.sha256 { Ok(()) } else { Err(stream.differs(&file.sha256, found)) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stream::document::Place;

    fn artifact(location: &str, content: &[u8]) -> Artifact {
        let word: Arc<str> = "x".into();
        let place = Place {
            arch: Arc::clone(&word),
            artifact: Arc::clone(&word),
            format: Arc::clone(&word),
            kind: word,
        };
        let location = Url::parse(location).unwrap();
        let sha256 = Digest::of(content);
        let file = File {
            location,
            name: "x".into(),
            sha256,
            uncompressed: None,
            uncompressed_fault: None,
            signature: None,
        };
        Artifact { place, line: 1, release: None, file: Ok(file) }
    }

    fn stream(artifacts: Vec<Artifact>) -> Stream {
        Stream {
            file: "rhcos.json".into(),
            name: "rhcos-4.16".into(),
            last_modified: None,
            architectures: Vec::new(),
            platforms: Vec::new(),
            artifacts,
            containers: Vec::new(),
            clouds: Vec::new(),
        }
    }

    #[test]
    fn only_what_is_elsewhere_or_something_else_has_changed_since() {
        let old = stream(vec![artifact("https://m/a", b"a"), artifact("https://m/b", b"b")]);
        let unusable = Artifact { file: Err(Vec::new()), ..artifact("https://m/d", b"d") };
        let moved = artifact("https://n/b", b"b");
        let new = stream(vec![artifact("https://m/a", b"a"), moved, artifact("https://m/b", b"c"), unusable]);
        assert_eq!(changed_since(&new, &[0, 1, 2, 3], &old), [1, 2, 3]);
        assert_eq!(changed_since(&new, &[0, 2], &old), [2], "what is not selected stays so");
    }
}
