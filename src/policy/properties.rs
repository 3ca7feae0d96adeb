//! What holds for every policy file, whatever is in it. For the fuzz target and its twin.

use std::sync::Arc;

use serde_json::Value;

use super::pattern::Pattern;
use super::read::read;
use crate::model::properties::points_into_its_line;

/// A policy is read as a whole, each of its rules and places, or not at all and with what is wrong in it.
pub(crate) fn policy(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    let name: Arc<str> = "policy.yaml".into();
    let policy = match read(&name, text) {
        Ok(policy) => policy,
        Err(findings) => {
            assert!(!findings.is_empty(), "no policy, and nothing wrong");
            return findings.iter().for_each(points_into_its_line);
        }
    };
    let json: Value = serde_yaml::from_str(text).expect("a policy is YAML");
    let count = |value: &Value| value.as_array().map_or(0, Vec::len);
    assert_eq!(policy.allow.is_some(), json.get("allow").is_some());
    if let Some(allow) = &policy.allow {
        assert!(!allow.patterns.is_empty());
        assert_eq!(allow.patterns.len(), count(&json["allow"]), "each place counts");
        allow.patterns.iter().for_each(reads_again);
    }
    assert_eq!(policy.asked.len(), count(&json["rules"]), "each rule counts");
    for (asked, rule) in policy.asked.iter().zip(json["rules"].as_array().into_iter().flatten()) {
        assert_eq!(asked.targets.len(), count(&rule["targets"]), "each of its targets counts");
        assert!(!asked.targets.is_empty() && !asked.guards.is_empty(), "a rule that does nothing");
        let asks = ["move", "backup", "min-source-age"].iter().filter(|key| rule.get(**key).is_some());
        assert_eq!(asked.guards.len(), asks.count(), "each of its conditions counts");
        asked.targets.iter().for_each(reads_again);
    }
}

fn reads_again(pattern: &Pattern) {
    assert_eq!(pattern.to_string().parse().as_ref(), Ok(pattern));
}
