//! One entry: a key, where it stands, and how its login is had.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::sync::OnceCell;

use super::error::{CredentialError, ProgramFault};
use super::key::Key;
use super::login::{Fault, Login};
use super::{ClusterRegistry, program};
use crate::error::LoginName;
use crate::model::Host;
use crate::redact::Secret;

/// The user name that goes with a service-account token; the registry looks at the token alone.
const SERVICE_ACCOUNT_USER: &str = "serviceaccount";

/// A login and what it is for. Entries are compared by [`Entry::id`].
#[derive(Debug)]
pub(crate) struct Entry {
    key: Key,
    /// Where it stands, in words: the same text, the same login.
    id: Arc<str>,
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    Ready(Arc<Login>),
    Broken(Fault),
    Program(Program),
    ServiceAccount(PathBuf),
}

#[derive(Debug)]
struct Program {
    name: Arc<str>,
    server: String,
    /// The host was not named in the file: without a login it is read anonymously.
    is_optional: bool,
    answer: OnceCell<Result<Option<Arc<Login>>, CredentialError>>,
}

impl Entry {
    pub(super) fn ready(key: Key, id: Arc<str>, login: Login) -> Self {
        Self { key, id, kind: Kind::Ready(Arc::new(login)) }
    }

    pub(super) fn broken(key: Key, id: Arc<str>, fault: Fault) -> Self {
        Self { key, id, kind: Kind::Broken(fault) }
    }

    /// The login that `docker-credential-NAME` has for the key.
    pub(super) fn program(key: Key, id: Arc<str>, name: &str) -> Self {
        let server = key.server();
        Self::asking(key, id, name, (server, false))
    }

    /// What `credsStore` has for a host that the file does not name.
    pub(super) fn of_store(file: &Path, name: &str, host: &Host) -> Self {
        let key = Key::host(host);
        let id = format!("`credsStore` of {} for `{host}`", file.display());
        let server = key.server();
        Self::asking(key, id.into(), name, (server, true))
    }

    fn asking(key: Key, id: Arc<str>, name: &str, (server, is_optional): (String, bool)) -> Self {
        if !program::is_name(name) {
            return Self::broken(key, id, Fault::ProgramName);
        }
        let program = Program { name: name.into(), server, is_optional, answer: OnceCell::new() };
        Self { key, id, kind: Kind::Program(program) }
    }

    pub(super) fn service_account(cluster: &ClusterRegistry) -> Self {
        let id = format!("the service-account token {}", cluster.token.display());
        let kind = Kind::ServiceAccount(cluster.token.clone());
        Self { key: Key::host(&cluster.host), id: id.into(), kind }
    }

    pub(super) fn key(&self) -> &Key {
        &self.key
    }

    /// What makes two entries the same login.
    pub(crate) fn id(&self) -> &Arc<str> {
        &self.id
    }

    /// How it may be named: whose it is, as far as that is known by now, and where it stands.
    pub(crate) fn name(&self) -> LoginName {
        let user = match &self.kind {
            Kind::Ready(login) => login.user(),
            Kind::Program(Program { answer, .. }) => match answer.get() {
                Some(Ok(Some(login))) => login.user(),
                _ => None,
            },
            Kind::Broken(_) | Kind::ServiceAccount(_) => None,
        };
        LoginName { user: user.map(Arc::from), place: Arc::clone(&self.id) }
    }

    /// Why it is of no use, as far as can be seen without asking anybody.
    pub(super) fn fault(&self) -> Option<String> {
        match &self.kind {
            Kind::Broken(fault) => Some(format!("is broken: it {fault}")),
            Kind::Ready(login) => login.expired().map(|at| format!("expired at {at}")),
            Kind::Program(_) | Kind::ServiceAccount(_) => None,
        }
    }

    /// The token that goes to the registry as it is, if the login is one.
    pub(crate) fn bearer(&self) -> Option<&Secret> {
        match &self.kind {
            Kind::Ready(login) => match &**login {
                Login::Bearer { token } => Some(token),
                _ => None,
            },
            _ => None,
        }
    }

    /// The login; None: a store that was asked for a host that it does not know. Programs run
    /// once a run, and only when this is called.
    pub(crate) async fn login(&self) -> Result<Option<Arc<Login>>, CredentialError> {
        match &self.kind {
            Kind::Ready(login) => Ok(Some(Arc::clone(login))),
            Kind::Broken(fault) => {
                Err(CredentialError::Broken { entry: Arc::clone(&self.id), fault: *fault })
            }
            Kind::Program(program) => program.answer.get_or_init(|| self.run(program)).await.clone(),
            Kind::ServiceAccount(path) => self.read_token(path).await.map(Some),
        }
    }

    async fn run(&self, program: &Program) -> Result<Option<Arc<Login>>, CredentialError> {
        match program::ask(&program.name, &program.server).await {
            Ok(login) => Ok(login.map(Arc::new)),
            Err(what) if program.is_optional => {
                tracing::warn!(program = %program.name, %what, "no login from {}; reading without one", self.id);
                Ok(None)
            }
            Err(what) => Err(self.program_failed(program, what)),
        }
    }

    fn program_failed(&self, program: &Program, what: ProgramFault) -> CredentialError {
        CredentialError::Program { entry: Arc::clone(&self.id), name: Arc::clone(&program.name), what }
    }

    async fn read_token(&self, path: &Path) -> Result<Arc<Login>, CredentialError> {
        let text = tokio::fs::read_to_string(path).await.map_err(|error| {
            CredentialError::ServiceAccount { entry: Arc::clone(&self.id), source: Arc::new(error) }
        })?;
        let password = text.trim().to_owned().into();
        Ok(Arc::new(Login::Password { user: SERVICE_ACCOUNT_USER.to_owned(), password }))
    }
}

/// Where the login comes from and whose it is, for messages.
impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.name().fmt(f)
    }
}
