//! Method `gitlab`: the ID token that the job's `id_tokens` puts into a variable, audience the cluster's name.

use crate::config::JoinMethod;
use crate::secret::Secret;

use super::error::JoinError;
use super::proof::{self, Lookup};

/// The variable that holds the ID token (protocol C).
const VARIABLE: &str = "TBOT_GITLAB_JWT";

pub(super) fn proof(lookup: Lookup<'_>) -> Result<Secret, JoinError> {
    proof::variable(JoinMethod::Gitlab, VARIABLE, lookup)
}
