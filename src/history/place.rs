//! Where the state is kept.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use crate::model::{ImageRef, LayoutRef, Reference, Shard, Tag, Version};

/// Where the state of one mapping set is kept. It is written by one run at a time; of two the last one wins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// An artifact of a registry.
    Image(ImageRef),
    /// An artifact in a layout directory.
    Layout(LayoutRef),
    /// A ConfigMap.
    ConfigMap {
        /// Its namespace; none: that of the pod or the context.
        namespace: Option<String>,
        /// Its name.
        name: String,
    },
}

/// A text that names no place for the state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PlaceError {
    /// It is none of the forms.
    #[error(
        "expected an image with its host and tag (`quay.io/org/image-mirror-state:knative`), `oci:DIR:TAG` or \
         `configmap:[NAMESPACE/]NAME`"
    )]
    Form,
    /// With the number of the shard it is too long.
    #[error(
        "its name is too long: with `-I-of-N` for the shard a tag has 128 characters at most, a ConfigMap 253"
    )]
    TooLong,
}

impl Place {
    /// The place of one of several runs that divide the set among them: each has its own.
    ///
    /// # Errors
    /// When its name would be too long.
    pub fn of_shard(self, shard: Shard) -> Result<Self, PlaceError> {
        let named = |name: &str| format!("{name}-{}-of-{}", shard.index(), shard.count());
        let tagged = |tag: &Tag| Tag::parse(&named(tag.as_str())).map_err(|_| PlaceError::TooLong);
        Ok(match self {
            Self::Image(ImageRef { repository, version: Version::Tag(tag) }) => {
                Self::Image(ImageRef::new(repository, Version::Tag(tagged(&tag)?)))
            }
            Self::Layout(LayoutRef { path, tag: Some(tag) }) => {
                Self::Layout(LayoutRef { path, tag: Some(tagged(&tag)?) })
            }
            Self::ConfigMap { namespace, name } => {
                let name = Some(named(&name)).filter(|name| name.len() <= LONGEST_NAME);
                Self::ConfigMap { namespace, name: name.ok_or(PlaceError::TooLong)? }
            }
            nameless @ (Self::Image(_) | Self::Layout(_)) => nameless,
        })
    }
}

/// Of an object of Kubernetes.
const LONGEST_NAME: usize = 253;

impl FromStr for Place {
    type Err = PlaceError;

    fn from_str(text: &str) -> Result<Self, PlaceError> {
        if let Some(place) = text.strip_prefix("configmap:") {
            return config_map(place).ok_or(PlaceError::Form);
        }
        if let Some(place) = text.strip_prefix("oci:") {
            return layout(place).ok_or(PlaceError::Form);
        }
        match Reference::parse(text) {
            Ok(Reference { repository, tag: Some(tag), digest: None, has_host: true }) => {
                Ok(Self::Image(ImageRef::new(repository, Version::Tag(tag))))
            }
            _ => Err(PlaceError::Form),
        }
    }
}

fn config_map(text: &str) -> Option<Place> {
    let is_name = |text: &str| {
        let fits = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'.';
        let ends = [text.bytes().next(), text.bytes().last()];
        text.len() <= LONGEST_NAME
            && text.bytes().all(fits)
            && ends.iter().flatten().filter(|b| b.is_ascii_alphanumeric()).count() == 2
    };
    let (namespace, name) = match text.split_once('/') {
        Some((namespace, name)) => (Some(namespace), name),
        None => (None, text),
    };
    let fits = is_name(name) && namespace.is_none_or(is_name);
    fits.then(|| Place::ConfigMap { namespace: namespace.map(str::to_owned), name: name.to_owned() })
}

fn layout(text: &str) -> Option<Place> {
    let (path, tag) = text.rsplit_once(':')?;
    let tag = Tag::parse(tag).ok()?;
    (!path.is_empty()).then(|| Place::Layout(LayoutRef { path: PathBuf::from(path), tag: Some(tag) }))
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Image(image) => image.fmt(f),
            Self::Layout(layout) => layout.fmt(f),
            Self::ConfigMap { namespace: Some(namespace), name } => write!(f, "configmap:{namespace}/{name}"),
            Self::ConfigMap { namespace: None, name } => write!(f, "configmap:{name}"),
        }
    }
}
