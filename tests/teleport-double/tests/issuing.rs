//! Renewal, impersonation, locks and faults, seen by a small gRPC client.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::disallowed_methods, reason = "test code")]

mod support;

use support::*;
use teleport_double::{Double, Fault, Point, Times};
use tonic::Code;

async fn double() -> Double {
    Double::builder().bot("api", &["api-workers"]).kube("kube1").start().await.unwrap()
}

#[tokio::test]
async fn a_renewal_advances_the_generation_and_a_stale_one_locks_the_bot() {
    let double = double().await;
    let first = join(&double, "api", "ecdsa").await;
    assert_eq!(double.generation("api"), Some(1));
    let mut client = auth(&double, &first, &first).await;
    let second = client.generate_user_certs(user_certs("bot-api", &first, &[])).await.unwrap().into_inner();
    assert_eq!(second.tlsca_certs.len(), 2);
    assert_eq!(double.generation("api"), Some(2));
    let role = client.generate_user_certs(user_certs("bot-api", &first, &["api-workers"])).await.unwrap().into_inner();
    assert_eq!(role.tlsca_certs.len(), 1, "the host CA is missing in an impersonation reply");
    let refused = client.generate_user_certs(user_certs("bot-api", &first, &[])).await.unwrap_err();
    assert_eq!(refused.message(), "renewable cert generation mismatch: stored=2, presented=1");
    let second = Held::from_certs(second, &first);
    let refused = auth(&double, &first, &second).await.ping(teleport_api::auth::PingRequest {}).await.unwrap_err();
    assert_eq!((refused.code(), refused.message()), (Code::PermissionDenied, "access denied"));
    assert_eq!(double.counters().locks, 1);
}

#[tokio::test]
async fn refusals_have_the_recorded_codes_and_texts() {
    let double = double().await;
    let held = join(&double, "api", "ecdsa").await;
    let mut client = auth(&double, &held, &held).await;
    let cases = [
        ("impersonate_badrole", user_certs("bot-api", &held, &["nosuch"])),
        ("impersonate_forbidden", user_certs("bot-api", &held, &["access"])),
        (
            "noexp",
            teleport_api::auth::UserCertsRequest { expires: None, ..user_certs("bot-api", &held, &["api-workers"]) },
        ),
        ("userother", user_certs("bot-facts", &held, &[])),
    ];
    for (name, request) in cases {
        let recorded = fixture_text(&format!("grpc/{name}.error.txt")).replace("bot-fx1", "bot-api");
        let refused = client.generate_user_certs(request).await.unwrap_err();
        let seen = format!("code={:?} message={:?} trailer", refused.code(), refused.message());
        assert!(recorded.starts_with(&seen), "{recorded} {seen}");
    }
}

#[tokio::test]
async fn a_dropped_renewal_reply_cuts_the_connection_after_the_generation_has_advanced() {
    let double = double().await;
    let held = join(&double, "api", "ed25519").await;
    let mut client = auth(&double, &held, &held).await;
    double.faults().inject(Point::Renew, Fault::DropReply, Times::Once);
    client.generate_user_certs(user_certs("bot-api", &held, &[])).await.unwrap_err();
    assert_eq!(double.generation("api"), Some(2));
    assert_eq!(double.counters().seen(Point::Renew), 1);
}

#[tokio::test]
async fn garbage_and_half_replies_are_errors_and_http_statuses_pass_through() {
    let double = double().await;
    let held = join(&double, "api", "rsa").await;
    for fault in [Fault::Garbage, Fault::Truncated, Fault::Http { status: 503, retry_after: None }] {
        let mut client = auth(&double, &held, &held).await;
        double.faults().inject(Point::Impersonate, fault.clone(), Times::Once);
        let refused = client.generate_user_certs(user_certs("bot-api", &held, &["api-workers"])).await.unwrap_err();
        assert_ne!(refused.code(), Code::Ok, "{fault:?}");
    }
}
