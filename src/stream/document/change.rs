//! Changes of a stream file. Artifacts and containers are named by their places in the lists of its
//! [`Stream`](super::Stream).

/// One change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// The artifact is elsewhere now.
    Location {
        /// Which artifact.
        artifact: usize,
        /// Where it is.
        url: String,
    },
    /// The signature of the artifact is elsewhere now.
    Signature {
        /// Which artifact.
        artifact: usize,
        /// Where it is; none: there is no signature any more, and nothing says so.
        url: Option<String>,
    },
    /// The artifact is not listed any more; neither is what holds nothing else.
    Removed {
        /// Which artifact.
        artifact: usize,
    },
    /// The container image is elsewhere now.
    Container {
        /// Which container image.
        container: usize,
        /// How it is called.
        image: String,
        /// What it is.
        digest_ref: String,
    },
    /// When the stream was changed, and by what.
    Touched {
        /// `metadata.last-modified`
        last_modified: String,
        /// `metadata.generator`
        generator: String,
    },
}
