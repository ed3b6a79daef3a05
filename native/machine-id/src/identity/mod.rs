//! The bot's own keys, certificates and CAs, and the file they are kept in.

mod authority;
mod bot;
mod ca_certificate;
mod certificates;
mod file;
#[cfg(test)]
pub(crate) mod fixtures;
mod key;
mod ssh_ca_key;
mod ssh_facts;
mod store;
mod tls_facts;
mod when;

pub use authority::{
    Authorities, Authority, AuthorityError, AuthorityKind, KeySet, Rotation, ca_pin, is_cluster_name, is_same_to_ssh,
};
pub use bot::{BotFacts, BotIdentity, token_hash};
pub use certificates::{CertificateError, CertificateFacts, Certificates, Which};
pub use file::{IdentityFile, IdentityFileError};
pub use key::{KeyError, KeyPair};
pub use ssh_ca_key::SshKeyType;
pub use ssh_facts::SshFacts;
pub use store::{
    BoundKeys, BoundState, IDENTITY_FILE, MachineMark, RenewalPermit, RenewalState, Stamp, Store, StoreError,
    StoreGuard, StoredState,
};
#[cfg(feature = "fuzzing")]
pub use store::{fuzz_bound_keys, fuzz_store};
pub use tls_facts::{TlsFacts, TlsSubject};
pub(crate) use when::Rfc3339;
