//! Runs that can reach nothing, or next to nothing: they end, soon, and say why once.

use std::collections::HashSet;
use std::fmt::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::task::JoinSet;

use super::{assert_all, outcomes, reason, tiny};
use crate::support::{FakeRegistry, Fault, Grant, Kind, Ran, Run, TokenServer};

/// A host that takes connections and gives no answer: it closes them, or leaves them open.
struct Mute {
    host: String,
    connections: Arc<AtomicUsize>,
    _accepting: JoinSet<()>,
}

impl Mute {
    async fn start(closes: bool) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (host, connections) = (listener.local_addr().unwrap().to_string(), Arc::<AtomicUsize>::default());
        let (counted, mut accepting) = (Arc::clone(&connections), JoinSet::new());
        accepting.spawn(async move {
            let mut open = Vec::new();
            while let Ok((connection, _)) = listener.accept().await {
                counted.fetch_add(1, Ordering::SeqCst);
                open.extend((!closes).then_some(connection));
            }
        });
        Self { host, connections, _accepting: accepting }
    }

    fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }
}

/// `count` lines, from each of `sources` in turn.
fn lines(count: usize, sources: &[&str], target: &str) -> String {
    let mut text = String::from("# owner: us\n");
    for number in 0..count {
        let source = sources[number % sources.len()];
        writeln!(text, "{source}/org/app:v{number} {target}/mirror/app:v{number}").unwrap();
    }
    text
}

/// The causes that the summary gives.
fn causes(ran: &Ran) -> usize {
    ran.stdout.lines().filter(|line| line.starts_with("error: ")).count()
}

fn seconds(ran: &Ran) -> f64 {
    ran.report()["elapsed_seconds"].as_f64().unwrap()
}

#[tokio::test]
async fn a_thousand_lines_over_three_hosts_that_never_answer_are_three_causes_and_a_few_attempts_each() {
    let [one, two, three] = [Mute::start(true).await, Mute::start(true).await, Mute::start(true).await];
    let mapping = lines(1000, &[&one.host, &two.host], &three.host);
    let run = Run::new(["run", "--attempts", "3", "mapping_x"]).mapping("mapping_x", &mapping);
    let ran = run.run().await.exits(3);

    assert_all(&ran, 1000, "unfinished");
    for host in [&one, &two, &three] {
        assert_eq!(host.connections(), 3, "{}", host.host);
    }
    let reasons: HashSet<_> = ran.rows().iter().map(|row| reason(row).to_owned()).collect();
    assert!(reasons.len() <= 3, "{reasons:?}");
    assert_eq!(causes(&ran), reasons.len(), "{ran}");
    assert!(seconds(&ran) < 20.0, "{ran}");
}

#[tokio::test]
async fn a_token_service_that_never_answers_is_one_cause_for_all_lines() {
    let tokens = TokenServer::builder().account("robot", "secret", [Grant::push("")]).start().await;
    tokens.fault(Fault::on(Kind::Token).always().reset());
    let source = FakeRegistry::builder().bearer(&tokens).start().await;
    let target = FakeRegistry::builder().bearer(&tokens).start().await;
    let mapping = lines(1000, &[source.host()], target.host());
    let run = Run::new(["run", "--attempts", "3", "mapping_x"]).mapping("mapping_x", &mapping);
    let ran = run.run().await.exits(3);

    assert_all(&ran, 1000, "unfinished");
    let host = tokens.realm().trim_start_matches("http://").trim_end_matches("/token");
    assert!(ran.rows().iter().all(|row| reason(row).starts_with(host)), "{host} {}", ran.rows()[0]);
    assert_eq!(causes(&ran), 1, "{ran}");
    // One for each of the two registries may be under way when the other's is the last.
    assert!(tokens.count() <= 4, "{} requests for tokens", tokens.count());
    assert_eq!(target.repositories(), Vec::<String>::new());
}

#[tokio::test]
async fn a_host_that_takes_connections_and_says_nothing_is_given_up_after_its_stalls() {
    let mute = Mute::start(false).await;
    let target = FakeRegistry::start().await;
    let words = ["run", "--attempts", "2", "--stall-timeout", "200ms", "mapping_x"];
    let mapping = lines(50, &[&mute.host], target.host());
    let ran = Run::new(words).mapping("mapping_x", &mapping).run().await.exits(3);

    assert_all(&ran, 50, "unfinished");
    assert!(ran.rows().iter().all(|row| reason(row).contains("no byte moved for 200ms")), "{ran}");
    assert_eq!((causes(&ran), mute.connections()), (1, 2), "{ran}");
}

/// A port whose queue is full: the system drops what knocks, as a firewall does.
async fn black_hole() -> (TcpListener, Vec<TcpStream>, JoinSet<std::io::Result<TcpStream>>, String) {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let listener = socket.listen(1).unwrap();
    let address = listener.local_addr().unwrap();
    // A queue of one has room for two.
    let queued = vec![TcpStream::connect(address).await.unwrap(), TcpStream::connect(address).await.unwrap()];
    let mut waiting = JoinSet::new();
    waiting.spawn(TcpStream::connect(address));
    (listener, queued, waiting, address.to_string())
}

#[tokio::test]
async fn a_host_behind_a_wall_is_given_up_after_its_connect_timeouts() {
    let target = FakeRegistry::start().await;
    let (_listener, _queued, _waiting, host) = black_hole().await;
    let words = ["run", "--attempts", "2", "--connect-timeout", "200ms", "mapping_x"];
    let ran = Run::new(words).mapping("mapping_x", &lines(50, &[&host], target.host())).run().await.exits(3);

    assert_all(&ran, 50, "unfinished");
    assert!(ran.rows().iter().all(|row| reason(row).contains(&host)), "{ran}");
    assert_eq!(causes(&ran), 1, "{ran}");
    assert!(seconds(&ran) < 10.0, "{ran}");
}

#[tokio::test]
async fn a_name_that_nobody_knows_is_one_cause() {
    let target = FakeRegistry::start().await;
    let words = ["run", "--attempts", "2", "--connect-timeout", "5s", "mapping_x"];
    // No such name can ever exist (RFC 6761).
    let mapping = lines(50, &["registry.invalid"], target.host());
    let ran = Run::new(words).mapping("mapping_x", &mapping).run().await.exits(3);

    assert_all(&ran, 50, "unfinished");
    assert!(ran.rows().iter().all(|row| reason(row).starts_with("registry.invalid never answered")), "{ran}");
    assert_eq!(causes(&ran), 1, "{ran}");
}

#[tokio::test]
async fn a_line_that_needs_no_registry_is_mirrored_where_no_registry_answers() {
    let (mute, source) = (Mute::start(true).await, FakeRegistry::start().await);
    source.put_image("org/app", "v1", &tiny(1));
    let folder = tempfile::tempdir().unwrap();
    let [store, copy] =
        ["store", "copy"].map(|name| format!("oci:{}:v1", folder.path().join(name).display()));
    let fill = format!("# owner: us\n{}/org/app:v1 {store}\n", source.host());
    Run::new(["run", "mapping_x"]).mapping("mapping_x", &fill).run().await.exits(0);

    let mapping = lines(3, &[&mute.host], &mute.host) + &format!("{store} {copy}\n");
    let run = Run::new(["run", "--attempts", "2", "mapping_x"]).mapping("mapping_x", &mapping);
    let ran = run.run().await.exits(1);
    assert_eq!(outcomes(&ran), [("copied".to_owned(), 1), ("unfinished".to_owned(), 3)].into(), "{ran}");
    assert_eq!((causes(&ran), mute.connections()), (1, 2), "{ran}");
    assert!(folder.path().join("copy/index.json").exists());
}
