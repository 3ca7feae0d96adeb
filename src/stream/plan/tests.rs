//! Plans of whole streams.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::super::document::{Artifact, Stream};
use super::super::sample::{all, artifact, first, signed, stream, with_file};
use super::*;
use crate::model::{Digest, Finding, Key};

fn settings(layout: &str) -> LayoutSettings {
    let layout = Layout::parse(layout, None).unwrap();
    LayoutSettings { ocp: Some("4.8".parse().unwrap()), ..LayoutSettings::new(layout) }
}

fn release(version: &str) -> LayoutSettings {
    LayoutSettings::new(Layout::parse("release", Some(version)).unwrap())
}

fn keys(plan: &Plan) -> Vec<&str> {
    plan.files.iter().map(|file| file.key.as_str()).collect()
}

fn aliases(plan: &Plan, at: usize) -> Vec<&str> {
    plan.files[at].aliases.iter().map(Key::name).collect()
}

/// Two builds of two platforms whose files are called the same.
fn namesakes() -> Stream {
    let one = artifact("x86_64/qemu/qcow2/disk", "48.83.202102230316-0", "https://o/1/disk.img");
    let other = artifact("x86_64/metal/raw/disk", "47.83.202102090311-0", "https://o/2/disk.img");
    stream("rhcos-4.8", [one, other])
}

fn codes(findings: &[Finding]) -> Vec<(&str, u32)> {
    findings.iter().map(|finding| (finding.code, finding.line())).collect()
}

#[test]
fn each_build_has_its_own_directory_and_signatures_lie_beside_their_files() {
    let stream = first();
    let plan = plan(&stream, &all(&stream), &settings("build")).unwrap();
    let file = &plan.files[1];
    let key =
        "s390x/dependencies/rhcos/4.8/47.83.202102090311-0/rhcos-47.83.202102090311-0-qemu.s390x.qcow2.gz";
    assert_eq!((file.key.as_str(), file.is_immutable, &file.artifacts[..]), (key, true, &[1][..]));
    assert_eq!(file.signature.as_ref().unwrap().1.as_str(), format!("{key}.sig"));
    let directories: Vec<_> =
        plan.directories.iter().map(|one| (one.key.as_ref().unwrap().as_str(), one.is_whole)).collect();
    assert_eq!(
        directories,
        [
            ("s390x/dependencies/rhcos/4.8/47.83.202102090311-0", true),
            ("x86_64/dependencies/rhcos/4.8/48.83.202102230316-0", true)
        ]
    );
    assert_eq!(plan.warnings, []);
    assert!(plan.files.iter().all(|file| file.aliases.is_empty()));
}

#[test]
fn a_build_of_which_something_is_left_out_is_not_whole() {
    let stream = first();
    let plan = plan(&stream, &[1, 2, 3, 4], &settings("prerelease")).unwrap();
    let whole: Vec<_> =
        plan.directories.iter().map(|one| (&*one.arch, &*one.release, one.is_whole)).collect();
    assert_eq!(whole, [("s390x", "47.83.202102090311-0", false), ("x86_64", "48.83.202102230316-0", true)]);
    assert!(keys(&plan)[0].starts_with("s390x/dependencies/rhcos/pre-release/4.8/47.83.202102090311-0/"));
}

// 14.18
#[test]
fn the_version_of_openshift_is_guessed_aloud_or_given() {
    let mut stream = first();
    stream.name = "rhcos-4.21".into();
    let guessing = LayoutSettings { ocp: None, ..settings("build") };
    let guessed = plan(&stream, &all(&stream), &guessing).unwrap();
    assert!(guessed.files[0].key.as_str().starts_with("s390x/dependencies/rhcos/4.21/"));
    assert_eq!(codes(&guessed.warnings), [("ocp", 0)]);
    let given = LayoutSettings { ocp: Some("4.23".parse().unwrap()), ..settings("build") };
    let given = plan(&stream, &all(&stream), &given).unwrap();
    assert!(given.files[0].key.as_str().starts_with("s390x/dependencies/rhcos/4.23/"));
    assert_eq!(given.warnings, []);
    stream.name = "c9s".into();
    let findings = plan(&stream, &all(&stream), &guessing).unwrap_err();
    assert_eq!(codes(&findings), [("ocp", 0)], "once, and not for each artifact");
    assert!(findings[0].is_error());
    let flat = LayoutSettings { ocp: None, ..settings("flat") };
    assert_eq!(plan(&stream, &all(&stream), &flat).unwrap().warnings, [], "nobody asked for it");
}

// 14.38
#[test]
fn two_files_of_one_name_are_refused_where_only_one_can_be() {
    let stream = namesakes();
    let findings = plan(&stream, &all(&stream), &settings("flat")).unwrap_err();
    assert_eq!(codes(&findings), [("clash", 20)]);
    assert!(
        findings[0].message.contains("`disk.img`") && findings[0].message.contains("(line 10)"),
        "{findings:?}"
    );
}

// 14.39
#[test]
fn two_files_of_one_name_are_fine_in_two_directories() {
    let stream = namesakes();
    let plan = plan(&stream, &all(&stream), &settings("build")).unwrap();
    assert_eq!((plan.files.len(), plan.directories.len()), (2, 2));
    assert!(plan.files.iter().all(|file| file.key.name() == "disk.img"));
}

// 14.40
#[test]
fn a_file_that_is_listed_twice_is_one_file() {
    let release = "48.83.202102230316-0";
    let one = artifact("x86_64/qemu/qcow2/disk", release, "https://o/a.img");
    let digest = Digest::of(b"what it decompresses to");
    let again = with_file(signed("x86_64/openstack/qcow2/disk", release, "https://o/a.img"), |file| {
        file.uncompressed = Some(digest.clone());
    });
    let stream = stream("rhcos-4.8", [one, again]);
    let plan = plan(&stream, &all(&stream), &settings("build")).unwrap();
    assert_eq!((plan.files.len(), &plan.files[0].artifacts[..]), (1, &[0, 1][..]));
    assert_eq!(plan.files[0].uncompressed, Some(digest), "whoever of the two tells it");
    assert!(plan.files[0].signature.is_some());
}

// 14.41
#[test]
fn a_name_that_leads_elsewhere_is_an_error_at_its_line() {
    for name in ["..", "a/b", ".image-mirror", "", "a\nb"] {
        let odd =
            with_file(artifact("x86_64/qemu/qcow2/disk", "1", "https://o/a"), |file| file.name = name.into());
        let fine = artifact("x86_64/metal/raw/disk", "1", "https://o/b");
        let stream = stream("rhcos-4.8", [odd, fine]);
        let findings = plan(&stream, &all(&stream), &settings("flat")).unwrap_err();
        assert_eq!(codes(&findings), [("no-place", 10)], "{name}");
    }
    let odd = with_file(artifact("x86_64/qemu/qcow2/disk", "../../..", "https://o/a"), |_| ());
    let stream = stream("rhcos-4.8", [odd]);
    assert_eq!(codes(&plan(&stream, &[0], &settings("build")).unwrap_err()), [("no-place", 10)]);
    let one = signed("x86_64/qemu/qcow2/disk", "1", "https://o/a");
    let bare = with_file(one, |file| file.signature = Some("https://o/a%2Fb".parse().unwrap()));
    let stream = super::super::sample::stream("rhcos-4.8", [bare]);
    assert_eq!(codes(&plan(&stream, &[0], &settings("flat")).unwrap_err()), [("no-place", 10)]);
}

#[test]
fn what_would_be_a_file_and_a_folder_is_refused() {
    let folder = artifact("clients/qemu/qcow2/disk", "1", "https://o/x");
    let file = artifact("x86_64/qemu/qcow2/disk", "1", "https://o/clients");
    let stream = stream("rhcos-4.8", [folder, file]);
    let layout = LayoutSettings::new(Layout::parse("{arch}/{name}", None).unwrap());
    assert_eq!(keys(&plan(&stream, &all(&stream), &layout).unwrap()), ["clients/x", "x86_64/clients"]);
    let key_aliases = KeyAliases::mirror_openshift_com("pub/openshift-v4").unwrap();
    let findings = plan(&stream, &all(&stream), &LayoutSettings { key_aliases, ..layout }).unwrap_err();
    assert_eq!(codes(&findings)[0], ("clash", 10));
    assert!(findings[0].message.contains("`x86_64/clients` would be a folder"), "{findings:?}");
}

#[test]
fn what_lies_beside_the_files_of_a_build_is_no_file_of_the_stream() {
    for name in ["sha256sum.txt", "sha256sum.txt.gpg", "rhcos-id.txt"] {
        let stream =
            stream("rhcos-4.8", [artifact("x86_64/qemu/qcow2/disk", "1", &format!("https://o/{name}"))]);
        assert_eq!(codes(&plan(&stream, &[0], &settings("build")).unwrap_err()), [("clash", 10)]);
        assert_eq!(
            keys(&plan(&stream, &[0], &settings("flat")).unwrap()),
            [name],
            "nothing lies beside it there"
        );
    }
}

#[test]
fn a_signature_is_no_other_file() {
    let one = signed("x86_64/qemu/qcow2/disk", "1", "https://o/a");
    let other = artifact("x86_64/metal/raw/disk", "1", "https://o/a.sig");
    let stream = stream("rhcos-4.8", [one, other]);
    assert_eq!(codes(&plan(&stream, &all(&stream), &settings("flat")).unwrap_err()), [("clash", 20)]);
    assert!(plan(&stream, &[0], &settings("flat")).is_ok());
}

#[test]
fn a_flat_layout_has_no_directories_unless_they_are_asked_for() {
    let stream = first();
    let flat = plan(&stream, &all(&stream), &settings("flat")).unwrap();
    assert_eq!((flat.directories.len(), flat.files[0].is_immutable), (0, false));
    let asked = LayoutSettings { sums: true, ..settings("flat") };
    let mixed = plan(&stream, &all(&stream), &asked).unwrap();
    assert!(
        mixed.directories.iter().all(|one| one.key.is_none() && !one.is_whole),
        "{:?}",
        mixed.directories
    );
    assert_eq!(mixed.directories.len(), 2);
    assert_eq!(codes(&mixed.warnings), [("mixed-directory", 0)]);
    let single = plan(&stream, &[0, 1], &asked).unwrap();
    assert!(single.directories[0].is_whole && single.warnings.is_empty());
}

#[test]
fn a_platform_without_a_release_has_a_place_only_where_none_is_needed() {
    let nameless =
        |place| Artifact { release: None, ..artifact(place, "1", &format!("https://o/{place}.img")) };
    let kinds = [
        nameless("x86_64/metal/pxe/kernel"),
        nameless("x86_64/metal/pxe/rootfs"),
        nameless("x86_64/qemu/q/disk"),
    ];
    let stream = stream("rhcos-4.8", kinds);
    let findings = plan(&stream, &all(&stream), &settings("build")).unwrap_err();
    assert_eq!(codes(&findings)[..3], [("no-place", 10), ("no-place", 20), ("no-place", 30)]);
    let own = plan(&stream, &all(&stream), &settings("{ocp}/{artifact}-{kind}-{name}")).unwrap();
    assert_eq!(codes(&own.warnings), [("no-release", 10), ("no-release", 30)]);
    assert_eq!(own.directories, []);
}

#[test]
fn only_of_google_s_archives_nobody_knows_what_their_sum_is_of() {
    let doubtful = artifact("x86_64/gcp/tar.gz/disk", "1", "https://o/a");
    let sure = artifact("x86_64/gcp/raw.gz/disk", "1", "https://o/b");
    let another = artifact("x86_64/azure/tar.gz/disk", "1", "https://o/c");
    let stream = stream("rhcos-4.8", [doubtful, sure, another]);
    let plan = plan(&stream, &all(&stream), &settings("flat")).unwrap();
    let doubtful: Vec<_> = plan.files.iter().map(|file| file.is_uncompressed_doubtful).collect();
    assert_eq!(doubtful, [true, false, false]);
}

fn of_4_19(place: &str, rest: &str) -> Artifact {
    signed(place, "9.6.20250121-0", &format!("https://o/rhcos-9.6.20250121-0-{rest}"))
}

// 14.44
#[test]
fn a_version_has_names_and_aliases_of_its_own() {
    let stream = stream("rhel-9.6", [of_4_19("x86_64/qemu/qcow2.gz/disk", "qemu.x86_64.qcow2.gz")]);
    let plan = plan(&stream, &[0], &release("4.19.0-ec.0")).unwrap();
    let name =
        "x86_64/dependencies/rhcos/pre-release/4.19.0-ec.0/rhcos-4.19.0-ec.0-x86_64-qemu.x86_64.qcow2.gz";
    assert_eq!(keys(&plan), [name]);
    assert_eq!(aliases(&plan, 0), ["rhcos-qemu.x86_64.qcow2.gz"]);
    assert_eq!(plan.files[0].signature.as_ref().unwrap().1.as_str(), format!("{name}.sig"));
    assert_eq!(&*plan.directories[0].release, "9.6.20250121-0", "what its mark holds is the build");
    assert!(plan.files[0].is_immutable && plan.directories[0].is_whole);
}

// 14.45
#[test]
fn a_version_of_one_architecture_has_no_files_of_another() {
    let x86_64 = of_4_19("x86_64/qemu/qcow2.gz/disk", "qemu.x86_64.qcow2.gz");
    let s390x = of_4_19("s390x/qemu/qcow2.gz/disk", "qemu.s390x.qcow2.gz");
    let stream = stream("rhel-9.6", [x86_64, s390x]);
    let settings = release("4.19.0-x86_64");
    let fine = plan(&stream, &[0], &settings).unwrap();
    assert_eq!(
        keys(&fine),
        ["x86_64/dependencies/rhcos/4.19/4.19.0/rhcos-4.19.0-x86_64-qemu.x86_64.qcow2.gz"]
    );
    assert_eq!(codes(&plan(&stream, &[0, 1], &settings).unwrap_err()), [("no-place", 20)]);
}

// 14.46
#[test]
fn a_file_in_its_own_right_is_never_an_alias() {
    let iso = of_4_19("x86_64/metal/iso/disk", "live-iso.x86_64.iso");
    let real = artifact(
        "x86_64/metal/installer.iso/disk",
        "9.6.20250121-0",
        "https://o/rhcos-installer-iso.x86_64.iso",
    );
    let both = stream("rhel-9.6", [iso, real]);
    let alone = plan(&both, &[0], &release("4.19.0")).unwrap();
    assert_eq!(aliases(&alone, 0), ["rhcos-live-iso.x86_64.iso", "rhcos-installer-iso.x86_64.iso"]);
    let together = plan(&both, &[0, 1], &release("4.19.0")).unwrap();
    assert_eq!(aliases(&together, 0), ["rhcos-live-iso.x86_64.iso"]);
    assert_eq!(together.files[1].key.name(), "rhcos-installer-iso.x86_64.iso");
}

// 14.56
#[test]
fn files_go_where_the_server_reads_them_and_clash_there() {
    let one = artifact("x86_64/qemu/qcow2/disk", "1", "https://o/1/a");
    let key_aliases = KeyAliases::mirror_openshift_com("pub/openshift-v4").unwrap();
    let aliased = |layout: &str| LayoutSettings { key_aliases: key_aliases.clone(), ..settings(layout) };
    let stream = stream("rhcos-4.8", [one, artifact("amd64/qemu/qcow2/disk", "1", "https://o/2/a")]);
    let plan_of = |selected: &[usize]| plan(&stream, selected, &aliased("{arch}/x/{release}/{name}"));
    assert_eq!(keys(&plan_of(&[1]).unwrap()), ["x86_64/x/1/a"]);
    assert_eq!(plan_of(&[1]).unwrap().directories[0].key.as_ref().unwrap().as_str(), "x86_64/x/1");
    assert_eq!(codes(&plan_of(&[0, 1]).unwrap_err())[0], ("clash", 20));
    let goarch = plan(&stream, &[0], &aliased("{goarch}/{name}")).unwrap();
    assert_eq!(keys(&goarch), ["x86_64/a"]);
}

// 14.46
#[test]
fn an_alias_for_older_installers_gives_way_to_any_other_alias() {
    let live = of_4_19("x86_64/metal/pxe/kernel", "live-kernel.x86_64");
    let installer = of_4_19("x86_64/metal/installer-pxe/kernel", "installer-kernel.x86_64");
    for artifacts in [[live.clone(), installer.clone()], [installer, live]] {
        let both = stream("rhel-9.6", artifacts);
        let plan = plan(&both, &[0, 1], &release("4.19.0")).unwrap();
        let mut found = [aliases(&plan, 0), aliases(&plan, 1)];
        found.sort_unstable();
        assert_eq!(found, [["rhcos-installer-kernel.x86_64"], ["rhcos-live-kernel.x86_64"]]);
    }
}

#[test]
fn two_files_never_have_one_alias() {
    let url = |name: &str| format!("https://o/{name}");
    let one = artifact("x86_64/qemu/qcow2/disk", "1", &url("rhcos-1-a"));
    let other = artifact("x86_64/metal/raw/disk", "1", &url("1-rhcos-a"));
    let stream = stream("rhel-9.6", [one, other]);
    assert_eq!(codes(&plan(&stream, &[0, 1], &release("4.19.0")).unwrap_err()), [("clash", 20)]);
    assert_eq!(aliases(&plan(&stream, &[1], &release("4.19.0")).unwrap(), 0), ["rhcos-a"]);
}

fn any_artifact() -> impl Strategy<Value = Artifact> {
    let place = ("(x86_64|amd64|s390x|[.]{1,2}|a/b)", "(qemu|metal|[.]{2})", "(iso|x)", "(disk|kernel)");
    let file = (
        "(a|b|[.]{1,2}|rhcos-1-live-x|1-rhcos-live-x|rhcos-1-installer-x|rhcos-installer-x|rhcos-live-x|sha256sum[.]txt|a/b|.image-mirror| |é)",
        0..3u8,
        0..3u8,
    );
    (place, "(1|2|[.]{2})", file).prop_map(
        |((arch, platform, format, kind), release, (name, content, signature))| {
            let place = "x86_64/qemu/iso/disk";
            let mut one = with_file(artifact(place, &release, "https://o/a"), |file| {
                file.name = name.clone().into();
                file.sha256 = Digest::of(&[content]);
                file.signature = (signature > 0).then(|| {
                    format!("https://o/{}.sig", ["a", "b"][usize::from(signature - 1)]).parse().unwrap()
                });
            });
            one.place.arch = arch.into();
            one.place.artifact = platform.into();
            one.place.format = format.into();
            one.place.kind = kind.into();
            one
        },
    )
}

/// Every key of a plan, and of what.
fn everything(plan: &Plan) -> Vec<(Key, String)> {
    let mut all = Vec::new();
    for file in &plan.files {
        all.push((file.key.clone(), file.sha256.to_string()));
        all.extend(file.aliases.iter().map(|alias| (alias.clone(), file.sha256.to_string())));
        all.extend(
            file.signature.iter().map(|(_, key)| (key.clone(), format!("signature of {}", file.sha256))),
        );
    }
    for key in plan.directories.iter().map(|directory| directory.key.as_ref()) {
        let own = |name: &str| key.map_or_else(|| Key::parse(name), |key| key.join(name)).unwrap();
        all.extend(super::super::sums::UNLISTED.map(|name| (own(name), "ours".to_owned())));
    }
    all
}

proptest! {
    #[test]
    fn no_key_leaves_the_root_and_none_is_two_things(
        artifacts in proptest::collection::vec(any_artifact(), 1..6),
        layout in "(build|flat|release|(\\{arch\\}|\\{release\\}|\\{name\\}|\\{artifact\\}|a|[.]|/){1,5}\\{name\\})",
        sums in proptest::bool::ANY,
    ) {
        let version = (layout == "release").then_some("4.19.0");
        let Ok(layout) = Layout::parse(&layout, version) else { return Ok(()) };
        let key_aliases = KeyAliases::mirror_openshift_com("pub/openshift-v4").unwrap();
        let settings = LayoutSettings { sums, key_aliases, ..LayoutSettings::new(layout) };
        let stream = stream("rhcos-4.8", artifacts);
        match plan(&stream, &all(&stream), &settings) {
            Err(findings) => prop_assert!(findings.iter().any(Finding::is_error)),
            Ok(plan) => {
                let mut contents: BTreeMap<Key, BTreeSet<String>> = BTreeMap::new();
                for (key, content) in everything(&plan) {
                    prop_assert_eq!(&Key::parse(key.as_str()).unwrap(), &key);
                    contents.entry(key).or_default().insert(content);
                }
                for (key, content) in &contents {
                    prop_assert!(content.len() == 1, "{key}: {content:?}");
                    let is_folder = contents.keys().any(|other| other.is_below(key));
                    prop_assert!(!is_folder, "{key} is a folder too");
                }
                let planned: BTreeSet<usize> = plan.files.iter().flat_map(|file| file.artifacts.clone()).collect();
                prop_assert_eq!(planned.len(), stream.artifacts.len());
                let is_it = |at: &usize, file: &Wanted| stream.artifacts[*at].file.as_ref().unwrap().sha256 == file.sha256;
                let all_are = plan.files.iter().all(|file| file.artifacts.iter().all(|at| is_it(at, file)));
                prop_assert!(all_are, "a file is at the place of another");
            }
        }
    }
}
