//! An index over images for one architecture each: the same bytes for the same images.

use serde_json::{Value, json};

use crate::model::{Descriptor, Manifest, OCI_INDEX};
use crate::nightly::Arch;

/// The index over `images`, which stand in the order of their architectures.
pub(super) fn index<'a>(images: impl IntoIterator<Item = (Arch, &'a Descriptor)>) -> Manifest {
    let named = |(arch, image): (Arch, &Descriptor)| {
        json!({
            "mediaType": image.media_type,
            "digest": image.digest,
            "size": image.size,
            "platform": {"os": "linux", "architecture": arch.go()},
        })
    };
    let manifests: Vec<Value> = images.into_iter().map(named).collect();
    let index = json!({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": manifests});
    Manifest::new(Some(OCI_INDEX), index.to_string().into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Digest;

    #[test]
    fn an_index_names_linux_and_the_architecture_as_go_does() {
        // 18.108
        let image = Descriptor {
            media_type: "application/vnd.oci.image.manifest.v1+json".to_owned(),
            size: 7,
            ..Descriptor::of_digest(Digest::of(b"image"))
        };
        let made = index([(Arch::X86_64, &image)]);
        let expected = json!({
            "schemaVersion": 2, "mediaType": OCI_INDEX,
            "manifests": [{
                "mediaType": image.media_type, "digest": image.digest, "size": 7,
                "platform": {"os": "linux", "architecture": "amd64"},
            }],
        });
        assert_eq!(serde_json::from_slice::<Value>(&made.bytes).unwrap(), expected);
        assert_eq!(made.digest, Digest::of(expected.to_string().as_bytes()), "written in one way only");
    }
}
