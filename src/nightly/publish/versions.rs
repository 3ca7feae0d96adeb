//! Versions of what is in images, and the place holders for them in manifests.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::components::Component;
use super::error::Error;
use super::name::ReleaseName;

/// Stands for a version until a release is made: for the release's own, or with `-NAME` behind it for that of a component.
pub(super) const SNAPSHOT: &str = "0.0.1-snapshot";
/// The label by which an image says what it has: `kubernetes=1.29.3,machine-os=416.94.1-0`.
pub(super) const LABEL: &str = "io.openshift.build.versions";
/// It is in many images, built at different times; only what users get counts.
const KUBECTL: &str = "kubectl";
/// The images that users get it from.
const WITH_KUBECTL: [&str; 2] = ["cli", "cli-artifacts"];

/// Which images say which versions: by component, by the tag of the image.
#[derive(Debug, Default)]
pub(super) struct Versions<'a>(BTreeMap<&'a str, BTreeMap<&'a str, String>>);

/// Why a component has no version.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum NoVersion {
    /// No image says it.
    Unknown,
    /// Images say different things: who says what.
    Differs(String),
}

impl<'a> Versions<'a> {
    /// What the labels of `components` say.
    ///
    /// # Errors
    /// When a label is not of its form.
    pub(super) fn of(components: &'a [Component]) -> Result<Self, Error> {
        let mut versions = Self::default();
        for component in components {
            let Some(label) = component.labels.get(LABEL) else { continue };
            for said in label.split(',').map(str::trim).filter(|said| !said.is_empty()) {
                let (name, version) = read(said).map_err(|why| Error::Versions {
                    image: Arc::clone(&component.called),
                    label: label.clone(),
                    why,
                })?;
                versions.0.entry(name).or_default().insert(&component.tag, version);
            }
        }
        Ok(versions)
    }

    /// The version of `component`: as those of its images that are `near` say, else as all say.
    pub(super) fn of_component(&self, component: &str, near: &BTreeSet<&str>) -> Result<&str, NoVersion> {
        let said = self.0.get(component).ok_or(NoVersion::Unknown)?;
        let picked = |pick: &dyn Fn(&str) -> bool| -> Vec<(&str, &str)> {
            said.iter().map(|(tag, version)| (*tag, version.as_str())).filter(|(tag, _)| pick(tag)).collect()
        };
        let is_right = |tag: &str| component != KUBECTL || WITH_KUBECTL.contains(&tag);
        let choices =
            [picked(&|tag| near.contains(tag) && is_right(tag)), picked(&is_right), picked(&|_| true)];
        let counts = choices.iter().find(|picked| !picked.is_empty()).ok_or(NoVersion::Unknown)?;
        match counts.iter().map(|(_, version)| *version).collect::<BTreeSet<_>>() {
            one if one.len() == 1 => one.into_iter().next().ok_or(NoVersion::Unknown),
            _ => {
                let lines = counts.iter().map(|(tag, version)| format!("`{tag}` {version}"));
                Err(NoVersion::Differs(lines.collect::<Vec<_>>().join(", ")))
            }
        }
    }
}

/// `name=1.2.3`; what is behind a `+` does not count.
fn read(said: &str) -> Result<(&str, String), &'static str> {
    let (name, version) = said.split_once('=').ok_or("a `=` is missing")?;
    let (name, version) = (name.trim_end(), version.trim_start());
    if name.is_empty() || !name.chars().all(is_in_name) {
        return Err("a name has other characters than `a` to `z`, digits and `-`");
    }
    if version.contains(SNAPSHOT) {
        return Err("it was built without a version");
    }
    let version = semver::Version::parse(version).map_err(|_| "a version is no semantic version")?;
    Ok((name, semver::Version { build: semver::BuildMetadata::EMPTY, ..version }.to_string()))
}

fn is_in_name(letter: char) -> bool {
    letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '-'
}

/// `text` with the versions that its place holders stand for; none of them is left.
///
/// # Errors
/// The first component that has no version, and why.
pub(super) fn replace<'v>(
    text: &str,
    release: &ReleaseName,
    version: impl Fn(&str) -> Result<&'v str, NoVersion>,
) -> Result<String, (String, NoVersion)> {
    let mut parts = text.split(SNAPSHOT);
    let mut made = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let Some(rest) = part.strip_prefix('-') else {
            made.push_str(release.as_str());
            made.push_str(part);
            continue;
        };
        let length = rest.find(|letter| !is_in_name(letter)).unwrap_or(rest.len());
        let (component, rest) = rest.split_at(length);
        made.push_str(version(component).map_err(|why| (component.to_owned(), why))?);
        made.push_str(rest);
    }
    Ok(made)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn component(tag: &str, label: &str) -> Component {
        Component {
            tag: tag.into(),
            called: format!("`{tag}`").into(),
            pull_spec: "x".into(),
            labels: BTreeMap::from([(LABEL.to_owned(), label.to_owned())]),
            manifests: None,
        }
    }

    #[test]
    fn place_holders_become_the_release_or_the_version_of_a_component() {
        let components = [component("hyperkube", "kubernetes=1.29.3+abc, machine-os=416.94.20240101-0")];
        let versions = Versions::of(&components).unwrap();
        let name = ReleaseName::parse("4.19.0-rc.1").unwrap();
        let replaced =
            |text: &str| replace(text, &name, |component| versions.of_component(component, &BTreeSet::new()));
        for (text, expected) in [
            ("v: 0.0.1-snapshot", "v: 4.19.0-rc.1"),
            ("v0.0.1-snapshot\"", "v4.19.0-rc.1\""),
            ("[0.0.1-snapshot-kubernetes, 0.0.1-snapshot]", "[1.29.3, 4.19.0-rc.1]"),
            ("0.0.1-snapshot-machine-os", "416.94.20240101-0"),
            ("0.0.1", "0.0.1"),
        ] {
            assert_eq!(replaced(text).unwrap(), expected);
        }
        assert_eq!(replaced("0.0.1-snapshot-nothing"), Err(("nothing".to_owned(), NoVersion::Unknown)));
        assert_eq!(replaced("0.0.1-snapshot-"), Err((String::new(), NoVersion::Unknown)));
    }

    #[test]
    fn images_that_an_operator_names_say_it_first_and_contradictions_are_told() {
        let components = [component("a", "x=1.0.0"), component("b", "x=2.0.0"), component("c", "x=2.0.0")];
        let versions = Versions::of(&components).unwrap();
        let of = |near: &[&'static str]| versions.of_component("x", &near.iter().copied().collect());
        assert_eq!(of(&["a"]), Ok("1.0.0"));
        assert_eq!(of(&["b", "c"]), Ok("2.0.0"));
        let differs = NoVersion::Differs("`a` 1.0.0, `b` 2.0.0, `c` 2.0.0".to_owned());
        assert_eq!(of(&[]), Err(differs));
    }

    #[test]
    fn kubectl_is_what_the_image_cli_has() {
        let components = [component("cli", "kubectl=1.30.1"), component("tools", "kubectl=1.29.0")];
        let versions = Versions::of(&components).unwrap();
        assert_eq!(versions.of_component("kubectl", &BTreeSet::from(["tools"])), Ok("1.30.1"));
        let versions = Versions::of(&components[1..]).unwrap();
        assert_eq!(versions.of_component("kubectl", &BTreeSet::new()), Ok("1.29.0"));
    }

    #[test]
    fn a_label_of_another_form_is_told_with_its_image() {
        for label in ["x", "x=1", "X=1.0.0", "=1.0.0", "x=0.0.1-snapshot", "x=1.0.0,y"] {
            let components = [component("a", label)];
            let error = Versions::of(&components).unwrap_err().to_string();
            assert!(error.contains("`a`") && error.contains(label), "{error}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_place_holder_is_left_of_any_text(text in "(0[.]0[.]1-snapshot|0[.]|-|x|A|kubernetes|é| ){0,9}") {
            let name = ReleaseName::parse("4.19.0-rc.1").unwrap();
            let version = |component: &str| match component {
                "kubernetes" => Ok("1.29.3"),
                _ => Err(NoVersion::Unknown),
            };
            if let Ok(made) = replace(&text, &name, version) {
                proptest::prop_assert!(!made.contains(SNAPSHOT), "{text} became {made}");
                proptest::prop_assert_eq!(made == text, !text.contains(SNAPSHOT));
            }
        }
    }
}
