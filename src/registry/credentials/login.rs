//! What an entry of a credential file gives: decoding only.

use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use secrecy::ExposeSecret as _;
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::redact::Secret;
use crate::registry::jwt;

const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// By this user name docker and podman mark a password that is an identity token.
const IDENTITY_USER: &str = "<token>";

/// A login, decoded. Its `Debug` shows user names and no secret.
#[derive(Debug, Clone)]
pub(crate) enum Login {
    /// User name and password.
    Password { user: String, password: Secret },
    /// A refresh token for the registry's token service, and the password if there is one beside it.
    Identity { user: Option<String>, password: Option<Secret>, token: Secret },
    /// A token that goes to the registry as it is.
    Bearer { token: Secret },
}

impl Login {
    /// The user name, which may be shown.
    pub(crate) fn user(&self) -> Option<&str> {
        match self {
            Self::Password { user, .. } => Some(user),
            Self::Identity { user, .. } => user.as_deref(),
            Self::Bearer { .. } => None,
        }
    }

    /// When it expired, if it is a token that says so itself.
    pub(super) fn expired(&self) -> Option<humantime::Rfc3339Timestamp> {
        #[derive(Deserialize)]
        struct Claims {
            exp: u64,
        }
        let (Self::Password { password: secret, .. }
        | Self::Identity { token: secret, .. }
        | Self::Bearer { token: secret }) = self;
        let Claims { exp } = jwt::claims(secret.expose_secret())?;
        let at = SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(exp))?;
        (at < SystemTime::now()).then(|| humantime::format_rfc3339_seconds(at))
    }

    /// A user name with a password, or the identity token that goes by a special user name.
    pub(super) fn pair(user: String, password: String) -> Self {
        if user == IDENTITY_USER {
            return Self::Identity { user: None, password: None, token: password.into() };
        }
        Self::Password { user, password: password.into() }
    }
}

/// What is wrong with an entry, without anything of its content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The value of the key is not an object.
    NotAnObject,
    /// A field is not a text.
    NotText(&'static str),
    /// `auth` is not base64.
    Base64,
    /// `auth` does not decode to UTF-8.
    Utf8,
    /// `auth` does not decode to `user:password`.
    NoColon,
    /// There is a user name without a password, or the other way round.
    HalfLogin,
    /// The name of the credential program could be a path.
    ProgramName,
}

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NotAnObject => f.write_str("is not an object"),
            Self::NotText(field) => write!(f, "has a `{field}` that is not a text"),
            Self::Base64 => f.write_str("has an `auth` that is not base64"),
            Self::Utf8 => f.write_str("has an `auth` that is not UTF-8"),
            Self::NoColon => f.write_str("has an `auth` without a `:` between user and password"),
            Self::HalfLogin => f.write_str("has only one of `username` and `password`"),
            Self::ProgramName => f.write_str("names a credential program with characters that no name has"),
        }
    }
}

/// Decodes one value of `auths`. None: the entry is there and says nothing.
pub(super) fn decode(value: &Value) -> Result<Option<Login>, Fault> {
    let fields = match value {
        Value::Null => return Ok(None),
        Value::Object(fields) => fields,
        _ => return Err(Fault::NotAnObject),
    };
    if let Some(token) = text(fields, "registrytoken")? {
        return Ok(Some(Login::Bearer { token: token.into() }));
    }
    let pair = pair(fields);
    if let Some(token) = text(fields, "identitytoken")? {
        let (user, password) = pair.unwrap_or_default().unzip();
        let present = |text: &String| !text.is_empty();
        let password = password.filter(present).map(Secret::from);
        return Ok(Some(Login::Identity { user: user.filter(present), password, token: token.into() }));
    }
    Ok(pair?.map(|(user, password)| Login::pair(user, password)))
}

/// User and password of `auth`, else of `username` and `password`.
fn pair(fields: &Map<String, Value>) -> Result<Option<(String, String)>, Fault> {
    if let Some(auth) = text(fields, "auth")? {
        return decode_auth(auth);
    }
    match (text(fields, "username")?, text(fields, "password")?) {
        (Some(user), Some(password)) => Ok(Some((user.to_owned(), password.to_owned()))),
        (None, None) => Ok(None),
        _ => Err(Fault::HalfLogin),
    }
}

/// `base64(user:password)`: line breaks and missing padding are tolerated, trailing NULs dropped.
pub(super) fn decode_auth(auth: &str) -> Result<Option<(String, String)>, Fault> {
    let compact: String = auth.split_ascii_whitespace().collect();
    let bytes = BASE64.decode(compact).map_err(|_| Fault::Base64)?;
    let decoded = String::from_utf8(bytes).map_err(|_| Fault::Utf8)?;
    let (user, password) = decoded.trim_end_matches('\0').split_once(':').ok_or(Fault::NoColon)?;
    if user.is_empty() && password.is_empty() {
        return Ok(None);
    }
    Ok(Some((user.to_owned(), password.to_owned())))
}

/// A field's text; an empty one is as good as none.
fn text<'a>(fields: &'a Map<String, Value>, name: &'static str) -> Result<Option<&'a str>, Fault> {
    match fields.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.trim()).filter(|text| !text.is_empty())),
        Some(_) => Err(Fault::NotText(name)),
    }
}
