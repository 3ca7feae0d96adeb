//! What the errors of the client come down to.
//!
//! Their own texts name their causes, which are shown apart, and may hold secrets: what a login program was told and
//! what it printed, the login of a proxy, lines of a key. So none of them is passed on unless its text is known.

use std::error::Error as StdError;
use std::sync::Arc;

use http::HeaderValue;
use kube::client::{AuthError, RustlsTlsError};
use kube::config::KubeconfigError;
use kube::{Client, Config, Error};
use secrecy::ExposeSecret as _;

use super::error::{Cause, Kind};
use super::refused::Refused;
use super::server::Server;
use crate::redact::Secret;

const NO_HEADER: &str =
    "the token of the kubeconfig holds what no header may hold, such as the end of a line";

/// The client of `server`, with a login that is had by running the kubeconfig's login program if it has one.
pub(super) fn prepare(config: Config, server: &Arc<Server>) -> Result<Client, Kind> {
    // The client panics at it.
    let is_header = |token: &Secret| HeaderValue::from_str(token.expose_secret()).is_ok();
    if !config.auth_info.token.as_ref().is_none_or(is_header) {
        return Err(Kind::Login(NO_HEADER.to_owned()));
    }
    Client::try_from(config).map_err(|error| kind_of(error, server))
}

/// What `error` of a client of `server` means.
pub(super) fn kind_of(error: Error, server: &Arc<Server>) -> Kind {
    match error {
        Error::Api(status) => Kind::Refused(Refused::of(status.code, &status)),
        Error::HyperError(error) => Kind::unanswered(server, error),
        Error::ReadEvents(error) => Kind::unanswered(server, error),
        Error::Service(error) => of_the_way(error, server),
        Error::Auth(error) => login(&error, server),
        Error::SerdeError(error) => Kind::Answer(error.to_string()),
        Error::FromUtf8(_) => Kind::Answer("it is not UTF-8".to_owned()),
        Error::InferKubeconfig(error) => Kind::Setup(of_kubeconfig(error)),
        Error::RustlsTls(error) => Kind::Setup(tls(&error).into()),
        Error::ProxyProtocolUnsupported { proxy_url } | Error::ProxyProtocolDisabled { proxy_url, .. } => {
            Kind::Setup(proxy(&proxy_url).into())
        }
        Error::HttpError(error) => Kind::Setup(error.into()),
        Error::BuildRequest(error) => Kind::Setup(error.to_string().into()),
        _ => Kind::Setup("the client cannot be used with this kubeconfig".into()),
    }
}

/// What went wrong on the way to the API server: a login that is to be renewed is renewed there.
fn of_the_way(error: Cause, server: &Arc<Server>) -> Kind {
    let mut cause: Option<&(dyn StdError + 'static)> = Some(&*error);
    while let Some(error) = cause {
        if let Some(error) = error.downcast_ref::<AuthError>() {
            return login(error, server);
        }
        cause = error.source();
    }
    Kind::unanswered(server, error)
}

fn login(error: &AuthError, server: &Arc<Server>) -> Kind {
    let said = match error {
        AuthError::AuthExecRun { out, .. } => {
            return Kind::Program(format!("the login program of the kubeconfig ended with {}", out.status));
        }
        AuthError::AuthExecStart(error) => {
            let name = server.program.as_ref().map(|name| format!(" `{name}`")).unwrap_or_default();
            return Kind::Program(format!(
                "the login program{name} of the kubeconfig could not be started: {error}"
            ));
        }
        AuthError::AuthExecParse(_)
        | AuthError::ExecPluginFailed
        | AuthError::AuthExec(_)
        | AuthError::ParseTokenKey(_)
        | AuthError::MalformedTokenExpirationDate(_)
        | AuthError::UnrefreshableTokenResponse => {
            return Kind::Program("the login program of the kubeconfig gave no login".to_owned());
        }
        AuthError::MissingCommand => "the kubeconfig names no login program".to_owned(),
        AuthError::ReadTokenFile(error, path) => {
            format!("reading the token in `{}`: {error}", path.display())
        }
        AuthError::InvalidBearerToken(_) | AuthError::InvalidBasicAuth(_) => NO_HEADER.to_owned(),
        _ => "the login of the kubeconfig is of no use".to_owned(),
    };
    Kind::Login(said)
}

fn tls(error: &RustlsTlsError) -> String {
    match error {
        // Its text shows a line of the key.
        RustlsTlsError::InvalidIdentityPem(_) => {
            "the client certificate of the kubeconfig, or its key, is no PEM".to_owned()
        }
        error => error.to_string(),
    }
}

fn proxy(url: &http::Uri) -> String {
    let host = url.authority().map_or("", |authority| authority.as_str().rsplit('@').next().unwrap_or(""));
    format!(
        "the cluster is to be reached by the proxy `{host}` (`proxy-url` of the kubeconfig, or HTTPS_PROXY), and \
         proxies to a cluster are not supported"
    )
}

/// The error without the lines of the file that it would show: a token may stand in them.
pub(super) fn of_kubeconfig(error: KubeconfigError) -> Cause {
    match error {
        KubeconfigError::ReadConfig(error, _) => error.into(),
        KubeconfigError::Parse(error) => {
            let place = error.location().map(|at| format!("line {}: ", at.line())).unwrap_or_default();
            format!("{place}this is no kubeconfig").into()
        }
        error => error.to_string().into(),
    }
}
