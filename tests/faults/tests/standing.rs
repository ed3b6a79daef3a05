//! What a status tells of an identity on good and bad days, and what dropping one does.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

use faults::stage::Stage;
use machine_id::engine::{IdentityReport, IdentityState, Origin};
use machine_id::error::Code;
use teleport_double::{Fault, Point, Times};

async fn report(stage: &Stage) -> IdentityReport {
    stage.engine.status().await.unwrap().identities.remove(0)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_status_tells_how_the_identity_was_come_by_and_which_cluster_was_reached() {
    let stage = Stage::open().await.unwrap();
    let before = report(&stage).await;
    assert!(before.origin.is_none() && before.server.is_none() && before.failure.is_none() && !before.connected);
    let first = stage.use_once().await.unwrap();
    assert_eq!((first.origin, first.method), (Origin::Joined, "token"));
    assert_eq!(stage.use_once().await.unwrap().origin, Origin::Kept);
    let joined = report(&stage).await;
    assert_eq!((joined.origin, joined.method, joined.given), (Some(Origin::Joined), "token", false));
    assert!(joined.connected && joined.renews_at < joined.status.expires_at && joined.renews_at.is_some());
    let server = joined.server.unwrap();
    assert_eq!(server.address, stage.double.proxy_address());
    assert_eq!((server.ca_pins.len(), server.upgraded), (1, false));
    assert!(server.ca_expires_at > joined.status.expires_at && !server.version.is_empty());
    stage.engine.renew("api").await.unwrap();
    assert_eq!(report(&stage).await.origin, Some(Origin::Renewed));
    let storage = stage.directory.path().join("storage");
    let another = stage.another(&storage).unwrap();
    another.acquire(stage.order(faults::world::ROLE)).await.unwrap();
    assert_eq!(another.status().await.unwrap().identities.remove(0).origin, Some(Origin::Kept));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failure_is_told_from_its_first_time_until_a_success() {
    let stage = Stage::open().await.unwrap();
    stage.use_once().await.unwrap();
    stage.double.faults().inject(Point::ProxyConnection, Fault::Refuse, Times::Always);
    assert!(stage.engine.renew("api").await.is_err());
    let first = report(&stage).await.failure.unwrap();
    assert_eq!(first.code, Code::ClusterUnreachable, "{first:?}");
    assert!(!first.message.is_empty() && !first.hint.is_empty(), "{first:?}");
    assert!(stage.engine.renew("api").await.is_err());
    assert_eq!(report(&stage).await.failure.unwrap().since, first.since);
    assert_eq!(report(&stage).await.status.state, IdentityState::Ready, "it serves on");
    stage.double.faults().clear();
    stage.engine.renew("api").await.unwrap();
    assert!(report(&stage).await.failure.is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dropped_identity_is_gone_from_memory_and_disk_and_a_fresh_token_brings_another() {
    let stage = Stage::open().await.unwrap();
    stage.use_once().await.unwrap();
    let file = stage.directory.path().join("storage/identity.json");
    assert!(file.exists());
    assert!(stage.engine.drop_identity("api").await.unwrap().dropped);
    assert!(!file.exists());
    let after = report(&stage).await;
    assert_eq!((after.status.state, after.origin, after.connected), (IdentityState::New, None, false));
    assert!(!stage.engine.drop_identity("api").await.unwrap().dropped);
    assert_eq!(stage.engine.drop_identity("other").await.unwrap_err().code(), Code::RequestInvalid);
    // The token was used up: nothing is renewed or joined with it, and nobody is locked.
    assert!(stage.use_once().await.is_err());
    assert_eq!(stage.double.counters().locks, 0);
    stage.bring_fresh_token().unwrap();
    stage.engine.renew("api").await.unwrap();
    assert_eq!(stage.use_once().await.unwrap().origin, Origin::Kept);
    assert_eq!(report(&stage).await.origin, Some(Origin::Joined));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_identity_that_needs_a_fresh_token_can_be_dropped_too() {
    let stage = Stage::open().await.unwrap();
    stage.use_once().await.unwrap();
    stage.double.faults().inject(Point::Renew, Fault::DropReply, Times::Once);
    assert_eq!(stage.engine.renew("api").await.unwrap_err().code(), Code::IdentityNeedsRejoin);
    assert!(stage.engine.drop_identity("api").await.unwrap().dropped);
    assert_eq!(report(&stage).await.status.state, IdentityState::New);
    stage.bring_fresh_token().unwrap();
    stage.use_once().await.unwrap();
    assert_eq!(stage.double.counters().locks, 0);
}
