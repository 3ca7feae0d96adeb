//! The stand-in for a certified catalog keeps the rules of the real one, the broken ones too.

use std::time::Duration;

use serde_json::Value;

use crate::support::catalog::{CatalogWorld, KEY, Lag, PUBLIC, UPLOAD};
use crate::support::{FakeRegistry, Grant, Image, Index, Judge, TokenServer};

fn image(seed: u64) -> Image {
    let child = |platform: &str| Image::oci().platform(platform).layer_of(10, seed).build();
    Index::oci().child(&child("linux/amd64")).child(&child("linux/arm64")).build()
}

/// Pushes as anybody does, over the wire.
async fn push(world: &CatalogWorld, tag: &str, image: &Image) {
    Judge::anonymous(world.upload.host()).push(UPLOAD, tag, image).await;
}

async fn status(address: &str) -> u16 {
    let accept = image_mirror::model::MANIFEST_MEDIA_TYPES.join(", ");
    reqwest::Client::new().get(address).header("accept", accept).send().await.unwrap().status().as_u16()
}

/// What a look at the public registry is answered.
async fn look(world: &CatalogWorld, reference: &str) -> u16 {
    status(&format!("http://{}/v2/{PUBLIC}/manifests/{reference}", world.public.host())).await
}

async fn submit(address: String, key: &str) -> (u16, Value) {
    let answer = reqwest::Client::new().post(address).header("X-API-KEY", key).send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}

#[tokio::test]
async fn a_new_image_under_a_new_tag_is_shown_once_all_of_it_is_certified() {
    let world = CatalogWorld::start().await;
    let image = image(1);
    push(&world, "1-1", &image).await;
    assert_eq!((look(&world, "1-1").await, look(&world, image.digest.as_str()).await), (404, 404));
    world.certify(&image.children[0].digest);
    assert_eq!(look(&world, "1-1").await, 404);
    world.certify(&image.children[1].digest);
    assert_eq!((look(&world, "1-1").await, look(&world, image.digest.as_str()).await), (200, 200));
    Judge::anonymous(world.public.host()).assert_has(PUBLIC, "1-1", &image).await;
    assert_eq!(world.take_tag_writes(), [("1-1".to_owned(), image.digest)]);
}

#[tokio::test]
async fn a_new_image_under_an_old_tag_takes_it_from_customers_at_once_until_it_is_published() {
    let world = CatalogWorld::start().await;
    let (old, new) = (image(1), image(2));
    world.published("1", &old);
    let (customer, other) = (world.customer("1"), world.customer("1-2"));
    push(&world, "1", &new).await;
    assert_eq!((look(&world, "1").await, look(&world, old.digest.as_str()).await), (404, 200));
    world.certify(&new.digest);
    push(&world, "1-2", &new).await;
    assert_eq!(look(&world, "1").await, 200);
    assert_eq!(customer.got(), [Some(old.digest), None, Some(new.digest.clone())]);
    assert!(std::panic::catch_unwind(|| customer.assert_could_always_pull()).is_err());
    assert_eq!(other.got(), [Some(new.digest)]);
    other.assert_could_always_pull();
}

#[tokio::test]
async fn a_published_image_is_shown_at_once_under_any_tag_or_after_a_while_that_is_told() {
    let world = CatalogWorld::start().await;
    let (old, new) = (image(1), image(2));
    world.published("1", &old);
    world.published("1-2", &new);
    let customer = world.customer("1");
    world.stale("1", 2);
    push(&world, "1", &new).await;
    for expected in [&old, &old, &new, &new] {
        assert_eq!(world.served("1").as_ref(), Some(&expected.digest), "asking is no look");
        assert_eq!(look(&world, "1").await, 200);
    }
    push(&world, "1-rhcc", &new).await;
    assert_eq!(look(&world, "1-rhcc").await, 200);
    customer.assert_could_always_pull();
}

#[tokio::test(start_paused = true)]
async fn a_certified_image_is_published_after_its_lag() {
    for (lag, looks) in [(Lag::None, 0), (Lag::Looks(3), 3)] {
        let world = CatalogWorld::start().await;
        world.uploaded("1-1", &image(1));
        world.lag(lag);
        world.certify(&image(1).digest);
        for _ in 0..looks {
            assert_eq!(look(&world, "1-1").await, 404, "{lag:?}");
            look(&world, "other").await;
        }
        assert_eq!(look(&world, "1-1").await, 200, "{lag:?}");
    }
    let world = CatalogWorld::start().await;
    world.lag(Lag::Time(Duration::from_mins(5)));
    world.certify_everything();
    world.uploaded("1-1", &image(1));
    assert_eq!(look(&world, "1-1").await, 404);
    tokio::time::sleep(Duration::from_mins(5)).await;
    assert_eq!(look(&world, "1-1").await, 200);
    world.lag(Lag::Never);
    world.uploaded("1-2", &image(2));
    tokio::time::sleep(Duration::from_mins(20)).await;
    assert_eq!(look(&world, "1-2").await, 404);
}

#[tokio::test]
async fn results_are_submitted_by_architecture_and_a_published_image_takes_none() {
    let world = CatalogWorld::start().await;
    let image = image(1);
    world.uploaded("1-1", &image);
    assert_eq!(submit(world.pyxis.submit_url("1-1", None), "wrong").await.0, 401);
    assert_eq!(submit(world.pyxis.submit_url("1-1", Some("s390x")), KEY).await.0, 404);
    assert_eq!(submit(world.pyxis.submit_url("1-9", None), KEY).await.0, 404);
    let failed = world.pyxis.submit_url("1-1", Some("amd64")) + "&passed=false";
    assert_eq!(submit(failed, KEY).await.0, 201);
    assert_eq!(world.record(&image.children[0].digest)["certified"], false);
    for architecture in ["amd64", "arm64"] {
        assert_eq!(look(&world, "1-1").await, 404);
        let (code, body) = submit(world.pyxis.submit_url("1-1", Some(architecture)), KEY).await;
        assert_eq!((code, body["ids"].as_array().unwrap().len()), (201, 1));
    }
    assert_eq!(look(&world, "1-1").await, 200);
    let record = world.record(&image.children[1].digest);
    assert_eq!((&record["certified"], &record["architecture"]), (&true.into(), &"arm64".into()));
    assert_eq!(record["repositories"][0]["tags"][0]["name"], "1-1");
    assert_eq!(record["repositories"][0]["published"], true);
    assert_eq!(submit(world.pyxis.submit_url("1-1", None), KEY).await.0, 409);
}

#[tokio::test]
async fn tags_can_be_for_logins_only_while_everybody_pulls() {
    let tokens = TokenServer::builder().anonymous([Grant::pull("")]);
    let tokens = tokens.account("reader", "readers-password", [Grant::pull("")]).start().await;
    let public = FakeRegistry::builder().bearer(&tokens).tags_for_logins();
    let world = CatalogWorld::of(FakeRegistry::builder(), public).await;
    world.published("1-1", &image(1));
    let (nobody, reader) = (None, Some((world.public.host(), "reader", "readers-password")));
    for (login, may_list) in [(nobody, false), (reader, true)] {
        let client = crate::publish::site::client(true, login);
        let public = crate::publish::site::repository(world.public.host(), PUBLIC);
        let image = crate::publish::site::tagged(world.public.host(), PUBLIC, "1-1");
        assert!(client.head_manifest(&image).await.unwrap().is_some());
        assert_eq!(client.tags(&public).await.is_ok(), may_list);
    }
}
