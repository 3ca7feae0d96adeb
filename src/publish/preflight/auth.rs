//! The login that the program gets: a docker config with one entry, since it may send all of that file out.

use std::fs::Permissions;
use std::io::{self, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use secrecy::ExposeSecret as _;
use serde_json::json;
use tempfile::TempDir;

use crate::redact::Secret;

/// A new folder that nobody else can look into. It is deleted when dropped.
///
/// # Errors
/// When it cannot be made.
pub fn private_folder() -> io::Result<TempDir> {
    tempfile::Builder::new().prefix("publish-").permissions(Permissions::from_mode(0o700)).tempdir()
}

/// Writes a docker config with one login into `folder`, which should be a [`private_folder`]: for `place`, a registry or one
/// of its repositories (`quay.io/org/name`). Only we can read it. Each call makes a file of its own.
///
/// # Errors
/// When it cannot be written.
pub fn auth_file(folder: &Path, place: &str, user: &str, password: &Secret) -> io::Result<PathBuf> {
    let auth = STANDARD.encode(format!("{user}:{}", password.expose_secret()));
    let config = json!({ "auths": { place: { "auth": auth } } });
    // Those are 0600.
    let mut file = tempfile::Builder::new().prefix("auth-").suffix(".json").tempfile_in(folder)?;
    file.write_all(config.to_string().as_bytes())?;
    Ok(file.into_temp_path().keep()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_login_is_alone_in_a_file_that_only_we_can_read() {
        // 19.44
        let folder = private_folder().unwrap();
        let place = "quay.io/org/p";
        let path = auth_file(folder.path(), place, "org+p-robot", &"s3cr3t".to_owned().into()).unwrap();
        let config: serde_json::Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        assert_eq!(config, json!({ "auths": { place: { "auth": STANDARD.encode("org+p-robot:s3cr3t") } } }));
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&path), mode(folder.path())), (0o600, 0o700));
    }
}
