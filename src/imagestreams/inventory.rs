//! Where ImageStreams are read: a cluster, or files that its ImageStreams were written to.
//!
//! What a cluster does not give is said with [`Streams`] and stops nothing else. A file that cannot be read is bad input:
//! nothing is known to be right then.

use std::path::PathBuf;
use std::sync::Arc;

use futures_util::{StreamExt as _, stream};

use super::asked::Needed;
use super::files::{FileError, read_file};
use super::selection::StreamName;
use super::stream::ImageStream;
use super::streams::{Part, Streams};
use crate::cluster::{Cluster, Error};
use crate::error::{Failure, Stage};

/// Questions to the API server at a time.
const AT_A_TIME: usize = 8;

/// Where ImageStreams are read.
#[derive(Debug, Clone)]
pub enum Inventory {
    /// In these files.
    Files(Vec<PathBuf>),
    /// In this cluster.
    Cluster(Cluster),
}

/// What one question gave.
type Answer = Result<Vec<Result<ImageStream, super::Malformed>>, Error>;

impl Inventory {
    /// The ImageStreams that are `needed`, as they are now; of files all that are there.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub async fn read(&self, needed: &Needed) -> Result<Streams, FileError> {
        let mut streams = Streams::default();
        match self {
            Self::Files(paths) => paths.iter().try_for_each(|path| read_file(path, &mut streams))?,
            Self::Cluster(cluster) => {
                let asked = stream::iter(parts(needed)).map(|part| ask(cluster, part));
                let mut answers = asked.buffer_unordered(AT_A_TIME);
                while let Some((part, answer)) = answers.next().await {
                    streams.learn(part, answer);
                }
            }
        }
        Ok(streams)
    }
}

/// What is asked of a cluster at once: lists, and single ImageStreams of namespaces of which no more is needed.
fn parts(needed: &Needed) -> Vec<Part> {
    match needed {
        Needed::All => vec![Part::All],
        Needed::Only { namespaces, streams } => {
            let namespaces = namespaces.iter().map(|namespace| Part::Namespace(Arc::clone(namespace)));
            namespaces.chain(streams.iter().cloned().map(Part::Stream)).collect()
        }
    }
}

async fn ask(cluster: &Cluster, part: Part) -> (Part, Answer) {
    let answer = match &part {
        Part::Namespace(namespace) => cluster.image_streams(Some(namespace), ImageStream::read).await,
        Part::Stream(StreamName { namespace, name }) => {
            let found = cluster.image_stream(namespace, name, ImageStream::read).await;
            found.map(|found| found.into_iter().collect())
        }
        Part::All | Part::Unnamed(_) => cluster.image_streams(None, ImageStream::read).await,
    };
    (part, answer)
}

impl Streams {
    fn learn(&mut self, part: Part, answer: Answer) {
        match answer {
            Ok(objects) => objects.into_iter().for_each(|object| match object {
                Ok(stream) => self.insert(stream),
                Err(malformed) => self.malformed(malformed),
            }),
            Err(error) => self.unread(part, Failure::new(Stage::Read, error)),
        }
    }
}
