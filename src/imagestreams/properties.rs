//! What holds for every configuration file, whatever is in it. For the fuzz target and its twin.

use std::collections::HashSet;
use std::sync::Arc;

use super::asked::{Asked, Needed};
use super::config::Config;
use super::names::{KeepTag, Names};
use super::selection::Selection;
use super::streams::Streams;
use crate::model::properties::points_into_its_line;
use crate::model::{Finding, Host, Repository};

/// A configuration is read as a whole or not at all, what is said of it has its place, and each entry is wanted or has a
/// row.
pub(crate) fn config(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    let file: Arc<str> = "_config.yaml".into();
    let names = names();
    let config = match Config::read(&file, text, &names) {
        Ok(config) => config,
        Err(findings) => {
            assert!(findings.iter().any(Finding::is_error), "no configuration, and nothing wrong");
            return findings.iter().for_each(points_into_its_line);
        }
    };
    config.findings.iter().for_each(points_into_its_line);
    assert!(!config.findings.iter().any(Finding::is_error), "{:?}", config.findings);
    for entry in &config.supplemental {
        assert!(entry.source.istag().is_none_or(|istag| !istag.tag.is_empty()), "a source that is none");
    }
    let asked = Asked { config: Some(config), selection: Selection::default(), names };
    assert_ne!(asked.needed(), Needed::All);
    let wish = super::wish(&asked, &Streams::default());
    let wanted = wish.wanted.iter().map(|wanted| wanted.desired.target.to_string());
    let told: HashSet<String> = wanted.chain(wish.rows.iter().map(|row| row.target.to_string())).collect();
    for entry in asked.config.iter().flat_map(|config| &config.supplemental) {
        assert!(told.contains(&asked.names.shown(&entry.target)), "{} is lost", entry.target);
    }
    for wanted in &wish.wanted {
        let others = wish.wanted.iter().filter(|other| other.desired.target == wanted.desired.target);
        assert_eq!(others.count(), 1, "{}", wanted.desired.target);
    }
}

fn names() -> Names {
    Names {
        target: Repository { host: Host::new("quay.io"), name: "openshift/ci".into() },
        proxy_host: Host::new("quay-proxy.ci.openshift.org"),
        cluster_registry: None,
        keep: KeepTag::Backup,
        use_image_reference: false,
    }
}
