//! Where images come from: `registry.example.com/cb-rhcc/{basename}:{tag}`.

use std::fmt;
use std::str::FromStr;

use crate::model::{ImageRef, Reference, Tag, Version};
use crate::publish::names::ReleaseVersion;

/// What a rebuild is called behind its version, where nobody says how.
const REBUILD: &str = "-rel";
const BASENAME: &str = "basename";
const VERSION: &str = "version";
const TAG: &str = "tag";

/// A reference with places in it: `{basename}` is the last part of the product's public repository, `{version}` the version, and
/// `{tag}` the tag that was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceTemplate {
    text: String,
    parts: Vec<Part>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Text(String),
    Place(&'static str),
}

/// Why a text is no template, or makes no image.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TemplateError {
    /// Something else stands between braces.
    #[error("`{{{0}}}` is no place")]
    Unknown(String),
    /// A brace without its other one.
    #[error("a brace stands alone")]
    Brace,
    /// Every version would be the same image.
    #[error("neither `{{tag}}` nor `{{version}}` is in its tag")]
    Fixed,
    /// What comes of it is no image with a registry and a tag.
    #[error("`{0}`, which comes of it, is no image of a registry with a tag")]
    NoImage(String),
}

impl SourceTemplate {
    /// The image of a version. Without a `tag`, `{tag}` is `VERSION-rel`.
    ///
    /// # Errors
    /// When what comes of it is no image.
    pub fn render(
        &self,
        basename: &str,
        version: &ReleaseVersion,
        tag: Option<&Tag>,
    ) -> Result<ImageRef, TemplateError> {
        let tag = tag.map_or_else(|| format!("{version}{REBUILD}"), ToString::to_string);
        self.filled(basename, version.as_str(), &tag)
    }

    fn filled(&self, basename: &str, version: &str, tag: &str) -> Result<ImageRef, TemplateError> {
        let text: String = self
            .parts
            .iter()
            .map(|part| match part {
                Part::Text(text) => text.as_str(),
                Part::Place(BASENAME) => basename,
                Part::Place(VERSION) => version,
                Part::Place(_) => tag,
            })
            .collect();
        match Reference::parse(&text) {
            Ok(Reference { repository, tag: Some(tag), digest: None, has_host: true }) => {
                Ok(ImageRef::new(repository, Version::Tag(tag)))
            }
            _ => Err(TemplateError::NoImage(text)),
        }
    }
}

impl FromStr for SourceTemplate {
    type Err = TemplateError;

    fn from_str(text: &str) -> Result<Self, TemplateError> {
        let template = Self { text: text.to_owned(), parts: parts(text)? };
        let one = template.filled("a", "1.0.0", "1.0.0-rel")?;
        let other = template.filled("a", "2.0.0", "2.0.0-rel")?;
        if one.version == other.version { Err(TemplateError::Fixed) } else { Ok(template) }
    }
}

impl fmt::Display for SourceTemplate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

fn parts(text: &str) -> Result<Vec<Part>, TemplateError> {
    let (mut parts, mut rest) = (Vec::new(), text);
    while let Some((before, from)) = rest.split_once('{') {
        let (name, after) = from.split_once('}').ok_or(TemplateError::Brace)?;
        let known = [BASENAME, VERSION, TAG].into_iter().find(|known| *known == name);
        parts.push(plain(before)?);
        parts.push(Part::Place(known.ok_or_else(|| TemplateError::Unknown(name.to_owned()))?));
        rest = after;
    }
    parts.push(plain(rest)?);
    Ok(parts)
}

fn plain(text: &str) -> Result<Part, TemplateError> {
    if text.contains('}') { Err(TemplateError::Brace) } else { Ok(Part::Text(text.to_owned())) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rendered(template: &str, tag: Option<&str>) -> String {
        let version = ReleaseVersion::parse("7.6.1").unwrap();
        let tag = tag.map(|tag| Tag::parse(tag).unwrap());
        let template: SourceTemplate = template.parse().unwrap();
        template.render("server", &version, tag.as_ref()).unwrap().to_string()
    }

    #[test]
    fn a_template_becomes_the_image_of_a_version() {
        let template = "registry.example.com/cb-rhcc/{basename}:{tag}";
        assert_eq!(rendered(template, Some("7.6.1-4571")), "registry.example.com/cb-rhcc/server:7.6.1-4571");
        assert_eq!(rendered(template, None), "registry.example.com/cb-rhcc/server:7.6.1-rel");
        assert_eq!(
            rendered("localhost:5000/{basename}/x:v{version}", None),
            "localhost:5000/server/x:v7.6.1"
        );
    }

    #[test]
    fn what_is_no_template_is_told() {
        let digest = "a".repeat(64);
        for (text, expected) in [
            ("quay.io/a/{name}:{tag}", TemplateError::Unknown("name".into())),
            ("quay.io/a/{}:{tag}", TemplateError::Unknown(String::new())),
            ("quay.io/a/{basename:{tag}", TemplateError::Unknown("basename:{tag".into())),
            ("quay.io/a/basename}:{tag}", TemplateError::Brace),
            ("quay.io/a:{tag", TemplateError::Brace),
            ("quay.io/a/{basename}:rel", TemplateError::Fixed),
            ("quay.io/{version}/a:rel", TemplateError::Fixed),
            ("{basename}:{tag}", TemplateError::NoImage("a:1.0.0-rel".into())),
            ("quay.io/a/{basename}", TemplateError::NoImage("quay.io/a/a".into())),
            (
                &format!("quay.io/a:{{tag}}@sha256:{digest}"),
                TemplateError::NoImage(format!("quay.io/a:1.0.0-rel@sha256:{digest}")),
            ),
        ] {
            assert_eq!(SourceTemplate::from_str(text), Err(expected), "{text}");
        }
    }
}
