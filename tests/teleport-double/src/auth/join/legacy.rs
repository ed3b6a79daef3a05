//! The streams of `proto.JoinService` (join-methods 1.2, 3): at the proxy and at auth, until version 20.

use std::sync::Arc;
use std::time::SystemTime;

use http::Request;
use hyper::body::Incoming;
use teleport_api::auth::register_using_bound_keypair_method_request::Payload as Sent;
use teleport_api::auth::register_using_bound_keypair_method_response::Payload as Said;
use teleport_api::auth::{
    Certs, RegisterUsingAzureMethodRequest, RegisterUsingAzureMethodResponse, RegisterUsingBoundKeypairCertificates,
    RegisterUsingBoundKeypairChallenge, RegisterUsingBoundKeypairMethodRequest,
    RegisterUsingBoundKeypairMethodResponse, RegisterUsingBoundKeypairRotationRequest, RegisterUsingIamMethodRequest,
    RegisterUsingIamMethodResponse,
};
use teleport_api::types::{RegisterUsingTokenRequest, SignatureAlgorithmSuite};
use tonic::Status;

use super::talk::{Talk, converse};
use super::{JoinRequest, Proof, SentKeys, azure, bound, finish, iam, named};
use crate::auth::issue::Issued;
use crate::control::{Core, Point};
use crate::web::peer::Peer;
use crate::web::reply::Reply;

/// Answers a stream of `proto.JoinService`; the request back when the server doesn't know the method.
pub(crate) async fn stream(
    core: Arc<Core>,
    peer: Peer,
    method: &str,
    request: Request<Incoming>,
) -> Result<Reply, Request<Incoming>> {
    let limit = core.settings.stream_limit;
    let name = method.to_owned();
    let limited = move |talked: Result<Result<(), Status>, tokio::time::error::Elapsed>| {
        talked.unwrap_or_else(|_| {
            let seconds = limit.as_secs();
            let limit =
                if seconds < 60 { format!("{seconds}s") } else { format!("{}m{}s", seconds / 60, seconds % 60) };
            let text = format!("{name} timed out after {limit}, terminating the stream on the server");
            Err(Status::resource_exhausted(text))
        })
    };
    let knows = |method| core.settings.knows_method(method);
    Ok(match method {
        "RegisterUsingIAMMethod" => {
            converse(core, peer, request, async move |talk| limited(tokio::time::timeout(limit, by_iam(talk)).await))
                .await
        }
        "RegisterUsingAzureMethod" if knows("azure") => {
            converse(core, peer, request, async move |talk| limited(tokio::time::timeout(limit, by_azure(talk)).await))
                .await
        }
        "RegisterUsingBoundKeypairMethod" if knows("bound_keypair") => {
            converse(core, peer, request, async move |talk| limited(tokio::time::timeout(limit, by_key(talk)).await))
                .await
        }
        _ => return Err(request),
    })
}

/// The request as this service carries it.
pub(crate) fn read(request: RegisterUsingTokenRequest, peer: &Peer) -> JoinRequest {
    JoinRequest {
        host_id: request.host_id,
        node_name: request.node_name,
        role: request.role,
        token: request.token,
        keys: SentKeys::Text { ssh: request.public_ssh_key, tls: request.public_tls_key },
        id_token: request.id_token,
        expires: request.expires.and_then(|at| SystemTime::try_from(at).ok()),
        previous: peer.identity.clone(),
    }
}

fn certs(issued: &Issued) -> Certs {
    let bytes = |texts: &[String]| texts.iter().map(|text| text.clone().into_bytes()).collect();
    Certs {
        ssh: issued.ssh.clone().into_bytes(),
        tls: issued.tls.clone().into_bytes(),
        tlsca_certs: bytes(&issued.tls_cas),
        sshca_certs: bytes(&issued.ssh_cas),
    }
}

fn joining(request: Option<RegisterUsingTokenRequest>, talk: &Talk) -> Result<JoinRequest, Status> {
    let missing = || Status::invalid_argument("missing parameter RegisterUsingTokenRequest");
    Ok(read(request.ok_or_else(missing)?, &talk.peer))
}

async fn by_iam(mut talk: Talk) -> Result<(), Status> {
    let challenge = iam::challenge();
    let asked = RegisterUsingIamMethodResponse { challenge: challenge.clone(), certs: None };
    talk.say(Point::JoinChallenge, &asked).await?;
    let sent: RegisterUsingIamMethodRequest = talk.expect().await?;
    talk.at(Point::JoinSolution).await?;
    let request = joining(sent.register_using_token_request, &talk)?;
    let fault = talk.deciding().await?;
    let token = named(&talk.core, &request)?;
    let proof = Proof::Iam { challenge: &challenge, request: &sent.sts_identity_request };
    let joined = finish(&talk.core, &request, &token, &proof, fault.as_ref())?;
    let certs = Some(certs(&joined.issued));
    talk.put(fault.as_ref(), &RegisterUsingIamMethodResponse { challenge: String::new(), certs }).await
}

async fn by_azure(mut talk: Talk) -> Result<(), Status> {
    let challenge = azure::challenge();
    let asked = RegisterUsingAzureMethodResponse { challenge: challenge.clone(), certs: None };
    talk.say(Point::JoinChallenge, &asked).await?;
    let sent: RegisterUsingAzureMethodRequest = talk.expect().await?;
    talk.at(Point::JoinSolution).await?;
    let request = joining(sent.register_using_token_request, &talk)?;
    let fault = talk.deciding().await?;
    let token = named(&talk.core, &request)?;
    let shown = azure::Sent { attested: &sent.attested_data, intermediate: None, access_token: &sent.access_token };
    let proof = Proof::Azure { challenge: &challenge, sent: shown };
    let joined = finish(&talk.core, &request, &token, &proof, fault.as_ref())?;
    let certs = Some(certs(&joined.issued));
    talk.put(fault.as_ref(), &RegisterUsingAzureMethodResponse { challenge: String::new(), certs }).await
}

async fn by_key(mut talk: Talk) -> Result<(), Status> {
    let first: RegisterUsingBoundKeypairMethodRequest = talk.expect().await?;
    let Some(Sent::Init(init)) = first.payload else {
        return Err(Status::invalid_argument("expected init message, got something else"));
    };
    let request = joining(init.join_request, &talk)?;
    let core = Arc::clone(&talk.core);
    let token = named(&core, &request)?;
    let sent = bound::Sent { secret: init.initial_join_secret, state: init.previous_join_state };
    let proven = bound::prove(&core, &request, &token, &sent, &mut talk).await?;
    let fault = talk.deciding().await?;
    let joined = finish(&core, &request, &token, &Proof::Bound(&proven), fault.as_ref())?;
    let (join_state, public_key) = joined.bound.unwrap_or_default();
    let certs = RegisterUsingBoundKeypairCertificates {
        certs: Some(certs(&joined.issued)),
        join_state: join_state.into_bytes(),
        public_key,
    };
    let result = RegisterUsingBoundKeypairMethodResponse { payload: Some(Said::Certs(certs)) };
    talk.put(fault.as_ref(), &result).await
}

impl bound::Dialog for Talk {
    async fn sign(&mut self, public_key: &str, challenge: &str, fresh: bool) -> Result<Vec<u8>, Status> {
        let challenge =
            RegisterUsingBoundKeypairChallenge { public_key: public_key.to_owned(), challenge: challenge.to_owned() };
        let (asked, answered) = bound::points(fresh);
        self.say(asked, &RegisterUsingBoundKeypairMethodResponse { payload: Some(Said::Challenge(challenge)) }).await?;
        let sent: RegisterUsingBoundKeypairMethodRequest = self.expect().await?;
        self.at(answered).await?;
        match sent.payload {
            Some(Sent::ChallengeResponse(answer)) => Ok(answer.solution),
            _ => Err(Status::invalid_argument("expected challenge response, got something else")),
        }
    }

    async fn rotate(&mut self, suite: &str) -> Result<String, Status> {
        let suite = match suite {
            "legacy" => SignatureAlgorithmSuite::Legacy,
            "balanced-v1" => SignatureAlgorithmSuite::BalancedV1,
            "fips-v1" => SignatureAlgorithmSuite::FipsV1,
            "hsm-v1" => SignatureAlgorithmSuite::HsmV1,
            _ => SignatureAlgorithmSuite::Unspecified,
        };
        let demand = RegisterUsingBoundKeypairRotationRequest { signature_algorithm_suite: suite.into() };
        let said = RegisterUsingBoundKeypairMethodResponse { payload: Some(Said::Rotation(demand)) };
        self.say(Point::JoinRotation, &said).await?;
        let sent: RegisterUsingBoundKeypairMethodRequest = self.expect().await?;
        self.at(Point::JoinNewKey).await?;
        match sent.payload {
            Some(Sent::RotationResponse(answer)) => Ok(answer.public_key),
            _ => Err(Status::invalid_argument("expected rotation response, got something else")),
        }
    }
}
