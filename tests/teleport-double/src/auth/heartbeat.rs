//! `SubmitHeartbeat`: what an instance of a bot says about itself, from version 16.2 on.

use prost::Message;
use teleport_api::machineid::{SubmitHeartbeatRequest, SubmitHeartbeatResponse};

use super::refusal::Refusal;
use crate::ca::identity::Identity;
use crate::control::{Core, Heartbeat};

pub(super) fn submit(core: &Core, caller: &Identity, body: &[u8]) -> Result<Vec<u8>, Refusal> {
    let request = SubmitHeartbeatRequest::decode(body)
        .map_err(|error| Refusal::bad_parameter(format!("malformed request: {error}")))?;
    let mut sent = request.heartbeat.ok_or_else(|| Refusal::bad_parameter("heartbeat: must be non-nil"))?;
    if caller.bot_instance.is_empty() {
        return Err(Refusal::denied("identity did not contain bot instance id"));
    }
    sent.recorded_at = Some(core.now().into());
    let (user, bot_instance) = (caller.user.clone(), caller.bot_instance.clone());
    core.state().heartbeats.push(Heartbeat { user, bot_instance, sent });
    Ok(SubmitHeartbeatResponse {}.encode_to_vec())
}
