//! `WatchEvents` for certificate authorities (protocol section D3).

use futures_util::{StreamExt, stream};
use prost::Message;
use teleport_api::auth::Watch;

use super::grpc::Messages;
use super::refusal::Refusal;
use super::trust::resource;
use super::wire::Wire;
use crate::ca::AuthorityKind;
use crate::ca::authority::Authority;
use crate::control::Core;

const PUT: u64 = 1;

/// INIT, then a PUT each time a watched authority changes.
pub(crate) fn watch(core: &Core, body: &[u8]) -> Result<Messages, Refusal> {
    let request = Watch::decode(body).map_err(|error| Refusal::plain(error.to_string()))?;
    if let Some(kind) = request.kinds.iter().find(|kind| kind.kind != "cert_authority" || kind.load_secrets) {
        return Err(Refusal::denied(format!("access denied to perform action \"read\" on {:?}", kind.kind)));
    }
    if request.kinds.is_empty() {
        return Err(Refusal::bad_parameter("can't setup watch with no kinds"));
    }
    let filter: Vec<String> = request.kinds.iter().flat_map(|kind| kind.filter.keys().cloned()).collect();
    let init = stream::iter([Vec::new()]);
    let changes = stream::unfold(core.rotations.subscribe(), move |mut changes| {
        let filter = filter.clone();
        async move {
            loop {
                let (kind, authority) = changes.recv().await.ok()?;
                if filter.is_empty() || filter.iter().any(|name| name == kind.as_str()) {
                    return Some((event(&authority, kind), changes));
                }
            }
        }
    });
    Ok(init.chain(changes).boxed())
}

fn event(authority: &Authority, kind: AuthorityKind) -> Vec<u8> {
    Wire::default().number(1, PUT).message(3, resource(authority, kind, None)).finish()
}
