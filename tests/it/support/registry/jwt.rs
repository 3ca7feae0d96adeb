//! Tokens that Distribution accepts: a JWT signed with ES256, its certificate in the header (`x5c`).

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::json;

use super::access::Scope;

/// The issuer that the tokens name.
pub const ISSUER: &str = "token-server-of-the-tests";

#[derive(Debug)]
pub(super) struct SigningKey {
    pem: String,
    der: String,
    key: EcdsaKeyPair,
    issued: AtomicU64,
}

impl SigningKey {
    pub(super) fn generate() -> Self {
        let key = rcgen::KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256).expect("a key");
        let parameters = rcgen::CertificateParams::new([ISSUER.to_owned()]).expect("a name");
        let certificate = parameters.self_signed(&key).expect("a certificate");
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &key.serialize_der());
        Self {
            pem: certificate.pem(),
            der: STANDARD.encode(certificate.der()),
            key: pair.expect("its own key"),
            issued: AtomicU64::new(0),
        }
    }

    pub(super) fn certificate(&self) -> &str {
        &self.pem
    }

    pub(super) fn token(&self, account: &str, service: &str, scopes: &[Scope], lifetime: Duration) -> String {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs();
        let access = scopes
            .iter()
            .map(|scope| json!({"type": scope.kind, "name": scope.name, "actions": scope.actions}));
        let header = json!({"typ": "JWT", "alg": "ES256", "x5c": [self.der]});
        let claims = json!({
            "iss": ISSUER, "sub": account, "aud": service,
            "iat": now, "nbf": now, "exp": now + lifetime.as_secs(),
            "jti": self.issued.fetch_add(1, Ordering::SeqCst).to_string(),
            "access": access.collect::<Vec<_>>(),
        });
        let encode = |value: serde_json::Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", encode(header), encode(claims));
        let signature = self.key.sign(&SystemRandom::new(), signed.as_bytes()).expect("signing");
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
    }
}
