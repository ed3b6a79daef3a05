//! Certificate authorities: keys, names, X.509 and SSH certificates.

pub(crate) mod authority;
pub(crate) mod identity;
pub(crate) mod key;
pub(crate) mod name;
pub(crate) mod pool;
pub(crate) mod ssh;
pub(crate) mod user;
pub(crate) mod x509;

pub use authority::AuthorityKind;
pub use key::KeyKind;
