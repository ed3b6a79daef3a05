//! Methods with an ID token, by HTTP, by gRPC and by `teleport.join.v1` (join-methods 2.2, 5).

use serde_json::Value;
use teleport_api::join::OidcInit;
use teleport_api::join::join_request::Payload as Sent;
use teleport_double::{Double, Refusal, RefusalKind, TokenOptions, proof_refusals};
use tonic::{Code, Status};

use crate::client::{At, Exchange, double, extension, legacy, params, request, result};
use crate::support::{join_body, web};

fn token(double: &Double, method: &str, refusal: Option<Refusal>) -> String {
    let id_token = Some((method.to_owned(), "ey.right".to_owned()));
    double.new_token_with("api", TokenOptions { id_token, refusal, ..TokenOptions::default() })
}

/// Status and body of a join over HTTP.
pub(crate) async fn http(double: &Double, token: &str, proof: &str) -> (u16, Value) {
    let mut body: Value = serde_json::from_str(&join_body("join_ok_rsa", token)).unwrap();
    body["id_token"] = proof.into();
    let (head, body) = web(double, "POST", "/v1/webapi/host/credentials", &body.to_string()).await;
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    (status, serde_json::from_str(&body).unwrap_or(Value::Null))
}

pub(crate) async fn v1(double: &Double, token: &str, proof: &str) -> Result<(), Status> {
    let (mut exchange, _) = Exchange::begin(double, At::Proxy, token).await?;
    let init = OidcInit { client_params: params(), id_token: proof.as_bytes().to_vec() };
    let (held, _) = result(exchange.ask(Sent::OidcInit(init)).await?);
    assert_eq!(extension(&held, "renewable"), None);
    exchange.end().await;
    Ok(())
}

#[tokio::test]
async fn the_right_one_joins_as_often_as_it_likes_by_each_way() {
    let double = double("18.11.0").await;
    let old = ["github", "gitlab", "kubernetes", "circleci", "gcp", "spacelift", "terraform_cloud", "bitbucket"];
    for method in old.into_iter().chain(["azure_devops"]) {
        let token = token(&double, method, None);
        for _ in 0..2 {
            assert_eq!(http(&double, &token, "ey.right").await.0, 200, "{method}");
            v1(&double, &token, "ey.right").await.unwrap();
        }
        let mut sent = request(&token);
        sent.id_token = "ey.right".to_owned();
        legacy(&double, At::Auth).await.register_using_token(sent).await.unwrap();
        assert!(double.token_exists(&token));
    }
    for method in ["generic_oidc", "env0"] {
        let token = token(&double, method, None);
        v1(&double, &token, "ey.right").await.unwrap();
        let (status, body) = http(&double, &token, "ey.right").await;
        assert_eq!(status, 403, "{body}");
        assert!(body["error"]["message"].as_str().unwrap().contains("connected to the wrong endpoint"), "{body}");
    }
}

#[tokio::test]
async fn a_bad_proof_is_http_500_and_grpc_unknown() {
    let double = double("18.2.0").await;
    let kubernetes = "go-jose/go-jose: error in cryptographic primitive";
    let other = "failed to verify signature: failed to verify id token signature";
    for (method, text) in [("kubernetes", kubernetes), ("gitlab", other)] {
        let token = token(&double, method, None);
        let (status, body) = http(&double, &token, "ey.wrong").await;
        let told = body["error"]["message"].as_str().unwrap();
        assert!(
            status == 500 && told.starts_with("rpc error: code = Unknown desc = ") && told.ends_with(text),
            "{body}"
        );
        let refused = v1(&double, &token, "ey.wrong").await.unwrap_err();
        assert!(refused.code() == Code::Unknown && refused.message().ends_with(text), "{refused}");
        let (status, body) = http(&double, &token, "").await;
        assert_eq!(status, 400);
        assert!(body["error"]["message"].as_str().unwrap().starts_with("IDToken not provided for"), "{body}");
        assert_eq!(v1(&double, &token, "").await.unwrap_err().code(), Code::InvalidArgument);
    }
}

#[tokio::test]
async fn each_planned_refusal_has_its_status_its_code_and_its_texts() {
    let double = double("18.2.0").await;
    let cases = [
        (RefusalKind::BadParameter, 400, Code::InvalidArgument),
        (RefusalKind::Denied, 403, Code::PermissionDenied),
        (RefusalKind::NotFound, 404, Code::NotFound),
        (RefusalKind::CompareFailed, 412, Code::FailedPrecondition),
        (RefusalKind::LimitExceeded, 429, Code::ResourceExhausted),
        (RefusalKind::NotImplemented, 501, Code::Unimplemented),
        (RefusalKind::ConnectionProblem, 408, Code::Unavailable),
        (RefusalKind::Plain, 500, Code::Unknown),
    ];
    for (kind, status, code) in cases {
        let refusal = Refusal::new(kind, "token is expired (exp)").within(&["validating jwt claims", "reviewing"]);
        let token = token(&double, "kubernetes", Some(refusal));
        let (seen, body) = http(&double, &token, "ey.right").await;
        assert_eq!(seen, status, "{body}");
        let text = "reviewing\n\tvalidating jwt claims\n\t\ttoken is expired (exp)";
        let asked = if kind == RefusalKind::Plain { "rpc error: code = Unknown desc = " } else { "" };
        assert_eq!(body, serde_json::json!({ "error": { "message": format!("{asked}{text}") } }));
        let refused = v1(&double, &token, "ey.right").await.unwrap_err();
        assert_eq!((refused.code(), refused.message()), (code, text));
    }
}

#[tokio::test]
async fn the_known_refusals_come_through_as_they_are() {
    let (double, new) = (double("16.4.0").await, double("18.2.0").await);
    for refusal in proof_refusals() {
        let token = token(&double, "gitlab", Some(refusal.clone()));
        let (_, body) = http(&double, &token, "ey.right").await;
        assert_eq!(body["error"]["message"], refusal.message.as_str());
        let wraps = body["messages"].as_array().map(Vec::len).unwrap_or_default();
        assert_eq!(wraps, refusal.wraps.len(), "{body}");
        let token = self::token(&new, "gitlab", Some(refusal.clone()));
        assert!(v1(&new, &token, "ey.right").await.unwrap_err().message().ends_with(&refusal.message));
    }
}

#[tokio::test]
async fn tokens_of_a_stream_are_refused_over_http_by_name() {
    let double = double("18.2.0").await;
    let options = TokenOptions { iam: Some(Default::default()), ..TokenOptions::default() };
    let (status, body) = http(&double, &double.new_token_with("api", options), "").await;
    let text = "this token is only valid for the iam join method but the node has connected to the wrong endpoint";
    assert_eq!((status, body["error"]["message"].as_str()), (403, Some(text)));
}
