//! Which cluster, and as whom.

use std::fs;

use base64::Engine as _;
use image_mirror::cluster::{Access, Cluster};
use image_mirror::error::{Class, Classify as _};

use super::{name, told, with_streams};
use crate::support::FakeCluster;

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
    let gone = vec!["/nowhere/one".into(), "/nowhere/two".into()];
    let context = || Some("prod".to_owned());
    let rows = [
        (vec![], None, "no kubeconfig is named, and this is no pod"),
        (gone.clone(), None, "there is no kubeconfig at `/nowhere/one`, `/nowhere/two`, and this is no pod"),
        (vec![], context(), "no kubeconfig is named, and so no context `prod`"),
        (
            gone,
            context(),
            "there is no kubeconfig at `/nowhere/one`, `/nowhere/two`, and so no context `prod`",
        ),
    ];
    for (usual, context, said) in rows {
        let access = Access { usual, context, ..Access::default() };
        let error = Cluster::connect(&access).await.unwrap_err();
        assert_eq!(error.class(), Class::Invalid);
        let advice = "name a kubeconfig with `--kubeconfig` or in KUBECONFIG, or use files in place of a cluster (`--from-file` of `imagestreams` and `serve`, `--imagestream-dir` of `nightly`)";
        assert_eq!(told(&error), format!("finding the cluster: {said}\n{advice}"), "and each cause once");
    }
}

#[tokio::test]
async fn of_the_usual_kubeconfigs_those_that_are_there_count_and_of_the_named_ones_all() {
    let (api, _) = with_streams(&["ci/a"]).await;
    let folder = tempfile::tempdir().unwrap();
    let (here, gone) = (api.write_kubeconfig(folder.path()), folder.path().join("gone"));
    let usual = vec![gone.clone(), here.clone()];
    let cluster = Cluster::connect(&Access { usual: usual.clone(), ..Access::default() }).await.unwrap();
    assert_eq!(cluster.host(), api.host());

    for kubeconfig in [vec![gone.clone()], vec![here, gone]] {
        let error = Cluster::connect(&Access { kubeconfig, usual: usual.clone(), ..Access::default() }).await;
        let told = told(&error.unwrap_err());
        assert!(told.contains("gone`: No such file"), "what is named is what is meant: {told}");
    }
}

#[tokio::test]
async fn what_a_kubeconfig_hides_in_addresses_and_keys_is_not_shown() {
    let api = FakeCluster::start().await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("config");
    let plain = api.kubeconfig();
    let server = |url: &str| plain.replace(&format!("http://{}", api.host()), url);
    let proxied = plain.replace("{server:", "{proxy-url: 'http://me:s3cr3t@proxy:3128', server:");
    // A key that somebody wrote into one line.
    let key = "-----BEGIN PRIVATE KEY--s3cr3t".bytes().collect::<Vec<_>>();
    let key = base64::engine::general_purpose::STANDARD.encode(key);
    let key = format!("{{client-certificate-data: {key}, client-key-data: {key}}}");
    let rows = [
        (proxied, "by the proxy `proxy:3128`"),
        (api.kubeconfig_of(&key), "the client certificate of the kubeconfig, or its key, is no PEM"),
        (api.kubeconfig_of("{token: \"s3cr3t\\nline\"}"), "no header may hold"),
    ];
    for (text, said) in rows {
        fs::write(&path, text).unwrap();
        let access = Access { kubeconfig: vec![path.clone()], ..Access::default() };
        let error = Cluster::connect(&access).await.unwrap_err();
        let told = told(&error) + &format!("{error:?}");
        assert!(told.contains(said) && !told.contains("s3cr3t"), "{told}");
        assert!(!told.contains("115, 51, 99, 114, 51, 116"), "nor as numbers: {told}");
    }

    fs::write(&path, server("http://me:s3cr3t@cluster.example:6443")).unwrap();
    let cluster = Cluster::connect(&Access { kubeconfig: vec![path], ..Access::default() }).await.unwrap();
    assert_eq!(cluster.host(), "cluster.example:6443");
    assert!(!format!("{cluster:?}").contains("s3cr3t"));
}
