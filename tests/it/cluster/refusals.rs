//! What the API server does not let us do, and servers that are not there.

use image_mirror::cluster::{Access, Cluster};
use image_mirror::error::{Class, Classify as _, Failure, Stage};
use image_mirror::model::Outcome;

use super::{name, told, with_streams};
use crate::support::cluster::kubeconfig;
use crate::support::{FakeCluster, Nobody};

#[tokio::test]
async fn a_right_that_is_missing_is_named_with_its_place() {
    let (api, cluster) = with_streams(&["ocp/4.20"]).await;
    api.deny(Some("ocp"));
    api.deny(None);
    let list = "let this account list `imagestreams.image.openshift.io`";
    let get = "let this account get `imagestreams.image.openshift.io` in the namespace `ocp`".to_owned();

    let rows = [
        (
            cluster.image_streams(Some("ocp"), name).await.unwrap_err(),
            format!("{list} in the namespace `ocp`"),
        ),
        (cluster.image_streams(None, name).await.unwrap_err(), format!("{list} in all namespaces")),
        (cluster.image_stream("ocp", "4.20", name).await.unwrap_err(), get),
    ];

    for (error, advice) in rows {
        assert_eq!((error.class(), error.attempts()), (Class::Denied, 1));
        assert_eq!(error.advice().unwrap(), advice);
        assert!(told(&error).contains("User \"system:serviceaccount:ci:mirror\" cannot"), "{}", told(&error));
    }
    assert_eq!(api.requests().len(), 3, "a refusal is not asked for again");
}

#[tokio::test]
async fn a_token_that_is_refused_is_not_sent_again_and_not_shown() {
    let api = FakeCluster::start().await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("config");
    std::fs::write(&path, api.kubeconfig_with("sha256~an-old-token-that-nobody-may-print")).unwrap();
    let cluster = Cluster::connect(&Access { kubeconfig: vec![path], ..Access::default() }).await.unwrap();

    let error = cluster.image_streams(None, name).await.unwrap_err();

    assert_eq!((error.class(), error.attempts()), (Class::Denied, 1));
    let told = told(&error) + &format!("{error:?} {cluster:?}");
    assert!(told.contains(&format!("log in to {} again", api.host())), "{told}");
    assert!(!told.contains("an-old-token"), "{told}");
    assert_eq!(api.requests().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_was_never_there_is_named_as_unreached() {
    let (nobody, folder) = (Nobody::new(), tempfile::tempdir().unwrap());
    let (host, path) = (nobody.host(), folder.path().join("config"));
    std::fs::write(&path, kubeconfig(host, "{token: any}")).unwrap();
    let cluster = Cluster::connect(&Access { kubeconfig: vec![path], ..Access::default() }).await.unwrap();

    let error = cluster.image_streams(None, name).await.unwrap_err();

    assert_eq!((error.class(), error.attempts()), (Class::Transient, 5));
    assert_eq!(error.unreached(), Some(host));
    let told = told(&error);
    assert_eq!(told.matches("onnection refused").count(), 1, "a cause is said once: {told}");
    let server = "the API server of the cluster (context `tests`)";
    assert!(told.contains(&format!("see that {host}, {server}, can be reached")), "{told}");
    let row = Outcome::of_failure(Failure::new(Stage::Read, error));
    let Outcome::Unfinished(cause) = row else { panic!("nothing failed: {row:?}") };
    let cause = cause.to_string();
    assert!(cause.starts_with(&format!("{host} never answered: {server}: ")), "{cause}");
    assert!(!cause.contains("listing"), "what needs it shares the cause: {cause}");
}

#[tokio::test(start_paused = true)]
async fn a_server_that_went_away_is_in_trouble_rather_than_unreached() {
    let (api, cluster) = with_streams(&["ocp/4.20"]).await;
    cluster.image_streams(None, name).await.unwrap();
    drop(api);

    let error = cluster.image_streams(None, name).await.unwrap_err();

    assert_eq!((error.class(), error.unreached()), (Class::Transient, None));
}
