//! Token services: a registry's own challenge names who gets its login, and nobody else does.

use image_mirror::error::{Chain, Class, Classify as _};
use serde_json::json;

use super::{
    PASSWORD, USER, assert_hides, assert_knows_nothing, bearer_challenge, behind_basic, client, client_of,
    image, json as body, repository,
};
use crate::support::{Spy, docker_config, found, reply, reply_with};

/// A registry that wants tokens of `realm` and has nothing.
fn guarded(registry: Spy, realm: String) -> Spy {
    registry.answers(move |seen| if seen.is_authorized() { reply(404) } else { bearer_challenge(&realm) });
    registry
}

#[tokio::test]
async fn a_registry_by_https_gets_no_login_sent_to_a_token_service_by_http() {
    let service = Spy::start().await;
    let registry = guarded(Spy::tls().await, service.url("/token"));
    let error = client(&[&registry, &service]).head_manifest(&image(&registry)).await.unwrap_err();
    assert_eq!(error.class(), Class::Protocol);
    assert!(Chain(&error).to_string().contains(service.host()), "{}", Chain(&error));
    assert_eq!(service.log(), [], "nor is it asked for anything without one");
}

#[tokio::test]
async fn a_token_service_by_https_gets_the_login_of_the_registry_that_named_it_and_no_other() {
    let (service, other) = (Spy::tls().await, Spy::start().await);
    service.answers(|_| body(&json!({"token": "t0k3n"})));
    let registry = guarded(Spy::start().await, service.url("/token"));
    let logins = [
        (registry.host(), USER, PASSWORD),
        (service.host(), "service", "s-own"),
        (other.host(), "o", "o-own"),
    ];
    let client = client_of(&docker_config(&logins), &[&service], |_| {});
    assert_eq!(client.head_manifest(&image(&registry)).await.unwrap(), None);
    assert_eq!(service.log(), [("GET /token".to_owned(), true)], "that is where it belongs");
    for secret in ["s-own", "o-own"] {
        assert_hides(secret, &service.text());
        assert_hides(secret, &registry.text());
    }
    assert_hides(PASSWORD, &registry.text());
}

#[tokio::test]
async fn a_registry_that_names_the_token_service_of_another_gets_a_token_by_its_own_login_only() {
    let service = Spy::start().await;
    service.answers(|_| body(&json!({"token": "t0k3n-of-the-good"})));
    let (good, evil) = (
        guarded(Spy::start().await, service.url("/token")),
        guarded(Spy::start().await, service.url("/token")),
    );
    let client = client(&[&good]);
    let _ = client.head_manifest(&image(&good)).await;
    let asked = service.seen().len();
    let _ = client.head_manifest(&image(&evil)).await;
    let for_evil = &service.seen()[asked..];
    assert!(!for_evil.is_empty() && for_evil.iter().all(|seen| !seen.is_authorized()), "{:?}", service.log());
    let token = |registry: &Spy| registry.text().matches("t0k3n-of-the-good").count();
    assert_eq!(for_evil.len(), 1, "a token of its own, which is an anonymous one");
    assert!(token(&good) >= 1);
    assert_hides(PASSWORD, &evil.text());
}

#[tokio::test]
async fn a_token_of_one_registry_is_never_sent_to_another_with_the_same_token_service() {
    let service = Spy::start().await;
    service.answers(|seen| {
        let token = if seen.is_authorized() { "t0k3n-of-a-login" } else { "t0k3n-of-nobody" };
        body(&json!({"token": token}))
    });
    let (good, evil) = (
        guarded(Spy::start().await, service.url("/token")),
        guarded(Spy::start().await, service.url("/token")),
    );
    let client = client(&[&good]);
    for registry in [&good, &evil, &good, &evil] {
        let _ = client.head_manifest(&image(registry)).await;
    }
    assert!(good.text().contains("t0k3n-of-a-login"));
    assert!(!evil.text().contains("t0k3n-of-a-login"), "{}", evil.text());
}

#[tokio::test]
async fn a_token_service_that_redirects_is_not_followed() {
    for status in [301, 302, 303, 307, 308] {
        let (service, thief) = (Spy::start().await, Spy::start().await);
        let there = thief.url("/token");
        service.answers(move |_| reply_with(status, "location", &there));
        let registry = guarded(Spy::start().await, service.url("/token"));
        let error = client(&[&registry]).head_manifest(&image(&registry)).await.unwrap_err();
        assert_eq!(error.class(), Class::Protocol, "{status}");
        assert_eq!(thief.log(), [], "{status}");
    }
}

#[tokio::test]
async fn an_identity_token_is_not_sent_on_by_a_redirect_of_its_service() {
    let (service, thief) = (Spy::start().await, Spy::start().await);
    let there = thief.url("/token");
    service.answers(move |_| reply_with(307, "location", &there));
    let registry = guarded(Spy::start().await, service.url("/token"));
    let config = json!({"auths": {registry.host(): {"identitytoken": PASSWORD}}}).to_string();
    let client = client_of(&config, &[], |_| {});
    client.head_manifest(&image(&registry)).await.unwrap_err();
    assert_eq!(service.log(), [("POST /token".to_owned(), false)], "it travels in the form");
    assert_eq!(thief.log(), []);
    assert_hides(PASSWORD, &registry.text());
}

#[tokio::test]
async fn a_realm_with_a_login_in_it_or_of_another_scheme_is_refused() {
    let thief = Spy::start().await;
    let with_login = thief.url("/token").replace("http://", "http://user@");
    let with_both = thief.url("/token").replace("http://", "http://user:pw@");
    for realm in [
        with_login.as_str(),
        &with_both,
        "ftp://h/token",
        "file:///etc/passwd",
        "javascript:x",
        "data:,x",
        "//h/x",
        "",
    ] {
        let registry = guarded(Spy::start().await, realm.to_owned());
        let result = client(&[&registry]).head_manifest(&image(&registry)).await;
        assert_eq!(result.unwrap_err().class(), Class::Protocol, "{realm}");
        assert_hides(PASSWORD, &registry.text());
    }
    assert_eq!(thief.log(), []);
}

#[tokio::test]
async fn a_challenge_after_a_redirect_names_no_token_service() {
    let (registry, mirror, service) = (Spy::start().await, Spy::start().await, Spy::start().await);
    let (there, realm) = (mirror.url("/m"), service.url("/token"));
    registry.answers(behind_basic(move |_| reply_with(307, "location", &there)));
    mirror.answers(move |_| bearer_challenge(&realm));
    let client = client(&[&registry, &mirror]);
    client.get_manifest(&image(&registry)).await.unwrap_err();
    client.tags(&repository(&registry)).await.unwrap_err();
    assert_eq!(service.log(), []);
    assert_knows_nothing(&mirror);
}

#[tokio::test]
async fn a_challenge_of_a_mirror_does_not_change_what_the_registry_asked_for() {
    let (registry, mirror, service) = (Spy::start().await, Spy::start().await, Spy::start().await);
    let (there, realm) = (mirror.url("/m"), service.url("/token"));
    registry.answers(behind_basic(move |seen| match seen.method.as_str() {
        "HEAD" => reply(404),
        _ => reply_with(307, "location", &there),
    }));
    mirror.answers(move |_| bearer_challenge(&realm));
    let client = client(&[&registry]);
    client.get_manifest(&image(&registry)).await.unwrap_err();
    assert_eq!(client.head_manifest(&image(&registry)).await.unwrap(), None);
    assert_eq!(service.log(), []);
}

#[tokio::test]
async fn a_token_goes_to_the_registry_it_was_asked_for_and_not_along_a_redirect() {
    let (service, cdn) = (Spy::start().await, Spy::start().await);
    service.answers(|_| body(&json!({"token": "t0k3n"})));
    cdn.answers(|_| found("{}"));
    let registry = Spy::start().await;
    let (realm, there) = (service.url("/token"), cdn.url("/x"));
    registry.answers(move |seen| {
        if seen.is_authorized() { reply_with(307, "location", &there) } else { bearer_challenge(&realm) }
    });
    client(&[&registry]).get_manifest(&image(&registry)).await.unwrap();
    assert!(registry.text().contains("Bearer t0k3n"));
    assert!(!cdn.text().contains("t0k3n"), "{}", cdn.text());
    assert_knows_nothing(&cdn);
}
