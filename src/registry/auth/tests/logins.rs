//! Which login goes where, and what a challenge leads to.

use super::*;

#[tokio::test(start_paused = true)]
async fn a_registry_that_has_asked_for_nothing_is_sent_nothing() {
    let authorizer = Authorizer::new(credentials(&json!({ HOST: login("u") })), Credentials::anonymous());
    let fake = Fake::kind();
    assert!(authorizer.authorize(&pull("a"), &fake).await.unwrap().is_none());
    assert_eq!(fake.count(), 0);
    assert!(authorizer.realms().is_empty());
}

#[tokio::test(start_paused = true)]
async fn source_and_target_and_repositories_of_one_host_may_have_different_logins() {
    let source = credentials(&json!({ HOST: login("reader"), "registry.example/org": login("org") }));
    let authorizer = authorizer(source, credentials(&json!({ HOST: login("writer") }))).await;
    let fake = Fake::kind();
    announce(&authorizer, ["org/a".to_owned(), "else/a".to_owned()]);
    given(&authorizer, &pull("org/a"), &fake).await;
    given(&authorizer, &pull("else/a"), &fake).await;
    given(&authorizer, &need(Role::Target, &[("org/a", Action::Pull)]), &fake).await;
    let users: Vec<_> = fake.asked().into_iter().map(|asked| asked.user.unwrap()).collect();
    assert_eq!(users, ["org", "reader", "writer"]);
    assert!(fake.asked().iter().all(|asked| asked.scopes.len() == 1));
}

#[tokio::test(start_paused = true)]
async fn roles_that_use_the_same_login_share_its_tokens() {
    let both = credentials(&json!({ HOST: login("u") }));
    let authorizer = authorizer(both.clone(), both).await;
    let fake = Fake::kind();
    given(&authorizer, &pull("a"), &fake).await;
    given(&authorizer, &need(Role::Target, &[("a", Action::Pull)]), &fake).await;
    assert_eq!(fake.count(), 1);
}

#[tokio::test]
async fn a_login_is_sent_in_the_clear_only_where_the_registry_is() {
    let authorizer = Authorizer::new(credentials(&json!({ HOST: login("u") })), Credentials::anonymous());
    let plain = headers(r#"Bearer realm="http://auth.example/token",service="s""#);
    for unsafe_realm in [plain.clone(), headers(r#"Bearer realm="https://u:p@auth.example/token""#)] {
        let error = authorizer.challenged(&pull("a"), None, &unsafe_realm, &registry()).await.unwrap_err();
        assert_eq!(error.class(), Class::Protocol);
        assert!(!error.to_string().contains("u:p"), "{error}");
        assert!(authorizer.authorize(&pull("a"), &Fake::kind()).await.unwrap().is_none());
    }
    let http = url::Url::parse("http://registry.example/v2/").unwrap();
    assert!(authorizer.challenged(&pull("a"), None, &plain, &http).await.unwrap());
}

#[tokio::test(start_paused = true)]
async fn an_identity_token_goes_by_post_and_nowhere_else() {
    let source = credentials(&json!({ HOST: { "identitytoken": "idt" } }));
    let authorizer = authorizer(source, Credentials::anonymous()).await;
    let fake = Fake::kind();
    given(&authorizer, &pull("a/b"), &fake).await;
    let asked = fake.asked().remove(0);
    let form = asked.form.unwrap();
    assert_eq!(form["grant_type"], "refresh_token");
    assert_eq!(form["refresh_token"], "idt");
    assert_eq!(form["client_id"], "image-mirror");
    assert_eq!(form["service"], HOST);
    assert_eq!(form["scope"], "repository:a/b:pull");
    assert_eq!((asked.user, asked.account), (None, None));
}

#[tokio::test(start_paused = true)]
async fn where_no_post_is_known_the_password_beside_an_identity_token_is_used() {
    let both = json!({ "identitytoken": "idt", "username": "u", "password": "s3cr3t" });
    let authorizer = authorizer(credentials(&json!({ HOST: both })), Credentials::anonymous()).await;
    let fake = Fake::new(|asked| match asked.form {
        Some(_) => (StatusCode::METHOD_NOT_ALLOWED, json!({})),
        None => (StatusCode::OK, token(asked)),
    });
    given(&authorizer, &pull("a"), &fake).await;
    given(&authorizer, &pull("b"), &fake).await;
    let users: Vec<_> = fake.asked().into_iter().map(|asked| asked.user).collect();
    assert_eq!(users, [None, Some("u".to_owned()), Some("u".to_owned())]);
}

#[tokio::test]
async fn a_basic_challenge_is_met_once_and_only_with_a_login() {
    let authorizer = Authorizer::new(credentials(&json!({ HOST: login("u") })), Credentials::anonymous());
    let fake = Fake::kind();
    let basic = headers("Basic realm=Some Registry");
    let target = need(Role::Target, &[("a", Action::Pull)]);
    assert!(!authorizer.challenged(&target, None, &basic, &registry()).await.unwrap());
    assert!(authorizer.authorize(&target, &fake).await.unwrap().is_none());
    assert!(authorizer.challenged(&pull("a"), None, &basic, &registry()).await.unwrap());
    let used = authorizer.authorize(&pull("a"), &fake).await.unwrap().unwrap();
    assert_eq!(used.header().to_str().unwrap(), "Basic dTpzM2NyM3Q=");
    assert!(!authorizer.challenged(&pull("a"), Some(&used), &basic, &registry()).await.unwrap());
    assert_eq!(fake.count(), 0);
}

#[tokio::test]
async fn a_registry_token_is_sent_as_it_is() {
    let source = credentials(&json!({ HOST: { "registrytoken": "raw" } }));
    let authorizer = authorizer(source, Credentials::anonymous()).await;
    let fake = Fake::kind();
    let used = authorizer.authorize(&pull("a"), &fake).await.unwrap().unwrap();
    assert_eq!(used.header().to_str().unwrap(), "Bearer raw");
    assert!(!authorizer.challenged(&pull("a"), Some(&used), &headers(BEARER), &registry()).await.unwrap());
    assert_eq!(fake.count(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_401_gets_an_old_token_renewed_once() {
    let authorizer = anonymous().await;
    let fake = Fake::kind();
    let need = pull("a");
    authorizer.authorize(&need, &fake).await.unwrap();
    tokio::time::advance(Duration::from_mins(1)).await;
    let old = authorizer.authorize(&need, &fake).await.unwrap().unwrap();
    assert!(authorizer.challenged(&need, Some(&old), &headers(BEARER), &registry()).await.unwrap());
    let new = authorizer.authorize(&need, &fake).await.unwrap().unwrap();
    assert_eq!(fake.count(), 2);
    assert!(!authorizer.challenged(&need, Some(&new), &headers(BEARER), &registry()).await.unwrap());
}

#[tokio::test(start_paused = true)]
async fn a_repository_that_a_batched_token_does_not_open_gets_one_of_its_own() {
    let authorizer = anonymous().await;
    let fake = Fake::kind();
    announce(&authorizer, ["a".to_owned(), "b".to_owned()]);
    let batched = authorizer.authorize(&pull("a"), &fake).await.unwrap().unwrap();
    assert!(authorizer.challenged(&pull("a"), Some(&batched), &headers(BEARER), &registry()).await.unwrap());
    let own = authorizer.authorize(&pull("a"), &fake).await.unwrap().unwrap();
    assert_eq!(scopes(&own), "repository:a:pull");
    assert!(!authorizer.challenged(&pull("a"), Some(&own), &headers(BEARER), &registry()).await.unwrap());
    assert!(!authorizer.forbidden(&pull("a"), Some(&own)));
    // The other one goes on with the token of both.
    assert!(given(&authorizer, &pull("b"), &fake).await.contains("repository:a:pull|"));
    assert_eq!(fake.count(), 2);
}

#[tokio::test(start_paused = true)]
async fn nothing_prints_a_token_or_a_password() {
    let authorizer = authorizer(
        credentials(&json!({ HOST: login("u"), "registry.example/id": { "identitytoken": "s3cr3t" } })),
        Credentials::anonymous(),
    )
    .await;
    let fake = Fake::new(|_| (StatusCode::OK, json!({ "token": "t0k3n" })));
    let used = authorizer.authorize(&pull("a"), &fake).await.unwrap().unwrap();
    let odd = Fake::new(|_| (StatusCode::OK, json!({ "t0k3n": "t0k3n" })));
    let error = authorizer.authorize(&pull("id/b"), &odd).await.unwrap_err();
    assert_eq!(error.class(), Class::Protocol);
    let request = TokenRequest {
        url: registry(),
        form: Some(vec![("refresh_token".to_owned(), "s3cr3t".into())]),
        basic: Some(("u".to_owned(), "s3cr3t".into())),
    };
    let answer =
        TokenAnswer { status: StatusCode::OK, body: "t0k3n".into(), echo: crate::redact::Echo::default() };
    let shown = format!(
        "{authorizer:?} {used:?} {:?} {} {error:?} {request:?} {answer:?}",
        used.header(),
        Chain(&error)
    );
    for secret in ["t0k3n", "s3cr3t", "dTpzM2NyM3Q"] {
        assert!(!shown.contains(secret), "{shown}");
    }
}

#[tokio::test]
async fn a_broken_login_fails_its_own_repositories_only() {
    let source = credentials(&json!({ HOST: login("u"), "registry.example/bad": { "auth": "%" } }));
    let authorizer = authorizer(source, Credentials::anonymous()).await;
    let fake = Fake::kind();
    let error = authorizer.authorize(&pull("bad/a"), &fake).await.unwrap_err();
    assert_eq!(error.class(), Class::Invalid);
    assert!(Chain(&error).to_string().contains("entry `registry.example/bad` of /"), "{}", Chain(&error));
    assert_eq!(fake.count(), 0);
    given(&authorizer, &pull("good/a"), &fake).await;
}

#[test]
fn the_strongest_challenge_is_found_however_it_is_written() {
    use super::super::challenge::{Asked, Challenge};
    let realm = |value: &[&str]| {
        let mut headers = HeaderMap::new();
        for value in value {
            headers.append("www-authenticate", value.parse().unwrap());
        }
        match Asked::read(&headers, &registry()).unwrap() {
            Some(Asked { challenge: Challenge::Bearer(realm), lacks_scope, .. }) => {
                format!("{} {} {lacks_scope}", realm.url, realm.service.unwrap_or_default())
            }
            Some(_) => "basic".to_owned(),
            None => "none".to_owned(),
        }
    };
    let bearer = r#"bearer REALM="https://a.io/t", service="s", scope="repository:x:pull,push""#;
    assert_eq!(realm(&[bearer]), "https://a.io/t s false");
    assert_eq!(realm(&["Basic realm=\"r\"", bearer]), "https://a.io/t s false");
    assert_eq!(realm(&[&format!("Basic realm=\"r\", {bearer}")]), "https://a.io/t s false");
    assert_eq!(realm(&[&format!("{bearer},error=\"insufficient_scope\"")]), "https://a.io/t s true");
    assert_eq!(realm(&["Negotiate", "BASIC realm=Sonatype Nexus"]), "basic");
    assert_eq!(realm(&["Digest realm=\"r\""]), "none");
    assert_eq!(realm(&[]), "none");
}

proptest::proptest! {
    #[test]
    fn no_challenge_is_too_odd_to_be_read(text in "(Bearer|Basic)? ?[ -~]{0,80}", bytes in proptest::collection::vec(32u8..=255, 0..60)) {
        use super::super::challenge::Asked;
        let mut headers = HeaderMap::new();
        headers.append("www-authenticate", http::HeaderValue::from_str(&text).unwrap());
        if let Ok(value) = http::HeaderValue::from_bytes(&bytes) {
            headers.append("www-authenticate", value);
        }
        if let Ok(Some(asked)) = Asked::read(&headers, &registry())
            && let super::super::challenge::Challenge::Bearer(realm) = asked.challenge
        {
            proptest::prop_assert_eq!(realm.url.scheme(), "https");
        }
    }
}
