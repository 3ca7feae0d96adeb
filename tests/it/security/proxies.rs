//! Proxies: they see where https goes and nothing of it, and a login in plain http not at all.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use super::{PASSWORD, USER, assert_hides, assert_knows_nothing, bearer_challenge, behind_basic};
use crate::support::{FakeRegistry, Image, Ran, Run, Spy, any, docker_config, reply};

const PROXY_PASSWORD: &str = "pr0xy/secret";

/// A proxy that takes everything to one server, and keeps every byte that clients send.
struct Proxy {
    address: SocketAddr,
    seen: Arc<Mutex<Vec<u8>>>,
    _server: JoinSet<()>,
}

impl Proxy {
    async fn to(server: &Spy) -> Self {
        Self::start(server.host().to_owned(), None).await
    }

    /// One that answers this and closes.
    async fn that_says(answer: &str) -> Self {
        Self::start(String::new(), Some(answer.to_owned())).await
    }

    async fn start(server: String, answer: Option<String>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let seen = Arc::<Mutex<Vec<u8>>>::default();
        let (kept, mut tasks) = (Arc::clone(&seen), JoinSet::new());
        tasks.spawn(async move {
            let mut connections = JoinSet::new();
            loop {
                let (client, _) = listener.accept().await.unwrap();
                connections.spawn(carry(client, server.clone(), answer.clone(), Arc::clone(&kept)));
            }
        });
        Self { address, seen, _server: tasks }
    }

    fn url(&self) -> String {
        format!("http://proxy-user:{}@{}", PROXY_PASSWORD.replace('/', "%2F"), self.address)
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.seen.lock().unwrap()).into_owned()
    }
}

async fn carry(mut client: TcpStream, server: String, answer: Option<String>, seen: Arc<Mutex<Vec<u8>>>) {
    let mut head = Vec::new();
    while !head.windows(4).any(|four| four == b"\r\n\r\n") {
        let Ok(byte) = client.read_u8().await else { return };
        head.push(byte);
    }
    seen.lock().unwrap().extend(&head);
    if let Some(answer) = answer {
        let echoed = answer.replace("{head}", &String::from_utf8_lossy(&head));
        let _ = client.write_all(echoed.as_bytes()).await;
        return;
    }
    let mut upstream = TcpStream::connect(server).await.unwrap();
    if head.starts_with(b"CONNECT ") {
        client.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.unwrap();
    } else {
        upstream.write_all(&head).await.unwrap();
    }
    let ((mut from_client, mut to_client), (mut from_server, mut to_server)) =
        (client.split(), upstream.split());
    let up = async {
        let mut buffer = [0; 4096];
        while let Ok(count @ 1..) = from_client.read(&mut buffer).await {
            seen.lock().unwrap().extend(&buffer[..count]);
            let _ = to_server.write_all(&buffer[..count]).await;
        }
    };
    tokio::select! {
        () = up => {}
        _ = tokio::io::copy(&mut from_server, &mut to_client) => {}
    }
}

/// A run that reads from [`Spy::NAME`], with a login for it.
fn run(words: &[&str]) -> Run {
    let mapping = format!("# owner: us\n{}/org/app:v1 oci:copy:v1\n", Spy::NAME);
    let run =
        Run::new(["run", "-vv", "--attempts", "1", "-a", "config.json"]).args(words).args(["mapping_x"]);
    run.file("config.json", docker_config(&[(Spy::NAME, USER, PASSWORD)])).mapping("mapping_x", &mapping)
}

fn assert_says_no_secret(ran: &Ran) {
    let artifacts: String = ran.artifacts().iter().map(|name| ran.artifact(name)).collect();
    for secret in [PASSWORD, PROXY_PASSWORD] {
        assert_hides(secret, &format!("{ran}{artifacts}"));
    }
}

#[tokio::test]
async fn a_proxy_sees_where_https_goes_and_its_own_login_and_nothing_else() {
    let registry = Spy::tls().await;
    registry.answers(behind_basic(|_| reply(404)));
    let proxy = Proxy::to(&registry).await;
    let run =
        run(&["--ca-file", "ca.pem"]).file("ca.pem", registry.authority()).env("HTTPS_PROXY", proxy.url());
    let ran = run.run().await.exits(1);

    assert!(registry.log().contains(&("HEAD /v2/org/app/manifests/v1".to_owned(), true)), "{ran}");
    assert!(proxy.text().starts_with(&format!("CONNECT {}:443 ", Spy::NAME)), "{}", proxy.text());
    let (text, login) = (proxy.text().to_lowercase(), super::forms(PROXY_PASSWORD));
    assert!(text.contains("proxy-authorization: basic "), "{text}");
    assert!(!text.contains("\r\nauthorization:"), "{text}");
    assert_hides(PASSWORD, &proxy.text());
    assert!(!registry.text().to_lowercase().contains("proxy-authorization"), "{}", registry.text());
    assert!(login.iter().all(|form| !registry.text().contains(form)), "{}", registry.text());
    assert_says_no_secret(&ran);
}

#[tokio::test]
async fn a_proxy_gets_no_login_for_a_registry_in_plain_http_and_the_row_says_what_to_do() {
    let registry = Spy::start().await;
    registry.answers(behind_basic(|_| reply(404)));
    let proxy = Proxy::to(&registry).await;
    let ran = run(&["--plain-http", Spy::NAME]).env("HTTP_PROXY", proxy.url()).run().await.exits(1);

    assert!(proxy.text().contains(&format!("HEAD http://{}/v2/", Spy::NAME)), "{}", proxy.text());
    assert_knows_nothing(&registry);
    assert_hides(PASSWORD, &proxy.text());
    assert!(ran.stdout.contains("NO_PROXY"), "{ran}");
    assert_eq!(ran.rows()[0]["class"], "denied", "{ran}");
    assert_says_no_secret(&ran);
}

#[tokio::test]
async fn a_proxy_gets_no_login_for_a_token_service_in_plain_http() {
    let registry = Spy::start().await;
    let realm = format!("http://{}/token", Spy::NAME);
    registry.answers(move |_| bearer_challenge(&realm));
    let proxy = Proxy::to(&registry).await;
    let ran = run(&["--plain-http", Spy::NAME]).env("HTTP_PROXY", proxy.url()).run().await.exits(1);

    assert!(registry.log().iter().all(|(request, _)| !request.contains("/token")), "{:?}", registry.log());
    assert_hides(PASSWORD, &proxy.text());
    assert!(ran.stdout.contains("NO_PROXY"), "{ran}");
    assert_says_no_secret(&ran);
}

#[tokio::test]
async fn a_host_of_no_proxy_is_reached_without_it() {
    let registry = Spy::start().await;
    let proxy = Proxy::to(&registry).await;
    let run =
        run(&["--plain-http", Spy::NAME]).env("HTTP_PROXY", proxy.url()).env("HTTPS_PROXY", proxy.url());
    // The name cannot be resolved, which only the proxy does not mind.
    let ran = run.env("NO_PROXY", "example.com,mirror.test").run().await.exits(3);

    assert_eq!(proxy.text(), "", "{ran}");
    assert_says_no_secret(&ran);
}

#[tokio::test]
async fn a_host_of_this_machine_is_reached_without_a_proxy() {
    let registry = FakeRegistry::builder().basic(USER, PASSWORD).start().await;
    registry.put_image("org/app", "v1", &Image::oci().layer(b"x").build());
    let proxy = Proxy::that_says("HTTP/1.1 500 No\r\n\r\n").await;
    let mapping = format!("# owner: us\n{0}/org/app:v1 {0}/mirror/app:v1\n", registry.host());
    let mut run = Run::new(["run", "mapping_x"]).logins(&[(registry.host(), USER, PASSWORD)]);
    for name in ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ALL_PROXY"] {
        run = run.env(name, proxy.url());
    }
    run.mapping("mapping_x", &mapping).run().await.exits(0);
    assert_eq!(proxy.text(), "");
    assert!(registry.count(any()) > 0);
}

#[tokio::test]
async fn what_a_proxy_answers_shows_no_login_of_it() {
    for answer in [
        "HTTP/1.1 407 Proxy Authentication Required\r\nproxy-authenticate: Basic realm=\"p\"\r\n\r\n",
        "HTTP/1.1 502 {head}\r\ncontent-length: 0\r\n\r\n",
        "{head}",
        "",
    ] {
        let proxy = Proxy::that_says(answer).await;
        let ran = run(&[]).env("HTTPS_PROXY", proxy.url()).run().await.exits(3);
        assert!(proxy.text().starts_with("CONNECT "), "{ran}");
        assert_hides(PASSWORD, &proxy.text());
        assert_says_no_secret(&ran);
    }
}

#[tokio::test]
async fn a_proxy_that_answers_in_the_registrys_place_is_found_out() {
    let (registry, thief) = (Spy::tls().await, Spy::tls().await);
    thief.answers(|_| super::basic_challenge());
    let proxy = Proxy::to(&thief).await;
    let run =
        run(&["--ca-file", "ca.pem"]).file("ca.pem", registry.authority()).env("HTTPS_PROXY", proxy.url());
    let ran = run.run().await.exits(3);
    assert_eq!(thief.log(), [], "nothing was sent");
    assert!(ran.rows()[0]["reason"].as_str().unwrap().contains("certificate"), "{ran}");
    assert_says_no_secret(&ran);
}
