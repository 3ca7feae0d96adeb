//! Which artifacts of a stream are meant.

use glob::Pattern;

use super::arch;
use super::document::{Place, Stream};
use super::findings;
use crate::model::{Finding, Severity};

/// Patterns for the four names of an artifact's place. One of each list must match, where a list has any.
#[derive(Debug, Clone, Default)]
pub struct Selection {
    /// For the architecture, by RPM's name; `amd64` and `arm64` mean `x86_64` and `aarch64`.
    pub archs: Vec<Pattern>,
    /// For the platform.
    pub artifacts: Vec<Pattern>,
    /// For the format.
    pub formats: Vec<Pattern>,
    /// For the kind.
    pub kinds: Vec<Pattern>,
    /// Whether patterns that match nothing are only worth a warning.
    pub allow_unmatched: bool,
}

/// One list of patterns: its flag, and the name of a place that it is about.
struct Part<'a> {
    flag: &'static str,
    patterns: &'a [Pattern],
    of: fn(&Place) -> &str,
}

impl Selection {
    /// The artifacts that are meant, by their places in the stream's list, and what people should know. `file:` locations
    /// are fine only where `allow_files` says so.
    ///
    /// # Errors
    /// When a pattern matches nothing or all of them together do not, and when an artifact that is meant cannot be
    /// fetched and checked. All that is wrong, and all warnings.
    pub fn select(
        &self,
        stream: &Stream,
        allow_files: bool,
    ) -> Result<(Vec<usize>, Vec<Finding>), Vec<Finding>> {
        let mut findings = self.unmatched(stream);
        let all_match_something = findings.is_empty();
        let mut selected = Vec::new();
        for (at, artifact) in stream.artifacts.iter().enumerate() {
            let is_meant = self.matches(&artifact.place);
            if is_meant {
                selected.push(at);
            }
            findings
                .extend(wrong(stream, at, allow_files).into_iter().map(|finding| weighed(finding, is_meant)));
        }
        if selected.is_empty() && all_match_something && self.is_given() {
            findings.push(
                self.finding(stream, "each pattern matches something, but nothing matches all of them"),
            );
        }
        if findings.iter().any(Finding::is_error) { Err(findings) } else { Ok((selected, findings)) }
    }

    /// Whether an artifact at `place` is meant.
    #[must_use]
    pub fn matches(&self, place: &Place) -> bool {
        self.parts().iter().all(|part| {
            part.patterns.is_empty() || part.patterns.iter().any(|pattern| part.is_matched(pattern, place))
        })
    }

    /// Whether the container image of an architecture is meant: it has no format and no kind.
    #[must_use]
    pub fn takes_containers_of(&self, arch: &str) -> bool {
        let name: std::sync::Arc<str> = "kubevirt".into();
        let place = Place { arch: arch.into(), artifact: name, format: "".into(), kind: "".into() };
        self.parts()[..2].iter().all(|part| {
            part.patterns.is_empty() || part.patterns.iter().any(|pattern| part.is_matched(pattern, &place))
        })
    }

    fn is_given(&self) -> bool {
        self.parts().iter().any(|part| !part.patterns.is_empty())
    }

    fn parts(&self) -> [Part<'_>; 4] {
        [
            Part { flag: "--arch", patterns: &self.archs, of: |place| &place.arch },
            Part { flag: "--artifact", patterns: &self.artifacts, of: |place| &place.artifact },
            Part { flag: "--format", patterns: &self.formats, of: |place| &place.format },
            Part { flag: "--kind", patterns: &self.kinds, of: |place| &place.kind },
        ]
    }

    /// One finding for each pattern that matches nothing, naming what it could have matched.
    fn unmatched(&self, stream: &Stream) -> Vec<Finding> {
        let mut findings = Vec::new();
        for part in self.parts() {
            let places = || stream.artifacts.iter().map(|artifact| &artifact.place);
            let is_unmatched = |pattern: &&Pattern| !places().any(|place| part.is_matched(pattern, place));
            for pattern in part.patterns.iter().filter(is_unmatched) {
                let mut known: Vec<_> = places().map(part.of).collect();
                known.sort_unstable();
                known.dedup();
                let message = format!("`{} {pattern}` matches nothing of the stream", part.flag);
                let known = format!("known: {}", known.join(", "));
                findings.push(self.finding(stream, &message).hint(known));
            }
        }
        findings
    }

    fn finding(&self, stream: &Stream, message: &str) -> Finding {
        let severity = if self.allow_unmatched { Severity::Warning } else { Severity::Error };
        Finding::about(&stream.file, severity, "unmatched", message)
    }
}

impl Part<'_> {
    fn is_matched(&self, pattern: &Pattern, place: &Place) -> bool {
        let name = (self.of)(place);
        pattern.matches(name) || (self.flag == "--arch" && arch::of_goarch(pattern.as_str()) == name)
    }
}

/// What is wrong with an artifact, if somebody wants it.
fn wrong(stream: &Stream, at: usize, allow_files: bool) -> Vec<Finding> {
    let artifact = &stream.artifacts[at];
    match &artifact.file {
        Err(findings) => findings.clone(),
        Ok(_) if allow_files => Vec::new(),
        Ok(file) => {
            let addresses = [("location", Some(&file.location)), ("signature", file.signature.as_ref())];
            let is_file = |url: Option<&url::Url>| url.is_some_and(|url| url.scheme() == "file");
            let files = addresses.iter().filter(|(_, url)| is_file(*url)).map(|(what, _)| {
                let message = format!("its {what} is a file of this machine, which was not allowed");
                findings::error(stream, artifact, "file-location", &message)
            });
            files.collect()
        }
    }
}

/// What is wrong with an artifact that nobody wants is a warning.
fn weighed(finding: Finding, is_meant: bool) -> Finding {
    let severity = if is_meant { finding.severity } else { Severity::Warning };
    Finding { severity, ..finding }
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;

    fn patterns(texts: &[&str]) -> Vec<Pattern> {
        texts.iter().map(|text| Pattern::new(text).unwrap()).collect()
    }

    fn selected(selection: &Selection) -> Result<Vec<String>, Vec<Finding>> {
        let stream = sample::first();
        let (selected, _) = selection.select(&stream, false)?;
        Ok(selected.iter().map(|at| stream.artifacts[*at].place.to_string()).collect())
    }

    // 14.42
    #[test]
    fn one_pattern_of_each_flag_must_match_and_goarch_names_are_known() {
        let some = Selection {
            archs: patterns(&["amd64"]),
            artifacts: patterns(&["met*"]),
            kinds: patterns(&["kernel"]),
            ..Selection::default()
        };
        assert_eq!(selected(&some).unwrap(), ["x86_64/metal/pxe/kernel"]);
        let either = Selection { artifacts: patterns(&["openstack", "metal"]), ..Selection::default() };
        assert_eq!(selected(&either).unwrap().len(), 3);
        assert_eq!(selected(&Selection::default()).unwrap().len(), 5);
    }

    // 14.43
    #[test]
    fn a_pattern_that_matches_nothing_is_an_error_that_lists_what_is_known() {
        let typo = Selection { artifacts: patterns(&["qemu", "qmeu"]), ..Selection::default() };
        let findings = selected(&typo).unwrap_err();
        assert_eq!(findings.len(), 1);
        assert_eq!(findings[0].message, "`--artifact qmeu` matches nothing of the stream");
        assert_eq!(findings[0].hint.as_deref(), Some("known: metal, openstack, qemu"));
        let allowed = Selection { allow_unmatched: true, ..typo };
        let (selected, warnings) = allowed.select(&sample::first(), false).unwrap();
        assert_eq!((selected, warnings.len(), warnings[0].is_error()), (vec![1, 4], 1, false));
    }

    #[test]
    fn patterns_that_never_match_together_are_an_error_too() {
        let none = Selection {
            archs: patterns(&["s390x"]),
            artifacts: patterns(&["metal"]),
            ..Selection::default()
        };
        assert_eq!(selected(&none).unwrap_err()[0].code, "unmatched");
        let empty = sample::stream("rhcos-4.16", []);
        assert_eq!(
            Selection::default().select(&empty, false).unwrap(),
            (vec![], vec![]),
            "nobody asked for more"
        );
    }

    #[test]
    fn what_is_wrong_matters_only_to_who_wants_it() {
        let mut stream = sample::first();
        let wrong = findings::error(&stream, &stream.artifacts[0], "location", "it has no location");
        let also = findings::error(&stream, &stream.artifacts[0], "sha256", "it has no sha256");
        stream.artifacts[0].file = Err(vec![wrong, also]);
        let findings = Selection::default().select(&stream, false).unwrap_err();
        assert_eq!(findings.iter().filter(|finding| finding.is_error()).count(), 2);
        let qemu = Selection { artifacts: patterns(&["qemu"]), ..Selection::default() };
        let (selected, warnings) = qemu.select(&stream, false).unwrap();
        assert_eq!((selected, warnings.len()), (vec![1, 4], 2));
        assert!(warnings.iter().all(|finding| !finding.is_error()));
    }

    #[test]
    fn a_file_of_this_machine_is_only_read_where_that_was_allowed() {
        let local = sample::artifact("x86_64/qemu/qcow2/disk", "9.6.20250121-0", "file:///etc/passwd");
        let stream = sample::stream("rhcos-4.19", [local]);
        let findings = Selection::default().select(&stream, false).unwrap_err();
        assert_eq!((findings[0].code, findings[0].line()), ("file-location", 10));
        assert_eq!(Selection::default().select(&stream, true).unwrap(), (vec![0], vec![]));
        // Of a signature nobody knows the digest: whatever it is would be published.
        let mut signed = sample::artifact("x86_64/qemu/qcow2/disk", "9.6.20250121-0", "https://m/a");
        signed =
            sample::with_file(signed, |file| file.signature = Some("file:///etc/shadow".parse().unwrap()));
        let stream = sample::stream("rhcos-4.19", [signed]);
        let findings = Selection::default().select(&stream, false).unwrap_err();
        assert_eq!((findings[0].code, findings[0].line()), ("file-location", 10));
        assert_eq!(Selection::default().select(&stream, true).unwrap(), (vec![0], vec![]));
    }
}
