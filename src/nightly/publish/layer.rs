//! The layer of a release image: the same bytes for the same contents and time.

use std::collections::BTreeMap;
use std::io::{self, Write as _};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use flate2::{Compression, GzBuilder};
use serde_json::{Map, Value, json};
use tar::{EntryType, Header};

use super::components::Component;
use super::manifests::Contents;
use super::release::Release;
use super::versions;
use crate::model::Digest;

/// Where everything is.
const FOLDER: &str = "release-manifests/";
/// The labels of images that whoever reads a release wants to know of them.
const TOLD: [&str; 4] = [
    "io.openshift.build.commit.id",
    "io.openshift.build.commit.ref",
    "io.openshift.build.source-location",
    versions::LABEL,
];
/// For nobody to change; what is in a release is only read.
const FILE_MODE: u32 = 0o444;
const FOLDER_MODE: u32 = 0o755;
/// In the header of gzip: nobody knows which system made it.
const UNKNOWN_SYSTEM: u8 = 255;

/// A time without fractions, in which all that is in an image was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Moment(u64);

impl Moment {
    /// The last second that can be written with four digits for its year.
    const LAST: u64 = 253_402_300_799;

    /// Without fractions; what was before 1970 is 1970.
    pub(super) fn of(time: SystemTime) -> Self {
        Self(time.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs().min(Self::LAST))
    }
}

impl std::fmt::Display for Moment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        humantime::format_rfc3339_seconds(UNIX_EPOCH + Duration::from_secs(self.0)).fmt(f)
    }
}

/// A layer.
#[derive(Debug)]
pub(super) struct Layer {
    /// Its archive, gzipped.
    pub(super) bytes: Vec<u8>,
    /// The digest of the archive as it is before that.
    pub(super) diff_id: Digest,
}

/// The layer of `release`.
///
/// # Errors
/// When a file has a name that no archive can hold.
pub(super) fn layer(release: &Release, contents: &Contents<'_>, made: Moment) -> io::Result<Layer> {
    let (references, metadata) = (references(release, contents, made), metadata(release));
    let mut files: BTreeMap<&str, &[u8]> = BTreeMap::new();
    files.extend(contents.manifests.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice())));
    files.insert("image-references", references.as_bytes());
    files.insert("release-metadata", metadata.as_bytes());
    let archive = archive(&files, made)?;
    let diff_id = Digest::of(&archive);
    let gzip = GzBuilder::new().mtime(0).operating_system(UNKNOWN_SYSTEM);
    let mut gzip = gzip.write(Vec::new(), Compression::default());
    gzip.write_all(&archive)?;
    Ok(Layer { bytes: gzip.finish()?, diff_id })
}

fn archive(files: &BTreeMap<&str, &[u8]>, made: Moment) -> io::Result<Vec<u8>> {
    let mut archive = tar::Builder::new(Vec::new());
    archive.append_data(&mut header(EntryType::Directory, 0, made), FOLDER, io::empty())?;
    for (name, bytes) in files {
        let mut header = header(EntryType::Regular, bytes.len() as u64, made);
        archive.append_data(&mut header, format!("{FOLDER}{name}"), *bytes)?;
    }
    archive.into_inner()
}

fn header(kind: EntryType, size: u64, made: Moment) -> Header {
    let mut header = Header::new_ustar();
    header.set_entry_type(kind);
    header.set_mode(if kind == EntryType::Directory { FOLDER_MODE } else { FILE_MODE });
    header.set_uid(0);
    header.set_gid(0);
    header.set_mtime(made.0);
    header.set_size(size);
    header
}

/// The images of the release, as an ImageStream.
fn references(release: &Release, contents: &Contents<'_>, made: Moment) -> String {
    let tags: Vec<Value> = contents.images.iter().map(|image| tag(image)).collect();
    let stream = json!({
        "kind": "ImageStream",
        "apiVersion": "image.openshift.io/v1",
        "metadata": {
            "name": release.name.as_str(),
            "creationTimestamp": made.to_string(),
            "annotations": {"release.openshift.io/from-image-stream": release.stream.to_string()},
        },
        "spec": {"lookupPolicy": {"local": false}, "tags": tags},
    });
    format!("{stream:#}")
}

fn tag(image: &Component) -> Value {
    let label = |name: &str| Some((name.to_owned(), image.labels.get(name)?.as_str().into()));
    let annotations: Map<String, Value> = TOLD.into_iter().filter_map(label).collect();
    json!({
        "name": *image.tag,
        "annotations": annotations,
        "from": {"kind": "DockerImage", "name": *image.pull_spec},
    })
}

/// What the update service reads.
fn metadata(release: &Release) -> String {
    let architecture = release.architecture.as_deref();
    let metadata: Map<String, Value> = architecture
        .map(|arch| ("release.openshift.io/architecture".to_owned(), arch.into()))
        .into_iter()
        .collect();
    let metadata = json!({
        "kind": "cincinnati-metadata-v0",
        "version": release.name.as_str(),
        "previous": [],
        "metadata": metadata,
    });
    format!("{metadata:#}")
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::*;
    use crate::model::Reference;
    use crate::model::{ImageRef, Version};
    use crate::nightly::StreamName;
    use crate::nightly::publish::ReleaseName;

    fn release() -> Release {
        let repository = Reference::parse("quay.io/o/release").unwrap().repository;
        let name = ReleaseName::parse("4.19.0-rc.1").unwrap();
        Release {
            target: ImageRef::new(repository, Version::Tag(name.tag().clone())),
            name,
            architecture: None,
            stream: StreamName { namespace: "ocp".into(), name: "4.19-art-latest".into() },
            base: None,
            members: BTreeMap::new(),
            created: None,
            may_move: false,
        }
    }

    fn contents() -> Contents<'static> {
        let long = format!("0000_50_{}.yaml", "x".repeat(120));
        let manifests =
            BTreeMap::from([("0000_10_a.yaml".to_owned(), b"a".to_vec()), (long, b"long".to_vec())]);
        Contents { images: Vec::new(), manifests }
    }

    #[test]
    fn the_archive_is_sorted_and_says_nothing_of_who_made_it_when() {
        let made = Moment::of(UNIX_EPOCH + Duration::from_millis(1_700_000_000_900));
        assert_eq!(made.to_string(), "2023-11-14T22:13:20Z");
        let layer = layer(&release(), &contents(), made).unwrap();
        assert_eq!(&layer.bytes[4..8], [0; 4], "the time in the header of gzip");
        assert_eq!(layer.bytes[9], 255, "the system in the header of gzip");
        let mut archive = Vec::new();
        flate2::read::GzDecoder::new(&*layer.bytes).read_to_end(&mut archive).unwrap();
        assert_eq!(Digest::of(&archive), layer.diff_id);

        let mut names = Vec::new();
        for entry in tar::Archive::new(&*archive).entries().unwrap() {
            let entry = entry.unwrap();
            let header = entry.header();
            let owner = (header.uid().unwrap(), header.gid().unwrap(), header.mtime().unwrap());
            assert_eq!(owner, (0, 0, 1_700_000_000));
            names.push(entry.path().unwrap().display().to_string());
        }
        let mut sorted = names.clone();
        sorted.sort();
        assert_eq!(names, sorted);
        assert_eq!(names.len(), 5, "{names:?}");
        assert!(names[2].ends_with("xxx.yaml") && names[2].len() > 140, "{names:?}");
    }

    #[test]
    fn what_no_calendar_writes_is_the_nearest_that_one_does() {
        assert_eq!(Moment::of(UNIX_EPOCH - Duration::from_secs(9)).to_string(), "1970-01-01T00:00:00Z");
        let far = Moment::of(UNIX_EPOCH + Duration::from_secs(1 << 40));
        assert_eq!(far.to_string(), "9999-12-31T23:59:59Z");
    }
}
