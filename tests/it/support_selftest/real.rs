//! Real registries and skopeo, between themselves and with the fake one.

use serde_json::json;

use super::url;
use crate::support::image::digest_of;
use crate::support::{
    FakeRegistry, Grant, Image, Index, Judge, Kind, RealRegistry, Run, TokenServer, docker_config, skopeo,
    skopeo_copy, skopeo_raw, writes,
};

fn four() -> Image {
    let child = |platform: &str, seed| {
        Image::docker().platform(platform).layer_of(5000, seed).layer("shared").build()
    };
    let index = Index::docker().child(&child("linux/amd64", 1)).child(&child("linux/arm64/v8", 2));
    index.child(&child("linux/ppc64le", 3)).child(&child("linux/s390x", 4)).build()
}

#[tokio::test]
async fn skopeo_copies_from_the_fake_to_a_real_registry_and_back_without_changing_a_byte() {
    let (fake, real) = (FakeRegistry::start().await, RealRegistry::open().await);
    let plain = Image::oci().layer_of(70_000, 1).pretty().build();
    let attested = Index::oci().child(&plain).attestation(&plain).build();
    for (name, image) in [("a/plain", &plain), ("a/four", &four()), ("a/attested", &attested)] {
        fake.put_image(name, "v1", image);
        skopeo_copy(&fake.image(name, "v1"), &real.image(name, "v1"), &[]).await;
        assert_eq!(digest_of(&skopeo_raw(&real.image(name, "v1"), None).await), image.digest, "{name}");
        assert_eq!(fake.count(writes()), 0);
        let back = format!("back/{name}");
        skopeo_copy(&real.image(name, "v1"), &fake.image(&back, "v1"), &[]).await;
        assert!(fake.holds(&back, "v1", image), "{name}");
        fake.clear_log();
    }
    fake.assert_tags_were_always_whole();
    assert!(
        real.requests().iter().any(|line| line == "PUT /v2/a/plain/manifests/v1 201"),
        "{:?}",
        real.requests()
    );
}

#[tokio::test]
async fn the_independent_client_fills_real_registries_and_sees_what_they_lack() {
    let real = RealRegistry::htpasswd("robot", "pw").await;
    let judge = Judge::login(real.host(), "robot", "pw");
    let artifact = Image::artifact("application/x-test").layer_typed("application/x-layer", "bytes").build();
    let named = [Image::example(1), Image::docker().layer("x").build(), four(), artifact];
    for (number, image) in named.iter().enumerate() {
        let tag = format!("v{number}");
        judge.push("a/b", &tag, image).await;
        judge.assert_has("a/b", &tag, image).await;
        assert_eq!(skopeo_raw(&real.image("a/b", &tag), Some("robot:pw")).await, image.bytes);
    }
    let mut other = tokio::task::JoinSet::new();
    other.spawn(async move { judge.assert_has("a/b", "v0", &four()).await });
    assert!(other.join_next().await.unwrap().is_err(), "another image at the tag is noticed");
}

#[tokio::test]
async fn mounts_answer_as_the_fake_says_that_distribution_does() {
    let real = RealRegistry::open().await;
    let fake = FakeRegistry::start().await;
    let image = Image::example(1);
    let digest = &image.layers()[0].digest;
    fake.put_image("a/b", "v1", &image);
    skopeo_copy(&fake.image("a/b", "v1"), &real.image("a/b", "v1"), &[]).await;
    let http = reqwest::Client::new();
    for (target, from) in [("a/b", "a/b"), ("c/d", "a/b"), ("e/f", "no/where")] {
        let mut answers = Vec::new();
        for host in [real.host(), fake.host()] {
            let mount = format!("http://{host}/v2/{target}/blobs/uploads/?mount={digest}&from={from}");
            answers.push(http.post(mount).send().await.unwrap().status().as_u16());
        }
        assert_eq!(answers[0], answers[1], "{target} from {from}");
    }
    assert_eq!(fake.count(Kind::PostMount), 3);
}

#[tokio::test]
async fn the_fake_refuses_what_distribution_refuses_in_the_same_words() {
    let (real, fake) = (RealRegistry::open().await, FakeRegistry::start().await);
    let image = Image::example(1);
    let http = reqwest::Client::new();
    let mut seen = Vec::new();
    for host in [real.host(), fake.host()] {
        let put =
            http.put(format!("http://{host}/v2/a/b/manifests/v1")).header("content-type", &image.media_type);
        let put = put.body(image.bytes.clone()).send().await.unwrap();
        let get = http.get(format!("http://{host}/v2/a/b/manifests/none")).send().await.unwrap();
        let tags = http.get(format!("http://{host}/v2/no/where/tags/list")).send().await.unwrap();
        let open = http.post(format!("http://{host}/v2/a/b/blobs/uploads/")).send().await.unwrap();
        let location = open.headers()["location"].to_str().unwrap().to_owned();
        assert_eq!(http.delete(&location).send().await.unwrap().status().as_u16(), 204);
        let joint = if location.contains('?') { '&' } else { '?' };
        let session = http.put(format!("{location}{joint}digest={}", image.digest));
        let mut words = Vec::new();
        for answer in [put, get, tags, session.send().await.unwrap()] {
            let status = answer.status().as_u16();
            let body: serde_json::Value = answer.json().await.unwrap();
            let errors = body["errors"].as_array().unwrap().clone();
            let codes = errors.iter().map(|error| error["code"].clone());
            words.push(json!([status, codes.collect::<Vec<_>>(), errors[0]["detail"].is_string()]));
        }
        seen.push(words);
    }
    assert_eq!(seen[0], seen[1]);
}

#[tokio::test]
async fn a_real_registry_wants_its_htpasswd_login() {
    let real = RealRegistry::htpasswd("robot", "pa ss").await;
    let fake = FakeRegistry::start().await;
    let image = four();
    fake.put_image("a/b", "v1", &image);
    let address = format!("docker://{}", real.image("a/b", "v1"));
    skopeo_copy(&fake.image("a/b", "v1"), &real.image("a/b", "v1"), &["--dest-creds=robot:pa ss"]).await;
    assert_eq!(skopeo_raw(&real.image("a/b", "v1"), Some("robot:pa ss")).await, image.bytes);
    assert!(!skopeo(&["inspect", "--raw", "--tls-verify=false", &address]).await.status.success());
    let wrong = ["inspect", "--raw", "--tls-verify=false", "--creds=robot:wrong", &address];
    assert!(!skopeo(&wrong).await.status.success());
}

#[tokio::test]
async fn a_real_registry_accepts_the_signed_tokens_and_their_scopes_only() {
    let builder = TokenServer::builder().account("robot", "pw", [Grant::push("mine")]).signing();
    let tokens = builder.anonymous([Grant::pull("mine/open")]).start().await;
    let real = RealRegistry::tokens(&tokens).await;
    let fake = FakeRegistry::start().await;
    let image = four();
    fake.put_image("a/b", "v1", &image);
    skopeo_copy(&fake.image("a/b", "v1"), &real.image("mine/open", "v1"), &["--dest-creds=robot:pw"]).await;
    assert_eq!(skopeo_raw(&real.image("mine/open", "v1"), None).await, image.bytes);
    assert!(tokens.was_asked_for("push"));
    let (from, to) =
        (format!("docker://{}", fake.image("a/b", "v1")), format!("docker://{}", real.image("other", "v1")));
    let denied =
        ["copy", "--src-tls-verify=false", "--dest-tls-verify=false", "--dest-creds=robot:pw", &from, &to];
    assert!(!skopeo(&denied).await.status.success());
    let unasked = reqwest::get(format!("http://{}/v2/mine/open/tags/list", real.host())).await.unwrap();
    assert_eq!(unasked.status().as_u16(), 401);
}

#[tokio::test]
async fn skopeo_gets_tokens_for_the_fake_registry_too() {
    let tokens = TokenServer::builder().account("robot", "pw", [Grant::push("mine")]).start().await;
    let guarded = FakeRegistry::builder().bearer(&tokens).start().await;
    let open = FakeRegistry::start().await;
    open.put_image("a/b", "v1", &Image::example(1));
    skopeo_copy(&open.image("a/b", "v1"), &guarded.image("mine/b", "v1"), &["--dest-creds=robot:pw"]).await;
    assert!(guarded.holds("mine/b", "v1", &Image::example(1)));
    assert!(guarded.requests_on(Kind::PutManifest).iter().all(|put| put.account.as_deref() == Some("robot")));
    assert!(reqwest::get(url(&guarded, "/v2/")).await.unwrap().status() == 401);
}

#[tokio::test]
async fn the_program_runs_in_a_clean_room() {
    let run = Run::new(["--help"]).mapping("mapping_x", "a/b:1 c/d:1\n").logins(&[("h:1", "me", "pw")]);
    let run = run.stdin("not read").env("EXTRA", "1");
    let command = run.command();
    let names: Vec<_> = command.get_envs().map(|(name, _)| name.to_string_lossy().into_owned()).collect();
    assert_eq!(names, ["ARTIFACTS", "EXTRA", "HOME", "NO_COLOR", "PATH", "TZ"]);
    assert!(run.folder().join("mapping_x").is_file());
    let ran = run.run().await.exits(0);
    assert!(ran.artifacts().is_empty());
    assert!(docker_config(&[("h", "me", "pw")]).contains("bWU6cHc="));
}
