//! What the tests stand on, tried by clients that are not ours: oci-client, skopeo, and plain requests.

mod access;
mod catalog;
mod real;

use std::time::Duration;

use oci_client::client::{ClientConfig, ClientProtocol};
use oci_client::secrets::RegistryAuth;
use oci_client::{Client, Reference};
use reqwest::StatusCode;
use serde_json::Value;

use crate::support::image::{digest_of, random_bytes};
use crate::support::{
    FakeRegistry, Fault, Image, Index, Judge, Kind, Locations, MountPolicy, QuayApi, Stop, any, fleet, on,
    writes,
};

const ALL: &[&str] = &image_mirror::model::MANIFEST_MEDIA_TYPES;

fn client() -> Client {
    Client::new(ClientConfig { protocol: ClientProtocol::Http, ..ClientConfig::default() })
}

fn reference(registry: &FakeRegistry, repository: &str, tag: &str) -> Reference {
    registry.image(repository, tag).parse().unwrap()
}

fn url(registry: &FakeRegistry, path: &str) -> String {
    format!("http://{}{path}", registry.host())
}

async fn status(request: reqwest::RequestBuilder) -> u16 {
    request.send().await.unwrap().status().as_u16()
}

#[test]
fn the_same_calls_build_the_same_digests_and_other_seeds_build_others() {
    let build = |seed| Image::docker().layer_of(1000, seed).layer("text").build();
    assert_eq!(build(1), build(1));
    assert_ne!(build(1).digest, build(2).digest);
    assert_eq!(build(1).digest, digest_of(&build(1).bytes));
    assert_eq!(build(1).layers()[0].bytes, random_bytes(1000, 1));
    assert_ne!(Image::oci().layer("a").pretty().build().digest, Image::oci().layer("a").build().digest);
}

#[test]
fn a_manifest_that_is_parsed_and_written_again_has_another_digest() {
    for image in [Image::example(1), Index::oci().child(&Image::example(1)).build()] {
        let again = serde_json::to_vec(&serde_json::from_slice::<Value>(&image.bytes).unwrap()).unwrap();
        assert_ne!(digest_of(&again), image.digest);
    }
}

#[test]
fn a_fleet_shares_layers_and_has_every_fifth_image_on_four_platforms() {
    let fleet = fleet(200, 7);
    let indexes = fleet.iter().filter(|named| named.image.children.len() == 4).count();
    let all: usize = fleet.iter().map(|named| named.image.tree_blobs().len()).sum();
    let mut unique: Vec<_> =
        fleet.iter().flat_map(|named| named.image.tree_blobs()).map(|blob| &blob.digest).collect();
    unique.sort();
    unique.dedup();
    assert_eq!((fleet.len(), indexes), (200, 40));
    assert!(unique.len() * 4 < all * 3, "{} of {all} blobs are unique", unique.len());
    assert_eq!(fleet.iter().filter(|named| named.image.media_type.contains("docker")).count(), 100);
}

#[tokio::test]
async fn an_independent_client_pulls_what_was_put() {
    let registry = FakeRegistry::start().await;
    let image = Image::oci().layer_of(100_000, 1).layer("two").pretty().build();
    registry.put_image("a/b", "v1", &image);
    let source = reference(&registry, "a/b", "v1");
    let (bytes, digest) = client().pull_manifest_raw(&source, &RegistryAuth::Anonymous, ALL).await.unwrap();
    assert_eq!((bytes, digest.as_str()), (image.bytes.clone(), image.digest.as_str()));
    let mut layer = Vec::new();
    client().pull_blob(&source, image.layers()[0].digest.as_str(), &mut layer).await.unwrap();
    assert_eq!(layer, image.layers()[0].bytes);
    assert_eq!(registry.requests_on(Kind::GetBlob)[0].sent, 100_000);
    assert_eq!(registry.count(writes()), 0);
}

#[tokio::test]
async fn an_independent_client_pushes_images_and_indexes() {
    for locations in
        [Locations::Relative, Locations::Absolute, Locations::AbsoluteWithQuery, Locations::Elsewhere]
    {
        let registry = FakeRegistry::builder().locations(locations).start().await;
        let arm = Image::docker().platform("linux/arm64").layer_of(3000, 3).build();
        let index = Index::docker().child(&Image::docker().layer_of(3000, 2).build()).child(&arm).build();
        let judge = Judge::anonymous(registry.host());
        judge.push("a/b", "v1", &index).await;
        judge.assert_has("a/b", "v1", &index).await;
        assert!(registry.holds("a/b", "v1", &index), "{locations:?}");
        assert!(!registry.holds("a/b", "v1", &arm));
        assert_eq!(
            registry.bytes_received(),
            index.tree_blob_bytes() + index.tree().iter().map(|m| m.bytes.len() as u64).sum::<u64>()
        );
        assert_eq!(registry.open_uploads(), 0);
        registry.assert_tags_were_always_whole();
    }
}

#[tokio::test]
async fn a_mount_makes_a_blob_visible_where_the_policy_allows_it() {
    for (policy, other, itself) in [
        (MountPolicy::Always, 201, 201),
        (MountPolicy::OnlyOtherRepositories, 201, 202),
        (MountPolicy::Never, 202, 202),
    ] {
        let registry = FakeRegistry::builder().mounts(policy).start().await;
        let image = Image::example(1);
        let digest = &image.layers()[0].digest;
        registry.put_image("a/b", "v1", &image);
        let http = reqwest::Client::new();
        let mount = |target: &str, from: &str| {
            http.post(url(&registry, &format!("/v2/{target}/blobs/uploads/?mount={digest}&from={from}")))
        };
        assert_eq!(status(mount("c/d", "a/b")).await, other, "{policy:?}");
        assert_eq!(status(mount("a/b", "a/b")).await, itself, "{policy:?}");
        assert_eq!(status(mount("e/f", "no/where")).await, 202, "{policy:?}");
        assert_eq!(registry.has_blob("c/d", digest), other == 201);
        assert!(!registry.has_blob("e/f", digest), "blobs belong to repositories");
        assert_eq!((registry.count(Kind::PostMount), registry.count(Kind::PostUpload)), (3, 0));
    }
}

#[tokio::test]
async fn uploads_and_manifests_are_checked_as_a_real_registry_does() {
    let registry = FakeRegistry::start().await;
    let image = Image::example(1);
    let http = reqwest::Client::new();
    let put = |path: &str, image: &Image| {
        http.put(url(&registry, path)).header("content-type", &image.media_type).body(image.bytes.clone())
    };
    let answer = put("/v2/a/b/manifests/v1", &image).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::BAD_REQUEST);
    let errors: Value = answer.json().await.unwrap();
    assert_eq!(errors["errors"].as_array().unwrap().len(), 3);
    assert_eq!(errors["errors"][1]["code"], "MANIFEST_BLOB_UNKNOWN");
    assert_eq!(errors["errors"][1]["detail"], image.blobs[1].digest.as_str());

    registry.put_untagged("a/b", &image);
    let wrong = format!("/v2/a/b/manifests/{}", digest_of(b"other"));
    assert_eq!(status(put(&wrong, &image)).await, 400);
    let index = Index::oci().child(&image).absent_child(&Image::example(2)).build();
    assert_eq!(status(put("/v2/a/b/manifests/v1", &index)).await, 400);
    assert_eq!(status(http.put(url(&registry, "/v2/a/b/blobs/uploads/none?digest=sha256:0"))).await, 404);

    let open = http.post(url(&registry, "/v2/a/b/blobs/uploads/")).send().await.unwrap();
    let location = format!("{}?digest={}", open.headers()["location"].to_str().unwrap(), digest_of(b"other"));
    assert_eq!(status(http.put(location).body("this")).await, 400);
    assert!(registry.tags("a/b").is_empty());
    assert!(!registry.has_blob("a/b", &digest_of(b"this")));
}

#[tokio::test]
async fn tags_come_in_pages_with_links() {
    let registry = FakeRegistry::builder().page_size(2).start().await;
    for tag in ["c", "a", "b"] {
        registry.put_image("a/b", tag, &Image::example(1));
    }
    let first = reqwest::get(url(&registry, "/v2/a/b/tags/list")).await.unwrap();
    assert_eq!(first.headers()["link"], "</v2/a/b/tags/list?n=2&last=b>; rel=\"next\"");
    let last = reqwest::get(url(&registry, "/v2/a/b/tags/list?n=2&last=b")).await.unwrap();
    assert!(last.headers().get("link").is_none());
    assert_eq!(last.json::<Value>().await.unwrap()["tags"], serde_json::json!(["c"]));
}

#[tokio::test]
async fn a_blob_can_be_had_from_an_offset() {
    let registry = FakeRegistry::start().await;
    let image = Image::oci().layer("0123456789").build();
    registry.put_image("a/b", "v1", &image);
    let blob = url(&registry, &format!("/v2/a/b/blobs/{}", image.layers()[0].digest));
    let http = reqwest::Client::new();
    let part = http.get(&blob).header("range", "bytes=4-").send().await.unwrap();
    assert_eq!(
        (part.status().as_u16(), part.headers()["content-range"].to_str().unwrap()),
        (206, "bytes 4-9/10")
    );
    assert_eq!(part.text().await.unwrap(), "456789");
    assert_eq!(status(http.get(&blob).header("range", "bytes=10-")).await, 416);
    registry.configure(|config| config.ranges = false);
    assert_eq!(
        http.get(&blob).header("range", "bytes=4-").send().await.unwrap().text().await.unwrap(),
        "0123456789"
    );
}

#[tokio::test]
async fn faults_happen_to_the_requests_they_choose_as_often_as_they_say() {
    let registry = FakeRegistry::start().await;
    let image = Image::oci().layer_of(200_000, 1).build();
    registry.put_image("a/b", "v1", &image);
    let blob = url(&registry, &format!("/v2/a/b/blobs/{}", image.layers()[0].digest));
    let get = || async { reqwest::get(&blob).await };

    registry.fault(Fault::on(Kind::GetBlob).after(1).times(2).status(503).header("retry-after", "1"));
    let mut seen = Vec::new();
    for _ in 0..4 {
        seen.push(get().await.unwrap().status().as_u16());
    }
    assert_eq!(seen, [200, 503, 503, 200]);
    registry.assert_faults_used();

    registry.fault(Fault::on(Kind::GetBlob).repository("other").status(500));
    registry.fault(Fault::on(Kind::GetBlob).cut_after(70_000));
    let cut = get().await.unwrap();
    assert_eq!((cut.status().as_u16(), cut.content_length()), (200, Some(200_000)));
    assert!(cut.bytes().await.is_err());
    assert_eq!(registry.requests().last().unwrap().sent, 70_000);

    registry.fault(Fault::on(Kind::GetBlob).corrupt());
    let bytes = get().await.unwrap().bytes().await.unwrap();
    assert_eq!(bytes.len(), 200_000);
    assert_ne!(bytes, image.layers()[0].bytes);

    for fault in [Fault::on(Kind::GetBlob).wrong_length(5), Fault::on(Kind::GetBlob).reset_after(10)] {
        registry.fault(fault);
        assert!(get().await.unwrap().bytes().await.is_err());
    }
    registry.fault(Fault::on(Kind::GetBlob).reset());
    assert!(get().await.is_err());
    assert_eq!(registry.requests().last().unwrap().status, None);
    assert_eq!(get().await.unwrap().bytes().await.unwrap(), image.layers()[0].bytes);
}

#[tokio::test]
async fn an_answer_can_be_lost_after_the_deed_is_done() {
    let registry = FakeRegistry::start().await;
    let image = Image::example(1);
    registry.put_untagged("a/b", &image);
    registry.fault(Fault::on(Kind::PutManifest).carried_out().reset());
    let put = reqwest::Client::new().put(url(&registry, "/v2/a/b/manifests/v1"));
    let put = put.header("content-type", &image.media_type).body(image.bytes.clone());
    assert!(put.send().await.is_err());
    assert!(registry.holds("a/b", "v1", &image));
}

#[tokio::test(start_paused = true)]
async fn slow_and_stalled_answers_run_on_the_tests_clock() {
    let registry = FakeRegistry::start().await;
    let image = Image::oci().layer_of(1000, 1).build();
    registry.put_image("a/b", "v1", &image);
    let blob = url(&registry, &format!("/v2/a/b/blobs/{}", image.layers()[0].digest));
    let start = tokio::time::Instant::now();
    registry.fault(Fault::on(Kind::GetBlob).slow(100, Duration::from_mins(1)));
    assert_eq!(reqwest::get(&blob).await.unwrap().bytes().await.unwrap().len(), 1000);
    assert!(start.elapsed() >= Duration::from_mins(9));
    registry.fault(Fault::on(Kind::GetBlob).stall_after(10));
    let body = reqwest::get(&blob).await.unwrap().bytes();
    assert!(tokio::time::timeout(Duration::from_hours(1), body).await.is_err());
    registry.fault(Fault::on(Kind::GetBlob).stall());
    assert!(tokio::time::timeout(Duration::from_hours(1), reqwest::get(&blob)).await.is_err());
}

#[tokio::test]
async fn an_upload_can_be_reset_in_the_middle_and_its_bytes_are_kept() {
    let registry = FakeRegistry::start().await;
    let http = reqwest::Client::new();
    let open = http.post(url(&registry, "/v2/a/b/blobs/uploads/")).send().await.unwrap();
    let location = open.headers()["location"].to_str().unwrap().to_owned();
    registry.fault(Fault::on(Kind::PatchUpload).upload_reset_after(100_000));
    assert!(http.patch(&location).body(random_bytes(300_000, 1)).send().await.is_err());
    let progress = http.get(&location).send().await.unwrap();
    assert_eq!((progress.status().as_u16(), progress.headers()["range"].to_str().unwrap()), (204, "0-99999"));
    let rest = random_bytes(300_000, 1).slice(100_000..);
    let digest = digest_of(&random_bytes(300_000, 1));
    let end =
        http.put(format!("{location}?digest={digest}")).header("content-range", "100000-299999").body(rest);
    assert_eq!(status(end).await, 201);
    assert!(registry.has_blob("a/b", &digest));
}

#[tokio::test]
async fn redirects_lead_to_the_second_host() {
    let registry = FakeRegistry::builder().redirect_blobs().start().await;
    let image = Image::example(1);
    registry.put_image("a/b", "v1", &image);
    let blob = url(&registry, &format!("/v2/a/b/blobs/{}", image.layers()[0].digest));
    let answer = reqwest::Client::new().get(&blob).basic_auth("me", Some("secret")).send().await.unwrap();
    assert_eq!(answer.bytes().await.unwrap(), image.layers()[0].bytes);
    let elsewhere = registry.requests_on(Kind::Elsewhere);
    assert_eq!(elsewhere.len(), 1);
    assert!(!elsewhere[0].is_authorized());
    assert!(registry.requests_on(Kind::GetBlob)[0].is_authorized());
}

#[tokio::test]
async fn nothing_is_answered_after_the_stop_however_many_registries_share_it() {
    let (one, two) = (FakeRegistry::start().await, FakeRegistry::start().await);
    let stop = Stop::after(3);
    one.stop_with(&stop);
    two.stop_with(&stop);
    let mut answered = Vec::new();
    for registry in [&one, &two, &one, &two, &one] {
        answered.push(reqwest::get(url(registry, "/v2/")).await.is_ok());
    }
    assert_eq!(answered, [true, true, true, false, false]);
    assert!(stop.was_reached());
    one.resume();
    assert!(reqwest::get(url(&one, "/v2/")).await.is_ok());
}

#[tokio::test]
async fn a_gate_holds_requests_until_it_is_released() {
    let registry = FakeRegistry::start().await;
    registry.put_image("a/b", "v1", &Image::example(1));
    let gate = registry.hold(on(Kind::GetManifest).reference("v1"));
    let manifest = url(&registry, "/v2/a/b/manifests/v1");
    let mut both = tokio::task::JoinSet::new();
    both.spawn(reqwest::get(manifest.clone()));
    both.spawn(reqwest::get(manifest));
    gate.arrived(2).await;
    assert!(registry.requests().iter().all(|request| request.status.is_none()));
    assert!(reqwest::get(url(&registry, "/v2/")).await.is_ok());
    gate.let_through(1);
    assert!(both.join_next().await.unwrap().unwrap().is_ok());
    drop(gate);
    assert!(both.join_next().await.unwrap().unwrap().is_ok());
    assert_eq!(registry.count(any()), 3);
}

#[tokio::test]
async fn a_tag_that_lost_a_blob_is_noticed() {
    let registry = FakeRegistry::start().await;
    let child = Image::example(1);
    let index = Index::oci().child(&child).build();
    registry.put_image("a/b", "v1", &index);
    registry.assert_tags_whole();
    registry.delete_blob("a/b", &child.layers()[0].digest);
    assert_eq!(registry.broken_tags().len(), 1);
    let wanted = child.layers()[0].digest.as_str();
    assert!(registry.broken_tags()[0].contains(wanted), "{:?}", registry.broken_tags());
    registry.assert_tags_were_always_whole();
}

#[tokio::test]
async fn over_tls_the_registry_is_trusted_by_its_own_authority_only() {
    let registry = FakeRegistry::builder().tls().redirect_blobs().start().await;
    let image = Image::example(1);
    registry.put_image("a/b", "v1", &image);
    let blob = format!("https://{}/v2/a/b/blobs/{}", registry.host(), image.layers()[0].digest);
    assert!(reqwest::get(&blob).await.is_err());
    let authority = reqwest::Certificate::from_pem(registry.authority().as_bytes()).unwrap();
    let http = reqwest::Client::builder().tls_certs_only([authority]).build().unwrap();
    let answer = http.get(&blob).send().await.unwrap();
    assert_eq!(answer.version(), reqwest::Version::HTTP_2);
    assert_eq!(answer.bytes().await.unwrap(), image.layers()[0].bytes);
    registry.fault(Fault::on(Kind::Ping).reset());
    assert!(http.get(format!("https://{}/v2/", registry.host())).send().await.is_err());
    assert_eq!((registry.count(Kind::Elsewhere), registry.count(any())), (1, 3));
}

#[tokio::test]
async fn quays_list_of_tags_has_digests_and_pages() {
    let registry = FakeRegistry::builder().quay_api(QuayApi::Token("oauth".into())).start().await;
    for number in 0..3 {
        registry.put_image("a/b", &format!("v{number}"), &Image::example(number));
    }
    let list = |page: u32| {
        let query = format!("/api/v1/repository/a/b/tag/?limit=2&page={page}&onlyActiveTags=true");
        reqwest::Client::new().get(url(&registry, &query))
    };
    assert_eq!(status(list(1)).await, 401);
    let pages: Vec<Value> = [
        list(1).bearer_auth("oauth").send().await.unwrap().json().await.unwrap(),
        list(2).bearer_auth("oauth").send().await.unwrap().json().await.unwrap(),
    ]
    .into();
    assert_eq!((&pages[0]["has_additional"], &pages[1]["has_additional"]), (&true.into(), &false.into()));
    assert_eq!(pages[0]["tags"][1]["manifest_digest"], Image::example(1).digest.as_str());
    assert_eq!(pages[1]["tags"].as_array().unwrap().len(), 1);
    registry.configure(|config| config.quay_api = QuayApi::Absent);
    assert_eq!(status(list(1).bearer_auth("oauth")).await, 404);
}

#[tokio::test]
async fn referrers_are_listed_by_type_where_the_registry_has_them() {
    let registry = FakeRegistry::builder().referrers().start().await;
    let image = Image::example(1);
    let signature = Image::artifact("application/x-signature").subject(&image).layer("signed").build();
    registry.put_image("a/b", "v1", &image);
    registry.put_untagged("a/b", &signature);
    registry.put_untagged("a/b", &Image::artifact("application/x-sbom").subject(&image).build());
    let path = format!("/v2/a/b/referrers/{}", image.digest);
    let all: Value = reqwest::get(url(&registry, &path)).await.unwrap().json().await.unwrap();
    assert_eq!(all["manifests"].as_array().unwrap().len(), 2);
    let query = format!("{path}?artifactType=application/x-signature");
    let one: Value = reqwest::get(url(&registry, &query)).await.unwrap().json().await.unwrap();
    assert_eq!(one["manifests"].as_array().unwrap().len(), 1);
    assert_eq!(one["manifests"][0]["digest"], signature.digest.as_str());
    registry.configure(|config| config.referrers = false);
    assert_eq!(reqwest::get(url(&registry, &path)).await.unwrap().status().as_u16(), 404);
}

#[tokio::test]
async fn odd_images_are_taken_in_or_refused_as_registries_do() {
    let registry = FakeRegistry::start().await;
    let judge = Judge::anonymous(registry.host());
    let foreign = Image::docker().layer("own").foreign_layer("https://example.com/layer", 100, 1).build();
    let long = Image::oci().layer_sha512("by sha512").without_media_type().build();
    let nested = Index::oci().child(&Index::oci().child(&long).build()).child(&foreign).build();
    let old = Image::old_artifact("application/x-old", "blob");
    for (tag, image) in [("foreign", &foreign), ("long", &long), ("nested", &nested), ("old", &old)] {
        judge.push("a/b", tag, image).await;
        judge.assert_has("a/b", tag, image).await;
        assert!(registry.holds("a/b", tag, image));
    }
    assert!(
        !registry.has_blob("a/b", &digest_of(&random_bytes(100, 1))),
        "a foreign layer stays where it is"
    );
    let schema1 = Image::schema1("a/b", "schema1");
    registry.put_image("a/b", "schema1", &schema1);
    let put = reqwest::Client::new().put(url(&registry, "/v2/a/b/manifests/again"));
    assert_eq!(
        status(put.header("content-type", &schema1.media_type).body(schema1.bytes.clone())).await,
        400
    );
    registry.assert_tags_whole();
}

#[tokio::test]
async fn a_sparse_index_is_whole_only_where_such_are_allowed() {
    let sparse = Index::oci().child(&Image::example(1)).absent_child(&Image::example(2)).build();
    let strict = FakeRegistry::start().await;
    strict.put_image("a/b", "v1", &sparse);
    assert_eq!(strict.broken_tags().len(), 1);
    let lenient = FakeRegistry::builder().sparse_indexes().start().await;
    Judge::anonymous(lenient.host()).push("a/b", "v1", &sparse).await;
    lenient.assert_tags_were_always_whole();
    lenient.assert_tags_whole();
}

#[tokio::test]
async fn what_a_registry_leaves_out_or_shares_is_up_to_the_test() {
    let registry = FakeRegistry::builder().without_digest_header().shared_blobs().start().await;
    let image = Image::example(1);
    registry.put_image("a/b", "v1", &image);
    let answer = reqwest::Client::new().head(url(&registry, "/v2/a/b/manifests/v1")).send().await.unwrap();
    assert!(!answer.headers().contains_key("docker-content-digest"));
    let length = answer.headers()["content-length"].to_str().unwrap().to_owned();
    assert_eq!(length, image.bytes.len().to_string());
    assert!(registry.has_blob("not/there", &image.layers()[0].digest));
    let refused =
        reqwest::Client::new().get(url(&registry, "/v2/a/b/manifests/v1")).header("accept", "text/plain");
    assert_eq!(status(refused).await, 404, "a type that was not asked for is not there");
}
