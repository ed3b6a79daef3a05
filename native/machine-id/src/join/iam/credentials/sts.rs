//! Taking a role: STS' calls AssumeRole (signed) and AssumeRoleWithWebIdentity (not signed).

use std::time::Duration;

use zeroize::Zeroizing;

use crate::connect::FetchRequest;
use crate::join::iam::error::IamError;
use crate::join::iam::keys::Credentials;
use crate::join::iam::lookup::Lookup;
use crate::join::iam::region;
use crate::join::iam::sigv4::{Request, Scope, Stamp};
use crate::secret::Secret;

use super::role::Role;
use super::shared::SharedConfig;
use super::xml;

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
        encode(value, &mut form);
    }
    form
}

fn encode(text: &str, into: &mut String) {
    for byte in text.bytes() {
        match char::from(byte) {
            c if c.is_ascii_alphanumeric() || "-_.~".contains(c) => into.push(c),
            _ => into.push_str(&format!("%{byte:02X}")),
        }
    }
}

async fn call(
    shared: &SharedConfig<'_>,
    place: &str,
    form: Zeroizing<String>,
    signer: Option<&Credentials>,
) -> Result<Credentials, IamError> {
    let endpoint = Endpoint::of(shared, place).await?;
    let mut request = FetchRequest::post(&endpoint.url, form.as_bytes().to_vec()).header("content-type", CONTENT_TYPE);
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
    let text = String::from_utf8_lossy(&reply.body);
    match reply.status {
        200 => {
            read(&text).map_err(|reason| IamError::source(place, format!("STS answers with something else: {reason}")))
        }
        status => Err(refused(place, status, &text)),
    }
}

/// The credentials of an answer of either call.
pub(super) fn read(text: &str) -> Result<Credentials, String> {
    let texts = xml::read(text).map_err(str::to_owned)?;
    let action = ["AssumeRole", "AssumeRoleWithWebIdentity"].into_iter().find_map(|action| {
        let path = move |name: &str| format!("{action}Response/{action}Result/Credentials/{name}");
        texts.get(&path("AccessKeyId")).map(|key| (key.to_owned(), path))
    });
    let (key, path) = action.ok_or("it has no AccessKeyId")?;
    let secret = |name: &str| texts.get(&path(name)).map(|text| Secret::new(text.to_owned()));
    let (secret_key, token) = (secret("SecretAccessKey"), secret("SessionToken"));
    let secret_key = secret_key.ok_or("it has no SecretAccessKey")?;
    Credentials::new(&key, &secret_key, Some(&token.ok_or("it has no SessionToken")?))
}

fn refused(place: &str, status: u16, text: &str) -> IamError {
    let texts = xml::read(text).ok();
    let part = |name: &str| texts.as_ref().and_then(|texts| texts.get(&format!("ErrorResponse/Error/{name}")));
    let (code, message) = (part("Code").unwrap_or("no reason given"), part("Message").unwrap_or_default());
    let reason: String =
        format!("STS refuses with HTTP {status}: {code} {message}").trim_end().chars().take(400).collect();
    let passing = ["Throttling", "IDPCommunicationError", "RequestTimeout", "ServiceUnavailable"];
    let transient = status >= 500 || status == 429 || passing.contains(&code);
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
