use std::sync::Arc;

use super::*;
use crate::error::Classify as _;
use crate::nightly::payload::tests::{FULL, MINIMAL, read};

fn version(text: &str) -> Version {
    text.parse().unwrap()
}

fn order(parameters: &Parameters, text: &str) -> Order {
    parameters.settle(read(text).unwrap()).unwrap_or_else(|errors| panic!("{errors:?}"))
}

fn wrong(parameters: &Parameters, text: &str) -> Vec<String> {
    let errors = parameters.settle(read(text).unwrap()).map(|order| format!("{order:?}")).unwrap_err();
    assert!(errors.iter().all(|error| error.advice().is_some()), "each says what to do: {errors:?}");
    errors.iter().map(ToString::to_string).collect()
}

fn words(list: &[Arc<str>]) -> Vec<&str> {
    list.iter().map(|word| &**word).collect()
}

#[test]
fn a_list_is_the_same_by_commas_blanks_tabs_and_line_ends() {
    // 18.78
    for text in ["a,b", "a b", "a , b", "\n a,,\tb\r\n", "a\u{200b},\u{7}b\u{feff}"] {
        assert_eq!(words(&list(text)), ["a", "b"], "{text:?}");
    }
    assert_eq!(words(&list("a\nb\tb2")), ["a", "b", "b2"]);
    for nothing in ["", " ", ",", " ,\n"] {
        assert!(list(nothing).is_empty(), "{nothing:?}");
    }
}

#[test]
fn without_parameters_the_file_decides() {
    let order = order(&Parameters::default(), FULL);
    assert_eq!(order.arches, order.payload.arches);
    assert!(
        order.images.is_none() && !order.multi && !order.emergency && !order.publish && !order.embargo_ack
    );
    assert_eq!(&*order.payload.destination.repository, "ocp-v4.0-art-dev");
    assert!(order.notes.is_empty(), "{:?}", order.notes);
}

#[test]
fn version_and_assembly_must_be_those_of_the_file() {
    // 18.74
    let asked = Parameters {
        build_version: Some(version("4.20")),
        assembly: Some("booyah".into()),
        ..Parameters::default()
    };
    let expected = [
        "BUILD_VERSION is 4.20, and the payload file `payload.yaml` is of 4.19",
        "ASSEMBLY is `booyah`, and the payload file `payload.yaml` is of `stream`",
    ];
    assert_eq!(wrong(&asked, FULL), expected);
    let same = Parameters {
        build_version: Some(version("4.19")),
        assembly: Some("stream".into()),
        ..Parameters::default()
    };
    order(&same, FULL);
}

#[test]
fn images_are_named_by_their_definitions() {
    let asked = |text: &str| Parameters { images: list(text), ..Parameters::default() };
    let images = order(&asked("ose-etcd openshift-enterprise-pod,ose-etcd"), FULL).images.unwrap();
    assert_eq!(
        images.iter().map(|name| &**name).collect::<Vec<_>>(),
        ["openshift-enterprise-pod", "ose-etcd"]
    );
    let expected = ["IMAGES has `etcd`, and `payload.yaml` has no image definition of that name"];
    assert_eq!(wrong(&asked("etcd,ose-etcd"), FULL), expected);
}

#[test]
fn excluded_architectures_are_known_and_of_the_payload_and_leave_some() {
    let asked = |text: &str| Parameters { exclude_arches: list(text), ..Parameters::default() };
    let arches = order(&asked("arm64, s390x"), FULL).arches;
    assert_eq!(arches, [Arch::X86_64, Arch::Ppc64le], "by either name, in the order of the file");
    // 18.79
    assert_eq!(wrong(&asked("s390x,foo"), FULL), ["EXCLUDE_ARCHES has `foo`, which is no architecture"]);
    let expected = ["EXCLUDE_ARCHES has s390x, which is none of those of `payload.yaml`"];
    assert_eq!(wrong(&asked("s390x"), MINIMAL), expected);
    assert_eq!(wrong(&asked("amd64"), MINIMAL), ["EXCLUDE_ARCHES leaves no architecture"]);
}

#[test]
fn an_emergency_is_one_of_a_stream() {
    // 18.77
    let emergency = Parameters { emergency: true, ..Parameters::default() };
    let expected =
        "EMERGENCY_IGNORE_ISSUES is for assemblies of type stream, and `4.20.3` is of type standard";
    assert_eq!(wrong(&emergency, MINIMAL), [expected]);
    assert!(order(&emergency, FULL).emergency);
}

#[test]
fn nothing_public_names_an_rhcos_that_is_in_the_private_repository() {
    let private =
        FULL.replace("quay.io/example/rhcos@", "quay.io/openshift-release-dev/ocp-v4.0-art-dev-priv@");
    assert_ne!(private, FULL);
    let told = wrong(&Parameters::default(), &private);
    assert!(told.iter().all(|told| told.contains("`rhel-coreos")), "{told:?}");
    assert!(told[0].contains("ocp-v4.0-art-dev-priv@sha256:") && told[0].contains("line "), "{told:?}");
    let elsewhere = Parameters { organization: Some("elsewhere".into()), ..Parameters::default() };
    order(&elsewhere, &private);
}

#[cfg(unix)]
#[test]
fn a_link_in_a_directory_leads_to_no_file_outside_of_it() {
    let (folder, outside) = (tempfile::tempdir().unwrap(), tempfile::NamedTempFile::new().unwrap());
    let root = folder.path().to_str().unwrap();
    std::os::unix::fs::symlink(outside.path(), folder.path().join("payload.yaml")).unwrap();
    let error = locate(Some(root), None, None).unwrap_err();
    assert!(error.to_string().contains("payload.yaml") && error.advice().is_some(), "{error}");

    // As ConfigMaps are mounted.
    std::fs::remove_file(folder.path().join("payload.yaml")).unwrap();
    std::fs::write(folder.path().join("..data"), MINIMAL).unwrap();
    std::os::unix::fs::symlink("..data", folder.path().join("payload.yaml")).unwrap();
    assert_eq!(locate(Some(root), None, None), Ok(folder.path().join("payload.yaml")));
}

#[test]
fn a_payload_for_all_architectures_lacks_nothing() {
    let enabled = FULL.replace("multi_arch: {enabled: false", "multi_arch: {enabled: true");
    let asked = |skip_multi, images: &str, exclude_arches: &str| Parameters {
        skip_multi,
        images: list(images),
        exclude_arches: list(exclude_arches),
        ..Parameters::default()
    };
    for skip in [None, Some(false)] {
        assert!(order(&asked(skip, "", ""), &enabled).multi);
    }
    assert!(!order(&asked(Some(true), "", ""), &enabled).multi);
    // 18.76
    for (images, exclude) in [("ose-etcd", ""), ("", "s390x")] {
        assert_eq!(wrong(&asked(Some(false), images, exclude), &enabled).len(), 1);
        assert_eq!(wrong(&asked(Some(false), images, exclude), FULL).len(), 1, "whatever the file says");
        let skipped = order(&asked(None, images, exclude), &enabled);
        assert!(!skipped.multi && skipped.notes[0].contains("leave something out"), "{:?}", skipped.notes);
        assert!(order(&asked(Some(true), images, exclude), &enabled).notes.is_empty());
    }
    let disabled = order(&asked(Some(false), "", ""), FULL);
    assert!(!disabled.multi && disabled.notes[0].contains("multi_arch.enabled"), "{:?}", disabled.notes);
    assert!(order(&asked(None, "ose-etcd", ""), FULL).notes.is_empty(), "there would be none anyway");
}

#[test]
fn a_destination_that_is_named_wins_over_that_of_the_file() {
    let asked = Parameters {
        organization: Some("team".into()),
        repository: Some("dev".into()),
        ..Parameters::default()
    };
    let destination = order(&asked, FULL).payload.destination;
    assert_eq!((&*destination.organization, &*destination.repository), ("team", "dev"));
    assert_eq!(&*destination.private_repository, "ocp-v4.0-art-dev-priv", "it is named apart");
    let one = Parameters { repository: Some("ocp-v4.0-art-dev-priv".into()), ..Parameters::default() };
    let expected =
        "`openshift-release-dev/ocp-v4.0-art-dev-priv` would be both the public and the private repository";
    assert_eq!(wrong(&one, FULL), [expected]);
}

#[test]
fn an_acknowledgement_says_nothing_in_a_stream() {
    let asked = Parameters { embargo_ack: true, ..Parameters::default() };
    assert_eq!(order(&asked, FULL).notes.len(), 1);
    assert!(order(&asked, MINIMAL).embargo_ack && order(&asked, MINIMAL).notes.is_empty());
}

fn retrigger(parameters: &Parameters) -> Result<Retrigger, Vec<String>> {
    parameters.settle_retrigger().map_err(|errors| errors.iter().map(ToString::to_string).collect())
}

#[test]
fn a_retrigger_is_of_architectures_whose_tests_block() {
    // 18.109
    let names = |of: &str, exclude: &str| {
        let asked = Parameters {
            build_version: Some(version(of)),
            exclude_arches: list(exclude),
            ..Parameters::default()
        };
        let streams = retrigger(&asked).map(|retrigger| retrigger.streams);
        streams.map(|streams| streams.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "))
    };
    assert_eq!(names("4.10", "").unwrap(), "ocp/4.10-art-latest");
    assert_eq!(names("4.11", "").unwrap(), "ocp/4.11-art-latest ocp-arm64/4.11-art-latest-arm64");
    assert_eq!(names("5.0", "s390x").unwrap(), "ocp/5.0-art-latest ocp-arm64/5.0-art-latest-arm64");
    for name in ["aarch64", "arm64"] {
        assert_eq!(names("4.19", name).unwrap(), "ocp/4.19-art-latest");
    }
    assert_eq!(
        names("4.19", "amd64 arm64").unwrap_err(),
        ["EXCLUDE_ARCHES leaves no nightly of 4.19 to retrigger"]
    );
    assert_eq!(names("4.19", "mips").unwrap_err(), ["EXCLUDE_ARCHES has `mips`, which is no architecture"]);
}

#[test]
fn a_retrigger_is_of_stream_and_names_what_it_ignores() {
    // 18.110
    let release = Parameters { assembly: Some("4.19.3".into()), ..Parameters::default() };
    let expected = [
        "RETRIGGER_CURRENT_NIGHTLY is for the assembly `stream`, and ASSEMBLY is `4.19.3`",
        "RETRIGGER_CURRENT_NIGHTLY needs BUILD_VERSION, such as 4.19",
    ];
    assert_eq!(retrigger(&release).unwrap_err(), expected);
    let versioned = Parameters { build_version: Some(version("4.19")), ..release };
    assert_eq!(retrigger(&versioned).unwrap_err(), expected[..1]);
    let plain = Parameters { assembly: Some("stream".into()), ..versioned };
    assert!(retrigger(&plain).unwrap().notes.is_empty());
    let more = Parameters { publish: true, images: list("a"), skip_multi: Some(true), ..plain };
    let notes = retrigger(&more).unwrap().notes;
    assert_eq!(notes.len(), 1);
    assert!(notes[0].ends_with(": PUBLISH, IMAGES, SKIP_MULTI_ARCH_PAYLOAD"), "{notes:?}");
}

#[test]
fn a_payload_file_is_named_or_found_by_version_and_assembly() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let root = folder.path().to_str().unwrap();
    let found = |of: Option<&str>, assembly| locate(Some(root), of.map(version), assembly);
    let none = |tried: &[&str]| {
        let tried = tried.iter().map(ToString::to_string).collect();
        Err(LocateError::None { directory: root.to_owned(), tried })
    };
    assert_eq!(locate(None, Some(version("4.19")), None), Ok("payload.yaml".into()));
    assert_eq!(found(Some("4.19"), Some("rc.1")), none(&["4.19/rc.1.yaml", "payload.yaml"]));
    assert_eq!(found(None, Some("rc.1")), none(&["payload.yaml"]));
    std::fs::create_dir(path("4.19")).unwrap();
    for name in ["4.19/stream.yaml", "4.19/rc.1.yaml", "payload.yaml"] {
        std::fs::write(path(name), "").unwrap();
    }
    assert_eq!(found(Some("4.19"), Some("rc.1")), Ok(path("4.19/rc.1.yaml")));
    assert_eq!(found(Some("4.19"), None), Ok(path("4.19/stream.yaml")));
    assert_eq!(found(Some("4.20"), None), Ok(path("payload.yaml")));
    assert_eq!(found(None, Some("rc.1")), Ok(path("payload.yaml")));
    assert_eq!(locate(Some("no/such.yaml"), None, None), Ok("no/such.yaml".into()));
}

#[test]
fn an_address_of_build_data_is_refused_and_shows_no_login() {
    for address in [
        "https://github.com/openshift-eng/ocp-build-data",
        "git@github.com:openshift-eng/ocp-build-data.git",
        "ssh://git@github.com/a",
        "https://u:S3CRET@example.com/a",
    ] {
        let error = locate(Some(address), None, None).unwrap_err();
        assert!(matches!(error, LocateError::Address(_)), "{error:?}");
        assert!(!error.to_string().contains("S3CRET"), "{error}");
        assert!(error.advice().unwrap().contains("name a payload file"));
    }
    assert!(locate(Some("git@home/payload.yaml"), None, None).is_ok());
}
