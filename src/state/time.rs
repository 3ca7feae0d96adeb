//! Times as people read them: RFC 3339 in UTC, to the second.

use std::time::SystemTime;

use serde::de::Error as _;
use serde::{Deserialize as _, Deserializer, Serializer};

/// Writes it.
///
/// # Errors
/// Whatever the serializer says.
pub fn serialize<S: Serializer>(time: &SystemTime, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&humantime::format_rfc3339_seconds(*time))
}

/// Reads it.
///
/// # Errors
/// When it is no such time.
pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<SystemTime, D::Error> {
    humantime::parse_rfc3339(&String::deserialize(deserializer)?).map_err(D::Error::custom)
}
