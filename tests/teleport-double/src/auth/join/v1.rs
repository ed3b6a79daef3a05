//! `teleport.join.v1` (join-methods 1.3): one stream for every method, from version 18.2 on.

use std::sync::Arc;
use std::time::SystemTime;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::Request;
use hyper::body::Incoming;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use teleport_api::join::challenge::Payload as Asked;
use teleport_api::join::challenge_solution::Payload as Solved;
use teleport_api::join::client_params::Payload as Params;
use teleport_api::join::join_request::Payload as Sent;
use teleport_api::join::join_response::Payload as Said;
use teleport_api::join::{
    AzureChallenge, BotResult, BoundKeypairChallenge, BoundKeypairResult, BoundKeypairRotationRequest, Certificates,
    Challenge, ClientInit, ClientParams, IamChallenge, JoinRequest as Message, JoinResponse, Result as JoinResult,
    ServerInit, result,
};
use tonic::Status;

use super::talk::{Talk, converse};
use super::{JoinRequest, Joined, Missing, Proof, SentKeys, azure, bound, find, finish, iam};
use crate::auth::refusal::Refusal;
use crate::control::{Core, Fault, GaveUp, Method, Point, Token};
use crate::web::peer::Peer;
use crate::web::reply::Reply;

/// Answers the one stream.
pub(crate) async fn join(core: Arc<Core>, peer: Peer, request: Request<Incoming>) -> Reply {
    converse(core, peer, request, talk).await
}

async fn talk(talk: Talk) -> Result<(), Status> {
    let mut talk = V1(talk);
    let Sent::ClientInit(init) = talk.expect().await? else {
        return Err(unexpected("ClientInit"));
    };
    let token = admitted(&talk.0.core, &init)?;
    let said = ServerInit {
        join_method: token.method.name().to_owned(),
        signature_algorithm_suite: talk.0.core.settings.suite().to_owned(),
    };
    talk.say(Point::JoinInit, Said::Init(said)).await?;
    let (sent, core) = (talk.expect().await?, Arc::clone(&talk.0.core));
    let request = |params: Option<ClientParams>| read(&init, params, &talk.0.peer);
    match (&token.method, sent) {
        (Method::Token, Sent::TokenInit(sent)) => {
            let request = request(sent.client_params)?;
            talk.finish(&request, &token, Proof::Nothing).await
        }
        (Method::IdToken { .. }, Sent::OidcInit(sent)) => {
            let request = request(sent.client_params)?;
            let id_token = String::from_utf8_lossy(&sent.id_token);
            talk.finish(&request, &token, Proof::IdToken(&id_token)).await
        }
        (Method::Iam(_), Sent::IamInit(sent)) => {
            let request = request(sent.client_params)?;
            let challenge = iam::challenge();
            let asked = Asked::IamChallenge(IamChallenge { challenge: challenge.clone() });
            let Solved::IamChallengeSolution(solved) =
                talk.ask(Point::JoinChallenge, Point::JoinSolution, asked).await?
            else {
                return Err(unexpected("IAMChallengeSolution"));
            };
            let proof = Proof::Iam { challenge: &challenge, request: &solved.sts_identity_request };
            talk.finish(&request, &token, proof).await
        }
        (Method::Azure(_), Sent::AzureInit(sent)) => {
            let request = request(sent.client_params)?;
            let challenge = azure::challenge();
            let asked = Asked::AzureChallenge(AzureChallenge { challenge: challenge.clone() });
            let Solved::AzureChallengeSolution(solved) =
                talk.ask(Point::JoinChallenge, Point::JoinSolution, asked).await?
            else {
                return Err(unexpected("AzureChallengeSolution"));
            };
            let sent = azure::Sent {
                attested: &solved.attested_data,
                intermediate: Some(&solved.intermediate),
                access_token: &solved.access_token,
            };
            talk.finish(&request, &token, Proof::Azure { challenge: &challenge, sent }).await
        }
        (Method::BoundKeypair(..), Sent::BoundKeypairInit(sent)) => {
            let request = request(sent.client_params)?;
            let sent = bound::Sent { secret: sent.initial_join_secret, state: sent.previous_join_state };
            let proven = bound::prove(&core, &request, &token, &sent, &mut talk).await?;
            talk.finish(&request, &token, Proof::Bound(&proven)).await
        }
        _ => Err(unexpected("the init of the token's method")),
    }
}

fn unexpected(due: &str) -> Status {
    Refusal::bad_parameter(format!("expected {due}, got another message")).into()
}

/// The token, after the checks of the first message.
fn admitted(core: &Core, init: &ClientInit) -> Result<Token, Refusal> {
    if init.token_name.is_empty() {
        return Err(Refusal::bad_parameter("TokenName is required"));
    }
    if init.system_role.is_empty() {
        return Err(Refusal::bad_parameter("SystemRole is required"));
    }
    if init.proxy_supplied_parameters.is_some() {
        return Err(Refusal::denied("proxy_supplied_parameters may only be set by a proxy"));
    }
    if init.forwarded_by_proxy {
        return Err(Refusal::bad_parameter("forwarded_by_proxy may only be set by a proxy"));
    }
    let role = &init.system_role;
    let token = find(core, &init.token_name, role).map_err(|missing| match missing {
        Missing::Unknown => {
            Refusal::denied(format!("can not join the cluster with role {role}, token expired or not found"))
        }
        Missing::WrongRole => {
            Refusal::bad_parameter(format!("can not join the cluster, the token does not allow role {role}"))
        }
    })?;
    let method = token.method.name();
    match &init.join_method {
        Some(asked) if asked != method => Err(Refusal::bad_parameter(format!(
            "client requested join method {asked}, provision token only supports method {method}"
        ))),
        _ if !core.settings.knows_method(method) => {
            Err(Refusal::bad_parameter(format!("unknown join method {method:?}")))
        }
        _ => Ok(token),
    }
}

fn read(init: &ClientInit, params: Option<ClientParams>, peer: &Peer) -> Result<JoinRequest, Refusal> {
    let Some(Params::BotParams(bot)) = params.and_then(|params| params.payload) else {
        return Err(Refusal::bad_parameter("BotParams is required"));
    };
    let keys = bot.public_keys.unwrap_or_default();
    if keys.public_tls_key.is_empty() || keys.public_ssh_key.is_empty() {
        return Err(Refusal::bad_parameter("PublicTLSKey and PublicSSHKey are required"));
    }
    let expires = bot.expires.and_then(|at| SystemTime::try_from(at).ok());
    Ok(JoinRequest {
        role: init.system_role.clone(),
        token: init.token_name.clone(),
        keys: SentKeys::Binary { ssh: keys.public_ssh_key, tls: keys.public_tls_key },
        expires: Some(expires.ok_or_else(|| Refusal::bad_parameter("Expires is required"))?),
        previous: peer.identity.clone(),
        ..JoinRequest::default()
    })
}

struct V1(Talk);

impl V1 {
    /// The next message; one that gives up ends the stream.
    async fn expect(&mut self) -> Result<Sent, Status> {
        let message: Message = self.0.expect().await?;
        match message.payload {
            Some(Sent::GivingUp(given)) => {
                let gave_up = GaveUp { reason: given.reason, message: given.msg };
                let text = format!("client gave up on join attempt: {}", gave_up.message);
                self.0.core.state().gave_up.push(gave_up);
                Err(Status::unknown(text))
            }
            Some(other) => Ok(other),
            None => Err(unexpected("a message with content")),
        }
    }

    async fn say(&mut self, point: Point, payload: Said) -> Result<(), Status> {
        self.0.say(point, &JoinResponse { payload: Some(payload) }).await
    }

    async fn ask(&mut self, asked: Point, answered: Point, challenge: Asked) -> Result<Solved, Status> {
        self.say(asked, Said::Challenge(Challenge { payload: Some(challenge) })).await?;
        let sent = self.expect().await?;
        self.0.at(answered).await?;
        match sent {
            Sent::Solution(solution) => solution.payload.ok_or_else(|| unexpected("a solution with content")),
            _ => Err(unexpected("ChallengeSolution")),
        }
    }

    async fn finish(&mut self, request: &JoinRequest, token: &Token, proof: Proof<'_>) -> Result<(), Status> {
        let fault = self.0.deciding().await?;
        let joined = finish(&self.0.core, request, token, &proof, fault.as_ref())?;
        self.result(joined, fault.as_ref()).await
    }

    async fn result(&mut self, joined: Joined, fault: Option<&Fault>) -> Result<(), Status> {
        let wire = |line: &String| {
            line.split(' ').nth(1).and_then(|part| STANDARD.decode(part.trim()).ok()).unwrap_or_default()
        };
        let der =
            |pem: &String| CertificateDer::from_pem_slice(pem.as_bytes()).map(|der| der.to_vec()).unwrap_or_default();
        let certificates = Certificates {
            tls_cert: der(&joined.issued.tls),
            tls_ca_certs: joined.issued.tls_cas.iter().map(der).collect(),
            ssh_cert: wire(&joined.issued.ssh),
            ssh_ca_keys: joined.issued.ssh_cas.iter().map(wire).collect(),
        };
        let bound_keypair_result = joined.bound.map(|(join_state, public_key)| BoundKeypairResult {
            join_state: join_state.into_bytes(),
            public_key: public_key.into_bytes(),
        });
        let bot = BotResult { certificates: Some(certificates), bound_keypair_result };
        let result = JoinResult { payload: Some(result::Payload::BotResult(bot)) };
        self.0.put(fault, &JoinResponse { payload: Some(Said::Result(result)) }).await
    }
}

impl bound::Dialog for V1 {
    async fn sign(&mut self, public_key: &str, challenge: &str, fresh: bool) -> Result<Vec<u8>, Status> {
        let public_key = public_key.as_bytes().to_vec();
        let asked = BoundKeypairChallenge { public_key, challenge: challenge.to_owned() };
        let (asking, answered) = bound::points(fresh);
        match self.ask(asking, answered, Asked::BoundKeypairChallenge(asked)).await? {
            Solved::BoundKeypairChallengeSolution(solved) => Ok(solved.solution),
            _ => Err(unexpected("BoundKeypairChallengeSolution")),
        }
    }

    async fn rotate(&mut self, suite: &str) -> Result<String, Status> {
        let asked = BoundKeypairRotationRequest { signature_algorithm_suite: suite.to_owned() };
        let asked = Asked::BoundKeypairRotationRequest(asked);
        match self.ask(Point::JoinRotation, Point::JoinNewKey, asked).await? {
            Solved::BoundKeypairRotationResponse(solved) => {
                String::from_utf8(solved.public_key).map_err(|_| Refusal::bad_parameter("ssh: no key found").into())
            }
            _ => Err(unexpected("BoundKeypairRotationResponse")),
        }
    }
}
