//! Where everything belongs, and what the stream file says of it.

use std::path::Path;
use std::time::SystemTime;

use super::input::{Input, file};
use super::refused::NothingAttempted;
use crate::cli::settings::{Placing, Rewritten};
use crate::stream::document::Change;
use crate::stream::location::Base;
use crate::stream::origins::Origins;
use crate::stream::plan::{KeyAliases, LayoutSettings, Plan, plan};
use crate::stream::rewrite::{PrefixMap, To, Touch, Unselected};

/// The plans of what is selected, and of what is rewritten.
#[derive(Debug)]
pub(super) struct Placed {
    /// What is to be in the destination.
    pub(super) wanted: Plan,
    /// What the stream file speaks of, where that is more.
    all: Option<Plan>,
    base: Option<Base>,
    maps: Vec<PrefixMap>,
}

/// Finds the key of everything. `root` is where the destination begins on the server.
pub(super) fn place(
    input: &Input,
    placing: &Placing,
    rewritten: &Rewritten,
    root: &str,
) -> Result<Placed, NothingAttempted> {
    let settings = settings(placing, root)?;
    let maps = maps(rewritten)?;
    let stream = input.document.stream();
    let wanted = plan(stream, &input.selected, &settings).map_err(NothingAttempted::Findings)?;
    let base = rewritten.url.as_ref().map(|url| Base::parse(url.as_str())).transpose()?;
    let all = if rewritten.is_of_all && base.is_some() {
        let every: Vec<usize> = (0..stream.artifacts.len()).collect();
        Some(plan(stream, &every, &settings).map_err(NothingAttempted::Findings)?)
    } else {
        None
    };
    Ok(Placed { wanted, all, base, maps })
}

/// As [`place`], for a stream file that is only rewritten: where addresses begin in another way, and that is all, no layout
/// matters.
pub(super) fn named(
    input: &Input,
    placing: &Placing,
    rewritten: &Rewritten,
) -> Result<Placed, NothingAttempted> {
    if rewritten.url.is_some() {
        return place(input, placing, rewritten, "");
    }
    Ok(Placed { wanted: Plan::default(), all: None, base: None, maps: maps(rewritten)? })
}

fn maps(rewritten: &Rewritten) -> Result<Vec<PrefixMap>, NothingAttempted> {
    let map = |(old, new): &(url::Url, url::Url)| {
        Ok(PrefixMap { old: Base::parse(old.as_str())?, new: Base::parse(new.as_str())? })
    };
    rewritten.maps.iter().map(map).collect()
}

/// The layout, with the names that the server serves folders by.
pub(super) fn settings(placing: &Placing, root: &str) -> Result<LayoutSettings, NothingAttempted> {
    let mut settings = placing.settings.clone();
    if placing.is_mirror_openshift {
        settings.key_aliases = KeyAliases::mirror_openshift_com(root)?;
    }
    Ok(settings)
}

impl Placed {
    /// Takes what was rewritten already from where it was before. Files of this machine are fine only where that was said:
    /// a signature has no digest, so that whatever it is would be published.
    pub(super) fn fetch_from(
        &mut self,
        origins: &Origins,
        allow_files: bool,
    ) -> Result<(), NothingAttempted> {
        for wanted in &mut self.wanted.files {
            let Some(origin) = origins.get(&wanted.source, &wanted.sha256) else { continue };
            let mut before = std::iter::once(&origin.origin).chain(&origin.signature);
            if let Some(file) = before.find(|url| url.scheme() == "file" && !allow_files) {
                return Err(NothingAttempted::Usage(format!(
                    "the map of origins says that {} comes from {file}, a file of this machine: that is read only with \
                     `--allow-file`",
                    wanted.source
                )));
            }
            wanted.source = origin.origin.clone();
            if let (Some((url, _)), Some(before)) = (&mut wanted.signature, &origin.signature) {
                *url = before.clone();
            }
        }
        Ok(())
    }

    /// Where the stream file is to say that files are; none: nobody asked.
    pub(super) fn to(&self) -> Option<To<'_>> {
        match &self.base {
            Some(base) => Some(To::Layout { base, plan: self.all.as_ref().unwrap_or(&self.wanted) }),
            None if self.maps.is_empty() => None,
            None => Some(To::Prefixes(&self.maps)),
        }
    }
}

/// What becomes of the artifacts that were not selected.
pub(super) fn unselected(rewritten: &Rewritten) -> Unselected {
    match (rewritten.drop_unselected, rewritten.is_of_all) {
        (true, _) => Unselected::Dropped,
        (false, true) => Unselected::Rewritten,
        (false, false) => Unselected::Kept,
    }
}

/// What the stream file says of its change.
pub(super) fn touch(rewritten: &Rewritten, at: SystemTime) -> Option<Touch> {
    rewritten.touch.then(|| Touch {
        last_modified: humantime::format_rfc3339_seconds(rewritten.date.unwrap_or(at)).to_string(),
        generator: concat!("image-mirror ", env!("CARGO_PKG_VERSION")).to_owned(),
    })
}

/// The map of origins at `path`, with what `changes` add to it.
pub(super) fn origins(path: &Path, input: &Input, changes: &[Change]) -> Result<String, NothingAttempted> {
    let new = Origins::of(input.document.stream(), changes).map_err(NothingAttempted::Findings)?;
    let old = if path.exists() { Some(known_origins(path)?) } else { None };
    Ok(old.unwrap_or_default().merged(new).render())
}

/// The map of origins at `path`.
pub(super) fn known_origins(path: &Path) -> Result<Origins, NothingAttempted> {
    Ok(Origins::parse(&path.display().to_string(), &file(path)?)?)
}
