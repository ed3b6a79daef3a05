//! Method `azure` (join-methods 3.3).

use teleport_api::auth::RegisterUsingAzureMethodRequest;
use teleport_api::join::challenge::Payload as Asked;
use teleport_api::join::challenge_solution::Payload as Solved;
use teleport_api::join::join_request::Payload as Sent;
use teleport_api::join::join_response::Payload as Said;
use teleport_api::join::{AzureChallengeSolution, AzureInit, ChallengeSolution};
use teleport_double::{AzureOptions, Double, TokenOptions, attested_document};
use tonic::{Code, Status};

use crate::client::{At, Exchange, double, holds, legacy, params, request, result, sending};
use crate::support::Held;

fn token(double: &Double, options: AzureOptions) -> String {
    double.new_token_with("api", TokenOptions { azure: Some(options), ..TokenOptions::default() })
}

async fn join(
    double: &Double,
    token: &str,
    access_token: &str,
    document: impl FnOnce(&str) -> String,
) -> Result<Held, Status> {
    let (sender, stream) = sending();
    let mut replies = legacy(double, At::Proxy).await.register_using_azure_method(stream).await?.into_inner();
    let challenge = replies.message().await?.unwrap().challenge;
    assert_eq!(challenge.len(), 32);
    let sent = RegisterUsingAzureMethodRequest {
        register_using_token_request: Some(request(token)),
        attested_data: document(&challenge).into_bytes(),
        access_token: access_token.to_owned(),
    };
    sender.send(sent).await.unwrap();
    Ok(holds(replies.message().await?.unwrap().certs.unwrap()))
}

#[tokio::test]
async fn a_document_and_a_token_join_by_both_streams() {
    let double = double("18.5.0").await;
    let options = AzureOptions { intermediate: Some(b"DER".to_vec()), ..AzureOptions::default() };
    let token = token(&double, options.clone());
    join(&double, &token, &options.access_token, |nonce| attested_document(nonce, &options.vm_id, b"")).await.unwrap();
    for (intermediate, joins) in [(b"DER".to_vec(), true), (b"RED".to_vec(), false)] {
        let (mut exchange, _) = Exchange::begin(&double, At::Proxy, &token).await.unwrap();
        let said = exchange.ask(Sent::AzureInit(AzureInit { client_params: params() })).await.unwrap();
        let Said::Challenge(challenge) = said else { panic!("{said:?}") };
        let Some(Asked::AzureChallenge(asked)) = challenge.payload else { panic!("{challenge:?}") };
        let attested_data = attested_document(&asked.challenge, &options.vm_id, b"").into_bytes();
        let access_token = options.access_token.clone();
        let solution = AzureChallengeSolution { attested_data, intermediate, access_token };
        let payload = Some(Solved::AzureChallengeSolution(solution));
        match exchange.ask(Sent::Solution(ChallengeSolution { payload })).await {
            Ok(said) if joins => drop(result(said)),
            Err(refused) if !joins => assert!(refused.message().contains("unknown authority"), "{refused}"),
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn each_check_has_its_text() {
    let double = double("16.4.0").await;
    let options = AzureOptions::default();
    let (vm, access) = (options.vm_id.clone(), options.access_token.clone());
    let good = token(&double, options.clone());
    let denied = token(&double, AzureOptions { allowed: false, ..options });
    let other = double.new_token("api");
    let usual = |nonce: &str| attested_document(nonce, &vm, b"");
    let elsewhere = |_: &str| attested_document("another", &vm, b"");
    let stranger = |nonce: &str| attested_document(nonce, "vm-2", b"");
    let rewritten = |nonce: &str| attested_document(nonce, &vm, b"").replace("{ ", "{");
    let broken = |_: &str| "{\"encoding\":\"pkcs7\",\"signature\":\"AAAA\"}".to_owned();
    let not_matched = format!("instance {vm} did not match any allow rules in token {denied}");
    type Document<'a> = &'a dyn Fn(&str) -> String;
    let cases: [(&str, &str, Document<'_>, &str); 7] = [
        (&good, &access, &elsewhere, "challenge is missing or does not match"),
        (&good, &access, &stranger, "vm ID does not match"),
        (&good, &access, &rewritten, "asn1: structure error"),
        (&good, &access, &broken, "asn1: structure error"),
        (&good, "other", &usual, "failed to verify id token signature"),
        (&denied, &access, &usual, &not_matched),
        (&other, &access, &usual, "this token does not support the Azure join method"),
    ];
    for (token, access, document, text) in cases {
        let refused = join(&double, token, access, document).await.unwrap_err();
        assert!(refused.message().contains(text), "{text}: {refused}");
    }
    let old = crate::client::double("11.3.0").await;
    let refused = join(&old, "any", "", usual).await.unwrap_err();
    assert_eq!(refused.code(), Code::Unimplemented, "{refused}");
    assert_eq!(refused.message(), "unknown method RegisterUsingAzureMethod for service proto.JoinService");
}
