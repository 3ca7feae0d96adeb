//! ImageStreams as files.

use std::fs;
use std::path::Path;

use image_mirror::cli::Exit;
use image_mirror::nightly::imagestream::{
    Action, Definition, Options, StreamFiles, apply, plan, write_definitions,
};
use serde_json::{Value, json};

use super::streams::{NAME, definition, definition_of, object, options, there, told, wanted};

const STREAM: &str = "ocp/4.19-art-latest";

fn path(folder: &Path) -> std::path::PathBuf {
    folder.join("streams/ocp/4.19-art-latest.yaml")
}

fn files(folder: &Path) -> StreamFiles {
    StreamFiles::new(folder.join("streams"))
}

fn read(folder: &Path) -> Value {
    serde_yaml::from_str(&fs::read_to_string(path(folder)).unwrap()).unwrap()
}

fn write(folder: &Path, text: &str) {
    fs::create_dir_all(path(folder).parent().unwrap()).unwrap();
    fs::write(path(folder), text).unwrap();
}

/// As `oc get -o json` writes it; JSON is YAML.
fn write_object(folder: &Path, tags: &[&str]) {
    let mut object = object(tags);
    object["metadata"]["name"] = NAME.into();
    object["metadata"]["namespace"] = "ocp".into();
    write(folder, &object.to_string());
}

fn artifacts(folder: &Path) -> Options {
    options(&folder.join("artifacts"))
}

#[tokio::test]
async fn a_file_is_made_and_then_kept_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let definitions = [definition(&["a=A", "4.19=B"])];

    let first = apply(&files(folder), &definitions, &artifacts(folder)).await;
    let written = fs::read(path(folder)).unwrap();
    let made = fs::metadata(path(folder)).unwrap().modified().unwrap();
    let second = apply(&files(folder), &definitions, &artifacts(folder)).await;

    assert_eq!(told(&first), [format!("{STREAM}: copied: absent at the target")]);
    assert_eq!(told(&second), [format!("{STREAM}: kept")]);
    assert_eq!(read(folder), definitions[0].to_json());
    assert_eq!(fs::read(path(folder)).unwrap(), written);
    assert_eq!(fs::metadata(path(folder)).unwrap().modified().unwrap(), made, "it is not written again");
    assert_eq!(first[0].target.to_string(), path(folder).display().to_string());
}

#[tokio::test]
async fn a_file_that_a_cluster_wrote_keeps_what_only_the_cluster_says() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    write_object(folder, &["a=A", "b=B"]);
    // Nobody imports files, so nothing is waited for.
    let options = Options { wait_import: Some(std::time::Duration::from_hours(1)), ..artifacts(folder) };

    let rows = apply(&files(folder), &[definition(&["a=new"])], &options).await;

    assert_eq!(told(&rows), [format!("{STREAM}: updated: the ImageStream was changed")]);
    let now = read(folder);
    assert_eq!((wanted(&now), there(&now)), (vec!["a=new".to_owned()], vec!["a"]));
    assert_eq!(
        (&now["metadata"]["uid"], &now["spec"]["lookupPolicy"]["local"]),
        (&json!("1a2b"), &json!(false))
    );
    let left: Vec<_> = fs::read_dir(path(folder).parent().unwrap()).unwrap().collect();
    assert_eq!(left.len(), 1, "no temporary file stays");
}

#[tokio::test]
async fn a_partial_update_of_a_file_leaves_the_others() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    write_object(folder, &["a=A", "b=B"]);
    let partial = Definition { is_partial: true, ..definition(&["c=C"]) };

    apply(&files(folder), &[partial], &artifacts(folder)).await;

    assert_eq!(wanted(&read(folder)), ["c=C", "a=A", "b=B"]);
}

#[tokio::test]
async fn a_plan_of_files_writes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();

    let absent = plan(&files(folder), &[definition(&["a=A"])]).await;
    assert_eq!(fs::read_dir(folder).unwrap().count(), 0);
    write_object(folder, &["a=A"]);
    let before = fs::read(path(folder)).unwrap();
    let differs = plan(&files(folder), &[definition(&["a=B"])]).await;

    assert_eq!((absent[0].action, differs[0].action), (Action::Create, Action::Change));
    assert_eq!(fs::read(path(folder)).unwrap(), before);
}

#[tokio::test]
async fn a_file_that_is_no_such_stream_is_named_and_left_as_it_is() {
    let rows = [
        ("a: [", "is no YAML: "),
        ("kind: ImageStream\nkind: ImageStream\n", "is no YAML: "),
        (
            "kind: ConfigMap\nmetadata: {name: 4.19-art-latest}\n",
            "is not the ImageStream ocp/4.19-art-latest",
        ),
        ("kind: ImageStream\nmetadata: {name: other}\n", "is not the ImageStream ocp/4.19-art-latest"),
        ("[]", "is not the ImageStream ocp/4.19-art-latest"),
        ("", "is not the ImageStream ocp/4.19-art-latest"),
    ];
    for (text, why) in rows {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        write(folder, text);
        let definitions = [definition(&["a=A"]), definition_of("ocp", "other", &["a=A"])];

        let rows = apply(&files(folder), &definitions, &artifacts(folder)).await;

        let told = told(&rows);
        assert!(told[0].starts_with(&format!("{STREAM}: failed: plan failed: ")), "{told:?}");
        assert!(told[0].contains(why) && told[0].contains("ocp/4.19-art-latest.yaml`"), "{text:?}: {told:?}");
        assert_eq!(told[1], "ocp/other: copied: absent at the target");
        assert_eq!(
            (fs::read_to_string(path(folder)).unwrap().as_str(), Exit::of(&rows)),
            (text, Exit::Failed)
        );
    }
}

#[tokio::test]
async fn a_name_does_not_lead_out_of_the_directory() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    for (namespace, name) in [("..", "a"), ("ocp", "../../a"), ("ocp/b", "a"), ("", "a"), ("ocp", ".a")] {
        let definition = definition_of(namespace, name, &["a=A"]);

        let rows = apply(&files(folder), std::slice::from_ref(&definition), &artifacts(folder)).await;

        assert!(told(&rows)[0].ends_with("can be no name of an ImageStream"), "{:?}", told(&rows));
        assert!(write_definitions(&[definition], &folder.join("artifacts")).is_err());
    }
    assert_eq!(fs::read_dir(folder).unwrap().count(), 0, "nothing was written anywhere");
}

// 18.58 to 18.60: the file that people read
#[test]
fn definitions_are_artifacts() {
    let folder = tempfile::tempdir().unwrap();
    let definitions =
        [definition(&["a=A"]), Definition { is_partial: true, ..definition_of("ocp-priv", "p", &[]) }];

    let paths = write_definitions(&definitions, folder.path()).unwrap();

    let names: Vec<_> = paths.iter().map(|path| path.file_name().unwrap().to_str().unwrap()).collect();
    assert_eq!(
        names,
        ["updated-tags-for.ocp.4.19-art-latest.yaml", "updated-tags-for.ocp-priv.p-partial.yaml"]
    );
    let read: Value = serde_yaml::from_str(&fs::read_to_string(&paths[0]).unwrap()).unwrap();
    assert_eq!(read, definitions[0].to_json());
}
