//! Runs credential programs (`docker-credential-NAME get`). It does not decide when.

use std::thread;
use std::time::Duration;

use docker_credential::{CredentialRetrievalError, DockerCredential};
use serde_json::json;
use tokio::sync::oneshot;

use super::error::ProgramFault;
use super::login::Login;

/// Programs of clouds ask a service over the network; none that works needs longer.
const PATIENCE: Duration = Duration::from_secs(30);

/// Whether `name` can be part of a command's name and of nothing else, such as a path.
pub(super) fn is_name(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'))
}

/// The login that the program has for `server`; None: it has none.
pub(super) async fn ask(name: &str, server: &str) -> Result<Option<Login>, ProgramFault> {
    let config = json!({ "credHelpers": { server: name } }).to_string();
    let server = server.to_owned();
    let (answer, answered) = oneshot::channel();
    // A thread of its own and not one of the runtime's: those are waited for at the end of the
    // run, so that a program that never ends would keep ours from ending.
    thread::Builder::new()
        .name("credentials".to_owned())
        .spawn(move || answer.send(docker_credential::get_credential_from_reader(config.as_bytes(), &server)))
        .map_err(|_| ProgramFault::Absent)?;
    match tokio::time::timeout(PATIENCE, answered).await {
        Ok(Ok(result)) => read(result),
        Ok(Err(_)) => Err(ProgramFault::Failed),
        Err(_) => Err(ProgramFault::Slow(PATIENCE)),
    }
}

/// The library's error is looked at and dropped: it holds what the program printed.
fn read(result: Result<DockerCredential, CredentialRetrievalError>) -> Result<Option<Login>, ProgramFault> {
    match result {
        Ok(DockerCredential::IdentityToken(token)) => {
            Ok(Some(Login::Identity { user: None, password: None, token: token.into() }))
        }
        Ok(DockerCredential::UsernamePassword(user, password)) if user.is_empty() && password.is_empty() => {
            Ok(None)
        }
        Ok(DockerCredential::UsernamePassword(user, password)) => Ok(Some(Login::pair(user, password))),
        // The sentence by which programs of docker say that they have nothing for the server.
        Err(CredentialRetrievalError::HelperFailure { stdout, .. })
            if stdout.contains("credentials not found in native keychain") =>
        {
            Ok(None)
        }
        Err(CredentialRetrievalError::HelperCommunicationError) => Err(ProgramFault::Absent),
        Err(CredentialRetrievalError::MalformedHelperResponse) => Err(ProgramFault::Answer),
        Err(_) => Err(ProgramFault::Failed),
    }
}
