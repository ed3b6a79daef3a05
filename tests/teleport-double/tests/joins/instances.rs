//! Bot instances, heartbeats and roles (join-methods 1.1, teleport-17-to-20).

use teleport_api::auth::auth_service_client::AuthServiceClient;
use teleport_api::join::join_request::Payload as Sent;
use teleport_api::join::{OidcInit, TokenInit};
use teleport_api::machineid::bot_instance_service_client::BotInstanceServiceClient;
use teleport_api::machineid::{BotInstanceStatusHeartbeat, SubmitHeartbeatRequest};
use teleport_double::{CertificateFault, Double, Fault, Point, Times, TokenOptions};
use tonic::{Code, Status};

use crate::client::{At, Exchange, connect, double, extension, holds, legacy, params, request, result, started};
use crate::support::{self, Held, client_config, exchange, join_body, tls, user_certs, web};

async fn by_id_token(double: &Double, at: At<'_>, token: &str) -> Result<Held, Status> {
    let (mut exchange, _) = Exchange::begin(double, at, token).await?;
    let init = OidcInit { client_params: params(), id_token: b"ey".to_vec() };
    Ok(result(exchange.ask(Sent::OidcInit(init)).await?).0)
}

fn gitlab(double: &Double) -> String {
    let id_token = Some(("gitlab".to_owned(), "ey".to_owned()));
    double.new_token_with("api", TokenOptions { id_token, ..TokenOptions::default() })
}

#[tokio::test]
async fn a_rejoin_with_the_certificate_stays_the_same_instance() {
    let double = double("18.2.0").await;
    let token = gitlab(&double);
    let first = by_id_token(&double, At::Proxy, &token).await.unwrap();
    let id = extension(&first, "bot-instance-id@goteleport.com");
    let second = by_id_token(&double, At::Rejoin(&first), &token).await.unwrap();
    assert_eq!(extension(&second, "bot-instance-id@goteleport.com"), id);
    let mut sent = request(&token);
    sent.id_token = "ey".to_owned();
    let mut client = legacy(&double, At::Rejoin(&second)).await;
    let third = holds(client.register_using_token(sent).await.unwrap().into_inner());
    assert_eq!(extension(&third, "bot-instance-id@goteleport.com"), id);
    assert_eq!(double.bot_instances("api").into_values().collect::<Vec<_>>(), [3]);
    // A stale generation is let pass for this method; without certificate it is a new instance.
    by_id_token(&double, At::Rejoin(&first), &token).await.unwrap();
    by_id_token(&double, At::Auth, &token).await.unwrap();
    assert_eq!(double.bot_instances("api").len(), 2);
    assert_eq!(double.counters().locks, 0);
}

#[tokio::test]
async fn a_rejoin_by_rest_at_auth_stays_the_same_instance_too() {
    let double = double("16.4.0").await;
    let token = gitlab(&double);
    let rest = async |held: Option<&Held>| {
        let mut body: serde_json::Value = serde_json::from_str(&join_body("join_ok_ecdsa", &token)).unwrap();
        body["id_token"] = "ey".into();
        let (chain, key) = held.map_or((Vec::new(), None), |held| (vec![held.tls.as_str()], Some(&held.key_pem)));
        let host = [double.host_ca_pem()];
        let config = client_config(&host, &["http/1.1"], &chain, key.map(Vec::as_slice));
        let stream = tls(&double.auth_address(), "teleport.cluster.local", config).await.unwrap();
        let (head, body) = exchange(stream, &support::request("POST", "/v1/tokens/register", &body.to_string())).await;
        assert!(head.contains(" 200 "), "{body}");
        support::held(&body, "ecdsa")
    };
    let first = rest(None).await;
    rest(Some(&first)).await;
    assert_eq!(double.bot_instances("api").into_values().collect::<Vec<_>>(), [2]);
    rest(None).await;
    assert_eq!(double.bot_instances("api").len(), 2);
}

#[tokio::test]
async fn a_certificate_without_a_generation_is_no_good_for_a_rejoin() {
    let double = double("18.2.0").await;
    let token = gitlab(&double);
    let without = Fault::Certificate(CertificateFault::NoGeneration);
    double.faults().inject(Point::Join, without, Times::Once);
    let held = by_id_token(&double, At::Proxy, &token).await.unwrap();
    assert_eq!(extension(&held, "generation"), None);
    let refused = by_id_token(&double, At::Rejoin(&held), &token).await.unwrap_err();
    assert_eq!(refused.code(), Code::PermissionDenied);
    assert_eq!(refused.message(), "a current identity generation must be provided");
    by_id_token(&double, At::Proxy, &token).await.unwrap();
}

#[tokio::test]
async fn instances_begin_with_16_2() {
    for (version, begun) in [("16.1.9", false), ("16.2.0", true)] {
        let double = double(version).await;
        let token = gitlab(&double);
        let mut body: serde_json::Value = serde_json::from_str(&join_body("join_ok_ecdsa", &token)).unwrap();
        body["id_token"] = "ey".into();
        let (head, body) = web(&double, "POST", "/v1/webapi/host/credentials", &body.to_string()).await;
        assert!(head.contains(" 200 "), "{body}");
        let held = support::held(&body, "ecdsa");
        assert_eq!(extension(&held, "generation").is_some(), begun);
        assert_eq!(extension(&held, "bot-instance-id@goteleport.com").is_some(), begun);
        let refused = heartbeat(&double, At::Rejoin(&held)).await;
        assert_eq!(refused.is_ok(), begun, "{refused:?}");
    }
}

async fn heartbeat(double: &Double, at: At<'_>) -> Result<(), Status> {
    let heartbeat = BotInstanceStatusHeartbeat {
        is_startup: true,
        version: "1.2.3".to_owned(),
        hostname: "agent-1".to_owned(),
        join_method: "gitlab".to_owned(),
        uptime: Some(prost_types::Duration { seconds: 3, nanos: 0 }),
        ..BotInstanceStatusHeartbeat::default()
    };
    let mut client = BotInstanceServiceClient::new(connect(double, at).await);
    client.submit_heartbeat(SubmitHeartbeatRequest { heartbeat: Some(heartbeat) }).await.map(drop)
}

#[tokio::test]
async fn heartbeats_are_kept() {
    let double = double("18.2.0").await;
    let held = by_id_token(&double, At::Proxy, &gitlab(&double)).await.unwrap();
    heartbeat(&double, At::Rejoin(&held)).await.unwrap();
    let kept = double.heartbeats();
    assert_eq!(kept.len(), 1);
    assert_eq!((kept[0].user.as_str(), kept[0].sent.hostname.as_str()), ("bot-api", "agent-1"));
    assert!(double.bot_instances("api").contains_key(&kept[0].bot_instance));
    assert!(kept[0].sent.recorded_at.is_some() && kept[0].sent.is_startup);
    assert_eq!(heartbeat(&double, At::Auth).await.unwrap_err().code(), Code::PermissionDenied);
    double.faults().inject(Point::Heartbeat, Fault::Grpc { code: 14, message: "no".to_owned() }, Times::Once);
    assert_eq!(heartbeat(&double, At::Rejoin(&held)).await.unwrap_err().code(), Code::Unavailable);
}

#[tokio::test]
async fn from_18_on_only_the_instance_is_locked_and_a_lost_one_is_told() {
    let double = double("18.2.0").await;
    let join = async || {
        let (mut exchange, _) = Exchange::begin(&double, At::Auth, &double.new_token("api")).await.unwrap();
        result(exchange.ask(Sent::TokenInit(TokenInit { client_params: params() })).await.unwrap()).0
    };
    let held = join().await;
    let renew = async |held: &Held| {
        let mut client = AuthServiceClient::new(connect(&double, At::Rejoin(held)).await);
        client.generate_user_certs(user_certs("bot-api", held, &[])).await
    };
    renew(&held).await.unwrap();
    let refused = renew(&held).await.unwrap_err();
    assert!(refused.message().starts_with("cert generation mismatch for bot api/"), "{refused}");
    assert!(refused.message().ends_with("stored=2, presented=1"), "{refused}");
    assert_eq!(renew(&held).await.unwrap_err().message(), "access denied");
    // A fresh token is enough.
    let held = join().await;
    renew(&held).await.unwrap();
    let held = join().await;
    let id = extension(&held, "bot-instance-id@goteleport.com").unwrap();
    double.delete_bot_instance("api", &id);
    let refused = renew(&held).await.unwrap_err();
    assert!(refused.message().ends_with(": instance not found"), "{refused}");
}

#[tokio::test]
async fn more_roles_than_asked_for_can_be_had_in_two_ways() {
    let roles = async |double: &Double| {
        let held = by_id_token(double, At::Proxy, &gitlab(double)).await.unwrap();
        let mut client = AuthServiceClient::new(connect(double, At::Rejoin(&held)).await);
        let certs = client.generate_user_certs(user_certs("bot-api", &held, &["api-workers"])).await.unwrap();
        extension(&Held::from_certs(certs.into_inner(), &held), "teleport-roles").unwrap()
    };
    let double = started(Double::builder().version("18.2.0").all_roles_always()).await;
    assert!(roles(&double).await.contains(r#"["api-workers","api-admins"]"#));
    let double = crate::client::double("18.2.0").await;
    assert!(!roles(&double).await.contains("api-admins"));
    let more = Fault::Certificate(CertificateFault::MoreRoles(vec!["editor".to_owned()]));
    double.faults().inject(Point::Impersonate, more, Times::Once);
    assert!(roles(&double).await.contains(r#"["api-workers","editor"]"#));
}
