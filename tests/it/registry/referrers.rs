//! Lists of what refers to a manifest: pages, hosts that have no such lists, answers that make no sense.

use image_mirror::model::Digest;
use serde_json::json;

use super::{client, repository};
use crate::support::{FakeRegistry, Fault, Image, Kind};

const INDEX: &str = "application/vnd.oci.image.index.v1+json";

fn artifact(subject: &Image, number: u8) -> Image {
    Image::artifact("application/vnd.example").layer([number]).subject(subject).build()
}

#[tokio::test]
async fn a_list_in_pages_is_read_to_its_end_and_each_manifest_named_once() {
    let registry =
        FakeRegistry::builder().referrers().configure(|config| config.referrers_page = 2).start().await;
    let subject = Image::example(1);
    let mut expected: Vec<Digest> = Vec::new();
    for number in 0..5 {
        let artifact = artifact(&subject, number);
        expected.push(artifact.digest.clone());
        registry.put_untagged("a/b", &artifact);
    }
    registry.put_untagged("a/b", &artifact(&Image::example(2), 9));
    let found = client().referrers(&repository(&registry, "a/b"), &subject.digest).await.unwrap().unwrap();
    let mut found: Vec<_> = found.into_iter().map(|found| found.digest).collect();
    found.sort();
    expected.sort();
    assert_eq!(found, expected);
    assert_eq!(registry.count(Kind::Referrers), 3);
}

#[tokio::test]
async fn whether_a_host_has_the_api_is_asked_twice_at_most_however_many_ask() {
    let registry = FakeRegistry::start().await;
    let (client, repository) = (client(), repository(&registry, "a/b"));
    registry.put_image("a/b", "v1", &Image::example(1));
    let digests: Vec<_> = (0_u8..20).map(|number| Digest::of(&[number])).collect();
    let asked = digests.iter().map(|digest| client.referrers(&repository, digest));
    for found in futures_util::future::join_all(asked).await {
        assert_eq!(found.unwrap(), None);
    }
    assert_eq!(registry.count(Kind::Referrers), 2, "one answer is not believed");
}

#[tokio::test]
async fn a_host_that_was_seen_to_have_the_api_is_asked_again_whatever_it_said_once() {
    let registry = FakeRegistry::builder().referrers().start().await;
    let (client, repository) = (client(), repository(&registry, "a/b"));
    let subject = Image::example(1);
    registry.put_untagged("a/b", &artifact(&subject, 1));
    assert_eq!(client.referrers(&repository, &Digest::of(b"x")).await.unwrap(), Some(Vec::new()));
    registry.fault(Fault::on(Kind::Referrers).times(2).status(405));
    assert_eq!(client.referrers(&repository, &subject.digest).await.unwrap(), None);
    assert_eq!(
        client.referrers(&repository, &subject.digest).await.unwrap().map(|found| found.len()),
        Some(1)
    );
}

#[tokio::test]
async fn lists_that_go_round_lead_away_or_are_no_index_are_errors_and_never_empty() {
    let loops = |target: String| {
        let empty = json!({"schemaVersion": 2, "mediaType": INDEX, "manifests": []}).to_string();
        Fault::on(Kind::Referrers).always().body(empty).header("link", &format!("<{target}>; rel=\"next\""))
    };
    let subject = Digest::of(b"x");
    let path = format!("/v2/a/b/referrers/{subject}");
    let json = |body: &str| Fault::on(Kind::Referrers).always().body(body.to_owned());
    let answers = [
        (loops(path.clone()), "earlier page"),
        (loops(format!("http://127.0.0.1:1{path}?page=2")), "another host"),
        (json("{}"), "no OCI image index"),
        (
            json(r#"{"schemaVersion": 2, "manifests": [{"digest": "../../etc/passwd", "size": 1}]}"#),
            "no OCI image index",
        ),
        (json(r#"{"schemaVersion": 2, "manifests": [{"digest": "sha256:x"#), "no OCI image index"),
    ];
    for (answer, told) in answers {
        let registry = FakeRegistry::builder().referrers().start().await;
        registry.fault(answer);
        let error = client().referrers(&repository(&registry, "a/b"), &subject).await.unwrap_err();
        let text = image_mirror::error::Chain(&error).to_string();
        assert!(text.contains(told), "{text}");
        assert!(registry.count(Kind::Referrers) <= 2, "{text}");
    }
}

#[tokio::test]
async fn an_overload_and_a_broken_answer_are_waited_out() {
    let registry = FakeRegistry::builder().referrers().start().await;
    let subject = Image::example(1);
    registry.put_untagged("a/b", &artifact(&subject, 1));
    registry.fault(Fault::on(Kind::Referrers).status(429).header("retry-after", "0"));
    registry.fault(Fault::on(Kind::Referrers).status(502));
    registry.fault(Fault::on(Kind::Referrers).cut_after(10));
    let found = client().referrers(&repository(&registry, "a/b"), &subject.digest).await.unwrap();
    assert_eq!(found.map(|found| found.len()), Some(1));
    registry.assert_faults_used();
}

#[tokio::test]
async fn one_answer_that_there_is_no_api_is_not_believed_when_the_next_is_a_list() {
    let registry = FakeRegistry::builder().referrers().start().await;
    let subject = Image::example(1);
    registry.put_untagged("a/b", &artifact(&subject, 1));
    registry.fault(Fault::on(Kind::Referrers).status(404));
    let found = client().referrers(&repository(&registry, "a/b"), &subject.digest).await.unwrap();
    assert_eq!(found.map(|found| found.len()), Some(1));
}
