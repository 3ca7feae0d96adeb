//! A token server on a socket of its own: accounts, grants by repository prefix, a log of what was asked.
//!
//! Tokens are opaque to the fake registry and signed JWTs for a real one ([`Builder::signing`]); both are
//! asked for with GET and a basic login, or with POST and a refresh token. It is not a whole `OAuth2` server.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{ConnectInfo, Request, State};
use axum::response::Response;
use serde_json::json;
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::access::{Account, Grant, LIFETIME, Scope, basic_login};
use super::fault::{Answer, Fault, Faults};
use super::jwt::SigningKey;
use super::log::{Kind, Log, Target};
use super::reply::{self, Reply};
use super::wire::{Connection, Door, Side};

/// One request for a token.
#[derive(Debug, Clone)]
pub struct TokenRequest {
    /// When it came, by tokio's clock.
    pub at: Instant,
    /// The account, None: anonymous, or a wrong login.
    pub account: Option<String>,
    /// The service it named.
    pub service: Option<String>,
    /// The scopes it asked for, as written.
    pub scopes: Vec<String>,
    /// The scopes it was granted; actions may be fewer than asked for.
    pub granted: Vec<String>,
    /// `refresh_token` or `password` of a POST; None: GET.
    pub grant_type: Option<String>,
    /// What was answered.
    pub status: u16,
}

impl TokenRequest {
    /// Whether it asked for `action` on anything.
    pub fn asks_for(&self, action: &str) -> bool {
        let scopes = self.scopes.iter().filter_map(|scope| Scope::parse(scope));
        scopes.into_iter().any(|scope| scope.actions.iter().any(|asked| asked == action))
    }
}

/// Which fields carry the token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenField {
    /// `token` and `access_token`
    Both,
    /// `token` only (the Docker specification)
    Token,
    /// `access_token` only (`OAuth2`)
    AccessToken,
}

/// Sets a token server up; see [`TokenServer::builder`].
#[derive(Debug)]
pub struct Builder {
    rules: Rules,
    signing: bool,
}

#[derive(Debug)]
struct Rules {
    accounts: Vec<Account>,
    anonymous: Account,
    refresh_tokens: HashMap<String, String>,
    refusals: Vec<(String, u16)>,
    refuse_ungranted: Option<u16>,
    most_scopes: Option<(usize, u16)>,
    lifetime: Duration,
    say_lifetime: bool,
    field: TokenField,
    key: Option<SigningKey>,
}

impl Builder {
    /// An account with a password and what it may do.
    pub fn account(mut self, name: &str, password: &str, grants: impl Into<Vec<Grant>>) -> Self {
        self.rules.accounts.push(Account {
            name: name.into(),
            password: password.into(),
            grants: grants.into(),
        });
        self
    }

    /// What may be done without a login. Default: nothing; the token that is given then grants nothing.
    pub fn anonymous(mut self, grants: impl Into<Vec<Grant>>) -> Self {
        self.rules.anonymous.grants = grants.into();
        self
    }

    /// Accepts `refresh_token` (`identitytoken` in a docker config) for an account.
    pub fn refresh_token(mut self, refresh_token: &str, account: &str) -> Self {
        self.rules.refresh_tokens.insert(refresh_token.to_owned(), account.to_owned());
        self
    }

    /// How long tokens live, by tokio's clock for opaque ones. Default: a minute.
    pub fn lifetime(mut self, lifetime: Duration) -> Self {
        self.rules.lifetime = lifetime;
        self
    }

    /// Leaves `expires_in` out of the answer.
    pub fn without_expires_in(mut self) -> Self {
        self.rules.say_lifetime = false;
        self
    }

    /// Which fields carry the token. Default: both.
    pub fn field(mut self, field: TokenField) -> Self {
        self.rules.field = field;
        self
    }

    /// Refuses with `status` every request that names a repository under `prefix`.
    pub fn refuse(mut self, prefix: &str, status: u16) -> Self {
        self.rules.refusals.push((prefix.to_owned(), status));
        self
    }

    /// Refuses a whole request with `status` when one scope is not granted in full.
    /// Default: the token grants what it can (fewer scopes, fewer actions), as quay.io and Docker Hub do.
    pub fn refuse_ungranted(mut self, status: u16) -> Self {
        self.rules.refuse_ungranted = Some(status);
        self
    }

    /// Refuses with `status` requests for more than `scopes` scopes.
    pub fn most_scopes(mut self, scopes: usize, status: u16) -> Self {
        self.rules.most_scopes = Some((scopes, status));
        self
    }

    /// Issues JWTs (ES256, with the certificate in the header) that a real registry checks.
    pub fn signing(mut self) -> Self {
        self.signing = true;
        self
    }

    /// Starts listening.
    pub async fn start(mut self) -> TokenServer {
        self.rules.key = self.signing.then(SigningKey::generate);
        let (door, address) = Door::open(Side::Registry, None).await;
        let shared = Arc::new(Shared {
            rules: self.rules,
            issued: Mutex::default(),
            requests: Mutex::default(),
            log: Log::default(),
            faults: Faults::default(),
            realm: format!("http://{address}/token"),
            service: "fake-registry".to_owned(),
        });
        let app = Router::new().fallback(answer).with_state(Arc::clone(&shared));
        let service = app.into_make_service_with_connect_info::<Connection>();
        let mut servers = JoinSet::new();
        servers.spawn(async move { axum::serve(door, service).await });
        TokenServer { shared, _servers: Arc::new(servers) }
    }
}

/// A running token server; it ends when the last clone is dropped.
#[derive(Debug, Clone)]
pub struct TokenServer {
    shared: Arc<Shared>,
    _servers: Arc<JoinSet<std::io::Result<()>>>,
}

#[derive(Debug)]
struct Shared {
    rules: Rules,
    issued: Mutex<HashMap<String, Arc<Issued>>>,
    requests: Mutex<Vec<TokenRequest>>,
    log: Log,
    faults: Faults,
    realm: String,
    service: String,
}

/// What an opaque token stands for.
#[derive(Debug)]
pub(super) struct Issued {
    pub(super) account: Option<String>,
    pub(super) scopes: Vec<Scope>,
    /// As they are written.
    pub(super) texts: Arc<[String]>,
    expires: Instant,
}

impl TokenServer {
    /// A token server to be set up.
    pub fn builder() -> Builder {
        let anonymous = Account { name: String::new(), password: String::new(), grants: Vec::new() };
        let rules = Rules {
            accounts: Vec::new(),
            anonymous,
            refresh_tokens: HashMap::new(),
            refusals: Vec::new(),
            refuse_ungranted: None,
            most_scopes: None,
            lifetime: LIFETIME,
            say_lifetime: true,
            field: TokenField::Both,
            key: None,
        };
        Builder { rules, signing: false }
    }

    /// Where tokens are to be had.
    pub fn realm(&self) -> &str {
        &self.shared.realm
    }

    /// The service it issues for.
    pub fn service(&self) -> &str {
        &self.shared.service
    }

    /// The certificate that the tokens are signed with, as PEM; only of a [`Builder::signing`] one.
    pub fn certificate(&self) -> &str {
        self.shared.rules.key.as_ref().expect("the builder said `signing`").certificate()
    }

    /// All requests, in the order they came.
    pub fn requests(&self) -> Vec<TokenRequest> {
        self.shared.requests.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// How many tokens were asked for.
    pub fn count(&self) -> usize {
        self.shared.log.count(&Kind::Token.into())
    }

    /// Whether anybody asked for `action` on anything.
    pub fn was_asked_for(&self, action: &str) -> bool {
        self.requests().iter().any(|request| request.asks_for(action))
    }

    /// Forgets the requests so far.
    pub fn clear_log(&self) {
        self.shared.log.clear();
        self.shared.requests.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// Ends all tokens that were issued so far, whatever was said about their lifetime.
    pub fn revoke_all(&self) {
        self.shared.issued.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// Adds a fault, on [`Kind::Token`].
    pub fn fault(&self, fault: Fault) {
        self.shared.faults.add(fault);
    }

    /// Lets `choose` decide about every request that no fault was added for, from now on.
    pub fn fault_by(&self, choose: impl Fn(Kind) -> Option<Fault> + Send + Sync + 'static) {
        self.shared.faults.choose_by(choose);
    }

    /// Removes all faults.
    pub fn clear_faults(&self) {
        self.shared.faults.clear();
    }

    /// How many requests met a fault so far.
    pub fn faults_met(&self) -> usize {
        self.shared.faults.met()
    }

    pub(super) fn issued(&self, token: &str) -> Option<Arc<Issued>> {
        let issued = self.shared.issued.lock().unwrap_or_else(PoisonError::into_inner);
        issued.get(token).filter(|issued| issued.expires > Instant::now()).cloned()
    }
}

/// A request, read.
#[derive(Debug, Default)]
struct Asked {
    login: Option<(String, String)>,
    fields: Vec<(String, String)>,
}

impl Asked {
    fn field(&self, key: &str) -> Option<&str> {
        self.fields.iter().find(|(name, _)| name == key).map(|(_, value)| value.as_str())
    }

    /// `scope` may be repeated, and hold several, apart by spaces.
    fn scopes(&self) -> Vec<String> {
        let scopes = self.fields.iter().filter(|(name, _)| name == "scope");
        scopes.flat_map(|(_, value)| value.split_whitespace()).map(str::to_owned).collect()
    }
}

async fn answer(
    State(shared): State<Arc<Shared>>,
    ConnectInfo(connection): ConnectInfo<Connection>,
    request: Request<Body>,
) -> Response {
    let (parts, body) = request.into_parts();
    let target = Target { kind: Kind::Token, repository: None, reference: None, query: BTreeMap::default() };
    let path = parts.uri.path().to_owned();
    let entry = shared.log.open(parts.method.clone(), path, target.clone(), parts.headers.clone());
    let body = to_bytes(body, 1 << 20).await.unwrap_or_default();
    let fields =
        if parts.method == "POST" { &body } else { parts.uri.query().unwrap_or_default().as_bytes() };
    let login = parts.headers.get("authorization").and_then(|value| basic_login(value.to_str().ok()?));
    let asked = Asked { login, fields: url::form_urlencoded::parse(fields).into_owned().collect() };
    let effect = shared.faults.take(&target);
    match effect.answer {
        Answer::Reset => return reply::reset(&connection),
        Answer::Stall => std::future::pending().await,
        Answer::Given | Answer::Redirect | Answer::Expired | Answer::Stream(_) => {}
    }
    let reply = match effect.status {
        Some(status) => shared.note(&asked, None, &[], Reply::of_status(status)),
        None => shared.issue(&asked),
    };
    reply.spoil(&effect).send(&parts.method, &effect, &entry, &connection)
}

impl Shared {
    /// Writes the request down.
    fn note(&self, asked: &Asked, account: Option<&str>, granted: &[Scope], reply: Reply) -> Reply {
        self.requests.lock().unwrap_or_else(PoisonError::into_inner).push(TokenRequest {
            at: Instant::now(),
            account: account.map(str::to_owned),
            service: asked.field("service").map(str::to_owned),
            scopes: asked.scopes(),
            granted: granted.iter().map(Scope::to_string).collect(),
            grant_type: asked.field("grant_type").map(str::to_owned),
            status: reply.status,
        });
        reply
    }

    fn issue(&self, asked: &Asked) -> Reply {
        let Some(account) = self.account(asked) else {
            return self.note(asked, None, &[], Reply::of_status(401));
        };
        let name = (!account.name.is_empty()).then_some(account.name.as_str());
        let scopes: Vec<_> = asked.scopes().iter().filter_map(|scope| Scope::parse(scope)).collect();
        let granted = granted(account, &scopes);
        if let Some(status) = self.refusal(&scopes, &granted) {
            return self.note(asked, name, &[], Reply::of_status(status));
        }
        let reply = self.token(asked, account, &granted);
        self.note(asked, name, &granted, reply)
    }

    fn account(&self, asked: &Asked) -> Option<&Account> {
        let named = |name: &str| self.rules.accounts.iter().find(|account| account.name == name);
        let form = || Some((asked.field("username")?.to_owned(), asked.field("password")?.to_owned()));
        if let Some(refresh_token) = asked.field("refresh_token") {
            return named(self.rules.refresh_tokens.get(refresh_token)?);
        }
        match asked.login.clone().or_else(form) {
            Some(login) => self.rules.accounts.iter().find(|account| account.is(&login)),
            None => Some(&self.rules.anonymous),
        }
    }

    fn refusal(&self, scopes: &[Scope], granted: &[Scope]) -> Option<u16> {
        let under = |scope: &Scope, prefix: &str| {
            scope.name == prefix || scope.name.starts_with(&format!("{prefix}/"))
        };
        let named =
            self.rules.refusals.iter().find(|(prefix, _)| scopes.iter().any(|scope| under(scope, prefix)));
        let too_many = self.rules.most_scopes.filter(|(most, _)| scopes.len() > *most);
        let ungranted = self.rules.refuse_ungranted.filter(|_| scopes != granted);
        named.map(|(_, status)| *status).or(too_many.map(|(_, status)| status)).or(ungranted)
    }

    fn token(&self, asked: &Asked, account: &Account, scopes: &[Scope]) -> Reply {
        let mut issued = self.issued.lock().unwrap_or_else(PoisonError::into_inner);
        let lifetime = self.rules.lifetime;
        let number = self.requests.lock().unwrap_or_else(PoisonError::into_inner).len();
        let token = match &self.rules.key {
            Some(key) => {
                key.token(&account.name, asked.field("service").unwrap_or_default(), scopes, lifetime)
            }
            None => format!("opaque-{number}-{}", issued.len()),
        };
        let name = (!account.name.is_empty()).then(|| account.name.clone());
        let expires = Instant::now() + lifetime;
        let texts = scopes.iter().map(Scope::to_string).collect();
        let stands_for = Issued { account: name, scopes: scopes.to_vec(), texts, expires };
        issued.insert(token.clone(), Arc::new(stands_for));
        let mut answer = json!({});
        if self.rules.field != TokenField::AccessToken {
            answer["token"] = token.clone().into();
        }
        if self.rules.field != TokenField::Token {
            answer["access_token"] = token.into();
        }
        if self.rules.say_lifetime {
            answer["expires_in"] = lifetime.as_secs().into();
        }
        Reply::json(&answer)
    }
}

/// Of each scope the actions that the account may do; scopes without any are left out.
fn granted(account: &Account, scopes: &[Scope]) -> Vec<Scope> {
    let mut granted = scopes.to_vec();
    for scope in &mut granted {
        let name = scope.name.clone();
        scope.actions.retain(|action| account.may(&name, action));
    }
    granted.retain(|scope| !scope.actions.is_empty());
    granted
}
