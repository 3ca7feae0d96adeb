//! Where a registry's API is: a host becomes an address. Nothing is probed.

use url::Url;

use super::Options;
use super::error::{Error, Kind};
use crate::model::{Host, Repository};

/// The address of `host`'s API, ending in `/v2/`.
pub(super) fn base(options: &Options, host: &Host) -> Result<Url, Error> {
    let name = if host.is_docker_hub() { "registry-1.docker.io" } else { host.as_str() };
    let scheme = if speaks_plain_http(options, host) { "http" } else { "https" };
    Url::parse(&format!("{scheme}://{name}/v2/")).map_err(|_| {
        let kind = Kind::Answer(format!("`{host}` is no host that can be reached"));
        Error::new(format!("reading {host}"), Some(host), kind)
    })
}

/// The address of `path` below `repository`, such as `manifests/v1`.
pub(super) fn below(options: &Options, repository: &Repository, path: &str) -> Result<Url, Error> {
    let mut url = base(options, &repository.host)?;
    url.set_path(&format!("/v2/{}/{path}", repository.name));
    Ok(url)
}

fn speaks_plain_http(options: &Options, host: &Host) -> bool {
    options.plain_http.contains(host) || (host.is_loopback() && !options.tls.contains(host))
}

/// Whether two addresses are of one scheme, host and port, so that a credential for one is good for the other.
pub(super) fn same_origin(a: &Url, b: &Url) -> bool {
    a.scheme() == b.scheme()
        && a.host_str() == b.host_str()
        && a.port_or_known_default() == b.port_or_known_default()
}

/// Whether what is asked of `from` may go on at `next`: not out of http, not out of TLS, and not with a login that
/// somebody else made up.
pub(super) fn leads_on(from: &Url, next: &Url) -> bool {
    let is_downgrade = from.scheme() == "https" && next.scheme() != "https";
    let brings_login = !next.username().is_empty() || next.password().is_some();
    matches!(next.scheme(), "http" | "https") && !is_downgrade && !brings_login
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(options: &Options, host: &str) -> String {
        base(options, &Host::new(host)).unwrap().to_string()
    }

    #[test]
    fn only_loopback_and_named_hosts_are_spoken_to_in_plain_http() {
        let options = Options {
            plain_http: vec![Host::new("registry.local:5000")],
            tls: vec![Host::new("127.0.0.1:5443")],
            ..Options::default()
        };
        assert_eq!(address(&options, "docker.io"), "https://registry-1.docker.io/v2/");
        assert_eq!(address(&options, "localhost:5000"), "http://localhost:5000/v2/");
        assert_eq!(address(&options, "127.0.0.1:5443"), "https://127.0.0.1:5443/v2/");
        assert_eq!(address(&options, "registry.local:5000"), "http://registry.local:5000/v2/");
        assert_eq!(address(&options, "registry.local:5001"), "https://registry.local:5001/v2/");
        assert_eq!(address(&options, "localhost.example.com"), "https://localhost.example.com/v2/");
    }
}
