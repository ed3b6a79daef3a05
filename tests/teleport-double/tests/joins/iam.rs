//! Method `iam` (join-methods 3.2).

use teleport_api::auth::{RegisterUsingIamMethodRequest, RegisterUsingIamMethodResponse};
use teleport_api::join::challenge::Payload as Asked;
use teleport_api::join::challenge_solution::Payload as Solved;
use teleport_api::join::join_request::Payload as Sent;
use teleport_api::join::join_response::Payload as Said;
use teleport_api::join::{ChallengeSolution, IamChallengeSolution, IamInit};
use teleport_double::{Double, IamOptions, TokenOptions};
use tonic::{Code, Status};

use crate::client::{At, Exchange, double, holds, legacy, params, request, result, sending, started};
use crate::sigv4::Sts;
use crate::support::Held;

fn token(double: &Double, options: &IamOptions) -> String {
    let iam = Some(options.clone());
    double.new_token_with("api", TokenOptions { name: "aws".to_owned(), iam, ..TokenOptions::default() })
}

/// A join by the old stream.
async fn join(double: &Double, at: At<'_>, token: &str, sign: impl FnOnce(&str) -> String) -> Result<Held, Status> {
    let (sender, stream) = sending();
    let mut replies = legacy(double, at).await.register_using_iam_method(stream).await?.into_inner();
    let RegisterUsingIamMethodResponse { challenge, certs } = replies.message().await?.unwrap();
    assert!(certs.is_none() && challenge.len() == 43 && challenge.contains('+') && challenge.contains('/'));
    let sts_identity_request = sign(&challenge).into_bytes();
    let register_using_token_request = Some(request(token));
    sender.send(RegisterUsingIamMethodRequest { register_using_token_request, sts_identity_request }).await.unwrap();
    let certs = replies.message().await?.unwrap().certs.unwrap();
    drop(sender);
    assert!(replies.message().await.unwrap().is_none());
    Ok(holds(certs))
}

#[tokio::test]
async fn a_signed_request_joins_by_the_old_stream_at_both_ports() {
    let double = double("15.4.3").await;
    let options = IamOptions { session_token: Some("FwoG/session==".to_owned()), ..IamOptions::default() };
    let token = token(&double, &options);
    for at in [At::Proxy, At::Auth] {
        join(&double, at, &token, |challenge| Sts::new(challenge, &options).text()).await.unwrap();
    }
    assert!(double.token_exists(&token));
    assert_eq!(double.counters().joined, 2);
}

#[tokio::test]
async fn a_signed_request_joins_by_the_new_stream() {
    let double = double("18.2.0").await;
    let options = IamOptions::default();
    let token = token(&double, &options);
    for at in [At::Proxy, At::Auth] {
        let (mut exchange, method) = Exchange::begin(&double, at, &token).await.unwrap();
        assert_eq!(method, "iam");
        let said = exchange.ask(Sent::IamInit(IamInit { client_params: params() })).await.unwrap();
        let Said::Challenge(challenge) = said else { panic!("{said:?}") };
        let Some(Asked::IamChallenge(asked)) = challenge.payload else { panic!("{challenge:?}") };
        let sts_identity_request = Sts::new(&asked.challenge, &options).text().into_bytes();
        let solution = Solved::IamChallengeSolution(IamChallengeSolution { sts_identity_request });
        let sent = Sent::Solution(ChallengeSolution { payload: Some(solution) });
        result(exchange.ask(sent).await.unwrap());
        exchange.end().await;
    }
}

/// Changes a request.
type Change = fn(Sts) -> String;

#[tokio::test]
async fn each_check_has_its_text() {
    let double = double("16.4.0").await;
    let options = IamOptions::default();
    let token = token(&double, &options);
    let cases: [(&str, Code, Change); 16] = [
        ("malformed HTTP request", Code::Unknown, |_| "hello\r\n\r\n".to_owned()),
        ("unexpected sts identity request URI: \"/x\"", Code::PermissionDenied, |sts| {
            Sts { line: "POST /x HTTP/1.1".to_owned(), ..sts }.text()
        }),
        ("IAM join request uses unknown STS host \"sts.mars-1.amazonaws.com\"", Code::PermissionDenied, |sts| {
            sts.at_host("sts.mars-1.amazonaws.com", "mars-1").text()
        }),
        ("method \"\" does not match expected method \"POST\"", Code::PermissionDenied, |sts| {
            Sts { line: "GET / HTTP/1.1".to_owned(), ..sts }.text()
        }),
        ("does not include challenge header or it does not match", Code::PermissionDenied, |sts| {
            Sts { challenge: "other".to_owned(), ..sts }.text()
        }),
        ("empty AWS SigV4 header", Code::InvalidArgument, |sts| sts.text().replace("AWS4-HMAC-SHA256 ", "")),
        ("invalid size of \"Credential\" section", Code::InvalidArgument, |sts| {
            sts.text().replace("/sts/aws4_request", "")
        }),
        ("invalid signature", Code::InvalidArgument, |sts| sts.text().replace(", Signature=", ",Signature=")),
        ("does not include x-teleport-challenge as a signed header", Code::PermissionDenied, |sts| {
            Sts { unsigned: vec!["X-Teleport-Challenge"], ..sts }.text()
        }),
        ("does not equal expected", Code::InvalidArgument, |sts| Sts { body: "Action=Other".to_owned(), ..sts }.text()),
        ("does not equal expected", Code::InvalidArgument, |sts| {
            sts.text().replace("Content-Length: 43", "Content-Length: 42")
        }),
        ("aws sts api returned status: \"403 Forbidden\"", Code::PermissionDenied, |sts| {
            let options = IamOptions { secret_access_key: "wrong".to_owned(), ..sts.options.clone() };
            Sts { options, ..sts }.text()
        }),
        ("InvalidClientTokenId", Code::PermissionDenied, |sts| {
            let options = IamOptions { access_key_id: "AKIDOTHER".to_owned(), ..sts.options.clone() };
            Sts { options, ..sts }.text()
        }),
        ("Signature expired", Code::PermissionDenied, |sts| {
            Sts { at: std::time::SystemTime::now() - std::time::Duration::from_secs(960), ..sts }.text()
        }),
        ("SignatureDoesNotMatch", Code::PermissionDenied, |sts| sts.at_host("sts.amazonaws.com", "eu-west-1").text()),
        ("invalid character '<'", Code::Unknown, |sts| Sts { accept: "*/*".to_owned(), ..sts }.text()),
    ];
    for (text, code, change) in cases {
        let refused =
            join(&double, At::Auth, &token, |challenge| change(Sts::new(challenge, &options))).await.unwrap_err();
        assert_eq!(refused.code(), code, "{text}: {refused}");
        assert!(refused.message().contains(text), "{text}: {refused}");
    }
    // Any case of names and bare line feeds are taken.
    let odd = |challenge: &str| {
        Sts::new(challenge, &options)
            .text()
            .replace("\r\n", "\n")
            .replace("X-Teleport-Challenge", "x-TELEPORT-challenge")
    };
    join(&double, At::Auth, &token, odd).await.unwrap();
}

#[tokio::test]
async fn the_token_decides_only_once_the_challenge_is_solved() {
    let double = double("16.4.0").await;
    let other = IamOptions { allowed: false, ..IamOptions::default() };
    let name = token(&double, &other);
    let gitlab = Some(("gitlab".to_owned(), "ey".to_owned()));
    let gitlab = double.new_token_with("api", TokenOptions { id_token: gitlab, ..TokenOptions::default() });
    let denied = format!("instance {} did not match any allow rules in token aws", other.arn);
    let cases = [
        ("nowhere", "token expired or not found".to_owned()),
        (gitlab.as_str(), "this token does not support the IAM join method".to_owned()),
        (name.as_str(), denied),
    ];
    for (token, text) in cases {
        let refused = join(&double, At::Proxy, token, |challenge| Sts::new(challenge, &other).text()).await;
        let refused = refused.unwrap_err();
        assert_eq!(refused.code(), Code::PermissionDenied);
        assert!(refused.message().contains(&text), "{refused}");
    }
}

#[tokio::test]
async fn which_endpoints_are_taken_depends_on_the_version_and_fips() {
    const GLOBAL: (&str, &str) = ("sts.amazonaws.com", "us-east-1");
    const REGIONAL: (&str, &str) = ("sts.eu-central-1.amazonaws.com", "eu-central-1");
    const NEWER: (&str, &str) = ("sts.mx-central-1.amazonaws.com", "mx-central-1");
    const CHINA: (&str, &str) = ("sts.cn-north-1.amazonaws.com.cn", "cn-north-1");
    const FIPS: (&str, &str) = ("sts-fips.us-east-1.amazonaws.com", "us-east-1");
    const BOGUS: (&str, &str) = ("sts.eu-central-1.amazonaws.com.evil.test", "eu-central-1");
    let unknown = Some("unknown STS host");
    let rejected = Some("rejecting IAM join request using STS host");
    let cases = [
        ("9.3.26", false, [(GLOBAL, None), (REGIONAL, Some("is for unknown host \"sts.eu-central-1"))].to_vec()),
        ("10.3.16", false, [(GLOBAL, None), (REGIONAL, Some("is for unknown host"))].to_vec()),
        (
            "11.3.0",
            false,
            [(GLOBAL, None), (REGIONAL, None), (CHINA, None), (NEWER, unknown), (BOGUS, unknown)].to_vec(),
        ),
        ("17.2.1", false, [(FIPS, None), (NEWER, unknown)].to_vec()),
        ("18.1.0", false, [(GLOBAL, None), (FIPS, None), (CHINA, None), (NEWER, None), (BOGUS, rejected)].to_vec()),
        ("16.4.0", true, [(FIPS, None), (REGIONAL, Some("node selected non-FIPS STS endpoint (sts.eu"))].to_vec()),
    ];
    for (version, fips, hosts) in cases {
        let builder = Double::builder().version(version);
        let double = started(if fips { builder.fips() } else { builder }).await;
        let options = IamOptions::default();
        let token = token(&double, &options);
        for ((host, region), text) in hosts {
            let sign = |challenge: &str| Sts::new(challenge, &options).at_host(host, region).text();
            let joined = join(&double, At::Proxy, &token, sign).await;
            match (joined, text) {
                (Ok(_), None) => {}
                (Err(refused), Some(text)) if refused.message().contains(text) => {}
                (other, _) => panic!("{version} {host}: {:?}", other.err()),
            }
        }
    }
}
