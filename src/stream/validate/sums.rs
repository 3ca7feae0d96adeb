//! The lists of sums beside the files: each is read once, however many files it lists.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use futures_util::StreamExt as _;
use url::Url;

use super::verdict::{Unmirrored, Verdict};
use super::{Validation, missing_statuses};
use crate::model::Digest;
use crate::registry::Client;
use crate::stream::document::File;
use crate::stream::source::LARGEST_SUMS;

const NAME: &str = "sha256sum.txt";

/// By name what a list says.
type List = BTreeMap<String, Digest>;

/// The lists of all directories that matter.
#[derive(Debug, Default)]
pub(super) struct Sums(HashMap<Url, Result<List, Verdict>>);

impl Sums {
    /// Reads the lists beside `files`.
    pub(super) async fn read<'a>(
        files: impl Iterator<Item = &'a File>,
        validation: &Validation,
        client: &Client,
    ) -> Self {
        let lists: BTreeSet<Url> = files.filter_map(|file| beside(&file.location)).collect();
        let read = futures_util::stream::iter(lists).map(async |url| {
            let list = read_list(client, &url, missing_statuses(validation, &url)).await;
            (url, list)
        });
        Self(read.buffer_unordered(validation.jobs.max(1)).collect().await)
    }

    /// Sees that the list beside `file` has it.
    pub(super) fn check(&self, file: &File) -> Result<(), Verdict> {
        let list = beside(&file.location).and_then(|url| self.0.get(&url));
        let list = list.ok_or(Unmirrored::Unlisted)?.as_ref().map_err(Verdict::clone)?;
        match list.get(&*file.name) {
            None => Err(Unmirrored::Unlisted.into()),
            Some(found) if *found == file.sha256 => Ok(()),
            Some(found) => {
                let (expected, found) = (file.sha256.clone(), found.clone());
                Err(Unmirrored::Listed { expected, found }.into())
            }
        }
    }
}

/// The list of the directory that a file is in.
fn beside(location: &Url) -> Option<Url> {
    location.join(NAME).ok()
}

async fn read_list(client: &Client, url: &Url, missing: &[u16]) -> Result<List, Verdict> {
    let read = client.read_file(url, LARGEST_SUMS).await;
    let bytes = read.map_err(|error| Verdict::of(error, "the sha256sum.txt beside it", missing))?;
    Ok(read_sums(&String::from_utf8_lossy(&bytes)))
}

/// `HASH␠␠NAME` a line, or `HASH␠*NAME`, as `sha256sum` writes it; what is no such line is about no file of ours.
fn read_sums(text: &str) -> List {
    let line = |line: &str| {
        let (hex, name) = line.split_once(' ')?;
        let name = name.strip_prefix([' ', '*'])?;
        let digest = Digest::parse(&format!("sha256:{}", hex.to_ascii_lowercase())).ok()?;
        Some((name.to_owned(), digest))
    };
    text.lines().filter_map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_are_read_as_sha256sum_writes_them() {
        let [a, b] = [b"a", b"b"].map(|content| Digest::of(content));
        let text = format!("{}  a b.img\n{} *b\r\nno sum  c\n\n{}  \n", a.hex(), b.hex(), a.hex());
        let sums = read_sums(&text);
        assert_eq!((sums.get("a b.img"), sums.get("b")), (Some(&a), Some(&b)));
        assert!(!sums.contains_key("c"));
    }
}
