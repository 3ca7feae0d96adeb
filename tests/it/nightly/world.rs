//! Payloads made up for tests: builds with real digests, and the file that names them.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use image_mirror::nightly::Arch;
use serde_json::json;

use super::payloads::layer;
use crate::support::image::ImageBuilder;
use crate::support::{Image, Index};

/// Where builds are.
pub(super) const BUILDS: &str = "art/images";
/// Where RHCOS is.
pub(super) const RHCOS: &str = "rhcos/images";
/// The order of architectures in the files.
pub(super) const ARCHES: [Arch; 4] = [Arch::X86_64, Arch::S390x, Arch::Ppc64le, Arch::Aarch64];

/// A build: an index of an image for each architecture.
#[derive(Debug, Clone)]
pub(super) struct Build {
    pub(super) nvr: String,
    pub(super) index: Image,
    pub(super) images: BTreeMap<Arch, Image>,
}

/// An image of a payload.
#[derive(Debug, Clone)]
pub(super) struct Member {
    pub(super) name: String,
    /// None: all.
    pub(super) arches: Option<Vec<Arch>>,
    pub(super) build: Option<Build>,
    pub(super) public_build: Option<Build>,
}

/// A payload.
#[derive(Debug, Clone)]
pub(super) struct Payload {
    pub(super) arches: Vec<Arch>,
    pub(super) members: Vec<Member>,
    pub(super) rhcos: BTreeMap<Arch, Image>,
    /// Lines of the file under `assembly`.
    pub(super) assembly: String,
    /// Where images are from: a name, a repository and a commit.
    pub(super) sources: Vec<(String, String, String)>,
    /// Lines at the end of the file.
    pub(super) more: String,
}

/// How a build is made.
#[derive(Debug, Clone, Copy)]
pub(super) enum Flag {
    Public,
    Embargoed,
}

/// A build of `name` for `arches`; equal for equal arguments, and different from all others.
pub(super) fn build(name: &str, number: u32, flag: Flag, arches: &[Arch]) -> Build {
    made(name, number, flag, arches, false)
}

/// The same of an operator: its manifests say which build it is.
pub(super) fn operator_build(name: &str, number: u32, flag: Flag) -> Build {
    made(name, number, flag, &ARCHES, true)
}

fn made(name: &str, number: u32, flag: Flag, arches: &[Arch], is_operator: bool) -> Build {
    let flag = match flag {
        Flag::Public => "p2",
        Flag::Embargoed => "p3",
    };
    let (component, release) =
        (format!("{name}-container"), format!("20260101{number:04}.{flag}.gabc1234.assembly.stream.el9"));
    let nvr = format!("{component}-v4.19.0-{release}");
    let mut labels = json!({
        "com.redhat.component": component, "version": "v4.19.0", "release": release,
    });
    let manifest = format!("manifests/0000_20_{name}.yaml");
    let manifests = is_operator.then(|| layer(&[(&*manifest, &*nvr)]));
    if is_operator {
        labels["io.openshift.release.operator"] = "true".into();
    }
    let of = |arch: &Arch| (*arch, image(&nvr, *arch, &labels, manifests.as_deref()));
    let images: BTreeMap<Arch, Image> = arches.iter().map(of).collect();
    let index = images.values().fold(Index::oci(), Index::child).build();
    Build { nvr, index, images }
}

fn image(nvr: &str, arch: Arch, labels: &serde_json::Value, last: Option<&[u8]>) -> Image {
    let seed =
        nvr.bytes().fold(arch as u64 + 1, |seed, byte| seed.wrapping_mul(31).wrapping_add(byte.into()));
    let config = json!({
        "created": "2026-01-01T00:00:00Z", "os": "linux", "architecture": arch.go(),
        "config": {"Labels": labels},
        "rootfs": {"type": "layers", "diff_ids": []}, "history": [],
    });
    let image = Image::oci().platform(&format!("linux/{}", arch.go())).config(config.to_string());
    // Of the layers one is everyone's, and one its own.
    let image = image.layer_of(4096, 1).layer_of(512, seed);
    last.into_iter().fold(image, ImageBuilder::layer).build()
}

/// An image of a payload with a public build for `arches` (none: all).
pub(super) fn member(name: &str, number: u32, arches: Option<&[Arch]>) -> Member {
    let of = arches.unwrap_or(&ARCHES);
    Member {
        name: name.to_owned(),
        arches: arches.map(<[Arch]>::to_vec),
        build: Some(build(name, number, Flag::Public, of)),
        public_build: None,
    }
}

/// The same with an embargoed build, and the public one before it.
pub(super) fn embargoed(name: &str, number: u32, arches: Option<&[Arch]>) -> Member {
    let member = member(name, number, arches);
    let newer = build(name, number + 1000, Flag::Embargoed, arches.unwrap_or(&ARCHES));
    Member { build: Some(newer), public_build: member.build, ..member }
}

/// An operator with a public build for all architectures.
pub(super) fn operator(name: &str, number: u32) -> Member {
    let build = operator_build(name, number, Flag::Public);
    Member { name: name.to_owned(), arches: None, build: Some(build), public_build: None }
}

/// The same with an embargoed build, and the public one before it.
pub(super) fn embargoed_operator(name: &str, number: u32) -> Member {
    let newer = operator_build(name, number + 1000, Flag::Embargoed);
    let Member { build, .. } = operator(name, number);
    Member { name: name.to_owned(), arches: None, build: Some(newer), public_build: build }
}

/// `count` images besides the stand-in: every fifth is embargoed, and every seventh is not for all architectures.
pub(super) fn payload(count: u32) -> Payload {
    let mut members = vec![member("openshift-enterprise-pod", 0, None)];
    for number in 1..=count {
        let arches: Option<&[Arch]> = (number % 7 == 0).then_some(&[Arch::X86_64, Arch::Aarch64]);
        let make = if number % 5 == 0 { embargoed } else { member };
        members.push(make(&format!("image-{number:03}"), number, arches));
    }
    let rhcos = ARCHES.map(|arch| (arch, rhcos(arch)));
    Payload {
        arches: ARCHES.to_vec(),
        members,
        rhcos: rhcos.into(),
        assembly: "  name: stream\n  type: stream\n".to_owned(),
        sources: Vec::new(),
        more: String::new(),
    }
}

/// RHCOS with one package, the same for all architectures.
fn rhcos(arch: Arch) -> Image {
    let packages = json!({"rpmdb.pkglist": [["bash", "0", "5.1.8", "9.el9", arch.brew()]]}).to_string();
    let image = Image::oci().platform(&format!("linux/{}", arch.go()));
    image.layer(layer(&[("usr/share/openshift/base/meta.json", &packages)])).build()
}

impl Payload {
    /// All builds, which belong to [`BUILDS`] under these tags; and the images of RHCOS, to [`RHCOS`].
    pub(super) fn images(&self) -> Vec<(&'static str, String, &Image)> {
        let builds = self.members.iter().flat_map(|member| member.build.iter().chain(&member.public_build));
        let builds = builds.enumerate().map(|(at, build)| (BUILDS, format!("build-{at}"), &build.index));
        let rhcos = self.rhcos.iter().map(|(arch, image)| (RHCOS, arch.brew().to_owned(), image));
        builds.chain(rhcos).collect()
    }

    /// The payload file, with builds at one registry and destinations at another.
    pub(super) fn file(&self, builds: &str, target: &str) -> String {
        let arches = |arches: &[Arch]| arches.iter().map(|arch| arch.brew()).collect::<Vec<_>>().join(", ");
        let mut file = format!(
            "schema: payload/v1\nversion: \"4.19\"\nassembly:\n{}arches: [{}]\nbuild_system: konflux\ndestination:\n  \
             registry: {target}\n  organization: openshift-release-dev\n  repository: ocp-v4.0-art-dev\n  \
             private_repository: ocp-v4.0-art-dev-priv\n  publish_registry: {target}\nimages:\n",
            self.assembly,
            arches(&self.arches),
        );
        for member in &self.members {
            let last = member.name.trim_start_matches("openshift-enterprise-");
            let _ = write!(
                file,
                "- name: {}\n  image_name: openshift/ose-{last}\n  for_payload: true\n",
                member.name
            );
            if let Some(of) = &member.arches {
                let _ = writeln!(file, "  arches: [{}]", arches(of));
            }
            let source = self.sources.iter().find(|(name, ..)| *name == member.name);
            if let Some((_, url, _)) = source {
                let _ = writeln!(file, "  source: {{git_url: \"{url}\"}}");
            }
            for (key, build) in [("build", &member.build), ("public_build", &member.public_build)] {
                let Some(Build { nvr, index, .. }) = build else { continue };
                let _ = write!(
                    file,
                    "  {key}:\n    nvr: {nvr}\n    pullspec: {builds}/{BUILDS}@{}\n",
                    index.digest
                );
                if let Some((.., commit)) = source {
                    let _ = writeln!(file, "    commit: {commit}");
                }
            }
        }
        file += "rhcos:\n  containers:\n  - name: rhel-coreos\n    primary: true\n    images:\n";
        for (arch, image) in &self.rhcos {
            let _ = writeln!(file, "      {arch}: {builds}/{RHCOS}@{}", image.digest);
        }
        file + &self.more
    }
}
