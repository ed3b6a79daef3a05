use super::*;
use crate::connect::TransportError;
use crate::error::{Code, Error, Fault, Retry};
use crate::identity::KeyPair;
use crate::join::bound_keypair::Init;
use crate::secret::Secret;

/// What a server said, from the innermost text to the outermost wrap.
fn heard(method: JoinMethod, version: &str, envelope: Envelope, texts: &[&str]) -> JoinError {
    answer(method, version, envelope, texts, None)
}

fn answer(
    method: JoinMethod,
    version: &str,
    envelope: Envelope,
    texts: &[&str],
    id_token: Option<&Secret>,
) -> JoinError {
    let pem = include_str!("../../../../tests/fixtures/teleport-15/keys/ecdsa.key");
    let (key, token) = (KeyPair::from_pem(pem).unwrap(), Secret::new("s3cret".to_owned()));
    let version = Version::parse(version);
    let expires = std::time::SystemTime::UNIX_EPOCH;
    let request = JoinRequest {
        method,
        token: &token,
        id_token,
        secrets: id_token.into_iter().collect(),
        bound: &Init::default(),
        key: &key,
        expires,
        version: &version,
    };
    let texts: Vec<String> = texts.iter().map(|text| (*text).to_owned()).collect();
    of(envelope, &texts, &request)
}

fn rejection(error: &JoinError) -> Option<Rejection> {
    match error {
        JoinError::Rejected { rejection, .. } => Some(*rejection),
        _ => None,
    }
}

/// Each text as a real server wrote it (join-methods 2.2 and 5), with the status that it came with.
const HEARD: &[(u16, &str, Rejection)] = &[
    (403, "\"\" can not join the cluster with role \"Bot\", token expired or not found", Rejection::Token),
    (
        403,
        "this token is only valid for the iam join method but the node has connected to the wrong endpoint",
        Rejection::OtherMethod,
    ),
    (403, "this token does not support the IAM join method", Rejection::OtherMethod),
    (400, "specified join token is not for `tpm` method", Rejection::OtherMethod),
    (400, "client requested join method token, provision token only supports method gitlab", Rejection::OtherMethod),
    (400, "IDToken not provided for Kubernetes join request", Rejection::ProofExpected),
    (500, "go-jose/go-jose: unsupported key type/format", Rejection::UnknownKey),
    (500, "failed to verify signature: failed to verify id token signature", Rejection::UnknownKey),
    (500, "go-jose/go-jose: error in cryptographic primitive", Rejection::Signature),
    (500, "unknown json web key type 'XX'", Rejection::Jwks),
    (500, "reviewing kubernetes token with static_jwks", Rejection::Jwks),
    (500, "go-jose/go-jose/jwt: validation failed, invalid issuer claim (iss)", Rejection::Issuer),
    (500, "go-jose/go-jose/jwt: validation failed, invalid audience claim (aud)", Rejection::Audience),
    (500, "oidc: expected audience \"example.test\" got [\"other\"]", Rejection::Audience),
    (500, "go-jose/go-jose/jwt: validation failed, token is expired (exp)", Rejection::Time),
    (500, "go-jose/go-jose/jwt: validation failed, token not valid yet (nbf)", Rejection::Time),
    (500, "go-jose/go-jose/jwt: validation field, token issued in the future (iat)", Rejection::Time),
    (403, "token not before in future", Rejection::Time),
    (500, "oidc: id token issued by a different provider, expected \"https://a\" got \"https://b\"", Rejection::Issuer),
    (500, "oidc: id token signed with unsupported algorithm, expected [\"RS256\"] got \"ES256\"", Rejection::Algorithm),
    (500, "json: cannot unmarshal number into Go struct field IDTokenClaims.ref of type string", Rejection::Claim),
    (
        500,
        "Get \"https://ci.example.com/.well-known/openid-configuration\": dial tcp: no such host",
        Rejection::IssuerUnreachable,
    ),
    (
        400,
        "static_jwks joining requires the use of a service account token with a TTL of less than 30m0s",
        Rejection::Lifetime,
    ),
    (400, "static_jwks joining requires the use of projected pod bound service account token", Rejection::Claim),
    (
        500,
        "unable to load in-cluster configuration, KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT must be defined",
        Rejection::InCluster,
    ),
    (400, "default compute engine service account \"x\" is not supported", Rejection::DefaultAccount),
    (412, "id token \"google.compute_engine.zone\" claim is empty", Rejection::Place),
    (500, "Post \"https://sts.us-east-1.amazonaws.com/\": dial tcp: i/o timeout", Rejection::StsUnreachable),
    (403, "kubernetes token did not match any allow rules", Rejection::Rules),
    (412, "claims missing expected key: a.b", Rejection::Rules),
    (403, "IAM join request uses unknown STS host \"sts.mars-1.amazonaws.com\"", Rejection::StsHost),
    (403, "sts identity request is for unknown host \"sts.eu-central-1.amazonaws.com\"", Rejection::StsHost),
    (403, "node selected non-FIPS STS endpoint (sts.us-east-1.amazonaws.com) for the IAM join method", Rejection::Fips),
    (403, "aws sts api returned status: \"403 Forbidden\" body: \"SignatureDoesNotMatch\"", Rejection::Sts),
    (403, "sts identity request does not include challenge header or it does not match", Rejection::Challenge),
    (403, "spacelift joining: this feature requires Teleport Enterprise", Rejection::Enterprise),
    (400, "unsupported join method \"gitlab\" for bot", Rejection::UnknownMethod),
    (403, "a valid registration secret is required", Rejection::RegistrationSecret),
    (403, "no recovery attempts remaining", Rejection::Recoveries),
    (403, "no rejoins remaining", Rejection::Recoveries),
    (403, "previous join state is required but was not provided", Rejection::JoinState),
    (403, "join state verification failed", Rejection::JoinState),
    (429, "RegisterUsingIAMMethod timed out after 1m0s, terminating the stream on the server", Rejection::TimedOut),
    (500, "asn1: structure error: tags don't match", Rejection::Document),
    (403, "x509: certificate signed by unknown authority", Rejection::Document),
    (403, "vm ID does not match", Rejection::Machine),
    (404, "no VM found with matching VM ID \"1f0c\"", Rejection::Machine),
    (400, "cannot perform first bound keypair join with existing credentials", Rejection::FirstJoin),
    (400, "bad backend state, please recreate the join token", Rejection::BrokenToken),
    // As the notes of the releases put it.
    (403, "static tokens can not be used by bots", Rejection::StaticToken),
    (403, "scoped tokens are not enabled for this cluster", Rejection::Scoped),
    (403, "access to resource requires a trusted device", Rejection::DeviceTrust),
    (403, "access denied", Rejection::Other),
];

/// A method that the meaning can be of.
fn method_of(rejection: Rejection) -> JoinMethod {
    if rejection == Rejection::Document { JoinMethod::Azure } else { JoinMethod::Kubernetes }
}

/// The server names no key, so we do, where a key is the matter.
#[test]
fn the_key_of_a_proof_that_is_not_known_is_named() {
    // {"alg":"RS256","kid":"key-7"}
    let proof = Secret::new("eyJhbGciOiJSUzI1NiIsImtpZCI6ImtleS03In0.e30.c2ln".to_owned());
    for (text, named) in [
        ("go-jose/go-jose: unsupported key type/format", true),
        ("go-jose/go-jose: error in cryptographic primitive", true),
        ("go-jose/go-jose/jwt: validation failed, token is expired (exp)", false),
    ] {
        let error = answer(JoinMethod::Kubernetes, "16.0.0", Envelope::Http(500), &[text], Some(&proof)).to_string();
        assert_eq!(error.ends_with(&format!("{text} (the proof is signed with key key-7)")), named, "{error}");
        assert!(!error.contains(proof.expose()), "{error}");
    }
}

#[test]
fn each_meaning_has_a_text() {
    for rejection in words::known_rejections() {
        assert!(HEARD.iter().any(|(_, _, heard)| *heard == rejection), "{rejection:?}");
    }
}

/// Words that stand in texts of another meaning, too.
#[test]
fn words_of_one_method_or_of_a_refusal_mean_nothing_elsewhere() {
    let meant = |method, status, text: &str| rejection(&heard(method, "18.0.0", Envelope::Http(status), &[text]));
    let (token, kubernetes, azure) = (JoinMethod::Token, JoinMethod::Kubernetes, JoinMethod::Azure);
    for (method, status, text, expected) in [
        (token, 500, "json: cannot unmarshal number into Go value of type string", None),
        (token, 400, "json: cannot unmarshal number into Go value of type string", Some(Rejection::Other)),
        (token, 500, "session token is expired", None),
        (kubernetes, 500, "x509: certificate signed by unknown authority", None),
        (azure, 500, "x509: certificate signed by unknown authority", Some(Rejection::Document)),
        (kubernetes, 500, "asn1: structure error", None),
        (kubernetes, 500, "dial tcp: timed out after 30s", None),
        (kubernetes, 500, "reading the static tokens: disk I/O error", None),
        (kubernetes, 503, "the device trust service isn't there", None),
        (kubernetes, 403, "credential should be scoped to a valid region", Some(Rejection::Other)),
    ] {
        assert_eq!(meant(method, status, text), expected, "{text}");
    }
}

#[test]
fn of_two_joins_that_meet_one_comes_again() {
    const TEXT: &str = "committing updated token state, please try again";
    for envelope in [Envelope::Http(412), Envelope::Grpc(Grpc::FailedPrecondition)] {
        let error = heard(JoinMethod::BoundKeypair, "18.8.0", envelope, &[TEXT]);
        assert_eq!((error.code(), error.retry()), (Code::ClusterFailed, Retry::Later), "{error}");
        assert!(error.hint().contains("tried again by itself"), "{}", error.hint());
        assert!(error.is_answer(), "it uses nothing up");
    }
    // Anything else that doesn't compare is the request's fault, by either way.
    for envelope in [Envelope::Http(412), Envelope::Grpc(Grpc::FailedPrecondition)] {
        let error = heard(JoinMethod::Gcp, "18.8.0", envelope, &["the spec has another revision"]);
        assert_eq!((rejection(&error), error.retry()), (Some(Rejection::Other), Retry::No), "{error}");
    }
}

#[test]
fn what_a_server_did_before_its_time_was_up_is_not_known() {
    let text = "RegisterUsingBoundKeypairMethod timed out after 1m0s, terminating the stream on the server";
    let error = heard(JoinMethod::BoundKeypair, "17.7.0", Envelope::Grpc(Grpc::DeadlineExceeded), &[text]);
    assert_eq!(rejection(&error), Some(Rejection::TimedOut));
    assert!(!error.is_answer());
    assert!(heard(JoinMethod::BoundKeypair, "17.7.0", Envelope::Http(403), &["no rejoins remaining"]).is_answer());
}

#[test]
fn each_text_of_a_server_is_a_refusal_that_no_repetition_cures() {
    for (status, text, expected) in HEARD {
        // As the innermost text, as a wrap, and among the parts that some servers join by line feeds.
        let joined = format!("validating jwt claims\n\t{text}");
        for texts in [&[*text, "outer"][..], &["inner", *text], &[joined.as_str()]] {
            let error = heard(method_of(*expected), "17.4.0", Envelope::Http(*status), texts);
            assert_eq!(rejection(&error), Some(*expected), "{texts:?}");
            assert_eq!((error.code(), error.retry()), (Code::JoinRejected, Retry::No), "{text}");
            let error = Error::from(error);
            assert!(error.message().contains(text), "{error}");
            assert!(!error.hint().contains("log") && !error.hint().contains("later"), "{}", error.hint());
        }
    }
}

#[test]
fn the_words_count_by_grpc_too() {
    let unknown = Envelope::Grpc(Grpc::Unknown);
    let error = heard(JoinMethod::Gitlab, "18.0.0", unknown, &["rpc error: token is expired (exp)"]);
    assert_eq!(rejection(&error), Some(Rejection::Time));
    let error = heard(JoinMethod::Gitlab, "18.0.0", unknown, &["backend is gone"]);
    assert_eq!((error.code(), error.retry()), (Code::ClusterFailed, Retry::No));
    let error = heard(JoinMethod::Gitlab, "18.0.0", Envelope::Grpc(Grpc::Unavailable), &["transport is closing"]);
    assert_eq!((error.code(), error.retry()), (Code::ClusterFailed, Retry::Later));
}

#[test]
fn what_a_proxy_puts_before_it_is_left_out() {
    let text = "rpc error: code = Unknown desc = reviewing kubernetes token with static_jwks validating jwt claims \
                go-jose/go-jose/jwt: validation failed, token is expired (exp)";
    let error = Error::from(heard(JoinMethod::Kubernetes, "18.0.0", Envelope::Http(500), &[text]));
    let plain = "reviewing kubernetes token with static_jwks validating jwt claims go-jose/go-jose/jwt: validation failed, \
                 token is expired (exp)";
    assert_eq!(error.message(), format!("the cluster refuses the join with method kubernetes: {plain}"));
}

#[test]
fn what_a_server_does_not_explain_is_its_own_failure() {
    let error = heard(JoinMethod::Gitlab, "17.0.0", Envelope::Http(500), &["database is locked"]);
    assert_eq!((error.code(), error.retry()), (Code::ClusterFailed, Retry::Later));
    let error = heard(JoinMethod::Gitlab, "17.0.0", Envelope::Http(404), &["404 page not found"]);
    assert_eq!(error.code(), Code::ClusterFailed);
}

#[test]
fn locks_of_the_bot_and_of_the_token_are_told_apart() {
    let lock = |target: &str| format!("lock targeting {target} is in force: somebody cloned it");
    let error = heard(JoinMethod::Token, "18.1.0", Envelope::Http(403), &[&lock("User:\"bot-ci\"")]);
    assert!(matches!(error, JoinError::Locked { .. }), "{error}");
    let error = heard(JoinMethod::Token, "18.1.0", Envelope::Http(403), &[&lock("JoinToken:\"ci\"")]);
    assert!(matches!(error, JoinError::TokenLocked { .. }), "{error}");
    assert_eq!(error.code(), Code::BotLocked);
}

#[test]
fn the_command_fits_the_servers_version() {
    let hint =
        |version: &str| heard(JoinMethod::Token, version, Envelope::Http(403), &["token expired or not found"]).hint();
    assert!(hint("15.4.2").contains("tctl bots rm") && !hint("15.4.2").contains("instances"));
    assert!(hint("17.4.2").contains("tctl bots instances add") && !hint("17.4.2").contains("bots rm"));
    assert!(hint("19.0.1").contains("--legacy"));
}

#[test]
fn a_secret_that_the_server_repeats_is_not_repeated_by_us() {
    for status in [400, 403, 429, 500] {
        let error = heard(JoinMethod::Token, "15.0.0", Envelope::Http(status), &["no backend for s3cret", "s3cret"]);
        assert!(!error.to_string().contains("s3cret"), "{error}");
    }
}

#[test]
fn a_call_that_the_server_lacks_leaves_another_way_open() {
    let pem = include_str!("../../../../tests/fixtures/teleport-15/keys/ecdsa.key");
    let (key, token) = (KeyPair::from_pem(pem).unwrap(), Secret::new("s3cret".to_owned()));
    let version = Version::default();
    let expires = std::time::SystemTime::UNIX_EPOCH;
    let method = JoinMethod::Token;
    let request = JoinRequest {
        method,
        token: &token,
        id_token: None,
        secrets: Vec::new(),
        bound: &Init::default(),
        key: &key,
        expires,
        version: &version,
    };
    let answer = |code, message: &str| of_call(Unanswered::Refused { code, message: message.to_owned() }, &request);
    assert!(matches!(answer(Grpc::Unimplemented, "unknown service"), Failure::NotTaken(_)));
    assert!(matches!(answer(Grpc::PermissionDenied, "token expired or not found"), Failure::Final(_)));
    let cut = TransportError::Cut { address: "a:1".to_owned(), step: "gRPC", reason: "closed".to_owned() };
    assert!(matches!(of_call(Unanswered::Lost(cut.into()), &request), Failure::Final(_)));
}
