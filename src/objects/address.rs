//! Where a destination is, as a user writes it.

use std::path::PathBuf;

use url::Url;

use crate::model::{Key, KeyError};

/// The address of a destination.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Address {
    /// A directory: a path, or `file:///…`.
    Directory(PathBuf),
    /// `s3://BUCKET[/PREFIX]`
    Bucket {
        /// The bucket.
        bucket: String,
        /// The folder of it below which everything is.
        prefix: Option<Key>,
    },
}

/// Why a text is no address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// Nothing.
    #[error("a destination is empty")]
    Empty,
    /// No name between `s3://` and the next `/`, or one that no bucket can have.
    #[error("`{0}` names no bucket: s3://BUCKET[/PREFIX]")]
    Bucket(String),
    /// The folder of a bucket.
    #[error("the prefix of `{text}` cannot be used")]
    Prefix {
        /// The whole of it.
        text: String,
        /// What is wrong with it.
        source: KeyError,
    },
    /// A `file:` URL of another host, or a relative one.
    #[error("`{0}` is no path: file:///DIRECTORY")]
    File(String),
    /// Something for which others have programs.
    #[error(
        "`{0}` cannot be written to by this program: mirror to a directory, and let --push-command run rsync or ssh"
    )]
    Push(String),
    /// Another scheme.
    #[error("`{0}` is no destination: a directory, file:///DIRECTORY or s3://BUCKET[/PREFIX]")]
    Scheme(String),
}

impl Address {
    /// The address that `text` is.
    ///
    /// # Errors
    /// When it is none that can be written to.
    pub fn parse(text: &str) -> Result<Self, AddressError> {
        let own = || text.to_owned();
        if text.is_empty() {
            return Err(AddressError::Empty);
        }
        let Some((scheme, rest)) = text.split_once(':').filter(|(scheme, _)| is_scheme(scheme)) else {
            return Ok(Self::Directory(text.into()));
        };
        match scheme.to_ascii_lowercase().as_str() {
            "s3" => bucket(text, rest),
            "file" => Url::parse(text)
                .ok()
                .filter(|_| rest.starts_with('/'))
                .and_then(|url| url.to_file_path().ok())
                .map(Self::Directory)
                .ok_or_else(|| AddressError::File(own())),
            "rsync" | "ssh" | "sftp" | "scp" => Err(AddressError::Push(own())),
            _ if rest.starts_with("//") => Err(AddressError::Scheme(own())),
            // A name with a colon in it.
            _ => Ok(Self::Directory(text.into())),
        }
    }
}

fn bucket(text: &str, rest: &str) -> Result<Address, AddressError> {
    let refused = || AddressError::Bucket(text.to_owned());
    let path = rest.strip_prefix("//").ok_or_else(refused)?;
    let (bucket, prefix) = path.split_once('/').unwrap_or((path, ""));
    let is_fit = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    if bucket.is_empty() || !bucket.chars().all(is_fit) {
        return Err(refused());
    }
    let prefix = match prefix.strip_suffix('/').unwrap_or(prefix) {
        "" => None,
        prefix => Some(
            Key::parse(prefix).map_err(|source| AddressError::Prefix { text: text.to_owned(), source })?,
        ),
    };
    Ok(Address::Bucket { bucket: bucket.to_owned(), prefix })
}

fn is_scheme(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn directories_and_buckets_are_told_apart() {
        let directory = |text: &str| Ok(Address::Directory(text.into()));
        for path in ["/srv/mirror", "mirror", "./a:b", "a b", "a:b"] {
            assert_eq!(Address::parse(path), directory(path));
        }
        assert_eq!(Address::parse("file:///srv/a%20b"), directory("/srv/a b"));
        let bucket = |bucket: &str, prefix: Option<&str>| {
            let prefix = prefix.map(|text| Key::parse(text).unwrap());
            Ok(Address::Bucket { bucket: bucket.to_owned(), prefix })
        };
        assert_eq!(Address::parse("s3://b"), bucket("b", None));
        assert_eq!(Address::parse("s3://b/"), bucket("b", None));
        assert_eq!(Address::parse("s3://my.b-1/pub/v4/"), bucket("my.b-1", Some("pub/v4")));
    }

    #[test]
    fn what_cannot_be_written_to_is_refused_with_what_can() {
        assert_eq!(Address::parse(""), Err(AddressError::Empty));
        for text in ["s3://", "s3:/b", "s3:///b", "s3://a@b/c", "s3://b?x=1"] {
            assert_eq!(Address::parse(text), Err(AddressError::Bucket(text.to_owned())));
        }
        for text in ["s3://b//x", "s3://b/../x", "s3://b/.image-mirror/x"] {
            assert!(matches!(Address::parse(text), Err(AddressError::Prefix { .. })), "{text}");
        }
        for text in ["file:a", "file://host/a"] {
            assert_eq!(Address::parse(text), Err(AddressError::File(text.to_owned())));
        }
        for text in ["rsync://host/a", "ssh://host/a", "SFTP://host/a"] {
            let refused = Address::parse(text).unwrap_err();
            assert_eq!(refused, AddressError::Push(text.to_owned()));
            assert!(refused.to_string().contains("--push-command"), "{refused}");
        }
        for text in ["http://host/a", "gs://b"] {
            assert_eq!(Address::parse(text), Err(AddressError::Scheme(text.to_owned())));
        }
    }
}
