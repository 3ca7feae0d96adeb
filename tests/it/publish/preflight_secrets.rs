//! What the program is told, and what others can see of it.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use image_mirror::error::advised;
use serde_json::json;

use super::stand_in::{IMAGE, PASSWORD, StandIn, TOKEN, mode};

/// No secret is in a file of the folder or below, in any form.
pub(super) fn assert_none_in(folder: &Path) {
    let mut folders = vec![folder.to_owned()];
    let mut texts = Vec::new();
    while let Some(folder) = folders.pop() {
        for path in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            if path.is_dir() { folders.push(path) } else { texts.push(fs::read_to_string(path).unwrap()) }
        }
    }
    assert!(texts.concat().contains("***"), "what was struck out is looked for in the right place");
    assert_no_secret(&texts.concat());
}

fn assert_no_secret(text: &str) {
    for secret in [TOKEN, PASSWORD] {
        let escaped = secret.replace('"', "\\\"");
        let quoted: String = url::form_urlencoded::byte_serialize(secret.as_bytes()).collect();
        let login = STANDARD.encode(format!("org+p1-robot:{secret}"));
        for form in
            [secret.to_owned(), escaped, STANDARD.encode(secret), quoted.replace('+', "%20"), quoted, login]
        {
            assert!(!text.contains(&form), "`{form}` is in {text}");
        }
    }
}

#[tokio::test]
async fn it_is_told_what_it_needs_by_its_environment_and_nothing_else() {
    // 19.43
    let stand_in = StandIn::new(&mode("pass"));
    let mut preflight = stand_in.preflight();
    (preflight.pyxis_env, preflight.pyxis_host) =
        ("uat".to_owned(), Some("catalog.example.com/api".to_owned()));
    let check = stand_in.check();
    preflight.check(&check).await.unwrap();
    let [run] = &stand_in.runs()[..] else { panic!("one run") };
    let mut environ: BTreeMap<String, String> = serde_json::from_value(run["environ"].clone()).unwrap();
    environ.remove("LC_CTYPE"); // Python sets it for itself.
    let folder = stand_in.state().join("preflight-1").display().to_string();
    let expected = [
        ("PATH", "/usr/bin:/bin"),
        ("PFLT_ARTIFACTS", &format!("{folder}/artifacts")),
        ("PFLT_CERTIFICATION_COMPONENT_ID", "p1"),
        ("PFLT_CERTIFICATION_PROJECT_ID", "p1"),
        ("PFLT_DOCKERCONFIG", &check.docker_config.display().to_string()),
        ("PFLT_LOGFILE", &format!("{folder}/logs/all/preflight.log")),
        ("PFLT_LOGLEVEL", "info"),
        ("PFLT_PYXIS_API_TOKEN", TOKEN),
        ("PFLT_PYXIS_ENV", "uat"),
        ("PFLT_PYXIS_HOST", "catalog.example.com/api"),
    ];
    assert_eq!(environ, expected.map(|(name, value)| (name.to_owned(), value.to_owned())).into());
    assert_eq!(run["listing"], json!([]), "it begins in an empty directory");
    assert!(!Path::new(run["cwd"].as_str().unwrap()).exists(), "which is deleted afterwards");
    assert_eq!(stand_in.arguments(), [format!("check container --submit {IMAGE}")]);
}

#[tokio::test]
async fn it_gets_one_login_and_no_other() {
    // 19.44
    let stand_in = StandIn::new(&mode("pass"));
    stand_in.preflight().check(&stand_in.check()).await.unwrap();
    let auth = STANDARD.encode(format!("org+p1-robot:{PASSWORD}"));
    assert_eq!(stand_in.runs()[0]["docker_config"], json!({ "auths": { "quay.io": { "auth": auth } } }));
}

#[tokio::test]
async fn secrets_that_it_writes_are_struck_out_of_all_that_is_kept_and_said() {
    // 19.72, what is the program's part of it
    let stand_in = StandIn::new(&json!({ "mode": "fail", "leak": true }));
    let checked = stand_in.preflight().check(&stand_in.check()).await.unwrap();
    let said = advised(&checked.verdict().unwrap_err());
    assert!(said.contains("There is no /licenses. ***"), "{said}");
    assert_no_secret(&said);
    assert_no_secret(&format!("{checked:?}"));
    assert_none_in(&stand_in.state());
    assert_eq!(stand_in.runs()[0]["environ"]["PFLT_PYXIS_API_TOKEN"], TOKEN, "it had them");

    stand_in.steer(&json!({ "mode": "no-results", "leak": true }));
    let fault = stand_in.preflight().check(&stand_in.check()).await.unwrap_err();
    assert_no_secret(&format!("{} {fault:?}", advised(&fault)));
    assert_none_in(&stand_in.state());
    assert_no_secret(&format!("{:?} {:?}", stand_in.check(), stand_in.preflight()));
}
