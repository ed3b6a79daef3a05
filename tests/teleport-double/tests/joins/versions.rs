//! Which ways a version has, what clients say of theirs, and how long a stream may take.

use std::time::Duration;

use teleport_api::auth::PingRequest;
use teleport_api::auth::auth_service_client::AuthServiceClient;
use teleport_api::join::join_request::Payload as Sent;
use teleport_api::join::join_service_client::JoinServiceClient;
use teleport_double::{Double, TokenOptions};
use tonic::{Code, Request, Status};

use crate::client::{At, Exchange, connect, double, init, legacy, request, sending, started};
use crate::jws::Bound;
use crate::support::{join_body, web};

async fn streams(double: &Double) -> [Option<String>; 3] {
    let token = double.new_token("api");
    let new = Exchange::begin(double, At::Proxy, &token).await.err();
    let bound = Bound::new("any", "ecdsa").join(double, At::Auth, false).await.err();
    let (_sender, stream) = sending();
    let iam = legacy(double, At::Proxy).await.register_using_iam_method(stream).await;
    let iam = match iam {
        Err(status) => Some(status),
        Ok(reply) => reply.into_inner().message().await.err(),
    };
    let unimplemented = |status: Option<Status>| {
        status.filter(|status| status.code() == Code::Unimplemented).map(|status| status.message().to_owned())
    };
    [new, bound, iam].map(unimplemented)
}

#[tokio::test]
async fn each_version_has_its_streams() {
    let new = "unknown service teleport.join.v1.JoinService";
    let bound = "unknown method RegisterUsingBoundKeypairMethod for service proto.JoinService";
    let old = "unknown service proto.JoinService";
    let cases = [
        ("9.3.26", [Some(new), Some(bound), None]),
        ("17.6.9", [Some(new), Some(bound), None]),
        ("17.7.0", [Some(new), None, None]),
        ("18.0.3", [Some(new), Some(bound), None]),
        ("18.1.0", [Some(new), None, None]),
        ("18.2.0", [None, None, None]),
        ("19.0.0", [None, None, None]),
        ("20.0.0", [None, Some(old), Some(old)]),
    ];
    for (version, due) in cases {
        let seen = streams(&double(version).await).await;
        assert_eq!(seen, due.map(|text| text.map(str::to_owned)), "{version}");
    }
    let double = started(Double::builder().version("18.2.0").join_stream(false)).await;
    assert_eq!(streams(&double).await[0].as_deref(), Some(new));
}

#[tokio::test]
async fn without_the_old_ways_http_is_404_and_the_call_unimplemented() {
    let double = started(Double::builder().version("18.2.0").legacy_joins(false)).await;
    let token = double.new_token("api");
    for path in ["/v1/webapi/host/credentials", "/webapi/host/credentials"] {
        let (head, _) = web(&double, "POST", path, &join_body("join_ok_rsa", &token)).await;
        assert!(head.contains(" 404 "), "{head}");
    }
    for at in [At::Proxy, At::Auth] {
        let refused = legacy(&double, at).await.register_using_token(request(&token)).await.unwrap_err();
        assert_eq!(refused.code(), Code::Unimplemented);
        assert_eq!(refused.message(), "unknown service proto.JoinService");
    }
    assert!(double.token_exists(&token));
    Exchange::begin(&double, At::Proxy, &token).await.unwrap();
}

#[tokio::test]
async fn a_method_newer_than_the_server_is_unknown() {
    for (version, method, known) in [
        ("18.10.0", "generic_oidc", false),
        ("18.11.0", "generic_oidc", true),
        ("18.3.0", "env0", false),
        ("18.4.0", "env0", true),
    ] {
        let double = double(version).await;
        let id_token = Some((method.to_owned(), "ey".to_owned()));
        let token = double.new_token_with("api", TokenOptions { id_token, ..TokenOptions::default() });
        let begun = Exchange::begin(&double, At::Proxy, &token).await;
        assert_eq!(begun.is_ok(), known, "{version} {method}");
        if let Err(refused) = begun {
            assert!(refused.message().contains("unknown join method"), "{refused}");
        }
    }
}

#[tokio::test]
async fn what_a_client_says_of_its_version_is_kept_and_compared() {
    let double = started(Double::builder().version("18.2.0").min_client_version("17.3.0")).await;
    assert!(double.counters().client_versions.is_empty());
    let join = async |version: Option<&'static str>| {
        let (sender, stream) = sending();
        let mut request = Request::new(stream);
        if let Some(version) = version {
            request.metadata_mut().insert("version", version.parse().unwrap());
        }
        let payload = Some(Sent::ClientInit(init(&double.new_token("api"))));
        sender.send(teleport_api::join::JoinRequest { payload }).await.unwrap();
        let mut client = JoinServiceClient::new(connect(&double, At::Proxy).await);
        client.join(request).await?.into_inner().message().await
    };
    for (version, taken) in
        [(None, true), (Some("17.3.0"), true), (Some("18.2.0"), true), (Some("17.2.9"), false), (Some("own"), false)]
    {
        match join(version).await {
            Ok(_) => assert!(taken, "{version:?}"),
            Err(refused) => {
                assert!(!taken, "{version:?}: {refused}");
                assert_eq!(refused.code(), Code::PermissionDenied);
                let text = "client version is unsupported, minimum supported version is 17.3.0";
                assert_eq!(refused.message(), text);
            }
        }
    }
    let mut ping = Request::new(PingRequest {});
    ping.metadata_mut().insert("version", "9.0.0".parse().unwrap());
    AuthServiceClient::new(connect(&double, At::Auth).await).ping(ping).await.unwrap_err();
    let said: Vec<_> = double.counters().client_versions.into_iter().collect();
    assert_eq!(said, ["17.2.9", "17.3.0", "18.2.0", "9.0.0", "own"]);
}

#[tokio::test]
async fn an_old_stream_ends_after_its_time() {
    let double = started(Double::builder().version("16.4.0").stream_limit(Duration::from_secs(1))).await;
    let (_sender, stream) = sending();
    let mut replies = legacy(&double, At::Proxy).await.register_using_iam_method(stream).await.unwrap().into_inner();
    replies.message().await.unwrap().unwrap();
    let ended = replies.message().await.unwrap_err();
    assert_eq!(ended.code(), Code::ResourceExhausted);
    assert_eq!(ended.message(), "RegisterUsingIAMMethod timed out after 1s, terminating the stream on the server");
}
