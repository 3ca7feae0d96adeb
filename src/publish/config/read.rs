//! Reads the settings: what their keys mean, and everything that is wrong with them.

use std::sync::Arc;

use serde_yaml::Location;

use super::fields::{Fields, repository};
use super::{Config, Rehearsal, products, sections};
use crate::model::{Finding, Host, Platform};
use crate::publish::site::Patience;
use crate::yaml::{Node, Source};

/// What findings about settings are called.
const CODE: &str = "publish-config";
const UPLOAD_HOST: &str = "quay.io";
const UPLOAD_ORG: &str = "redhat-isv-containers";
const PUBLIC_HOST: &str = "registry.connect.redhat.com";
const STAGING: &str = "*-staging";
const KEYS: [&str; 16] = [
    "source_template",
    "namespace",
    "upload_host",
    "upload_org",
    "public_host",
    "platforms",
    "poll_interval",
    "publish_timeout",
    "tag_timeout",
    "preflight",
    "precheck",
    "make_unique",
    "pyxis",
    "rehearsal",
    "staging_pattern",
    "products",
];
/// What can be certified.
const ARCHITECTURES: [&str; 4] = ["amd64", "arm64", "ppc64le", "s390x"];

/// See [`Config::of_text`].
pub(super) fn read(file: &Arc<str>, text: &str) -> Result<Config, Vec<Finding>> {
    let mut source = Source::new(Arc::clone(file), text, CODE);
    let config = source.parse().and_then(|node| of_file(&mut source, node));
    let mut findings = source.findings;
    findings.sort_by_key(|finding| (finding.line(), finding.span.as_ref().map_or(0, |span| span.column)));
    match config {
        Some(config) if findings.is_empty() => Ok(config),
        _ => Err(findings),
    }
}

/// The settings; none: something is wrong, and was said.
fn of_file(source: &mut Source<'_>, node: Node) -> Option<Config> {
    let at = node.referenced;
    let mut fields = Fields::of(source, node, &KEYS);
    let namespace = namespace(&mut fields, at);
    let upload_host = host(&mut fields, "upload_host").unwrap_or_else(|| Host::new(UPLOAD_HOST));
    let public_host = host(&mut fields, "public_host").unwrap_or_else(|| Host::new(PUBLIC_HOST));
    let upload_org = path(&mut fields, "upload_org").unwrap_or_else(|| UPLOAD_ORG.to_owned());
    let production = [&upload_host, &public_host, &Host::new(UPLOAD_HOST), &Host::new(PUBLIC_HOST)];
    let is_production = upload_host == Host::new(UPLOAD_HOST) && upload_org == UPLOAD_ORG;
    let (preflight, pyxis) = sections::certification(&mut fields, is_production);
    let rehearsal = rehearsal(&mut fields, &production);
    let default = Patience::default();
    let config = Config {
        source_template: fields.parsed("source_template"),
        namespace: namespace.unwrap_or_default(),
        platforms: platforms(&mut fields),
        patience: Patience {
            interval: fields.duration("poll_interval").unwrap_or(default.interval),
            publish: fields.duration("publish_timeout").unwrap_or(default.publish),
            tag: fields.duration("tag_timeout").unwrap_or(default.tag),
        },
        precheck: fields.truth("precheck").unwrap_or(true),
        make_unique: fields.truth("make_unique").unwrap_or(false),
        staging_pattern: staging(&mut fields)?,
        products: products::read(&mut fields),
        upload_host,
        upload_org,
        public_host,
        preflight,
        pyxis: pyxis?,
        rehearsal,
    };
    Some(config)
}

fn namespace(fields: &mut Fields<'_, '_>, at: Location) -> Option<String> {
    let before = fields.source.findings.len();
    let namespace = path(fields, "namespace");
    if namespace.is_none() && fields.source.findings.len() == before {
        let hint = "add `namespace:`, which public repositories are below: `registry.connect.redhat.com/NAMESPACE/…`";
        fields.source.wrong_with_hint(at, "`namespace` is missing", hint);
    }
    namespace
}

fn host(fields: &mut Fields<'_, '_>, name: &str) -> Option<Host> {
    fields.read(name, "a registry with its port, if it has one", |text| {
        repository(&format!("{text}/x")).filter(|found| &*found.name == "x").map(|found| found.host)
    })
}

/// A part of the name of a repository.
fn path(fields: &mut Fields<'_, '_>, name: &str) -> Option<String> {
    fields.read(name, "a name that repositories can be below", |text| {
        repository(&format!("registry.invalid/{text}/x")).map(|_| text.to_owned())
    })
}

fn platforms(fields: &mut Fields<'_, '_>) -> Vec<Platform> {
    let mut platforms = Vec::new();
    for text in fields.texts("platforms") {
        match platform(&text.value) {
            Some(platform) if platforms.contains(&platform) => {
                fields.source.wrong(text.at, format!("`{}` is there twice", text.value));
            }
            Some(platform) => platforms.push(platform),
            None => {
                let known = ARCHITECTURES.map(|known| format!("`linux/{known}`")).join(", ");
                let message = format!("`{}` is no platform that can be certified", text.value);
                fields.source.wrong_with_hint(text.at, message, format!("these are: {known}"));
            }
        }
    }
    if platforms.is_empty() {
        return ARCHITECTURES.iter().take(2).map(|known| linux(known)).collect();
    }
    platforms
}

fn platform(text: &str) -> Option<Platform> {
    let architecture = text.strip_prefix("linux/")?;
    ARCHITECTURES.contains(&architecture).then(|| linux(architecture))
}

fn linux(architecture: &str) -> Platform {
    Platform { os: "linux".to_owned(), architecture: architecture.to_owned(), variant: None }
}

fn staging(fields: &mut Fields<'_, '_>) -> Option<glob::Pattern> {
    let pattern = fields.text("staging_pattern");
    let (text, at) = pattern.map_or((STAGING.to_owned(), None), |text| (text.value, Some(text.at)));
    match (glob::Pattern::new(&text), at) {
        (Ok(pattern), _) => Some(pattern),
        (Err(error), Some(at)) => {
            fields.source.wrong(at, format!("`staging_pattern` is no pattern: {}", error.msg));
            None
        }
        (Err(_), None) => None,
    }
}

fn rehearsal(fields: &mut Fields<'_, '_>, production: &[&Host]) -> Option<Rehearsal> {
    let node = fields.take("rehearsal")?;
    let at = node.referenced;
    let mut fields = Fields::of(fields.source, node, &["upload", "public"]);
    let [upload, public] = ["upload", "public"].map(|name| {
        let found = fields.repository(name)?;
        if production.contains(&&found.value.host) {
            let message =
                format!("a rehearsal cannot go to {}, where images are published", found.value.host);
            fields.source.wrong(found.at, message);
            return None;
        }
        Some(found.value)
    });
    if fields.source.findings.is_empty() && (upload.is_none() || public.is_none()) {
        fields.source.wrong(at, "a rehearsal takes both `upload` and `public`");
    }
    Some(Rehearsal { upload: upload?, public: public? })
}
