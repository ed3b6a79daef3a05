//! RSA keys made beforehand: making one takes seconds in a debug build.

use std::sync::atomic::{AtomicUsize, Ordering};

use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::pki_types::pem::PemObject;

use crate::error::DoubleError;

const FILES: [&str; 4] = [
    include_str!("../../keys/rsa-pool-1.pem"),
    include_str!("../../keys/rsa-pool-2.pem"),
    include_str!("../../keys/rsa-pool-3.pem"),
    include_str!("../../keys/rsa-pool-4.pem"),
];

static NEXT: AtomicUsize = AtomicUsize::new(0);

/// The next key of the pool, PKCS#8 DER. Starts over at the end, so that two doubles that
/// live at the same time have different keys while no more than 48 are in use.
pub(crate) fn next_rsa() -> Result<PrivatePkcs8KeyDer<'static>, DoubleError> {
    let keys = FILES
        .iter()
        .flat_map(|file| PrivatePkcs8KeyDer::pem_slice_iter(file.as_bytes()))
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| DoubleError::Key(error.to_string()))?;
    let at = NEXT.fetch_add(1, Ordering::Relaxed) % keys.len().max(1);
    keys.into_iter().nth(at).ok_or_else(|| DoubleError::Key("the key pool is empty".to_owned()))
}
