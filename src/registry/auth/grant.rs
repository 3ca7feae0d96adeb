//! What a token says that it grants. It is read and not verified: the registry does that, we only want to know.

use serde::Deserialize;

use crate::registry::jwt;

/// The claims of a registry's token (distribution spec, token authentication: JWT).
#[derive(Deserialize)]
struct Claims {
    access: Vec<Access>,
}

#[derive(Deserialize)]
struct Access {
    #[serde(rename = "type")]
    kind: String,
    name: String,
    #[serde(default)]
    actions: Vec<String>,
}

/// Whether a token lets one push to `name`; None: it is no JWT, or one without such claims.
pub(super) fn in_token(token: &str, name: &str) -> Option<bool> {
    let Claims { access } = jwt::claims(token)?;
    let is_ours = |access: &&Access| access.kind == "repository" && access.name == name;
    let mut actions = access.iter().filter(is_ours).flat_map(|access| &access.actions);
    Some(actions.any(|action| is_push(action)))
}

/// The same of the `scope` that a token service says it granted: `repository:a/b:pull,push` and others, apart by
/// spaces; None: it is written in another way.
pub(super) fn in_scope(scope: &str, name: &str) -> Option<bool> {
    let mut granted = false;
    for word in scope.split_whitespace() {
        let (kind, rest) = word.split_once(':')?;
        let (of, actions) = rest.rsplit_once(':')?;
        granted |= kind == "repository" && of == name && actions.split(',').any(is_push);
    }
    Some(granted)
}

fn is_push(action: &str) -> bool {
    matches!(action, "push" | "*")
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;

    use super::*;

    fn token(claims: &str) -> String {
        format!("e30.{}.c2ln", URL_SAFE_NO_PAD.encode(claims))
    }

    #[test]
    fn claims_say_what_is_granted_and_a_token_without_them_says_nothing() {
        let of = |actions: &str| {
            token(&format!(r#"{{"access":[{{"type":"repository","name":"a/b","actions":{actions}}}]}}"#))
        };
        assert_eq!(in_token(&of(r#"["pull","push"]"#), "a/b"), Some(true));
        assert_eq!(in_token(&of(r#"["*"]"#), "a/b"), Some(true));
        assert_eq!(in_token(&of(r#"["pull"]"#), "a/b"), Some(false));
        assert_eq!(in_token(&of(r#"["pull","push"]"#), "a/c"), Some(false));
        assert_eq!(in_token(&token(r#"{"access":[]}"#), "a/b"), Some(false));
        for opaque in ["opaque", "a.b.c", &token(r#"{"sub":"robot"}"#), &token(r#"{"access":null}"#)] {
            assert_eq!(in_token(opaque, "a/b"), None, "{opaque}");
        }
    }

    #[test]
    fn a_granted_scope_is_read_where_it_is_written_as_asked() {
        assert_eq!(in_scope("repository:a/b:pull,push", "a/b"), Some(true));
        assert_eq!(in_scope("repository:a/b:pull repository:c:push", "a/b"), Some(false));
        assert_eq!(in_scope("", "a/b"), Some(false));
        assert_eq!(in_scope("everything", "a/b"), None);
    }
}
