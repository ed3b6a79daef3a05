//! Method `circleci`: the job's OIDC token.

use crate::config::JoinMethod;
use crate::secret::Secret;

use super::error::JoinError;
use super::proof::{self, Lookup};

/// The variable that holds the ID token (protocol C).
const VARIABLE: &str = "CIRCLE_OIDC_TOKEN";

pub(super) fn proof(lookup: Lookup<'_>) -> Result<Secret, JoinError> {
    proof::variable(JoinMethod::CircleCi, VARIABLE, lookup)
}
