//! One public key of an SSH CA.

use ssh_key::PublicKey;

use super::authority::AuthorityError;

/// The kinds of key that SSH CAs sign with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum SshKeyType {
    /// `ssh-rsa`.
    Rsa,
    /// `ssh-ed25519`.
    Ed25519,
    /// `ecdsa-sha2-nistp256`.
    EcdsaP256,
    /// `ecdsa-sha2-nistp384`.
    EcdsaP384,
    /// `ecdsa-sha2-nistp521`.
    EcdsaP521,
}

impl SshKeyType {
    /// The type of a CA key line, by its first word: the key itself was read when the authority was.
    ///
    /// # Errors
    /// When it is a type that no Teleport CA has.
    pub(crate) fn of_line(line: &str) -> Result<Self, AuthorityError> {
        match line.split_ascii_whitespace().next().unwrap_or_default() {
            "ssh-rsa" => Ok(Self::Rsa),
            "ssh-ed25519" => Ok(Self::Ed25519),
            "ecdsa-sha2-nistp256" => Ok(Self::EcdsaP256),
            "ecdsa-sha2-nistp384" => Ok(Self::EcdsaP384),
            "ecdsa-sha2-nistp521" => Ok(Self::EcdsaP521),
            other => {
                let other: String = other.chars().take(40).collect();
                Err(AuthorityError::SshKey { reason: format!("type {other:?} is not supported") })
            }
        }
    }
}

/// Type and base64 of a public key line, without comment.
pub(super) fn canonical_line(line: &str) -> Result<String, AuthorityError> {
    let key = parse_line(line)?;
    let bare = PublicKey::new(key.key_data().clone(), "");
    let line = bare.to_openssh().map_err(|e| AuthorityError::SshKey { reason: e.to_string() })?;
    // Here and not when files are made: a leaf's key of another type must keep nobody's files from being made.
    SshKeyType::of_line(&line).map(|_| line)
}

fn parse_line(line: &str) -> Result<PublicKey, AuthorityError> {
    /// An RSA-16384 key has 3 kB.
    const MAX_LINE: usize = 16 * 1024;
    if line.len() > MAX_LINE {
        return Err(AuthorityError::SshKey { reason: format!("{} bytes are too long", line.len()) });
    }
    PublicKey::from_openssh(line.trim()).map_err(|e| AuthorityError::SshKey { reason: e.to_string() })
}
