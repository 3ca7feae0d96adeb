//! The manifests of operators as they are in a release.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::components::Component;
use super::error::Error;
use super::name::ReleaseName;
use super::references::References;
use super::release::BASE;
use super::versions::{self, NoVersion, Versions};
use crate::nightly::images::LayerFile;

/// The file of an operator that is not for the release.
const REFERENCES: &str = "image-references";
/// What a name begins with that has its place in the order of all.
const ORDERED: &str = "0000_";

/// What a release is made of.
#[derive(Debug)]
pub(super) struct Contents<'a> {
    /// The images that belong to it, in the order of their tags.
    pub(super) images: Vec<&'a Component>,
    /// The manifests, by their names in the release.
    pub(super) manifests: BTreeMap<String, Vec<u8>>,
}

/// An operator that brings manifests.
struct Operator<'a> {
    component: &'a Component,
    references: References,
    files: Vec<(&'a LayerFile, &'a str)>,
}

/// What belongs to the release `name` of `components`.
///
/// # Errors
/// When an operator refers to what is not there, or cannot be understood.
pub(super) fn contents<'a>(components: &'a [Component], name: &ReleaseName) -> Result<Contents<'a>, Error> {
    let operators: Vec<_> = components.iter().filter_map(Operator::of).collect::<Result<_, _>>()?;
    let images: BTreeMap<&str, &Component> = components.iter().map(|own| (&*own.tag, own)).collect();
    let versions = Versions::of(components)?;
    let (mut manifests, mut referred) = (BTreeMap::new(), BTreeSet::from([BASE]));
    for operator in &operators {
        operator.check_tags(&images)?;
        referred.extend(operator.references.0.keys().map(|tag| &**tag));
        for (file, text) in &operator.files {
            let made = operator.rewrite((&file.path, text), name, (&images, &versions))?;
            manifests.insert(free_name(&manifests, &operator.component.tag, &file.path), made.into_bytes());
        }
    }
    let belongs = |own: &&Component| own.manifests.is_some() || referred.contains(&*own.tag);
    Ok(Contents { images: components.iter().filter(belongs).collect(), manifests })
}

impl<'a> Operator<'a> {
    fn of(component: &'a Component) -> Option<Result<Self, Error>> {
        let manifests = component.manifests.as_ref()?;
        Some(Self::read(component, manifests))
    }

    fn read(component: &'a Component, manifests: &'a [LayerFile]) -> Result<Self, Error> {
        let text = |file: &'a LayerFile| {
            let no_text =
                |_| Error::NoText { operator: Arc::clone(&component.called), file: file.path.clone() };
            str::from_utf8(&file.bytes).map(|text| (file, text)).map_err(no_text)
        };
        let files: Vec<_> = manifests.iter().map(text).collect::<Result<_, _>>()?;
        let (own, files): (Vec<_>, Vec<_>) = files.into_iter().partition(|(file, _)| file.path == REFERENCES);
        let references = match own.first() {
            Some((_, text)) => References::parse(&component.called, text)?,
            None => References::default(),
        };
        Ok(Self { component, references, files })
    }

    fn check_tags(&self, images: &BTreeMap<&str, &Component>) -> Result<(), Error> {
        match self.references.0.keys().find(|tag| !images.contains_key(&***tag)) {
            None => Ok(()),
            Some(tag) => {
                let operator = Arc::clone(&self.component.called);
                Err(Error::UnknownTag { operator, tag: Arc::clone(tag) })
            }
        }
    }

    fn rewrite(
        &self,
        (file, text): (&str, &str),
        name: &ReleaseName,
        (images, versions): (&BTreeMap<&str, &Component>, &Versions<'_>),
    ) -> Result<String, Error> {
        let text = self.references.replace(text, |tag| images.get(tag).map(|image| &*image.pull_spec));
        let mut near: BTreeSet<&str> = self.references.0.keys().map(|tag| &**tag).collect();
        near.insert(&self.component.tag);
        let made = versions::replace(&text, name, |component| versions.of_component(component, &near));
        made.map_err(|(component, why)| {
            let (operator, file) = (Arc::clone(&self.component.called), file.to_owned());
            match why {
                NoVersion::Unknown => Error::UnknownVersion { operator, file, component },
                NoVersion::Differs(said) => Error::VersionsDiffer { operator, file, component, said },
            }
        })
    }
}

/// What a manifest is called in a release: as it is where it has its place in the order of all, else among those of its operator
/// in the middle; with a number where another one is called so.
fn free_name(taken: &BTreeMap<String, Vec<u8>>, tag: &str, file: &str) -> String {
    let name = if file.starts_with(ORDERED) { file.to_owned() } else { format!("{ORDERED}50_{tag}_{file}") };
    if !taken.contains_key(&name) {
        return name;
    }
    let (stem, extension) = name.rfind('.').map_or((&*name, ""), |at| name.split_at(at));
    let numbered = (2_u64..).map(|number| format!("{stem}_{number}{extension}"));
    let mut free = numbered.filter(|name| !taken.contains_key(name));
    free.next().unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    const REFERS_TO_CLI: &str =
        "kind: ImageStream\nspec: {tags: [{name: cli, from: {kind: DockerImage, name: quay.io/o/cli}}]}";

    fn component(tag: &str, files: Option<&[(&str, &str)]>) -> Component {
        let file =
            |(path, text): &(&str, &str)| LayerFile { path: (*path).to_owned(), bytes: (*text).into() };
        Component {
            tag: tag.into(),
            called: format!("`{tag}`").into(),
            pull_spec: format!("quay.io/r@sha256:{tag}").into(),
            labels: BTreeMap::new(),
            manifests: files.map(|files| files.iter().map(file).collect()),
        }
    }

    fn name() -> ReleaseName {
        ReleaseName::parse("4.19.0-rc.1").unwrap()
    }

    #[test]
    fn manifests_are_named_by_their_operator_and_numbered_where_two_are_alike() {
        let components = [
            component("a", Some(&[("0000_10_x.yaml", "1"), ("b.yaml", "2"), ("plain", "3")])),
            component("b", Some(&[("0000_10_x.yaml", "4"), ("b.yaml", "5")])),
            component("c", Some(&[("0000_10_x.yaml", "6"), ("0000_10_x_2.yaml", "7")])),
        ];
        let made = contents(&components, &name()).unwrap();
        let texts: Vec<_> = made
            .manifests
            .iter()
            .map(|(name, bytes)| (name.as_str(), str::from_utf8(bytes).unwrap()))
            .collect();
        assert_eq!(
            texts,
            [
                ("0000_10_x.yaml", "1"),
                ("0000_10_x_2.yaml", "4"),
                ("0000_10_x_2_2.yaml", "7"),
                ("0000_10_x_3.yaml", "6"),
                ("0000_50_a_b.yaml", "2"),
                ("0000_50_a_plain", "3"),
                ("0000_50_b_b.yaml", "5"),
            ]
        );
    }

    #[test]
    fn images_that_nobody_refers_to_are_left_out_but_for_operators_and_the_base() {
        let components = [
            component("cli", None),
            component("cluster-version-operator", None),
            component(
                "op",
                Some(&[("image-references", REFERS_TO_CLI), ("a.yaml", "image: quay.io/o/cli:v1")]),
            ),
            component("unused", None),
        ];
        let made = contents(&components, &name()).unwrap();
        let tags: Vec<_> = made.images.iter().map(|image| &*image.tag).collect();
        assert_eq!(tags, ["cli", "cluster-version-operator", "op"]);
        assert_eq!(made.manifests["0000_50_op_a.yaml"], b"image: quay.io/r@sha256:cli");
        assert_eq!(made.manifests.len(), 1, "the references themselves are not in it");
    }

    #[test]
    fn a_source_of_one_operator_says_nothing_to_another() {
        let components = [
            component("cli", None),
            component("one", Some(&[("image-references", REFERS_TO_CLI)])),
            component("two", Some(&[("a.yaml", "quay.io/o/cli 0.0.1-snapshot")])),
        ];
        let made = contents(&components, &name()).unwrap();
        assert_eq!(made.manifests["0000_50_two_a.yaml"], b"quay.io/o/cli 4.19.0-rc.1");
    }

    #[test]
    fn a_tag_that_the_payload_lacks_and_an_unknown_version_name_the_operator() {
        let components = [component("op", Some(&[("image-references", REFERS_TO_CLI)]))];
        let error = contents(&components, &name()).unwrap_err().to_string();
        assert!(error.contains("`op`") && error.contains("`cli`"), "{error}");

        let components = [component("op", Some(&[("a.yaml", "0.0.1-snapshot-kubernetes")]))];
        let error = contents(&components, &name()).unwrap_err().to_string();
        assert!(error.contains("`op`") && error.contains("manifests/a.yaml"), "{error}");
        assert!(error.contains("`kubernetes`"), "{error}");
    }
}
