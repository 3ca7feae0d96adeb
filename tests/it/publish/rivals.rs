//! Others at the same project, and a public registry that is halfway there.

use std::time::Duration;

use image_mirror::publish::protocol::{Order, Until};
use image_mirror::publish::{Fault, Refused};

use super::inside::{Inside, SOURCE};
use super::site::example;
use crate::support::catalog::{PUBLIC, UPLOAD};
use crate::support::{Fault as Wrong, Kind, Stop, on, writes};

/// The image is certified, and public but for one platform.
async fn halfway() -> Inside {
    let mut inside = Inside::new().await;
    let certified = Order { until: Until::Certified, ..inside.order() };
    assert!(inside.publish(&certified).await.fault.is_none());
    let arm = inside.new.children[1].digest.clone();
    inside.world.public.fault(Wrong::on(on(Kind::GetManifest).reference(arm.as_str())).status(404).always());
    assert_eq!(inside.world.served("7.6.1-2"), Some(inside.new.digest.clone()));
    inside.limit = Duration::from_millis(60);
    inside
}

// 19.57
#[tokio::test]
async fn a_run_that_goes_on_moves_no_tag_before_each_platform_is_public() {
    let mut inside = halfway().await;
    let fault = inside.publish(&inside.order()).await.fault.unwrap();
    let Fault::TimedOut { awaited, .. } = &*fault else { panic!("{fault:?}") };
    assert!(awaited.ends_with("is there, but not the image for linux/arm64"), "{awaited}");
    assert_eq!(inside.own(), ["7.6.1-2"]);
    assert_eq!(inside.world.changes().len(), 1, "a tag that customers use was moved");

    inside.world.public.clear_faults();
    inside.limit = Duration::from_secs(20);
    assert!(inside.publish(&inside.order()).await.fault.is_none());
    inside.assert_published();
    inside.assert_invariants();
}

// 19.80
#[tokio::test]
async fn tags_are_not_moved_back_to_an_image_that_one_platform_cannot_pull() {
    let inside = halfway().await;
    let fault = inside.roll_back("2").await.fault.unwrap();
    let Fault::Refused(Refused::Other { what, .. }) = &*fault else { panic!("{fault:?}") };
    assert!(what.contains("7.6.1-2 is there, but not the image for linux/arm64"), "{what}");
    assert_eq!(inside.world.changes().len(), 1);
    inside.world.public.clear_faults();
    assert!(inside.roll_back("2").await.fault.is_none());
    inside.assert_published();
}

// 19.53, while it runs
#[tokio::test]
async fn a_tag_is_not_moved_back_from_a_later_number_that_came_while_the_tag_before_was_waited_for() {
    let inside = Inside::new().await;
    let (order, newer) = (inside.order(), example(3));
    let first = on(Kind::PutManifest).reference("7.6.1");
    let gate = inside.world.upload.hold(first);
    let rival = async {
        gate.arrived(1).await;
        inside.world.published("7.6.1-3", &newer);
        inside.world.published("7.6.1-rhcc", &newer);
        gate.release();
    };
    let (published, ()) = tokio::join!(inside.publish(&order), rival);
    let fault = published.fault.unwrap();
    assert!(matches!(&*fault, Fault::Refused(Refused::Superseded { .. })), "{fault:?}");
    assert_eq!(inside.world.tag("7.6.1-rhcc"), Some(newer.digest));
    inside.assert_invariants();
}

#[tokio::test]
async fn a_page_in_the_place_of_what_customers_have_does_not_say_that_they_have_nothing() {
    let inside = Inside::new().await;
    let served = on([Kind::GetManifest, Kind::HeadManifest]).repository(PUBLIC).reference("7.6.1");
    let page = Wrong::on(served).status(404).body("<html>").header("content-type", "text/html");
    inside.world.public.fault(page.always());
    let fault = inside.publish(&inside.order()).await.fault.unwrap();
    assert!(matches!(&*fault, Fault::Untold(_)), "{fault:?}");
    assert_eq!(inside.world.upload.count(writes()), 0);
}

#[tokio::test]
async fn a_page_in_the_place_of_a_tag_that_was_written_does_not_say_that_somebody_removed_it() {
    let inside = Inside::new().await;
    let order = inside.order();
    let read = on([Kind::GetManifest]).repository(UPLOAD).reference("7.6.1");
    let gate = inside.world.upload.hold(on(Kind::PutManifest).reference("7.6.1"));
    let spoils = async {
        gate.arrived(1).await;
        let page = Wrong::on(read).status(404).body("<html>").header("content-type", "text/html");
        inside.world.upload.fault(page.always());
        gate.release();
    };
    let (published, ()) = tokio::join!(inside.publish(&order), spoils);
    let fault = published.fault.unwrap();
    assert!(matches!(&*fault, Fault::Untold(_)), "{fault:?}");
    inside.world.upload.clear_faults();
    assert!(inside.publish(&order).await.fault.is_none());
    inside.assert_published();
    let written = on(Kind::PutManifest).reference("7.6.1");
    assert_eq!(inside.world.upload.count(written), 1);
}

#[tokio::test]
async fn a_number_that_was_planned_for_another_image_and_was_passed_since_is_not_taken_for_this_one() {
    let inside = Inside::new().await;
    let order = Order { make_unique: true, ..inside.order() };
    assert!(inside.publish_until(&order, &Stop::losing_the_answer_after(0)).await.is_none());
    assert!(inside.journal("7.6.1-2").exists());
    inside.world.published("7.6.1-3", &example(3));
    inside.sources.put_image(SOURCE, "7.6.1-rel", &example(4));
    let second = Order { number: Some(Inside::number("2")), ..order };
    let fault = inside.publish(&second).await.fault.unwrap();
    assert!(matches!(&*fault, Fault::Refused(Refused::NumberPassed { .. })), "{fault:?}");
    assert_eq!(inside.world.changes(), []);
    assert_eq!(inside.world.upload.count(Kind::PutManifest), 0);
}

#[tokio::test]
async fn what_was_certified_of_another_image_under_the_same_number_certifies_nothing_of_this_one() {
    let inside = Inside::new().await;
    let certified = Order { until: Until::Certified, number: Some(Inside::number("2")), ..inside.order() };
    assert!(inside.publish(&certified).await.fault.is_none());
    // Somebody cleans up, and the source is another one by now.
    inside.world.upload.delete_tag(UPLOAD, "7.6.1-2");
    let other = example(4);
    inside.sources.put_image(SOURCE, "7.6.1-rel", &other);
    let uploaded = Order {
        until: Until::Uploaded,
        make_unique: true,
        number: Some(Inside::number("2")),
        ..inside.order()
    };
    let refused = inside.publish(&uploaded).await.fault.unwrap();
    assert!(matches!(&*refused, Fault::Refused(Refused::NumberPassed { .. })), "{refused:?}");
    assert_eq!(inside.world.tag("7.6.1-2"), None);
}

// 19.50, without the API
#[tokio::test]
async fn a_platform_that_is_public_already_is_not_certified_again_where_the_catalog_may_not_be_asked() {
    let mut inside = Inside::new().await;
    inside.has_catalog = false;
    let uploaded = Order { until: Until::Uploaded, ..inside.order() };
    assert!(inside.publish(&uploaded).await.fault.is_none());
    // A run was killed after it submitted one of two.
    inside.world.certify(&inside.new.children[0].digest);
    let published = inside.publish(&inside.order()).await;
    assert!(published.fault.is_none(), "{:?}", published.fault);
    inside.assert_published();
    let submitted = inside.world.pyxis.requests();
    let submitted: Vec<_> = submitted.iter().filter(|request| request.path.ends_with("/submit")).collect();
    assert_eq!(submitted.len(), 1, "{submitted:#?}");
    assert_eq!(submitted[0].query["arch"], "arm64");
}
