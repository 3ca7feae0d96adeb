//! The values that only flags of `stream` take.

use std::path::PathBuf;
use std::str::FromStr;

use url::Url;

use super::super::value::{Expected, expected};

/// A pattern with `*`, `?` and `[…]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Glob(pub glob::Pattern);

impl FromStr for Glob {
    type Err = Expected;

    fn from_str(text: &str) -> Result<Self, Expected> {
        let pattern = glob::Pattern::new(text).map(Self);
        pattern.map_err(|error| expected(&format!("a pattern such as `met*`, not one with: {}", error.msg)))
    }
}

/// An address of a web server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebAddress(pub Url);

impl FromStr for WebAddress {
    type Err = Expected;

    fn from_str(text: &str) -> Result<Self, Expected> {
        let parsed = Url::parse(text).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
        let url = parsed.filter(|url| url.username().is_empty() && url.password().is_none());
        url.map(Self).ok_or_else(|| {
            expected("an address of a web server without a login, such as `https://mirror.example.com/pub`")
        })
    }
}

/// `OLD=NEW`: what addresses begin with, and what they are to begin with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PrefixMap {
    /// What they begin with.
    pub from: Url,
    /// What they are to begin with.
    pub to: Url,
}

impl FromStr for PrefixMap {
    type Err = Expected;

    fn from_str(text: &str) -> Result<Self, Expected> {
        let wrong =
            || expected("two addresses as `OLD=NEW`, such as `https://a.example/x=https://b.example/y`");
        let (from, to) = text.split_once('=').ok_or_else(wrong)?;
        let [from, to] = [from, to].map(|url| url.parse::<WebAddress>().map_err(|_| wrong()));
        Ok(Self { from: from?.0, to: to?.0 })
    }
}

/// The minor version of OpenShift that builds are for: `4.16`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OcpVersion(pub String);

impl FromStr for OcpVersion {
    type Err = Expected;

    fn from_str(text: &str) -> Result<Self, Expected> {
        let is_number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        let fits = text.split_once('.').is_some_and(|(major, minor)| is_number(major) && is_number(minor));
        if fits { Ok(Self(text.to_owned())) } else { Err(expected("a version as `X.Y`, such as `4.16`")) }
    }
}

/// A status of HTTP.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Status(pub u16);

impl FromStr for Status {
    type Err = Expected;

    fn from_str(text: &str) -> Result<Self, Expected> {
        let status = text.parse().ok().filter(|status| (400..500).contains(status));
        status.map(Self).ok_or_else(|| expected("a status of HTTP from 400 to 499"))
    }
}

/// Where files are stored, as typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoreAddress(pub String);

impl FromStr for StoreAddress {
    type Err = Expected;

    fn from_str(text: &str) -> Result<Self, Expected> {
        if text.is_empty() {
            Err(expected("a directory, or `s3://BUCKET/PREFIX`"))
        } else {
            Ok(Self(text.to_owned()))
        }
    }
}

/// `REPOSITORY:REFS:PATHS`: a git repository on this machine, and patterns for its references and the files in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GitPins {
    /// The repository.
    pub repository: PathBuf,
    /// Which references, such as `refs/heads/release-*`.
    pub refs: String,
    /// Which files, such as `data/data/coreos/*.json`.
    pub paths: String,
}

impl FromStr for GitPins {
    type Err = Expected;

    fn from_str(text: &str) -> Result<Self, Expected> {
        let wrong = || {
            expected(
                "a repository, a pattern for references and one for files as `REPOSITORY:REFS:PATHS`, such as \
                 `/src/installer:refs/remotes/origin/release-*:data/data/coreos/*.json`",
            )
        };
        let mut parts = text.rsplitn(3, ':');
        let (paths, refs, repository) = (parts.next(), parts.next(), parts.next());
        match (repository, refs, paths) {
            (Some(repository), Some(refs), Some(paths))
                if !repository.is_empty() && refs.starts_with("refs/") && !paths.is_empty() =>
            {
                Ok(Self { repository: repository.into(), refs: refs.to_owned(), paths: paths.to_owned() })
            }
            _ => Err(wrong()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pins_of_a_history_say_which_references_and_which_files() {
        let pins: GitPins = "C:/x/repo:refs/heads/*:data/*.json".parse().unwrap();
        assert_eq!(pins.repository, PathBuf::from("C:/x/repo"));
        assert_eq!((&*pins.refs, &*pins.paths), ("refs/heads/*", "data/*.json"));
        for wrong in ["/repo", "/repo:refs/heads/*", ":refs/heads/*:a", "/repo:main:a", "/repo:refs/heads/*:"]
        {
            assert!(wrong.parse::<GitPins>().is_err(), "{wrong} was taken");
        }
    }

    #[test]
    fn an_address_has_no_login_and_is_of_a_web_server() {
        assert!("https://m.example/pub".parse::<WebAddress>().is_ok());
        for wrong in ["m.example/pub", "s3://b", "https://u:p@m.example", "/pub", ""] {
            assert!(wrong.parse::<WebAddress>().is_err(), "{wrong} was taken");
        }
        assert!("https://a/b=https://c/d".parse::<PrefixMap>().is_ok());
        assert!("https://a/b".parse::<PrefixMap>().is_err());
        assert!("4.16".parse::<OcpVersion>().is_ok());
        for wrong in ["4", "4.16.1", "x.y", "4."] {
            assert!(wrong.parse::<OcpVersion>().is_err(), "{wrong} was taken");
        }
        assert!("403".parse::<Status>().is_ok() && "503".parse::<Status>().is_err());
    }
}
