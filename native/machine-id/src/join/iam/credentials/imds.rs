//! The metadata service of an EC2 instance, version 2. Version 1 is never asked: it answers whoever can make this
//! machine send a request.

use std::time::Duration;

use tokio::sync::OnceCell;
use zeroize::Zeroizing;

use crate::connect::{FetchError, FetchReply, FetchRequest};
use crate::join::iam::error::IamError;
use crate::secret::Secret;

use super::context::Context;
use super::document;
use super::found::Found;

const DISABLED: &str = "AWS_EC2_METADATA_DISABLED";
const ENDPOINT: &str = "AWS_EC2_METADATA_SERVICE_ENDPOINT";
const MODE: &str = "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE";
const IPV4: &str = "http://169.254.169.254";
const IPV6: &str = "http://[fd00:ec2::254]";
const ROLES: &str = "/latest/meta-data/iam/security-credentials/";
const REGION: &str = "/latest/meta-data/placement/region";
/// Of one request, as AWS' own programs have it: elsewhere than on EC2 nobody answers.
const LIMIT: Duration = Duration::from_secs(1);
/// How often a session is asked for; the service is sometimes slow.
const TRIES: usize = 2;
const PLACE: &str = "the EC2 metadata service";

/// A session with the service, begun at the first question.
#[derive(Default)]
pub(super) struct Imds(OnceCell<Result<Secret, String>>);

impl Imds {
    /// The credentials of the instance's role.
    pub(super) async fn find(&self, context: &Context<'_>) -> Result<Found, IamError> {
        let nothing = |reason: &str| Ok(Found::Nothing(format!("{PLACE} ({reason})")));
        let token = match self.token(context).await {
            Ok(token) => token,
            Err(reason) => return nothing(reason),
        };
        let roles = match get(context, token, ROLES).await? {
            reply if reply.status == 404 => return nothing("this instance has no role"),
            reply => text(&reply)?,
        };
        let role = roles.lines().next().unwrap_or_default().trim();
        if role.is_empty() {
            return nothing("this instance has no role");
        }
        let fits = |c: char| c.is_ascii_alphanumeric() || "+=,.@_-".contains(c);
        if !role.chars().all(fits) {
            return Err(IamError::source(PLACE, "what it calls the instance's role can't be one"));
        }
        let reply = get(context, token, &format!("{ROLES}{role}")).await?;
        text(&reply)?;
        let read = document::read(&reply.body).and_then(|document| match document.code.as_deref() {
            None | Some("Success") => document.credentials(),
            Some(_) => Err(format!("it has none for the role {role} at the moment")),
        });
        read.map(Found::Credentials).map_err(|reason| IamError::source(PLACE, reason))
    }

    /// The instance's region, where there is an instance.
    pub(super) async fn region(&self, context: &Context<'_>) -> Option<String> {
        let token = self.token(context).await.ok()?;
        let reply = get(context, token, REGION).await.ok()?;
        Some(text(&reply).ok()?.trim().to_owned())
    }

    /// The session's token, or why there is no session.
    async fn token(&self, context: &Context<'_>) -> Result<&Secret, &str> {
        let begun = self.0.get_or_init(|| begin(context)).await;
        begun.as_ref().map_err(String::as_str)
    }
}

async fn begin(context: &Context<'_>) -> Result<Secret, String> {
    if context.lookup.is_true(DISABLED) {
        return Err(format!("{DISABLED} is set"));
    }
    let mut last = String::new();
    for _ in 0..TRIES {
        let request = FetchRequest::put(format!("{}/latest/api/token", base(context)))
            .header("x-aws-ec2-metadata-token-ttl-seconds", "21600")
            .within(LIMIT);
        last = match context.connector.fetch(request).await {
            Ok(reply) if reply.status == 200 => {
                let token = String::from_utf8_lossy(&reply.body).trim().to_owned();
                return Ok(Secret::new(token));
            }
            Ok(reply) => return Err(format!("it refuses a session with HTTP {}", reply.status)),
            // On EC2, too, when the answer's hops are used up by a container's network.
            Err(error @ FetchError::TimedOut { .. }) => {
                format!("{error}; in a container on EC2 the instance's hop limit must be 2 or more")
            }
            Err(error) => return Err(error.to_string()),
        };
    }
    Err(last)
}

fn base(context: &Context<'_>) -> String {
    let ipv6 = context.lookup.get(MODE).is_some_and(|mode| mode.eq_ignore_ascii_case("ipv6"));
    let url = context.lookup.get(ENDPOINT).unwrap_or_else(|| if ipv6 { IPV6 } else { IPV4 }.to_owned());
    url.trim_end_matches('/').to_owned()
}

async fn get(context: &Context<'_>, token: &Secret, path: &str) -> Result<FetchReply, IamError> {
    let url = format!("{}{path}", base(context));
    let request = FetchRequest::get(url).header("x-aws-ec2-metadata-token", token.expose()).within(LIMIT);
    context.connector.fetch(request).await.map_err(|error| IamError::fetch(PLACE, &error))
}

fn text(reply: &FetchReply) -> Result<Zeroizing<String>, IamError> {
    match (reply.status, std::str::from_utf8(&reply.body)) {
        (200, Ok(text)) => Ok(Zeroizing::new(text.to_owned())),
        (200, Err(_)) => Err(IamError::source(PLACE, "its answer is no text")),
        _ => Err(IamError::status(PLACE, reply)),
    }
}
