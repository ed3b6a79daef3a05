use super::*;
use prost::Message;

fn key() -> KeyPair {
    KeyPair::from_pem(include_str!("../../../../tests/fixtures/teleport-15/keys/ecdsa.key")).unwrap()
}

#[test]
fn the_request_is_the_recorded_one() {
    let recorded = include_bytes!("../../../../tests/fixtures/teleport-15/grpc/impersonate.request.pb");
    let recorded = UserCertsRequest::decode(recorded.as_slice()).unwrap();
    let expires = SystemTime::try_from(recorded.expires.unwrap()).unwrap();
    let mut ours = user_certs_request(
        "bot-fx1",
        &["api-workers".to_owned()],
        "example.test",
        &key(),
        &Version::parse("15"),
        expires,
    );
    assert_eq!(ours.public_key.trim_ascii(), recorded.public_key.trim_ascii());
    ours.public_key.clone_from(&recorded.public_key);
    // A Go client always writes these, empty as they are.
    ours.route_to_app = Some(teleport_api::auth::RouteToApp::default());
    ours.route_to_database = Some(teleport_api::auth::RouteToDatabase::default());
    assert_eq!(ours, recorded);
}

#[test]
fn every_request_says_that_it_takes_roles_and_is_never_reissuable() {
    for major in [0, 9, 15, 17, 19] {
        let version = Version::parse(&major.to_string());
        let ours = user_certs_request("bot-x", &["r".to_owned()], "c", &key(), &version, SystemTime::UNIX_EPOCH);
        assert!(ours.use_role_requests);
        assert!(!ours.reissuable_role_impersonation);
        assert_eq!(ours.public_key.is_empty(), major >= 17, "{major}");
        assert_eq!(ours.ssh_public_key.is_empty(), major < 17, "{major}");
    }
}

/// The cache runs an issuance on whichever thread is free.
#[test]
fn an_issuance_can_move_between_threads() {
    fn is_send<F: Future + Send>(
        _: impl FnOnce(AuthClient, IssueRequest, Arc<KeyPair>, crate::clock::SystemClock) -> F,
    ) {
    }
    is_send(|client, request, key, clock| async move {
        issue(&client, "bot-x", "c", &request, key, &Seen::default(), &clock).await
    });
}
