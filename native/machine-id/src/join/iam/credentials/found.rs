//! What one place has.

use crate::join::iam::keys::Credentials;

/// Credentials, or none.
pub(super) enum Found {
    Credentials(Credentials),
    /// The place, and why it has none.
    Nothing(String),
}
