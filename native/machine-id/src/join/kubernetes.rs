//! Method `kubernetes`: the service account token of the pod.

use std::path::PathBuf;

use crate::config::JoinMethod;
use crate::secret::Secret;

use super::error::JoinError;
use super::proof::{self, Lookup};

/// Names another place for the token (protocol C).
const PATH_VARIABLE: &str = "KUBERNETES_TOKEN_PATH";
const DEFAULT_PATH: &str = "/var/run/secrets/kubernetes.io/serviceaccount/token";

pub(super) fn proof(lookup: Lookup<'_>) -> Result<Secret, JoinError> {
    let path = lookup(PATH_VARIABLE).filter(|path| !path.is_empty()).unwrap_or_else(|| DEFAULT_PATH.to_owned());
    proof::file(JoinMethod::Kubernetes, &PathBuf::from(path))
}
