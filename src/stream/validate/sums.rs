//! The lists of sums beside the files: each is read once, however many files it lists.

use std::collections::{BTreeSet, HashMap};

use futures_util::StreamExt as _;
use url::Url;

use super::verdict::{Unmirrored, Verdict};
use super::{Validation, missing_statuses};
use crate::registry::Client;
use crate::stream::document::File;
use crate::stream::source::LARGEST_SUMS;
use crate::stream::sums::{SUMS, Sums};

/// The lists of all directories that matter.
#[derive(Debug, Default)]
pub(super) struct Lists(HashMap<Url, Result<Sums, Verdict>>);

impl Lists {
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
        match list.get(&file.name) {
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
    location.join(SUMS).ok()
}

async fn read_list(client: &Client, url: &Url, missing: &[u16]) -> Result<Sums, Verdict> {
    let read = client.read_file(url, LARGEST_SUMS).await;
    let bytes = read.map_err(|error| Verdict::of(error, "the sha256sum.txt beside it", missing))?;
    Sums::parse(&String::from_utf8_lossy(&bytes)).map_err(|error| Unmirrored::List(error).into())
}
