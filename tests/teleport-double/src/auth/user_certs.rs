//! `GenerateUserCerts`: renewals and role impersonation (protocol sections D3, E).

use std::time::{Duration, SystemTime};

use teleport_api::auth::UserCertsRequest;
use teleport_api::auth::user_certs_request::CertUsage;

use super::issue::{Issued, LONGEST, SubjectKeys, issue};
use super::join::{no_login, only_kube};
use super::refusal::Refusal;
use crate::ca::identity::Identity;
use crate::ca::user::UserSubject;
use crate::control::{Bot, Core, Fault, LockTarget, State, lock_message};

/// Whether the request asks for roles rather than for a renewal.
pub(crate) fn impersonates(request: &UserCertsRequest) -> bool {
    request.use_role_requests || !request.role_requests.is_empty()
}

/// Certificates for `identity`, renewed or with the roles asked for.
pub(crate) fn user_certs(
    core: &Core,
    identity: &Identity,
    request: &UserCertsRequest,
    fault: Option<&Fault>,
) -> Result<Issued, Refusal> {
    if request.username != identity.user {
        return Err(Refusal::denied("access denied: impersonation is not allowed"));
    }
    if identity.disallow_reissue {
        return Err(Refusal::denied("access denied: identity is not allowed to reissue certificates"));
    }
    let now = core.now();
    let expires = request
        .expires
        .as_ref()
        .and_then(instant)
        .filter(|at| *at > now)
        .ok_or_else(|| Refusal::denied("access denied: client credentials have expired, please relogin."))?;
    let mut state = core.state();
    let bot = state.bots.get(&identity.user).cloned().ok_or_else(Refusal::access_denied)?;
    let mut subject = UserSubject {
        user: identity.user.clone(),
        cluster: core.settings.cluster.clone(),
        bot_name: if core.settings.has_bot_instances() { bot.name.clone() } else { String::new() },
        bot_instance: identity.bot_instance.clone(),
        ..UserSubject::default()
    };
    let longest = if impersonates(request) {
        impersonate(core, &state, &bot, request, &mut subject)?
    } else {
        subject.roles = vec![identity.user.clone()];
        subject.principals = vec![no_login(), "-teleport-internal-join".to_owned()];
        state.roles.get(&identity.user).map_or(LONGEST, |role| role.max_session_ttl)
    };
    route(core, &state, request, &mut subject)?;
    let keys = keys(core, request)?;
    let mut expires = expires.min(now + LONGEST).min(now + longest);
    let renewal = !impersonates(request);
    if renewal {
        if identity.renewable {
            subject.renewable = true;
            subject.generation = next_generation(core, &mut state, identity)?;
        } else if let Some(end) = identity.expires {
            expires = expires.min(end);
        }
    }
    drop(state);
    let issued = issue(core, subject, keys, expires, renewal, fault)?;
    core.counters.change(|counts| if renewal { counts.renewed += 1 } else { counts.impersonated += 1 });
    Ok(issued)
}

fn instant(at: &prost_types::Timestamp) -> Option<SystemTime> {
    let seconds = u64::try_from(at.seconds).ok()?;
    let nanos = u32::try_from(at.nanos).ok()?;
    SystemTime::UNIX_EPOCH.checked_add(Duration::new(seconds, nanos))
}

/// Checks the roles and fills in what they give; returns how long the shortest-lived one allows.
fn impersonate(
    core: &Core,
    state: &State,
    bot: &Bot,
    request: &UserCertsRequest,
    subject: &mut UserSubject,
) -> Result<Duration, Refusal> {
    let asked = &request.role_requests;
    for name in asked {
        if !state.roles.contains_key(name) && !state.bots.contains_key(name) {
            return Err(Refusal::not_found(format!("role {name} is not found")));
        }
    }
    if asked.iter().any(|name| !bot.roles.contains(name)) {
        let list = asked.iter().map(|name| format!("{name:?}")).collect::<Vec<_>>().join(" ");
        return Err(Refusal::denied(format!("user {:?} has requested role impersonation for [{list}]", bot.user())));
    }
    let granted = if core.settings.all_roles { &bot.roles } else { asked };
    let mut longest = LONGEST;
    for name in granted {
        if let Some(lock) = state.lock_on_target(&LockTarget::Role(name.clone())) {
            return Err(Refusal::denied(lock_message(lock)));
        }
        let Some(role) = state.roles.get(name) else { continue };
        longest = longest.min(role.max_session_ttl);
        add(&mut subject.roles, std::slice::from_ref(name));
        add(&mut subject.principals, &role.logins);
        add(&mut subject.kube_groups, &role.kube_groups);
        add(&mut subject.kube_users, &role.kube_users);
    }
    if subject.principals.is_empty() {
        subject.principals.push(no_login());
    }
    subject.principals.push("-teleport-internal-join".to_owned());
    subject.impersonator = bot.user();
    subject.disallow_reissue = !request.reissuable_role_impersonation;
    Ok(longest)
}

fn add(to: &mut Vec<String>, names: &[String]) {
    for name in names {
        if !to.contains(name) {
            to.push(name.clone());
        }
    }
}

/// Fills in where the certificates are to be used.
fn route(core: &Core, state: &State, request: &UserCertsRequest, subject: &mut UserSubject) -> Result<(), Refusal> {
    let cluster = &core.settings.cluster;
    let to = if request.route_to_cluster.is_empty() { cluster } else { &request.route_to_cluster };
    if to != cluster && core.settings.leaf.as_ref() != Some(to) {
        return Err(Refusal::not_found(format!("remote cluster {to:?} is not found")));
    }
    subject.route_to_cluster.clone_from(to);
    let kube = &request.kubernetes_cluster;
    if kube.is_empty() {
        subject.kube_cluster = only_kube(core, &state.kubes);
    } else if to == cluster && !state.kubes.iter().any(|known| known.name == *kube) {
        return Err(Refusal::bad_parameter(format!(
            "Kubernetes cluster {kube:?} is not registered in this Teleport cluster; \
             you can list registered Kubernetes clusters using 'tsh kube ls'"
        )));
    } else {
        subject.kube_cluster.clone_from(kube);
    }
    subject.usage = match request.usage() {
        CertUsage::Kubernetes => Some("usage:kube".to_owned()),
        CertUsage::Database => Some("usage:db".to_owned()),
        CertUsage::App => Some("usage:apps".to_owned()),
        _ => None,
    };
    if let Some(db) = &request.route_to_database {
        subject.database = [&db.service_name, &db.protocol, &db.username, &db.database].map(Clone::clone);
    }
    if let Some(app) = &request.route_to_app {
        subject.app = [&app.session_id, &app.cluster_name, &app.public_addr, &app.name].map(Clone::clone);
    }
    Ok(())
}

/// One key before version 17, two from then on.
fn keys(core: &Core, request: &UserCertsRequest) -> Result<SubjectKeys, Refusal> {
    let split = !request.ssh_public_key.is_empty() || !request.tls_public_key.is_empty();
    if core.settings.major() < 17 || !split {
        return SubjectKeys::from_line(&request.public_key);
    }
    let mut keys = SubjectKeys { ssh: None, tls: None };
    if !request.ssh_public_key.is_empty() {
        keys.ssh = SubjectKeys::from_line(&request.ssh_public_key)?.ssh;
    }
    if request.tls_public_key.is_empty() { Ok(keys) } else { keys.with_tls_pem(&request.tls_public_key) }
}

/// Advances the generation, or locks the bot when an old one is presented (protocol section E).
fn next_generation(core: &Core, state: &mut State, identity: &Identity) -> Result<u64, Refusal> {
    let presented = identity.generation;
    let instances = core.settings.has_bot_instances();
    let bot = state.bots.get_mut(&identity.user).ok_or_else(Refusal::access_denied)?;
    let known = if instances { bot.instances.get(&identity.bot_instance).copied() } else { bot.generation };
    let stored = known.unwrap_or(0);
    if known == Some(presented) {
        if instances {
            bot.instances.insert(identity.bot_instance.clone(), stored + 1);
        } else {
            bot.generation = Some(stored + 1);
        }
        return Ok(stored + 1);
    }
    let whose = if instances { format!(" for bot {}/{}", bot.name, identity.bot_instance) } else { String::new() };
    let found = match known {
        None if instances => "instance not found".to_owned(),
        _ => format!("stored={stored}, presented={presented}"),
    };
    // Version 18 locks no more than the instance (teleport-17-to-20).
    let (target, which, kind) = if core.settings.major() >= 18 {
        let id = &identity.bot_instance;
        (LockTarget::BotInstance(id.clone()), format!("bot instance {}/{id}", bot.name), "cert")
    } else {
        let user = &identity.user;
        (LockTarget::User(user.clone()), format!("bot user {user:?}"), "renewable cert")
    };
    state.lock(target, &format!("The {which} has been locked due to a certificate generation mismatch"));
    core.counters.change(|counts| counts.locks += 1);
    Err(Refusal::denied(format!("{kind} generation mismatch{whose}: {found}")))
}
