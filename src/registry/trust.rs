//! Whom TLS connections trust, and how we show who we are. Read once, for all clients.
//!
//! The CA certificates of the platform are several hundred files in some places; reading them for each client
//! took longer than a run with nothing to do.

use std::fs;
use std::path::Path;
use std::sync::{Arc, OnceLock};

use rustls::client::{ResolvesClientCert, Resumption};
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use rustls::{ClientConfig, RootCertStore, SignatureScheme};

use super::Options;
use super::error::Error;
use crate::error::Class;

/// The certificates of a run.
pub(super) struct Trust {
    provider: Arc<CryptoProvider>,
    extra: Vec<CertificateDer<'static>>,
    identity: Option<Identity>,
    /// Trusts nobody but those that were named.
    strict: ClientConfig,
    /// Trusts the platform too; made when the first host with TLS is met.
    usual: OnceLock<ClientConfig>,
}

/// Has no certificate to show.
#[derive(Debug)]
struct Nobody;

impl ResolvesClientCert for Nobody {
    fn resolve(&self, _: &[&[u8]], _: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        None
    }

    fn has_certs(&self) -> bool {
        false
    }
}

/// A certificate, with those that vouch for it, and its key.
type Identity = (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>);

impl Trust {
    /// Reads the certificates that were named, and sees that TLS can be spoken with them.
    ///
    /// # Errors
    /// A file that cannot be read, holds no certificate or no key, or one that TLS has no use for.
    pub(super) fn read(options: &Options) -> Result<Self, Error> {
        let mut extra = Vec::new();
        for path in &options.ca_files {
            extra.extend(certificates("CA file", path)?);
        }
        let (provider, identity) = (Arc::new(aws_lc_rs::default_provider()), identity(options)?);
        let strict =
            with(RootCertStore::empty(), &extra).and_then(|roots| build(&provider, identity.as_ref(), roots));
        let strict = strict.map_err(|error| setup(purpose(options), error))?;
        Ok(Self { provider, extra, identity, strict, usual: OnceLock::new() })
    }

    /// Trusts the platform's CAs, and those that were named.
    pub(super) fn usual(&self, protocols: &[&str]) -> ClientConfig {
        let config = self.usual.get_or_init(|| {
            let roots = with(platform(), &self.extra);
            let built = roots.and_then(|roots| build(&self.provider, self.identity.as_ref(), roots));
            // What was named is known to be usable, and of the platform's only what is was taken.
            built.unwrap_or_else(|_| self.strict.clone())
        });
        offering(config.clone(), protocols)
    }

    /// As that, without showing who we are: to hosts that others send us to. Sessions are not shared with those
    /// that we showed it to, for one that is taken up again is as good as the certificate.
    pub(super) fn nameless(&self, protocols: &[&str]) -> ClientConfig {
        let mut config = self.usual(protocols);
        config.client_auth_cert_resolver = Arc::new(Nobody);
        config.resumption = Resumption::default();
        config
    }

    /// For hosts without TLS, where reading the platform's certificates would be the longest part of a run.
    pub(super) fn strict(&self, protocols: &[&str]) -> ClientConfig {
        offering(self.strict.clone(), protocols)
    }
}

fn with(mut roots: RootCertStore, extra: &[CertificateDer<'static>]) -> Result<RootCertStore, rustls::Error> {
    for certificate in extra {
        roots.add(certificate.clone())?;
    }
    Ok(roots)
}

fn build(
    provider: &Arc<CryptoProvider>,
    identity: Option<&Identity>,
    roots: RootCertStore,
) -> Result<ClientConfig, rustls::Error> {
    let builder = ClientConfig::builder_with_provider(Arc::clone(provider));
    let builder = builder.with_safe_default_protocol_versions()?.with_root_certificates(roots);
    match identity {
        None => Ok(builder.with_no_client_auth()),
        Some((chain, key)) => builder.with_client_auth_cert(chain.clone(), key.clone_key()),
    }
}

fn offering(mut config: ClientConfig, protocols: &[&str]) -> ClientConfig {
    config.alpn_protocols = protocols.iter().map(|name| name.as_bytes().to_vec()).collect();
    config
}

/// The CA certificates of this machine; the built-in ones where it has none, as an image without a CA bundle.
fn platform() -> RootCertStore {
    let mut roots = RootCertStore::empty();
    let native = rustls_native_certs::load_native_certs().certs;
    if native.is_empty() {
        tracing::debug!("this machine has no CA certificates; the built-in ones are used");
        roots.add_parsable_certificates(webpki_root_certs::TLS_SERVER_ROOT_CERTS.iter().cloned());
    } else {
        roots.add_parsable_certificates(native);
    }
    roots
}

fn certificates(what: &str, path: &Path) -> Result<Vec<CertificateDer<'static>>, Error> {
    let operation = || format!("reading the {what} `{}`", path.display());
    let pem = fs::read(path).map_err(|error| setup(operation(), error))?;
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&pem).collect();
    let found = found.map_err(|error| setup(operation(), error))?;
    if found.is_empty() {
        return Err(setup(operation(), std::io::Error::other("the file holds no certificate in PEM form")));
    }
    Ok(found)
}

/// The certificate that we show and its key: one file for both, or a file each.
fn identity(options: &Options) -> Result<Option<Identity>, Error> {
    let Some(path) = &options.client_certificate else { return Ok(None) };
    let chain = certificates("client certificate", path)?;
    let key_path = options.client_key.as_ref().unwrap_or(path);
    let operation = || format!("reading the key of the client certificate `{}`", key_path.display());
    let key = fs::read(key_path).map_err(|error| setup(operation(), error))?;
    let key = PrivateKeyDer::from_pem_slice(&key).map_err(|error| setup(operation(), error))?;
    Ok(Some((chain, key)))
}

/// What TLS is prepared with.
fn purpose(options: &Options) -> String {
    let key = options.client_key.as_ref().or(options.client_certificate.as_ref());
    match (&options.client_certificate, key) {
        (Some(own), Some(key)) => {
            format!("preparing TLS with the certificate `{}` and the key `{}`", own.display(), key.display())
        }
        _ => "preparing TLS".to_owned(),
    }
}

fn setup(operation: impl Into<String>, error: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::local(operation, Class::Invalid, Box::new(error))
}
