//! Templates of paths: `{arch}/dependencies/rhcos/{ocp}/{release}/{name}`.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use regex::Regex;

use super::super::arch::goarch;
use super::super::document::Place;
use crate::model::{Key, KeyError};

/// Makes a path of what is known of an artifact, and finds out from a path what is not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    text: Arc<str>,
    parts: Vec<Part>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Text(String),
    Value(Placeholder),
}

/// What may stand between braces.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Placeholder {
    /// RPM's name of the architecture.
    Arch,
    /// Go's name of it.
    GoArch,
    /// `-` and RPM's name of it; for `x86_64` nothing.
    ArchSuffix,
    /// The version of OpenShift, as `4.16`.
    Ocp,
    /// What the stream calls itself.
    Stream,
    /// The build.
    Release,
    /// The platform.
    Artifact,
    /// The format.
    Format,
    /// The kind.
    Kind,
    /// The name of the file.
    Name,
}

/// What placeholders stand for.
#[derive(Debug, Clone, Copy)]
pub struct Values<'a> {
    /// Where the artifact is listed.
    pub place: &'a Place,
    /// What the stream calls itself.
    pub stream: &'a str,
    /// The version of OpenShift.
    pub ocp: Option<&'a str>,
    /// The build.
    pub release: Option<&'a str>,
    /// The name of the file.
    pub name: Option<&'a str>,
}

/// What a path says of a file, where it was not known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The version of OpenShift.
    pub ocp: Option<String>,
    /// The build.
    pub release: Option<String>,
    /// The name of the file.
    pub name: Option<String>,
}

/// A text that is no template.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TemplateError {
    /// Something else between braces, or a brace alone.
    #[error("`{0}` has a brace that is not of {known}", known = Placeholder::known())]
    Placeholder(String),
    /// Every file would be under one name.
    #[error("`{0}` is the name of no layout, and a template has at least one of {known}", known = Placeholder::known())]
    Constant(String),
    /// It could make no path.
    #[error("this can be the path of no file")]
    Path(#[source] KeyError),
}

/// Why a template makes no path of some values.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RenderError {
    /// It needs something that is not known.
    #[error("the layout has `{{{0}}}`, which is not known")]
    Undefined(Placeholder),
    /// A value is no part of a name.
    #[error("the {0} is `{1}`, which cannot be part of a file's name")]
    Value(Placeholder, String),
    /// What it makes is no path.
    #[error("the layout makes no path of it")]
    Key(#[from] KeyError),
}

impl Placeholder {
    const ALL: [Self; 10] = [
        Self::Arch,
        Self::GoArch,
        Self::ArchSuffix,
        Self::Ocp,
        Self::Stream,
        Self::Release,
        Self::Artifact,
        Self::Format,
        Self::Kind,
        Self::Name,
    ];

    /// What stands between the braces.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Arch => "arch",
            Self::GoArch => "goarch",
            Self::ArchSuffix => "arch_suffix",
            Self::Ocp => "ocp",
            Self::Stream => "stream",
            Self::Release => "release",
            Self::Artifact => "artifact",
            Self::Format => "format",
            Self::Kind => "kind",
            Self::Name => "name",
        }
    }

    fn known() -> String {
        Self::ALL.map(|placeholder| format!("`{{{placeholder}}}`")).join(", ")
    }

    /// What a value of it looks like.
    fn pattern(self) -> &'static str {
        if self == Self::Ocp { r"\d+\.\d+" } else { "[^/]+" }
    }
}

impl fmt::Display for Placeholder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

impl Template {
    /// Whether it has `placeholder`.
    #[must_use]
    pub fn has(&self, placeholder: Placeholder) -> bool {
        self.parts.contains(&Part::Value(placeholder))
    }

    /// The path that it makes of `values`.
    ///
    /// # Errors
    /// When a value that it needs is not known, is empty or has a slash, and when the whole is no path of a file.
    pub fn render(&self, values: &Values<'_>) -> Result<Key, RenderError> {
        let mut text = String::new();
        for part in &self.parts {
            match part {
                Part::Text(part) => text.push_str(part),
                Part::Value(placeholder) => {
                    let value = values.of(*placeholder).ok_or(RenderError::Undefined(*placeholder))?;
                    let may_be_empty = *placeholder == Placeholder::ArchSuffix;
                    if value.contains('/') || (value.is_empty() && !may_be_empty) {
                        return Err(RenderError::Value(*placeholder, value));
                    }
                    text.push_str(&value);
                }
            }
        }
        Ok(Key::parse(&text)?)
    }

    /// What `path`, or its end, says that `known` does not; nothing if the template could not have made it.
    #[must_use]
    pub fn read(&self, path: &[String], known: &Values<'_>) -> Option<Found> {
        let end = path.get(path.len().checked_sub(self.names())?..)?.join("/");
        let captures = self.pattern(known)?.captures(&end)?;
        let found = |placeholder: Placeholder, known: Option<&str>| {
            let found = captures.name(placeholder.word()).map(|found| found.as_str());
            known.or(found).map(str::to_owned)
        };
        let found = Found {
            ocp: found(Placeholder::Ocp, known.ocp),
            release: found(Placeholder::Release, known.release),
            name: found(Placeholder::Name, known.name),
        };
        // A value that stands twice in the template must be the same in both places.
        self.render(&found.values(known)).is_ok_and(|key| key.as_str() == end).then_some(found)
    }

    /// Of how many names the paths are.
    fn names(&self) -> usize {
        self.text.split('/').count()
    }

    /// What matches its paths, given what is known.
    fn pattern(&self, known: &Values<'_>) -> Option<Regex> {
        let mut pattern = "(?s)^".to_owned();
        let mut named = Vec::new();
        for part in &self.parts {
            match part {
                Part::Text(text) => pattern.push_str(&regex::escape(text)),
                Part::Value(placeholder) => match known.of(*placeholder) {
                    Some(value) => pattern.push_str(&regex::escape(&value)),
                    None if named.contains(placeholder) => pattern.push_str(placeholder.pattern()),
                    None => {
                        named.push(*placeholder);
                        pattern.push_str(&format!("(?<{placeholder}>{})", placeholder.pattern()));
                    }
                },
            }
        }
        pattern.push('$');
        Regex::new(&pattern).ok()
    }

    /// Checks what it makes at the shortest.
    fn check(self) -> Result<Self, TemplateError> {
        if !self.parts.iter().any(|part| matches!(part, Part::Value(_))) {
            return Err(TemplateError::Constant(self.text.to_string()));
        }
        let letter = |part: &Part| match part {
            Part::Text(text) => text.clone(),
            Part::Value(_) => "x".to_owned(),
        };
        let shortest: String = self.parts.iter().map(letter).collect();
        Key::parse(&shortest).map_err(TemplateError::Path)?;
        Ok(self)
    }
}

impl Values<'_> {
    fn of(&self, placeholder: Placeholder) -> Option<String> {
        let arch = &*self.place.arch;
        Some(match placeholder {
            Placeholder::Arch => arch.to_owned(),
            Placeholder::GoArch => goarch(arch).to_owned(),
            Placeholder::ArchSuffix if arch == "x86_64" => String::new(),
            Placeholder::ArchSuffix => format!("-{arch}"),
            Placeholder::Ocp => self.ocp?.to_owned(),
            Placeholder::Stream => self.stream.to_owned(),
            Placeholder::Release => self.release?.to_owned(),
            Placeholder::Artifact => self.place.artifact.to_string(),
            Placeholder::Format => self.place.format.to_string(),
            Placeholder::Kind => self.place.kind.to_string(),
            Placeholder::Name => self.name?.to_owned(),
        })
    }
}

impl Found {
    /// These, and of `known` what no path can say otherwise.
    #[must_use]
    pub fn values<'a>(&'a self, known: &Values<'a>) -> Values<'a> {
        let (ocp, release, name) = (self.ocp.as_deref(), self.release.as_deref(), self.name.as_deref());
        Values { ocp, release, name, ..*known }
    }
}

impl FromStr for Template {
    type Err = TemplateError;

    fn from_str(text: &str) -> Result<Self, TemplateError> {
        let wrong = || TemplateError::Placeholder(text.to_owned());
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some((before, behind)) = rest.split_once('{') {
            let (word, after) = behind.split_once('}').ok_or_else(wrong)?;
            let known = Placeholder::ALL.into_iter().find(|known| known.word() == word);
            parts.push(Part::Text(before.to_owned()));
            parts.push(Part::Value(known.ok_or_else(wrong)?));
            rest = after;
        }
        parts.push(Part::Text(rest.to_owned()));
        if parts.iter().any(|part| matches!(part, Part::Text(text) if text.contains('}'))) {
            return Err(wrong());
        }
        Self { text: text.into(), parts }.check()
    }
}

impl fmt::Display for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn place(arch: &str) -> Place {
        Place { arch: arch.into(), artifact: "qemu".into(), format: "qcow2.gz".into(), kind: "disk".into() }
    }

    fn values<'a>(place: &'a Place, name: &'a str) -> Values<'a> {
        let release = Some("47.83.202102091015-0");
        Values { place, stream: "rhcos-4.8", ocp: Some("4.7"), release, name: Some(name) }
    }

    fn rendered(template: &str, arch: &str, name: &str) -> Result<String, RenderError> {
        let template: Template = template.parse().unwrap();
        template.render(&values(&place(arch), name)).map(|key| key.to_string())
    }

    #[test]
    fn each_placeholder_stands_for_its_value() {
        let all = "{arch}/{goarch}/x{arch_suffix}/{ocp}/{stream}/{release}/{artifact}.{format}.{kind}/{name}";
        assert_eq!(
            rendered(all, "aarch64", "a b").unwrap(),
            "aarch64/arm64/x-aarch64/4.7/rhcos-4.8/47.83.202102091015-0/qemu.qcow2.gz.disk/a b"
        );
        assert_eq!(rendered("rhcos-{ocp}{arch_suffix}/{name}", "x86_64", "n").unwrap(), "rhcos-4.7/n");
    }

    #[test]
    fn a_text_that_could_make_no_path_is_no_template() {
        for text in ["{nome}", "{name", "name}", "{name}}", "{}", "{{name}}"] {
            assert!(matches!(text.parse::<Template>(), Err(TemplateError::Placeholder(_))), "{text}");
        }
        for text in ["", "biuld", "a/b"] {
            assert!(matches!(text.parse::<Template>(), Err(TemplateError::Constant(_))), "{text}");
        }
        for text in
            ["/{name}", "{name}/", "a//{name}", "../{name}", "./{name}", ".image-mirror/{name}", "a\n{name}"]
        {
            assert!(matches!(text.parse::<Template>(), Err(TemplateError::Path(_))), "{text}");
        }
    }

    // 14.41
    #[test]
    fn a_name_never_leads_out_of_the_root() {
        assert!(matches!(rendered("{name}", "x86_64", ".."), Err(RenderError::Key(_))));
        assert!(matches!(
            rendered("a/{name}", "x86_64", "b/c"),
            Err(RenderError::Value(Placeholder::Name, _))
        ));
        assert!(matches!(rendered("a/{name}", "x86_64", ""), Err(RenderError::Value(Placeholder::Name, _))));
        assert!(matches!(rendered("{name}/x", "x86_64", ".image-mirror"), Err(RenderError::Key(_))));
        for name in ["a\0b", "a\nb", &"x".repeat(256)] {
            assert!(matches!(rendered("a/{name}", "x86_64", name), Err(RenderError::Key(_))), "{name:?}");
        }
        assert_eq!(rendered("a/{name}", "x86_64", "%2e%2e").unwrap(), "a/%2e%2e", "it is decoded already");
    }

    #[test]
    fn what_is_not_known_is_said() {
        let place = place("x86_64");
        let unknown = Values { ocp: None, release: None, ..values(&place, "n") };
        let wrong = |template: &str| template.parse::<Template>().unwrap().render(&unknown).unwrap_err();
        assert_eq!(wrong("{ocp}/{name}"), RenderError::Undefined(Placeholder::Ocp));
        assert_eq!(wrong("{release}/{name}").to_string(), "the layout has `{release}`, which is not known");
    }

    #[test]
    fn a_path_that_the_template_could_not_have_made_says_nothing() {
        let template: Template = "{arch}/rhcos/{ocp}/{release}/{name}".parse().unwrap();
        let place = place("ppc64le");
        let known = Values { ocp: None, name: None, ..values(&place, "") };
        let read =
            |path: &str| template.read(&path.split('/').map(str::to_owned).collect::<Vec<_>>(), &known);
        let found = read("pub/openshift-v4/ppc64le/rhcos/4.7/47.83.202102091015-0/f").unwrap();
        assert_eq!((found.ocp.as_deref(), found.name.as_deref()), (Some("4.7"), Some("f")));
        for other in [
            "s390x/rhcos/4.7/47.83.202102091015-0/f",
            "ppc64le/rhcos/latest/47.83.202102091015-0/f",
            "ppc64le/rhcos/4.7/48.83.202102230316-0/f",
            "ppc64le/rhcos/4.7/47.83.202102091015-0/x/f",
            "f",
        ] {
            assert_eq!(read(other), None, "{other}");
        }
        let twice: Template = "{ocp}/{ocp}/{name}".parse().unwrap();
        let path = |text: &str| text.split('/').map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(twice.read(&path("4.7/4.8/f"), &known), None);
        assert!(twice.read(&path("4.7/4.7/f"), &known).is_some());
    }

    proptest! {
        #[test]
        fn a_rendered_path_gives_its_values_back(
            names in proptest::collection::vec("(x|[.]|é|[+]|[(]|\\{arch\\}|\\{goarch\\}|\\{arch_suffix\\}|\\{kind\\}|\\{stream\\}){0,3}(\\{ocp\\}|\\{release\\}|\\{name\\}|y)[.]?", 1..5),
            before in "([a-z.]{1,3}/){0,2}",
            name in "[a-z. +(\\\\é-]{1,9}",
            ocp in "[1-9]{1,2}[.][0-9]{1,2}",
        ) {
            let text = names.join("/");
            let Ok(template) = text.parse::<Template>() else { return Ok(()) };
            let place = place("s390x");
            let values = Values { ocp: Some(&ocp), ..values(&place, &name) };
            let Ok(key) = template.render(&values) else { return Ok(()) };
            let path: Vec<_> = format!("{before}{key}").split('/').map(str::to_owned).collect();
            let known = Values { ocp: None, release: None, name: None, ..values };
            let found = template.read(&path, &known);
            let told = |placeholder, value: &str| template.has(placeholder).then(|| value.to_owned());
            prop_assert_eq!(found, Some(Found {
                ocp: told(Placeholder::Ocp, &ocp),
                release: told(Placeholder::Release, "47.83.202102091015-0"),
                name: told(Placeholder::Name, &name),
            }));
        }
    }
}
