//! Where each tag of a version points, in each of the places.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use crate::error::advised;
use crate::model::{Digest, ImageRef, Tag, Version};
use crate::publish::catalog::Record;
use crate::publish::journal::{Folders, Story};
use crate::publish::names::Numbered;
use crate::publish::protocol::Means;
use crate::publish::{Fault, Number, ReleaseVersion, presence, source};

/// A tag, and what it is in the two registries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TagStanding {
    /// The tag.
    pub tag: Tag,
    /// In the upload registry; none: absent.
    pub upload: Option<Digest>,
    /// In the public registry; none: absent.
    pub public: Option<Digest>,
}

/// How a version stands.
#[derive(Debug)]
pub struct Standing {
    /// The version.
    pub version: ReleaseVersion,
    /// `VERSION`, `VERSION-rhcc`, then the unique tags from the highest number down.
    pub tags: Vec<TagStanding>,
    /// What the catalog says of the image that customers get, a line for each platform.
    pub catalog: Vec<String>,
    /// What is wrong.
    pub problems: Vec<String>,
    /// What should be known.
    pub notes: Vec<String>,
}

/// How `only`, or each version of the project that was ever published, stands.
///
/// # Errors
/// When a registry does not tell.
pub async fn status(means: &Means, only: Option<&ReleaseVersion>) -> Result<Vec<Standing>, Fault> {
    let tags = presence::tags(&means.site.writer(), &means.site.upload).await?;
    let versions: BTreeSet<ReleaseVersion> = match only {
        Some(version) => BTreeSet::from([version.clone()]),
        None => tags.iter().filter_map(|tag| ReleaseVersion::parse(tag.as_str()).ok()).collect(),
    };
    let mut standings = Vec::new();
    for version in versions {
        standings.push(standing(means, version, &tags).await?);
    }
    Ok(standings)
}

async fn standing(means: &Means, version: ReleaseVersion, tags: &[Tag]) -> Result<Standing, Fault> {
    let site = &means.site;
    let kept = match &means.state_dir {
        Some(state_dir) => Folders::new(state_dir).numbers(&site.upload, &version)?,
        None => Vec::new(),
    };
    let floating = version.floating()?;
    let unique = unique_tags(&version, tags)?;
    let mut all = Vec::new();
    for tag in floating.iter().chain(unique.values().rev()) {
        let upload = presence::presence(&site.writer(), &site.uploaded(tag)).await?;
        let public = presence::presence(&site.visitor, &site.published(tag)).await?;
        all.push(TagStanding { tag: tag.clone(), upload, public });
    }
    let catalog = catalog(means, all.first().and_then(|tag| tag.public.as_ref())).await;
    let mut standing = Standing { version, tags: all, catalog, problems: Vec::new(), notes: Vec::new() };
    standing.judge(&kept);
    Ok(standing)
}

/// The unique tags, by their numbers.
fn unique_tags(version: &ReleaseVersion, tags: &[Tag]) -> Result<BTreeMap<Number, Tag>, Fault> {
    let mut unique = BTreeMap::new();
    for tag in tags {
        if let Some(Numbered::Number(number)) = version.number_in(tag) {
            unique.insert(number, version.unique(number)?);
        }
    }
    Ok(unique)
}

/// What the catalog says of the image that customers get. It need not be there.
async fn catalog(means: &Means, public: Option<&Digest>) -> Vec<String> {
    let (Some(catalog), Some(digest)) = (&means.catalog, public) else { return Vec::new() };
    let image = ImageRef::new(means.site.public.clone(), Version::Digest(digest.clone()));
    let image = match source::read_public(&means.site.visitor, &image).await {
        Ok(Some(image)) => image,
        Ok(None) => return Vec::new(),
        Err(fault) => return vec![format!("not known: {}", advised(&fault))],
    };
    let mut lines = Vec::new();
    for child in &image.children {
        let said = match catalog.records(&child.manifest.digest).await {
            Ok(records) if records.is_empty() => "does not know it".to_owned(),
            Ok(records) => {
                let published =
                    if records.iter().any(Record::is_published) { "published" } else { "not published" };
                let tags: BTreeSet<&str> = records.iter().flat_map(|record| record.tags()).collect();
                format!("{published}, tags: {}", Vec::from_iter(tags).join(", "))
            }
            Err(error) => format!("not known: {}", advised(&error)),
        };
        lines.push(format!("{}: {said}", child.platform));
    }
    lines
}

impl Standing {
    fn judge(&mut self, kept: &[(Number, Story)]) {
        let [plain, rhcc] = [0, 1].map(|at| self.tags.get(at).cloned());
        if let (Some(plain), Some(rhcc)) = (&plain, &rhcc) {
            if plain.public != rhcc.public {
                let (a, b) = (shown(plain.public.as_ref()), shown(rhcc.public.as_ref()));
                self.problems.push(format!("{} and {} differ in public: {a} and {b}", plain.tag, rhcc.tag));
            }
            for tag in
                [plain, rhcc].into_iter().filter(|tag| tag.upload.is_some() && tag.upload != tag.public)
            {
                let (upload, public) = (shown(tag.upload.as_ref()), shown(tag.public.as_ref()));
                self.problems
                    .push(format!("{} is {upload} where it is uploaded, and {public} in public", tag.tag));
            }
        }
        let unique: Vec<TagStanding> = self.tags.iter().skip(2).cloned().collect();
        self.judge_highest(plain.as_ref(), &unique);
        self.judge_unique(&unique, kept);
    }

    /// Customers should get the last image that is public.
    fn judge_highest(&mut self, plain: Option<&TagStanding>, unique: &[TagStanding]) {
        let highest = unique.iter().find(|tag| tag.public.is_some() && tag.public == tag.upload);
        if let (Some(plain), Some(highest)) = (plain, highest)
            && plain.public != highest.public
        {
            let served = shown(plain.public.as_ref());
            self.problems.push(format!(
                "{} is {served} in public, and not {}, which is {}",
                plain.tag,
                highest.tag,
                shown(highest.public.as_ref())
            ));
        }
    }

    fn judge_unique(&mut self, unique: &[TagStanding], kept: &[(Number, Story)]) {
        let mut seen: BTreeMap<&Digest, &Tag> = BTreeMap::new();
        for tag in unique {
            let Some(upload) = &tag.upload else { continue };
            if let Some(other) = seen.insert(upload, &tag.tag) {
                self.problems.push(format!("{} and {other} are one image: {upload}", tag.tag));
            }
            let story = kept.iter().find_map(|(number, story)| {
                let own = self.version.unique(*number).ok()?;
                (own == tag.tag).then_some(story)
            });
            let is_burned = story.is_some_and(Story::has_failed);
            match &tag.public {
                Some(public) if public == upload => {}
                Some(public) => {
                    self.problems.push(format!(
                        "{} is {upload} where it is uploaded, and {public} in public",
                        tag.tag
                    ));
                }
                None if is_burned => self.notes.push(format!("{} did not pass, and is used up", tag.tag)),
                None if story.is_some_and(|story| !story.is_done) => {
                    self.notes
                        .push(format!("{} is not public yet: `publish resume` goes on with it", tag.tag));
                }
                None => self.problems.push(format!("{} cannot be pulled from the public registry", tag.tag)),
            }
        }
    }
}

fn shown(digest: Option<&Digest>) -> String {
    digest.map_or_else(|| "absent".to_owned(), ToString::to_string)
}

/// A table, then what is wrong.
impl fmt::Display for Standing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.version)?;
        let width = self.tags.iter().map(|tag| tag.tag.as_str().len()).max().unwrap_or_default();
        for TagStanding { tag, upload, public } in &self.tags {
            let upload_text = shown(upload.as_ref());
            let public_text = if upload == public {
                "the same in public".to_owned()
            } else {
                format!("in public {}", shown(public.as_ref()))
            };
            writeln!(f, "  {:width$}  {upload_text}  {public_text}", tag.as_str())?;
        }
        for line in &self.catalog {
            writeln!(f, "  catalog: {line}")?;
        }
        for problem in &self.problems {
            writeln!(f, "  wrong: {problem}")?;
        }
        for note in &self.notes {
            writeln!(f, "  note: {note}")?;
        }
        Ok(())
    }
}
