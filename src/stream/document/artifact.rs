//! What an artifact says of its file, and what is wrong with that.

use std::sync::Arc;

use percent_encoding::percent_decode_str;
use url::Url;

use super::listed::File;
use super::page::Within;
use super::tree::{Node, word};
use crate::model::{Digest, Finding, Key, KeyError};

/// Of no bytes at all.
const EMPTY: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

/// Reads what the object `node` says; everything that is wrong at once. What is only odd is added to `warnings`.
pub(super) fn file(
    node: &Node,
    within: Within<'_>,
    warnings: &mut Vec<Finding>,
) -> Result<File, Vec<Finding>> {
    if node.members().is_none() {
        return Err(vec![within.wrong(
            &node.at,
            "kind",
            format!("this is {}, and must be an object", node.kind()),
        )]);
    }
    let location = location(node, within);
    let sha256 = sha256(node, within, warnings);
    let signature = signature(node, within);
    let (uncompressed, uncompressed_fault) = uncompressed(node, within, warnings);
    match (location, sha256, signature) {
        (Ok((location, name)), Ok(sha256), Ok(signature)) => {
            Ok(File { location, name, sha256, uncompressed, uncompressed_fault, signature })
        }
        (location, sha256, signature) => {
            Err([location.err(), sha256.err(), signature.err()].into_iter().flatten().collect())
        }
    }
}

fn location(node: &Node, within: Within<'_>) -> Result<(Url, Arc<str>), Finding> {
    let Some(value) = node.get("location").filter(|value| !value.is_null()) else {
        return Err(within.wrong(&node.at, "location", "`location` is missing"));
    };
    let said = |why| within.wrong(&value.at, "location", format!("`location` {why}"));
    address(value).map_err(said)
}

/// An address that leads to a file, and how the file is called.
fn address(value: &Node) -> Result<(Url, Arc<str>), String> {
    let Some(text) = value.text() else {
        return Err(format!("is {}, and must be text", value.kind()));
    };
    if text.is_empty() {
        return Err("is empty".to_owned());
    }
    if text == "<not-used>" {
        return Err("is `<not-used>`: there is no file".to_owned());
    }
    if text.contains(|c: char| c.is_control() || c == ' ' || c == '\\') {
        return Err("has a blank, a control character or a backslash in it".to_owned());
    }
    let url = Url::parse(text).map_err(|error| match error {
        url::ParseError::RelativeUrlWithoutBase => "is relative, and must begin with `https://`".to_owned(),
        url::ParseError::EmptyHost => "has no host".to_owned(),
        other => format!("is no address: {other}"),
    })?;
    let name = name(text, &url)?;
    Ok((url, name.into()))
}

fn name(text: &str, url: &Url) -> Result<String, String> {
    let after_scheme = text.get(url.scheme().len()..).unwrap_or_default();
    match url.scheme() {
        "http" | "https" if !after_scheme.starts_with("://") || after_scheme.starts_with(":///") => {
            return Err("has no host".to_owned());
        }
        "http" | "https" => {}
        "file" if url.host().is_none() => {}
        "file" => return Err("has a host, which a file has not".to_owned()),
        other => return Err(format!("begins with `{other}:`; only http and https are fetched")),
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("holds a login, which everyone would read".to_owned());
    }
    let last = |path: &str| {
        percent_decode_str(path.rsplit('/').next().unwrap_or_default()).decode_utf8().map(String::from)
    };
    let written = text.split(['?', '#']).next().unwrap_or_default();
    let written = last(written).map_err(|_| "names a file that is not UTF-8".to_owned())?;
    if matches!(written.as_str(), "." | "..") {
        return Err(format!("names a file `{written}`"));
    }
    let name = last(url.path()).unwrap_or_default();
    if name.is_empty() {
        return Err("ends in `/` and names no file".to_owned());
    }
    if name.contains('/') {
        return Err(format!("names a file `{}`, with a `/` in it", word(&name)));
    }
    match Key::parse(&name) {
        Ok(_) => Ok(name),
        Err(KeyError::TooLong(_)) => Err("names a file with a name that is too long".to_owned()),
        Err(error) => Err(format!("names no file: {}", word(&error.to_string()))),
    }
}

fn sha256(node: &Node, within: Within<'_>, warnings: &mut Vec<Finding>) -> Result<Digest, Finding> {
    let Some(value) = node.get("sha256").filter(|value| !value.is_null()) else {
        return Err(within.wrong(&node.at, "sha256", "`sha256` is missing"));
    };
    let digest = digest(value).map_err(|why| within.wrong(&value.at, "sha256", format!("`sha256` {why}")))?;
    if digest.hex() == EMPTY {
        warnings.push(within.odd(&value.at, "empty-sha256", "this is the sha256 of an empty file"));
    }
    Ok(digest)
}

/// Upper case is accepted: it means the same.
fn digest(value: &Node) -> Result<Digest, String> {
    let Some(text) = value.text() else {
        return Err(format!("is {}, and must be text", value.kind()));
    };
    let hex = text.to_ascii_lowercase();
    Digest::parse(&format!("sha256:{hex}"))
        .map_err(|_| format!("is not 64 hexadecimal digits, but {} characters", text.chars().count()))
}

fn uncompressed(
    node: &Node,
    within: Within<'_>,
    warnings: &mut Vec<Finding>,
) -> (Option<Digest>, Option<Finding>) {
    let Some(value) = node.get("uncompressed-sha256").filter(|value| is_said(value)) else {
        return (None, None);
    };
    match digest(value) {
        Ok(digest) => (Some(digest), None),
        Err(why) => {
            let code = "uncompressed-sha256";
            let finding = within.odd(&value.at, code, format!("`{code}` {why}"));
            warnings.push(finding.clone());
            (None, Some(finding))
        }
    }
}

fn signature(node: &Node, within: Within<'_>) -> Result<Option<Url>, Finding> {
    let Some(value) = node.get("signature").filter(|value| is_said(value)) else { return Ok(None) };
    let said = |why| within.wrong(&value.at, "signature", format!("`signature` {why}"));
    address(value).map(|(url, _)| Some(url)).map_err(said)
}

/// Whether anything is said: nothing, `null` and `""` are the same.
pub(super) fn is_said(value: &Node) -> bool {
    !value.is_null() && value.text() != Some("")
}
