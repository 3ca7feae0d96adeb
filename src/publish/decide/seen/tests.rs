//! Every row of the table, and what is refused where.

use super::*;
use crate::error::{Class, Classify as _};
use crate::publish::journal::{Event, Plan};

const UPLOAD: &str = "quay.io/redhat-isv-containers/abc";
const PUBLIC: &str = "registry.connect.redhat.com/ns/server";

fn digest(text: &str) -> Digest {
    Digest::of(text.as_bytes())
}

/// What is at one place: `D`, one of its children, another image, or nothing.
fn at(what: &str) -> Option<Digest> {
    (what != "absent").then(|| digest(what))
}

/// A publication of `D` as 7.6.1-2, by what is seen of it.
struct World {
    digest: Digest,
    children: [Digest; 2],
    tag: Tag,
}

impl World {
    fn new() -> Self {
        let children = ["amd64", "arm64"].map(digest);
        Self { digest: digest("D"), children, tag: Tag::parse("7.6.1-2").unwrap() }
    }

    fn seen(&self, upload: &str, known: Option<&str>, public: &str) -> Seen<'_> {
        Seen {
            digest: &self.digest,
            children: &self.children,
            tag: &self.tag,
            upload: at(upload),
            public: at(public),
            known: known.map(|what| Known {
                what: format!("the image for {what}"),
                digest: digest(what),
                place: UPLOAD.into(),
            }),
            is_floating: false,
            upload_place: UPLOAD.into(),
            public_place: PUBLIC.into(),
            next: Tag::parse("7.6.1-3").ok(),
        }
    }
}

fn name(decided: Result<Step, Refused>) -> &'static str {
    match decided {
        Ok(Step::Upload) => "upload",
        Ok(Step::Certify) => "certify",
        Ok(Step::MoveTags) => "move",
        Ok(Step::Nothing) => "nothing",
        Err(Refused::Known { .. }) => "known",
        Err(Refused::UsedInPublic { .. }) => "used in public",
        Err(Refused::NotOurs { .. }) => "not ours",
        Err(Refused::NumberInUse { .. }) => "in use",
        Err(Refused::ServesAnother { .. }) => "serves another",
        Err(Refused::Other { .. }) => "not resumed",
        Err(other) => panic!("{other}"),
    }
}

#[test]
fn each_row_of_the_table_has_its_answer() {
    let world = World::new();
    for upload in ["absent", "D", "other"] {
        for known in [None, Some("arm64")] {
            for public in ["absent", "D", "amd64", "other"] {
                for whose in [Whose::Ours, Whose::Unknown] {
                    for is_floating in [false, true] {
                        let seen = Seen { is_floating, ..world.seen(upload, known, public) };
                        let expected = match (upload, public, known, whose, is_floating) {
                            ("other", ..) => "in use",
                            ("absent", "absent", Some(_), Whose::Unknown, _) => "known",
                            ("absent", "absent", ..) => "upload",
                            ("absent", ..) => "used in public",
                            ("D", "D", _, Whose::Unknown, true) => "nothing",
                            ("D", _, _, Whose::Unknown, _) => "not ours",
                            ("D", "absent" | "amd64", ..) => "certify",
                            ("D", "D", ..) => "move",
                            _ => "serves another",
                        };
                        let row = (upload, known, public, whose, is_floating);
                        assert_eq!(name(decide(&seen, whose, false)), expected, "{row:?}");
                        let strictly = if upload == "D" { "not resumed" } else { expected };
                        assert_eq!(name(decide(&seen, whose, true)), strictly, "{row:?}, no resume");
                    }
                }
            }
        }
    }
}

// 19.7
#[test]
fn a_number_that_is_another_image_is_never_used_and_the_next_one_is_named() {
    let world = World::new();
    let refused = decide(&world.seen("other", None, "absent"), Whose::Ours, false).unwrap_err();
    assert!(refused.to_string().contains("7.6.1-2 is another image at quay.io"), "{refused}");
    assert!(refused.advice().is_some_and(|advice| advice.contains("7.6.1-3")));
    assert_eq!(refused.class(), Class::Denied);
}

// 19.8
#[test]
fn an_image_under_its_own_tag_that_nobody_vouches_for_is_left_alone() {
    let world = World::new();
    let seen = world.seen("D", Some("amd64"), "absent");
    let nobody = Whose::of(&Story::default(), &world.digest, false, false);
    let refused = decide(&seen, nobody, false).unwrap_err();
    assert_eq!(refused, Refused::NotOurs { tag: world.tag.clone(), place: UPLOAD.into() });
    assert!(refused.advice().is_some_and(|advice| advice.contains("--adopt")));
    let unique = Whose::of(&Story::default(), &world.digest, true, false);
    assert_eq!(name(decide(&seen, unique, true)), "not resumed");
}

// 19.9
#[test]
fn an_image_under_its_own_tag_is_gone_on_with_where_somebody_vouches_for_it() {
    let world = World::new();
    let adopted = Whose::of(&Story::default(), &world.digest, false, true);
    assert_eq!(decide(&world.seen("D", Some("amd64"), "absent"), adopted, false), Ok(Step::Certify));
}

// 19.10, 19.11
#[test]
fn an_image_that_is_known_already_is_refused_by_its_name_and_so_is_one_child() {
    let world = World::new();
    let refused = decide(&world.seen("absent", Some("linux/arm64"), "absent"), Whose::Unknown, false);
    let expected = Refused::Known {
        what: "the image for linux/arm64".to_owned(),
        digest: digest("linux/arm64"),
        place: UPLOAD.into(),
    };
    assert_eq!(refused, Err(expected));
    // A push that was cut off leaves children; they are ours.
    assert_eq!(decide(&world.seen("absent", Some("arm64"), "absent"), Whose::Ours, false), Ok(Step::Upload));
}

// 19.16
#[test]
fn a_number_that_only_the_public_registry_has_is_refused_whoever_asks() {
    let world = World::new();
    for whose in [Whose::Ours, Whose::Unknown] {
        let refused = decide(&world.seen("absent", None, "D"), whose, false).unwrap_err();
        assert_eq!(refused, Refused::UsedInPublic { tag: world.tag.clone(), place: PUBLIC.into() });
    }
}

#[test]
fn a_journal_vouches_for_the_image_that_it_planned_and_for_no_other() {
    let mut story = Story::default();
    story.add(&Event::Planned(Plan::sample(digest("D"), "registry.example.com/a")));
    assert_eq!(Whose::of(&story, &digest("D"), false, false), Whose::Ours);
    assert_eq!(Whose::of(&story, &digest("amd64"), false, false), Whose::Unknown);
}
