use std::path::PathBuf;

use super::*;
use crate::config::TokenSource;
use crate::connect::fake_service;
use crate::error::{Code, Fault, Retry};
use crate::method::{Settings, Value};

/// What a joining URI in a token's file comes to beside some settings.
fn in_a_file(method: JoinMethod, uri: &str, settings: Settings) -> Result<Found, JoinError> {
    let directory = tempfile::tempdir().unwrap();
    let path: PathBuf = directory.path().join("token");
    #[expect(clippy::disallowed_methods, reason = "a test's own file")]
    std::fs::write(&path, format!("{uri}\n")).unwrap();
    let join = JoinConfig { method, token: TokenSource::File(path), settings: Arc::new(settings), given: None };
    let lookup = |name: &str| Some(format!("value of {name}"));
    on_disk(&join, &lookup).map(|(token, found)| {
        assert_eq!(token.text.expose(), "ci");
        found
    })
}

fn set(method: JoinMethod, name: &str, value: Value) -> Settings {
    let setting = method.spec().settings.iter().find(|setting| setting.name == name).unwrap();
    Settings::default().with(setting, value)
}

#[test]
fn a_file_that_is_too_long_is_refused_and_not_cut() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("token");
    for (length, fits) in [(LONGEST, true), (LONGEST + 1, false)] {
        #[expect(clippy::disallowed_methods, reason = "a test's own file")]
        std::fs::write(&path, "x".repeat(usize::try_from(length).unwrap())).unwrap();
        assert_eq!(file(&path).is_ok(), fits, "{length}");
    }
    assert_eq!(file(&path).unwrap_err().reason, "it exceeds 65536 bytes");
}

/// Google's and GitHub's way to answer, from a service that says `answer`.
async fn asked(method: JoinMethod, status: u16, body: &'static str) -> JoinError {
    let service = fake_service::Service::new(move |_| fake_service::answer(status, body)).await;
    let (url, bearer) = (service.url("/?a=b"), "secret".to_owned());
    let lookup = move |name: &str| match name {
        "GCE_METADATA_HOST" => url.strip_prefix("http://").map(|rest| rest.trim_end_matches("/?a=b").to_owned()),
        "ACTIONS_ID_TOKEN_REQUEST_URL" | "SYSTEM_OIDCREQUESTURI" => Some(url.clone()),
        _ => Some(bearer.clone()),
    };
    let Proof::IdToken(place) = method.spec().proof else { panic!("{method:?}") };
    let Ok(IdTokenPlace::Service(service)) = place(&Settings::default(), &lookup) else { panic!("{method:?}") };
    ask(&fake_service::connector(), method, service).await.unwrap_err()
}

#[tokio::test]
async fn a_service_that_fails_for_a_moment_is_asked_again_later() {
    for (status, retry) in [(503, Retry::Later), (429, Retry::Later), (403, Retry::No), (404, Retry::No)] {
        let error = asked(JoinMethod::Github, status, "no").await;
        assert_eq!((error.code(), error.retry()), (Code::JoinProofMissing, retry), "{error}");
    }
}

#[tokio::test]
async fn an_empty_token_is_none() {
    for (method, body) in [
        (JoinMethod::Github, r#"{"value":""}"#),
        (JoinMethod::AzureDevops, r#"{"oidcToken":" "}"#),
        (JoinMethod::Gcp, " \n"),
    ] {
        let error = asked(method, 200, body).await;
        assert!(error.to_string().ends_with("its answer holds no token"), "{error}");
    }
}

#[test]
fn a_joining_uri_in_a_file_says_its_methods_parameter() {
    let found = in_a_file(JoinMethod::Gitlab, "tbot+proxy+gitlab://ci:MY_JWT@c", Settings::default()).unwrap();
    assert!(matches!(&found, Found::Text(text) if text.expose() == "value of MY_JWT"), "{found:?}");
    let uri = "tbot+proxy+terraform-cloud://ci:TAG@c";
    let found = in_a_file(JoinMethod::TerraformCloud, uri, Settings::default()).unwrap();
    assert!(
        matches!(&found, Found::Text(text) if text.expose() == "value of TFC_WORKLOAD_IDENTITY_TOKEN_TAG"),
        "{found:?}"
    );
    let found = in_a_file(JoinMethod::Azure, "tbot+proxy+azure://ci:one%2Did@c", Settings::default()).unwrap();
    assert!(matches!(&found, Found::Azure { client_id: Some(id) } if id == "one-id"), "{found:?}");
}

#[test]
fn a_joining_uri_in_a_file_has_to_fit_what_is_configured() {
    let refused = |method, uri, settings| {
        let error = in_a_file(method, uri, settings).unwrap_err();
        assert_eq!(error.code(), Code::ConfigInvalid, "{error}");
        error.to_string()
    };
    let file = set(JoinMethod::Gitlab, "file", Value::Path("/t".into()));
    let text = refused(JoinMethod::Gitlab, "tbot+proxy+gitlab://ci:JWT@c", file);
    assert!(text.ends_with("it holds a joining URI that says variable too; leave the setting out"), "{text}");
    let text = refused(JoinMethod::Gitlab, "tbot+proxy+gitlab://ci:1-2@c", Settings::default());
    assert!(text.contains("it holds a joining URI whose variable is \"1-2\""), "{text}");
    let text = refused(JoinMethod::Gitlab, "tbot+proxy+circleci://ci@c", Settings::default());
    assert!(text.ends_with("it holds a joining URI for method circleci, and gitlab is configured"), "{text}");
}

#[test]
fn an_id_token_is_trimmed_and_an_empty_or_missing_one_is_named() {
    let set = |asked: &str| (asked == "JWT").then(|| " proof\n".to_owned());
    assert_eq!(required(&set, "JWT").unwrap().expose(), "proof");
    assert_eq!(required(&set, "OTHER").unwrap_err().place, "the environment variable OTHER");
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("token");
    std::fs::copy(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml"), &path).unwrap();
    let found = file(&path).unwrap();
    assert!(found.expose().starts_with("[package]") && !found.expose().ends_with('\n'));
    assert_eq!(file(Path::new("/dev/null")).unwrap_err().reason, "it is empty");
    let absent = file(Path::new("/nonexistent/token")).unwrap_err();
    let error = JoinError::missing(JoinMethod::Kubernetes, absent);
    assert_eq!(error.code(), Code::JoinProofMissing);
    assert!(error.to_string().contains("/nonexistent/token"), "{error}");
}
