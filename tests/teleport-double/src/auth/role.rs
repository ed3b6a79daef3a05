//! `GetRole`: everybody may read a role that they hold. A bot's own role names the roles that it may take.

use prost::Message;
use teleport_api::auth::GetRoleRequest;

use super::refusal::Refusal;
use super::wire::Wire;
use crate::ca::identity::Identity;
use crate::control::Core;

pub(super) fn get(core: &Core, caller: &Identity, body: &[u8]) -> Result<Vec<u8>, Refusal> {
    let request =
        GetRoleRequest::decode(body).map_err(|error| Refusal::bad_parameter(format!("malformed request: {error}")))?;
    let name = request.name.as_str();
    if !caller.roles.iter().any(|role| role == name) {
        return Err(Refusal::denied(format!("access denied to perform action \"read\" on \"role\" {name:?}")));
    }
    let state = core.state();
    let mut impersonate = Wire::default();
    if let Some(bot) = state.bots.get(name) {
        for role in &bot.roles {
            impersonate = impersonate.bytes(2, role);
        }
    } else if !state.roles.contains_key(name) {
        return Err(Refusal::not_found(format!("role {name} is not found")));
    }
    let mut allow = Wire::default();
    if let Some(role) = state.roles.get(name) {
        let all = || (vec!["*".to_owned()], vec!["*".to_owned()]);
        let (users, names) = role.databases.clone().unwrap_or_else(all);
        allow = names.iter().fold(allow, |wire, name| wire.bytes(12, name));
        allow = users.iter().fold(allow, |wire, user| wire.bytes(13, user));
    }
    let allow = allow.message(14, impersonate);
    let spec = Wire::default().message(2, allow);
    let metadata = Wire::default().bytes(1, name).bytes(2, "default");
    Ok(Wire::default().bytes(1, "role").bytes(3, "v6").message(4, metadata).message(5, spec).finish())
}
