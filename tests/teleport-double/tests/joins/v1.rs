//! `teleport.join.v1`: order and rules (join-methods 1.3, 3.1).

use teleport_api::join::client_init::ProxySuppliedParams;
use teleport_api::join::client_params::Payload as Params;
use teleport_api::join::giving_up::Reason;
use teleport_api::join::join_request::Payload as Sent;
use teleport_api::join::join_response::Payload as Said;
use teleport_api::join::{ClientInit, ClientParams, GivingUp, IamInit, ServerInit, TokenInit};
use teleport_double::{Double, GaveUp, TokenOptions};
use tonic::Code;

use crate::client::{At, Exchange, double, extension, init, params, result, started};

#[tokio::test]
async fn a_token_joins_once_at_both_ports() {
    let double = double("18.2.0").await;
    for at in [At::Proxy, At::Auth] {
        let token = double.new_token("api");
        let (mut exchange, method) = Exchange::begin(&double, at, &token).await.unwrap();
        assert_eq!(method, "token");
        let (held, bound) = result(exchange.ask(Sent::TokenInit(TokenInit { client_params: params() })).await.unwrap());
        assert_eq!(bound, None);
        exchange.end().await;
        assert!(extension(&held, "renewable").is_some());
        assert_eq!(held.host_ca(), double.host_ca_pem());
        assert!(!double.token_exists(&token));
        let refused = Exchange::begin(&double, at, &token).await.err().unwrap();
        assert_eq!(refused.code(), Code::PermissionDenied);
        assert!(refused.message().contains("token expired or not found"), "{refused}");
    }
}

#[tokio::test]
async fn the_server_tells_its_suite() {
    for (suite, told) in [(None, "balanced-v1"), (Some("fips-v1"), "fips-v1"), (Some("legacy"), "legacy")] {
        let builder = Double::builder().version("18.2.0");
        let double = started(if let Some(suite) = suite { builder.suite(suite) } else { builder }).await;
        let mut exchange = Exchange::open(&double, At::Proxy).await.unwrap();
        let said = exchange.ask(Sent::ClientInit(init(&double.new_token("api")))).await.unwrap();
        let due = ServerInit { join_method: "token".to_owned(), signature_algorithm_suite: told.to_owned() };
        assert_eq!(said, Said::Init(due));
    }
}

#[tokio::test]
async fn the_first_message_is_checked() {
    let double = double("18.2.0").await;
    let usual = init(&double.new_token("api"));
    let node = TokenOptions { role: "Node".to_owned(), ..TokenOptions::default() };
    let node = init(&double.new_token_with("api", node));
    let expired = TokenOptions { expired: true, ..TokenOptions::default() };
    let expired = init(&double.new_token_with("api", expired));
    let with = |change: fn(&mut ClientInit)| {
        let mut init = usual.clone();
        change(&mut init);
        init
    };
    let cases = [
        (with(|init| init.token_name.clear()), Code::InvalidArgument, "TokenName is required"),
        (with(|init| init.system_role.clear()), Code::InvalidArgument, "SystemRole is required"),
        (with(|init| init.forwarded_by_proxy = true), Code::InvalidArgument, "forwarded_by_proxy"),
        (
            with(|init| init.proxy_supplied_parameters = Some(ProxySuppliedParams::default())),
            Code::PermissionDenied,
            "proxy_supplied_parameters",
        ),
        (
            with(|init| init.join_method = Some("iam".to_owned())),
            Code::InvalidArgument,
            "client requested join method iam, provision token only supports method token",
        ),
        (node, Code::InvalidArgument, "can not join the cluster, the token does not allow role Bot"),
        (expired, Code::PermissionDenied, "token expired or not found"),
    ];
    for (init, code, text) in cases {
        let mut exchange = Exchange::open(&double, At::Proxy).await.unwrap();
        let refused = exchange.ask(Sent::ClientInit(init)).await.unwrap_err();
        assert_eq!(refused.code(), code, "{refused}");
        assert!(refused.message().contains(text), "{refused}");
    }
    let mut exchange = Exchange::open(&double, At::Proxy).await.unwrap();
    let named = with(|init| init.join_method = Some("token".to_owned()));
    exchange.ask(Sent::ClientInit(named)).await.unwrap();
    let mut exchange = Exchange::open(&double, At::Proxy).await.unwrap();
    let refused = exchange.ask(Sent::TokenInit(TokenInit { client_params: params() })).await.unwrap_err();
    assert_eq!(refused.code(), Code::InvalidArgument, "{refused}");
}

fn without(change: fn(&mut teleport_api::join::BotParams)) -> Option<ClientParams> {
    let Some(Params::BotParams(mut bot)) = params().unwrap().payload else { panic!("no bot") };
    change(&mut bot);
    Some(ClientParams { payload: Some(Params::BotParams(bot)) })
}

#[tokio::test]
async fn the_method_must_be_the_tokens_and_its_parameters_complete() {
    let double = double("18.2.0").await;
    let token = double.new_token("api");
    let token_init = |client_params| Sent::TokenInit(TokenInit { client_params });
    let cases = [
        (Sent::IamInit(IamInit { client_params: params() }), "expected the init of the token's method"),
        (token_init(None), "BotParams is required"),
        (token_init(without(|bot| bot.expires = None)), "Expires is required"),
        (token_init(without(|bot| bot.public_keys.as_mut().unwrap().public_tls_key.clear())), "are required"),
        (token_init(without(|bot| bot.public_keys.as_mut().unwrap().public_ssh_key.clear())), "are required"),
    ];
    for (sent, text) in cases {
        let (mut exchange, _) = Exchange::begin(&double, At::Proxy, &token).await.unwrap();
        let refused = exchange.ask(sent).await.unwrap_err();
        assert_eq!(refused.code(), Code::InvalidArgument, "{refused}");
        assert!(refused.message().contains(text), "{refused}");
    }
    assert!(double.token_exists(&token));
}

#[tokio::test]
async fn a_client_that_gives_up_is_written_down() {
    let double = double("18.2.0").await;
    let (mut exchange, _) = Exchange::begin(&double, At::Proxy, &double.new_token("api")).await.unwrap();
    let reason = Reason::UnsupportedJoinMethod;
    let sent = Sent::GivingUp(GivingUp { reason: reason.into(), msg: "no such method here".to_owned() });
    exchange.ask(sent).await.unwrap_err();
    let due = GaveUp { reason: reason.into(), message: "no such method here".to_owned() };
    assert_eq!(double.gave_up(), [due]);
}
