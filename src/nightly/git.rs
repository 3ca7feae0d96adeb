//! What addresses of Git repositories and commits look like.

/// The address of a repository in one form, so that two ways of writing it are equal: `https://HOST/ORG/NAME`.
#[must_use]
pub(super) fn https_url(url: &str) -> String {
    let bare = url.trim().trim_end_matches('/');
    let (has_scheme, bare) = bare.split_once("://").map_or((false, bare), |(_, rest)| (true, rest));
    let bare = bare.strip_suffix(".git").unwrap_or(bare);
    let (authority, path) = bare.split_once('/').unwrap_or((bare, ""));
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    // `host:org/name` is how ssh names what a URL names `host/org/name`.
    let host = if has_scheme { host.to_owned() } else { host.replacen(':', "/", 1) };
    format!("https://{host}/{path}").trim_end_matches('/').to_owned()
}

/// Whether two commits can be one, where either may be abbreviated.
#[must_use]
pub(super) fn same_commit(one: &str, other: &str) -> bool {
    let len = one.len().min(other.len());
    match (one.get(..len), other.get(..len)) {
        (Some(one), Some(other)) => one.eq_ignore_ascii_case(other),
        _ => false,
    }
}

/// A commit as people name it: its first seven digits.
#[must_use]
pub(super) fn short(commit: &str) -> &str {
    commit.get(..7).unwrap_or(commit)
}

/// The commit that a release of a package names: `.gHEX` or `.git.HEX`, before a dot or at the end.
#[must_use]
pub(super) fn commit_of_release(release: &str) -> Option<&str> {
    let parts: Vec<_> = release.split('.').collect();
    parts.windows(2).find_map(|pair| {
        let [before, part] = pair else { return None };
        let hex = if *before == "git" { part } else { part.strip_prefix('g')? };
        is_hex(hex).then_some(hex)
    })
}

fn is_hex(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_repository_has_one_address_however_it_is_written() {
        let same = [
            "git@github.com:openshift/etcd.git",
            "https://github.com/openshift/etcd",
            "https://github.com/openshift/etcd.git/",
            " ssh://git@github.com/openshift/etcd.git ",
            "github.com/openshift/etcd",
            "https://robot@github.com/openshift/etcd",
        ];
        for written in same {
            assert_eq!(https_url(written), "https://github.com/openshift/etcd", "{written}");
        }
        assert_ne!(https_url("https://github.com/openshift-priv/etcd"), https_url(same[0]));
        assert_eq!(https_url("https://git.test:8443/a/b"), "https://git.test:8443/a/b");
    }

    #[test]
    fn a_release_names_its_commit_between_dots() {
        let cases = [
            ("202501010000.p2.gbbb5678.assembly.stream.el9", Some("bbb5678")),
            ("1.git.aaa1234.el9", Some("aaa1234")),
            ("1.rhaos4.19.gaaa1234", Some("aaa1234")),
            ("1.el9", None),
            ("gaaa1234.el9", None),
            ("1.gamma.el9", None),
        ];
        for (release, commit) in cases {
            assert_eq!(commit_of_release(release), commit, "{release}");
        }
    }

    #[test]
    fn commits_are_compared_over_the_shorter_one() {
        assert!(same_commit("aaa1234", "aaa1234567890"));
        assert!(!same_commit("aaa1234", "aaa1235"));
    }
}
