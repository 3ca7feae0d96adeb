//! What is written anywhere: logs at their loudest, the table, every report. Each test makes something fail and
//! looks for the secret in all of it, in every form.

use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::ExitStatusExt as _;
use std::process::Command;

use axum::body::Body;
use axum::http::Response;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use super::{PASSWORD, USER, assert_hides, basic_challenge, bearer_challenge, json as body};
use crate::support::{FakeRegistry, Image, Ran, Run, Seen, Spy, docker_config, reply, reply_with};

/// Ways in which a server may say back what it got.
fn ways(secret: &str) -> Vec<String> {
    let escaped: String = url::form_urlencoded::byte_serialize(secret.as_bytes()).collect();
    let words = [secret.to_owned(), STANDARD.encode(secret), escaped.clone(), escaped.to_lowercase()];
    let envelope =
        |text: &String| json!({"errors": [{"code": "DENIED", "message": format!("you sent {text}!")}]});
    let others = |text: &String| {
        let (code, detail) = (json!({"errors": [{"code": text}]}), json!({"message": text, "detail": text}));
        [envelope(text).to_string(), code.to_string(), detail.to_string(), format!("bad header: {text}")]
    };
    words.iter().flat_map(others).collect()
}

/// Everything that a run wrote.
fn everything(ran: &Ran) -> String {
    let artifacts: String = ran.artifacts().iter().map(|name| ran.artifact(name)).collect();
    format!("{ran}{artifacts}")
}

/// What the server was sent to let us in: the header, and the password in it.
fn echoed(seen: &Seen, number: usize) -> String {
    let header = seen.headers.get("authorization").map(|value| value.to_str().unwrap().to_owned());
    let header = header.unwrap_or_else(|| String::from_utf8_lossy(&seen.body).into_owned());
    let password = seen.text().contains("Basic ").then(|| PASSWORD.to_owned());
    let said: Vec<_> = ways(&header).into_iter().chain(password.iter().flat_map(|word| ways(word))).collect();
    said[number % said.len()].clone()
}

fn with_body(status: u16, text: String) -> Response<Body> {
    let mut response = reply(status);
    *response.body_mut() = Body::from(text);
    response
}

/// The number in `/v2/echo-7/app/…`.
fn number(seen: &Seen) -> usize {
    seen.path.split("echo-").nth(1).and_then(|rest| rest.split('/').next()?.parse().ok()).unwrap_or_default()
}

/// Runs the mapping at its loudest, once with each form of the log.
async fn loudly(config: &str, mapping: &str, secrets: &[&str]) {
    for format in ["text", "json"] {
        let words =
            ["run", "-vv", "--log-format", format, "--attempts", "1", "-a", "config.json", "mapping_x"];
        let run = Run::new(words).file("config.json", config).mapping("mapping_x", mapping);
        let ran = run.run().await;
        assert!(!ran.rows().is_empty() && ran.code != Some(0), "{ran}");
        for secret in secrets {
            assert_hides(secret, &everything(&ran));
        }
    }
}

fn lines(count: usize, line: impl Fn(usize) -> String) -> String {
    (0..count).fold("# owner: us\n".to_owned(), |text, number| text + &line(number) + "\n")
}

const STATUSES: [u16; 6] = [400, 401, 403, 404, 500, 418];

#[tokio::test]
async fn a_source_that_says_our_login_back_in_its_errors_is_not_quoted() {
    let registry = Spy::start().await;
    registry.answers(|seen| match seen.method.as_str() {
        _ if !seen.is_authorized() => basic_challenge(),
        "HEAD" => reply(200),
        _ => with_body(STATUSES[number(seen) / 32 % 6], echoed(seen, number(seen))),
    });
    let config = docker_config(&[(registry.host(), USER, PASSWORD)]);
    let mapping = lines(96, |n| format!("{}/echo-{n}/app:v1 oci:copy-{n}:v1", registry.host()));
    loudly(&config, &mapping, &[PASSWORD]).await;
    assert!(registry.log().iter().any(|(_, authorized)| *authorized));
}

#[tokio::test]
async fn a_target_that_says_our_login_back_in_its_errors_is_not_quoted() {
    let (source, target) = (FakeRegistry::start().await, Spy::start().await);
    source.put_image("org/app", "v1", &Image::oci().layer(b"x").build());
    target.answers(|seen| match seen.method.as_str() {
        _ if !seen.is_authorized() => basic_challenge(),
        "HEAD" => reply(404),
        _ => with_body(STATUSES[number(seen) / 8 % 6], echoed(seen, number(seen))),
    });
    let config = docker_config(&[(target.host(), USER, PASSWORD)]);
    let mapping = lines(48, |n| format!("{}/org/app:v1 {}/echo-{n}/app:v1", source.host(), target.host()));
    loudly(&config, &mapping, &[PASSWORD]).await;
}

#[tokio::test]
async fn a_token_service_that_says_our_login_back_is_not_quoted() {
    let (registry, service) = (Spy::start().await, Spy::start().await);
    let realm = service.url("/token");
    registry.answers(move |_| bearer_challenge(&realm));
    let logins = [
        docker_config(&[(registry.host(), USER, PASSWORD)]),
        json!({"auths": {registry.host(): {"identitytoken": PASSWORD}}}).to_string(),
    ];
    for config in logins {
        for status in STATUSES {
            service.answers(move |seen| {
                let (header, form) = (echoed(seen, 1), String::from_utf8_lossy(&seen.body).into_owned());
                let said = format!("{header} {form} {PASSWORD}");
                let words =
                    json!({"errors": [{"message": said}], "details": said, "error_description": said});
                with_body(status, words.to_string())
            });
            let line = format!("{}/org/app:v1 oci:copy:v1\n", registry.host());
            loudly(&config, &line, &[PASSWORD]).await;
        }
    }
}

#[tokio::test]
async fn a_token_is_printed_no_more_than_a_password() {
    let (registry, service) = (Spy::start().await, Spy::start().await);
    let token = "t0k3n.with/every+kind=of.character";
    service.answers(move |_| body(&json!({"token": token, "access_token": token})));
    let realm = service.url("/token");
    registry.answers(move |seen| match seen.method.as_str() {
        _ if !seen.is_authorized() => bearer_challenge(&realm),
        "HEAD" => reply(200),
        _ => with_body(STATUSES[number(seen) / 16 % 6], echoed(seen, number(seen))),
    });
    let config = docker_config(&[(registry.host(), USER, PASSWORD)]);
    let mapping = lines(32, |n| format!("{}/echo-{n}/app:v1 oci:copy-{n}:v1", registry.host()));
    loudly(&config, &mapping, &[PASSWORD, token]).await;
}

#[tokio::test]
async fn the_signature_of_a_cdn_is_not_printed_whatever_the_cdn_says() {
    let (registry, cdn) = (Spy::start().await, Spy::start().await);
    let signature = "s1gnature/0123456789+abcdef";
    let escaped: String = url::form_urlencoded::byte_serialize(signature.as_bytes()).collect();
    let there = cdn.url(&format!("/blob?X-Amz-Signature={escaped}&short=1"));
    registry.answers(move |seen| match seen.method.as_str() {
        "HEAD" => reply(200),
        _ if number(seen) == 0 => reply_with(307, "location", &format!("ftp://h/x?s={}", seen.path)),
        _ => reply_with(307, "location", &there),
    });
    cdn.answers(move |seen| {
        with_body(403, format!("no access to {}?{} ({signature})", seen.path, seen.query))
    });
    let mapping = lines(3, |n| format!("{}/echo-{n}/app:v1 oci:copy-{n}:v1", registry.host()));
    loudly("{}", &mapping, &[signature]).await;
    assert!(cdn.text().contains(&escaped));
}

#[tokio::test]
async fn what_a_credential_program_prints_is_not_printed_by_us() {
    let registry = Spy::start().await;
    registry.answers(|_| basic_challenge());
    let scripts = [
        format!("echo '{PASSWORD}' >&2; echo '{PASSWORD}'; exit 1"),
        format!("echo '{{\"Username\": \"{PASSWORD}\"'; exit 0"),
        format!("echo '{{\"Username\": 7, \"Secret\": \"{PASSWORD}\"}}'; echo '{PASSWORD}' >&2"),
        format!("echo '{{\"Username\": \"u\", \"Secret\": \"{PASSWORD}\\u0000\\n\"}}'"),
    ];
    for script in scripts {
        let config = json!({"credHelpers": {registry.host(): "x"}}).to_string();
        let run = Run::new(["run", "-vv", "--attempts", "1", "-a", "config.json", "mapping_x"]);
        let run =
            run.file("config.json", config).file("bin/docker-credential-x", format!("#!/bin/sh\n{script}\n"));
        let bin = run.folder().join("bin");
        let executable = std::fs::Permissions::from_mode(0o755);
        std::fs::set_permissions(bin.join("docker-credential-x"), executable).unwrap();
        let run = run.env("PATH", format!("{}:/usr/bin:/bin", bin.display()));
        let mapping = format!("{}/org/app:v1 oci:copy:v1\n", registry.host());
        let ran = run.mapping("mapping_x", &mapping).run().await.exits(1);
        assert_hides(PASSWORD, &everything(&ran));
    }
}

#[tokio::test]
async fn a_login_in_a_mapping_line_is_not_printed() {
    let lines = [
        format!("{USER}:{PASSWORD}@127.0.0.1:1/a/b:v1 127.0.0.1:1/c/d:v1"),
        format!("https://{USER}:{PASSWORD}@127.0.0.1:1/a/b:v1 127.0.0.1:1/c/d:v1"),
        format!("127.0.0.1:1/a/b:v1 docker://{USER}:{PASSWORD}@127.0.0.1:1/c/d:v1 127.0.0.1:1/e/f"),
        format!("127.0.0.1:1/a/b:v1={USER}:{PASSWORD}@127.0.0.1:1/c/d:v1"),
        format!("oci:/tmp/{USER}:{PASSWORD}@x:v1 \u{7f}"),
    ];
    for line in lines {
        for words in [&["run", "-vv", "--attempts", "1"] as &[&str], &["plan", "--attempts", "1"], &["lint"]]
        {
            let run = Run::new(words).args(["mapping_x"]).mapping("mapping_x", &format!("{line}\n"));
            let ran = run.run().await.exits(1);
            assert_hides(PASSWORD, &everything(&ran));
        }
    }
}

#[tokio::test]
async fn files_that_hold_a_secret_in_the_wrong_form_are_named_and_not_quoted() {
    let cases: [(&[&str], String); 5] = [
        (&["-a", "secret"], format!("{{\"auths\": {{\"quay.io\": {{\"auth\": {PASSWORD}")),
        (&["-a", "secret"], format!("{{\"auths\": {{\"quay.io\": {{\"auth\": \"%%{PASSWORD}\"}}}}}}")),
        (&["--quay-api-token-file", "secret"], format!("{PASSWORD}\n{PASSWORD}")),
        (&["--ca-file", "secret"], format!("-----BEGIN CERTIFICATE-----\n{PASSWORD}\n-----END")),
        (&["--client-cert", "secret"], format!("-----BEGIN PRIVATE KEY-----\n{PASSWORD}\n")),
    ];
    for (words, content) in cases {
        let run = Run::new(["run", "-vv", "--attempts", "1"]).args(words).args(["mapping_x"]);
        let ran = run.file("secret", content).mapping("mapping_x", "oci:none:v1 oci:other:v1\n").run().await;
        assert_hides(PASSWORD, &everything(&ran));
    }
}

#[tokio::test]
async fn a_program_that_is_killed_leaves_no_core_with_logins_in_it() {
    let registry = FakeRegistry::start().await;
    let gate = registry.hold(crate::support::any());
    let line = format!("{}/org/app:v1 oci:copy:v1\n", registry.host());
    let run = Run::new(["run", "mapping_x"]).mapping("mapping_x", &line);
    let command = run.command();
    let mut shell = Command::new("sh");
    shell
        .args(["-c", "ulimit -c unlimited; exec \"$0\" \"$@\""])
        .arg(command.get_program())
        .args(command.get_args());
    shell.env_clear().envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let mut child = shell.current_dir(run.folder()).spawn().unwrap();
    gate.arrived(1).await;
    Command::new("kill").args(["-ABRT", &child.id().to_string()]).status().unwrap();
    let status = tokio::task::spawn_blocking(move || child.wait().unwrap()).await.unwrap();
    assert_eq!(status.signal(), Some(6));
    assert!(!status.core_dumped());
}

#[tokio::test]
async fn nothing_secret_is_in_the_words_of_the_program() {
    let registry = FakeRegistry::builder().basic(USER, PASSWORD).start().await;
    let gate = registry.hold(crate::support::any());
    let run = Run::new(["run", "mapping_x"]).logins(&[(registry.host(), USER, PASSWORD)]);
    let run = run.mapping("mapping_x", &format!("{}/org/app:v1 oci:copy:v1\n", registry.host())).start();
    gate.arrived(1).await;
    for file in ["cmdline", "environ"] {
        let text = std::fs::read(format!("/proc/{}/{file}", run.id())).unwrap();
        assert_hides(PASSWORD, &String::from_utf8_lossy(&text));
    }
    gate.release();
    run.ended().await;
}
