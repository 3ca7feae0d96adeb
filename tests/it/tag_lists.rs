//! Tag lists that carry digests: what they save, and that they never hurt.

use std::collections::HashSet;

use futures_util::future::join_all;
use image_mirror::model::{Host, ImageRef, Reference, Repository, Tag, Version};
use image_mirror::registry::{Client, Credentials, Options, SearchPaths, TagListing};
use serde_json::json;

use crate::support::registry::QuayApi;
use crate::support::{FakeRegistry, Fault, Image, Kind, Request, any};

fn options(registry: &FakeRegistry, listing: TagListing) -> Options {
    Options { tag_listing: vec![(Host::new(registry.host()), listing)], ..Options::default() }
}

fn client(options: Options) -> Client {
    Client::new(options, Credentials::anonymous(), Credentials::anonymous()).unwrap()
}

fn repository(registry: &FakeRegistry, name: &str) -> Repository {
    Reference::parse(&registry.image(name, "v")).unwrap().repository
}

fn tags(numbers: impl IntoIterator<Item = usize>) -> HashSet<Tag> {
    numbers.into_iter().map(|number| Tag::parse(&format!("v{number:03}")).unwrap()).collect()
}

/// A registry whose repositories have so many tags, each an image of its own.
async fn quay(api: QuayApi, names: &[&str], count: usize) -> FakeRegistry {
    let registry = FakeRegistry::builder().quay_api(api).start().await;
    for name in names {
        for number in 0..count {
            let image = Image::oci().layer(format!("{name} {number}").as_bytes()).build();
            registry.put_image(name, &format!("v{number:03}"), &image);
        }
    }
    registry
}

#[tokio::test]
async fn one_page_answers_many_tags_with_the_digests_that_the_registry_has() {
    let registry = quay(QuayApi::Open, &["a/b"], 30).await;
    let client = client(options(&registry, TagListing::Quay));
    let mut wanted = tags(0..20);
    wanted.insert(Tag::parse("absent").unwrap());
    let found = client.tag_digests(&repository(&registry, "a/b"), &wanted).await.unwrap();
    assert_eq!(found.len(), 20);
    for (tag, digest) in &found {
        assert_eq!(registry.tag_digest("a/b", tag.as_str()).as_ref(), Some(digest), "{tag}");
    }
    assert_eq!((registry.count(Kind::QuayTags), registry.count(any())), (1, 1));
    assert_eq!(client.wire().requests.get, 1);
}

#[tokio::test]
async fn pages_are_read_only_while_they_can_save_requests() {
    let registry = quay(QuayApi::Open, &["a/b"], 950).await;
    let client = client(options(&registry, TagListing::Quay));
    let few = client.tag_digests(&repository(&registry, "a/b"), &tags(0..7)).await;
    assert!(few.is_none());
    assert_eq!(registry.count(any()), 0);
    // Of these one is found on each of the first five pages; then fewer are left than were read.
    let spread: HashSet<Tag> = tags((0..9).map(|page| page * 100 + 50));
    let found = client.tag_digests(&repository(&registry, "a/b"), &spread).await.unwrap();
    assert_eq!(found, found_of(&registry, (0..5).map(|page| page * 100 + 50)));
    assert_eq!(registry.count(Kind::QuayTags), 5);
}

fn found_of(
    registry: &FakeRegistry,
    numbers: impl IntoIterator<Item = usize>,
) -> std::collections::HashMap<Tag, image_mirror::model::Digest> {
    tags(numbers)
        .into_iter()
        .map(|tag| (tag.clone(), registry.tag_digest("a/b", tag.as_str()).unwrap()))
        .collect()
}

#[tokio::test]
async fn the_first_refusal_ends_it_for_the_host_however_many_ask() {
    let names = ["a/a", "a/b", "a/c", "a/d", "a/e"];
    let registry = quay(QuayApi::Absent, &names, 10).await;
    let client = client(options(&registry, TagListing::Quay));
    let wanted = tags(0..10);
    let repositories: Vec<_> = names.iter().map(|name| repository(&registry, name)).collect();
    let all = join_all(repositories.iter().map(|repository| client.tag_digests(repository, &wanted))).await;
    assert!(all.iter().all(Option::is_none));
    assert_eq!(registry.count(any()), 1);
    let image = ImageRef::new(repositories[0].clone(), Version::Tag(Tag::parse("v001").unwrap()));
    assert!(client.head_manifest(&image).await.unwrap().is_some());
}

#[tokio::test]
async fn what_a_broken_page_left_out_is_not_lost_with_it() {
    let registry = quay(QuayApi::Open, &["a/b"], 300).await;
    registry.fault(Fault::on(Kind::QuayTags).after(1).always().status(502));
    let client = client(options(&registry, TagListing::Quay));
    let found = client.tag_digests(&repository(&registry, "a/b"), &tags(90..110)).await.unwrap();
    assert_eq!(found, found_of(&registry, 90..100));
    assert_eq!(registry.count(Kind::QuayTags), 2);
    assert!(client.tag_digests(&repository(&registry, "a/b"), &tags(0..20)).await.is_none());
    assert_eq!(registry.count(Kind::QuayTags), 2);
}

#[tokio::test]
async fn quays_api_gets_its_own_token_and_never_the_login_of_a_robot() {
    let registry = quay(QuayApi::Token("oauth".to_owned()), &["a/b"], 10).await;
    let basic = Fault::on(Kind::HeadManifest).status(401).header("www-authenticate", "Basic realm=\"r\"");
    registry.fault(basic);
    let directory = tempfile::TempDir::new().unwrap();
    let authfile = directory.path().join("auth.json");
    let login = json!({ "auths": { registry.host(): { "username": "org+robot", "password": "s3cr3t" } } });
    std::fs::write(&authfile, login.to_string()).unwrap();
    let paths = SearchPaths { authfile: Some(authfile), ..SearchPaths::default() };
    let credentials = Credentials::load(&paths, None).unwrap();
    let token = directory.path().join("token");
    std::fs::write(&token, "oauth\n").unwrap();
    for (token, expected) in [(None, None), (Some(token), Some("Bearer oauth"))] {
        let answers = token.is_some();
        let options = Options { quay_api_token_file: token, ..options(&registry, TagListing::Quay) };
        let client = Client::new(options, credentials.clone(), Credentials::anonymous()).unwrap();
        let image = ImageRef::new(repository(&registry, "a/b"), Version::Tag(Tag::parse("v001").unwrap()));
        client.head_manifest(&image).await.unwrap();
        let found = client.tag_digests(&image.repository, &tags(0..10)).await;
        assert_eq!(found.is_some(), answers);
        let request = registry.requests_on(Kind::QuayTags).pop().unwrap();
        assert_eq!(request.header("authorization"), expected);
    }
    assert!(registry.requests_on(Kind::HeadManifest).iter().any(Request::is_authorized));
    registry.assert_faults_used();
}

#[tokio::test]
async fn googles_lists_are_read_and_plain_ones_are_no_answer() {
    let registry = quay(QuayApi::Absent, &["a/b"], 10).await;
    let digest = registry.tag_digest("a/b", "v001").unwrap();
    let list =
        json!({ "name": "a/b", "tags": ["v001"], "manifest": { digest.as_str(): { "tag": ["v001"] } } });
    registry.fault(Fault::on(Kind::Tags).status(200).body(list.to_string()));
    let client = client(options(&registry, TagListing::Google));
    let found = client.tag_digests(&repository(&registry, "a/b"), &tags(0..10)).await.unwrap();
    assert_eq!(found, found_of(&registry, [1]));
    assert!(client.tag_digests(&repository(&registry, "a/b"), &tags(0..10)).await.is_none());
    assert!(client.tag_digests(&repository(&registry, "a/b"), &tags(0..10)).await.is_none());
    assert_eq!(registry.count(any()), 2);
}

#[tokio::test]
async fn googles_list_goes_on_where_its_link_leads_and_not_at_another_host() {
    let registry = quay(QuayApi::Absent, &["a/b"], 30).await;
    let list = |numbers: std::ops::Range<usize>| {
        let entry = |number| {
            let tag = format!("v{number:03}");
            (registry.tag_digest("a/b", &tag).unwrap().to_string(), json!({ "tag": [tag] }))
        };
        json!({ "manifest": numbers.map(entry).collect::<serde_json::Map<_, _>>() }).to_string()
    };
    let elsewhere = format!("<http://{}/v2/a/b/tags/list>; rel=\"next\"", registry.elsewhere());
    let here = "</v2/a/b/tags/list?n=10&last=v009>; rel=\"next\"";
    for (numbers, link) in [(0..10, here), (10..20, &elsewhere)] {
        registry.fault(Fault::on(Kind::Tags).status(200).body(list(numbers)).header("link", link));
    }
    let client = client(options(&registry, TagListing::Google));
    let found = client.tag_digests(&repository(&registry, "a/b"), &tags(0..30)).await.unwrap();
    assert_eq!(found, found_of(&registry, 0..20));
    let asked = registry.requests_on(Kind::Tags);
    assert_eq!(asked.len(), 2);
    assert_eq!(asked[1].query["last"], "v009");
    assert_eq!(registry.count(Kind::Elsewhere), 0);
}

#[tokio::test]
async fn the_first_request_that_brings_the_challenge_is_not_one_for_a_list() {
    let registry = quay(QuayApi::Open, &["a/b"], 10).await;
    registry.fault(Fault::on(Kind::HeadManifest).status(401).header("www-authenticate", "Basic realm=\"r\""));
    let directory = tempfile::TempDir::new().unwrap();
    let authfile = directory.path().join("auth.json");
    let login = json!({ "auths": { registry.host(): { "username": "u", "password": "p" } } });
    std::fs::write(&authfile, login.to_string()).unwrap();
    let paths = SearchPaths { authfile: Some(authfile), ..SearchPaths::default() };
    let credentials = Credentials::load(&paths, None).unwrap();
    let client =
        Client::new(options(&registry, TagListing::Quay), credentials, Credentials::anonymous()).unwrap();
    client.tag_digests(&repository(&registry, "a/b"), &tags(0..10)).await.unwrap();
    let images = (0..10).map(|number| {
        let tag = Tag::parse(&format!("v{number:03}")).unwrap();
        ImageRef::new(repository(&registry, "a/b"), Version::Tag(tag))
    });
    let heads = images.map(|image| async { client.head_manifest(&{ image }).await.unwrap() });
    join_all(heads).await;
    assert_eq!(
        registry.requests_on(Kind::HeadManifest).iter().filter(|head| !head.is_authorized()).count(),
        1
    );
    assert_eq!(registry.count(Kind::HeadManifest), 11);
}
