//! Databases and applications behind the proxy (protocol section L): who may connect, and the way to what really serves.

mod postgres;

use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpStream;

use crate::ca::identity::Identity;
use crate::control::Core;
use crate::web::peer::Peer;
use crate::web::stream::Io;

/// What a refusal is called where nothing says it to the client.
type Refused = String;

/// A connection whose certificate is routed to a database.
pub(crate) async fn database(core: Arc<Core>, peer: Peer, client: Io) {
    let Some(identity) = peer.identity.clone() else { return };
    let [service, protocol, user, name] = &identity.database;
    let backend = admit(&core, &peer, &identity).and_then(|()| {
        let state = core.state();
        let found = state.databases.iter().find(|found| found.name == *service && found.protocol == *protocol);
        let address = found.and_then(|found| found.address.clone());
        let may = identity.roles.iter().filter_map(|role| state.roles.get(role)).any(|role| role.admits(user, name));
        if !may {
            return Err(
                "access to db denied. User does not have permissions. Confirm database user and name.".to_owned()
            );
        }
        address.ok_or_else(|| format!("database {service} isn't there"))
    });
    let ended = async {
        if protocol == "postgres" {
            return postgres::serve(&core, client, backend, user, name).await;
        }
        let backend = backend.map_err(std::io::Error::other)?;
        join(client, Box::new(TcpStream::connect(backend).await?)).await
    };
    while_admitted(&core, &peer, &identity, ended).await;
}

/// A connection whose certificate is routed to an application.
pub(crate) async fn application(core: Arc<Core>, peer: Peer, client: Io) {
    let Some(identity) = peer.identity.clone() else { return };
    let name = &identity.app;
    let backend = admit(&core, &peer, &identity).and_then(|()| {
        let state = core.state();
        let found = state.apps.iter().find(|found| found.name == *name);
        let address = found.and_then(|found| found.uri.split_once("://")).map(|(_, address)| address.to_owned());
        address.ok_or_else(|| format!("application {name} isn't there"))
    });
    let ended = async {
        let backend = backend.map_err(std::io::Error::other)?;
        join(client, Box::new(TcpStream::connect(backend).await?)).await
    };
    while_admitted(&core, &peer, &identity, ended).await;
}

async fn join(mut client: Io, mut backend: Io) -> std::io::Result<()> {
    tokio::io::copy_bidirectional(&mut client, &mut backend).await.map(|_| ())
}

fn admit(core: &Core, peer: &Peer, identity: &Identity) -> Result<(), Refused> {
    let state = core.state();
    let refused = peer.intermediates
        || identity.impersonator.is_empty()
        || !state.bots.contains_key(&identity.user)
        || state.lock_on(identity).is_some();
    if refused { Err("access denied".to_owned()) } else { Ok(()) }
}

/// A locked identity's open connections are cut (protocol section J).
async fn while_admitted(
    core: &Core,
    peer: &Peer,
    identity: &Identity,
    ended: impl Future<Output = std::io::Result<()>>,
) {
    let locked = async {
        loop {
            tokio::time::sleep(Duration::from_millis(50)).await;
            if admit(core, peer, identity).is_err() {
                return;
            }
        }
    };
    tokio::select! {
        ended = ended => if let Err(error) = ended {
            tracing::debug!("a tunnel ended: {error}");
        },
        () = locked => {}
    }
}
