//! Method `terraform_cloud`: the run's workload identity token.

use crate::config::JoinMethod;
use crate::secret::Secret;

use super::error::JoinError;
use super::proof::{self, Lookup};

/// The variable that holds the ID token (protocol C).
const VARIABLE: &str = "TFC_WORKLOAD_IDENTITY_TOKEN";

pub(super) fn proof(lookup: Lookup<'_>) -> Result<Secret, JoinError> {
    proof::variable(JoinMethod::TerraformCloud, VARIABLE, lookup)
}
