//! How a bucket is reached, and the clients that are made of it.

use std::fs;
use std::path::{Path, PathBuf};
use std::str::FromStr as _;
use std::time::Duration;

use http::HeaderValue;
use object_store::aws::{AmazonS3, AmazonS3Builder, AmazonS3ConfigKey};
use object_store::client::{HttpClient, HttpConnector as _};
use object_store::{BackoffConfig, Certificate, ClientOptions, RetryConfig};
use secrecy::ExposeSecret as _;
use url::{Host, Url};

use super::wire::Connector;
use crate::model::Key;
use crate::objects::ErrorKind;
use crate::redact::{Echo, Secret};

const CONNECT: Duration = Duration::from_secs(10);

/// How a bucket is reached.
#[derive(Debug, Clone)]
pub struct BucketSettings {
    /// Its name.
    pub bucket: String,
    /// The folder of it below which everything is.
    pub prefix: Option<Key>,
    /// What is told in variables named `AWS_…`: the endpoint, the region, the login. Names that mean nothing here are
    /// left alone, as such variables are made for other programs too.
    pub options: Vec<(String, Secret)>,
    /// CA certificates in PEM that are trusted besides the platform's.
    pub ca_files: Vec<PathBuf>,
    /// How we introduce ourselves.
    pub user_agent: String,
    /// Whether logins and bytes may go to other machines in the clear. To this machine they always may.
    pub is_plain_http_allowed: bool,
    /// How many times a request is tried, the first time included.
    pub attempts: u32,
    /// The longest waits before the second try and before any; between them it doubles.
    pub waits: (Duration, Duration),
    /// How long one request may take.
    pub timeout: Duration,
}

/// What it takes to speak with a bucket.
pub(super) struct Opened {
    pub(super) s3: AmazonS3,
    /// For requests that `s3` cannot make.
    pub(super) client: HttpClient,
    pub(super) region: String,
    /// Where its server is; empty: where the region says.
    pub(super) endpoint: String,
    pub(super) echo: Echo,
}

impl BucketSettings {
    /// The settings that fit most: five tries, half a second to half a minute apart.
    #[must_use]
    pub fn new(bucket: String, prefix: Option<Key>) -> Self {
        Self {
            bucket,
            prefix,
            options: Vec::new(),
            ca_files: Vec::new(),
            user_agent: concat!("image-mirror/", env!("CARGO_PKG_VERSION")).to_owned(),
            is_plain_http_allowed: false,
            attempts: 5,
            waits: (Duration::from_millis(500), Duration::from_secs(30)),
            timeout: Duration::from_mins(5),
        }
    }

    pub(super) fn open(&self, connector: &Connector) -> Result<Opened, ErrorKind> {
        let (mut builder, mut options) = (AmazonS3Builder::new(), self.client_options()?);
        for (name, value) in &self.options {
            match AmazonS3ConfigKey::from_str(&name.to_ascii_lowercase()) {
                Ok(AmazonS3ConfigKey::Client(key)) => {
                    options = options.with_config(key, value.expose_secret());
                }
                Ok(key) => builder = builder.with_config(key, value.expose_secret()),
                Err(_) => {}
            }
        }
        let is_local = self.check_endpoints(&builder)?;
        let endpoint = endpoints(&builder).next().unwrap_or_default();
        let options = options.with_allow_http(is_local || self.is_plain_http_allowed);
        let region = builder.get_config_value(&AmazonS3ConfigKey::Region);
        let s3 = builder
            .with_bucket_name(&self.bucket)
            .with_disable_bulk_delete(true)
            .with_retry(self.retry())
            .with_client_options(options.clone())
            .with_http_connector(connector.clone())
            .build();
        let client = connector.connect(&options);
        let echo = self.echo();
        // Values of options may be in these texts.
        let told = |error: object_store::Error| ErrorKind::Settings(echo.strike(&error.to_string()));
        let (s3, client) = (s3.map_err(told)?, client.map_err(told)?);
        Ok(Opened { s3, client, region: region.unwrap_or_else(|| "us-east-1".to_owned()), endpoint, echo })
    }

    pub(super) fn retry(&self) -> RetryConfig {
        let (init_backoff, max_backoff) = self.waits;
        RetryConfig {
            backoff: BackoffConfig { init_backoff, max_backoff, base: 2.0 },
            max_retries: self.attempts.saturating_sub(1) as usize,
            retry_timeout: self.timeout,
        }
    }

    /// Whether the bucket is on this machine, and may so be spoken to in the clear.
    fn check_endpoints(&self, builder: &AmazonS3Builder) -> Result<bool, ErrorKind> {
        let mut is_local = false;
        for endpoint in endpoints(builder) {
            let url = Url::parse(&endpoint).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
            let Some(url) = url.filter(|url| url.username().is_empty() && url.password().is_none()) else {
                return Err(ErrorKind::Settings(
                    "the endpoint of the bucket is no http(s) URL without a login".to_owned(),
                ));
            };
            if url.scheme() == "https" {
                continue;
            }
            is_local |= is_loopback(&url);
            if !is_loopback(&url) && !self.is_plain_http_allowed {
                let host = url.host_str().unwrap_or_default();
                return Err(ErrorKind::Settings(format!(
                    "the endpoint of the bucket is http://{host}: plain http is for this machine only"
                )));
            }
        }
        Ok(is_local)
    }

    fn client_options(&self) -> Result<ClientOptions, ErrorKind> {
        let agent = HeaderValue::from_str(&self.user_agent)
            .map_err(|_| ErrorKind::Settings("the user agent is no text for a header".to_owned()))?;
        let mut options = ClientOptions::new()
            .with_user_agent(agent)
            .with_connect_timeout(CONNECT)
            .with_timeout(self.timeout);
        for path in &self.ca_files {
            for certificate in certificates(path)? {
                options = options.with_root_certificate(certificate);
            }
        }
        if rustls_native_certs::load_native_certs().certs.is_empty() {
            options = options.with_no_system_certificates(true);
            for root in webpki_root_certs::TLS_SERVER_ROOT_CERTS {
                options = options.with_root_certificate(
                    Certificate::from_der(root).map_err(|error| ErrorKind::Settings(error.to_string()))?,
                );
            }
        }
        Ok(options)
    }

    /// What is struck out of whatever the store says.
    fn echo(&self) -> Echo {
        let is_secret = |name: &str| {
            let name = name.to_ascii_uppercase();
            ["KEY", "SECRET", "TOKEN"].iter().any(|word| name.contains(word))
        };
        let secrets = self.options.iter().filter(|(name, _)| is_secret(name));
        Echo::of(secrets.map(|(_, value)| value.expose_secret()))
    }
}

fn endpoints(builder: &AmazonS3Builder) -> impl Iterator<Item = String> {
    let keys = [AmazonS3ConfigKey::Endpoint, AmazonS3ConfigKey::S3Endpoint];
    keys.into_iter().filter_map(|key| builder.get_config_value(&key))
}

fn certificates(path: &Path) -> Result<Vec<Certificate>, ErrorKind> {
    let unfit = |why: String| ErrorKind::Settings(format!("the CA file {}: {why}", path.display()));
    let pem = fs::read(path).map_err(|error| unfit(error.to_string()))?;
    let found = Certificate::from_pem_bundle(&pem).map_err(|error| unfit(error.to_string()))?;
    if found.is_empty() { Err(unfit("there is no certificate in it".to_owned())) } else { Ok(found) }
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open(options: &[(&str, &str)], is_plain_http_allowed: bool) -> Result<Opened, String> {
        let options = options.iter().map(|(name, value)| ((*name).to_owned(), (*value).into())).collect();
        let settings =
            BucketSettings { options, is_plain_http_allowed, ..BucketSettings::new("b".to_owned(), None) };
        settings.open(&Connector::default()).map_err(|kind| kind.to_string())
    }

    #[test]
    fn plain_http_is_for_this_machine_unless_it_was_allowed() {
        for local in ["http://127.0.0.1:9000", "http://localhost:1", "http://[::1]:9000"] {
            assert!(open(&[("AWS_ENDPOINT_URL", local)], false).is_ok(), "{local}");
        }
        let away = [("AWS_ENDPOINT_URL", "http://minio.example:9000")];
        let refused = open(&away, false).err().unwrap();
        assert!(refused.contains("http://minio.example"), "{refused}");
        assert!(open(&[("AWS_ENDPOINT_URL_S3", "http://minio.example")], false).is_err());
        assert!(open(&away, true).is_ok());
        assert!(open(&[("AWS_ENDPOINT_URL", "https://minio.example")], false).is_ok());
        for odd in ["minio.example:9000", "ftp://localhost", "https://me:secret@minio.example"] {
            let refused = open(&[("AWS_ENDPOINT_URL", odd)], true).err().unwrap();
            assert!(!refused.contains("secret"), "{refused}");
        }
    }

    #[test]
    fn variables_of_other_programs_are_left_alone_and_those_that_are_ours_are_heard() {
        let opened = open(&[("AWS_PAGER", "less"), ("AWS_REGION", "eu-central-1")], false).unwrap();
        assert_eq!(opened.region, "eu-central-1");
        assert_eq!(open(&[], false).unwrap().region, "us-east-1");
        assert!(open(&[("AWS_ACCESS_KEY_ID", "only half of a login")], false).is_err());
    }

    #[test]
    fn a_ca_file_without_a_certificate_is_refused() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let ca_files = vec![file.path().to_path_buf()];
        let settings = BucketSettings { ca_files, ..BucketSettings::new("b".to_owned(), None) };
        let refused = settings.open(&Connector::default()).err().unwrap().to_string();
        assert!(refused.contains("no certificate"), "{refused}");
    }
}
