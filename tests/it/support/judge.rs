//! oci-client as a second, independent client: fills registries, and judges what arrived.
//!
//! It shares no code with the program but the crate's name: the program takes models from it, not transport.

use oci_client::client::{ClientConfig, ClientProtocol};
use oci_client::secrets::RegistryAuth;
use oci_client::{Client, Reference, RegistryOperation};

use super::image::{Image, digest_like};

/// A client of one registry, with or without a login; plain HTTP.
pub struct Judge {
    host: String,
    login: RegistryAuth,
    client: Client,
}

impl Judge {
    /// Without a login; `host` is `127.0.0.1:PORT`, of a fake or a real registry.
    pub fn anonymous(host: &str) -> Self {
        let config = ClientConfig {
            protocol: ClientProtocol::Http,
            use_monolithic_push: true,
            ..ClientConfig::default()
        };
        Self { host: host.to_owned(), login: RegistryAuth::Anonymous, client: Client::new(config) }
    }

    /// With a login.
    pub fn login(host: &str, name: &str, password: &str) -> Self {
        Self { login: RegistryAuth::Basic(name.into(), password.into()), ..Self::anonymous(host) }
    }

    /// Sends a whole image: blobs, children by digest, then the manifest under its tag.
    pub async fn push(&self, repository: &str, tag: &str, image: &Image) {
        let target = Reference::with_tag(self.host.clone(), repository.to_owned(), tag.to_owned());
        self.client
            .auth(&target, &self.login, RegistryOperation::Push)
            .await
            .expect("the registry lets us in");
        for blob in image.tree_blobs() {
            let sent = self.client.push_blob(&target, blob.bytes.clone(), blob.digest.as_str()).await;
            sent.expect("the registry takes the blob");
        }
        for manifest in image.tree() {
            let content_type = manifest.media_type.parse().expect("a media type");
            let target =
                if manifest.digest == image.digest { &target } else { &self.by_digest(repository, manifest) };
            let sent = self.client.push_manifest_raw(target, manifest.bytes.clone(), content_type).await;
            sent.expect("the registry takes the manifest");
        }
    }

    /// Pulls the tag, all manifests below it and all blobs, and compares every byte with `image`.
    pub async fn assert_has(&self, repository: &str, tag: &str, image: &Image) {
        let target = Reference::with_tag(self.host.clone(), repository.to_owned(), tag.to_owned());
        assert_eq!(self.manifest(&target).await, image.bytes, "{target} is not the image");
        for manifest in image.tree() {
            let target = self.by_digest(repository, manifest);
            assert_eq!(self.manifest(&target).await, manifest.bytes, "{target} is another manifest");
        }
        for blob in image.tree_blobs() {
            let mut bytes = Vec::new();
            let pulled = self.client.pull_blob(&target, blob.digest.as_str(), &mut bytes).await;
            pulled.unwrap_or_else(|error| panic!("{target}: blob {}: {error}", blob.digest));
            assert_eq!(digest_like(&blob.digest, &bytes), blob.digest, "{target}: a blob has other bytes");
        }
    }

    /// What refers to `subject`, by the referrers API or its fallback tag, sorted.
    pub async fn referrers(&self, repository: &str, subject: &image_mirror::model::Digest) -> Vec<String> {
        let subject =
            Reference::with_digest(self.host.clone(), repository.to_owned(), subject.as_str().to_owned());
        self.client
            .auth(&subject, &self.login, RegistryOperation::Pull)
            .await
            .expect("the registry lets us in");
        let index = self.client.pull_referrers(&subject, None).await;
        let index = index.unwrap_or_else(|error| panic!("referrers of {subject}: {error}"));
        let mut digests: Vec<_> = index.manifests.into_iter().map(|entry| entry.digest).collect();
        digests.sort();
        digests
    }

    async fn manifest(&self, target: &Reference) -> bytes::Bytes {
        let accepted = &image_mirror::model::MANIFEST_MEDIA_TYPES;
        let pulled = self.client.pull_manifest_raw(target, &self.login, accepted).await;
        pulled.unwrap_or_else(|error| panic!("{target}: {error}")).0
    }

    fn by_digest(&self, repository: &str, image: &Image) -> Reference {
        Reference::with_digest(self.host.clone(), repository.to_owned(), image.digest.to_string())
    }
}
