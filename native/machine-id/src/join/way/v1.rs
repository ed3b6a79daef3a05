//! The join service of newer clusters, `teleport.join.v1` (join-methods 1.3): one stream for each join.
//!
//! ClientInit, ServerInit, the method's init, then challenges until the result. Up to ServerInit the server has done
//! nothing, so that another way may be tried; after it each error is final.

use ssh_key::{Certificate, PublicKey};
use teleport_api::join::join_request::Payload as Say;
use teleport_api::join::join_response::Payload as Heard;
use teleport_api::join::join_service_client::JoinServiceClient;
use teleport_api::join::{
    AzureChallengeSolution, AzureInit, BotParams, BotResult, BoundKeypairChallengeSolution, BoundKeypairInit,
    BoundKeypairRotationResponse, Certificates, ChallengeSolution, ClientInit, ClientParams, GivingUp,
    IamChallengeSolution, IamInit, JoinRequest as Message, JoinResponse, OidcInit, PublicKeys, Result as Brought,
    TokenInit, challenge, challenge_solution, client_params, giving_up, result,
};
use tonic::{Code, Streaming};
use x509_cert::der::pem::{LineEnding, encode_string};

use crate::clock::Clock;
use crate::connect::{GrpcConnection, IssuedCerts, JoinDoor, Rejection, TransportError, Unanswered, answer};
use crate::identity::KeyPair;
use crate::method::Proof;

use super::{Bound, Failure, Outcome};
use crate::join::challenge::{self as challenges, Answer, Prover, Question};
use crate::join::error::JoinError;
use crate::join::outbox::{self, Outbox};
use crate::join::refusal::{self, CALL};
use crate::join::request::{JoinRequest, ROLE};

/// Joins by a stream.
pub(super) async fn send(
    door: &JoinDoor<'_>,
    request: &JoinRequest<'_>,
    prover: &mut Prover<'_>,
    clock: &dyn Clock,
) -> Result<Outcome, Failure> {
    let init = init(request).map_err(Failure::Final)?;
    let connection = match door.grpc().await {
        Ok(connection) => connection,
        Err(error) => return Err(Failure::NotTaken(error.into())),
    };
    let mut exchange = Exchange::open(connection, request).await?;
    exchange.say(init);
    let outcome = exchange.finish(request, prover, clock).await;
    if let Err(error) = &outcome {
        exchange.give_up(error);
        if !exchange.ended {
            part(&mut exchange.inbox).await;
        }
    }
    outcome.map_err(Failure::Final)
}

/// A stream that is open, with the server's first answer.
struct Exchange {
    connection: GrpcConnection,
    outbox: Outbox<Message>,
    inbox: Streaming<JoinResponse>,
    /// The server has ended the stream.
    ended: bool,
}

impl Exchange {
    async fn open(connection: GrpcConnection, request: &JoinRequest<'_>) -> Result<Self, Failure> {
        let (mut outbox, messages) = outbox::open();
        let hello = Say::ClientInit(ClientInit {
            join_method: Some(request.method.as_str().to_owned()),
            token_name: request.token.expose().to_owned(),
            system_role: ROLE.to_owned(),
            ..ClientInit::default()
        });
        outbox.put(Message { payload: Some(hello) });
        let mut client = JoinServiceClient::with_origin(connection.clone(), connection.origin());
        let opened = answer(&connection, client.join(messages)).await;
        let inbox = opened.map_err(|error| unopened(error, request))?.into_inner();
        let mut exchange = Self { connection, outbox, inbox, ended: false };
        match exchange.hear().await {
            Ok(Heard::Init(init)) if init.join_method == request.method.as_str() => Ok(exchange),
            Ok(Heard::Init(init)) => {
                let named: String = init.join_method.chars().take(40).collect();
                let message = format!("the token is for method {named:?}");
                exchange.give_up(&message);
                let (method, version) = (request.method, request.version.clone());
                let rejection = Rejection::OtherMethod;
                Err(Failure::Final(JoinError::Rejected { method, rejection, version, message }))
            }
            Ok(_) => Err(Failure::NotTaken(bad("the first answer isn't what a server begins with"))),
            Err(error) => Err(unopened(error, request)),
        }
    }

    fn say(&mut self, payload: Say) {
        self.outbox.put(Message { payload: Some(payload) });
    }

    async fn hear(&mut self) -> Result<Heard, Unanswered> {
        let heard = answer(&self.connection, self.inbox.message()).await;
        self.ended = !matches!(heard, Ok(Some(_)));
        match heard? {
            Some(JoinResponse { payload: Some(payload) }) => Ok(payload),
            Some(JoinResponse { payload: None }) => Err(lost("a message holds nothing that is known here")),
            None => Err(lost("the stream ended early")),
        }
    }

    async fn finish(
        &mut self,
        request: &JoinRequest<'_>,
        prover: &mut Prover<'_>,
        clock: &dyn Clock,
    ) -> Result<Outcome, JoinError> {
        // Once more, for the result.
        for _ in 0..=challenges::MOST {
            let asked = match self.hear().await.map_err(|error| refused(error, request))? {
                Heard::Result(result) => {
                    self.outbox.close();
                    return outcome(result);
                }
                Heard::Challenge(asked) => asked.payload,
                Heard::Init(_) => return Err(bad("it begins twice")),
            };
            let solution = Some(solution(prover.answer(question(asked)?, clock).await?));
            self.say(Say::Solution(ChallengeSolution { payload: solution }));
        }
        Err(challenges::endless())
    }

    /// Tells the server's log why nothing more comes, where it still listens.
    fn give_up(&mut self, why: &dyn std::fmt::Display) {
        if !self.ended {
            let (reason, msg) = (giving_up::Reason::ChallengeSolutionFailed.into(), why.to_string());
            self.outbox.put(Message { payload: Some(Say::GivingUp(GivingUp { reason, msg })) });
        }
        self.outbox.close();
    }
}

/// Waits until the server has ended the stream: what is dropped before takes along what was said last.
async fn part(inbox: &mut Streaming<JoinResponse>) {
    const PATIENCE: std::time::Duration = std::time::Duration::from_secs(1);
    if tokio::time::timeout(PATIENCE, inbox.message()).await.is_err() {
        tracing::debug!("the server doesn't end the stream of a join that was given up");
    }
}

/// What was said before the server answered at all: another way may be tried, unless it refused the token.
fn unopened(error: Unanswered, request: &JoinRequest<'_>) -> Failure {
    match &error {
        Unanswered::Refused {
            code: Code::PermissionDenied | Code::InvalidArgument | Code::ResourceExhausted, ..
        } => Failure::Final(refused(error, request)),
        _ => Failure::NotTaken(refused(error, request)),
    }
}

fn refused(error: Unanswered, request: &JoinRequest<'_>) -> JoinError {
    match refusal::of_call(error, request) {
        Failure::Final(error) | Failure::NotTaken(error) => error,
    }
}

fn init(request: &JoinRequest<'_>) -> Result<Say, JoinError> {
    let client_params = Some(params(request)?);
    Ok(match (request.method.spec().proof, request.id_token) {
        (Proof::IdToken(_), token) => {
            let id_token = token.map(|token| token.expose().as_bytes().to_vec()).unwrap_or_default();
            Say::OidcInit(OidcInit { client_params, id_token })
        }
        (Proof::Token, _) => Say::TokenInit(TokenInit { client_params }),
        (Proof::Aws, _) => Say::IamInit(IamInit { client_params }),
        (Proof::Azure, _) => Say::AzureInit(AzureInit { client_params }),
        (Proof::BoundKey, _) => {
            let (initial_join_secret, previous_join_state) = request.bound_init();
            Say::BoundKeypairInit(BoundKeypairInit { client_params, initial_join_secret, previous_join_state })
        }
    })
}

fn question(asked: Option<challenge::Payload>) -> Result<Question, JoinError> {
    match asked {
        Some(challenge::Payload::IamChallenge(asked)) => Ok(Question::Iam { challenge: asked.challenge }),
        Some(challenge::Payload::AzureChallenge(asked)) => {
            Ok(Question::Azure { challenge: asked.challenge, chain: true })
        }
        Some(challenge::Payload::BoundKeypairChallenge(asked)) => {
            Ok(Question::BoundKeypair { public_key: text(asked.public_key)?, challenge: asked.challenge })
        }
        Some(challenge::Payload::BoundKeypairRotationRequest(asked)) => {
            Ok(Question::NewKey { suite: asked.signature_algorithm_suite })
        }
        _ => Err(bad("it asks for what isn't known here")),
    }
}

fn solution(answer: Answer) -> challenge_solution::Payload {
    match answer {
        Answer::Iam(signed) => {
            let sts_identity_request = signed.to_vec();
            challenge_solution::Payload::IamChallengeSolution(IamChallengeSolution { sts_identity_request })
        }
        Answer::Azure(shown) => challenge_solution::Payload::AzureChallengeSolution(AzureChallengeSolution {
            attested_data: shown.attested_data,
            intermediate: shown.chain,
            access_token: shown.access_token.expose().to_owned(),
        }),
        Answer::BoundKeypair(solution) => {
            let solution = solution.into_bytes();
            challenge_solution::Payload::BoundKeypairChallengeSolution(BoundKeypairChallengeSolution { solution })
        }
        Answer::NewKey(public_key) => {
            let public_key = public_key.into_bytes();
            challenge_solution::Payload::BoundKeypairRotationResponse(BoundKeypairRotationResponse { public_key })
        }
    }
}

fn text(bytes: Vec<u8>) -> Result<String, JoinError> {
    String::from_utf8(bytes).map_err(|_| bad("a public key isn't text"))
}

/// One key for both certificates, as official bots have it.
fn params(request: &JoinRequest<'_>) -> Result<ClientParams, JoinError> {
    let (public_tls_key, public_ssh_key) = (request.key.public_der().to_vec(), wire_form(request.key)?);
    let public_keys = Some(PublicKeys { public_tls_key, public_ssh_key });
    let bot = BotParams { public_keys, expires: Some(request.expires.into()) };
    Ok(ClientParams { payload: Some(client_params::Payload::BotParams(bot)) })
}

/// The public key in SSH's wire form.
fn wire_form(key: &KeyPair) -> Result<Vec<u8>, JoinError> {
    let wire = PublicKey::from_openssh(key.ssh_public_line()).and_then(|key| key.to_bytes());
    wire.map_err(|error| JoinError::Internal { reason: error.to_string() })
}

fn outcome(result: Brought) -> Result<Outcome, JoinError> {
    let Some(result::Payload::BotResult(BotResult { certificates: Some(certs), bound_keypair_result })) =
        result.payload
    else {
        return Err(bad("the result holds no certificates of a bot"));
    };
    let bound = match bound_keypair_result {
        Some(brought) => Some(Bound { join_state: brought.join_state, public_key: text(brought.public_key)? }),
        None => None,
    };
    Ok(Outcome { certs: issued(certs)?, date: None, bound })
}

/// As all other ways bring them: PEM, and lines.
fn issued(certs: Certificates) -> Result<IssuedCerts, JoinError> {
    let pem = |der: &[u8]| encode_string("CERTIFICATE", LineEnding::LF, der).map_err(|error| bad(&error.to_string()));
    let line = |wire: &[u8]| {
        let key = PublicKey::from_bytes(wire).and_then(|key| key.to_openssh());
        key.map_err(|error| bad(&error.to_string()))
    };
    let ssh = Certificate::from_bytes(&certs.ssh_cert).and_then(|certificate| certificate.to_openssh());
    Ok(IssuedCerts {
        ssh: ssh.map_err(|error| bad(&error.to_string()))?,
        tls: pem(&certs.tls_cert)?,
        tls_cas: certs.tls_ca_certs.iter().map(|der| pem(der)).collect::<Result<_, _>>()?,
        ssh_cas: certs.ssh_ca_keys.iter().map(|wire| line(wire)).collect::<Result<_, _>>()?,
    })
}

fn lost(reason: &str) -> Unanswered {
    Unanswered::Lost(TransportError::BadReply { call: CALL, reason: reason.to_owned() }.into())
}

fn bad(reason: &str) -> JoinError {
    JoinError::unexpected(reason)
}
