//! A stream and the server that its files are on; destinations to mirror it to.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use bytes::Bytes;
use image_mirror::model::Digest;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::image::random_bytes;
use crate::support::{FakeBucket, FileServer, Ran, Run};

/// The build, unless a test says otherwise.
pub(crate) const RELEASE: &str = "9.6.20250121-0";
/// Where the two files of [`World::of_two`] are listed.
pub(crate) const QEMU: &str = "x86_64/qemu/qcow2.gz/disk";
pub(crate) const KERNEL: &str = "x86_64/metal/pxe/kernel";
/// Where files of the build are with the layout `build`.
pub(crate) const FOLDER: &str = "x86_64/dependencies/rhcos/4.16/9.6.20250121-0";
/// What mirrored addresses begin with.
pub(crate) const URL: &str = "https://mirror.example.com/pub";

/// A file that the stream lists.
#[derive(Debug, Clone)]
pub(crate) struct Listed {
    /// `x86_64/qemu/qcow2.gz/disk`
    pub(crate) place: String,
    pub(crate) release: String,
    pub(crate) location: String,
    pub(crate) sha256: Digest,
    pub(crate) uncompressed: Option<Digest>,
    pub(crate) is_signed: bool,
}

pub(crate) struct World {
    pub(crate) server: FileServer,
    pub(crate) name: String,
    pub(crate) release: String,
    pub(crate) modified: String,
    pub(crate) listed: Vec<Listed>,
    /// `images.kubevirt` by architecture.
    pub(crate) containers: BTreeMap<String, Value>,
    folder: TempDir,
}

impl World {
    /// Nothing is listed yet.
    pub(crate) async fn new() -> Self {
        Self {
            server: FileServer::start().await,
            name: "rhcos-4.16".to_owned(),
            release: RELEASE.to_owned(),
            modified: "2026-01-01T00:00:00Z".to_owned(),
            listed: Vec::new(),
            containers: BTreeMap::new(),
            folder: tempfile::tempdir().unwrap(),
        }
    }

    /// [`QEMU`] and [`KERNEL`] are listed.
    pub(crate) async fn of_two() -> Self {
        let mut world = Self::new().await;
        world.list(QEMU, random_bytes(60_000, 1));
        world.list(KERNEL, random_bytes(20_000, 2));
        world
    }

    /// The same server and destination, and another build, where nothing is listed yet.
    pub(crate) fn next_build(&mut self, release: &str) {
        self.release = release.to_owned();
        self.listed.clear();
    }

    /// Lists a file, and serves it.
    pub(crate) fn list(&mut self, place: &str, content: impl Into<Bytes>) -> &mut Listed {
        let path = self.path(place);
        self.list_at(place, &path, content)
    }

    /// As [`World::list`], at this path of the server.
    pub(crate) fn list_at(&mut self, place: &str, path: &str, content: impl Into<Bytes>) -> &mut Listed {
        let content = content.into();
        let sha256 = Digest::of(&content);
        self.server.put(path, content);
        self.listed.push(Listed {
            place: place.to_owned(),
            release: self.release.clone(),
            location: self.server.url(path).to_string(),
            sha256,
            uncompressed: None,
            is_signed: false,
        });
        self.listed.last_mut().unwrap()
    }

    /// Where the server has what is listed there.
    pub(crate) fn path(&self, place: &str) -> String {
        let arch = place.split('/').next().unwrap();
        format!("/art/storage/prod/streams/rhel-9.6/builds/{}/{arch}/{}", self.release, self.file(place))
    }

    /// How the file is called that is listed there.
    pub(crate) fn file(&self, place: &str) -> String {
        let mut names = place.split('/');
        let mut next = || names.next().unwrap();
        let (arch, artifact, format, kind) = (next(), next(), next(), next());
        match (format, kind) {
            ("pxe", "rootfs") => format!("rhcos-{}-live-rootfs.{arch}.img", self.release),
            ("pxe", kind) => format!("rhcos-{}-live-{kind}.{arch}", self.release),
            ("iso", _) => format!("rhcos-{}-live-iso.{arch}.iso", self.release),
            _ => format!("rhcos-{}-{artifact}.{arch}.{format}", self.release),
        }
    }

    /// Signs everything that is listed.
    pub(crate) fn sign_all(&mut self) {
        for at in 0..self.listed.len() {
            self.listed[at].is_signed = true;
            let place = self.listed[at].place.clone();
            self.server.put(&format!("{}.sig", self.path(&place)), format!("signature of {place}"));
        }
    }

    /// The stream file.
    pub(crate) fn json(&self) -> String {
        let mut architectures = json!({});
        for listed in &self.listed {
            let names: Vec<&str> = listed.place.split('/').collect();
            let artifact = &mut architectures[names[0]]["artifacts"][names[1]];
            artifact["release"] = listed.release.clone().into();
            let mut file = json!({"location": listed.location, "sha256": listed.sha256.hex()});
            if listed.is_signed {
                file["signature"] = format!("{}.sig", listed.location).into();
            }
            if let Some(digest) = &listed.uncompressed {
                file["uncompressed-sha256"] = digest.hex().into();
            }
            artifact["formats"][names[2]][names[3]] = file;
        }
        for (arch, container) in &self.containers {
            architectures[arch]["images"]["kubevirt"] = container.clone();
        }
        let metadata = json!({"last-modified": self.modified, "generator": "a test"});
        let stream = json!({"stream": self.name, "metadata": metadata, "architectures": architectures});
        format!("{}\n", serde_json::to_string_pretty(&stream).unwrap())
    }

    /// The root of the destination.
    pub(crate) fn dest(&self) -> PathBuf {
        self.folder.path().join("mirror")
    }

    /// What lies there.
    pub(crate) fn at(&self, key: &str) -> PathBuf {
        self.dest().join(key)
    }

    pub(crate) fn read(&self, key: &str) -> String {
        let path = self.at(key);
        fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }

    /// `stream mirror` to [`World::dest`] with the layout `build`.
    pub(crate) fn mirror(&self, words: &[&str]) -> Run {
        self.command(&["mirror"], words).args(["--ocp", "4.16"])
    }

    /// A command of `stream` that reads the stream and writes to [`World::dest`].
    pub(crate) fn command(&self, command: &[&str], words: &[&str]) -> Run {
        let dest = self.dest().display().to_string();
        self.to(command, &dest).args(words)
    }

    /// As [`World::command`], to another destination.
    pub(crate) fn to(&self, command: &[&str], dest: &str) -> Run {
        let run = Run::new(["stream"]).args(command).file("stream.json", self.json());
        run.args(["--src", "stream.json", "--dest", dest])
    }

    /// `stream mirror` to a bucket, at its root.
    pub(crate) fn to_bucket(&self, bucket: &FakeBucket, words: &[&str]) -> Run {
        let run = self.to(&["mirror"], "s3://boot-images").args(["--ocp", "4.16"]).args(words);
        with_login(run, bucket)
    }

    /// Everything that lies in the destination, our own folder too, and by what anybody would see that it was touched.
    pub(crate) fn footprints(&self) -> BTreeMap<PathBuf, (u64, i64, i64)> {
        let mut found = BTreeMap::new();
        walk(&self.dest(), &mut |path, metadata| {
            found.insert(path.to_owned(), (metadata.ino(), metadata.mtime(), metadata.mtime_nsec()));
        });
        found
    }

    /// The keys of all files that readers see, sorted.
    pub(crate) fn keys(&self) -> Vec<String> {
        let (root, mut keys) = (self.dest(), Vec::new());
        walk(&root, &mut |path, metadata| {
            let key = path.strip_prefix(&root).unwrap().display().to_string();
            if !metadata.is_dir() && !key.starts_with(".image-mirror") {
                keys.push(key);
            }
        });
        keys.sort();
        keys
    }

    /// What is kept of files that are not whole.
    pub(crate) fn partials(&self) -> Vec<PathBuf> {
        let mut found = Vec::new();
        walk(&self.at(".image-mirror/partials"), &mut |path, metadata| {
            if metadata.is_file() {
                found.push(path.to_owned());
            }
        });
        found
    }

    /// What is kept of the file that is listed there.
    pub(crate) fn partial(&self, place: &str) -> PathBuf {
        let listed = self.listed.iter().find(|listed| listed.place == place).unwrap();
        self.at(".image-mirror/partials").join(listed.sha256.hex())
    }
}

/// The login of a bucket.
pub(crate) fn with_login(run: Run, bucket: &FakeBucket) -> Run {
    bucket.options().into_iter().fold(run, |run, (name, value)| run.env(name, value))
}

fn walk(folder: &Path, seen: &mut impl FnMut(&Path, &fs::Metadata)) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries {
        let path = entry.unwrap().path();
        let metadata = fs::symlink_metadata(&path).unwrap();
        seen(&path, &metadata);
        if metadata.is_dir() {
            walk(&path, seen);
        }
    }
}

pub(crate) fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

/// The row of what is listed there; there must be one.
#[track_caller]
pub(crate) fn row(ran: &Ran, place: &str) -> Value {
    let rows = rows(ran, place);
    assert_eq!(rows.len(), 1, "{place}\n{ran}");
    rows[0].clone()
}

/// The rows of what is listed there, one a destination.
pub(crate) fn rows(ran: &Ran, place: &str) -> Vec<Value> {
    ran.rows().into_iter().filter(|row| row["origin"]["artifact"] == place).collect()
}

/// All outcomes of artifacts, in the order of their places.
pub(crate) fn outcomes(ran: &Ran) -> Vec<String> {
    let mut rows = ran.rows();
    rows.retain(|row| row["origin"]["artifact"].is_string());
    rows.sort_by_key(|row| row["origin"]["artifact"].to_string());
    rows.iter().map(|row| row["outcome"].as_str().unwrap().to_owned()).collect()
}
