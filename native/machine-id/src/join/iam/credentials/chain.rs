//! The places in their order.

use crate::join::iam::error::IamError;
use crate::join::iam::keys::Credentials;

use super::found::Found;
use super::profile::{self, Base};
use super::shared::SharedConfig;
use super::{container, environment, process, profiles, sts, web_identity};

/// A place where credentials may be.
#[derive(Clone, Copy)]
enum Place {
    Environment,
    WebIdentity,
    Profile,
    Container,
    Instance,
}

const ORDER: [Place; 5] = [Place::Environment, Place::WebIdentity, Place::Profile, Place::Container, Place::Instance];

/// The first credentials.
pub(in crate::join::iam) async fn find(shared: &SharedConfig<'_>) -> Result<Credentials, IamError> {
    let context = &shared.context;
    let mut looked = Vec::new();
    for place in ORDER {
        let found = match place {
            Place::Environment => environment::find(context.lookup)?,
            Place::WebIdentity => web_identity::find(shared).await?,
            Place::Profile => profile(shared).await?,
            Place::Container => container::find(context).await?,
            Place::Instance => shared.imds.find(context).await?,
        };
        match found {
            Found::Credentials(credentials) => return Ok(credentials),
            Found::Nothing(why) => looked.push(why),
        }
    }
    Err(IamError::NoCredentials { looked })
}

async fn profile(shared: &SharedConfig<'_>) -> Result<Found, IamError> {
    let context = &shared.context;
    let (name, variable) = profiles::selected(context.lookup);
    let profiles = shared.profiles().await?;
    let place = profile::place(&name);
    if profiles.get(&name).is_none() {
        return match variable {
            Some(variable) => Err(IamError::source(place, format!("{variable} selects it, and neither file has it"))),
            None => Ok(Found::Nothing(format!("{place} (neither file has it)"))),
        };
    }
    let Some(plan) = profile::plan(profiles, &name)? else {
        return Ok(Found::Nothing(format!("{place} (it has no credentials)")));
    };
    let mut credentials = match plan.base {
        Base::Keys(keys) => keys,
        Base::Process(line) => process::run(&place, &line, context.now()).await?,
        Base::WebIdentity { role, file } => web_identity::assume(shared, &place, &role, file).await?,
        Base::Environment => source(&place, environment::find(context.lookup)?)?,
        Base::Container => source(&place, container::find(context).await?)?,
        Base::Instance => source(&place, shared.imds.find(context).await?)?,
    };
    for role in &plan.roles {
        credentials = sts::assume(shared, &place, role, &credentials).await?;
    }
    Ok(Found::Credentials(credentials))
}

/// What a profile's `credential_source` must have.
fn source(place: &str, found: Found) -> Result<Credentials, IamError> {
    match found {
        Found::Credentials(credentials) => Ok(credentials),
        Found::Nothing(why) => Err(IamError::source(place, format!("its credential_source has none: {why}"))),
    }
}
