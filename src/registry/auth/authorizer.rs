//! Who asks what of whom: challenges by registry, accounts by registry and login.

use std::collections::HashMap;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use url::Url;

use super::TokenService;
use super::account::Account;
use super::challenge::{Asked, Challenge, Realm};
use super::error::Error;
use super::request::Ask;
use super::scope::{Action, Need, ScopeSet};
use super::token::Authorization;
use crate::error::LoginName;
use crate::model::{Host, Repository};
use crate::registry::Role;
use crate::registry::credentials::{Credentials, Entry, Login};

/// Hands out what requests must carry. One a run, for both roles.
#[derive(Debug)]
pub(crate) struct Authorizer {
    source: Credentials,
    target: Credentials,
    registries: Mutex<HashMap<Host, Registry>>,
    /// By registry and login: source and target that use one login share its tokens.
    accounts: Mutex<HashMap<AccountKey, Arc<Account>>>,
}

/// The registry and the login's name; none: anonymous.
type AccountKey = (Host, Option<Arc<str>>);

#[derive(Debug)]
struct Registry {
    challenge: Option<Challenge>,
    batching: Arc<AtomicBool>,
    /// Its challenges ask for the action `delete` where something is to be deleted.
    names_delete: bool,
}

impl Default for Registry {
    fn default() -> Self {
        Self { challenge: None, batching: Arc::new(AtomicBool::new(true)), names_delete: false }
    }
}

/// Who a request is made as.
#[derive(Debug, Clone)]
pub(crate) struct Holder {
    /// The login; none: anonymous.
    pub(crate) login: Option<LoginName>,
    /// The registry sees the login itself and no token for it, so that a 401 is about the login.
    pub(crate) as_it_is: bool,
}

/// What a token service says of the right to push.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PushGrant {
    /// It grants it.
    Given,
    /// It cannot be told without a write: no token service, or tokens that only the registry can read.
    Untold,
}

impl Authorizer {
    pub(crate) fn new(source: Credentials, target: Credentials) -> Self {
        Self { source, target, registries: Mutex::default(), accounts: Mutex::default() }
    }

    /// Says that `repository` will be pulled from, so that one token can name several.
    pub(crate) fn announce(&self, role: Role, repository: &Repository) {
        let entry = self.credentials(role).choose(&repository.host, &repository.name);
        self.account(&repository.host, entry).announce(&repository.name);
    }

    /// Says that `repository` will be written to, and perhaps mounted into from `from`: the token for what
    /// is due then may name it too. By itself this asks for nothing.
    pub(crate) fn plan_write(&self, role: Role, repository: &Repository, from: Option<&Repository>) {
        let mut needed = ScopeSet::default();
        needed.add(&repository.name, Action::Push);
        if let Some(from) = from.filter(|from| from.host == repository.host) {
            needed.add(&from.name, Action::Pull);
        }
        let entry = self.credentials(role).choose(&repository.host, &repository.name);
        self.account(&repository.host, entry).plan(needed);
    }

    /// What a request must carry now; None: send it without, since the registry has not asked for
    /// anything yet, or asks for a login and there is none.
    ///
    /// # Errors
    /// The login cannot be used, or there is no token to be had.
    pub(crate) async fn authorize(
        &self,
        need: &Need,
        service: &dyn TokenService,
    ) -> Result<Option<Authorization>, Error> {
        let Some(challenge) = self.challenge(&need.host) else { return Ok(None) };
        let account = self.account_of(need);
        if let Some(entry) = &account.entry
            && let Some(token) = entry.bearer()
        {
            let whole = Authorization::bearer(token);
            return whole.map(Some).ok_or_else(|| Error::Unsendable { login: entry.to_string().into() });
        }
        match challenge {
            Challenge::Basic => match &account.entry {
                Some(entry) => basic(entry, need).await,
                None => Ok(None),
            },
            Challenge::Bearer(realm) => {
                let ask = ask(&account, &realm, need, service);
                let token = account.token(&self.set(need), &ask).await?;
                Ok(Some(Authorization::of_token(token)))
            }
        }
    }

    /// Takes in a 401 that the registry itself gave (not a host that it redirected to).
    /// True: send the request once more, with what `authorize` gives now. False: it is refused.
    ///
    /// # Errors
    /// The challenge names a token service that no login may be sent to, or the login cannot be used.
    pub(crate) async fn challenged(
        &self,
        need: &Need,
        used: Option<&Authorization>,
        headers: &http::HeaderMap,
        registry: &Url,
    ) -> Result<bool, Error> {
        let Some(asked) = Asked::read(headers, registry)? else { return Ok(false) };
        let is_basic = asked.challenge == Challenge::Basic;
        self.learn(&need.host, &asked);
        let account = self.account_of(need);
        let Some(used) = used else {
            return match &account.entry {
                Some(entry) if is_basic => Ok(login(entry, need).await?.is_some()),
                _ => Ok(!is_basic),
            };
        };
        let Some(token) = used.token() else { return Ok(used.is_basic() && !is_basic) };
        let needed = self.set(need);
        let is_new = need.is_deletion() && !token.covers(&needed);
        if is_new || (asked.lacks_scope && account.narrow(token, &needed)) {
            return Ok(true);
        }
        if used.is_fresh() {
            return Ok(account.narrow(token, &needed));
        }
        account.forget(token);
        Ok(true)
    }

    /// Takes in a 403. True: the token was one for several repositories; send the request once
    /// more, with what `authorize` gives now. False: it is refused.
    pub(crate) fn forbidden(&self, need: &Need, used: Option<&Authorization>) -> bool {
        let token = used.and_then(Authorization::token);
        token.is_some_and(|token| self.account_of(need).narrow(token, &self.set(need)))
    }

    /// Whether the login for `need`, to push, would be let in: asked of the token service, where there is one.
    ///
    /// # Errors
    /// As of [`Authorizer::authorize`], and when less is granted.
    pub(crate) async fn push_grant(
        &self,
        need: &Need,
        service: &dyn TokenService,
    ) -> Result<PushGrant, Error> {
        let account = self.account_of(need);
        let Some(Challenge::Bearer(realm)) = self.challenge(&need.host) else { return Ok(PushGrant::Untold) };
        if account.entry.as_ref().is_some_and(|entry| entry.bearer().is_some()) {
            return Ok(PushGrant::Untold);
        }
        let (needed, ask) = (self.set(need), ask(&account, &realm, need, service));
        loop {
            let token = account.token(&needed, &ask).await?;
            match token.grants_push(need.subject()) {
                None => return Ok(PushGrant::Untold),
                Some(true) => return Ok(PushGrant::Given),
                // One for several repositories may hold less than one for it alone.
                Some(false) if account.narrow(&token, &needed) => {}
                Some(false) => {
                    let (realm, what) = (ask.shown(), needed.shown(&need.host).into());
                    return Err(Error::Less {
                        realm,
                        what,
                        login: account.entry.as_deref().map(Entry::name),
                    });
                }
            }
        }
    }

    /// The login for `repository`; none: anonymous.
    pub(crate) fn login(&self, role: Role, repository: &Repository) -> Option<LoginName> {
        let entry = self.credentials(role).choose(&repository.host, &repository.name)?;
        Some(entry.name())
    }

    /// Who asks for `need`, and how.
    pub(crate) fn holder(&self, need: &Need) -> Holder {
        let entry = self.credentials(need.role).choose(&need.host, need.subject());
        let is_token = entry.as_ref().is_some_and(|entry| entry.bearer().is_some());
        let as_it_is = is_token || self.challenge(&need.host) == Some(Challenge::Basic);
        Holder { login: entry.as_deref().map(Entry::name), as_it_is }
    }

    /// Whether `host` has asked for a login or a token by now.
    pub(crate) fn has_asked(&self, host: &Host) -> bool {
        self.challenge(host).is_some()
    }

    /// The hosts that tokens are fetched from, by registry.
    pub(crate) fn realms(&self) -> Vec<(Host, String)> {
        let realm = |(host, registry): (&Host, &Registry)| match &registry.challenge {
            Some(Challenge::Bearer(realm)) => Some((host.clone(), realm.url.host_str()?.to_owned())),
            _ => None,
        };
        let mut realms: Vec<_> = self.registries().iter().filter_map(realm).collect();
        realms.sort();
        realms
    }

    pub(crate) fn credentials(&self, role: Role) -> &Credentials {
        match role {
            Role::Source => &self.source,
            Role::Target => &self.target,
        }
    }

    fn learn(&self, host: &Host, asked: &Asked) {
        let mut registries = self.registries();
        let registry = registries.entry(host.clone()).or_default();
        registry.challenge = Some(asked.challenge.clone());
        registry.names_delete |= asked.names_delete;
    }

    /// What a token for `need` must allow, in the actions that its registry knows.
    fn set(&self, need: &Need) -> ScopeSet {
        need.set(self.registries().get(&need.host).is_some_and(|registry| registry.names_delete))
    }

    fn registries(&self) -> MutexGuard<'_, HashMap<Host, Registry>> {
        self.registries.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn challenge(&self, host: &Host) -> Option<Challenge> {
        self.registries().get(host)?.challenge.clone()
    }

    fn account_of(&self, need: &Need) -> Arc<Account> {
        let entry = self.credentials(need.role).choose(&need.host, need.subject());
        self.account(&need.host, entry)
    }

    fn account(&self, host: &Host, entry: Option<Arc<Entry>>) -> Arc<Account> {
        let batching = Arc::clone(&self.registries().entry(host.clone()).or_default().batching);
        let key = (host.clone(), entry.as_ref().map(|entry| Arc::clone(entry.id())));
        let mut accounts = self.accounts.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(accounts.entry(key).or_insert_with(|| Arc::new(Account::new(entry, batching))))
    }
}

fn ask<'a>(account: &'a Account, realm: &'a Realm, need: &'a Need, service: &'a dyn TokenService) -> Ask<'a> {
    let (host, subject) = (&need.host, need.subject());
    Ask { realm, service, entry: account.entry.as_deref(), host, subject, no_post: &account.no_post }
}

async fn login(entry: &Entry, need: &Need) -> Result<Option<Arc<Login>>, Error> {
    entry.login().await.map_err(|source| Error::login(&need.host, need.subject(), source))
}

async fn basic(entry: &Entry, need: &Need) -> Result<Option<Authorization>, Error> {
    let Some(login) = login(entry, need).await? else { return Ok(None) };
    let shown = || entry.to_string().into();
    let whole = match &*login {
        Login::Password { user, password } => Authorization::basic(user, password),
        Login::Identity { user: Some(user), password: Some(password), .. } => {
            Authorization::basic(user, password)
        }
        Login::Identity { .. } => {
            return Err(Error::OnlyIdentity { host: need.host.as_str().into(), login: shown() });
        }
        Login::Bearer { token } => Authorization::bearer(token),
    };
    whole.map(Some).ok_or_else(|| Error::Unsendable { login: shown() })
}
