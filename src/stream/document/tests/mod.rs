//! What holds for whole files: small ones, written here.

mod edits;
mod envelopes;
mod listing;

use super::{Change, Document};
use crate::model::Finding;

/// A stream with something unknown at every level.
pub(super) const STREAM: &str = r#"{
  "stream": "rhcos-4.16",
  "x-root": [1.50, {"a": null}],
  "metadata": {
    "last-modified": "2024-01-02T03:04:05Z",
    "generator": "plume",
    "x-meta": true
  },
  "architectures": {
    "s390x": {
      "artifacts": {},
      "x-arch": "\u00e9"
    },
    "x86_64": {
      "artifacts": {
        "metal": {
          "release": "416.1-0",
          "formats": {
            "pxe": {
              "kernel": {
                "location": "https://src.example/416.1-0/live-kernel",
                "signature": "https://src.example/416.1-0/live-kernel.sig",
                "sha256": "0000000000000000000000000000000000000000000000000000000000000001"
              },
              "rootfs": null,
              "initramfs": {
                "location": "https://src.example/416.1-0/live-initramfs.img",
                "sha256": "0000000000000000000000000000000000000000000000000000000000000002",
                "signature": ""
              }
            },
            "raw.gz": {
              "disk": {
                "x-file": 1e3,
                "location": "https://src.example/416.1-0/metal.raw.gz",
                "sha256": "000000000000000000000000000000000000000000000000000000000000000A",
                "uncompressed-sha256": "0000000000000000000000000000000000000000000000000000000000000004"
              }
            }
          }
        },
        "qemu": {
          "release": "416.1-0",
          "formats": {
            "qcow2.gz": {
              "disk": {
                "location": "https://src.example/416.1-0/qemu.qcow2.gz",
                "sha256": "0000000000000000000000000000000000000000000000000000000000000005"
              }
            }
          }
        }
      },
      "images": {
        "aws": {"regions": {"us-east-1": {"release": "416.1-0", "image": "ami-1"}}},
        "kubevirt": {
          "release": "416.1-0",
          "image": "quay.example/kubevirt:416",
          "digest-ref": "quay.example/kubevirt@sha256:0000000000000000000000000000000000000000000000000000000000000006"
        }
      }
    }
  }
}
"#;

/// The same without any blank between its parts.
pub(super) fn on_one_line() -> String {
    STREAM.lines().map(str::trim).collect::<String>().replace("\": ", "\":").replace(", ", ",")
}

/// The `ConfigMap` with `text` as one of its strings in JSON.
pub(super) fn json_map(field: &str, text: &str) -> String {
    let text = serde_json::Value::from(text);
    format!(
        "{{\"apiVersion\": \"v1\", \"kind\": \"ConfigMap\",\r\n\t\"data\": {{\r\n\t\t\"x\":\"\\u0041\",\"{field}\": {text} }} }}\r\n"
    )
}

/// The `ConfigMap` with `text` as a block behind `header`, with comments.
pub(super) fn block_map(header: &str, text: &str) -> String {
    let lines: Vec<_> = text.lines().map(|line| format!("      {line}\n")).collect();
    let lines = lines.concat();
    format!(
        "# of the release\napiVersion: v1\nkind: ConfigMap # as ever\ndata:\n  # the stream\n  stream: {header}\n{lines}  releaseVersion: \"4.16\" # last\n"
    )
}

/// A map with `text` in double or single quotes, folded over many lines.
pub(super) fn quoted_map(quote: char, text: &str) -> String {
    let escaped = match quote {
        '"' => text.replace('\\', "\\\\").replace('"', "\\\""),
        _ => text.replace('\'', "''"),
    };
    let lines: Vec<_> = escaped.lines().map(str::trim).collect();
    let folded = lines.join("\n    ");
    format!("kind: ConfigMap\ndata:\n  stream: {quote}{folded}{quote} # quoted\n")
}

pub(super) fn read(text: impl AsRef<[u8]>) -> Document {
    Document::read("s.json", text.as_ref(), None).unwrap_or_else(|findings| panic!("{}", told(&findings)))
}

/// The findings as lines.
pub(super) fn told(findings: &[Finding]) -> String {
    let line = |finding: &Finding| {
        let column = finding.span.as_ref().map_or(0, |span| span.column);
        format!("{}:{column} {} {finding}", finding.line(), finding.code)
    };
    findings.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// Why a file is refused as a whole.
pub(super) fn refused(text: impl AsRef<[u8]>, key: Option<&str>) -> String {
    let findings = Document::read("s.json", text.as_ref(), key).expect_err("it is refused");
    assert!(findings.iter().all(Finding::is_error));
    told(&findings)
}

/// Changes of all addresses of files, by `change` of what is written.
pub(super) fn moved(document: &Document, change: impl Fn(&str) -> String) -> Vec<Change> {
    let mut changes = Vec::new();
    for (artifact, listed) in document.stream().artifacts.iter().enumerate() {
        let Ok(file) = &listed.file else { continue };
        changes.push(Change::Location { artifact, url: change(file.location.as_str()) });
        if let Some(signature) = &file.signature {
            changes.push(Change::Signature { artifact, url: Some(change(signature.as_str())) });
        }
    }
    changes
}
