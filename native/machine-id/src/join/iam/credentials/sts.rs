//! Taking a role: STS' calls AssumeRole (signed) and AssumeRoleWithWebIdentity (not signed).

use std::time::Duration;

use serde::Deserialize;
use zeroize::Zeroizing;

use crate::connect::{FetchReply, FetchRequest, encoded, error_message};
use crate::join::iam::error::IamError;
use crate::join::iam::keys::Credentials;
use crate::join::iam::lookup::Lookup;
use crate::join::iam::region;
use crate::join::iam::sigv4::{Request, Scope, Stamp};
use crate::secret::Secret;

use super::role::Role;
use super::shared::SharedConfig;

const VERSION: &str = "2011-06-15";
const CONTENT_TYPE: &str = "application/x-www-form-urlencoded; charset=utf-8";
/// Where an administrator has STS, as behind a VPC endpoint ("Service-specific endpoints").
const ENDPOINTS: [&str; 2] = ["AWS_ENDPOINT_URL_STS", "AWS_ENDPOINT_URL"];
const IGNORED: &str = "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS";
const LIMIT: Duration = Duration::from_secs(15);

/// The role's credentials, by right of `credentials`.
pub(super) async fn assume(
    shared: &SharedConfig<'_>,
    place: &str,
    role: &Role,
    credentials: &Credentials,
) -> Result<Credentials, IamError> {
    let form = form(shared, "AssumeRole", role, None);
    call(shared, place, form, Some(credentials)).await
}

/// The role's credentials, by right of an ID token.
pub(super) async fn assume_with_web_identity(
    shared: &SharedConfig<'_>,
    place: &str,
    role: &Role,
    token: &str,
) -> Result<Credentials, IamError> {
    let form = form(shared, "AssumeRoleWithWebIdentity", role, Some(token));
    call(shared, place, form, None).await
}

fn form(shared: &SharedConfig<'_>, action: &str, role: &Role, token: Option<&str>) -> Zeroizing<String> {
    let seconds = shared.context.now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default().as_secs();
    let session = role.session.clone().unwrap_or_else(|| format!("machine-id-{seconds}"));
    let duration = role.duration.map(|seconds| seconds.to_string());
    let all = [
        ("Action", Some(action)),
        ("Version", Some(VERSION)),
        ("RoleArn", Some(role.arn.as_str())),
        ("RoleSessionName", Some(session.as_str())),
        ("ExternalId", role.external_id.as_deref()),
        ("DurationSeconds", duration.as_deref()),
        ("WebIdentityToken", token),
    ];
    let mut form = Zeroizing::new(String::with_capacity(3 * token.map_or(0, str::len) + 1024));
    for (name, value) in all {
        let Some(value) = value else { continue };
        if !form.is_empty() {
            form.push('&');
        }
        form.push_str(name);
        form.push('=');
        form.extend(encoded(value));
    }
    form
}

async fn call(
    shared: &SharedConfig<'_>,
    place: &str,
    form: Zeroizing<String>,
    signer: Option<&Credentials>,
) -> Result<Credentials, IamError> {
    let endpoint = Endpoint::of(shared, place).await?;
    let request = FetchRequest::post(&endpoint.url, form.as_bytes().to_vec()).header("content-type", CONTENT_TYPE);
    // Otherwise it answers in XML.
    let mut request = request.header("accept", "application/json");
    if let Some(signer) = signer {
        let time = Stamp::new(shared.context.now());
        let mut headers =
            vec![("host", endpoint.host.as_str()), ("content-type", CONTENT_TYPE), ("x-amz-date", time.as_str())];
        request = request.header("x-amz-date", time.as_str());
        if let Some(token) = &signer.token {
            headers.push(("x-amz-security-token", token.expose()));
            request = request.header("x-amz-security-token", token.expose());
        }
        let scope = Scope { region: &endpoint.region, service: "sts", time: &time };
        let signed = Request { method: "POST", headers: &headers, body: form.as_bytes() };
        request = request.header("authorization", signed.authorization(signer, &scope));
    }
    let reply =
        shared.context.connector.fetch(request.within(LIMIT)).await.map_err(|error| IamError::fetch(place, &error))?;
    if reply.status != 200 {
        return Err(refused(place, &reply));
    }
    let read = read(&reply.body);
    read.map_err(|reason| IamError::source(place, format!("STS answers with something else: {reason}")))
}

/// The credentials of an answer of either call, as STS writes it where JSON is accepted.
pub(super) fn read(body: &[u8]) -> Result<Credentials, String> {
    #[derive(Deserialize)]
    struct Reply {
        #[serde(rename = "AssumeRoleResponse", alias = "AssumeRoleWithWebIdentityResponse")]
        response: Response,
    }
    #[derive(Deserialize)]
    struct Response {
        #[serde(rename = "AssumeRoleResult", alias = "AssumeRoleWithWebIdentityResult")]
        result: Outcome,
    }
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Outcome {
        credentials: Keys,
    }
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Keys {
        access_key_id: String,
        secret_access_key: Secret,
        session_token: Secret,
    }
    // The parser's words may repeat what it read.
    let reply: Reply = serde_json::from_slice(body).map_err(|_| "it isn't the JSON of credentials".to_owned())?;
    let keys = reply.response.result.credentials;
    Credentials::new(&keys.access_key_id, &keys.secret_access_key, Some(&keys.session_token))
}

/// A refusal, `{"Error":{"Code":"…","Message":"…"}}`.
fn refused(place: &str, reply: &FetchReply) -> IamError {
    #[derive(Deserialize, Default)]
    #[serde(rename_all = "PascalCase", default)]
    struct Refusal {
        error: Reason,
    }
    #[derive(Deserialize, Default)]
    #[serde(rename_all = "PascalCase", default)]
    struct Reason {
        code: String,
        message: String,
    }
    let Reason { code, message } = serde_json::from_slice::<Refusal>(&reply.body).unwrap_or_default().error;
    let said = error_message(format!("{code} {message}").as_bytes());
    let said = if said.is_empty() { "no reason given" } else { &said };
    let passing = ["Throttling", "IDPCommunicationError", "RequestTimeout", "ServiceUnavailable"];
    let transient = reply.is_passing() || passing.contains(&code.as_str());
    let reason = format!("STS refuses with HTTP {}: {said}", reply.status);
    IamError::Source { place: place.to_owned(), reason, transient }
}

/// Where STS is asked.
struct Endpoint {
    url: String,
    /// As the header `Host` has it.
    host: String,
    region: String,
}

impl Endpoint {
    async fn of(shared: &SharedConfig<'_>, place: &str) -> Result<Self, IamError> {
        let region = shared.region().await?;
        if let Some((variable, url)) = configured(shared.context.lookup) {
            let uri: Option<http::Uri> = url.parse().ok();
            // What is signed has no path.
            let bare = uri.filter(|uri| uri.path_and_query().is_none_or(|path| path == "/"));
            let host = bare.as_ref().and_then(|uri| uri.authority()).map(|authority| authority.as_str().to_owned());
            let host = host.ok_or_else(|| IamError::source(place, format!("{variable} is no URL of a host alone")))?;
            return Ok(Self { url, host, region: region.to_owned() });
        }
        let hosts = region::hosts(region, shared.context.fips);
        let host = hosts.first().ok_or_else(|| IamError::source(place, "STS has no host"))?;
        Ok(Self {
            url: format!("https://{}/", host.name()),
            host: host.name().to_owned(),
            region: host.region().to_owned(),
        })
    }
}

fn configured(lookup: Lookup<'_>) -> Option<(&'static str, String)> {
    if lookup.is_true(IGNORED) {
        return None;
    }
    ENDPOINTS.into_iter().find_map(|variable| Some((variable, lookup.get(variable)?)))
}
