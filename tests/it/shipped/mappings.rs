//! `mappings/` and the mapping file of the Kustomize base, read with the real parser.

use std::collections::BTreeSet;

use image_mirror::mapping::{Input, MappingSet, ReadOptions, Wish, read};
use image_mirror::model::Endpoint;

use super::{files_below, root};

/// What the files below these directories say; everything odd is as bad as an error here.
fn clean_set(directories: &[&str]) -> MappingSet {
    let inputs: Vec<Input> =
        directories.iter().map(|name| root().join(name).to_str().unwrap().into()).collect();
    let set = read(&inputs, &ReadOptions { strict: true }).unwrap();
    assert!(set.findings().is_empty(), "{}", image_mirror::mapping::render(set.findings()));
    assert!(set.rows().is_empty());
    set
}

fn is_mapping(path: &str) -> bool {
    path.rsplit('/').next().unwrap().starts_with("mapping_")
}

#[test]
fn every_shipped_mapping_file_is_read_without_a_finding() {
    let set = clean_set(&["mappings", "jobs/kustomize", "jobs/overlays"]);
    let files = files_below("mappings", is_mapping).len() + files_below("jobs", is_mapping).len();
    assert_eq!(set.files().len(), files);
    assert!(files > 5, "one a set, and that of the base and of the overlay: {files}");
    let origins: BTreeSet<String> =
        set.entries().iter().map(|entry| entry.wish.origin().to_string()).collect();
    assert!(origins.len() >= 10, "every file has entries: {origins:?}");
}

#[test]
fn every_shipped_mapping_file_has_an_owner_and_a_name_of_the_convention() {
    let set = clean_set(&["mappings", "jobs/kustomize", "jobs/overlays"]);
    let mut names = BTreeSet::new();
    for file in set.files() {
        assert!(file.owner.is_some(), "{}", file.name);
        let (directory, name) = file.name.rsplit_once('/').unwrap();
        assert!(names.insert(name.to_owned()), "{name} is there twice: it is the key of a ConfigMap");
        let set_name = directory.rsplit('/').next().unwrap().replace('-', "_");
        assert!(
            ["kustomize/mappings", "overlays/state/mappings"].iter().any(|end| directory.ends_with(end))
                || name.starts_with(&format!("mapping_{set_name}")),
            "{name}"
        );
    }
}

#[test]
fn the_demo_touches_nothing_but_its_images_and_the_build_directory() {
    let set = clean_set(&["mappings/demo"]);
    assert_eq!(set.entries().len(), 4);
    for entry in set.entries() {
        let Wish::Exact(desired) = &entry.wish else { panic!("no wildcard in the demo") };
        assert!(desired.origin.line().is_some());
        let (Endpoint::Layout(source), Endpoint::Layout(target)) = (&desired.source, &desired.target) else {
            panic!("the demo has no registry: {} {}", desired.source, desired.target)
        };
        assert_eq!(source.path.to_str(), Some("mappings/demo/images"));
        assert!(target.path.starts_with("target/demo"), "{target}");
    }
}
