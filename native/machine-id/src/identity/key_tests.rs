//! Checks of [`KeyPair`] against the recorded keys, `ssh-keygen` and rustls.
