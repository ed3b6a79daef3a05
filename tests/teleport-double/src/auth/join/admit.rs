//! What the certificates of a join say, and which bot instance they are of (join-methods 1.1).

use std::time::Duration;

use super::{JoinRequest, Proof, bound};
use crate::auth::issue::LONGEST;
use crate::auth::refusal::Refusal;
use crate::ca::identity::Identity;
use crate::ca::user::UserSubject;
use crate::control::{Core, Kube, LockTarget, Method, Token, lock_message, uuid};

/// A bot that may have its certificates.
#[derive(Debug)]
pub(super) struct Admitted {
    pub(super) subject: UserSubject,
    /// How long they may last.
    pub(super) longest: Duration,
}

/// What the bot's own certificates say, and how long they may last.
pub(super) fn admit(core: &Core, request: &JoinRequest, token: &Token, proof: &Proof<'_>) -> Result<Admitted, Refusal> {
    let renewable = matches!(token.method, Method::Token);
    let instances = core.settings.has_bot_instances();
    let mut state = core.state();
    let user = format!("bot-{}", token.bot);
    let joined_by = LockTarget::JoinToken(request.token.clone());
    if let Some(lock) = [LockTarget::User(user.clone()), joined_by].iter().find_map(|to| state.lock_on_target(to)) {
        return Err(Refusal::denied(lock_message(lock)));
    }
    let longest = state.roles.get(&user).map_or(LONGEST, |role| role.max_session_ttl);
    let bot = state.bots.get(&user).ok_or_else(Refusal::access_denied)?;
    if renewable && !instances && bot.generation.is_some() {
        return Err(Refusal::bad_parameter(format!(
            "user {user:?} has already been issued a renewable certificate and cannot be issued another; \
             consider deleting and recreating the bot"
        )));
    }
    let bot_name = if instances { bot.name.clone() } else { String::new() };
    let (mut bot_instance, mut generation) = (String::new(), u64::from(renewable));
    let presented = rejoins(request, token).filter(|_| instances);
    if presented.is_some_and(|identity| identity.generation == 0) {
        return Err(Refusal::denied("a current identity generation must be provided"));
    }
    // An instance whose record is gone begins anew.
    let known = presented.and_then(|identity| Some((identity, *bot.instances.get(&identity.bot_instance)?)));
    if let Some((identity, stored)) = known {
        if matches!(proof, Proof::Bound(_)) && stored != identity.generation {
            let which = format!("{}/{}", token.bot, identity.bot_instance);
            let refusal = bound::copied(&mut state, &request.token, &which, stored, identity.generation);
            core.counters.change(|counts| counts.locks += 1);
            return Err(refusal);
        }
        (bot_instance, generation) = (identity.bot_instance.clone(), identity.generation + 1);
    } else if instances {
        (bot_instance, generation) = (uuid(), 1);
    }
    let subject = UserSubject {
        user: user.clone(),
        roles: vec![user],
        principals: vec![no_login(), "-teleport-internal-join".to_owned()],
        cluster: core.settings.cluster.clone(),
        route_to_cluster: core.settings.cluster.clone(),
        kube_cluster: only_kube(core, &state.kubes),
        renewable,
        generation,
        bot_name,
        bot_instance,
        ..UserSubject::default()
    };
    Ok(Admitted { subject, longest })
}

/// The certificate that the client showed, if it is the same bot's.
pub(super) fn rejoins<'a>(request: &'a JoinRequest, token: &Token) -> Option<&'a Identity> {
    request.previous.as_deref().filter(|identity| identity.user == format!("bot-{}", token.bot))
}

/// The principal of who may log in nowhere.
pub(crate) fn no_login() -> String {
    format!("-teleport-nologin-{}", uuid())
}

/// Version 15 writes the only Kubernetes cluster into every certificate (protocol section D3).
pub(crate) fn only_kube(core: &Core, kubes: &[Kube]) -> String {
    match kubes {
        [kube] if core.settings.major() <= 15 => kube.name.clone(),
        _ => String::new(),
    }
}
