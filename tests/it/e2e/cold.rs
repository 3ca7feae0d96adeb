//! What a run costs when everything is new.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::{Guarded, assert_all};
use crate::support::{Kind, Named, any, fleet, on};

const REPOSITORIES: usize = 12;

/// A hundred images as tags of a dozen repositories.
fn hundred() -> Vec<Named> {
    let mut images = fleet(100, 5);
    for (number, named) in images.iter_mut().enumerate() {
        named.repository = format!("org/app-{}", number % REPOSITORIES);
        named.tag = format!("v{number}");
    }
    images
}

/// What the fleet comes to: each once a registry, and once a repository.
struct Sum {
    manifests: usize,
    blobs: usize,
    bytes: u64,
    manifests_by_repository: usize,
    blobs_by_repository: usize,
}

fn sum(images: &[Named]) -> Sum {
    let of = |named: &Named| (named.repository.clone(), named.tag.clone());
    let trees =
        || images.iter().flat_map(|named| named.image.tree().into_iter().map(move |one| (of(named), one)));
    let blobs = || {
        images
            .iter()
            .flat_map(|named| named.image.tree_blobs().into_iter().map(move |blob| (of(named), blob)))
    };
    let unique: BTreeSet<_> =
        blobs().map(|(_, blob)| (blob.digest.clone(), blob.bytes.len() as u64)).collect();
    Sum {
        manifests: trees().map(|(_, one)| &one.digest).collect::<BTreeSet<_>>().len(),
        blobs: unique.len(),
        bytes: unique.iter().map(|(_, size)| size).sum(),
        manifests_by_repository: trees()
            .map(|((name, _), one)| (name, &one.digest))
            .collect::<BTreeSet<_>>()
            .len(),
        blobs_by_repository: blobs()
            .map(|((name, _), blob)| (name, &blob.digest))
            .collect::<BTreeSet<_>>()
            .len(),
    }
}

#[tokio::test]
async fn a_cold_copy_reads_everything_once_and_sends_no_request_more_than_it_needs() {
    let registries = Guarded::start().await;
    let images = hundred();
    let mut mapping = String::from("# owner: us\n");
    for Named { repository, tag, image } in &images {
        registries.source.put_image(repository, tag, image);
        let (from, to) = (registries.source.host(), registries.target.host());
        writeln!(mapping, "{from}/{repository}:{tag} {to}/mirror/{repository}:{tag}").unwrap();
    }
    let sum = sum(&images);
    let ran = registries.run(&["run", "mapping_x"], &mapping).run().await.exits(0);
    assert_all(&ran, 100, "copied");
    for Named { repository, tag, image } in &images {
        assert!(registries.target.holds(&format!("mirror/{repository}"), tag, image), "{repository}:{tag}");
    }
    registries.target.assert_tags_were_always_whole();

    let source = &registries.source;
    assert_eq!(source.count(Kind::GetManifest), sum.manifests);
    assert_eq!(source.count(Kind::GetBlob), sum.blobs);
    let bytes: u64 = source.requests_on(Kind::GetBlob).iter().map(|request| request.sent).sum();
    assert_eq!(bytes, sum.bytes);
    // A look a line, and the challenge.
    let rest = source.count(any()) - sum.manifests - sum.blobs;
    assert!(rest <= 100 + 1, "{rest} other requests at the source");

    let target = &registries.target;
    assert_eq!(target.count(Kind::PutBlob), sum.blobs, "each blob is sent once");
    assert_eq!(target.count(Kind::PutManifest), sum.manifests_by_repository, "one PUT a manifest and tag");
    let opened = target.count(on([Kind::PostUpload, Kind::PostMount]));
    let mounted = sum.blobs_by_repository - sum.blobs;
    // Two to learn the registry's ways, and answers of 401 that bring a challenge for a right to write.
    let refused = target.requests().iter().filter(|request| request.status == Some(401)).count();
    assert!(refused <= REPOSITORIES, "{refused} requests were refused for want of a token");
    assert!(opened <= sum.blobs + mounted + 2 + refused, "{opened} POSTs for {} + {mounted}", sum.blobs);
    let rest = target.count(any()) - opened - sum.blobs - sum.manifests_by_repository;
    assert!(rest <= 100 + 2, "{rest} other requests at the target");
    tell(&format!(
        "100 images in {REPOSITORIES} repositories, cold: source {} requests, target {} requests \
         ({refused} refused), {} + {} tokens, {bytes} bytes for {} unique blobs, {mounted} mounts",
        source.count(any()),
        target.count(any()),
        registries.source_tokens.count(),
        registries.target_tokens.count(),
        sum.blobs,
    ));
}

#[expect(clippy::print_stderr, reason = "a figure for the closing note of a change")]
fn tell(figure: &str) {
    eprintln!("{figure}");
}
