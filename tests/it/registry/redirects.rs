//! Where credentials go, and where they must not.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{Response, StatusCode};
use image_mirror::error::{Class, Classify};
use image_mirror::model::{Host, Repository};
use image_mirror::registry::{Client, Credentials, Options, Role, SearchPaths};
use tokio::task::JoinSet;

use super::{descriptor, read};
use crate::support::Blob;

/// A server that asks for a login and sends blobs from another address.
struct Guarded {
    host: String,
    seen: Arc<Mutex<Vec<(String, bool)>>>,
    _servers: JoinSet<std::io::Result<()>>,
}

#[derive(Clone)]
struct Side {
    is_registry: bool,
    /// Where blobs are.
    elsewhere: String,
    blob: Blob,
    seen: Arc<Mutex<Vec<(String, bool)>>>,
}

async fn answer(State(side): State<Side>, request: Request) -> Response<Body> {
    let authorized = request.headers().contains_key("authorization");
    let (method, path) = (request.method().as_str(), request.uri().path());
    let name = if side.is_registry { "registry" } else { "elsewhere" };
    let verb = format!("{name} {method}");
    side.seen.lock().unwrap().push((verb.clone(), authorized));
    let moved = |to: String| Response::builder().status(307).header("location", to);
    let response = match verb.as_str() {
        "elsewhere GET" if path == "/blob" => Response::builder().status(200),
        "elsewhere PUT" => Response::builder().status(201),
        "registry GET" | "registry POST" if !authorized => {
            Response::builder().status(401).header("www-authenticate", "Basic realm=\"r\"")
        }
        "registry GET" if path.ends_with("/here") => Response::builder().status(200),
        "registry GET" if path.contains("/near/") => moved("/here".to_owned()),
        "registry GET" if path.contains("/loop/") => moved(path.to_owned()),
        "registry GET" if path.contains("/file/") => moved("file:///etc/passwd".to_owned()),
        "registry GET" => moved(format!("http://{}/blob?signature=x", side.elsewhere)),
        "registry POST" => {
            let at = format!("http://{}/upload?signature=x", side.elsewhere);
            Response::builder().status(202).header("location", at)
        }
        _ => Response::builder().status(StatusCode::NOT_FOUND),
    };
    let body = if verb == "elsewhere GET" || path == "/here" { side.blob.bytes } else { "".into() };
    response.body(Body::from(body)).unwrap()
}

impl Guarded {
    async fn start(blob: &Blob) -> Self {
        let seen: Arc<Mutex<Vec<_>>> = Arc::default();
        let mut servers = JoinSet::new();
        let mut elsewhere = String::new();
        for is_registry in [false, true] {
            let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
            let address = listener.local_addr().unwrap().to_string();
            let side = Side { is_registry, elsewhere, blob: blob.clone(), seen: Arc::clone(&seen) };
            let app = Router::new().fallback(answer).with_state(side);
            servers.spawn(async move { axum::serve(listener, app).await });
            elsewhere = address;
        }
        Self { host: elsewhere, seen, _servers: servers }
    }

    fn repository(&self, name: &str) -> Repository {
        Repository { host: Host::new(&self.host), name: name.into() }
    }

    fn client(&self) -> Client {
        let file = tempfile::NamedTempFile::new().unwrap();
        let config = serde_json::json!({"auths": {&self.host: {"auth": "dXNlcjpwYXNzd29yZA=="}}});
        std::fs::write(file.path(), config.to_string()).unwrap();
        let paths = SearchPaths { authfile: Some(file.path().to_owned()), ..SearchPaths::default() };
        let login = Credentials::load(&paths, None).unwrap();
        Client::new(Options::default(), login.clone(), login).unwrap().with_role(Role::Target)
    }

    fn seen(&self) -> Vec<(String, bool)> {
        std::mem::take(&mut *self.seen.lock().unwrap())
    }
}

fn seen(expected: &[(&str, bool)]) -> Vec<(String, bool)> {
    expected.iter().map(|(verb, authorized)| ((*verb).to_owned(), *authorized)).collect()
}

#[tokio::test]
async fn a_login_stays_at_its_registry_when_a_download_is_redirected_elsewhere() {
    let blob = Blob::new("some bytes");
    let server = Guarded::start(&blob).await;
    let bytes = read(&*server.client().blob(&server.repository("a/far"), &descriptor(&blob))).await.unwrap();
    assert_eq!(bytes, blob.bytes);
    let expected = [("registry GET", false), ("registry GET", true), ("elsewhere GET", false)];
    assert_eq!(server.seen(), seen(&expected));
}

#[tokio::test]
async fn a_login_goes_along_on_a_redirect_within_the_registry() {
    let blob = Blob::new("some bytes");
    let server = Guarded::start(&blob).await;
    read(&*server.client().blob(&server.repository("a/near"), &descriptor(&blob))).await.unwrap();
    assert_eq!(server.seen().last(), Some(&("registry GET".to_owned(), true)));
}

#[tokio::test]
async fn a_login_stays_at_its_registry_when_an_upload_goes_elsewhere() {
    let blob = Blob::new("some bytes");
    let server = Guarded::start(&blob).await;
    let client = server.client();
    let (from, to) = (server.repository("a/near"), server.repository("c/d"));
    super::copy(&client, &from, &to, &blob).await.unwrap();
    let puts: Vec<_> = server.seen().into_iter().filter(|(verb, _)| verb.ends_with("PUT")).collect();
    assert_eq!(puts, seen(&[("elsewhere PUT", false)]));
}

#[tokio::test]
async fn redirects_in_circles_or_out_of_http_are_not_followed() {
    let blob = Blob::new("some bytes");
    let server = Guarded::start(&blob).await;
    for (name, most) in [("a/loop", 8), ("a/file", 3)] {
        let source = server.client().blob(&server.repository(name), &descriptor(&blob));
        let error = read(&*source).await.unwrap_err();
        assert_eq!(error.class(), Class::Protocol, "{name}");
        assert!(server.seen().len() <= most, "{name}");
    }
}
