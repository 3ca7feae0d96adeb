//! Whether two images are the same to whoever runs them. Pure.
//!
//! The same for each platform are its layers, in their order, and of its config what a container gets. When it was made and its
//! history do not count: a rebuild that changed nothing has other ones, and so has an image that was made unique.

use std::fmt;

use serde_json::{Map, Value};

use super::source::platform_name;
use super::{Child, Image};
use crate::model::Digest;

/// What counts of a config.
const FIELDS: [&str; 7] = ["Env", "Entrypoint", "Cmd", "User", "WorkingDir", "Labels", "ExposedPorts"];

/// In what two images differ, first of all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Difference {
    /// One is for a platform that the other is not for.
    Platform {
        /// The platform.
        platform: String,
        /// Whether it is ours that is for it.
        is_ours: bool,
    },
    /// The layers for a platform.
    Layers {
        /// The platform.
        platform: String,
    },
    /// A field of the config for a platform.
    Config {
        /// The platform.
        platform: String,
        /// The field; `config` where one of the two configs cannot be read.
        field: &'static str,
    },
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Platform { platform, is_ours: true } => write!(f, "{platform} is new"),
            Self::Platform { platform, is_ours: false } => write!(f, "{platform} is gone"),
            Self::Layers { platform } => write!(f, "other layers for {platform}"),
            Self::Config { platform, field } => write!(f, "another {field} for {platform}"),
        }
    }
}

/// In what `ours` differs from the image that is `public`; none: they are the same to whoever runs them.
#[must_use]
pub fn differs(ours: &Image, public: &Image) -> Option<Difference> {
    let find = |image: &Image, name: &str| {
        image.children.iter().position(|child| platform_name(&child.platform) == name)
    };
    for theirs in &public.children {
        let platform = platform_name(&theirs.platform);
        if find(ours, &platform).is_none() {
            return Some(Difference::Platform { platform, is_ours: false });
        }
    }
    ours.children.iter().find_map(|child| {
        let platform = platform_name(&child.platform);
        match find(public, &platform).and_then(|at| public.children.get(at)) {
            Some(theirs) => child_differs(child, theirs, platform),
            None => Some(Difference::Platform { platform, is_ours: true }),
        }
    })
}

fn child_differs(ours: &Child, theirs: &Child, platform: String) -> Option<Difference> {
    fn layers(child: &Child) -> impl Iterator<Item = &Digest> {
        child.layers.iter().map(|layer| &layer.digest)
    }
    if !layers(ours).eq(layers(theirs)) {
        return Some(Difference::Layers { platform });
    }
    let (Some(ours), Some(theirs)) = (settings(ours), settings(theirs)) else {
        return Some(Difference::Config { platform, field: "config" });
    };
    let other = FIELDS.into_iter().find(|field| said(&ours, field) != said(&theirs, field));
    other.map(|field| Difference::Config { platform, field })
}

/// What a config says of the container; none: it cannot be read.
fn settings(child: &Child) -> Option<Map<String, Value>> {
    let mut config: Map<String, Value> = serde_json::from_slice(&child.config_bytes).ok()?;
    match config.remove("config") {
        None | Some(Value::Null) => Some(Map::new()),
        Some(Value::Object(settings)) => Some(settings),
        Some(_) => None,
    }
}

/// What a field says. Some tools leave out what is empty, others write it.
fn said<'a>(settings: &'a Map<String, Value>, field: &str) -> Option<&'a Value> {
    settings.get(field).filter(|value| match value {
        Value::Null => false,
        Value::String(text) => !text.is_empty(),
        Value::Array(list) => !list.is_empty(),
        Value::Object(object) => !object.is_empty(),
        Value::Bool(_) | Value::Number(_) => true,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::publish::image::sample::{child, index};
    use crate::publish::unique::unique;

    const CONFIG: &str =
        r#"{"created":"2026-01-01T00:00:00Z","config":{"Env":["A=1"],"Cmd":["run"],"Labels":{"a":"b"}}}"#;

    fn both(config: &str, layers: &[&str]) -> Image {
        index(vec![child("amd64", CONFIG, &["l1", "l2"]), child("arm64", config, layers)])
    }

    #[test]
    fn an_image_is_the_same_though_it_was_built_at_another_time_or_made_unique() {
        // 19.85
        let ours = both(CONFIG, &["l1", "l2"]);
        let later = CONFIG.replace("2026", "2027");
        assert_eq!(differs(&ours, &both(&later, &["l1", "l2"])), None);
        let made = unique(&ours, &crate::model::Tag::parse("7.6.1-2").unwrap()).unwrap();
        assert_ne!(made.digest(), ours.digest());
        assert_eq!(differs(&ours, &made), None);
    }

    #[test]
    fn what_is_empty_may_be_left_out() {
        let written = r#"{"config":{"Env":["A=1"],"Cmd":["run"],"Labels":{"a":"b"},"User":"","ExposedPorts":{},"Entrypoint":null}}"#;
        assert_eq!(differs(&both(CONFIG, &["l1"]), &both(written, &["l1"])), None);
    }

    #[test]
    fn layers_differ_also_by_their_order() {
        let ours = both(CONFIG, &["l1", "l2"]);
        for other in [&["l2", "l1"][..], &["l1"], &["l1", "l2", "l3"]] {
            let found = differs(&ours, &both(CONFIG, other));
            assert_eq!(found, Some(Difference::Layers { platform: "linux/arm64".into() }), "{other:?}");
        }
    }

    #[test]
    fn each_field_that_a_container_gets_counts() {
        for field in FIELDS {
            let other = format!(
                r#"{{"config":{{"Env":["A=1"],"Cmd":["run"],"Labels":{{"a":"b"}},"{field}":"other"}}}}"#
            );
            // What is said twice counts as what was said last.
            let found = differs(&both(CONFIG, &["l1"]), &both(&other, &["l1"]));
            assert_eq!(found, Some(Difference::Config { platform: "linux/arm64".into(), field }));
        }
        let unread = differs(&both(CONFIG, &["l1"]), &both("no JSON", &["l1"])).unwrap();
        assert_eq!(unread.to_string(), "another config for linux/arm64");
    }

    #[test]
    fn platforms_that_one_of_the_two_lacks_differ() {
        let (two, one) = (both(CONFIG, &["l1"]), index(vec![child("amd64", CONFIG, &["l1", "l2"])]));
        assert_eq!(differs(&two, &one).unwrap().to_string(), "linux/arm64 is new");
        assert_eq!(differs(&one, &two).unwrap().to_string(), "linux/arm64 is gone");
    }

    #[test]
    fn the_usual_variant_of_an_architecture_is_no_difference() {
        let ours = both(CONFIG, &["l1"]);
        let mut public = ours.clone();
        public.children[1].platform.variant = Some("v8".into());
        assert_eq!(differs(&ours, &public), None);
        public.children[1].platform.variant = Some("v9".into());
        assert_eq!(differs(&ours, &public).unwrap().to_string(), "linux/arm64/v9 is gone");
    }
}
