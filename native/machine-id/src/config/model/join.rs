//! How a bot joins.

use std::path::PathBuf;
use std::sync::Arc;

use crate::method::{JoinMethod, Settings};
use crate::secret::Secret;

/// How the bot proves who it is when it joins.
#[derive(Debug)]
pub struct JoinConfig {
    /// The join method.
    pub method: JoinMethod,
    /// The token: for method `token` the secret itself, else the name of a token resource.
    pub token: TokenSource,
    /// The method's own settings.
    pub settings: Arc<Settings>,
    /// The ID token that came with a request for a lease, for that lease alone.
    pub given: Option<Secret>,
}

/// Where the token is.
#[derive(Debug)]
pub enum TokenSource {
    /// The token itself.
    Value(Secret),
    /// A file that holds it; read at each join, surrounding white space trimmed.
    File(PathBuf),
    /// None configured: only a stored identity can be used.
    Absent,
    /// One was configured and has been used: its hash is kept with the identity that it brought, nothing else.
    Used,
}
