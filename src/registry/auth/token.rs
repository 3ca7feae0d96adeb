//! Tokens and what goes into the `Authorization` header. It does not fetch anything.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::HeaderValue;
use serde::Deserialize;
use tokio::time::Instant;

use super::grant;
use super::scope::ScopeSet;
use crate::redact::Secret;
use secrecy::ExposeSecret as _;

/// How long a token lives if its service does not say (distribution spec, token authentication).
const DEFAULT_LIFE: Duration = Duration::from_mins(1);

/// So long before its end a token is not used any more: a request may wait in a queue or be slow.
const MARGIN: Duration = Duration::from_secs(30);

/// A token that is refused when it is younger than this is not refused because of its age.
const YOUNG: Duration = Duration::from_secs(10);

/// What a request carries to be let in.
#[derive(Debug, Clone)]
pub(crate) struct Authorization {
    header: HeaderValue,
    /// None: what is sent does not age.
    token: Option<Arc<Token>>,
}

impl Authorization {
    /// The value of the header, marked as sensitive.
    pub(crate) fn header(&self) -> HeaderValue {
        self.header.clone()
    }

    pub(super) fn of_token(token: Arc<Token>) -> Self {
        Self { header: token.header.clone(), token: Some(token) }
    }

    /// None: the login has characters that no header can carry.
    pub(super) fn basic(user: &str, password: &Secret) -> Option<Self> {
        let pair = STANDARD.encode(format!("{user}:{}", password.expose_secret()));
        Some(Self { header: sensitive(&format!("Basic {pair}"))?, token: None })
    }

    /// A token that is sent as it is; None: it has characters that no header can carry.
    pub(crate) fn bearer(token: &Secret) -> Option<Self> {
        let header = sensitive(&format!("Bearer {}", token.expose_secret()))?;
        Some(Self { header, token: None })
    }

    /// A key that is sent as it is, in a header of its own; None: it has characters that no header can carry.
    pub(crate) fn key(key: &Secret) -> Option<Self> {
        Some(Self { header: sensitive(key.expose_secret())?, token: None })
    }

    /// What it is made of, for striking it out of what its receiver says.
    pub(crate) fn secrets(&self) -> Vec<String> {
        let header = String::from_utf8_lossy(self.header.as_bytes()).into_owned();
        let Some((_, value)) = header.split_once(' ') else { return vec![header] };
        let pair = STANDARD.decode(value).ok().filter(|_| self.is_basic());
        let pair = pair.and_then(|pair| String::from_utf8(pair).ok()).unwrap_or_default();
        let password = pair.split_once(':').map(|(_, password)| password.to_owned()).unwrap_or_default();
        let value = value.to_owned();
        vec![header, value, pair, password]
    }

    pub(super) fn token(&self) -> Option<&Arc<Token>> {
        self.token.as_ref()
    }

    /// Whether a refusal that came just now is not due to its age. What was new when a long upload began may have
    /// ended on the way.
    pub(super) fn is_fresh(&self) -> bool {
        self.token.as_ref().is_none_or(|token| token.fetched.elapsed() < YOUNG)
    }

    pub(super) fn is_basic(&self) -> bool {
        self.token.is_none() && self.header.as_bytes().starts_with(b"Basic ")
    }
}

fn sensitive(text: &str) -> Option<HeaderValue> {
    let mut value = HeaderValue::from_str(text).ok()?;
    value.set_sensitive(true);
    Some(value)
}

/// A token of a token service.
#[derive(Debug)]
pub(super) struct Token {
    header: HeaderValue,
    scopes: ScopeSet,
    /// What its service says that it grants, if it says so.
    scope_said: Option<Box<str>>,
    fetched: Instant,
    /// From then on it is fetched anew.
    due: Instant,
}

impl Token {
    pub(super) fn covers(&self, needed: &ScopeSet) -> bool {
        self.scopes.covers(needed)
    }

    /// Whether it was asked for exactly this.
    pub(super) fn is_exactly(&self, needed: &ScopeSet) -> bool {
        self.scopes == *needed
    }

    /// Whether it lets one push to `name`, as far as it can be read; None: it cannot.
    pub(super) fn grants_push(&self, name: &str) -> Option<bool> {
        let token = self.header.to_str().ok()?.strip_prefix("Bearer ")?;
        grant::in_token(token, name).or_else(|| grant::in_scope(self.scope_said.as_deref()?, name))
    }

    /// How many bytes it is.
    pub(super) fn len(&self) -> usize {
        self.header.len()
    }

    /// How many of them are not its scopes, as far as one can tell.
    pub(super) fn rest(&self) -> usize {
        self.len().saturating_sub(self.scopes.weight())
    }

    pub(super) fn is_valid(&self) -> bool {
        Instant::now() < self.due
    }

    /// Reads the answer of a token service. None: it is no token.
    pub(super) fn read(body: &[u8], scopes: ScopeSet) -> Option<Self> {
        let answer: Answer = serde_json::from_slice(body).ok()?;
        let filled = |text: &String| !text.is_empty();
        let token = answer.token.filter(filled).or(answer.access_token.filter(filled))?;
        let life = answer.expires_in.as_ref().and_then(seconds).unwrap_or(DEFAULT_LIFE);
        let left = life.saturating_sub(age(answer.issued_at.as_deref(), life));
        let fetched = Instant::now();
        let due = fetched + left.saturating_sub(MARGIN.min(left / 2));
        let scope_said = answer.scope.map(String::into_boxed_str);
        Some(Self { header: sensitive(&format!("Bearer {token}"))?, scopes, scope_said, fetched, due })
    }
}

/// A day; what claims to live longer is fetched again all the same.
const MAX_LIFE: f64 = 86_400.0;

#[derive(Deserialize)]
struct Answer {
    token: Option<String>,
    access_token: Option<String>,
    expires_in: Option<serde_json::Value>,
    issued_at: Option<String>,
    scope: Option<String>,
}

/// A number, also one written as a text; zero says as little as nothing.
fn seconds(value: &serde_json::Value) -> Option<Duration> {
    let number = value.as_f64().or_else(|| value.as_str()?.parse().ok())?;
    (number > 0.0).then(|| Duration::from_secs_f64(number.min(MAX_LIFE)))
}

/// How old the token was already when it arrived. Clocks differ: an age that would make it useless
/// is not believed.
fn age(issued_at: Option<&str>, life: Duration) -> Duration {
    issued_at
        .and_then(|text| humantime::parse_rfc3339_weak(text).ok())
        .and_then(|issued| SystemTime::now().duration_since(issued).ok())
        .filter(|age| *age < life)
        .unwrap_or_default()
}
