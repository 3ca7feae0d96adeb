//! Strikes secrets out of what the program wrote.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use secrecy::ExposeSecret as _;
use serde::Deserialize;

use super::check::Check;
use crate::reading;
use crate::redact::Echo;

/// What the program was told and nobody else may read, in the forms in which it may have written it.
pub(super) struct Secrets(Echo);

#[derive(Deserialize)]
struct DockerConfig {
    #[serde(default)]
    auths: BTreeMap<String, Entry>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Entry {
    auth: Option<String>,
    password: Option<String>,
    identitytoken: Option<String>,
}

impl Entry {
    fn secrets(self) -> Vec<String> {
        let mut all: Vec<String> = [self.password, self.identitytoken].into_iter().flatten().collect();
        if let Some(auth) = self.auth {
            let login = STANDARD.decode(&auth).ok().and_then(|login| String::from_utf8(login).ok());
            if let Some((_, password)) = login.as_deref().and_then(|login| login.split_once(':')) {
                all.push(password.to_owned());
            }
            all.push(auth);
        }
        all
    }
}

impl Secrets {
    /// The token and the logins that `check` hands to the program.
    pub(super) fn of(check: &Check) -> io::Result<Self> {
        let config = reading::plain(&check.docker_config)?;
        // What the parser says may quote the file.
        let config: DockerConfig =
            serde_json::from_slice(&config).map_err(|_| io::Error::other("it is no docker config"))?;
        let mut secrets: Vec<String> = config.auths.into_values().flat_map(Entry::secrets).collect();
        if let Some(project) = &check.project {
            secrets.push(project.api_token.expose_secret().to_owned());
        }
        Ok(Self::new(secrets))
    }

    fn new(secrets: Vec<String>) -> Self {
        let forms = secrets.into_iter().flat_map(|secret| [in_json(&secret), in_json_of_go(&secret), secret]);
        Self(Echo::of(forms))
    }

    /// `text` without them.
    pub(super) fn strike(&self, text: &str) -> String {
        self.0.strike(text)
    }

    /// Strikes them out of every file in `folder` and below. A link is not followed. A file without any stays as it is.
    pub(super) fn scrub(&self, folder: &Path) -> io::Result<()> {
        for entry in fs::read_dir(folder)? {
            let (kind, path) = entry.and_then(|entry| Ok((entry.file_type()?, entry.path())))?;
            if kind.is_dir() {
                self.scrub(&path)?;
            } else if kind.is_file() {
                self.scrub_file(&path)?;
            }
        }
        Ok(())
    }

    fn scrub_file(&self, path: &Path) -> io::Result<()> {
        let bytes = fs::read(path)?;
        let text = String::from_utf8_lossy(&bytes);
        let struck = self.strike(&text);
        if struck == text { Ok(()) } else { fs::write(path, struck) }
    }
}

/// As it stands within a string of JSON.
fn in_json(secret: &str) -> String {
    let quoted = serde_json::Value::from(secret).to_string();
    quoted[1..quoted.len() - 1].to_owned()
}

/// So it is written by programs in Go.
fn in_json_of_go(secret: &str) -> String {
    in_json(secret).replace('<', "\\u003c").replace('>', "\\u003e").replace('&', "\\u0026")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_struck_out_of_every_file_in_every_form() {
        let secret = "p\"w<&/é+1234";
        let secrets = Secrets::new(vec![secret.to_owned()]);
        let folder = tempfile::tempdir().unwrap();
        let below = folder.path().join("a/b");
        fs::create_dir_all(&below).unwrap();
        let forms = [
            secret.to_owned(),
            STANDARD.encode(secret),
            url::form_urlencoded::byte_serialize(secret.as_bytes()).collect(),
            in_json(secret),
            in_json_of_go(secret),
        ];
        fs::write(below.join("log"), forms.join("\n")).unwrap();
        fs::write(folder.path().join("binary"), [b"\xff\xfe".as_slice(), secret.as_bytes()].concat())
            .unwrap();
        fs::write(folder.path().join("clean"), b"\xff\xfe").unwrap();
        secrets.scrub(folder.path()).unwrap();
        assert_eq!(fs::read_to_string(below.join("log")).unwrap(), ["***"; 5].join("\n"));
        assert!(fs::read(folder.path().join("binary")).unwrap().ends_with(b"***"));
        assert_eq!(fs::read(folder.path().join("clean")).unwrap(), b"\xff\xfe");
    }

    #[test]
    fn what_a_link_leads_to_is_none_of_ours() {
        let (folder, outside) = (tempfile::tempdir().unwrap(), tempfile::NamedTempFile::new().unwrap());
        fs::write(outside.path(), "s3cr3t").unwrap();
        std::os::unix::fs::symlink(outside.path(), folder.path().join("link")).unwrap();
        Secrets::new(vec!["s3cr3t".to_owned()]).scrub(folder.path()).unwrap();
        assert_eq!(fs::read_to_string(outside.path()).unwrap(), "s3cr3t");
    }

    #[test]
    fn the_password_of_a_login_is_a_secret_and_its_user_is_none() {
        let entry = Entry { auth: Some(STANDARD.encode("robot:s3cr3t")), ..Entry::default() };
        assert_eq!(entry.secrets(), ["s3cr3t".to_owned(), STANDARD.encode("robot:s3cr3t")]);
    }
}
