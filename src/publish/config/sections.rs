//! How images are certified: the preflight program and the catalog.

use std::time::Duration;

use url::Url;

use super::fields::{Fields, Placed};
use super::{Preflight, Pyxis, PyxisEnv, PyxisUse};
use crate::model::Host;
use crate::yaml::Value;

const COMMAND: &str = "preflight";
const TIMEOUT: Duration = Duration::from_hours(1);
const BASE: &str = "https://catalog.redhat.com/api/containers";

/// Both sections; the catalog is none where something is wrong with it, which was said. Another catalog than that of customers is
/// not told of an image in the repository that is.
pub(super) fn certification(fields: &mut Fields<'_, '_>, is_production: bool) -> (Preflight, Option<Pyxis>) {
    let (preflight, env) = preflight(fields);
    if let Some(at) =
        env.as_ref().filter(|env| env.value != PyxisEnv::Prod && is_production).map(|env| env.at)
    {
        let message = "only the catalog of customers is told of images in their upload repository";
        let hint = "set `upload_org` or `upload_host` to where images for tests are uploaded";
        fields.source.wrong_with_hint(at, message, hint);
    }
    let is_known = preflight.pyxis_env == PyxisEnv::Prod;
    (preflight, pyxis(fields, is_known))
}

fn preflight(fields: &mut Fields<'_, '_>) -> (Preflight, Option<Placed<PyxisEnv>>) {
    let mut preflight =
        Preflight { command: COMMAND.to_owned(), version: None, timeout: TIMEOUT, pyxis_env: PyxisEnv::Prod };
    let Some(node) = fields.take("preflight") else { return (preflight, None) };
    let mut fields = Fields::of(fields.source, node, &["command", "version", "timeout", "pyxis_env"]);
    if let Some(command) = fields.text("command") {
        preflight.command = command.value;
    }
    preflight.version = fields.read("version", "a version, such as `1.14.1`", |text| {
        semver::Version::parse(text).ok().map(|_| text.to_owned())
    });
    preflight.timeout = fields.duration("timeout").unwrap_or(TIMEOUT);
    let env = env(&mut fields);
    preflight.pyxis_env = env.as_ref().map_or(PyxisEnv::Prod, |env| env.value);
    (preflight, env)
}

fn env(fields: &mut Fields<'_, '_>) -> Option<Placed<PyxisEnv>> {
    let Placed { value, at } = fields.text("pyxis_env")?;
    let all = [PyxisEnv::Prod, PyxisEnv::Uat, PyxisEnv::Qa, PyxisEnv::Stage];
    let env = all.into_iter().find(|env| env.as_str() == value);
    if env.is_none() {
        fields.source.wrong(at, "`pyxis_env` is `prod`, `uat`, `qa` or `stage`");
    }
    Some(Placed { value: env?, at })
}

/// Where the catalog is; it `is_known` for the one of customers only.
fn pyxis(fields: &mut Fields<'_, '_>, is_known: bool) -> Option<Pyxis> {
    let Some(node) = fields.take("pyxis") else {
        let usage = if is_known { PyxisUse::Read } else { PyxisUse::Off };
        return Some(Pyxis { base: Url::parse(BASE).ok()?, usage });
    };
    let at = node.referenced;
    let mut fields = Fields::of(fields.source, node, &["base", "use"]);
    let usage = usage(&mut fields).unwrap_or(PyxisUse::Read);
    let base = fields.text("base");
    if base.is_none() && !is_known && usage != PyxisUse::Off {
        let hint = "add `base:`, or set `use: off`";
        fields.source.wrong_with_hint(at, "where the API of this catalog is must be told", hint);
    }
    let (text, at) = base.map_or((BASE.to_owned(), at), |base| (base.value, base.at));
    let base = address(&text);
    if base.is_none() {
        let message =
            "`base` takes an address that begins with `https://`, without a login, a query or a fragment";
        fields.source.wrong(at, message);
    }
    Some(Pyxis { base: base?, usage })
}

/// `off` is a word for `false` in YAML 1.1.
fn usage(fields: &mut Fields<'_, '_>) -> Option<PyxisUse> {
    let node = fields.take("use")?;
    match &node.value {
        Value::Truth(false) => return Some(PyxisUse::Off),
        Value::Text(text) if text == "off" => return Some(PyxisUse::Off),
        Value::Text(text) if text == "read" => return Some(PyxisUse::Read),
        Value::Text(text) if text == "write" => return Some(PyxisUse::Write),
        _ => fields.source.wrong(node.referenced, "`use` is `off`, `read` or `write`"),
    }
    None
}

/// An address to which a token may be sent: nobody on the way reads it.
fn address(text: &str) -> Option<Url> {
    let url = Url::parse(text.trim_end_matches('/')).ok()?;
    let is_safe = url.scheme() == "https" || (url.scheme() == "http" && Host::of(&url).is_loopback());
    let is_plain = url.username().is_empty()
        && url.password().is_none()
        && url.query().is_none()
        && url.fragment().is_none()
        && url.has_host();
    (is_safe && is_plain).then_some(url)
}
