//! Who may do what: open, basic logins, or tokens.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::log::Kind;
use super::reply::Reply;
use super::serve::Call;
use super::token::TokenServer;

/// What an account may do with the repositories under a prefix.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    prefix: String,
    actions: Vec<String>,
}

impl Grant {
    /// Everything, everywhere.
    pub fn everything() -> Self {
        Self::of("", "pull,push,delete")
    }

    /// `pull` on the repository `prefix` and those below it; "" is all.
    pub fn pull(prefix: &str) -> Self {
        Self::of(prefix, "pull")
    }

    /// `pull` and `push` on the repository `prefix` and those below it; "" is all.
    pub fn push(prefix: &str) -> Self {
        Self::of(prefix, "pull,push")
    }

    fn of(prefix: &str, actions: &str) -> Self {
        Self { prefix: prefix.to_owned(), actions: actions.split(',').map(str::to_owned).collect() }
    }

    fn covers(&self, repository: &str) -> bool {
        let rest = repository.strip_prefix(self.prefix.as_str());
        rest.is_some_and(|rest| self.prefix.is_empty() || rest.is_empty() || rest.starts_with('/'))
    }

    fn allows(&self, repository: &str, action: &str) -> bool {
        self.covers(repository) && self.actions.iter().any(|allowed| allowed == action)
    }
}

/// A login and what it may do.
#[derive(Debug, Clone)]
pub(super) struct Account {
    pub(super) name: String,
    pub(super) password: String,
    pub(super) grants: Vec<Grant>,
}

impl Account {
    pub(super) fn may(&self, repository: &str, action: &str) -> bool {
        self.grants.iter().any(|grant| grant.allows(repository, action))
    }
}

/// `type:name:actions`, as tokens are asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Scope {
    pub(super) kind: String,
    pub(super) name: String,
    pub(super) actions: Vec<String>,
}

impl Scope {
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (kind, rest) = text.split_once(':')?;
        let (name, actions) = rest.rsplit_once(':')?;
        let actions = actions.split(',').map(str::to_owned).collect();
        Some(Self { kind: kind.to_owned(), name: name.to_owned(), actions })
    }

    pub(super) fn allows(&self, repository: &str, action: &str) -> bool {
        self.kind == "repository"
            && self.name == repository
            && self.actions.iter().any(|allowed| allowed == action)
    }
}

impl std::fmt::Display for Scope {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}:{}", self.kind, self.name, self.actions.join(","))
    }
}

/// How a registry knows its clients.
#[derive(Debug, Clone, Default)]
pub(super) enum Access {
    #[default]
    Open,
    Basic(Vec<Account>),
    Bearer(TokenServer),
}

/// Who a request was made as, and the scopes of its token.
pub(super) type Identity = (Option<String>, Arc<[String]>);

/// A repository and what is to be done with it.
type Need = (String, &'static str);

/// What a request needs: `pull` on what is mounted from, too (Distribution asks for both in one token).
fn needs(call: &Call) -> Vec<Need> {
    let repository = call.repository().to_owned();
    match call.target.kind {
        Kind::HeadManifest
        | Kind::GetManifest
        | Kind::HeadBlob
        | Kind::GetBlob
        | Kind::Tags
        | Kind::Referrers => {
            vec![(repository, "pull")]
        }
        Kind::DeleteManifest if call.config.push_deletes => {
            vec![(repository.clone(), "pull"), (repository, "push")]
        }
        Kind::DeleteManifest | Kind::DeleteBlob => vec![(repository, "delete")],
        Kind::PostMount => {
            let from =
                call.query("from").filter(|from| *from != repository).map(|from| (from.to_owned(), "pull"));
            [(repository.clone(), "pull"), (repository, "push")].into_iter().chain(from).collect()
        }
        kind if kind.is_write() || kind == Kind::GetUpload => {
            vec![(repository.clone(), "pull"), (repository, "push")]
        }
        _ => Vec::new(),
    }
}

impl Access {
    /// Who it is; Err: the refusal.
    pub(super) fn admit(&self, call: &Call) -> Result<Identity, Box<Reply>> {
        if matches!(call.target.kind, Kind::QuayTags | Kind::QuayDeleteTag | Kind::Other) {
            return Ok(Identity::default());
        }
        match self {
            Self::Open => Ok(Identity::default()),
            Self::Basic(accounts) => basic(accounts, call),
            Self::Bearer(tokens) => bearer(tokens, call),
        }
    }

    /// 401 with the challenge that fits the request.
    pub(super) fn challenge(&self, call: &Call, error: Option<&str>) -> Reply {
        let Self::Bearer(tokens) = self else {
            return Reply::of_status(401).with("www-authenticate", "Basic realm=\"fake registry\"");
        };
        let scopes = scopes_of(&needs(call)).join(" ");
        let fields = [("realm", tokens.realm()), ("service", tokens.service()), ("scope", &scopes)];
        let fields = fields.into_iter().chain(error.map(|error| ("error", error)));
        let fields: Vec<_> = fields
            .filter(|(_, value)| !value.is_empty())
            .map(|(key, value)| format!("{key}=\"{value}\""))
            .collect();
        let challenge = format!("Bearer {}", fields.join(","));
        Reply::of_status(401).with("www-authenticate", challenge)
    }
}

fn scopes_of(needs: &[Need]) -> Vec<String> {
    let mut scopes: Vec<Scope> = Vec::new();
    for (name, action) in needs {
        match scopes.iter_mut().find(|scope| scope.name == *name) {
            Some(scope) => scope.actions.push((*action).to_owned()),
            None => scopes.extend(Scope::parse(&format!("repository:{name}:{action}"))),
        }
    }
    scopes.iter().map(Scope::to_string).collect()
}

fn basic(accounts: &[Account], call: &Call) -> Result<Identity, Box<Reply>> {
    let login = call.header("authorization").and_then(basic_login);
    let account = accounts.iter().find(|account| login.as_ref().is_some_and(|login| account.is(login)));
    let Some(account) = account else {
        return Err(Box::new(Access::Basic(Vec::new()).challenge(call, None)));
    };
    if needs(call).iter().all(|(repository, action)| account.may(repository, action)) {
        Ok((Some(account.name.clone()), Arc::default()))
    } else {
        Err(Box::new(Reply::of_status(403)))
    }
}

fn bearer(tokens: &TokenServer, call: &Call) -> Result<Identity, Box<Reply>> {
    let refuse = |error| Err(Box::new(Access::Bearer(tokens.clone()).challenge(call, error)));
    let Some(token) = call.header("authorization").and_then(|value| value.strip_prefix("Bearer ")) else {
        return refuse(None);
    };
    let Some(issued) = tokens.issued(token) else { return refuse(Some("invalid_token")) };
    let granted =
        |(repository, action): &Need| issued.scopes.iter().any(|scope| scope.allows(repository, action));
    if needs(call).iter().all(granted) {
        return Ok((issued.account.clone(), Arc::clone(&issued.texts)));
    }
    match call.config.insufficient_scope {
        401 => refuse(Some("insufficient_scope")),
        status => Err(Box::new(Reply::of_status(status))),
    }
}

/// User and password of a `Basic` header.
pub(super) fn basic_login(value: &str) -> Option<(String, String)> {
    let bytes = STANDARD.decode(value.strip_prefix("Basic ")?).ok()?;
    let text = String::from_utf8(bytes).ok()?;
    text.split_once(':').map(|(name, password)| (name.to_owned(), password.to_owned()))
}

impl Account {
    pub(super) fn is(&self, (name, password): &(String, String)) -> bool {
        self.name == *name && self.password == *password
    }
}

/// How long tokens live unless told otherwise; the specification's default.
pub(super) const LIFETIME: Duration = Duration::from_mins(1);
