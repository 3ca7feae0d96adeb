//! Which versions of the program the catalog accepts results of.

use serde::Deserialize;

/// The program's name in the catalog.
pub const TOOL: &str = "github.com/redhat-openshift-ecosystem/openshift-preflight";

#[derive(Deserialize)]
struct Tools {
    data: Vec<Tool>,
}

#[derive(Deserialize)]
struct Tool {
    #[serde(default)]
    name: String,
    #[serde(default)]
    version: String,
    #[serde(default)]
    enabled_for_testing: bool,
}

/// The versions of the program that the catalog accepts results of, the oldest first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Supported(Vec<String>);

impl Supported {
    /// Reads an answer of the catalog to `/v1/tools`.
    ///
    /// # Errors
    /// When it is none.
    pub fn parse(answer: &[u8]) -> serde_json::Result<Self> {
        let tools: Tools = serde_json::from_slice(answer)?;
        let ours = |tool: &Tool| tool.name == TOOL && tool.enabled_for_testing && !tool.version.is_empty();
        let mut versions: Vec<String> =
            tools.data.into_iter().filter(ours).map(|tool| tool.version).collect();
        versions.sort_by_cached_key(|version| (semver::Version::parse(version).ok(), version.clone()));
        versions.dedup();
        Ok(Self(versions))
    }

    /// The versions, the oldest first.
    #[must_use]
    pub fn versions(&self) -> &[String] {
        &self.0
    }

    /// Whether results of `version` are accepted.
    #[must_use]
    pub fn contains(&self, version: &str) -> bool {
        self.0.iter().any(|supported| supported == version)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn tool(name: &str, version: &str, enabled: bool) -> serde_json::Value {
        json!({ "_id": "0", "name": name, "version": version, "enabled_for_testing": enabled, "commit": "0" })
    }

    #[test]
    fn a_version_is_supported_that_is_of_this_tool_and_enabled() {
        let tools = [
            tool(TOOL, "1.10.0", true),
            tool(TOOL, "1.9.9", true),
            tool(TOOL, "1.8.0", false),
            tool("another", "2.0.0", true),
            json!({ "_id": "1" }),
        ];
        let supported = Supported::parse(json!({ "data": tools, "page": 0 }).to_string().as_bytes()).unwrap();
        assert_eq!(supported.versions(), ["1.9.9", "1.10.0"]);
        assert!(supported.contains("1.9.9"));
        assert!(!supported.contains("1.8.0") && !supported.contains("2.0.0"));
    }

    #[test]
    fn what_is_no_list_of_tools_is_an_error_and_not_an_empty_list() {
        for answer in ["", "{}", "<html>", r#"{"data": {}}"#] {
            assert!(Supported::parse(answer.as_bytes()).is_err(), "{answer}");
        }
    }
}
