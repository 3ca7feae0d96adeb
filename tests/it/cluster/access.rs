//! Which cluster, and as whom.

use std::fs;

use image_mirror::cluster::{Access, Cluster};
use image_mirror::error::{Class, Classify as _};

use super::{name, told, with_streams};

#[tokio::test]
async fn a_kubeconfig_leads_to_its_cluster_and_namespace() {
    let (api, cluster) = with_streams(&["ci/a"]).await;

    assert_eq!((cluster.namespace(), cluster.host()), ("ci", api.host()));
    assert!(api.requests().is_empty(), "to connect asks for nothing");
    assert_eq!(cluster.image_streams(None, name).await.unwrap(), ["ci/a"]);
}

#[tokio::test]
async fn of_several_files_the_first_that_says_something_wins_and_a_context_can_be_named() {
    let (api, _) = with_streams(&["ci/a"]).await;
    let folder = tempfile::tempdir().unwrap();
    let other = folder.path().join("other");
    let contexts = "contexts: [{name: other, context: {cluster: fake, user: robot, namespace: ocp}}]\n";
    fs::write(&other, format!("apiVersion: v1\nkind: Config\ncurrent-context: nowhere\n{contexts}")).unwrap();
    let kubeconfig = vec![api.write_kubeconfig(folder.path()), other];

    let current = Access { kubeconfig: kubeconfig.clone(), ..Access::default() };
    let named = Access { kubeconfig, context: Some("other".to_owned()), ..Access::default() };

    assert_eq!(Cluster::connect(&current).await.unwrap().namespace(), "ci");
    let cluster = Cluster::connect(&named).await.unwrap();
    assert_eq!(cluster.namespace(), "ocp");
    assert_eq!(cluster.image_streams(None, name).await.unwrap(), ["ci/a"]);
}

#[tokio::test]
async fn a_kubeconfig_that_is_of_no_use_is_named_and_never_shown() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        fs::write(&path, text).unwrap();
        path
    };
    let rows = [
        (folder.path().join("absent"), None, "absent`: No such file"),
        (file("broken", "users:\n- name: a\n  user: {token: s3cr3t-token, : [\n"), None, "broken`: line 3"),
        (file("empty", ""), None, "failed to determine current context"),
        (file("unknown", "apiVersion: v1\nkind: Config\n"), Some("nowhere"), "nowhere"),
    ];

    for (path, context, wanted) in rows {
        let access =
            Access { kubeconfig: vec![path], context: context.map(str::to_owned), ..Access::default() };
        let error = Cluster::connect(&access).await.unwrap_err();
        let told = told(&error) + &format!("{error:?}");
        assert_eq!(error.class(), Class::Invalid, "{told}");
        assert!(told.starts_with("reading the kubeconfig `") && told.contains(wanted), "{told}");
        assert!(!told.contains("s3cr3t"), "{told}");
    }
}

#[tokio::test]
async fn without_a_kubeconfig_it_is_the_cluster_of_this_pod_or_none() {
    // The tests run in no pod.
    let nowhere = Cluster::connect(&Access::default()).await.unwrap_err();
    let context = Access { context: Some("prod".to_owned()), ..Access::default() };
    let context = Cluster::connect(&context).await.unwrap_err();

    assert_eq!((nowhere.class(), context.class()), (Class::Invalid, Class::Invalid));
    assert!(told(&nowhere).contains("name a kubeconfig in KUBECONFIG"), "{}", told(&nowhere));
    assert!(told(&context).contains("the context `prod` is named, and no kubeconfig"), "{}", told(&context));
}

#[tokio::test]
async fn the_kubeconfig_of_the_home_is_taken_where_none_is_named_and_it_is_there() {
    let (api, _) = with_streams(&["ci/a"]).await;
    let folder = tempfile::tempdir().unwrap();
    let of_home = Some(api.write_kubeconfig(folder.path()));
    let cluster = Cluster::connect(&Access { of_home: of_home.clone(), ..Access::default() }).await.unwrap();
    assert_eq!(cluster.host(), api.host());

    let named = vec![folder.path().join("absent")];
    let error = Cluster::connect(&Access { kubeconfig: named, of_home, ..Access::default() }).await;
    assert!(told(&error.unwrap_err()).contains("absent"), "what is named is what is meant");
    let gone = Access { of_home: Some(folder.path().join("gone")), ..Access::default() };
    assert!(told(&Cluster::connect(&gone).await.unwrap_err()).contains("KUBECONFIG"));
}
