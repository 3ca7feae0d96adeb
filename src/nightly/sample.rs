//! Payloads made by hand, for tests.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::checks::{CheckInput, Tags};
use super::facts::Reference;
use super::inspected::{ArchImage, Inspected, InspectedBuild, Member};
use super::payload::*;
use super::{Arch, Code, Issue, Permit};
use crate::model::{Digest, Host, ImageRef, Reference as Written, Repository, Version as Which};

/// A stream assembly of 4.19 for two architectures, without images.
pub(super) fn payload() -> Payload {
    let text = include_str!("../../tests/data/nightly/minimal.yaml");
    let text = text.replace("4.20.3", "stream").replace("4.20", "4.19").replace("[amd64]", "[x86_64, s390x]");
    let payload = Payload::read(&"payload.yaml".into(), &text).expect("it holds");
    Payload { images: Vec::new(), ..payload }
}

pub(super) fn permit(code: &str, component: &str) -> Permit {
    let star = |text: &str| text == "*";
    Permit {
        code: (!star(code)).then(|| Code::of_name(code).expect("a code")),
        component: (!star(component)).then(|| component.into()),
        why: Some("it was agreed".into()),
        place: "payload.yaml:7".into(),
    }
}

pub(super) fn issue(code: Code, component: &str) -> Issue {
    Issue { code, component: component.into(), message: format!("{component} is not as it should be") }
}

pub(super) fn image_ref(text: &str) -> ImageRef {
    let Written { repository, tag, digest, .. } = Written::parse(text).expect("a reference");
    let version = digest.map_or_else(|| Which::Tag(tag.expect("a tag")), Which::Digest);
    ImageRef::new(repository, version)
}

pub(super) fn build(nvr: &str) -> Build {
    let nvr = Nvr::parse(nvr).expect("an NVR");
    Build {
        pullspec: image_ref(&format!("quay.io/builds/art@{}", Digest::of(nvr.to_string().as_bytes()))),
        nvr,
        arch_pullspecs: BTreeMap::new(),
        is_embargoed: None,
        is_hermetic: None,
        commit: None,
        packages: None,
        line: 21,
    }
}

pub(super) fn definition(name: &str) -> ImageDefinition {
    ImageDefinition {
        name: name.into(),
        image_name: format!("openshift/ose-{name}").into(),
        payload_tag: None,
        is_for_payload: true,
        is_for_release: true,
        arches: None,
        source: SourceDefinition::default(),
        is_hermetic: false,
        build: None,
        public_build: None,
        line: 20,
    }
}

pub(super) fn inspected_build(build: Build) -> InspectedBuild {
    let repository = Repository { host: Host::new("quay.io"), name: "builds/art".into() };
    let image = |arch: Arch| {
        let digest = Digest::of(format!("{} {arch}", build.nvr).as_bytes());
        let labels = [("com.redhat.component", &build.nvr.name), ("version", &build.nvr.version)];
        let labels = labels.into_iter().chain([("release", &build.nvr.release)]);
        let labels = labels.map(|(name, value)| (name.to_owned(), value.to_string())).collect();
        let image = ImageRef::new(repository.clone(), Which::Digest(digest.clone()));
        ArchImage { image, digest, labels, env: BTreeMap::new() }
    };
    let images = [Arch::X86_64, Arch::S390x].map(|arch| (arch, image(arch))).into();
    let commit = build.commit.clone();
    let list = Some(Digest::of(build.nvr.to_string().as_bytes()));
    InspectedBuild { build: Arc::new(build), repository, list, images, is_embargoed: false, commit }
}

/// A member with a public build, of images for two architectures.
pub(super) fn member(name: &str) -> Member {
    let mut definition = definition(name);
    let nvr = format!("{name}-container-v4.19.0-202501010000.p2.gabc1234.assembly.stream.el9");
    definition.build = Some(build(&nvr));
    let build = definition.build.clone().map(inspected_build);
    Member { definition: Arc::new(definition), build, public_build: None }
}

/// A member that was built from `commit` of `url`.
pub(super) fn built_from(name: &str, url: &str, commit: &str) -> Member {
    let mut member = member(name);
    edit(&mut member, |definition| definition.source.git_url = Some(url.into()));
    edit_build(&mut member, |build| build.commit = (!commit.is_empty()).then(|| commit.into()));
    member
}

pub(super) fn edit(member: &mut Member, change: impl FnOnce(&mut ImageDefinition)) {
    change(Arc::make_mut(&mut member.definition));
}

pub(super) fn edit_build(member: &mut Member, change: impl FnOnce(&mut InspectedBuild)) {
    change(member.build.as_mut().expect("it has a build"));
}

pub(super) fn rpm(name: &str, version: &str, release: &str, stream: &str) -> RhcosRpm {
    let [name, version, release, stream] = [name, version, release, stream].map(Arc::from);
    RhcosRpm { name, epoch: "0".into(), version, release, arch: "x86_64".into(), stream }
}

/// A payload with what is known of it.
pub(super) struct Case {
    pub(super) payload: Payload,
    pub(super) inspected: Inspected,
    pub(super) references: BTreeMap<Arch, Reference>,
}

impl Case {
    /// Each member under its own tag.
    pub(super) fn of(members: impl IntoIterator<Item = Member>) -> Self {
        let members: Vec<_> = members.into_iter().collect();
        let images = members.iter().map(|member| ImageDefinition::clone(&member.definition)).collect();
        let payload = Payload { images, ..payload() };
        let inspected = Inspected { members, ..Inspected::default() };
        Self { payload, inspected, references: BTreeMap::new() }
    }

    /// Runs `check` on it.
    pub(super) fn run<T>(&self, check: impl FnOnce(&CheckInput<'_>) -> T) -> T {
        let tags: Tags = self.payload.arches.iter().map(|arch| (*arch, self.tags())).collect();
        check(&CheckInput {
            payload: &self.payload,
            inspected: &self.inspected,
            arches: &self.payload.arches,
            tags: &tags,
            references: &self.references,
        })
    }

    fn tags(&self) -> BTreeMap<Arc<str>, Arc<str>> {
        let members = self.inspected.members.iter().map(|member| &member.definition);
        let members = members.filter(|definition| definition.is_for_payload);
        members.map(|definition| (definition.tag().into(), Arc::clone(&definition.name))).collect()
    }
}
