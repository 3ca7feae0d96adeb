//! What is installed in RHCOS, of architectures of which the payload file does not say it: layered images have it in a file
//! of their last layer.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures_util::FutureExt as _;
use serde::Deserialize;
use serde_json::Value;

use super::Extent;
use super::error::{FactError, Unread};
use super::reader::{Reader, each};
use super::rhcos::Part;
use crate::error::{Failure, Stage};
use crate::model::ImageRef;
use crate::nightly::arch::Arch;
use crate::nightly::images::{self, Image};
use crate::nightly::inspected::Inspected;
use crate::nightly::names::by_digest;
use crate::nightly::payload::RhcosRpm;
use crate::registry::Client;

/// What `rhel-coreos` and its like have.
const INSTALLED: &str = "usr/share/openshift/base/meta.json";
/// What the extensions have.
const EXTENSIONS: &str = "usr/share/rpm-ostree/extensions.json";
/// The layers that have these files hold little else; a larger one is not read for them.
const LARGEST_LAYER: u64 = 64 << 20;
/// Layers that are read at a time.
const AT_A_TIME: usize = 4;

/// Adds the packages of each architecture all of whose images tell theirs.
pub(super) async fn inspect(
    reader: &Reader<'_>,
    extent: Extent<'_>,
    known: &BTreeMap<Arch, Vec<(&Part<'_>, Arc<Image>)>>,
    (inspected, failures): (&mut Inspected, &mut Vec<Unread>),
) {
    let given = &extent.payload.rhcos.rpms;
    for arch in extent.arches {
        if let Some(rpms) = given.get(arch) {
            inspected.rhcos_rpms.insert(*arch, rpms.clone());
        }
    }
    let asked = known.iter().filter(|(arch, _)| !given.contains_key(arch));
    let asked: Vec<_> = asked.flat_map(|(_, parts)| parts).filter(|(part, _)| has_packages(part)).collect();
    let reads = asked.iter().enumerate().map(|(place, (part, image))| {
        let (client, stream) = (reader.client.clone(), Arc::clone(&part.container.name));
        let image = Arc::clone(image);
        async move { (place, read(&client, &stream, &image).await) }.boxed()
    });
    let mut reads = each(reads.collect(), AT_A_TIME, reader.stop).await;
    reads.sort_by_key(|(place, _)| *place);

    let mut lists: BTreeMap<Arch, Option<Vec<RhcosRpm>>> = BTreeMap::new();
    for (place, read) in reads {
        let part = asked[place].0;
        match read {
            Ok(rpms) => add(lists.entry(part.arch).or_insert_with(|| Some(Vec::new())), rpms),
            Err(failure) => failures.push(part.unread(extent, failure)),
        }
    }
    let whole = lists.into_iter().filter_map(|(arch, rpms)| Some((arch, rpms?)));
    inspected.rhcos_rpms.extend(whole);
}

/// Half of what is installed could hide what differs: a list is whole or it is none.
fn add(list: &mut Option<Vec<RhcosRpm>>, rpms: Option<Vec<RhcosRpm>>) {
    *list = match (list.take(), rpms) {
        (Some(mut all), Some(rpms)) => {
            all.extend(rpms);
            Some(all)
        }
        _ => None,
    };
}

fn has_packages(part: &Part<'_>) -> bool {
    part.container.name.starts_with("rhel-coreos")
}

/// The packages of one image; none: it does not tell.
async fn read(client: &Client, stream: &Arc<str>, image: &Image) -> Result<Option<Vec<RhcosRpm>>, Failure> {
    let Some(layer) = image.layers.last().filter(|layer| layer.size <= LARGEST_LAYER) else {
        return Ok(None);
    };
    let wanted: fn(&str) -> bool =
        if stream.ends_with("-extensions") { |path| path == EXTENSIONS } else { |path| path == INSTALLED };
    let files = images::layer_files(client, &image.repository, layer, wanted).await;
    let mut files = files.map_err(|error| Failure::new(Stage::Resolve, error))?;
    let Some(file) = files.pop() else { return Ok(None) };
    let rpms = if file.path == EXTENSIONS {
        extensions(stream, &file.bytes)
    } else {
        installed(stream, &file.bytes)
    };
    rpms.map(Some).map_err(|cause| {
        let image: ImageRef = by_digest(&image.repository, &image.manifest.digest);
        Failure::new(Stage::Resolve, FactError::File { image, path: file.path.as_str().into(), cause })
    })
}

/// `meta.json`: lists of name, epoch, version, release and architecture.
fn installed(stream: &Arc<str>, bytes: &[u8]) -> Result<Vec<RhcosRpm>, serde_json::Error> {
    #[derive(Deserialize)]
    struct Meta {
        #[serde(rename = "rpmdb.pkglist")]
        packages: Vec<[Value; 5]>,
    }
    let Meta { packages } = serde_json::from_slice(bytes)?;
    let rpm = |package: [Value; 5]| {
        let [name, epoch, version, release, arch] = package.map(text);
        RhcosRpm { name, epoch, version, release, arch, stream: Arc::clone(stream) }
    };
    Ok(packages.into_iter().map(rpm).collect())
}

/// Epochs are written as text and as numbers.
fn text(value: Value) -> Arc<str> {
    match value {
        Value::String(text) => text.into(),
        Value::Null => "".into(),
        other => other.to_string().into(),
    }
}

/// `extensions.json`: by name `[EPOCH:]VERSION-RELEASE.ARCH`; what has no `-` is no package.
fn extensions(stream: &Arc<str>, bytes: &[u8]) -> Result<Vec<RhcosRpm>, serde_json::Error> {
    let packages: BTreeMap<String, Value> = serde_json::from_slice(bytes)?;
    let rpm = |(name, written): (String, Value)| {
        let written = written.as_str()?;
        let (epoch, rest) = written.split_once(':').unwrap_or(("", written));
        let (version, rest) = rest.split_once('-')?;
        let (release, arch) = rest.rsplit_once('.')?;
        let [name, epoch, version, release, arch] =
            [name.as_str(), epoch, version, release, arch].map(Arc::from);
        Some(RhcosRpm { name, epoch, version, release, arch, stream: Arc::clone(stream) })
    };
    Ok(packages.into_iter().filter_map(rpm).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(rpms: &[RhcosRpm]) -> Vec<String> {
        let shown = |rpm: &RhcosRpm| {
            format!("{}|{}|{}|{}|{}|{}", rpm.name, rpm.epoch, rpm.version, rpm.release, rpm.arch, rpm.stream)
        };
        rpms.iter().map(shown).collect()
    }

    #[test]
    fn installed_packages_are_read_with_epochs_of_either_kind() {
        let bytes = br#"{"x": 1, "rpmdb.pkglist": [["bash", 0, "5.1", "9.el9", "x86_64"], ["ssl", "1", "3.0", "2.el9", "x86_64"]]}"#;
        let rpms = installed(&"rhel-coreos".into(), bytes).unwrap();
        assert_eq!(
            shown(&rpms),
            ["bash|0|5.1|9.el9|x86_64|rhel-coreos", "ssl|1|3.0|2.el9|x86_64|rhel-coreos"]
        );
        assert!(installed(&"rhel-coreos".into(), b"{}").is_err(), "a file without a list is no empty list");
    }

    #[test]
    fn extensions_are_read_with_and_without_an_epoch_and_other_entries_left_out() {
        let bytes =
            br#"{"kernel-rt-core": "5.14.0-427.1.el9.x86_64", "ssl": "1:3.0-2.el9.noarch", "odd": "3.0"}"#;
        let rpms = extensions(&"rhel-coreos-extensions".into(), bytes).unwrap();
        let expected = [
            "kernel-rt-core||5.14.0|427.1.el9|x86_64|rhel-coreos-extensions",
            "ssl|1|3.0|2.el9|noarch|rhel-coreos-extensions",
        ];
        assert_eq!(shown(&rpms), expected);
    }

    #[test]
    fn a_list_with_a_gap_is_none() {
        let mut list = Some(Vec::new());
        add(&mut list, Some(Vec::new()));
        assert!(list.is_some());
        add(&mut list, None);
        add(&mut list, Some(Vec::new()));
        assert!(list.is_none());
    }
}
