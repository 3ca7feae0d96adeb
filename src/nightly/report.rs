//! `assembly-report.yaml`: which images there are, what is inconsistent about them, and what was not looked at.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};

use super::checks::Undone;
use super::inspected::Inspected;
use super::payload::Payload;
use super::permits::{Judged, JudgedIssue};

/// The name of the file.
pub(super) const FILE: &str = "assembly-report.yaml";

/// What a report is made of.
#[derive(Debug, Clone, Copy)]
pub(super) struct ReportInput<'a> {
    /// The payload.
    pub payload: &'a Payload,
    /// The images that take part; none of others is reported to lack a build.
    pub inspected: &'a Inspected,
    /// The issues, and what allows them. Whether they were ignored plays no part.
    pub judged: &'a Judged,
    /// The checks that were not made.
    pub undone: &'a [Undone],
    /// The images left out as siblings that do not match.
    pub excluded: &'a BTreeSet<Arc<str>>,
    /// The tags under which another image stands in.
    pub substituted: &'a [Substituted],
}

/// A tag under which another image stands in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Substituted {
    /// The tag.
    pub tag: Arc<str>,
    /// For this architecture.
    pub arch: super::Arch,
    /// The tag whose image stands in.
    #[serde(rename = "substituted_by")]
    pub by: Arc<str>,
}

/// `assembly-report.yaml` as it is written.
#[derive(Debug, Serialize)]
pub(super) struct Report<'a> {
    non_release_images: Vec<&'a str>,
    release_images: Vec<&'a str>,
    missing_image_builds: Vec<&'a str>,
    viable: bool,
    assembly_issues: Components<'a>,
    checks_not_done: Vec<NotDone<'a>>,
    excluded_siblings: &'a BTreeSet<Arc<str>>,
    substituted: &'a [Substituted],
}

#[derive(Debug, Serialize)]
struct ReportedIssue<'a> {
    code: &'static str,
    msg: &'a str,
    permitted: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    permit: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<&'a str>,
}

#[derive(Debug, Serialize)]
struct NotDone<'a> {
    code: &'static str,
    why: &'a str,
}

/// Issues by component, in the order in which components first have one.
#[derive(Debug)]
struct Components<'a>(Vec<(&'a str, Vec<ReportedIssue<'a>>)>);

impl Serialize for Components<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (component, issues) in &self.0 {
            map.serialize_entry(component, issues)?;
        }
        map.end()
    }
}

impl<'a> Report<'a> {
    /// The report of a payload.
    #[must_use]
    pub(super) fn new(input: &ReportInput<'a>) -> Self {
        let ReportInput { payload, inspected, judged, undone, excluded, substituted } = *input;
        let others = payload.images.iter().filter(|image| !image.is_for_release);
        let unbuilt = inspected.members.iter().filter(|member| member.definition.build.is_none());
        Self {
            non_release_images: others.map(|image| &*image.name).collect(),
            release_images: inspected.members.iter().map(|member| &*member.definition.name).collect(),
            missing_image_builds: unbuilt.map(|member| &*member.definition.name).collect(),
            viable: judged.is_viable,
            assembly_issues: by_component(&judged.issues),
            checks_not_done: undone
                .iter()
                .map(|undone| NotDone { code: undone.code.name(), why: &undone.why })
                .collect(),
            excluded_siblings: excluded,
            substituted,
        }
    }

    /// As the text of a file.
    ///
    /// # Errors
    /// When it cannot be written as YAML.
    pub(super) fn to_yaml(&self) -> Result<String, serde_yaml::ser::Error> {
        serde_yaml::to_string(self)
    }
}

fn by_component(judged: &[JudgedIssue]) -> Components<'_> {
    let mut components: Vec<(&str, Vec<_>)> = Vec::new();
    let mut places = BTreeMap::new();
    for JudgedIssue { issue, permit } in judged {
        let place = *places.entry(&*issue.component).or_insert_with(|| {
            components.push((&issue.component, Vec::new()));
            components.len() - 1
        });
        components[place].1.push(ReportedIssue {
            code: issue.code.name(),
            msg: &issue.message,
            permitted: permit.is_some(),
            permit: permit.as_ref().map(|permit| &*permit.place),
            why: permit.as_ref().and_then(|permit| permit.why.as_deref()),
        });
    }
    Components(components)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::nightly::permits::judge;
    use crate::nightly::sample::{Case, definition, edit, issue, member, permit};
    use crate::nightly::{Arch, Code};

    fn written(case: &Case, issues: &[crate::nightly::Issue]) -> (Value, String) {
        let judged = judge(&case.payload, issues);
        let undone = [Undone { code: Code::UnshippableKernel, why: "nobody tells: really".into() }];
        let substituted = [Substituted { tag: "etcd".into(), arch: Arch::S390x, by: "pod".into() }];
        let excluded = ["a".into()].into();
        let report = Report::new(&ReportInput {
            payload: &case.payload,
            inspected: &case.inspected,
            judged: &judged,
            undone: &undone,
            excluded: &excluded,
            substituted: &substituted,
        });
        let text = report.to_yaml().unwrap();
        (serde_yaml::from_str(&text).unwrap(), text)
    }

    fn case() -> Case {
        let mut unbuilt = member("spam");
        edit(&mut unbuilt, |image| image.build = None);
        unbuilt.build = None;
        let mut case = Case::of([member("eggs"), unbuilt]);
        let mut base = definition("base");
        base.is_for_release = false;
        case.payload.images.push(base);
        case
    }

    // 18.20 (that an image without a build is reported), 18.53, 18.119
    #[test]
    fn a_report_has_the_images_the_issues_by_component_and_what_permits_them() {
        let mut case = case();
        case.payload.assembly.permits = vec![permit("*", "spam")];
        let issues = ["spam", "eggs", "spam"].into_iter().zip(Code::ALL.into_iter().skip(1));
        let issues: Vec<_> = issues.map(|(component, code)| issue(code, component)).collect();
        let (report, text) = written(&case, &issues);

        assert_eq!(report["viable"], json!(false));
        assert_eq!(report["non_release_images"], json!(["base"]));
        assert_eq!(report["release_images"], json!(["eggs", "spam"]));
        assert_eq!(report["missing_image_builds"], json!(["spam"]));
        let issues = &report["assembly_issues"];
        let permitted = |component: &str, at: usize| issues[component][at]["permitted"].clone();
        assert_eq!((permitted("spam", 0), permitted("spam", 1)), (json!(true), json!(true)));
        assert_eq!(
            issues["eggs"],
            json!([{
                "code": "CONFLICTING_GROUP_RPM_INSTALLED", "msg": "eggs is not as it should be", "permitted": false
            }])
        );
        assert_eq!(issues["spam"][0]["why"], json!("it was agreed"));
        assert_eq!(issues["spam"][0]["permit"], json!("payload.yaml:7"));
        assert!(text.find("spam:").unwrap() < text.find("eggs:").unwrap(), "in the order found: {text}");
    }

    // 18.54
    #[test]
    fn a_report_knows_of_no_emergency() {
        let (report, _) = written(&case(), &[issue(Code::MismatchedSiblings, "eggs")]);
        assert_eq!(report["viable"], json!(false));
        let (report, _) = written(&case(), &[]);
        assert_eq!((&report["viable"], &report["assembly_issues"]), (&json!(true), &json!({})));
    }

    #[test]
    fn what_was_not_checked_left_out_or_replaced_is_told() {
        let (report, _) = written(&case(), &[]);
        let undone = json!([{"code": "UNSHIPPABLE_KERNEL", "why": "nobody tells: really"}]);
        assert_eq!(report["checks_not_done"], undone);
        assert_eq!(report["excluded_siblings"], json!(["a"]));
        let substituted = json!([{"tag": "etcd", "arch": "s390x", "substituted_by": "pod"}]);
        assert_eq!(report["substituted"], substituted);
    }

    #[test]
    fn text_that_yaml_would_take_for_something_else_comes_back_as_it_was() {
        let odd = ["yes", "1.10", "a: b # c", "- x", "two\nlines", "", "'quoted' \"both\"", "{}", "~"];
        let mut issue = issue(Code::MismatchedSiblings, "eggs");
        for message in odd {
            issue.message = message.to_owned();
            let (report, text) = written(&case(), std::slice::from_ref(&issue));
            assert_eq!(report["assembly_issues"]["eggs"][0]["msg"], json!(message), "{text}");
        }
    }
}
