//! What else opens something: API tokens, service accounts, programs that give logins, pages that lead on.

use std::collections::HashSet;
use std::os::unix::fs::PermissionsExt as _;

use image_mirror::model::{Host, Repository, Tag};
use image_mirror::registry::{Client, ClusterRegistry, Credentials, Options, SearchPaths, TagListing};
use serde_json::json;

use super::{
    PASSWORD, assert_hides, assert_knows_nothing, behind_basic, client, client_of, image, json as body,
    repository,
};
use crate::support::{Run, Spy, docker_config, found, reply, reply_with};

fn page(link: &str) -> axum::http::Response<axum::body::Body> {
    let mut page = body(&json!({"name": "org/app", "tags": ["v1"]}));
    page.headers_mut().insert("link", link.parse().unwrap());
    page
}

#[tokio::test]
async fn a_next_page_of_tags_at_another_host_is_not_asked_for() {
    let (registry, other) = (Spy::start().await, Spy::start().await);
    for there in [other.url("/v2/org/app/tags/list?last=v1"), other.url("/x").replace("http:", "")] {
        registry.answers(behind_basic(move |_| page(&format!("<{there}>; rel=\"next\""))));
        client(&[&registry, &other]).tags(&repository(&registry)).await.unwrap_err();
        assert_eq!(other.log(), []);
    }
}

#[tokio::test]
async fn a_page_of_tags_from_elsewhere_cannot_lead_on_with_our_login() {
    let (registry, cdn) = (Spy::start().await, Spy::start().await);
    let (there, more) = (cdn.url("/page"), cdn.url("/more"));
    registry.answers(behind_basic(move |_| reply_with(307, "location", &there)));
    cdn.answers(move |_| page(&format!("<{more}>; rel=next")));
    client(&[&registry, &cdn]).tags(&repository(&registry)).await.unwrap_err();
    assert_eq!(cdn.log(), [("GET /page".to_owned(), false)]);
    assert_knows_nothing(&cdn);
}

const TOKEN: &str = "qu4y-api-t0k3n";

/// A client with a token for quay's API, and these hosts as ones that run Quay.
fn quay_client(hosts: &[&Spy]) -> Client {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), TOKEN).unwrap();
    let logins: Vec<_> = hosts.iter().map(|host| (host.host(), super::USER, PASSWORD)).collect();
    client_of(&docker_config(&logins), &[], |options| {
        options.tag_listing = hosts.iter().map(|host| (Host::new(host.host()), TagListing::Quay)).collect();
        options.quay_api_token_file = Some(file.path().to_owned());
    })
}

async fn list(client: &Client, registry: &Spy) {
    let wanted: HashSet<_> = (0..20).map(|number| Tag::parse(&format!("v{number}")).unwrap()).collect();
    client.tag_digests(&repository(registry), &wanted).await;
}

#[tokio::test]
async fn the_token_for_quays_api_goes_to_the_first_quay_named_and_to_its_api_only() {
    let (own, other) = (Spy::start().await, Spy::start().await);
    own.answers(behind_basic(|_| body(&json!({"tags": []}))));
    let client = quay_client(&[&own, &other]);
    for registry in [&own, &other] {
        list(&client, registry).await;
        let _ = client.head_manifest(&image(registry)).await;
        let _ = client.tags(&repository(registry)).await;
    }
    let with_token: Vec<_> = own.seen().into_iter().filter(|seen| seen.text().contains(TOKEN)).collect();
    assert_eq!(with_token.len(), 1);
    assert!(with_token[0].path.starts_with("/api/v1/"), "{}", with_token[0].path);
    assert_hides(PASSWORD, &with_token[0].text());
    assert!(other.log().iter().any(|(request, _)| request.contains("/api/v1/")), "it was asked, without");
    assert!(!other.text().contains(TOKEN), "{}", other.text());
}

#[tokio::test]
async fn the_token_of_quay_io_goes_to_no_other_host_that_runs_quay() {
    // Named second, quay.io is not asked here; that the first is somebody else decides.
    let other = Spy::start().await;
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), TOKEN).unwrap();
    let client = client_of("{}", &[], |options| {
        let names = ["quay.io", other.host()];
        options.tag_listing = names.map(|name| (Host::new(name), TagListing::Quay)).into();
        options.quay_api_token_file = Some(file.path().to_owned());
    });
    list(&client, &other).await;
    assert_eq!(other.seen().len(), 1);
    assert_knows_nothing(&other);
    assert!(!other.text().contains(TOKEN));
}

#[tokio::test]
async fn quays_api_leads_the_token_nowhere() {
    let (quay, thief) = (Spy::start().await, Spy::start().await);
    let there = thief.url("/api/v1/x");
    quay.answers(move |_| reply_with(307, "location", &there));
    list(&quay_client(&[&quay]), &quay).await;
    let link = format!("<{}>; rel=next", thief.url("/more"));
    quay.answers(move |_| {
        let tag = json!({"name": "v1", "manifest_digest": image_mirror::model::Digest::of(b"x").as_str()});
        let mut page = body(&json!({"tags": [tag], "has_additional": false}));
        page.headers_mut().insert("link", link.parse().unwrap());
        page
    });
    list(&quay_client(&[&quay]), &quay).await;
    assert!(quay.text().contains(TOKEN));
    assert_eq!(thief.log(), []);
}

#[tokio::test]
async fn a_service_accounts_token_goes_to_the_registry_of_the_cluster_only() {
    let (cluster, other, cdn) = (Spy::start().await, Spy::start().await, Spy::start().await);
    let there = cdn.url("/x");
    cluster.answers(behind_basic(move |_| reply_with(307, "location", &there)));
    other.answers(|_| super::basic_challenge());
    let folder = tempfile::tempdir().unwrap();
    let mut registry = ClusterRegistry::new(Host::new(cluster.host()));
    (registry.token, registry.ca) = (folder.path().join("token"), folder.path().join("absent"));
    std::fs::write(&registry.token, PASSWORD).unwrap();
    let credentials = Credentials::load(&SearchPaths::default(), [&registry]).unwrap();
    let client = Client::new(Options::default(), credentials.clone(), credentials).unwrap();
    for server in [&cluster, &other] {
        let _ = client.get_manifest(&image(server)).await;
    }
    assert!(cluster.log().contains(&("GET /v2/org/app/manifests/v1".to_owned(), true)));
    assert_eq!((cdn.seen().len(), other.seen().len()), (1, 1));
    assert_knows_nothing(&cdn);
    assert_knows_nothing(&other);
}

#[tokio::test]
async fn a_token_in_the_docker_config_goes_to_its_registry_only() {
    let (registry, cdn, other) = (Spy::start().await, Spy::start().await, Spy::start().await);
    let there = cdn.url("/x");
    registry.answers(behind_basic(move |_| reply_with(307, "location", &there)));
    let config = json!({"auths": {registry.host(): {"registrytoken": PASSWORD}}}).to_string();
    let client = client_of(&config, &[], |_| {});
    for server in [&registry, &other] {
        let _ = client.get_manifest(&image(server)).await;
    }
    assert!(registry.text().contains(&format!("authorization: Bearer {PASSWORD}")), "{}", registry.text());
    assert_knows_nothing(&cdn);
    assert_knows_nothing(&other);
}

#[tokio::test]
async fn a_login_for_one_organisation_is_not_used_for_another_on_the_same_host() {
    let registry = Spy::start().await;
    registry.answers(behind_basic(|_| reply(404)));
    let key = format!("{}/org", registry.host());
    let client = client_of(&docker_config(&[(&key, super::USER, PASSWORD)]), &[], |_| {});
    for name in ["organisation/app", "or", "other/org/app"] {
        let repository = Repository { host: Host::new(registry.host()), name: name.into() };
        let _ = client.tags(&repository).await;
    }
    assert_eq!(registry.seen().len(), 3);
    assert_knows_nothing(&registry);
}

/// A program that gives a login for every host and writes down whom it was asked for.
const PROGRAM: &str = "#!/bin/sh\nread host\necho \"$host\" >> \"$HOME/calls\"\n\
    echo '{\"Username\":\"robot-9f3c\",\"Secret\":\"s3cr3t/9f3c+hunter\"}'\n";

#[tokio::test]
async fn a_program_is_asked_for_the_registries_of_the_lines_and_for_nobody_they_send_us_to() {
    let (registry, cdn, target) = (Spy::start().await, Spy::start().await, Spy::start().await);
    let there = cdn.url("/x");
    registry.answers(behind_basic(move |_| reply_with(307, "location", &there)));
    cdn.answers(|_| found("{}"));
    let config =
        json!({"credHelpers": {registry.host(): "x", cdn.host(): "x"}, "credsStore": "x"}).to_string();
    let run =
        Run::new(["run", "--attempts", "1", "-a", "config.json", "mapping_x"]).file("config.json", config);
    let run = run.file("bin/docker-credential-x", PROGRAM);
    let (bin, home) = (run.folder().join("bin"), run.folder());
    std::fs::set_permissions(bin.join("docker-credential-x"), std::fs::Permissions::from_mode(0o755))
        .unwrap();
    let run =
        run.env("PATH", format!("{}:/usr/bin:/bin", bin.display())).env("HOME", home.display().to_string());
    let mapping = format!("# owner: us\n{}/org/app:v1 {}/org/app:v1\n", registry.host(), target.host());
    let ran = run.mapping("mapping_x", &mapping).run().await;
    let calls = std::fs::read_to_string(ran.folder().join("calls")).unwrap();
    let asked: HashSet<_> = calls.lines().collect();
    assert_eq!(asked, HashSet::from([registry.host()]), "{ran}");
    assert!(!cdn.seen().is_empty());
    assert_knows_nothing(&cdn);
    assert_knows_nothing(&target);
    assert_hides(PASSWORD, &ran.to_string());
}
