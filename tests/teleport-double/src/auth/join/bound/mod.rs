//! Method `bound_keypair` (join-methods 3.7): which challenges, what they cost, and what is stored after them.

mod join_state;
mod jws;

use std::future::Future;
use std::time::{Duration, SystemTime};

use tonic::Status;

use super::JoinRequest;
use super::admit::rejoins;
use crate::auth::refusal::Refusal;
use crate::ca::ssh;
use crate::control::{
    BoundKeypair, BoundKeypairOptions, Core, LockTarget, Method, Point, RecoveryMode, State, Token, lock_message,
};

/// Talks to the client, in the messages of one of the ways.
pub(super) trait Dialog: Send {
    /// A signature over `challenge` by `public_key`; `fresh` when the key is a new one.
    fn sign(
        &mut self,
        public_key: &str,
        challenge: &str,
        fresh: bool,
    ) -> impl Future<Output = Result<Vec<u8>, Status>> + Send;

    /// A new public key.
    fn rotate(&mut self, suite: &str) -> impl Future<Output = Result<String, Status>> + Send;
}

/// Where faults strike at a challenge and at its answer.
pub(super) const fn points(fresh: bool) -> (Point, Point) {
    if fresh {
        (Point::JoinNewKeyChallenge, Point::JoinNewKeySolution)
    } else {
        (Point::JoinChallenge, Point::JoinSolution)
    }
}

/// What a client sends at the start.
#[derive(Debug, Default)]
pub(super) struct Sent {
    pub(super) secret: String,
    pub(super) state: Vec<u8>,
}

/// What is stored if the join goes through.
#[derive(Debug)]
pub(crate) struct Proven {
    after: BoundKeypair,
    options: BoundKeypairOptions,
    bot: String,
}

/// The exchange up to the point where certificates are due.
pub(super) async fn prove(
    core: &Core,
    request: &JoinRequest,
    token: &Token,
    sent: &Sent,
    dialog: &mut impl Dialog,
) -> Result<Proven, Status> {
    let Method::BoundKeypair(options, stored) = &token.method else {
        return Err(Refusal::bad_parameter("specified join token is not for `bound_keypair` method").into());
    };
    if let Some(refusal) = &token.refusal {
        return Err(refusal.status());
    }
    let mut after = stored.clone();
    let first = stored.bot_instance.is_empty();
    let limited = options.recovery_mode == RecoveryMode::Standard && stored.recovery_count >= options.recovery_limit;
    let rejoins = rejoins(request, token);
    match rejoins {
        Some(_) if first => {
            let text = "cannot perform first bound keypair join with existing credentials";
            return Err(Refusal::bad_parameter(text).into());
        }
        None if first => {
            after.public_key = first_key(core, options, stored, sent, dialog).await?;
            after.registration_secret.clear();
            if limited {
                return Err(Refusal::denied("no recovery attempts remaining").into());
            }
        }
        _ => {
            signed(core, &stored.public_key, false, dialog).await?;
            if rejoins.is_none() && limited {
                return Err(Refusal::denied("no rejoins remaining").into());
            }
            locked(core, &request.token)?;
            let claims = join_state::Claims::of(&core.settings.cluster, &token.bot, stored, options);
            check_state(core, &request.token, &claims, &sent.state)?;
            if rejoins.is_some_and(|identity| identity.bot_instance != stored.bot_instance) {
                return Err(Refusal::denied("bot instance mismatch").into());
            }
        }
    }
    if options.endless {
        loop {
            signed(core, &after.public_key, false, dialog).await?;
        }
    }
    if rejoins.is_none() {
        after.recovery_count += 1;
    }
    let now = core.now();
    let due = options.rotate_after.filter(|at| *at <= now);
    if due.is_some_and(|at| stored.rotated_at.is_none_or(|rotated| rotated < at)) {
        let key = dialog.rotate(core.settings.suite()).await?;
        if same(&key, &after.public_key) {
            return Err(Refusal::bad_parameter("public key may not be reused after rotation").into());
        }
        signed(core, &key, true, dialog).await?;
        (after.public_key, after.rotated_at) = (key, Some(now));
    }
    Ok(Proven { after, options: options.clone(), bot: token.bot.clone() })
}

/// The key of the first join: known already, or given for the secret.
async fn first_key(
    core: &Core,
    options: &BoundKeypairOptions,
    stored: &BoundKeypair,
    sent: &Sent,
    dialog: &mut impl Dialog,
) -> Result<String, Status> {
    if let Some(key) = &options.initial_public_key {
        signed(core, key, false, dialog).await?;
        return Ok(key.clone());
    }
    let late = options.must_register_before.is_some_and(|until| until <= core.now());
    if stored.registration_secret.is_empty() || sent.secret != stored.registration_secret || late {
        return Err(Refusal::denied("a valid registration secret is required").into());
    }
    let key = dialog.rotate(core.settings.suite()).await?;
    signed(core, &key, true, dialog).await?;
    Ok(key)
}

/// A challenge and its answer.
async fn signed(core: &Core, key: &str, fresh: bool, dialog: &mut impl Dialog) -> Result<(), Status> {
    let parsed = ssh::parse_line(key.as_bytes()).ok_or_else(|| Refusal::bad_parameter("ssh: no key found"))?;
    let challenge = challenge(core, &parsed.fingerprint(ssh_key::HashAlg::Sha256).to_string());
    let solution = dialog.sign(key, &challenge, fresh).await?;
    if jws::verifies(&parsed, challenge.as_bytes(), &solution) {
        return Ok(());
    }
    Err(Refusal::denied("failed to complete challenge").into())
}

fn challenge(core: &Core, key_id: &str) -> String {
    let now = core.now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or(Duration::ZERO).as_secs();
    let cluster = &core.settings.cluster;
    let nonce = crate::control::uuid();
    serde_json::json!({
        "iss": cluster, "sub": key_id, "aud": [cluster], "exp": now + 60, "nbf": now, "iat": now, "nonce": nonce,
    })
    .to_string()
}

fn same(one: &str, other: &str) -> bool {
    ssh::parse_line(one.as_bytes()) == ssh::parse_line(other.as_bytes())
}

fn locked(core: &Core, token: &str) -> Result<(), Refusal> {
    let state = core.state();
    let lock = state.lock_on_target(&LockTarget::JoinToken(token.to_owned()));
    lock.map_or(Ok(()), |lock| Err(Refusal::denied(lock_message(lock))))
}

/// A wrong one locks the token: somebody holds a copy.
fn check_state(core: &Core, token: &str, due: &join_state::Claims, sent: &[u8]) -> Result<(), Refusal> {
    if due.mode == RecoveryMode::Insecure {
        return Ok(());
    }
    if sent.is_empty() {
        return Err(Refusal::denied("previous join state is required but was not provided"));
    }
    let mut state = core.state();
    if due.matches(&state.join_states, sent) {
        return Ok(());
    }
    let message = format!("The join token {token:?} has been locked due to an invalid join state");
    state.lock(LockTarget::JoinToken(token.to_owned()), &message);
    drop(state);
    core.counters.change(|counts| counts.locks += 1);
    Err(Refusal::denied("join state verification failed"))
}

/// A certificate of an older generation: the token is locked.
pub(super) fn copied(state: &mut State, token: &str, which: &str, stored: u64, presented: u64) -> Refusal {
    let message = format!("The join token {token:?} has been locked due to a certificate generation mismatch");
    state.lock(LockTarget::JoinToken(token.to_owned()), &message);
    Refusal::denied(format!("cert generation mismatch for bot {which}: stored={stored}, presented={presented}"))
}

/// Stores what was proven; of two joins at once only one gets through. Join state and bound key.
pub(super) fn settle(
    state: &mut State,
    token: &str,
    cluster: &str,
    proven: &Proven,
    instance: &str,
) -> Result<(String, String), Refusal> {
    let State { tokens, join_states, .. } = state;
    let Some(Method::BoundKeypair(_, stored)) = tokens.get_mut(token).map(|token| &mut token.method) else {
        return Err(Refusal::plain("bad backend state, please recreate the join token"));
    };
    if stored.joins != proven.after.joins {
        return Err(Refusal::compare_failed("committing updated token state, please try again"));
    }
    *stored = BoundKeypair { bot_instance: instance.to_owned(), joins: proven.after.joins + 1, ..proven.after.clone() };
    let claims = join_state::Claims::of(cluster, &proven.bot, stored, &proven.options);
    Ok((claims.sign(join_states), stored.public_key.clone()))
}
