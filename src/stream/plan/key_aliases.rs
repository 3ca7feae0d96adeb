//! Keys that a server reads elsewhere: what is written there could never be read.

use crate::model::{Key, KeyError};

/// What mirror.openshift.com reads instead. There is no directory for files of no architecture; those are with `x86_64`'s.
const MIRROR: &str = "pub/openshift-v4";
const RULES: [(&str, &str); 4] = [
    ("amd64", "x86_64"),
    ("arm64", "aarch64"),
    ("clients", "x86_64/clients"),
    ("dependencies", "x86_64/dependencies"),
];

/// Where the server reads instead of where it is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct KeyAliases {
    /// Where the destination's root is on the server, with a slash behind it if it is not the server's own.
    root: String,
    is_mirror: bool,
}

/// A root below which nothing can be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("nothing below `{root}` can be read: the server looks below `{instead}` instead")]
pub struct AliasError {
    /// The root.
    pub root: String,
    /// Where the server looks.
    pub instead: String,
}

impl KeyAliases {
    /// Those of mirror.openshift.com, for a destination whose root is `root` there: empty for the server's own root,
    /// `pub/openshift-v4` if keys begin with the architecture.
    ///
    /// # Errors
    /// When `root` itself is read elsewhere.
    pub fn mirror_openshift_com(root: &str) -> Result<Self, AliasError> {
        let root = root.split('/').filter(|name| !name.is_empty()).collect::<Vec<_>>().join("/");
        let below = if root.is_empty() { root.clone() } else { format!("{root}/") };
        match instead(&below) {
            Some(instead) => Err(AliasError { root, instead: instead.trim_end_matches('/').to_owned() }),
            None => Ok(Self { root: below, is_mirror: true }),
        }
    }

    /// The key that the server reads when it is asked for `key`.
    ///
    /// # Errors
    /// When that would be too long.
    pub fn canonical(&self, key: &Key) -> Result<Key, KeyError> {
        let asked = format!("{}{key}", self.root);
        match instead(&asked).filter(|_| self.is_mirror) {
            Some(read) => Key::parse(read.strip_prefix(&self.root).unwrap_or(&read)),
            None => Ok(key.clone()),
        }
    }
}

/// The path that is read instead of `path`, if another is.
fn instead(path: &str) -> Option<String> {
    let (name, rest) = path.strip_prefix(MIRROR)?.strip_prefix('/')?.split_once('/')?;
    let (_, instead) = RULES.iter().find(|(alias, _)| *alias == name)?;
    Some(format!("{MIRROR}/{instead}/{rest}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn canonical(root: &str, key: &str) -> String {
        let aliases = KeyAliases::mirror_openshift_com(root).unwrap();
        aliases.canonical(&Key::parse(key).unwrap()).unwrap().to_string()
    }

    // 14.56
    #[test]
    fn what_has_no_architecture_is_with_that_of_x86_64() {
        for (asked, read) in [
            ("dependencies/x.json", "x86_64/dependencies/x.json"),
            ("clients/ocp/x", "x86_64/clients/ocp/x"),
            ("amd64/dependencies/x", "x86_64/dependencies/x"),
            ("arm64/x", "aarch64/x"),
            ("x86_64/dependencies/x", "x86_64/dependencies/x"),
            ("s390x/dependencies/x", "s390x/dependencies/x"),
            ("dependencies", "dependencies"),
            ("dependencies-old/x", "dependencies-old/x"),
        ] {
            assert_eq!(canonical("pub/openshift-v4", asked), read);
            assert_eq!(
                canonical("", &format!("pub/openshift-v4/{asked}")),
                format!("pub/openshift-v4/{read}")
            );
            assert_eq!(canonical("/pub/", &format!("openshift-v4/{asked}")), format!("openshift-v4/{read}"));
        }
        assert_eq!(canonical("", "dependencies/x.json"), "dependencies/x.json", "that is elsewhere");
        assert_eq!(canonical("pub/openshift-v4/x86_64", "dependencies/x"), "dependencies/x");
    }

    #[test]
    fn a_root_that_is_read_elsewhere_is_refused() {
        for root in
            ["pub/openshift-v4/dependencies", "pub/openshift-v4/amd64/", "/pub/openshift-v4/clients/ocp"]
        {
            assert!(KeyAliases::mirror_openshift_com(root).is_err(), "{root}");
        }
        let error = KeyAliases::mirror_openshift_com("pub/openshift-v4/dependencies/rhcos").unwrap_err();
        assert_eq!(error.instead, "pub/openshift-v4/x86_64/dependencies/rhcos");
    }

    #[test]
    fn other_servers_have_none() {
        let key = Key::parse("pub/openshift-v4/dependencies/x.json").unwrap();
        assert_eq!(KeyAliases::default().canonical(&key).unwrap(), key);
    }
}
