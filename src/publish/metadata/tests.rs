//! Good files and bad ones.

use secrecy::ExposeSecret as _;

use super::*;
use crate::error::{Class, Classify as _, advised};

const GOOD: &str = r#"{
  "rhcc": { "api_key": "api-s3cret", "registry_service_account": { "username": "12|acc", "password": "acc-s3cret" } },
  "products": { "server": { "image_basename": "server", "project_id": "0123456789abcdef01234567", "registry_key": "key-s3cret" },
                "gateway": { "image_basename": null } },
  "other": [1, { "kept": true }]
}"#;

fn read(text: &str) -> Result<Metadata, MetadataError> {
    read_with(text, &|_| None)
}

fn read_with(text: &str, lookup: &dyn Fn(&str) -> Option<String>) -> Result<Metadata, MetadataError> {
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(file.path(), text).unwrap();
    Metadata::read(file.path(), lookup)
}

/// What is said of `server` when `from` is `to` in the good file.
fn changed(from: &str, to: &str) -> Result<Product, MetadataError> {
    assert!(GOOD.contains(from), "{from}");
    read(&GOOD.replacen(from, to, 1)).unwrap().product("server")
}

/// The path and what is wrong there.
fn wrong(read: Result<Product, MetadataError>) -> (String, Wrong) {
    let error = read.unwrap_err();
    assert_eq!(error.class(), Class::Invalid);
    assert!(!advised(&error).contains("s3cret") && !format!("{error:?}").contains("s3cret"), "{error:?}");
    match error {
        MetadataError::Value { path, wrong, .. } => (path, wrong),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_product_has_what_its_publication_takes() {
    let metadata = read(GOOD).unwrap();
    assert_eq!(metadata.products(), ["gateway", "server"]);
    assert_eq!(metadata.warnings(), [""; 0]);
    let product = metadata.product("server").unwrap();
    assert_eq!((product.name.as_str(), product.image_basename.as_str()), ("server", "server"));
    assert_eq!(
        product.robot("redhat-isv-containers"),
        "redhat-isv-containers+0123456789abcdef01234567-robot"
    );
    assert_eq!(product.registry_key.expose_secret(), "key-s3cret");
    assert_eq!(product.needed_api_key().unwrap().expose_secret(), "api-s3cret");
    let account = product.account.as_ref().unwrap();
    assert_eq!((account.username.as_str(), account.password.expose_secret()), ("12|acc", "acc-s3cret"));
    assert_eq!(product.warnings, [""; 0]);
}

// 19.69
#[test]
fn what_is_needed_and_not_there_is_named_by_its_path() {
    let metadata = read(GOOD).unwrap();
    assert_eq!(wrong(metadata.product("analytics")), ("products.analytics".into(), Wrong::Missing));
    assert_eq!(wrong(metadata.product("gateway")), ("products.gateway.project_id".into(), Wrong::Missing));
    let id = "\"0123456789abcdef01234567\"";
    for (to, expected) in
        [("null", Wrong::Null), ("\"\"", Wrong::Empty), ("7", Wrong::NoText), ("\"null/x\"", Wrong::NoName)]
    {
        assert_eq!(wrong(changed(id, to)), ("products.server.project_id".into(), expected), "{to}");
    }
    for (to, expected) in [("\"\"", Wrong::Empty), ("null", Wrong::Null), ("[\"s3cret\"]", Wrong::NoText)] {
        let seen = wrong(changed("\"key-s3cret\"", to));
        assert_eq!(seen, ("products.server.registry_key".into(), expected), "{to}");
    }
    let seen = wrong(changed("\"image_basename\": \"server\"", "\"image_basename\": \"Server:1\""));
    assert_eq!(seen, ("products.server.image_basename".into(), Wrong::NoName));
    assert_eq!(
        wrong(read("{\"products\": []}").unwrap().product("server")),
        ("products".into(), Wrong::NoObject)
    );
    assert_eq!(wrong(read("[]").unwrap().product("server")), ("products".into(), Wrong::Missing));
}

#[test]
fn what_only_some_commands_need_may_be_missing_until_one_needs_it() {
    let product = changed("\"rhcc\"", "\"elsewhere\"").unwrap();
    assert!(product.api_key.is_none() && product.account.is_none());
    assert!(product.needed_api_key().unwrap_err().to_string().contains("`rhcc.api_key`"));
    assert!(product.account.is_none());
    let seen = wrong(changed("\"acc-s3cret\"", "\"\""));
    assert_eq!(seen, ("rhcc.registry_service_account.password".into(), Wrong::Empty));
    assert_eq!(wrong(changed("\"api-s3cret\"", "{}")), ("rhcc.api_key".into(), Wrong::NoText));
}

// 19.70
#[test]
fn a_project_is_known_without_its_prefix_and_with_two_hyphens_is_none() {
    let id = "0123456789abcdef01234567";
    let product = changed(id, "ospid-0123456789abcdef01234567").unwrap();
    assert_eq!((product.project_id.as_str(), product.warnings.len()), (id, 0));
    assert_eq!(wrong(changed(id, "a-b-c")), ("products.server.project_id".into(), Wrong::NoProject));
    for odd in ["0123", "0123456789abcdef0123456g", "a-b"] {
        let product = changed(id, odd).unwrap();
        assert_eq!(product.project_id, odd);
        assert!(product.warnings[0].contains("24 hexadecimal digits"), "{:?}", product.warnings);
    }
}

// 19.71
#[test]
fn bad_json_is_told_by_its_place_and_never_quoted() {
    let bad = GOOD.replacen("\"key-s3cret\" }", "\"key-s3cret\" s3cret }", 1);
    let error = read(&bad).unwrap_err();
    assert!(matches!(error, MetadataError::Json { line: 3, column: 128, .. }), "{error:?}");
    assert!(error.to_string().contains("line 3, column 128"), "{error}");
    assert!(!format!("{} {error:?}", advised(&error)).contains("s3cret"), "{error:?}");
    let error = read(&GOOD[..GOOD.len() - 1]).unwrap_err();
    assert!(error.to_string().contains("it ends too early"), "{error}");
}

#[test]
fn a_secret_may_be_a_variable_or_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("account");
    fs::write(&path, "from-a-file\n").unwrap();
    let text = GOOD
        .replacen("key-s3cret", "${SERVER_KEY}", 1)
        .replacen("api-s3cret", "${UNSET}", 1)
        .replacen("acc-s3cret", &format!("@{}", path.display()), 1);
    let set = |name: &str| (name == "SERVER_KEY").then(|| "from-the-environment".to_owned());
    let unset = wrong(read_with(&text, &set).unwrap().product("server"));
    assert_eq!(unset, ("rhcc.api_key".into(), Wrong::Unset("UNSET".into())));
    let text = text.replacen("\"${UNSET}\"", "\"@home\"", 1);
    let product = read_with(&text, &set).unwrap().product("server").unwrap();
    assert_eq!(product.registry_key.expose_secret(), "from-the-environment");
    assert_eq!(product.account.as_ref().unwrap().password.expose_secret(), "from-a-file");
    assert_eq!(product.api_key.as_ref().unwrap().expose_secret(), "@home", "only an absolute path is a file");
    fs::write(&path, "\n").unwrap();
    let empty = wrong(read_with(&text, &set).unwrap().product("server"));
    assert_eq!(empty, ("rhcc.registry_service_account.password".into(), Wrong::Empty));
    fs::remove_file(&path).unwrap();
    let missing = read_with(&text, &set).unwrap().product("server").unwrap_err();
    assert!(matches!(missing, MetadataError::SecretFile { .. }) && missing.class() == Class::Invalid);
}

#[test]
fn nothing_prints_a_secret() {
    let metadata = read(GOOD).unwrap();
    let printed = format!("{metadata:?} {:#?}", metadata.product("server").unwrap());
    assert!(printed.contains("12|acc") && !printed.contains("s3cret"), "{printed}");
}

#[test]
fn a_file_that_others_may_read_is_told() {
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(file.path(), GOOD).unwrap();
    fs::set_permissions(file.path(), fs::Permissions::from_mode(0o640)).unwrap();
    let metadata = Metadata::read(file.path(), &|_| None).unwrap();
    assert!(metadata.warnings()[0].contains("mode 640"), "{:?}", metadata.warnings());
    fs::set_permissions(file.path(), fs::Permissions::from_mode(0o400)).unwrap();
    assert_eq!(Metadata::read(file.path(), &|_| None).unwrap().warnings(), [""; 0]);
}

#[test]
fn a_secret_that_a_cluster_mounts_for_our_group_is_as_closed_as_it_can_be() {
    for (mode, is_ours, expected) in [
        (0o600, true, false),
        (0o440, true, true),
        (0o440, false, false),
        (0o460, false, true),
        (0o444, false, true),
    ] {
        assert_eq!(super::is_open(mode, is_ours), expected, "{mode:o}");
    }
}
