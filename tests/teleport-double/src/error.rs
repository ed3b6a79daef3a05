//! What can fail while the double is set up or issues something.

/// A failure of the double itself, not one it plays.
#[derive(Debug, thiserror::Error)]
pub enum DoubleError {
    /// A listener can't be opened.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// The address asked for.
        address: String,
        /// What the system says.
        source: std::io::Error,
    },
    /// A file of the double can't be written.
    #[error("cannot write {path}: {source}")]
    Write {
        /// The file.
        path: String,
        /// What the system says.
        source: std::io::Error,
    },
    /// A key can't be made or read.
    #[error("cannot use key: {0}")]
    Key(String),
    /// An X.509 certificate can't be encoded.
    #[error("cannot encode certificate: {0}")]
    Encoding(#[from] x509_cert::der::Error),
    /// An SSH certificate can't be made.
    #[error("cannot make SSH certificate: {0}")]
    Ssh(#[from] ssh_key::Error),
    /// TLS can't be set up.
    #[error("cannot set up TLS: {0}")]
    Tls(#[from] rustls::Error),
    /// Asked about something that was not configured.
    #[error("no {kind} named {name:?}")]
    Unknown {
        /// What kind of thing.
        kind: &'static str,
        /// Its name.
        name: String,
    },
}
