//! Installs a version of the program, by its digest. Nothing else ever fetches one.

use std::fs::{File, Permissions};
use std::io::{self, Read as _, Seek as _, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;
use url::Url;

use super::error::local;
use crate::error::{Failure, Stage};
use crate::model::{Digest, Hasher};
use crate::publish::Fault;
use crate::registry::{self, Client, FileStream, Frame, Start};

/// Where the project puts its releases.
const RELEASES: &str = "https://github.com/redhat-openshift-ecosystem/openshift-preflight/releases/download/";

/// Go's name of the architecture that we run on.
const ARCHITECTURE: &str = if cfg!(target_arch = "x86_64") {
    "amd64"
} else if cfg!(target_arch = "aarch64") {
    "arm64"
} else if cfg!(target_arch = "powerpc64") {
    "ppc64le"
} else {
    "s390x"
};

/// What is to be installed.
#[derive(Debug, Clone)]
pub struct Install {
    /// Where it is downloaded.
    pub url: Url,
    /// What it must be.
    pub sha256: Digest,
    /// Where it goes, in the place of what is there.
    pub to: PathBuf,
}

/// Where the project puts `version`, built for this machine.
///
/// # Errors
/// [`Fault::Unsuitable`] when it cannot be a version.
pub fn url_of(version: &str) -> Result<Url, Fault> {
    let url = semver::Version::parse(version)
        .ok()
        .and_then(|version| format!("{RELEASES}{version}/preflight-linux-{ARCHITECTURE}").parse().ok());
    url.ok_or_else(|| {
        Fault::unsuitable(
            format!("`{}` is no version of preflight", crate::redact::visible(version)),
            "name one as `1.14.0`: `image-mirror publish preflight supported` lists those that the catalog accepts",
        )
    })
}

/// Reads a SHA-256 in hex.
///
/// # Errors
/// [`Fault::Unsuitable`] when it is none.
pub fn sha256_of(hex: &str) -> Result<Digest, Fault> {
    Digest::parse(&format!("sha256:{}", hex.to_ascii_lowercase())).map_err(|_| {
        Fault::unsuitable(
            format!("`{}` is no SHA-256", crate::redact::visible(hex)),
            "give the 64 hex digits that the release, or `sha256sum` of a file that is trusted, says",
        )
    })
}

/// Downloads the program and puts it where it belongs, executable, once it is known to be what it must be. Until then nothing is
/// changed there, and nothing is left of a download that fails. What is there already is not downloaded again.
///
/// # Errors
/// [`Fault::Untold`] when it does not come, or cannot be stored; of the class [`Corrupt`](crate::error::Class::Corrupt) when other
/// bytes come.
pub async fn install(client: &Client, install: &Install) -> Result<(), Fault> {
    let Install { url, sha256, to } = install;
    if is_installed(to, sha256) {
        return Ok(());
    }
    let cannot = || local(format!("write {}", to.display()));
    let folder = to.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut file = tempfile::Builder::new().prefix(".preflight-").tempfile_in(folder).map_err(cannot())?;
    let mut stream = client.download(url, Start::default()).await.map_err(untold)?;
    let found = store(&mut stream, &mut file, to).await?;
    if found != *sha256 {
        return Err(untold(stream.differs(sha256, found)));
    }
    let file = finish(file).map_err(cannot())?;
    file.persist(to).map_err(|error| cannot()(error.error))
}

/// Whether it is there, and can be run. What cannot be read is to be replaced.
fn is_installed(to: &Path, sha256: &Digest) -> bool {
    let found = || -> io::Result<Digest> {
        let mut file = File::open(to)?;
        if file.metadata()?.permissions().mode() & 0o111 == 0 {
            return Err(io::ErrorKind::PermissionDenied.into());
        }
        let (mut hasher, mut buffer) = (Hasher::sha256(), vec![0; 1 << 16]);
        loop {
            match file.read(&mut buffer)? {
                0 => return Ok(hasher.finish()),
                length => hasher.update(buffer.get(..length).unwrap_or_default()),
            }
        }
    };
    found().is_ok_and(|found| found == *sha256)
}

/// What came, hashed on its way.
async fn store(stream: &mut FileStream, file: &mut NamedTempFile, to: &Path) -> Result<Digest, Fault> {
    let cannot = || local(format!("write a file beside {}", to.display()));
    let mut hasher = Hasher::sha256();
    while let Some(frame) = stream.next().await.map_err(untold)? {
        match frame {
            Frame::Bytes(bytes) => {
                hasher.update(&bytes);
                file.write_all(&bytes).map_err(cannot())?;
            }
            Frame::Anew => {
                hasher = Hasher::sha256();
                file.as_file().set_len(0).and_then(|()| file.rewind()).map_err(cannot())?;
            }
        }
    }
    Ok(hasher.finish())
}

/// Closed, since a file that is open for writing cannot be run.
fn finish(file: NamedTempFile) -> io::Result<tempfile::TempPath> {
    file.as_file().set_permissions(Permissions::from_mode(0o755))?;
    file.as_file().sync_all()?;
    Ok(file.into_temp_path())
}

fn untold(error: registry::Error) -> Fault {
    Fault::Untold(Failure::new(Stage::Read, error))
}
