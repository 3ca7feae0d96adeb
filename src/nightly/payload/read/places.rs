//! `destination`, `imagestream` and `multi_arch`: where images go, and what the ImageStreams are called.

use std::sync::Arc;
use std::time::Duration;

use super::fields::{Fields, Text};
use super::values;
use crate::model::Host;
use crate::nightly::payload::{Destination, ImageStreamBase, MultiArch, STREAM, Version};
use crate::redact::mask_logins;
use crate::yaml::Source;

const DESTINATION: [&str; 6] = [
    "registry",
    "organization",
    "repository",
    "private_repository",
    "release_repository",
    "publish_registry",
];
const MULTI_ARCH: [&str; 4] = ["enabled", "min_interval", "keep_recent", "keep_accepted"];
const ORGANIZATION: &str = "openshift-release-dev";
const RELEASES: &str = "ocp-release-nightly";
/// With the longest suffix, `-ppc64le-priv`, a namespace still has 63 characters.
const LONGEST_NAMESPACE: usize = 50;
/// What the ImageStreams of the assembly `stream` are called, and no others.
const LATEST: &str = "art-latest";

/// Where images go. None: something is wrong, which is said, if only of the version.
pub(super) fn destination(
    source: &mut Source<'_>,
    file: &mut Fields,
    version: Option<Version>,
) -> Option<Destination> {
    let section = file.section(source, "destination", &DESTINATION);
    let mut fields = section.unwrap_or_else(|| Fields::none(file.at));
    let registry = host(source, &mut fields, "registry", "quay.io");
    let publish_registry = host(source, &mut fields, "publish_registry", "registry.ci.openshift.org");
    let organization = path(source, &mut fields, "organization");
    let release_repository = path(source, &mut fields, "release_repository");
    let repositories = repositories(source, &mut fields, version);
    let (repository, private_repository) = repositories?;
    Some(Destination {
        registry,
        organization: organization.map_or_else(|| ORGANIZATION.into(), |text| text.text.into()),
        repository,
        private_repository,
        release_repository: release_repository.map_or_else(|| RELEASES.into(), |text| text.text.into()),
        publish_registry,
    })
}

fn host(source: &mut Source<'_>, fields: &mut Fields, name: &str, default: &str) -> Host {
    let text = fields.text(source, name);
    text.and_then(|text| values::host(source, &text)).unwrap_or_else(|| Host::new(default))
}

fn path(source: &mut Source<'_>, fields: &mut Fields, name: &str) -> Option<Text> {
    let text = fields.text(source, name)?;
    values::path(source, &text);
    Some(text)
}

/// The repository for everyone, and the other one. Versions before 4 have no default.
fn repositories(
    source: &mut Source<'_>,
    fields: &mut Fields,
    version: Option<Version>,
) -> Option<(Arc<str>, Arc<str>)> {
    let public = path(source, fields, "repository");
    let private = path(source, fields, "private_repository");
    let is_old = version.is_some_and(|version| version.major < 4);
    if is_old && (public.is_none() || private.is_none()) {
        let message = "no repository is usual for a version before 4";
        let hint = "name `repository` and `private_repository` in `destination`";
        source.wrong_with_hint(fields.at, message, hint);
        return None;
    }
    let usual = |suffix| version.map(|version| format!("ocp-v{}.0-art-dev{suffix}", version.major).into());
    let at = private.as_ref().or(public.as_ref()).map_or(fields.at, |text| text.at);
    let public: Arc<str> = public.map(|text| text.text.into()).or_else(|| usual(""))?;
    let private = private.map(|text| text.text.into()).or_else(|| usual("-priv"))?;
    if public == private {
        let message = "`private_repository` is the repository that anyone may see";
        source.wrong_with_hint(at, message, "what is embargoed goes there: name another");
    }
    Some((public, private))
}

/// What the names of ImageStreams begin with. Only the assembly `stream` may be the latest.
pub(super) fn imagestream(
    source: &mut Source<'_>,
    file: &mut Fields,
    assembly: Option<&str>,
) -> ImageStreamBase {
    let mut base = ImageStreamBase { namespace: "ocp".into(), name: None };
    let Some(mut fields) = file.section(source, "imagestream", &["namespace", "name"]) else { return base };
    if let Some(namespace) = fields.text(source, "namespace") {
        is_label(source, &namespace, LONGEST_NAMESPACE, false);
        base.namespace = namespace.text.into();
    }
    if let Some(name) = fields.text(source, "name") {
        is_label(source, &name, 200, true);
        if let Some(assembly) = assembly.filter(|assembly| *assembly != STREAM && name.text.contains(LATEST))
        {
            let message =
                format!("the assembly `{assembly}` must not become `{LATEST}`, which is that of `stream`");
            source.wrong_with_hint(name.at, message, "leave the name out, and it follows of the assembly");
        }
        base.name = Some(name.text.into());
    }
    base
}

fn is_label(source: &mut Source<'_>, text: &Text, most: usize, has_dots: bool) {
    let alphanumeric = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    let fits = |b: u8| alphanumeric(b) || b == b'-' || (has_dots && b == b'.');
    let name = text.text.as_bytes();
    let has_ends = [name.first(), name.last()].into_iter().flatten().all(|b| alphanumeric(*b));
    if !has_ends || !name.iter().all(|b| fits(*b)) || name.len() > most {
        let dots = if has_dots { ", `.`" } else { "" };
        let hint = format!("it has small letters, digits{dots} and `-`, {most} at most");
        let message = format!("`{}` is no name in a cluster", mask_logins(&text.text));
        source.wrong_with_hint(text.at, message, hint);
    }
}

/// The payload for all architectures.
pub(super) fn multi_arch(source: &mut Source<'_>, file: &mut Fields) -> MultiArch {
    let mut multi = MultiArch {
        is_enabled: false,
        min_interval: Duration::from_hours(6),
        keep_recent: 5,
        keep_accepted: 2,
    };
    let Some(mut fields) = file.section(source, "multi_arch", &MULTI_ARCH) else { return multi };
    multi.is_enabled = fields.truth(source, "enabled").unwrap_or(false);
    if let Some(interval) =
        fields.text(source, "min_interval").and_then(|text| values::duration(source, &text))
    {
        multi.min_interval = interval;
    }
    if let Some(number) = fields.number(source, "keep_recent") {
        multi.keep_recent = number as usize;
    }
    if let Some(number) = fields.number(source, "keep_accepted") {
        multi.keep_accepted = number as usize;
    }
    multi
}
