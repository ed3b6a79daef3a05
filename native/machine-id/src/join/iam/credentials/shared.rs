//! Profiles, region and the metadata service's session: each found once, however many places ask for it.

use tokio::sync::OnceCell;

use crate::join::iam::error::IamError;
use crate::join::iam::region;

use super::context::Context;
use super::imds::Imds;
use super::profile;
use super::profiles::{self, Profiles};

/// What AWS' programs call the shared configuration.
pub(in crate::join::iam) struct SharedConfig<'a> {
    pub(super) context: Context<'a>,
    pub(super) imds: Imds,
    profiles: OnceCell<Profiles>,
    region: OnceCell<String>,
}

impl<'a> SharedConfig<'a> {
    /// Nothing is read yet.
    pub(in crate::join::iam) fn new(context: Context<'a>) -> Self {
        Self { context, imds: Imds::default(), profiles: OnceCell::new(), region: OnceCell::new() }
    }

    /// The region: of the environment, the profile, the instance, else the default of newer bots.
    pub(in crate::join::iam) async fn region(&self) -> Result<&str, IamError> {
        let region = self.region.get_or_try_init(|| self.find_region()).await?;
        Ok(region)
    }

    /// Both files.
    pub(super) async fn profiles(&self) -> Result<&Profiles, IamError> {
        self.profiles.get_or_try_init(|| Profiles::read(&self.context)).await
    }

    async fn find_region(&self) -> Result<String, IamError> {
        let lookup = self.context.lookup;
        let checked = |place: String, region: String| match region::is_region(&region) {
            true => Ok(region),
            false => Err(IamError::Region { place }),
        };
        for variable in ["AWS_REGION", "AWS_DEFAULT_REGION"] {
            if let Some(region) = lookup.get(variable) {
                return checked(variable.to_owned(), region);
            }
        }
        let (name, _) = profiles::selected(lookup);
        if let Some(region) = self.profiles().await?.get(&name).as_ref().and_then(|profile| profile.get("region")) {
            return checked(profile::place(&name), region.to_owned());
        }
        match self.imds.region(&self.context).await {
            Some(region) => checked("the EC2 metadata service".to_owned(), region),
            None => Ok(region::DEFAULT.to_owned()),
        }
    }
}
