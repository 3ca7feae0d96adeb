//! What is asked for and the ImageStreams that are known, into entries. Numbers of rows are those of the cases of
//! `ci-images-mirror` that the tables are about.

mod art;
mod config;
mod ignoring;
mod loops;
mod names;
mod streams;
mod wishes;

use image_mirror::error::{Chain, Class, Classify, Failure, Stage};
use image_mirror::imagestreams::{
    Asked, Config, ImageStream, KeepTag, Names, Selection, Streams, Wish, wish,
};
use image_mirror::model::{Finding, Host, Outcome, Repository, Severity};
use serde_json::{Value, json};

pub(crate) const HOST: &str = "registry.ci.openshift.org";

pub(crate) fn names() -> Names {
    Names {
        target: Repository { host: Host::new("quay.io"), name: "openshift/ci".into() },
        proxy_host: Host::new("quay-proxy.ci.openshift.org"),
        cluster_registry: None,
        keep: KeepTag::Dated,
        use_image_reference: false,
    }
}

#[derive(Debug, thiserror::Error)]
#[error("status 503")]
struct Unavailable;

impl Classify for Unavailable {
    fn class(&self) -> Class {
        Class::Transient
    }
}

/// Why something could not be read.
pub(crate) fn failure() -> Failure {
    Failure::new(Stage::Read, Unavailable)
}

/// The digest whose hex digits are all `digit`.
pub(crate) fn digest(digit: char) -> String {
    format!("sha256:{}", digit.to_string().repeat(64))
}

pub(crate) fn read(text: &str) -> Result<Config, Vec<Finding>> {
    Config::read(&"_config.yaml".into(), text, &names())
}

pub(crate) fn config(text: &str) -> Config {
    read(text).unwrap_or_else(|findings| panic!("{findings:#?}"))
}

/// The object of an ImageStream whose tags have images of these digits; `-` is none.
pub(crate) fn object(stream: &str, tags: &[(&str, char)]) -> Value {
    let (namespace, name) = stream.split_once('/').unwrap();
    let tags = tags.iter().map(|(tag, digit)| match digit {
        '-' => json!({"tag": tag, "items": null}),
        digit => json!({"tag": tag, "items": [{
            "created": "2025-10-23T14:02:42Z",
            "dockerImageReference": format!("quay.io/origin/{name}@{}", digest(*digit)),
            "image": digest(*digit), "generation": 1,
        }]}),
    });
    json!({
        "apiVersion": "image.openshift.io/v1", "kind": "ImageStream",
        "metadata": {"namespace": namespace, "name": name, "resourceVersion": "1"},
        "status": {
            "dockerImageRepository": format!("image-registry.openshift-image-registry.svc:5000/{stream}"),
            "publicDockerImageRepository": format!("{HOST}/{stream}"),
            "tags": tags.collect::<Vec<_>>(),
        },
    })
}

pub(crate) fn stream(stream: &str, tags: &[(&str, char)]) -> ImageStream {
    ImageStream::read(&object(stream, tags).to_string()).unwrap()
}

pub(crate) fn streams(all: &[(&str, &[(&str, char)])]) -> Streams {
    let mut streams = Streams::default();
    for (name, tags) in all {
        streams.insert(stream(name, tags));
    }
    streams
}

pub(crate) fn asked(config: Option<Config>, selection: Selection) -> Asked {
    Asked { config, selection, names: names() }
}

/// What the configuration alone wants.
pub(crate) fn wish_of(text: &str, known: &Streams) -> Wish {
    wish(&asked(Some(config(text)), Selection::default()), known)
}

/// `source -> target by origin`, with digests cut to a digit.
pub(crate) fn wanted(wish: &Wish) -> Vec<String> {
    let line = |one: &image_mirror::imagestreams::Wanted| {
        let desired = &one.desired;
        let digit = |text: String| {
            text.split_once("sha256:").map_or(text.clone(), |(before, hex)| format!("{before}{}", &hex[..1]))
        };
        format!("{} -> {} by {}", digit(desired.source.to_string()), desired.target, desired.origin)
    };
    wish.wanted.iter().map(line).collect()
}

/// The tags that are wanted in the target repository.
pub(crate) fn tags(wish: &Wish) -> Vec<String> {
    wish.wanted.iter().map(|one| one.desired.target.tag().unwrap().to_string()).collect()
}

/// `origin (owner) outcome class: why`, a row a line.
pub(crate) fn rows(wish: &Wish) -> Vec<String> {
    let line = |row: &image_mirror::model::Row| {
        let owner = row.owner.as_deref().unwrap_or("-");
        let what = match &row.outcome {
            Outcome::Failed(failure) => format!("failed {}: {}", failure.class, Chain(failure.cause())),
            Outcome::Skipped(skip) => format!("skipped: {skip}"),
            other => other.word().to_owned(),
        };
        format!("{} ({owner}) {what}", row.origin)
    };
    wish.rows.iter().map(line).collect()
}

/// `line:column severity code`, a finding a line.
pub(crate) fn codes(findings: &[Finding]) -> Vec<String> {
    let line = |finding: &Finding| {
        let severity = if finding.severity == Severity::Error { "error" } else { "warning" };
        let column = finding.span.as_ref().map_or(0, |span| span.column);
        format!("{}:{column} {severity} {}", finding.line(), finding.code)
    };
    findings.iter().map(line).collect()
}
