//! Method `iam`: proving an AWS identity by a signed request that the auth server hands to STS (facts: join-methods
//! 3.2). Credentials are got ready before the stream to the cluster is opened, since the server ends it after a minute;
//! then each challenge is answered without waiting for anybody.

mod credentials;
mod error;
mod keys;
mod lookup;
mod region;
mod request;
mod sigv4;

use std::fmt;
use std::time::SystemTime;

use zeroize::Zeroizing;

use crate::clock::Clock;
use crate::connect::Connector;
use crate::method;

use credentials::{Context, SharedConfig};
use keys::Credentials;
use lookup::Lookup;

pub use error::IamError;
pub(in crate::join) use region::StsHost;

/// Longest challenge that is signed; servers send 43 characters.
const CHALLENGE: usize = 256;

/// Finds credentials and region. May take as long as a profile's program and the calls to STS do. With `fips` only hosts
/// of STS with FIPS cryptography are taken; `AWS_USE_FIPS_ENDPOINT=true` says the same.
///
/// # Errors
/// Where credentials were looked for, or which of them fails.
pub(in crate::join) async fn prepare(
    connector: &Connector,
    fips: bool,
    lookup: method::Lookup<'_>,
    clock: &dyn Clock,
) -> Result<Prepared, IamError> {
    let lookup = Lookup(lookup);
    let fips = fips || lookup.is_true("AWS_USE_FIPS_ENDPOINT");
    let shared = SharedConfig::new(Context { connector, lookup, clock, fips });
    let credentials = credentials::find(&shared).await?;
    let hosts = region::hosts(shared.region().await?, fips);
    Ok(Prepared { credentials, hosts })
}

/// All that answering a challenge takes.
pub(in crate::join) struct Prepared {
    credentials: Credentials,
    hosts: Vec<StsHost>,
}

impl Prepared {
    /// The hosts to try, in order, each on a stream of its own (a challenge is good for one). Go on with the next one
    /// only when the server doesn't take the one before.
    pub(in crate::join) fn hosts(&self) -> &[StsHost] {
        &self.hosts
    }

    /// The bytes of `sts_identity_request`. Good for about 15 minutes around `now`, for GetCallerIdentity alone.
    ///
    /// # Errors
    /// [`IamError::Challenge`] for one that isn't base64: it would become headers of what we sign.
    pub(in crate::join) fn answer(
        &self,
        challenge: &str,
        now: SystemTime,
        host: &StsHost,
    ) -> Result<Zeroizing<Vec<u8>>, IamError> {
        let base64 = |c: char| c.is_ascii_alphanumeric() || "+/=-_".contains(c);
        if !(1..=CHALLENGE).contains(&challenge.len()) || !challenge.chars().all(base64) {
            return Err(IamError::Challenge);
        }
        Ok(request::identity(&self.credentials, challenge, now, host))
    }
}

impl fmt::Debug for Prepared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Prepared").field("hosts", &self.hosts).finish_non_exhaustive()
    }
}

/// The readers of this method, for the fuzzer: the first byte says which.
#[cfg(feature = "fuzzing")]
pub fn fuzz(bytes: &[u8]) {
    credentials::fuzz(bytes);
}

#[cfg(test)]
mod tests;
