//! The old join service, `proto.JoinService` (protocol B2; join-methods 3): one call for what needs one request, a
//! stream of its own for each method with a challenge.

use teleport_api::auth::join_service_client::JoinServiceClient;
use teleport_api::auth::register_using_bound_keypair_method_request::Payload as BoundSay;
use teleport_api::auth::register_using_bound_keypair_method_response::Payload as BoundHeard;
use teleport_api::auth::{
    Certs, RegisterUsingAzureMethodRequest, RegisterUsingBoundKeypairChallengeResponse,
    RegisterUsingBoundKeypairInitialRequest, RegisterUsingBoundKeypairMethodRequest,
    RegisterUsingBoundKeypairRotationResponse, RegisterUsingIamMethodRequest,
};
use teleport_api::types::SignatureAlgorithmSuite;
use tonic::Streaming;

use crate::clock::Clock;
use crate::connect::{GrpcConnection, IssuedCerts, JoinDoor, TransportError, Unanswered, answer};

use super::{Bound, Failure, Outcome};
use crate::join::challenge::{self, Answer, Prover, Question};
use crate::join::error::JoinError;
use crate::join::outbox::{self, Outbox};
use crate::join::refusal::{self, CALL};
use crate::join::request::JoinRequest;

/// Joins by the old service.
pub(super) async fn send(
    door: &JoinDoor<'_>,
    request: &JoinRequest<'_>,
    prover: &mut Prover<'_>,
    clock: &dyn Clock,
) -> Result<Outcome, Failure> {
    let connection = door.grpc().await.map_err(|error| Failure::Final(error.into()))?;
    match prover {
        Prover::Nobody => at_once(&connection, request).await,
        Prover::Iam { .. } => iam(connection, request, prover, clock).await,
        Prover::Azure(_) => azure(connection, request, prover, clock).await,
        Prover::BoundKeypair(_) => bound_keypair(connection, request, prover, clock).await,
    }
}

type Client = JoinServiceClient<GrpcConnection>;

fn client(connection: &GrpcConnection) -> Client {
    JoinServiceClient::with_origin(connection.clone(), connection.origin())
}

async fn at_once(connection: &GrpcConnection, request: &JoinRequest<'_>) -> Result<Outcome, Failure> {
    let reply = answer(connection, client(connection).register_using_token(request.message())).await;
    outcome(reply.map_err(|error| refusal::of_call(error, request))?.into_inner(), None)
}

/// The server begins, with a challenge; the token is looked at only with the answer.
async fn iam(
    connection: GrpcConnection,
    request: &JoinRequest<'_>,
    prover: &mut Prover<'_>,
    clock: &dyn Clock,
) -> Result<Outcome, Failure> {
    let (outbox, messages) = outbox::open();
    let opened = answer(&connection, client(&connection).register_using_iam_method(messages)).await;
    let inbox = opened.map_err(|error| refusal::of_call(error, request))?.into_inner();
    let mut stream = Stream { connection, outbox, inbox };
    let challenge = stream.hear(request).await?.challenge;
    let answered = prover.answer(Question::Iam { challenge }, clock).await.map_err(Failure::Final)?;
    let Answer::Iam(signed) = answered else { return Err(Failure::Final(defect())) };
    stream.outbox.put(RegisterUsingIamMethodRequest {
        register_using_token_request: Some(request.message()),
        sts_identity_request: signed.to_vec(),
    });
    let certs = stream.hear(request).await?.certs;
    outcome(certs.ok_or_else(|| Failure::Final(bad("no certificates follow the challenge")))?, None)
}

/// As with `iam`. The server fetches the certificates of Azure's signature itself.
async fn azure(
    connection: GrpcConnection,
    request: &JoinRequest<'_>,
    prover: &mut Prover<'_>,
    clock: &dyn Clock,
) -> Result<Outcome, Failure> {
    let (outbox, messages) = outbox::open();
    let opened = answer(&connection, client(&connection).register_using_azure_method(messages)).await;
    let inbox = opened.map_err(|error| refusal::of_call(error, request))?.into_inner();
    let mut stream = Stream { connection, outbox, inbox };
    let challenge = stream.hear(request).await?.challenge;
    let asked = Question::Azure { challenge, chain: false };
    let answered = prover.answer(asked, clock).await.map_err(Failure::Final)?;
    let Answer::Azure(shown) = answered else { return Err(Failure::Final(defect())) };
    stream.outbox.put(RegisterUsingAzureMethodRequest {
        register_using_token_request: Some(request.message()),
        attested_data: shown.attested_data,
        access_token: shown.access_token.expose().to_owned(),
    });
    let certs = stream.hear(request).await?.certs;
    outcome(certs.ok_or_else(|| Failure::Final(bad("no certificates follow the challenge")))?, None)
}

/// We begin; then the server asks, several times perhaps.
async fn bound_keypair(
    connection: GrpcConnection,
    request: &JoinRequest<'_>,
    prover: &mut Prover<'_>,
    clock: &dyn Clock,
) -> Result<Outcome, Failure> {
    let (mut outbox, messages) = outbox::open();
    let say = |payload| RegisterUsingBoundKeypairMethodRequest { payload: Some(payload) };
    let (initial_join_secret, previous_join_state) = request.bound_init();
    let join_request = Some(request.message());
    let init = RegisterUsingBoundKeypairInitialRequest { join_request, initial_join_secret, previous_join_state };
    outbox.put(say(BoundSay::Init(init)));
    let opened = answer(&connection, client(&connection).register_using_bound_keypair_method(messages)).await;
    let inbox = opened.map_err(|error| refusal::of_call(error, request))?.into_inner();
    let mut stream = Stream { connection, outbox, inbox };
    // Once more, for the result.
    for _ in 0..=challenge::MOST {
        let question = match stream.hear(request).await?.payload {
            Some(BoundHeard::Challenge(asked)) => {
                Question::BoundKeypair { public_key: asked.public_key, challenge: asked.challenge }
            }
            Some(BoundHeard::Rotation(asked)) => Question::NewKey { suite: suite(asked.signature_algorithm_suite) },
            Some(BoundHeard::Certs(brought)) => {
                let bound = Bound { join_state: brought.join_state, public_key: brought.public_key };
                let certs = brought.certs.ok_or_else(|| Failure::Final(bad("the result holds no certificates")))?;
                return outcome(certs, Some(bound));
            }
            None => return Err(Failure::Final(bad("a message holds nothing that is known here"))),
        };
        let payload = match prover.answer(question, clock).await.map_err(Failure::Final)? {
            Answer::BoundKeypair(solution) => BoundSay::ChallengeResponse(RegisterUsingBoundKeypairChallengeResponse {
                solution: solution.into_bytes(),
            }),
            Answer::NewKey(public_key) => {
                BoundSay::RotationResponse(RegisterUsingBoundKeypairRotationResponse { public_key })
            }
            Answer::Iam(_) | Answer::Azure(_) => return Err(Failure::Final(defect())),
        };
        stream.outbox.put(say(payload));
    }
    Err(Failure::Final(challenge::endless()))
}

/// The names that `teleport.join.v1` has for the numbers.
fn suite(number: i32) -> String {
    let name = match SignatureAlgorithmSuite::try_from(number) {
        Ok(SignatureAlgorithmSuite::BalancedV1) => "balanced-v1",
        Ok(SignatureAlgorithmSuite::FipsV1) => "fips-v1",
        Ok(SignatureAlgorithmSuite::HsmV1) => "hsm-v1",
        Ok(SignatureAlgorithmSuite::Legacy | SignatureAlgorithmSuite::Unspecified) | Err(_) => "legacy",
    };
    name.to_owned()
}

/// A stream under way.
struct Stream<Say, Heard> {
    connection: GrpcConnection,
    outbox: Outbox<Say>,
    inbox: Streaming<Heard>,
}

impl<Say, Heard> Stream<Say, Heard> {
    async fn hear(&mut self, request: &JoinRequest<'_>) -> Result<Heard, Failure> {
        let heard = answer(&self.connection, self.inbox.message()).await;
        let heard = heard.map_err(|error| refusal::of_call(error, request))?;
        let ended = || {
            Unanswered::Lost(
                TransportError::BadReply { call: CALL, reason: "the stream ended early".to_owned() }.into(),
            )
        };
        heard.ok_or_else(|| refusal::of_call(ended(), request))
    }
}

fn outcome(certs: Certs, bound: Option<Bound>) -> Result<Outcome, Failure> {
    let certs = IssuedCerts::read(certs, CALL).map_err(|error| Failure::Final(error.into()))?;
    Ok(Outcome { certs, date: None, bound })
}

fn bad(reason: &str) -> JoinError {
    JoinError::unexpected(reason)
}

fn defect() -> JoinError {
    JoinError::Internal { reason: "the answer is to another question".to_owned() }
}
