//! The bot's own keys, certificates and CAs, and the file they are kept in.

mod authority;
mod bot;
mod ca_certificate;
mod certificates;
mod file;
#[cfg(test)]
pub(crate) mod fixtures;
mod key;
mod pem;
mod sign;
mod ssh_ca_key;
mod ssh_facts;
mod store;
mod tls_facts;
mod when;

pub(crate) use authority::{Authorities, AuthorityError, KeySet, ca_end, is_cluster_name, is_same_to_ssh};
pub use authority::{Authority, AuthorityKind, Rotation, ca_pin};
pub(crate) use bot::{BotFacts, BotIdentity, token_hash};
pub(crate) use certificates::{CertificateError, CertificateFacts};
pub use certificates::{Certificates, Which};
pub use file::IdentityFile;
pub use key::KeyPair;
pub use sign::{RsaHash, Signer};
pub(crate) use ssh_ca_key::SshKeyType;
#[cfg(test)]
pub(crate) use store::files as store_files;
pub(crate) use store::{BoundKeys, BoundState, MachineMark, RenewalPermit, Stamp, StoreError, StoreGuard, StoredState};
pub use store::{RenewalState, Store};
#[cfg(feature = "fuzzing")]
pub use store::{fuzz_bound_keys, fuzz_store};
pub use tls_facts::TlsFacts;
pub(crate) use when::Rfc3339;
