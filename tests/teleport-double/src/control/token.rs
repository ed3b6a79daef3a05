//! Join tokens (protocol sections B and C).

use std::time::SystemTime;

/// How a token's holder proves itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Method {
    /// The token's name is the secret; it is gone after the first use.
    Token,
    /// A JSON web token, compared as text; the name is the join method's.
    IdToken { name: String, expected: String },
}

/// A join token.
#[derive(Clone, Debug)]
pub(crate) struct Token {
    /// `Bot`, or another system role for tests of the wrong one.
    pub(crate) role: String,
    pub(crate) bot: String,
    pub(crate) method: Method,
    pub(crate) expires: Option<SystemTime>,
}

/// Makes a token other than the usual one.
#[derive(Clone, Debug, Default)]
pub struct TokenOptions {
    /// The token's name; random when empty.
    pub name: String,
    /// Already expired.
    pub expired: bool,
    /// The system role it is for; `Bot` when empty.
    pub role: String,
    /// Join method and the ID token it accepts, e.g. `("kubernetes", "eyJ…")`.
    pub id_token: Option<(String, String)>,
}
