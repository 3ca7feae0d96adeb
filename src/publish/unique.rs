//! Makes an image one that the catalog does not know, without building it anew.
//!
//! The catalog knows images by the digest of each platform's manifest, and what it has published it never changes: the same bits
//! cannot be published twice. So the config of each platform gets one entry of its history more, that says for which release it
//! was made. The layers and `created` stay what they are, and all else in the documents is as it was, to the letter.
//!
//! What comes of it depends on nothing but the image and the tag: made again, it is the same.

use bytes::Bytes;
use serde::Serialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::object::Object;
use super::{Child, Fault, Image};
use crate::model::{Descriptor, Digest, Manifest, Tag};

/// `image` as it is published as `tag`.
///
/// # Errors
/// `Unsuitable` when its documents are not what such documents are like.
pub fn unique(image: &Image, tag: &Tag) -> Result<Image, Fault> {
    make(image, tag).map_err(|error| {
        Fault::unsuitable(
            format!("{} cannot be made unique: {error}", image.digest()),
            "build the image once more, or publish it as it is",
        )
    })
}

fn make(image: &Image, tag: &Tag) -> Result<Image, serde_json::Error> {
    let children: Vec<_> =
        image.children.iter().map(|child| of_child(child, tag)).collect::<Result<_, _>>()?;
    let manifest = match children.first() {
        Some(only) if !image.has_index() => only.manifest.clone(),
        _ => of_index(&image.manifest, &image.children, &children)?,
    };
    Ok(Image { manifest, children })
}

fn of_child(child: &Child, tag: &Tag) -> Result<Child, serde_json::Error> {
    let config_bytes = of_config(&child.config_bytes, child.layers.len(), tag)?;
    let (digest, size) = (Digest::of(&config_bytes), config_bytes.len() as u64);
    let mut manifest: Object = serde_json::from_slice(&child.manifest.bytes)?;
    let mut named: Object = manifest.field("config")?.unwrap_or_default();
    rename(&mut named, &digest, size)?;
    manifest.set("config", &named)?;
    let manifest = Manifest::new(Some(&child.manifest.media_type), bytes(&manifest)?);
    let config = Descriptor { digest, size, urls: Vec::new(), ..child.config.clone() };
    Ok(Child {
        manifest,
        config,
        config_bytes,
        platform: child.platform.clone(),
        layers: child.layers.clone(),
    })
}

/// The config with one entry of its history more, which made no layer.
///
/// Where a config has a history, tools hold the number of its entries that made a layer against the number of layers, and refuse
/// the image where they differ. One that has none gets an empty entry for each layer before ours.
fn of_config(config: &[u8], layers: usize, tag: &Tag) -> Result<Bytes, serde_json::Error> {
    let mut config: Object = serde_json::from_slice(config)?;
    let history: Option<Option<Vec<Box<RawValue>>>> = config.field("history")?;
    let mut history = history.flatten().unwrap_or_default();
    if history.is_empty() {
        history =
            (0..layers).map(|_| serde_json::value::to_raw_value(&json!({}))).collect::<Result<_, _>>()?;
    }
    history.push(serde_json::value::to_raw_value(&entry(tag))?);
    config.set("history", &history)?;
    bytes(&config)
}

fn entry(tag: &Tag) -> Value {
    json!({"created_by": format!("rhcc rebuild {tag}"), "empty_layer": true})
}

/// The index with the new children in the places of the old.
fn of_index(index: &Manifest, old: &[Child], new: &[Child]) -> Result<Manifest, serde_json::Error> {
    let mut index_object: Object = serde_json::from_slice(&index.bytes)?;
    let mut entries: Vec<Object> = index_object.field("manifests")?.unwrap_or_default();
    for entry in &mut entries {
        let named: Option<Digest> = entry.field("digest")?;
        let made = old.iter().zip(new).find(|(old, _)| Some(&old.manifest.digest) == named.as_ref());
        if let Some((_, Child { manifest, .. })) = made {
            rename(entry, &manifest.digest, manifest.bytes.len() as u64)?;
        }
    }
    index_object.set("manifests", &entries)?;
    Ok(Manifest::new(Some(&index.media_type), bytes(&index_object)?))
}

/// Makes a descriptor name something else. What it says of where the old content can be had, or that it is this, is wrong then.
fn rename(descriptor: &mut Object, digest: &Digest, size: u64) -> Result<(), serde_json::Error> {
    descriptor.set("digest", digest)?;
    descriptor.set("size", &size)?;
    descriptor.remove("data");
    descriptor.remove("urls");
    Ok(())
}

fn bytes(value: &impl Serialize) -> Result<Bytes, serde_json::Error> {
    serde_json::to_vec(value).map(Bytes::from)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::publish::image::sample::{child, index};

    const CONFIG: &str = r#"{"architecture":"amd64", "x":1.50,"created":"2026-01-01T00:00:00Z",
        "history":[{"created_by":"one"},{"created_by":"two","empty_layer":true}],"rootfs":{"diff_ids":[ "a" ]}}"#;

    fn tag(text: &str) -> Tag {
        Tag::parse(text).unwrap()
    }

    fn image() -> Image {
        index(vec![child("amd64", CONFIG, &["l1"]), child("arm64", CONFIG, &["l1", "l2"])])
    }

    fn json(bytes: &[u8]) -> Value {
        serde_json::from_slice(bytes).unwrap()
    }

    #[test]
    fn the_same_image_and_tag_make_the_same() {
        // 19.28
        let one = unique(&image(), &tag("7.6.1-2")).unwrap();
        assert_eq!(unique(&image(), &tag("7.6.1-2")).unwrap(), one);
        assert_ne!(one.digest(), image().digest());
        // What it comes to stays the same over versions of the program, or a run could not go on with what another began.
        insta::assert_snapshot!(one.digest(), @"sha256:69e0394a1cd0e6670005dcc0590ce4022e1a79010f87ffa941a8e6b6756c3a7f");
    }

    #[test]
    fn another_number_makes_other_children_with_the_same_layers() {
        // 19.29
        let (two, three) =
            (unique(&image(), &tag("7.6.1-2")).unwrap(), unique(&image(), &tag("7.6.1-3")).unwrap());
        assert_ne!(two.digest(), three.digest());
        for (two, three) in two.children.iter().zip(&three.children) {
            assert_ne!(two.manifest.digest, three.manifest.digest);
            assert_eq!(two.layers, three.layers);
            assert_eq!(json(&two.manifest.bytes)["layers"], json(&three.manifest.bytes)["layers"]);
        }
    }

    #[test]
    fn a_config_gains_one_entry_that_made_no_layer_and_nothing_else() {
        // 19.30
        let made = unique(&image(), &tag("7.6.1-2")).unwrap();
        let text = std::str::from_utf8(&made.children[0].config_bytes).unwrap();
        assert_eq!(
            text,
            r#"{"architecture":"amd64","x":1.50,"created":"2026-01-01T00:00:00Z","history":[{"created_by":"one"},{"created_by":"two","empty_layer":true},{"created_by":"rhcc rebuild 7.6.1-2","empty_layer":true}],"rootfs":{"diff_ids":[ "a" ]}}"#
        );
        assert_eq!(made.children[1].layers, image().children[1].layers);
    }

    #[test]
    fn a_config_without_history_gets_one_that_fits_its_layers() {
        for without in [r#"{"os":"linux"}"#, r#"{"history":null}"#, r#"{"history":[]}"#] {
            let made = unique(&index(vec![child("amd64", without, &["l1", "l2"])]), &tag("1-1")).unwrap();
            let history = json(&made.children[0].config_bytes)["history"].clone();
            let history = history.as_array().unwrap();
            let made_layers = history.iter().filter(|entry| entry["empty_layer"] != true).count();
            assert_eq!((made_layers, history.len()), (2, 3), "{without}");
        }
    }

    #[test]
    fn an_image_without_index_stays_one() {
        let only = child("amd64", CONFIG, &["l1"]);
        let image = Image { manifest: only.manifest.clone(), children: vec![only] };
        let made = unique(&image, &tag("1-1")).unwrap();
        assert!(!made.has_index() && made.digest() != image.digest());
        assert_eq!(made.manifest, made.children[0].manifest);
    }

    #[test]
    fn what_a_descriptor_embeds_of_the_old_content_goes() {
        let changed = |manifest: &Manifest, change: fn(&mut Value)| {
            let mut value = json(&manifest.bytes);
            change(&mut value);
            Manifest::new(Some(&manifest.media_type), value.to_string().into())
        };
        let mut only = child("amd64", CONFIG, &["l1"]);
        only.manifest = changed(&only.manifest, |manifest| manifest["config"]["data"] = "e30=".into());
        let mut image = index(vec![only]);
        image.manifest = changed(&image.manifest, |index| index["manifests"][0]["data"] = "e30=".into());
        let made = unique(&image, &tag("1-1")).unwrap();
        for (manifest, field) in [(&made.children[0].manifest, "/config"), (&made.manifest, "/manifests/0")] {
            let value = json(&manifest.bytes);
            let descriptor = value.pointer(field).unwrap();
            assert!(descriptor.get("data").is_none() && descriptor["mediaType"].is_string(), "{descriptor}");
        }
    }

    #[test]
    fn documents_that_no_two_readers_read_alike_are_refused() {
        for odd in ["[]", "no JSON", r#"{"history":{}}"#, r#"{"os":"a","os":"b"}"#] {
            let made = unique(&index(vec![child("amd64", odd, &["l1"])]), &tag("1-1"));
            assert!(matches!(made, Err(Fault::Unsuitable { .. })), "{odd}: {made:?}");
        }
    }

    fn any_json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            ".{0,8}".prop_map(Value::from),
        ];
        leaf.prop_recursive(3, 16, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::btree_map(".{0,6}", inner, 0..4)
                    .prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }

    proptest! {
        // 19.30
        #[test]
        fn all_else_stays_and_everything_is_named_rightly(
            fields in prop::collection::btree_map("[a-gi-z]{1,8}", any_json(), 0..6),
            steps in prop::collection::vec(any_json(), 1..4),
            layers in prop::collection::vec("[a-z]{1,5}", 0..4),
            number in 1_u32..,
        ) {
            let mut config = Value::Object(fields.into_iter().collect());
            config["history"] = steps.clone().into();
            let layers: Vec<_> = layers.iter().map(String::as_str).collect();
            let image = index(vec![child("amd64", &config.to_string(), &layers), child("arm64", "{}", &layers)]);
            let made = unique(&image, &tag(&format!("7.6.1-{number}"))).unwrap();

            let mut after = json(&made.children[0].config_bytes);
            let history = after["history"].as_array_mut().unwrap();
            prop_assert_eq!(&history.pop().unwrap()["empty_layer"], true);
            prop_assert_eq!(&*history, &steps);
            prop_assert_eq!(after, config);
            named_rightly(&image, &made);
        }
    }

    /// Every descriptor names what is there, and but for what it names the documents are what they were.
    fn named_rightly(before: &Image, after: &Image) {
        let names = |named: &mut Value, bytes: &[u8]| {
            assert_eq!(named["digest"], Digest::of(bytes).as_str());
            assert_eq!(named["size"], bytes.len());
            named["digest"] = Value::Null;
            named["size"] = Value::Null;
        };
        let (mut old_index, mut new_index) = (json(&before.manifest.bytes), json(&after.manifest.bytes));
        assert_eq!(after.manifest.digest, Digest::of(&after.manifest.bytes));
        for (at, (old, new)) in before.children.iter().zip(&after.children).enumerate() {
            names(&mut old_index["manifests"][at], &old.manifest.bytes);
            names(&mut new_index["manifests"][at], &new.manifest.bytes);
            let (mut old_manifest, mut new_manifest) = (json(&old.manifest.bytes), json(&new.manifest.bytes));
            names(&mut old_manifest["config"], &old.config_bytes);
            names(&mut new_manifest["config"], &new.config_bytes);
            assert_eq!(old_manifest, new_manifest);
            assert_eq!(
                (&new.config.digest, new.config.size),
                (&Digest::of(&new.config_bytes), new.config_bytes.len() as u64)
            );
            assert_eq!((&new.platform, &new.layers), (&old.platform, &old.layers));
        }
        assert_eq!(old_index, new_index);
        assert_eq!(after.children.len(), before.children.len());
    }
}
