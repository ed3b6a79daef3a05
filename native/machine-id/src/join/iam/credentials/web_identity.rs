//! An ID token that STS takes for a role's credentials: EKS' roles for service accounts (IRSA).

use std::path::PathBuf;

use crate::join::iam::error::IamError;
use crate::join::iam::keys::Credentials;

use super::found::Found;
use super::role::Role;
use super::shared::SharedConfig;
use super::sts;

const FILE: &str = "AWS_WEB_IDENTITY_TOKEN_FILE";
const ROLE: &str = "AWS_ROLE_ARN";
const SESSION: &str = "AWS_ROLE_SESSION_NAME";
const PLACE: &str = "the web identity";

/// As the environment has it.
pub(super) async fn find(shared: &SharedConfig<'_>) -> Result<Found, IamError> {
    let Some(file) = shared.context.lookup.get(FILE) else {
        return Ok(Found::Nothing(format!("a web identity ({FILE} isn't set)")));
    };
    let Some(arn) = shared.context.lookup.get(ROLE) else {
        return Err(IamError::source(PLACE, format!("{FILE} is set without {ROLE}")));
    };
    let role = Role { arn, session: shared.context.lookup.get(SESSION), ..Role::default() };
    assume(shared, PLACE, &role, file.into()).await.map(Found::Credentials)
}

/// The role's credentials for the token in `file`, which is read each time: Kubernetes replaces it.
pub(super) async fn assume(
    shared: &SharedConfig<'_>,
    place: &str,
    role: &Role,
    file: PathBuf,
) -> Result<Credentials, IamError> {
    let bad = |reason: String| IamError::source(place, format!("the token file {} {reason}", file.display()));
    let token = shared.context.file(file.clone()).await?.map_err(|error| bad(format!("can't be read: {error}")))?;
    match token.expose().trim() {
        "" => Err(bad("is empty".to_owned())),
        token => sts::assume_with_web_identity(shared, place, role, token).await,
    }
}
