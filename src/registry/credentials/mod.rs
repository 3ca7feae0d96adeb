//! STUB of the logins of a run; another branch brings the real ones.

/// The logins of one role.
#[derive(Debug, Clone, Default)]
pub struct Credentials;
