//! The endpoint of ECS tasks and EKS pods ("Container credential provider").

use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use crate::connect::{FetchReply, FetchRequest};
use crate::join::iam::error::IamError;

use super::context::Context;
use super::document;
use super::found::Found;

const RELATIVE: &str = "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI";
const FULL: &str = "AWS_CONTAINER_CREDENTIALS_FULL_URI";
const TOKEN: &str = "AWS_CONTAINER_AUTHORIZATION_TOKEN";
const TOKEN_FILE: &str = "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE";
const ECS: &str = "http://169.254.170.2";
/// Of one request; ECS answers from the same machine.
const LIMIT: Duration = Duration::from_secs(5);
const PLACE: &str = "the container's endpoint";

pub(super) async fn find(context: &Context<'_>) -> Result<Found, IamError> {
    let failed = |reason: String| IamError::source(PLACE, reason);
    let url = match (context.lookup.get(RELATIVE), context.lookup.get(FULL)) {
        (Some(path), _) if path.starts_with('/') => format!("{ECS}{path}"),
        (Some(_), _) => return Err(failed(format!("{RELATIVE} doesn't begin with a slash"))),
        (None, Some(url)) if allowed(&url) => url,
        (None, Some(_)) => {
            let reason =
                "leads neither to loopback, nor to 169.254.170.2, 169.254.170.23 or fd00:ec2::23, nor is it https";
            return Err(failed(format!("{FULL} {reason}")));
        }
        (None, None) => {
            return Ok(Found::Nothing(format!("a container's endpoint (neither {RELATIVE} nor {FULL} is set)")));
        }
    };
    let reply = ask(context, &url).await?;
    let read = document::read(&reply.body).and_then(|document| document.credentials());
    read.map(Found::Credentials).map_err(failed)
}

async fn ask(context: &Context<'_>, url: &str) -> Result<FetchReply, IamError> {
    let token = match (context.lookup.get(TOKEN_FILE), context.lookup.get(TOKEN)) {
        // Read each time: EKS replaces it.
        (Some(path), _) => {
            let file = context.file(PathBuf::from(&path)).await?;
            let file =
                file.map_err(|error| IamError::source(PLACE, format!("the file {path} can't be read: {error}")))?;
            Some(file.expose().trim().to_owned())
        }
        (None, token) => token,
    };
    let mut request = FetchRequest::get(url).header("accept", "application/json").within(LIMIT);
    if let Some(token) = token {
        request = request.header("authorization", token);
    }
    let reply = context.connector.fetch(request).await.map_err(|error| IamError::fetch(PLACE, &error))?;
    match reply.status {
        200 => Ok(reply),
        _ => Err(IamError::status(PLACE, &reply)),
    }
}

/// The hosts that AWS allows. HTTP to others would hand the token to whoever listens there.
fn allowed(url: &str) -> bool {
    let Ok(uri) = url.parse::<http::Uri>() else { return false };
    let host = uri.host().unwrap_or_default();
    match uri.scheme_str() {
        Some("https") => true,
        Some("http") if host.eq_ignore_ascii_case("localhost") => true,
        Some("http") => match host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>() {
            Ok(IpAddr::V4(ip)) => ip.is_loopback() || [[169, 254, 170, 2], [169, 254, 170, 23]].contains(&ip.octets()),
            Ok(IpAddr::V6(ip)) => ip.is_loopback() || ip.segments() == [0xfd00, 0x0ec2, 0, 0, 0, 0, 0, 0x23],
            Err(_) => false,
        },
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::allowed;

    #[test]
    fn only_the_hosts_that_aws_allows_are_asked() {
        for url in [
            "http://127.0.0.1:8080/x",
            "http://[::1]/x",
            "http://localhost/x",
            "http://169.254.170.2/x",
            "http://169.254.170.23/v1/credentials",
            "http://[fd00:ec2::23]/v1/credentials",
            "https://credentials.example.com/x",
        ] {
            assert!(allowed(url), "{url}");
        }
        for url in ["http://192.0.2.1/", "http://169.254.169.254/", "http://[fd00:ec2::24]/", "file:///etc", "/x", ""] {
            assert!(!allowed(url), "{url}");
        }
    }
}
