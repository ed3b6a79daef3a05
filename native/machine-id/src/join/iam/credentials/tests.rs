//! Each place against a double on loopback, and how the places follow one another.

use std::collections::HashMap;

use tempfile::TempDir;

use super::*;
use crate::clock::FixedClock;
use crate::connect::fake_service::{Service, answer, connector};
use crate::error::{Fault, Retry};
use crate::join::iam::error::IamError;
use crate::join::iam::keys::Credentials;
use crate::join::iam::lookup::Lookup;

const KEYS: &str =
    r#""AccessKeyId":"AKIA1","SecretAccessKey":"hunter2","Token":"t","Expiration":"2026-11-28T18:00:00Z""#;

/// A machine: its variables, and a home directory.
struct Machine {
    variables: HashMap<String, String>,
    home: TempDir,
}

impl Machine {
    /// One that has nothing; its metadata service is switched off.
    fn new(variables: &[(&str, &str)]) -> Self {
        let home = tempfile::tempdir().unwrap();
        let mut machine = Self { variables: HashMap::new(), home };
        let path = machine.home.path().display().to_string();
        machine.set(&[("HOME", &path), ("AWS_EC2_METADATA_DISABLED", "true"), ("AWS_REGION", "eu-central-1")]);
        machine.set(variables);
        machine
    }

    /// One on EC2, as `service` has it.
    fn on_ec2(service: &Service) -> Self {
        Self::new(&[
            ("AWS_EC2_METADATA_DISABLED", "false"),
            ("AWS_EC2_METADATA_SERVICE_ENDPOINT", &service.url("/")),
            ("AWS_REGION", ""),
        ])
    }

    fn set(&mut self, variables: &[(&str, &str)]) {
        self.variables.extend(variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
    }

    #[expect(clippy::disallowed_methods, reason = "a test's own file")]
    fn file(&self, name: &str, text: &str) -> String {
        let path = self.home.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
        path.display().to_string()
    }

    async fn with<T>(&self, ask: impl AsyncFnOnce(&SharedConfig<'_>) -> T) -> T {
        let lookup = |name: &str| self.variables.get(name).cloned();
        let (connector, clock) =
            (connector(), FixedClock::at(humantime::parse_rfc3339("2026-11-28T12:00:00Z").unwrap()));
        ask(&SharedConfig::new(Context { connector: &connector, lookup: Lookup(&lookup), clock: &clock, fips: false }))
            .await
    }

    async fn credentials(&self) -> Result<Credentials, IamError> {
        self.with(async |shared: &SharedConfig<'_>| find(shared).await).await
    }

    async fn found(&self) -> String {
        let credentials = self.credentials().await.unwrap();
        let token = credentials.token.as_ref().map_or("-", |token| token.expose());
        format!("{}/{}/{token}", credentials.access_key, credentials.secret.expose())
    }

    /// The failure, which shows no secret.
    async fn failure(&self) -> String {
        let error = self.credentials().await.unwrap_err().to_string();
        assert!(!error.contains("hunter2"), "{error}");
        error
    }

    async fn region(&self) -> Result<String, String> {
        self.with(async |shared: &SharedConfig<'_>| {
            shared.region().await.map(str::to_owned).map_err(|error| error.to_string())
        })
        .await
    }
}

/// The path of a request.
fn path(request: &str) -> &str {
    request.split(' ').nth(1).unwrap_or_default()
}

fn sts_answer(action: &str) -> Option<String> {
    let credentials = serde_json::json!({
        "AccessKeyId": "ASIA2", "SecretAccessKey": "hunter2", "SessionToken": "t2==", "Expiration": 1_795_888_800.0,
    });
    let user = serde_json::json!({"Arn": "arn:aws:sts::1:assumed-role/r/s"});
    let result = serde_json::json!({"AssumedRoleUser": user, "Credentials": credentials});
    let response = serde_json::json!({format!("{action}Result"): result, "ResponseMetadata": {"RequestId": "x"}});
    answer(200, &serde_json::json!({format!("{action}Response"): response}).to_string())
}

#[tokio::test]
async fn a_machine_without_credentials_says_where_they_were_looked_for_in_order() {
    let error = Machine::new(&[]).credentials().await.unwrap_err();
    let expected = "this machine has no AWS credentials; looked in the environment (AWS_ACCESS_KEY_ID isn't set); \
        a web identity (AWS_WEB_IDENTITY_TOKEN_FILE isn't set); the profile \"default\" (neither file has it); \
        a container's endpoint (neither AWS_CONTAINER_CREDENTIALS_RELATIVE_URI nor AWS_CONTAINER_CREDENTIALS_FULL_URI \
        is set); the EC2 metadata service (AWS_EC2_METADATA_DISABLED is set)";
    assert_eq!(error.to_string(), expected);
    assert_eq!((error.code().as_str(), error.retry()), ("join_proof_missing", Retry::No));
}

#[tokio::test]
async fn keys_in_the_environment_come_before_all_else() {
    let mut machine = Machine::new(&[("AWS_ACCESS_KEY_ID", " AKIA1\n"), ("AWS_SECRET_ACCESS_KEY", "hunter2")]);
    machine.set(&[("AWS_PROFILE", "missing"), ("AWS_WEB_IDENTITY_TOKEN_FILE", "/missing")]);
    assert_eq!(machine.found().await, "AKIA1/hunter2/-");
    machine.set(&[("AWS_SESSION_TOKEN", "t")]);
    assert_eq!(machine.found().await, "AKIA1/hunter2/t");
}

#[tokio::test]
async fn half_of_the_keys_is_a_fault_and_no_reason_to_be_somebody_else() {
    for (name, value, words) in [
        ("AWS_ACCESS_KEY_ID", "AKIA1", "AWS_ACCESS_KEY_ID is set without AWS_SECRET_ACCESS_KEY"),
        ("AWS_SECRET_ACCESS_KEY", "hunter2", "AWS_SECRET_ACCESS_KEY is set without AWS_ACCESS_KEY_ID"),
    ] {
        assert!(Machine::new(&[(name, value)]).failure().await.contains(words));
    }
    let machine = Machine::new(&[("AWS_ACCESS_KEY_ID", "AKIA1"), ("AWS_SECRET_ACCESS_KEY", "hunter2\r\nX: y")]);
    assert!(machine.failure().await.ends_with("its secret access key isn't one"));
    let machine = Machine::new(&[("AWS_ACCESS_KEY_ID", "AKIA/1"), ("AWS_SECRET_ACCESS_KEY", "hunter2")]);
    assert!(machine.failure().await.ends_with("its access key id isn't one"));
}

#[tokio::test]
async fn a_web_identity_is_exchanged_without_a_signature() {
    let sts = Service::new(|_| sts_answer("AssumeRoleWithWebIdentity")).await;
    let mut machine = Machine::new(&[("AWS_ENDPOINT_URL_STS", &sts.url("/"))]);
    let file = machine.file("token", "header.payload+/\n");
    machine.set(&[("AWS_WEB_IDENTITY_TOKEN_FILE", &file), ("AWS_ROLE_ARN", "arn:aws:iam::1:role/r")]);
    assert_eq!(machine.found().await, "ASIA2/hunter2/t2==");
    let asked = sts.asked().concat();
    assert!(!asked.to_lowercase().contains("authorization:"), "{asked}");
    assert!(asked.contains("accept: application/json\r\n"), "else it answers in XML: {asked}");
    let body = "Action=AssumeRoleWithWebIdentity&Version=2011-06-15&RoleArn=arn%3Aaws%3Aiam%3A%3A1%3Arole%2Fr\
        &RoleSessionName=machine-id-1795867200&WebIdentityToken=header.payload%2B%2F";
    assert!(asked.ends_with(&format!("\r\n\r\n{body}")), "{asked}");
    machine.set(&[("AWS_ROLE_SESSION_NAME", "build-1")]);
    machine.found().await;
    assert!(sts.asked().concat().contains("&RoleSessionName=build-1&"));
}

#[tokio::test]
async fn a_web_identity_that_fails_says_why_and_ends_the_search() {
    let refusal = r#"{"Error":{"Type":"Sender","Code":"InvalidIdentityToken",
        "Message":"No OpenIDConnect\u001b provider found"},"RequestId":"x"}"#;
    for (reply, words, retry) in [
        (
            answer(400, refusal),
            "STS refuses with HTTP 400: InvalidIdentityToken No OpenIDConnect provider found",
            Retry::No,
        ),
        (
            answer(400, &refusal.replace("InvalidIdentityToken", "IDPCommunicationError")),
            "IDPCommunicationError",
            Retry::Later,
        ),
        (answer(503, "<html>hunter2"), "STS refuses with HTTP 503: no reason given", Retry::Later),
        (answer(200, "{\"hunter2\":1}"), "STS answers with something else", Retry::No),
        (answer(200, "<A><B>hunter2</B></A>"), "it isn't the JSON of credentials", Retry::No),
        (answer(200, &"[".repeat(100_000)), "it isn't the JSON of credentials", Retry::No),
        (answer(429, ""), "STS refuses with HTTP 429: no reason given", Retry::Later),
        (
            Some("HTTP/1.1 307 X\r\nLocation: http://192.0.2.1/\r\n\r\n".to_owned()),
            "redirects to http://192.0.2.1/",
            Retry::No,
        ),
        (Some("nonsense".to_owned()), "doesn't answer as it should", Retry::No),
    ] {
        let sts = Service::new(move |_| reply.clone()).await;
        let mut machine = Machine::new(&[("AWS_ENDPOINT_URL", &sts.url("")), ("AWS_ROLE_ARN", "r")]);
        let file = machine.file("token", "hunter2");
        machine.set(&[("AWS_WEB_IDENTITY_TOKEN_FILE", &file)]);
        let error = machine.credentials().await.unwrap_err();
        assert_eq!(error.retry(), retry, "{error}");
        let error = error.to_string();
        assert!(error.contains("the web identity") && error.contains(words) && !error.contains("hunter2"), "{error}");
    }
}

#[tokio::test]
async fn a_configured_endpoint_is_a_host_alone() {
    for url in ["http://127.0.0.1:1/x", "http://127.0.0.1:1/?hunter2", "nonsense hunter2", "/"] {
        let mut machine = Machine::new(&[("AWS_ENDPOINT_URL_STS", url), ("AWS_ROLE_ARN", "r")]);
        let file = machine.file("token", "t");
        machine.set(&[("AWS_WEB_IDENTITY_TOKEN_FILE", &file)]);
        assert!(machine.failure().await.ends_with("AWS_ENDPOINT_URL_STS is no URL of a host alone"), "{url}");
    }
}

#[tokio::test]
async fn a_web_identity_needs_a_role_and_a_token() {
    let mut machine = Machine::new(&[("AWS_WEB_IDENTITY_TOKEN_FILE", "/no/such/file")]);
    assert!(machine.failure().await.contains("AWS_WEB_IDENTITY_TOKEN_FILE is set without AWS_ROLE_ARN"));
    machine.set(&[("AWS_ROLE_ARN", "r")]);
    assert!(machine.failure().await.contains("the token file /no/such/file can't be read: No such file"));
    let file = machine.file("token", " \n");
    machine.set(&[("AWS_WEB_IDENTITY_TOKEN_FILE", &file)]);
    assert!(machine.failure().await.ends_with("is empty"));
}

#[tokio::test]
async fn profiles_are_read_from_both_files_wherever_they_are() {
    let keys = "aws_access_key_id=AKIA1\naws_secret_access_key=hunter2\n";
    let mut machine = Machine::new(&[("AWS_REGION", "")]);
    machine.file(".aws/credentials", &format!("[default]\n{keys}"));
    machine.file(".aws/config", "[default]\nregion = ap-south-1\n[profile dev]\nregion = eu-west-3\n");
    assert_eq!(machine.found().await, "AKIA1/hunter2/-");
    assert_eq!(machine.region().await.unwrap(), "ap-south-1");
    machine.set(&[("AWS_PROFILE", "dev")]);
    assert_eq!(machine.region().await.unwrap(), "eu-west-3");
    // It is about a region alone, so that the search goes on.
    assert!(machine.failure().await.contains("the profile \"dev\" (it has no credentials); a container's"));
    machine.set(&[("AWS_PROFILE", "prod")]);
    assert!(machine.failure().await.contains("\"prod\" can't be had: AWS_PROFILE selects it, and neither file has it"));
    let path = machine.file("elsewhere", &format!("[prod]\n{}", keys.replace("AKIA1", "AKIA2")));
    machine.set(&[("AWS_SHARED_CREDENTIALS_FILE", &path)]);
    assert_eq!(machine.found().await, "AKIA2/hunter2/-");
}

#[tokio::test]
async fn a_file_that_cannot_be_read_is_named_with_its_line() {
    let mut machine = Machine::new(&[]);
    let path = machine.file("config", "[default]\nregion = x\nhunter2\n");
    machine.set(&[("AWS_CONFIG_FILE", &path)]);
    assert!(machine.failure().await.ends_with("its line 3 can't be read"));
    machine.set(&[("AWS_CONFIG_FILE", "/")]);
    assert!(machine.failure().await.contains("the file / can't be had: "));
    let path = machine.file("config", &"#".repeat((1 << 20) + 1));
    machine.set(&[("AWS_CONFIG_FILE", &path)]);
    assert!(machine.failure().await.ends_with("it exceeds 1048576 bytes"));
}

#[tokio::test]
async fn a_role_is_taken_with_a_signed_request() {
    let sts = Service::new(|_| sts_answer("AssumeRole")).await;
    let mut machine = Machine::new(&[("AWS_ENDPOINT_URL_STS", &sts.url("/")), ("AWS_PROFILE", "p")]);
    machine.file(".aws/config", "[profile p]\nrole_arn = r\nsource_profile = base\nexternal_id = a b\n");
    let keys = "aws_access_key_id=AKIA1\naws_secret_access_key=hunter2\naws_session_token=t1\n";
    machine.file(".aws/credentials", &format!("[base]\n{keys}"));
    assert_eq!(machine.found().await, "ASIA2/hunter2/t2==");
    let asked = sts.asked().concat();
    let authorization = "authorization: AWS4-HMAC-SHA256 Credential=AKIA1/20261128/eu-central-1/sts/aws4_request, \
        SignedHeaders=content-type;host;x-amz-date;x-amz-security-token, Signature=";
    for part in [authorization, "x-amz-date: 20261128T120000Z\r\n", "x-amz-security-token: t1\r\n", "&ExternalId=a%20b"]
    {
        assert!(asked.contains(part), "{part} in {asked}");
    }
    // Each role of a chain is taken with the one before.
    machine.file(
        ".aws/config",
        "[profile p]\nrole_arn=r\nsource_profile=q\n[profile q]\nrole_arn=r2\nsource_profile=base",
    );
    machine.found().await;
    let asked = sts.asked();
    assert!(asked[1].contains("Credential=AKIA1/") && asked[1].contains("RoleArn=r2&"), "{}", asked[1]);
    assert!(asked[2].contains("Credential=ASIA2/") && asked[2].contains("RoleArn=r&"), "{}", asked[2]);
    machine.set(&[("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true")]);
    let error = machine.failure().await;
    // Through the proxy, which leads nowhere here.
    assert!(error.contains("127.0.0.1:9") || error.contains("sts.eu-central-1.amazonaws.com"), "{error}");
    assert_eq!(sts.asked().len(), 3);
}

#[tokio::test]
async fn a_profiles_program_and_sources_are_used_and_named_when_they_fail() {
    let mut machine = Machine::new(&[]);
    let json = r#"{"Version":1,"AccessKeyId":"AKIA1","SecretAccessKey":"hunter2"}"#;
    machine.file(".aws/config", &format!("[default]\ncredential_process = /bin/echo '{json}'\n"));
    assert_eq!(machine.found().await, "AKIA1/hunter2/-");
    machine.file(".aws/config", "[default]\ncredential_process = /bin/false hunter2\n");
    let error =
        "the AWS credentials of the profile \"default\" can't be had: its credential_process ends with exit status 1";
    assert_eq!(machine.failure().await, error);
    machine.file(".aws/config", "[default]\nrole_arn = r\ncredential_source = Ec2InstanceMetadata\n");
    assert!(machine.failure().await.contains("its credential_source has none: the EC2 metadata service (AWS_EC2"));
    machine.set(&[("AWS_PROFILE", "sso")]);
    machine.file(".aws/config", "[profile sso]\nsso_session = x\n");
    let error = machine.credentials().await.unwrap_err();
    assert_eq!(error.code().as_str(), "unsupported");
    assert!(error.to_string().contains("the profile \"sso\""), "{error}");
}

#[tokio::test]
async fn a_containers_endpoint_gets_its_token_and_gives_credentials() {
    let service = Service::new(|_| answer(200, &format!("{{{KEYS}}}"))).await;
    let mut machine = Machine::new(&[("AWS_CONTAINER_CREDENTIALS_FULL_URI", &service.url("/v1/credentials"))]);
    assert_eq!(machine.found().await, "AKIA1/hunter2/t");
    assert!(!service.asked()[0].to_lowercase().contains("authorization"));
    machine.set(&[("AWS_CONTAINER_AUTHORIZATION_TOKEN", "Basic abc")]);
    machine.found().await;
    assert!(service.asked()[1].contains("authorization: Basic abc\r\n"));
    let file = machine.file("token", "fresh\n");
    machine.set(&[("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", &file)]);
    machine.found().await;
    assert!(service.asked()[2].contains("authorization: fresh\r\n"));
    machine.file("token", "hunter2\r\nX-Other: y");
    assert!(machine.failure().await.contains("line break"));
    machine.set(&[("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", "/no/such/file")]);
    assert!(machine.failure().await.contains("the file /no/such/file can't be read"));
    assert_eq!(service.asked().len(), 3);
}

#[tokio::test]
async fn a_containers_endpoint_that_fails_ends_the_search() {
    for (reply, words) in [
        (answer(403, r#"{"code":"AccessDenied","message":"no such task"}"#), "answers with HTTP 403: no such task"),
        (answer(200, "hunter2"), "its answer isn't the JSON of credentials"),
        (answer(200, r#"{"AccessKeyId":7,"SecretAccessKey":"hunter2"}"#), "its answer isn't the JSON of credentials"),
        (answer(200, r#"{"AccessKeyId":"AKIA1"}"#), "its answer has no SecretAccessKey"),
        (answer(200, &"[".repeat(100_000)), "its answer isn't the JSON of credentials"),
        (answer(200, &"x".repeat((1 << 20) + 1)), "exceeds 1048576 bytes"),
        (Some("HTTP/1.1 302 X\r\nLocation: /hunter\r\n\r\n".to_owned()), "redirects to /hunter"),
    ] {
        let service = Service::new(move |_| reply.clone()).await;
        let machine = Machine::new(&[("AWS_CONTAINER_CREDENTIALS_FULL_URI", &service.url("/"))]);
        let error = machine.failure().await;
        assert!(error.contains("the container's endpoint") && error.contains(words), "{error}");
    }
    for (variable, value, words) in [
        ("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://192.0.2.1/hunter2", "leads neither to loopback"),
        ("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "@example.com/hunter2", "doesn't begin with a slash"),
    ] {
        assert!(Machine::new(&[(variable, value)]).failure().await.contains(words));
    }
}

/// The metadata service of an instance with a role.
fn imds(request: &str) -> Option<String> {
    if request.starts_with("PUT /latest/api/token ")
        && request.contains("x-aws-ec2-metadata-token-ttl-seconds: 21600\r\n")
    {
        return answer(200, "session");
    }
    if !request.contains("x-aws-ec2-metadata-token: session\r\n") {
        return answer(401, "");
    }
    match path(request) {
        "/latest/meta-data/iam/security-credentials/" => answer(200, "jenkins-agent\n"),
        "/latest/meta-data/iam/security-credentials/jenkins-agent" => {
            answer(200, &format!("{{\"Code\":\"Success\",{KEYS}}}"))
        }
        "/latest/meta-data/placement/region" => answer(200, "eu-north-1"),
        _ => answer(404, ""),
    }
}

#[tokio::test]
async fn an_instance_gives_its_roles_credentials_and_its_region_in_one_session() {
    let service = Service::new(imds).await;
    let machine = Machine::on_ec2(&service);
    let found = machine.with(async |shared: &SharedConfig<'_>| {
        let credentials = find(shared).await.unwrap();
        (credentials.access_key, shared.region().await.unwrap().to_owned())
    });
    assert_eq!(found.await, ("AKIA1".to_owned(), "eu-north-1".to_owned()));
    assert_eq!(service.asked().iter().filter(|request| request.starts_with("PUT")).count(), 1);
}

#[tokio::test]
async fn an_instance_without_a_role_has_none_and_one_that_fails_says_so() {
    for (at, reply, words) in [
        ("/latest/api/token", answer(403, ""), "(it refuses a session with HTTP 403)"),
        ("security-credentials/", answer(404, ""), "(this instance has no role)"),
        ("security-credentials/", answer(200, "\n"), "(this instance has no role)"),
        ("security-credentials/", answer(200, "../../user-data"), "can't be one"),
        ("security-credentials/", answer(500, "come later"), "answers with HTTP 500: come later"),
        ("jenkins-agent", answer(404, ""), "answers with HTTP 404"),
        (
            "jenkins-agent",
            answer(200, r#"{"Code":"Failed","Message":"hunter2"}"#),
            "it has none for the role jenkins-agent",
        ),
        ("jenkins-agent", answer(200, r#"{"Code":"Success"}"#), "its answer has no AccessKeyId"),
    ] {
        let service =
            Service::new(move |request| if path(request).ends_with(at) { reply.clone() } else { imds(request) });
        let error = Machine::on_ec2(&service.await).failure().await;
        assert!(error.contains("the EC2 metadata service") && error.contains(words), "{error}");
    }
}

#[tokio::test]
async fn a_metadata_service_that_is_silent_or_absent_costs_little_and_is_no_fault() {
    let service = Service::new(|_| None).await;
    let machine = Machine::on_ec2(&service);
    let (error, region) = machine
        .with(async |shared: &SharedConfig<'_>| {
            (find(shared).await.unwrap_err().to_string(), shared.region().await.unwrap().to_owned())
        })
        .await;
    assert!(error.contains("didn't answer within 1 s; in a container on EC2 the instance's hop limit"), "{error}");
    assert_eq!((service.asked().len(), region.as_str()), (2, "us-east-1"));
    let mut machine = Machine::new(&[("AWS_EC2_METADATA_DISABLED", ""), ("AWS_REGION", "")]);
    machine.set(&[("AWS_EC2_METADATA_SERVICE_ENDPOINT", "http://192.0.2.1")]);
    assert!(machine.failure().await.contains("for loopback and the metadata services of clouds alone"));
    assert_eq!(machine.region().await.unwrap(), "us-east-1");
}

#[tokio::test]
async fn the_region_is_the_environments_first() {
    let mut machine = Machine::new(&[("AWS_REGION", ""), ("AWS_DEFAULT_REGION", "eu-west-1")]);
    assert_eq!(machine.region().await.unwrap(), "eu-west-1");
    machine.set(&[("AWS_REGION", "us-gov-west-1")]);
    assert_eq!(machine.region().await.unwrap(), "us-gov-west-1");
    machine.set(&[("AWS_REGION", "evil.example.com/")]);
    assert_eq!(machine.region().await.unwrap_err(), "AWS_REGION names no AWS region");
}

#[test]
fn the_readers_take_anything() {
    let mut random = fastrand::Rng::with_seed(11);
    for _ in 0..2000 {
        let length = random.usize(..200);
        let bytes: Vec<u8> =
            (0..length).map(|_| *random.choice(b"\x00\x01\x02\x03[]<>/=\"'\\{}&;#:a \n\xff").unwrap()).collect();
        fuzz(&bytes);
    }
}
