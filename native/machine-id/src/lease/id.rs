//! The name of a lease.

use std::fmt;

use super::LeaseError;
use crate::vocabulary::limits::{LEASE_ID_MAX_LENGTH, LEASE_ID_MIN_LENGTH};

/// 32 to 64 lower-case hex digits, chosen by the caller: safe as a file name.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LeaseId(String);

impl LeaseId {
    /// Checks `text`.
    ///
    /// # Errors
    /// When it isn't 32 to 64 lower-case hex digits.
    pub fn parse(text: &str) -> Result<Self, LeaseError> {
        let digits = text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        if digits && (LEASE_ID_MIN_LENGTH..=LEASE_ID_MAX_LENGTH).contains(&text.len()) {
            Ok(Self(text.to_owned()))
        } else {
            Err(LeaseError::Id { text: text.chars().take(80).collect() })
        }
    }

    /// The digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for LeaseId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
