//! Answers that no honest server gives: the line fails with a class and a reason, nothing is written, and the
//! program neither hangs nor falls over nor lets others write its lines.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::Response;
use bytes::Bytes;
use futures_util::stream;
use image_mirror::error::{Class, Classify as _};
use image_mirror::model::Digest;
use serde_json::{Value, json};

use super::{client_of, image, json as body, repository};
use crate::support::{FakeRegistry, Ran, Run, Spy, found, reply, reply_with, writes};

const INDEX: &str = "application/vnd.oci.image.index.v1+json";
const IMAGE: &str = "application/vnd.oci.image.manifest.v1+json";

/// A registry that has these manifests by digest, the last under every tag, and this blob for every other.
#[derive(Default)]
struct Content {
    manifests: HashMap<String, (&'static str, Bytes)>,
    last: String,
}

impl Content {
    /// Adds a manifest; gives its descriptor.
    fn add(&mut self, media_type: &'static str, text: impl Into<Bytes>) -> Value {
        let bytes = text.into();
        let (digest, size) = (Digest::of(&bytes).to_string(), bytes.len());
        self.manifests.insert(digest.clone(), (media_type, bytes));
        self.last.clone_from(&digest);
        json!({"mediaType": media_type, "digest": digest, "size": size})
    }

    fn index(&mut self, children: &[Value]) -> Value {
        self.add(INDEX, json!({"schemaVersion": 2, "mediaType": INDEX, "manifests": children}).to_string())
    }

    fn image(&mut self, config: &Value) -> Value {
        self.add(
            IMAGE,
            json!({"schemaVersion": 2, "mediaType": IMAGE, "config": config, "layers": []}).to_string(),
        )
    }

    async fn serve(self) -> Spy {
        let (spy, content) = (Spy::start().await, Arc::new(self));
        spy.answers(move |seen| {
            let name = seen.path.rsplit('/').next().unwrap();
            let digest = if name.starts_with("sha") { name } else { content.last.as_str() };
            if seen.path.contains("/blobs/") {
                return found("{}");
            }
            let Some((media_type, bytes)) = content.manifests.get(digest) else { return reply(404) };
            let mut answer = found(bytes.clone());
            answer.headers_mut().insert("content-type", media_type.parse().unwrap());
            answer.headers_mut().insert("docker-content-digest", digest.parse().unwrap());
            answer
        });
        spy
    }
}

fn blob() -> Value {
    json!({"mediaType": "application/vnd.oci.image.config.v1+json", "digest": Digest::of(b"{}").as_str(), "size": 2})
}

/// Runs `command` on one line from `source` to `target`.
async fn mirror(command: &str, source: &Spy, target: &FakeRegistry) -> Ran {
    let mapping = format!("# owner: us\n{}/org/app:v1 {}/mirror/app:v1\n", source.host(), target.host());
    let words = [command, "--attempts", "1", "--stall-timeout", "2s", "mapping_x"];
    Run::new(words).mapping("mapping_x", &mapping).run().await
}

/// Mirrors what is refused.
async fn refused(source: &Spy) -> (Ran, Value) {
    let target = FakeRegistry::start().await;
    let ran = mirror("run", source, &target).await.exits(1);
    assert_eq!(target.tags("mirror/app"), Vec::<String>::new(), "{ran}");
    let row = ran.rows_that("failed").pop().unwrap_or_else(|| panic!("{ran}"));
    (ran, row)
}

#[tokio::test]
async fn indexes_within_indexes_end_somewhere() {
    for (depth, code) in [(3, 0), (9, 1), (2000, 1)] {
        let mut content = Content::default();
        let mut inner = content.image(&blob());
        for _ in 0..depth {
            inner = content.index(&[inner]);
        }
        let (source, target) = (content.serve().await, FakeRegistry::start().await);
        let ran = mirror("run", &source, &target).await.exits(code);
        assert!(source.seen().len() < 30, "{}", source.seen().len());
        assert_eq!(target.tags("mirror/app").len(), usize::from(code == 0), "{ran}");
    }
}

#[tokio::test]
async fn a_web_of_indexes_with_a_million_ways_through_it_is_read_once_a_manifest() {
    let mut content = Content::default();
    let mut inner = vec![content.image(&blob())];
    for level in 0..7 {
        let names = json!({"level": level});
        inner = (0..8)
            .map(|number| {
                let text = json!({"schemaVersion": 2, "mediaType": INDEX, "manifests": inner, "annotations": [names, number]});
                content.add(INDEX, text.to_string().replace(",\"annotations\"", ", \"annotations\""))
            })
            .collect();
    }
    content.index(&inner);
    let (source, target) = (content.serve().await, FakeRegistry::start().await);
    // It would go all the ways.
    target.configure(|config| config.check_every_write = false);
    let ran = mirror("run", &source, &target).await.exits(0);
    assert!(source.seen().len() <= 64, "{}\n{ran}", source.seen().len());
    assert_eq!(target.manifests("mirror/app").len(), 58);
}

#[tokio::test]
async fn manifests_that_are_none_fail_their_line_and_write_nothing() {
    let layer = |size: &str| {
        let digest = Digest::of(b"x");
        format!(
            "{{\"schemaVersion\":2,\"config\":{},\"layers\":[{{\"digest\":\"{digest}\",\"size\":{size}}}]}}",
            blob()
        )
    };
    let with_digest = |digest: &str| layer("1").replace(Digest::of(b"x").as_str(), digest);
    let nested = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let texts = [
        layer("-1"),
        layer("1e400"),
        layer("\"1\""),
        layer("1.5"),
        layer("18446744073709551616"),
        layer("null"),
        with_digest("sha256:../../../../etc/passwd"),
        with_digest("sha256:short"),
        with_digest("md5:d41d8cd98f00b204e9800998ecf8427e"),
        with_digest(&format!("SHA256:{}", "a".repeat(64))),
        with_digest(&format!("sha256:{}", "A".repeat(64))),
        "{\"schemaVersion\":2,\"layers\":[],\"layers\":[]}".to_owned(),
        "{\"schemaVersion\":2,\"manifests\":[],\"config\":{}}".to_owned(),
        format!("{{\"layers\":{nested}}}"),
        nested,
        "null".to_owned(),
        String::new(),
        "\u{0}".repeat(1000),
    ];
    for text in texts {
        let mut content = Content::default();
        content.add(IMAGE, text.clone());
        let (ran, row) = refused(&content.serve().await).await;
        assert_eq!(row["class"], "protocol", "{text:.100}\n{ran}");
        assert!(row["reason"].as_str().unwrap().len() < 1000, "{ran}");
    }
}

#[tokio::test]
async fn sizes_as_large_as_numbers_go_are_added_up_without_falling_over() {
    let mut content = Content::default();
    let huge = |n: u8| json!({"digest": Digest::of(&[n]).as_str(), "size": u64::MAX});
    content
        .add(IMAGE, json!({"schemaVersion": 2, "config": huge(1), "layers": [huge(2), huge(3)]}).to_string());
    let (source, target) = (content.serve().await, FakeRegistry::start().await);
    let ran = mirror("plan", &source, &target).await.exits(0);
    assert_eq!(ran.report()["totals"]["bytes"]["copied"], u64::MAX, "{ran}");
    let ran = mirror("run", &source, &target).await.exits(1);
    assert_eq!((ran.rows().len(), target.tags("mirror/app").len()), (1, 0), "{ran}");
}

#[tokio::test]
async fn a_config_cannot_be_had_from_elsewhere() {
    let mut content = Content::default();
    let mut config = blob();
    config["mediaType"] = "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip".into();
    config["urls"] = json!(["https://evil.test/config"]);
    content.image(&config);
    let (source, target) = (content.serve().await, FakeRegistry::start().await);
    mirror("run", &source, &target).await.exits(0);
    assert!(target.has_blob("mirror/app", &Digest::of(b"{}")));
}

type Answer = fn() -> Response<Body>;

/// A body that goes on as long as somebody reads.
fn endless() -> Body {
    Body::from_stream(stream::repeat_with(|| Ok::<_, std::io::Error>(Bytes::from(vec![b' '; 64 << 10]))))
}

#[tokio::test]
async fn bodies_without_end_are_given_up_within_bounds_of_memory() {
    let cases: [(&str, Answer); 5] = [
        ("a manifest", || found(endless())),
        ("an error", || reply(500).map(|_| endless())),
        ("a manifest of 5 MiB", || found(vec![b' '; 5 << 20])),
        ("a manifest that says it is large", || reply_with(200, "content-length", "99999999999")),
        ("something packed", || {
            reply_with(200, "content-encoding", "gzip").map(|_| Body::from("\u{1f}\u{8b}"))
        }),
    ];
    for (name, answer) in cases {
        let source = Spy::start().await;
        source.answers(move |seen| if seen.method == "HEAD" { reply(200) } else { answer() });
        let target = FakeRegistry::start().await;
        let line = format!("{}/org/app:v1 {}/mirror/app:v1\n", source.host(), target.host());
        let words = ["run", "--attempts", "1", "--stall-timeout", "2s", "mapping_x"];
        let (ran, peak) = Run::new(words).mapping("mapping_x", &line).start().ended_with_peak_memory().await;
        let ran = ran.exits(1);
        assert_eq!(target.count(writes()), 0, "{name}\n{ran}");
        assert!(peak < 64 << 20, "{name}: {peak}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_byte_now_and_then_does_not_keep_us_for_ever() {
    for status in [200, 500] {
        let source = Spy::start().await;
        source.answers(move |_| {
            let drops = stream::unfold((), |()| async {
                tokio::time::sleep(Duration::from_secs(50)).await;
                Some((Ok::<_, std::io::Error>(Bytes::from_static(b" ")), ()))
            });
            reply(status).map(|_| Body::from_stream(drops))
        });
        let begun = tokio::time::Instant::now();
        let client = client_of("{}", &[], |options| options.attempts = 1);
        client.get_manifest(&image(&source)).await.unwrap_err();
        assert!(begun.elapsed() < Duration::from_mins(11), "{status}: {:?}", begun.elapsed());
    }
}

#[tokio::test]
async fn headers_that_make_no_sense_are_survived() {
    let long: &'static str = "x".repeat(60_000).leak();
    let headers: [(&str, &str); 20] = [
        ("docker-content-digest", "sha512:zz"),
        ("docker-content-digest", "sha256:../../x"),
        ("docker-content-digest", long),
        ("retry-after", "1000000000000000000"),
        ("retry-after", "18446744073709551615"),
        ("retry-after", "-1"),
        ("retry-after", "Fri, 31 Dec 9999 23:59:59 GMT"),
        ("ratelimit-remaining", "-5"),
        ("ratelimit-remaining", "0"),
        ("ratelimit-reset", "18446744073709551615"),
        ("www-authenticate", "Bearer realm="),
        ("www-authenticate", "Bearer ,,,=\"\\"),
        ("www-authenticate", long),
        ("location", "javascript:alert(1)"),
        ("location", "http://[::1"),
        ("content-type", long),
        ("content-range", "bytes 9-1/0"),
        ("link", "<<<>>>;;;rel=next"),
        ("link", long),
        ("set-cookie", long),
    ];
    for status in [200, 206, 301, 401, 416, 429, 503] {
        let source = Spy::start().await;
        let client = client_of("{}", &[], |options| {
            (options.attempts, options.stall_timeout) = (1, Duration::from_secs(2));
            options.max_retry_after = Duration::ZERO;
        });
        for (name, value) in headers {
            source.answers(move |_| {
                let mut answer = reply_with(status, name, value);
                for _ in 0..if name == "set-cookie" { 5000 } else { 0 } {
                    answer.headers_mut().append("x-more", "x".parse().unwrap());
                }
                answer.headers_mut().append("ratelimit-remaining", "0".parse().unwrap());
                answer.headers_mut().append("ratelimit-reset", "99999999999999999999".parse().unwrap());
                answer
            });
            let _ = client.head_manifest(&image(&source)).await;
            let _ = client.tags(&repository(&source)).await;
        }
        assert!(!source.seen().is_empty());
    }
}

#[tokio::test]
async fn a_reset_of_a_rate_limit_at_the_end_of_time_is_a_pause_that_is_too_long() {
    for status in [200, 429] {
        let source = Spy::start().await;
        source.answers(move |_| {
            let mut answer = reply_with(status, "ratelimit-remaining", "0");
            for name in ["ratelimit-reset", "retry-after"] {
                answer.headers_mut().insert(name, "18446744073709551615".parse().unwrap());
            }
            answer
        });
        let client = client_of("{}", &[], |_| {});
        let _ = client.tags(&repository(&source)).await;
        let error = client.tags(&repository(&source)).await.unwrap_err();
        assert_eq!(error.class(), Class::Throttled, "{status}");
    }
}

#[tokio::test]
async fn a_list_of_tags_without_end_is_given_up() {
    let source = Spy::start().await;
    source.answers(|seen| {
        let number: u64 =
            seen.query.split("last=").nth(1).and_then(|last| last.parse().ok()).unwrap_or_default();
        let mut page = body(&json!({"tags": []}));
        let next = format!("</v2/org/app/tags/list?last={}>; rel=next", number + 1);
        page.headers_mut().insert("link", next.parse().unwrap());
        page
    });
    let error = client_of("{}", &[], |_| {}).tags(&repository(&source)).await.unwrap_err();
    assert_eq!(error.class(), Class::Protocol);
    assert!(source.seen().len() <= 101, "{}", source.seen().len());
}

#[tokio::test]
async fn names_of_tags_that_are_none_are_left_out_and_cannot_write_into_the_log() {
    let source = Spy::start().await;
    let long = "x".repeat(100_000);
    let mut names: Vec<String> =
        ["v1\nerror: forged", "\u{1b}[2Jv2", "../../etc/passwd", "v3\u{202e}", "", " ", "a/b", "sha256:x"]
            .map(str::to_owned)
            .into();
    names.insert(0, long);
    names.extend((0..5000).map(|number| format!("bad tag {number}")));
    source.answers(move |_| body(&json!({"tags": names})));
    for format in ["text", "json"] {
        let line = format!("# owner: us\n{}/org/app:* oci:copy\n", source.host());
        let words = ["run", "-vv", "--log-format", format, "mapping_x"];
        let ran = Run::new(words).mapping("mapping_x", &line).run().await;
        assert!(ran.stderr.lines().count() < 10 && ran.stderr.len() < 5000, "{ran}");
        assert!(!ran.to_string().contains(['\u{1b}', '\u{202e}']), "{ran}");
        assert!(!ran.stderr.lines().any(|line| line.starts_with("error: forged")), "{ran}");
    }
}

const FORGED: &str = "x\nerror: forged\r\n\u{1b}[31mred\u{1b}[0m\u{202e}\u{200b}<script>alert(1)</script>\"]]>' onload=x & \u{0}\u{fffe}";

#[tokio::test]
async fn what_a_registry_says_cannot_write_lines_turn_them_round_or_become_markup() {
    let source = Spy::start().await;
    let said = json!({"errors": [{"code": FORGED, "message": FORGED, "detail": FORGED}]}).to_string();
    source.answers(move |seen| match (seen.method.as_str(), seen.path.contains("plain")) {
        ("HEAD", _) => reply(200),
        (_, true) => reply(400).map(|_| Body::from(FORGED)),
        _ => reply(400).map(|_| Body::from(said.clone())),
    });
    for format in ["text", "json"] {
        let host = source.host();
        let mapping =
            format!("# owner: us\n{host}/org/plain:v1 oci:copy:v1\n{host}/org/app:v1 oci:copy:v2\n");
        let words = ["run", "-vv", "--log-format", format, "--attempts", "1", "mapping_x"];
        let ran = Run::new(words).mapping("mapping_x", &mapping).run().await.exits(1);
        let artifacts: Vec<String> = ran.artifacts().iter().map(|name| ran.artifact(name)).collect();
        for text in artifacts.iter().chain([&ran.stdout, &ran.stderr]) {
            let forged = text.lines().any(|line| line.trim_start().starts_with("error: forged"));
            assert!(
                !forged && !text.contains(['\u{1b}', '\u{202e}', '\u{200b}', '\r', '\u{0}', '\u{fffe}']),
                "{text}"
            );
        }
        for page in [ran.artifact("image-mirror-summary.html"), ran.artifact("junit_image-mirror.xml")] {
            assert!(!page.contains("<script") && !page.contains("]]>"), "{page}");
        }
        assert!(ran.artifact("image-mirror-summary.html").contains("alert(1)"), "it is said all the same");
    }
}
