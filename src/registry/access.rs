//! Whether rights are there, asked without writing anything.
//!
//! A token that is granted proves nothing by itself: many services silently grant less. So to pull is proved by a
//! read, and to push by what the token says; where it says nothing, the answer is that it cannot be told.

use http::Method;

use super::auth::PushGrant;
use super::endpoint::{base, below};
use super::error::{Error, Kind};
use super::transport::Call;
use super::{Client, Credentials};
use crate::error::LoginName;
use crate::model::{ImageRef, Repository, Version};

impl Client {
    /// Looks with one request whether `repository` may be pulled from: at `version`, else at its tags. False: the
    /// registry answers, and has no such thing.
    ///
    /// # Errors
    /// Refusals, and what keeps us from knowing.
    pub async fn try_pull(&self, repository: &Repository, version: Option<&Version>) -> Result<bool, Error> {
        let image = version.map(|version| ImageRef::new(repository.clone(), version.clone()));
        let call = image
            .map_or_else(|| self.one_tag_call(repository), |image| self.manifest_call(Method::HEAD, &image));
        match self.request(&call?).await {
            Ok(_) => Ok(true),
            Err(error) if error.status() == Some(404) => Ok(false),
            Err(error) => Err(error),
        }
    }

    fn one_tag_call(&self, repository: &Repository) -> Result<Call, Error> {
        let mut url = below(&self.shared.options, repository, "tags/list")?;
        url.query_pairs_mut().append_pair("n", "1");
        Ok(Call::pull(self.role, Method::GET, repository, url, &format!("tags of {repository}")))
    }

    /// Asks the token service of the registry for the right to push to `repository`, and reads what it gave. Some
    /// registries make the repository when they are asked.
    ///
    /// # Errors
    /// Refusals, and what keeps us from knowing.
    pub async fn try_push(&self, repository: &Repository) -> Result<PushGrant, Error> {
        let url = base(&self.shared.options, &repository.host)?;
        let call =
            Call::push(self.role, Method::GET, repository, url, &format!("push right on {repository}"));
        if !self.shared.authorizer.has_asked(&repository.host) {
            self.request(&call).await?;
        }
        let grant = self.shared.authorizer.push_grant(&call.need, &*self.shared).await;
        grant.map_err(|error| call.error(Kind::Authorization(Box::new(error))))
    }

    /// The login for `repository`; none: anonymous.
    #[must_use]
    pub fn login(&self, repository: &Repository) -> Option<LoginName> {
        self.shared.authorizer.login(self.role, repository)
    }

    /// The logins of this role.
    #[must_use]
    pub fn credentials(&self) -> &Credentials {
        self.shared.authorizer.credentials(self.role)
    }
}
