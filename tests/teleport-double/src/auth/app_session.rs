//! `CreateAppSession`: up to version 15 a certificate for an application names a session (protocol section D3).

use prost::Message;
use teleport_api::auth::CreateAppSessionRequest;

use super::refusal::Refusal;
use super::wire::Wire;
use crate::ca::identity::Identity;
use crate::control::{Core, uuid};

pub(super) fn create(core: &Core, caller: &Identity, body: &[u8]) -> Result<Vec<u8>, Refusal> {
    let request = CreateAppSessionRequest::decode(body)
        .map_err(|error| Refusal::bad_parameter(format!("malformed request: {error}")))?;
    // The bot itself may use no application; only what it issues may.
    if request.username != caller.user || caller.impersonator.is_empty() {
        return Err(Refusal::access_denied());
    }
    let known = core.state().apps.iter().any(|app| app.public_address == request.public_addr);
    if !known || request.cluster_name != core.settings.cluster {
        return Err(Refusal::not_found(format!("application {:?} is not found", request.public_addr)));
    }
    let id = uuid().replace('-', "").repeat(2);
    let metadata = Wire::default().bytes(1, id).bytes(2, "default");
    let session = Wire::default().bytes(1, "web_session").bytes(2, "app").bytes(3, "v2").message(4, metadata);
    Ok(Wire::default().message(1, session).finish())
}
