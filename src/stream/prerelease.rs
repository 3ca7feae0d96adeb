//! Whether what is published is older than, newer than, or the same as what would be.

use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::time::SystemTime;

use super::document::{Place, Stream};
use super::versions::newest_first;
use crate::model::Digest;

/// What is published, beside what would be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It lists the same builds with the same files.
    Same,
    /// It is to be replaced.
    Older,
    /// It must not be replaced.
    Newer,
}

/// Compares what is `published` with the `selected` artifacts of `ours`: by what is listed, then by when the streams say that
/// they were changed, then by their newest builds.
#[must_use]
pub fn standing(published: &Stream, ours: &Stream, selected: &[usize]) -> Standing {
    let every: Vec<usize> = (0..published.artifacts.len()).collect();
    if listed(published, &every) == listed(ours, selected) {
        return Standing::Same;
    }
    let by_time = changed(published).zip(changed(ours)).map(|(theirs, own)| theirs.cmp(&own));
    let order = by_time.filter(|order| order.is_ne()).unwrap_or_else(|| by_build(published, ours));
    if order == Ordering::Greater { Standing::Newer } else { Standing::Older }
}

/// What makes a stream what it is: builds and bytes, wherever they are.
fn listed<'a>(
    stream: &'a Stream,
    which: &[usize],
) -> BTreeSet<(&'a Place, Option<&'a str>, Option<&'a Digest>)> {
    let artifacts = which.iter().filter_map(|at| stream.artifacts.get(*at));
    let listed = artifacts.map(|artifact| {
        let sha256 = artifact.file.as_ref().ok().map(|file| &file.sha256);
        (&artifact.place, artifact.release.as_deref(), sha256)
    });
    listed.collect()
}

fn changed(stream: &Stream) -> Option<SystemTime> {
    humantime::parse_rfc3339(stream.last_modified.as_deref()?).ok()
}

/// Greater: the first has the newer build.
fn by_build(theirs: &Stream, own: &Stream) -> Ordering {
    let newest = |stream: &Stream| {
        let releases = stream.artifacts.iter().filter_map(|artifact| artifact.release.clone());
        releases.min_by(|a, b| newest_first(a, b))
    };
    match (newest(theirs), newest(own)) {
        (Some(theirs), Some(own)) => newest_first(&own, &theirs),
        (theirs, own) => theirs.is_some().cmp(&own.is_some()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stream::document::Document;

    fn stream(modified: &str, release: &str, sha: char) -> Document {
        let text = format!(
            r#"{{"stream": "rhcos-4.20", "metadata": {{"last-modified": "{modified}"}}, "architectures": {{"x86_64": {{"artifacts": {{
            "metal": {{"release": "{release}", "formats": {{"iso": {{"disk": {{
            "location": "https://a.example/{release}/x.iso", "sha256": "{}"}}}}}}}}}}}}}}}}"#,
            sha.to_string().repeat(64)
        );
        Document::read("x.json", text.as_bytes(), None).unwrap()
    }

    fn of(published: &Document, ours: &Document) -> Standing {
        standing(published.stream(), ours.stream(), &[0])
    }

    #[test]
    fn the_same_builds_are_the_same_whenever_they_were_listed() {
        let (old, new) = ("2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z");
        assert_eq!(
            of(&stream(old, "9.6.20260101-0", 'a'), &stream(new, "9.6.20260101-0", 'a')),
            Standing::Same
        );
        assert_ne!(
            of(&stream(old, "9.6.20260101-0", 'a'), &stream(old, "9.6.20260101-0", 'b')),
            Standing::Same
        );
    }

    // 14.74
    #[test]
    fn an_older_stream_does_not_replace_a_newer_one() {
        let (old, new) = ("2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z");
        let (first, second) = (stream(old, "9.6.20260101-0", 'a'), stream(new, "9.6.20260201-0", 'b'));
        assert_eq!(of(&first, &second), Standing::Older);
        assert_eq!(of(&second, &first), Standing::Newer);
    }

    #[test]
    fn where_the_times_say_nothing_the_newest_build_decides() {
        let at = "2026-01-01T00:00:00Z";
        let (first, second) = (stream(at, "9.6.20260101-0", 'a'), stream("?", "9.6.20260201-0", 'b'));
        assert_eq!(of(&first, &second), Standing::Older);
        assert_eq!(of(&second, &first), Standing::Newer);
        let third = stream(at, "9.6.20260301-0", 'c');
        assert_eq!(of(&first, &third), Standing::Older);
        assert_eq!(of(&third, &first), Standing::Newer);
    }
}
