//! What a stream file pins.

use std::sync::Arc;

use serde_json::Value;

use crate::model::{Finding, Severity};

/// An architecture and a build.
type Named = (Arc<str>, Arc<str>);

/// The architectures and builds that the stream file `name` names, each pair once.
///
/// # Errors
/// When it is no stream file, or does not say of which build something of it is.
pub(super) fn read_stream(name: &str, bytes: &[u8]) -> Result<Vec<Named>, Vec<Finding>> {
    let wrong = |what: String| vec![Finding::about(&name.into(), Severity::Error, "not-a-stream", what)];
    let document: Value = serde_json::from_slice(bytes).map_err(|error| wrong(error.to_string()))?;
    let architectures = document["architectures"].as_object();
    let architectures = architectures.ok_or_else(|| wrong("it is no stream file".to_owned()))?;
    let mut found = Vec::new();
    for (arch, content) in architectures {
        for (platform, content) in content["artifacts"].as_object().into_iter().flatten() {
            let release = content["release"].as_str();
            let release = release.ok_or_else(|| wrong(format!("{arch}/{platform} has no `release`")))?;
            let pair = (Arc::from(&**arch), Arc::from(release));
            if !found.contains(&pair) {
                found.push(pair);
            }
        }
    }
    Ok(found)
}
