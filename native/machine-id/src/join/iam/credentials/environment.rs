//! Keys in variables.

use crate::join::iam::error::IamError;
use crate::join::iam::keys::Credentials;
use crate::join::iam::lookup::Lookup;
use crate::secret::Secret;

use super::found::Found;

const KEY: &str = "AWS_ACCESS_KEY_ID";
const SECRET: &str = "AWS_SECRET_ACCESS_KEY";
const TOKEN: &str = "AWS_SESSION_TOKEN";
const PLACE: &str = "the environment";

pub(super) fn find(lookup: Lookup<'_>) -> Result<Found, IamError> {
    let (key, secret) = match (lookup.get(KEY), lookup.get(SECRET)) {
        (Some(key), Some(secret)) => (key, Secret::new(secret)),
        (None, None) => return Ok(Found::Nothing(format!("{PLACE} ({KEY} isn't set)"))),
        (Some(_), None) => return Err(IamError::source(PLACE, format!("{KEY} is set without {SECRET}"))),
        (None, Some(_)) => return Err(IamError::source(PLACE, format!("{SECRET} is set without {KEY}"))),
    };
    let token = lookup.get(TOKEN).map(Secret::new);
    let made = Credentials::new(&key, &secret, token.as_ref());
    made.map(Found::Credentials).map_err(|reason| IamError::source(PLACE, reason))
}
