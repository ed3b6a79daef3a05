//! What a profile asks for, without I/O: where its first credentials come from, and which roles are taken with them.

use std::path::PathBuf;

use crate::join::iam::error::IamError;
use crate::join::iam::keys::Credentials;
use crate::secret::Secret;

use super::profiles::{Profile, Profiles};
use super::role::Role;

/// Most profiles that use one another; STS is asked for each.
const LONGEST: usize = 8;

/// The first credentials, then the roles in their order.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) base: Base,
    pub(super) roles: Vec<Role>,
}

/// Where the first credentials come from.
#[derive(Debug)]
pub(super) enum Base {
    Keys(Credentials),
    /// A command line.
    Process(Secret),
    WebIdentity {
        role: Role,
        file: PathBuf,
    },
    Environment,
    Container,
    Instance,
}

/// The plan of the profile `name`; none if it is about other things than credentials.
///
/// # Errors
/// What can't be done about it.
pub(super) fn plan(profiles: &Profiles, name: &str) -> Result<Option<Plan>, IamError> {
    resolve(profiles, name, &mut Vec::new())
}

/// How a profile is called in errors.
pub(super) fn place(name: &str) -> String {
    format!("the profile {name:?}")
}

fn resolve(profiles: &Profiles, name: &str, seen: &mut Vec<String>) -> Result<Option<Plan>, IamError> {
    let failed = |reason: String| IamError::source(place(name), reason);
    let Some(profile) = profiles.get(name) else { return Err(failed("neither file has it".to_owned())) };
    if seen.iter().any(|one| one == name) {
        return Err(failed(format!("its source_profile leads in a circle ({})", seen.join(", "))));
    }
    if seen.len() >= LONGEST {
        return Err(failed(format!("more than {LONGEST} profiles follow one another by source_profile")));
    }
    seen.push(name.to_owned());
    let role = role(&profile)?;
    let mut plan = match (&role, profile.get("source_profile"), profile.get("credential_source")) {
        (None, _, _) | (Some(_), None, None) => own(&profile)?.map(Plan::of),
        (Some(_), Some(_), Some(_)) => {
            return Err(failed("it has both source_profile and credential_source".to_owned()));
        }
        (Some(_), Some(source), None) if source == name => own(&profile)?.map(Plan::of),
        (Some(_), Some(source), None) => {
            let nothing = || failed(format!("its source_profile {source:?} has no credentials"));
            Some(resolve(profiles, source, seen)?.ok_or_else(nothing)?)
        }
        (Some(_), None, Some(source)) => Some(Plan::of(match source {
            "Environment" => Base::Environment,
            "EcsContainer" => Base::Container,
            "Ec2InstanceMetadata" => Base::Instance,
            _ => return Err(failed("its credential_source isn't known".to_owned())),
        })),
    };
    match (role, &mut plan) {
        (None, _) => {}
        // The token was for this role.
        (Some(_), Some(Plan { base: Base::WebIdentity { .. }, .. }))
            if seen.last().is_some_and(|last| last == name) => {}
        (Some(role), Some(plan)) => plan.roles.push(role),
        (Some(_), None) => return Err(failed("it has role_arn and nothing to take that role with".to_owned())),
    }
    Ok(plan)
}

impl Plan {
    fn of(base: Base) -> Self {
        Self { base, roles: Vec::new() }
    }
}

/// Credentials that the profile itself has.
fn own(profile: &Profile<'_>) -> Result<Option<Base>, IamError> {
    let failed = |reason: String| IamError::source(place(&profile.name), reason);
    let unsupported = |what| Err(IamError::Unsupported { place: place(&profile.name), what });
    let secret = |key| profile.get(key).map(|text| Secret::new(text.to_owned()));
    match (profile.get("aws_access_key_id"), secret("aws_secret_access_key")) {
        (Some(key), Some(secret_key)) => {
            let made = Credentials::new(key, &secret_key, secret("aws_session_token").as_ref());
            return made.map(|keys| Some(Base::Keys(keys))).map_err(failed);
        }
        (Some(_), None) => return Err(failed("it has aws_access_key_id without aws_secret_access_key".to_owned())),
        (None, Some(_)) => return Err(failed("it has aws_secret_access_key without aws_access_key_id".to_owned())),
        (None, None) => {}
    }
    if let Some(file) = profile.get("web_identity_token_file") {
        let role =
            role(profile)?.ok_or_else(|| failed("it has web_identity_token_file without role_arn".to_owned()))?;
        return Ok(Some(Base::WebIdentity { role, file: file.into() }));
    }
    if profile.get("sso_session").or_else(|| profile.get("sso_start_url")).is_some() {
        return unsupported("IAM Identity Center (sso)");
    }
    if profile.get("login_session").is_some() {
        return unsupported("signing in by browser (login_session)");
    }
    Ok(profile.get("credential_process").map(|line| Base::Process(Secret::new(line.to_owned()))))
}

fn role(profile: &Profile<'_>) -> Result<Option<Role>, IamError> {
    let Some(arn) = profile.get("role_arn") else { return Ok(None) };
    if profile.get("mfa_serial").is_some() {
        return Err(IamError::Unsupported { place: place(&profile.name), what: "MFA (mfa_serial)" });
    }
    let text = |key| profile.get(key).map(str::to_owned);
    let duration = match profile.get("duration_seconds").map(str::parse) {
        None => None,
        Some(Ok(seconds)) => Some(seconds),
        Some(Err(_)) => return Err(IamError::source(place(&profile.name), "its duration_seconds is no number")),
    };
    Ok(Some(Role {
        arn: arn.to_owned(),
        session: text("role_session_name"),
        external_id: text("external_id"),
        duration,
    }))
}

#[cfg(test)]
#[path = "profile_tests.rs"]
mod tests;
