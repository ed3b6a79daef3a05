//! Joining with a token, whichever way the request comes in (protocol sections B and C).

use std::time::{Duration, SystemTime};

use super::issue::{Issued, LONGEST, SubjectKeys, issue};
use super::refusal::Refusal;
use crate::ca::user::UserSubject;
use crate::control::{Core, Fault, LockTarget, Method, lock_message, uuid};

/// The request, free of its encoding.
#[derive(Debug, Default)]
pub(crate) struct JoinRequest {
    pub(crate) host_id: String,
    pub(crate) node_name: String,
    pub(crate) role: String,
    pub(crate) token: String,
    pub(crate) ssh_key: Vec<u8>,
    pub(crate) tls_key: Vec<u8>,
    pub(crate) id_token: String,
    pub(crate) expires: Option<SystemTime>,
}

/// Certificates for the bot the token names.
pub(crate) fn join(core: &Core, request: &JoinRequest, fault: Option<&Fault>) -> Result<Issued, Refusal> {
    let JoinRequest { host_id, node_name, role, .. } = request;
    if host_id.is_empty() && role != "Bot" {
        return Err(Refusal::bad_parameter("missing parameter HostID"));
    }
    if request.token.is_empty() {
        return Err(Refusal::bad_parameter("missing parameter Token"));
    }
    let now = core.now();
    let token = core.state().tokens.get(&request.token).cloned();
    let token = token.filter(|token| token.expires.is_none_or(|at| at > now)).ok_or_else(|| {
        Refusal::denied(format!(
            "{node_name:?} can not join the cluster with role {role:?}, token expired or not found"
        ))
    })?;
    if token.role != *role {
        return Err(Refusal::bad_parameter(format!(
            "node {node_name:?} [{host_id}] can not join the cluster, the token does not allow {role:?} role"
        )));
    }
    if let Method::IdToken { name, expected } = &token.method
        && request.id_token != *expected
    {
        return Err(Refusal::denied(format!("{name} token failed validation: token does not match")));
    }
    let keys = SubjectKeys::from_line(&request.ssh_key)?;
    let keys = if core.settings.major() >= 17 && !request.tls_key.is_empty() {
        keys.with_tls_pem(&request.tls_key)?
    } else {
        keys
    };
    let renewable = token.method == Method::Token;
    let (subject, longest) = admit(core, &token.bot, renewable)?;
    let wished = request.expires.unwrap_or(now + Duration::from_secs(3600));
    let expires = wished.min(now + LONGEST).min(now + longest);
    let (user, instance, generation) = (subject.user.clone(), subject.bot_instance.clone(), subject.generation);
    let issued = issue(core, subject, keys, expires, true, fault)?;
    let mut state = core.state();
    // Of two joins at once only one has the token.
    if renewable && state.tokens.remove(&request.token).is_none() {
        return Err(Refusal::denied(format!(
            "{node_name:?} can not join the cluster with role {role:?}, token expired or not found"
        )));
    }
    if let Some(bot) = state.bots.get_mut(&user) {
        if !instance.is_empty() {
            bot.instances.insert(instance, generation);
        } else if renewable {
            bot.generation = Some(generation);
        }
    }
    drop(state);
    core.counters.change(|counts| counts.joined += 1);
    Ok(issued)
}

/// What the bot's own certificates say, and how long they may last.
fn admit(core: &Core, bot: &str, renewable: bool) -> Result<(UserSubject, Duration), Refusal> {
    let state = core.state();
    let user = format!("bot-{bot}");
    if let Some(lock) = state.lock_on_target(&LockTarget::User(user.clone())) {
        return Err(Refusal::denied(lock_message(lock)));
    }
    let longest = state.roles.get(&user).map_or(LONGEST, |role| role.max_session_ttl);
    let bot = state.bots.get(&user).ok_or_else(Refusal::access_denied)?;
    let instances = core.settings.major() >= 16;
    if renewable && !instances && bot.generation.is_some() {
        return Err(Refusal::bad_parameter(format!(
            "user {user:?} has already been issued a renewable certificate and cannot be issued another; \
             consider deleting and recreating the bot"
        )));
    }
    let subject = UserSubject {
        user: user.clone(),
        roles: vec![user],
        principals: vec![no_login(), "-teleport-internal-join".to_owned()],
        cluster: core.settings.cluster.clone(),
        route_to_cluster: core.settings.cluster.clone(),
        kube_cluster: only_kube(core, &state.kubes),
        renewable,
        generation: u64::from(renewable || instances),
        bot_name: if instances { bot.name.clone() } else { String::new() },
        bot_instance: if instances { uuid() } else { String::new() },
        ..UserSubject::default()
    };
    Ok((subject, longest))
}

/// The principal of who may log in nowhere.
pub(crate) fn no_login() -> String {
    format!("-teleport-nologin-{}", uuid())
}

/// Version 15 writes the only Kubernetes cluster into every certificate (protocol section D3).
pub(crate) fn only_kube(core: &Core, kubes: &[crate::control::Kube]) -> String {
    match kubes {
        [kube] if core.settings.major() <= 15 => kube.name.clone(),
        _ => String::new(),
    }
}
