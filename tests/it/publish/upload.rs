//! The image on its way to the upload registry: what is sent, in which order, and what a cut or a rival leaves behind.

use image_mirror::engine::Stop;
use image_mirror::model::Cause;
use image_mirror::publish::floating::point;
use image_mirror::publish::unique::unique;
use image_mirror::publish::{Fault, Refused};

use super::registries::{Registries, SOURCE, UPLOAD, arch, both, release, said, tag};
use crate::support::{Fault as Wrong, Image, Index, Kind, Stop as Cut, any, on, writes};

#[tokio::test]
async fn layers_come_from_the_source_and_what_was_made_from_memory_the_tag_last() {
    let registries = Registries::start().await;
    let offered = release(1);
    registries.offer(&offered);
    let read = registries.read().await.unwrap();
    let made = unique(&read, &tag("7.6.1-2")).unwrap();
    registries.source.clear_log();
    let uploaded = registries.publish(&made).await.unwrap();

    assert!(uploaded.is_written);
    assert_eq!(registries.uploaded().as_ref(), Some(made.digest()));
    assert_eq!(registries.upload.tags(UPLOAD), ["7.6.1-2"]);
    registries.upload.assert_tags_were_always_whole();
    let asked: Vec<_> = registries.source.requests().into_iter().map(|request| request.kind).collect();
    assert_eq!(asked, [Kind::GetBlob; 4], "layers alone");
    let written = registries.manifests_written();
    let (last, children) = written.split_last().unwrap();
    assert_eq!(last, "7.6.1-2");
    let mut expected: Vec<_> = made.children.iter().map(|child| child.manifest.digest.to_string()).collect();
    let mut children = children.to_vec();
    expected.sort();
    children.sort();
    assert_eq!(children, expected);
    assert_eq!(registries.upload.manifests(UPLOAD).len(), 3, "nothing of the image as it was");
    for child in &made.children {
        assert_eq!(registries.upload.blob(UPLOAD, &child.config.digest).as_ref(), Some(&child.config_bytes));
    }
    assert!(!registries.upload.has_blob(UPLOAD, &offered.children[0].config().digest));
    assert_eq!(registries.source.count(writes()), 0);
}

#[tokio::test]
async fn what_is_there_already_is_kept_without_a_write() {
    let registries = Registries::start().await;
    registries.offer(&release(1));
    let image = registries.read().await.unwrap();
    registries.publish(&image).await.unwrap();
    registries.upload.clear_log();
    let again = registries.publish(&image).await.unwrap();
    assert!(!again.is_written);
    assert_eq!(registries.upload.count(writes()), 0);
}

#[tokio::test]
async fn an_image_that_the_source_has_in_the_same_repository_is_made_whole_there() {
    let mut registries = Registries::start().await;
    registries.source = registries.upload.clone();
    registries.upload.put_image(UPLOAD, "7.6.1-rel", &release(1));
    registries.upload.put_image(SOURCE, "7.6.1-rel", &release(1));
    let made = unique(&registries.read().await.unwrap(), &tag("7.6.1-2")).unwrap();
    registries.publish(&made).await.unwrap();
    assert_eq!(registries.uploaded().as_ref(), Some(made.digest()));
    registries.upload.assert_tags_were_always_whole();
    assert_eq!(registries.upload.count(Kind::PutBlob), 2, "the two configs that were made");
}

#[tokio::test]
async fn layers_are_mounted_from_a_source_of_the_same_registry() {
    let mut registries = Registries::start().await;
    registries.source = registries.upload.clone();
    registries.offer(&release(1));
    let made = unique(&registries.read().await.unwrap(), &tag("7.6.1-2")).unwrap();
    registries.publish(&made).await.unwrap();
    assert_eq!(registries.uploaded().as_ref(), Some(made.digest()));
    assert_eq!(registries.upload.count(Kind::PutBlob), 2, "the two configs that were made");
    assert_eq!(registries.source.tags(SOURCE), ["7.6.1-rel"]);
}

#[tokio::test]
async fn a_list_of_docker_keeps_its_bytes_and_media_types() {
    // 19.24
    let registries = Registries::start().await;
    let [amd64, arm64] =
        [arch(Image::docker(), "linux/amd64", 1), arch(Image::docker().pretty(), "linux/arm64", 2)];
    let list = Index::docker().pretty().child(&amd64).child(&arm64).build();
    registries.offer(&list);
    let read = registries.read().await.unwrap();
    registries.publish(&read).await.unwrap();
    assert!(registries.upload.holds(UPLOAD, "7.6.1-2", &list));
    let types: Vec<_> = registries
        .upload
        .requests_on(Kind::PutManifest)
        .iter()
        .map(|request| request.header("content-type").unwrap().to_owned())
        .collect();
    assert!(types.iter().all(|media_type| media_type.contains("docker")), "{types:?}");

    let made = unique(&read, &tag("7.6.1-2")).unwrap();
    assert_eq!(made.manifest.media_type, list.media_type);
    assert_eq!(made.children[0].config.media_type, read.children[0].config.media_type);
}

#[tokio::test]
async fn a_source_tag_that_moves_meanwhile_changes_nothing() {
    // 19.21
    let registries = Registries::start().await;
    let (first, second) = (release(1), release(2));
    registries.offer(&first);
    let image = registries.read().await.unwrap();
    let gate = registries.upload.hold(Kind::PutBlob);
    let push = async {
        gate.arrived(1).await;
        registries.offer(&second);
        gate.release();
    };
    let (uploaded, ()) = tokio::join!(registries.publish(&image), push);
    uploaded.unwrap();
    assert!(registries.upload.holds(UPLOAD, "7.6.1-2", &first));
    assert!(!registries.upload.has_blob(UPLOAD, &second.children[0].layers()[0].digest));
}

#[tokio::test]
async fn a_tag_that_is_another_image_is_refused_before_anything_is_sent() {
    let registries = Registries::start().await;
    registries.offer(&release(1));
    let theirs = release(9);
    registries.upload.put_image(UPLOAD, "7.6.1-2", &theirs);
    let fault = registries.publish(&registries.read().await.unwrap()).await.unwrap_err();
    assert!(
        matches!(&fault, Fault::Refused(Refused::NumberInUse { found, .. }) if *found == theirs.digest),
        "{fault:?}"
    );
    assert_eq!(registries.upload.count(writes()), 0);
}

#[tokio::test]
async fn a_tag_that_appears_during_the_upload_is_not_overwritten() {
    // 19.17
    let registries = Registries::start().await;
    registries.offer(&release(1));
    let image = registries.read().await.unwrap();
    let theirs = release(9);
    let gate = registries.upload.hold(Kind::PutBlob);
    let push = async {
        gate.arrived(1).await;
        registries.upload.put_image(UPLOAD, "7.6.1-2", &theirs);
        gate.release();
    };
    let (uploaded, ()) = tokio::join!(registries.publish(&image), push);
    let fault = uploaded.unwrap_err();
    assert!(
        matches!(&fault, Fault::Refused(Refused::NumberInUse { found, .. }) if *found == theirs.digest),
        "{fault:?}"
    );
    assert_eq!(said(&fault).0, 4);
    assert_eq!(registries.uploaded(), Some(theirs.digest));
    assert!(!registries.manifests_written().contains(&"7.6.1-2".to_owned()));
}

#[tokio::test]
async fn an_upload_that_was_cut_during_a_blob_goes_on_without_sending_a_finished_one_again() {
    // 19.31
    let registries = Registries::start().await;
    registries.offer(&release(1));
    let image = registries.read().await.unwrap();
    let last = &image.children[1].layers[1].digest;
    registries
        .upload
        .fault(Wrong::on(Kind::PutBlob).reference(last.as_str()).always().upload_reset_after(100));
    let (code, words) = said(&registries.publish(&image).await.unwrap_err());
    assert_eq!(code, 3, "{words}");
    assert_eq!(registries.uploaded(), None);

    registries.upload.clear_faults();
    registries.publish(&image).await.unwrap();
    assert_eq!(registries.uploaded().as_ref(), Some(image.digest()));
    assert_each_blob_was_finished_once(&registries, 6);
}

/// No blob was taken in twice.
fn assert_each_blob_was_finished_once(registries: &Registries, blobs: usize) {
    let mut finished: Vec<_> = registries
        .upload
        .requests_on(Kind::PutBlob)
        .into_iter()
        .filter(|request| request.status == Some(201))
        .map(|request| request.query["digest"].clone())
        .collect();
    assert_eq!(finished.len(), blobs, "{finished:?}");
    finished.sort();
    finished.dedup();
    assert_eq!(finished.len(), blobs, "{finished:?}");
}

#[tokio::test]
async fn an_upload_that_ended_before_its_tag_brings_the_tag_alone() {
    // 19.32
    let registries = Registries::start().await;
    registries.offer(&release(1));
    let image = registries.read().await.unwrap();
    registries.upload.fault(Wrong::on(Kind::PutManifest).reference("7.6.1-2").always().reset());
    assert_eq!(said(&registries.publish(&image).await.unwrap_err()).0, 3);
    assert_eq!(registries.uploaded(), None);
    assert_eq!(registries.upload.manifests(UPLOAD).len(), 2, "the children are there");

    registries.upload.clear_faults();
    registries.publish(&image).await.unwrap();
    assert_eq!(registries.uploaded().as_ref(), Some(image.digest()));
    assert_each_blob_was_finished_once(&registries, 6);
}

#[tokio::test]
async fn an_upload_that_was_done_and_not_answered_is_found_done() {
    // 19.33
    let registries = Registries::start().await;
    registries.offer(&release(1));
    let image = registries.read().await.unwrap();
    registries.upload.fault(Wrong::on(Kind::PutManifest).reference("7.6.1-2").always().carried_out().reset());
    assert_eq!(said(&registries.publish(&image).await.unwrap_err()).0, 3);
    assert_eq!(registries.uploaded().as_ref(), Some(image.digest()));

    registries.upload.clear_faults();
    registries.upload.clear_log();
    assert!(!registries.publish(&image).await.unwrap().is_written);
    assert_eq!(registries.upload.count(writes()), 0);
}

#[tokio::test]
async fn killed_at_any_request_and_run_again_the_tag_is_never_less_than_the_image() {
    // 19.31, 19.32, 19.33
    let mut killed_at = 0;
    loop {
        let registries = Registries::start().await;
        registries.offer(&release(1));
        let made = unique(&registries.read().await.unwrap(), &tag("7.6.1-2")).unwrap();
        let cut = Cut::after(killed_at);
        registries.source.stop_with(&cut);
        registries.upload.stop_with(&cut);
        let first = registries.publish(&made).await;
        let was_cut = cut.was_reached();
        registries.source.resume();
        registries.upload.resume();
        assert_eq!(first.is_err(), was_cut, "{killed_at}: {first:?}");

        registries.publish(&made).await.unwrap();
        assert_eq!(registries.uploaded().as_ref(), Some(made.digest()));
        registries.upload.assert_tags_were_always_whole();
        assert_each_blob_was_finished_once(&registries, 6);
        if !was_cut {
            break;
        }
        killed_at += 1;
    }
    assert!(killed_at > 20, "only {killed_at} requests were seen");
}

#[tokio::test]
async fn a_registry_that_gives_another_image_afterwards_is_refused() {
    // 19.34
    let other = release(9);
    let by_tag = |kind| Wrong::on(kind).reference("7.6.1-2");
    let digest = "docker-content-digest";
    for (fault, found) in [
        (
            by_tag(Kind::GetManifest).body(other.bytes.clone()).header(digest, other.digest.as_str()),
            other.digest.as_str(),
        ),
        (by_tag(Kind::PutManifest).header(digest, other.digest.as_str()), other.digest.as_str()),
        (by_tag(Kind::GetManifest).status(404), "absent"),
    ] {
        let registries = Registries::start().await;
        registries.offer(&release(1));
        let image = registries.read().await.unwrap();
        registries.upload.fault(fault);
        let error = registries.publish(&image).await.unwrap_err();
        assert!(
            matches!(&error, Fault::Refused(Refused::Overwritten { found: is, .. }) if **is == *found),
            "{error:?}"
        );
        registries.upload.assert_faults_used();
        assert_eq!(said(&error).0, 4);
        assert_eq!(registries.upload.tags(UPLOAD), ["7.6.1-2"]);
    }
}

#[tokio::test]
async fn a_registry_that_does_not_tell_afterwards_is_no_success() {
    let registries = Registries::start().await;
    registries.offer(&release(1));
    let image = registries.read().await.unwrap();
    registries.upload.fault(Wrong::on(Kind::GetManifest).always().status(503));
    assert_eq!(said(&registries.publish(&image).await.unwrap_err()).0, 3);
    registries.upload.clear_faults();
    assert!(!registries.publish(&image).await.unwrap().is_written);
}

#[tokio::test]
async fn a_layer_that_the_source_lost_is_named_and_no_tag_is_written() {
    // 19.35
    let registries = Registries::start().await;
    registries.offer(&release(1));
    let image = registries.read().await.unwrap();
    let lost = &image.children[1].layers[0].digest;
    registries.source.delete_blob(SOURCE, lost);
    let (code, words) = said(&registries.publish(&image).await.unwrap_err());
    assert_eq!(code, 2, "{words}");
    assert!(words.contains(&format!("cb-rhcc/server does not have the layer {lost}")), "{words}");
    assert!(registries.upload.tags(UPLOAD).is_empty());
    assert!(!registries.manifests_written().contains(&"7.6.1-2".to_owned()));
}

#[tokio::test]
async fn a_project_that_does_not_exist_is_not_taken_for_a_lost_layer() {
    let registries = Registries::start().await;
    registries.offer(&release(1));
    let image = registries.read().await.unwrap();
    registries.upload.fault(Wrong::on([Kind::PostUpload, Kind::PostMount]).always().status(404));
    let (code, words) = said(&registries.publish(&image).await.unwrap_err());
    assert_eq!(code, 3, "{words}");
    assert_eq!(registries.upload.count(Kind::PutManifest), 0);
}

#[tokio::test]
async fn a_registry_that_never_answers_is_untold() {
    let registries = Registries::start().await;
    registries.offer(&release(1));
    let image = registries.read().await.unwrap();
    registries.upload.fault(Wrong::on(any()).always().reset());
    let fault = registries.publish(&image).await.unwrap_err();
    assert!(matches!(fault, Fault::Untold(_)), "{fault:?}");
    assert_eq!(registries.upload.tags(UPLOAD), Vec::<String>::new());
}

#[tokio::test]
async fn a_run_that_is_to_stop_sends_nothing_more() {
    let registries = Registries::start().await;
    registries.offer(&release(1));
    let image = registries.read().await.unwrap();
    let stop = Stop::default();
    stop.gently.cancel();
    let fault = registries.publish_until(&image, stop).await.unwrap_err();
    assert!(matches!(fault, Fault::Stopped(Cause::Interrupted)), "{fault:?}");
    assert_eq!(registries.upload.count(any()), 0);

    let stop = Stop::default();
    let gate = registries.upload.hold(Kind::PutBlob);
    let end = async {
        gate.arrived(1).await;
        stop.now.cancel();
    };
    let (uploaded, ()) = tokio::join!(registries.publish_until(&image, stop.clone()), end);
    assert!(matches!(uploaded, Err(Fault::Stopped(Cause::Interrupted))), "{uploaded:?}");
    assert_eq!(registries.upload.count(Kind::PutManifest), 0);
}

#[tokio::test]
async fn a_floating_tag_becomes_the_same_bytes_by_one_write() {
    let registries = Registries::start().await;
    let old = release(9);
    registries.offer(&release(1));
    registries.upload.put_image(UPLOAD, "7.6.1", &old);
    let image = registries.read().await.unwrap();
    registries.publish(&image).await.unwrap();
    registries.upload.clear_log();
    point(&registries.site(), &image, &tag("7.6.1")).await.unwrap();
    assert!(registries.upload.holds(UPLOAD, "7.6.1", &release(1)));
    let written = registries.upload.requests_on(writes());
    assert_eq!(written.len(), 1, "{written:?}");
    assert_eq!(registries.uploaded().as_ref(), Some(image.digest()));
}

#[tokio::test]
async fn a_floating_tag_that_is_something_else_afterwards_is_refused() {
    let other = both(9)[0].digest.clone();
    let registries = Registries::start().await;
    registries.offer(&release(1));
    let image = registries.read().await.unwrap();
    registries.publish(&image).await.unwrap();
    registries.upload.fault(Wrong::on(Kind::PutManifest).header("docker-content-digest", other.as_str()));
    let error = point(&registries.site(), &image, &tag("7.6.1")).await.unwrap_err();
    assert!(matches!(&error, Fault::Refused(Refused::Overwritten { .. })), "{error:?}");

    registries.upload.fault(Wrong::on(Kind::PutManifest).always().status(503));
    let error = point(&registries.site(), &image, &tag("7.6.1-rhcc")).await.unwrap_err();
    assert_eq!(said(&error).0, 3);
    assert_eq!(registries.upload.tag_digest(UPLOAD, "7.6.1-rhcc"), None);
    assert_eq!(registries.upload.count(on(Kind::PutManifest).reference("latest")), 0);
}
