//! The authorizer against a token service in memory that writes down what it is asked.

mod logins;
mod pushes;
mod tokens;

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::join_all;
use http::{HeaderMap, StatusCode};
use secrecy::ExposeSecret as _;
use serde_json::json;
use tempfile::TempDir;

use super::*;
use crate::error::{Chain, Class, Classify as _};
use crate::model::{Host, Repository};
use crate::registry::Role;
use crate::registry::credentials::{Credentials, SearchPaths};

const HOST: &str = "registry.example";
const BEARER: &str = r#"Bearer realm="https://auth.example/token?from=here",service="registry.example""#;

/// What was asked of the token service.
#[derive(Debug, Clone, Default)]
struct Asked {
    scopes: Vec<String>,
    account: Option<String>,
    user: Option<String>,
    password: Option<String>,
    form: Option<HashMap<String, String>>,
    service: Option<String>,
}

type Judge = Box<dyn Fn(&Asked) -> (StatusCode, serde_json::Value) + Send + Sync>;

/// A token service in memory.
struct Fake {
    asked: Mutex<Vec<Asked>>,
    judge: Judge,
}

impl Fake {
    fn new(judge: impl Fn(&Asked) -> (StatusCode, serde_json::Value) + Send + Sync + 'static) -> Self {
        Self { asked: Mutex::default(), judge: Box::new(judge) }
    }

    /// Grants everything for five minutes; the token is the scopes it stands for.
    fn kind() -> Self {
        Self::new(|asked| (StatusCode::OK, token(asked)))
    }

    /// Refuses what names one of `denied`.
    fn denying(denied: &'static [&'static str]) -> Self {
        Self::new(move |asked| {
            let is_denied = |scope: &String| denied.iter().any(|name| scope.contains(name));
            if asked.scopes.iter().any(is_denied) {
                return (StatusCode::FORBIDDEN, json!({ "errors": [{ "message": "not yours" }] }));
            }
            (StatusCode::OK, token(asked))
        })
    }

    fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn count(&self) -> usize {
        self.asked().len()
    }

    fn has_push(&self) -> bool {
        self.asked().iter().flat_map(|asked| &asked.scopes).any(|scope| scope.contains("push"))
    }
}

fn token(asked: &Asked) -> serde_json::Value {
    json!({ "token": asked.scopes.join("|"), "expires_in": 300 })
}

impl TokenService for Fake {
    fn fetch(&self, request: TokenRequest) -> BoxFuture<'_, Result<TokenAnswer, crate::registry::Error>> {
        let mut asked = Asked::default();
        for (name, value) in request.url.query_pairs() {
            match &*name {
                "scope" => asked.scopes.push(value.into_owned()),
                "account" => asked.account = Some(value.into_owned()),
                "service" => asked.service = Some(value.into_owned()),
                _ => {}
            }
        }
        let echo = request.echo();
        if let Some(form) = request.form {
            let form: HashMap<String, String> =
                form.into_iter().map(|(name, value)| (name, value.expose_secret().to_owned())).collect();
            asked.scopes = form["scope"].split(' ').map(str::to_owned).collect();
            asked.form = Some(form);
        }
        if let Some((user, password)) = request.basic {
            asked.user = Some(user);
            asked.password = Some(password.expose_secret().to_owned());
        }
        async move {
            self.asked.lock().unwrap().push(asked.clone());
            // The network takes a while: whoever is to wait for this gets in line meanwhile.
            tokio::time::sleep(Duration::from_millis(50)).await;
            let (status, body) = (self.judge)(&asked);
            Ok(TokenAnswer { status, body: body.to_string().into(), echo })
        }
        .boxed()
    }
}

fn credentials(auths: &serde_json::Value) -> Credentials {
    let directory = TempDir::new().unwrap();
    let path: PathBuf = directory.path().join("config.json");
    std::fs::write(&path, json!({ "auths": auths }).to_string()).unwrap();
    Credentials::load(&SearchPaths { authfile: Some(path), ..SearchPaths::default() }, &[]).unwrap()
}

fn login(user: &str) -> serde_json::Value {
    json!({ "username": user, "password": "s3cr3t" })
}

fn need(role: Role, scopes: &[(&str, Action)]) -> Need {
    let scopes =
        scopes.iter().map(|(name, action)| Scope { name: (*name).into(), action: *action }).collect();
    Need { host: Host::new(HOST), role, scopes }
}

fn pull(name: &str) -> Need {
    need(Role::Source, &[(name, Action::Pull)])
}

fn push(name: &str) -> Need {
    need(Role::Target, &[(name, Action::Push)])
}

fn headers(challenge: &str) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert("www-authenticate", challenge.parse().unwrap());
    headers
}

fn registry() -> url::Url {
    url::Url::parse("https://registry.example/v2/").unwrap()
}

/// An authorizer that knows what the registry asks for.
async fn authorizer(source: Credentials, target: Credentials) -> Authorizer {
    let authorizer = Authorizer::new(source, target);
    let asked = authorizer.challenged(&pull("any"), None, &headers(BEARER), &registry()).await;
    assert!(asked.unwrap());
    authorizer
}

async fn anonymous() -> Authorizer {
    authorizer(Credentials::anonymous(), Credentials::anonymous()).await
}

/// The header without `Bearer `: the scopes that the token stands for.
fn scopes(authorization: &Authorization) -> String {
    let header = authorization.header();
    assert!(header.is_sensitive());
    header.to_str().unwrap().strip_prefix("Bearer ").unwrap().to_owned()
}

async fn given(authorizer: &Authorizer, need: &Need, fake: &Fake) -> String {
    scopes(&authorizer.authorize(need, fake).await.unwrap().unwrap())
}

fn announce(authorizer: &Authorizer, names: impl IntoIterator<Item = String>) {
    for name in names {
        let repository = Repository { host: Host::new(HOST), name: name.into() };
        authorizer.announce(Role::Source, &repository);
    }
}
