//! Join tokens (protocol sections B and C, join-methods 1).

use std::path::PathBuf;
use std::time::SystemTime;

use super::proof::{AzureOptions, BoundKeypair, BoundKeypairOptions, IamOptions};
use super::uuid;
use crate::auth::refusal::Refusal;

/// How a token's holder proves itself.
#[derive(Clone, Debug)]
pub(crate) enum Method {
    /// The token's name is the secret; it is gone after the first use.
    Token,
    /// A JSON web token; the name is the join method's.
    IdToken { name: String, expected: Expected },
    /// A signed request to AWS.
    Iam(IamOptions),
    /// A document and a token of Azure.
    Azure(AzureOptions),
    /// A key bound to the token, and what became of it.
    BoundKeypair(BoundKeypairOptions, BoundKeypair),
}

/// Which ID token a token takes.
#[derive(Clone, Debug)]
pub(crate) enum Expected {
    /// This text.
    Text(String),
    /// A genuine one.
    Signed(SignedOptions),
}

/// Genuine ID tokens of whoever holds the keys.
#[derive(Clone, Debug)]
pub struct SignedOptions {
    /// `kubernetes`, `gitlab` or `generic_oidc`.
    pub method: String,
    /// A file with the JWKS, read at each join.
    pub jwks: PathBuf,
    /// Whom it lets in: `namespace:name`, project paths with `*` and `?`, or subjects with those. After a semicolon
    /// `CLAIM=VALUE` may follow, which has to be so too (`team/*;ref_type=branch`).
    pub allow: Vec<String>,
}

impl Method {
    /// The join method's name.
    pub(crate) fn name(&self) -> &str {
        match self {
            Self::Token => "token",
            Self::IdToken { name, .. } => name,
            Self::Iam(_) => "iam",
            Self::Azure(_) => "azure",
            Self::BoundKeypair(..) => "bound_keypair",
        }
    }
}

/// A join token.
#[derive(Clone, Debug)]
pub(crate) struct Token {
    /// `Bot`, or another system role for tests of the wrong one.
    pub(crate) role: String,
    pub(crate) bot: String,
    pub(crate) method: Method,
    pub(crate) expires: Option<SystemTime>,
    pub(crate) refusal: Option<Refusal>,
}

/// Makes a token other than the usual one. Of the methods at most one is given; none is method `token`.
#[derive(Clone, Debug, Default)]
pub struct TokenOptions {
    /// The token's name; random when empty.
    pub name: String,
    /// Already expired.
    pub expired: bool,
    /// The system role it is for; `Bot` when empty.
    pub role: String,
    /// Join method and the ID token it accepts, e.g. `("kubernetes", "eyJ…")`. Another one gets the words of a wrong
    /// signature.
    pub id_token: Option<(String, String)>,
    /// ID tokens that are genuine, of whom they are about.
    pub signed: Option<SignedOptions>,
    /// Method `iam`.
    pub iam: Option<IamOptions>,
    /// Method `azure`.
    pub azure: Option<AzureOptions>,
    /// Method `bound_keypair`.
    pub bound_keypair: Option<BoundKeypairOptions>,
    /// Every proof gets this answer, at the time when the server would check it.
    pub refusal: Option<Refusal>,
}

impl TokenOptions {
    /// Whether the token's name alone lets somebody in, so that it must not be shown.
    #[must_use]
    pub fn is_secret(&self) -> bool {
        self.id_token.is_none()
            && self.signed.is_none()
            && self.iam.is_none()
            && self.azure.is_none()
            && self.bound_keypair.is_none()
    }

    pub(crate) fn method(&self) -> Method {
        if let Some((name, expected)) = &self.id_token {
            return Method::IdToken { name: name.clone(), expected: Expected::Text(expected.clone()) };
        }
        if let Some(signed) = &self.signed {
            return Method::IdToken { name: signed.method.clone(), expected: Expected::Signed(signed.clone()) };
        }
        if let Some(iam) = &self.iam {
            return Method::Iam(iam.clone());
        }
        if let Some(azure) = &self.azure {
            return Method::Azure(azure.clone());
        }
        let Some(options) = &self.bound_keypair else { return Method::Token };
        let registration_secret = match (&options.registration_secret, &options.initial_public_key) {
            (Some(secret), _) => secret.clone(),
            (None, None) => uuid().replace('-', ""),
            (None, Some(_)) => String::new(),
        };
        Method::BoundKeypair(options.clone(), BoundKeypair { registration_secret, ..BoundKeypair::default() })
    }
}
