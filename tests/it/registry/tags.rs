//! Lists of tags.

use image_mirror::error::{Class, Classify};

use super::{client, repository};
use crate::support::{FakeRegistry, Fault, Image, Kind, any};

async fn with_tags(count: usize, page: usize) -> FakeRegistry {
    let registry = FakeRegistry::builder().page_size(page).start().await;
    let image = Image::oci().layer("a").build();
    for n in 0..count {
        registry.put_image("a/b", &format!("v{n:03}"), &image);
    }
    registry
}

async fn tags(registry: &FakeRegistry) -> Vec<String> {
    let tags = client().tags(&repository(registry, "a/b")).await.unwrap();
    tags.iter().map(ToString::to_string).collect()
}

#[tokio::test]
async fn every_page_is_read() {
    let registry = with_tags(25, 10).await;
    assert_eq!(tags(&registry).await, registry.tags("a/b"));
    assert_eq!(registry.count(Kind::Tags), 3);
    assert_eq!(registry.count(any()), 3);
}

#[tokio::test]
async fn a_page_that_fails_is_asked_for_again_and_no_other() {
    let registry = with_tags(25, 10).await;
    registry.fault(Fault::on(Kind::Tags).after(1).status(502));
    assert_eq!(tags(&registry).await.len(), 25);
    assert_eq!(registry.count(Kind::Tags), 4);
}

#[tokio::test]
async fn a_list_that_leads_back_to_itself_or_to_another_host_is_an_error() {
    let registry = with_tags(3, 10).await;
    let there = format!("<http://{}/v2/a/b/tags/list>; rel=\"next\"", registry.elsewhere());
    for link in ["</v2/a/b/tags/list?n=1000>; rel=\"next\"", &there] {
        registry.fault(Fault::on(Kind::Tags).header("link", link));
        let error = client().tags(&repository(&registry, "a/b")).await.unwrap_err();
        assert_eq!(error.class(), Class::Protocol, "{link}");
    }
    assert_eq!(registry.count(Kind::Elsewhere), 0);
}

#[tokio::test]
async fn null_is_no_tags_and_what_is_no_tag_is_left_out() {
    let registry = with_tags(1, 10).await;
    registry.fault(Fault::on(Kind::Tags).body(r#"{"name":"a/b","tags":null}"#));
    assert_eq!(tags(&registry).await, Vec::<String>::new());
    registry.fault(Fault::on(Kind::Tags).body(r#"{"tags":["ok","not ok","","ok"]}"#));
    assert_eq!(tags(&registry).await, ["ok"]);
}
