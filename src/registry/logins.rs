//! What is known of logins and token services, in words: for messages and `auth check`. No secrets.

use super::Client;
use crate::model::{Host, Repository};

impl Client {
    /// Which login requests to `repository` use in this role, by file, key and user name.
    #[must_use]
    pub fn login(&self, repository: &Repository) -> String {
        self.shared.authorizer.describe(self.role, repository)
    }

    /// The hosts that tokens came from so far, beside the registry that named each.
    #[must_use]
    pub fn token_hosts(&self) -> Vec<(Host, String)> {
        self.shared.authorizer.realms()
    }
}
