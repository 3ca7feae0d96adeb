//! Logins and tokens of the fake registry.

use std::time::Duration;

use oci_client::RegistryOperation;
use oci_client::secrets::RegistryAuth;
use serde_json::Value;

use super::{ALL, client, reference, url};
use crate::support::{FakeRegistry, Fault, Grant, Image, Judge, Kind, Request, TokenField, TokenServer, on};

fn basic(name: &str, password: &str) -> RegistryAuth {
    RegistryAuth::Basic(name.into(), password.into())
}

async fn robot_server() -> TokenServer {
    let grants = [Grant::push("team"), Grant::pull("public")];
    TokenServer::builder().account("robot", "pw", grants).start().await
}

async fn token(tokens: &TokenServer, query: &str) -> Value {
    let http = reqwest::Client::new().get(format!("{}?service=s&{query}", tokens.realm()));
    http.basic_auth("robot", Some("pw")).send().await.unwrap().json().await.unwrap()
}

fn granted(tokens: &TokenServer) -> Vec<String> {
    tokens.requests().pop().unwrap().granted
}

#[tokio::test]
async fn an_independent_client_gets_a_token_and_pushes_with_it() {
    let tokens = robot_server().await;
    let registry = FakeRegistry::builder().bearer(&tokens).start().await;
    let image = Image::example(1);
    let client = client();
    let target = reference(&registry, "team/app", "v1");
    client.auth(&target, &basic("robot", "pw"), RegistryOperation::Push).await.unwrap();
    client.push_blob(&target, image.blobs[0].bytes.clone(), image.blobs[0].digest.as_str()).await.unwrap();
    assert!(registry.has_blob("team/app", &image.blobs[0].digest));
    let asked = tokens.requests();
    assert_eq!(asked[0].account.as_deref(), Some("robot"));
    assert!(asked[0].asks_for("push"));
    let put = &registry.requests_on(Kind::PutBlob)[0];
    assert_eq!((put.account.as_deref(), put.scopes.clone()), (Some("robot"), asked[0].granted.clone()));
}

#[tokio::test]
async fn a_token_grants_what_the_account_may_do_and_no_more() {
    let tokens = robot_server().await;
    let scopes =
        "scope=repository:team/app:pull,push&scope=repository:public/x:pull,push%20repository:other:pull";
    token(&tokens, scopes).await;
    assert_eq!(granted(&tokens), ["repository:team/app:pull,push", "repository:public/x:pull"]);
    assert_eq!(tokens.requests()[0].scopes.len(), 3);
    token(&tokens, "scope=repository:teamwork:pull").await;
    assert!(granted(&tokens).is_empty(), "a prefix ends at a slash");
    assert!(tokens.was_asked_for("push") && !tokens.was_asked_for("delete"));
}

#[tokio::test]
async fn a_pull_token_does_not_write_and_the_challenge_says_what_would() {
    let tokens = TokenServer::builder().anonymous([Grant::pull("")]).start().await;
    let registry = FakeRegistry::builder().bearer(&tokens).start().await;
    registry.put_image("a/b", "v1", &Image::example(1));
    let source = reference(&registry, "a/b", "v1");
    assert!(client().pull_manifest_raw(&source, &RegistryAuth::Anonymous, ALL).await.is_ok());
    let uploads = url(&registry, "/v2/c/d/blobs/uploads/?mount=sha256:00&from=a/b");
    let answer = reqwest::Client::new().post(uploads).send().await.unwrap();
    let challenge = answer.headers()["www-authenticate"].to_str().unwrap().to_owned();
    assert_eq!(answer.status().as_u16(), 401);
    assert!(challenge.contains("scope=\"repository:c/d:pull,push repository:a/b:pull\""), "{challenge}");
    assert_eq!(registry.repositories(), ["a/b"]);
}

#[tokio::test(start_paused = true)]
async fn tokens_expire_on_the_tests_clock_or_when_they_are_revoked() {
    let builder = TokenServer::builder().account("robot", "pw", [Grant::everything()]);
    let tokens = builder.lifetime(Duration::from_mins(5)).start().await;
    let registry = FakeRegistry::builder().bearer(&tokens).start().await;
    let http = reqwest::Client::new();
    let ping = |token: Value| http.get(url(&registry, "/v2/")).bearer_auth(token["token"].as_str().unwrap());
    let first = token(&tokens, "").await;
    assert_eq!(first["expires_in"], 300);
    assert_eq!(super::status(ping(first.clone())).await, 200);
    tokio::time::advance(Duration::from_secs(301)).await;
    let answer = ping(first).send().await.unwrap();
    assert_eq!(answer.status().as_u16(), 401);
    assert!(answer.headers()["www-authenticate"].to_str().unwrap().contains("error=\"invalid_token\""));
    let second = token(&tokens, "").await;
    assert_eq!(super::status(ping(second.clone())).await, 200);
    tokens.revoke_all();
    assert_eq!(super::status(ping(second)).await, 401);
}

#[tokio::test]
async fn batches_and_single_scopes_can_be_refused() {
    let builder = TokenServer::builder().anonymous([Grant::pull("a")]);
    let tokens = builder.refuse("a/secret", 403).most_scopes(2, 400).refuse_ungranted(401).start().await;
    let status = async |scopes: &str| {
        reqwest::get(format!("{}?{scopes}", tokens.realm())).await.unwrap().status().as_u16()
    };
    assert_eq!(status("scope=repository:a/x:pull&scope=repository:a/y:pull").await, 200);
    assert_eq!(status("scope=repository:a/x:pull&scope=repository:a/secret:pull").await, 403);
    assert_eq!(status("scope=repository:a/1:pull repository:a/2:pull repository:a/3:pull").await, 400);
    assert_eq!(status("scope=repository:b:pull").await, 401);
    let granted: usize = tokens.requests().iter().map(|request| request.granted.len()).sum();
    assert_eq!((tokens.count(), granted), (4, 2));
}

#[tokio::test]
async fn a_refresh_token_is_exchanged_by_post() {
    let builder =
        TokenServer::builder().account("robot", "pw", [Grant::everything()]).field(TokenField::AccessToken);
    let tokens = builder.refresh_token("long-lived", "robot").start().await;
    let ask = |secret: &str| {
        let fields = [
            ("grant_type", "refresh_token"),
            ("refresh_token", secret),
            ("scope", "repository:a:pull"),
            ("service", "s"),
        ];
        reqwest::Client::new().post(tokens.realm()).form(&fields)
    };
    let answer: Value = ask("long-lived").send().await.unwrap().json().await.unwrap();
    assert!(answer["access_token"].is_string() && answer["token"].is_null());
    assert_eq!(super::status(ask("wrong")).await, 401);
    let asked = &tokens.requests()[0];
    assert_eq!(
        (asked.account.as_deref(), asked.grant_type.as_deref()),
        (Some("robot"), Some("refresh_token"))
    );
    assert_eq!(asked.granted, ["repository:a:pull"]);
}

#[tokio::test]
async fn basic_logins_are_checked_and_may_do_what_they_may() {
    let builder =
        FakeRegistry::builder().basic("admin", "secret").basic_account("reader", "pw", [Grant::pull("a")]);
    let registry = builder.start().await;
    registry.put_image("a/b", "v1", &Image::example(1));
    let http = reqwest::Client::new();
    let head = || http.head(url(&registry, "/v2/a/b/manifests/v1"));
    let post = || http.post(url(&registry, "/v2/a/b/blobs/uploads/"));
    assert_eq!(super::status(head()).await, 401);
    assert_eq!(super::status(head().basic_auth("reader", Some("wrong"))).await, 401);
    assert_eq!(super::status(head().basic_auth("reader", Some("pw"))).await, 200);
    assert_eq!(super::status(post().basic_auth("reader", Some("pw"))).await, 403);
    assert_eq!(super::status(post().basic_auth("admin", Some("secret"))).await, 202);
    assert_eq!(registry.open_uploads(), 1);
    let accounts: Vec<_> = registry.requests().into_iter().map(|request| request.account).collect();
    assert_eq!(accounts, [None, None, Some("reader".to_owned()), None, Some("admin".to_owned())]);
}

#[tokio::test]
async fn an_expired_token_can_be_played_at_any_request() {
    let tokens = TokenServer::builder().anonymous([Grant::everything()]).start().await;
    let registry = FakeRegistry::builder().bearer(&tokens).start().await;
    registry.fault(Fault::on(on(Kind::PutManifest)).expired_token());
    tokens.fault(Fault::on(Kind::Token).status(503).header("retry-after", "1"));
    assert_eq!(reqwest::get(tokens.realm()).await.unwrap().status().as_u16(), 503);
    let issued: Value = reqwest::get(format!("{}?scope=repository:a/b:pull,push", tokens.realm()))
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    let image = Image::example(1);
    registry.put_untagged("a/b", &image);
    let put = || {
        let put =
            reqwest::Client::new().put(url(&registry, "/v2/a/b/manifests/v1")).body(image.bytes.clone());
        put.header("content-type", &image.media_type).bearer_auth(issued["token"].as_str().unwrap())
    };
    let refused = put().send().await.unwrap();
    assert_eq!(refused.status().as_u16(), 401);
    assert!(refused.headers()["www-authenticate"].to_str().unwrap().contains("repository:a/b:pull,push"));
    assert!(registry.tags("a/b").is_empty());
    assert_eq!(super::status(put()).await, 201);
    registry.assert_faults_used();
    let open = FakeRegistry::start().await;
    Judge::anonymous(open.host()).push("a/b", "v1", &image).await;
    assert!(!open.requests().iter().any(Request::is_authorized));
}
