//! `ListResources` (protocol section D3): what a role certificate sees; the bot itself sees nothing.

use std::time::{Duration, SystemTime};

use prost::Message;
use teleport_api::auth::ListResourcesRequest;

use super::refusal::Refusal;
use super::wire::Wire;
use crate::ca::identity::Identity;
use crate::control::{App, Core, Database, Kube, Node};

/// One page.
pub(crate) fn list(core: &Core, caller: &Identity, body: &[u8]) -> Result<Vec<u8>, Refusal> {
    let request = ListResourcesRequest::decode(body).map_err(|error| Refusal::plain(error.to_string()))?;
    let state = core.state();
    let mut resources: Vec<Wire> = match request.resource_type.as_str() {
        "node" => {
            let labelled = |item: &&Node| request.labels.iter().all(|(label, value)| item.has(label, value));
            let here = state.nodes.iter().filter(|item| item.cluster == core.settings.cluster).filter(labelled);
            here.map(|item| Wire::default().message(3, node(core, item))).collect()
        }
        "kube_server" => {
            let labelled = |item: &&Kube| request.labels.iter().all(|label| item.labels.contains(&owned(label)));
            let seen = state.kubes.iter().filter(labelled).filter(|item| state.sees_kube(caller, &item.name));
            seen.map(|item| Wire::default().message(7, kube(core, item))).collect()
        }
        "db_server" => state.databases.iter().map(|item| Wire::default().message(1, database(core, item))).collect(),
        "app_server" => state.apps.iter().map(|item| Wire::default().message(2, app(core, item))).collect(),
        other => return Err(Refusal::not_implemented(format!("resource type {other} is not supported"))),
    };
    if caller.impersonator.is_empty() {
        resources.clear();
    }
    let start: usize = request.start_key.parse().unwrap_or(0);
    let limit = usize::try_from(request.limit).ok().filter(|limit| *limit > 0).unwrap_or(1000);
    let total = resources.len();
    let page = resources.into_iter().skip(start).take(limit);
    let mut wire = page.fold(Wire::default(), |wire, resource| wire.message(1, resource));
    if start + limit < total {
        wire = wire.bytes(2, (start + limit).to_string());
    }
    if request.need_total_count {
        wire = wire.number(3, u64::try_from(total).unwrap_or(u64::MAX));
    }
    Ok(wire.finish())
}

fn header(core: &Core, kind: &str, version: &str, name: &str, labels: &[(String, String)]) -> Wire {
    let expires = (core.now() + Duration::from_secs(600)).duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let expires = Wire::default().number(1, expires.as_secs()).number(2, expires.subsec_nanos().into());
    Wire::default().bytes(1, kind).bytes(3, version).message(
        4,
        labels
            .iter()
            .fold(metadata(name), |wire, (name, value)| wire.message(5, label(name, value)))
            .message(6, expires)
            .number(7, 1)
            .bytes(8, "1"),
    )
}

fn metadata(name: &str) -> Wire {
    Wire::default().bytes(1, name).bytes(2, "default")
}

fn owned((label, value): (&String, &String)) -> (String, String) {
    (label.clone(), value.clone())
}

fn label(name: &str, value: &str) -> Wire {
    Wire::default().bytes(1, name).bytes(2, value)
}

/// A server's rotation state when there never was one: Go's zero times.
fn no_rotation() -> Wire {
    let zero = || Wire::default().number(1, 18_446_744_011_573_954_816);
    let schedule = Wire::default().message(1, zero()).message(2, zero()).message(3, zero());
    Wire::default().message(5, zero()).message(7, zero()).message(8, schedule)
}

fn node(core: &Core, node: &Node) -> Wire {
    let mut spec = Wire::default().bytes(1, &node.address).bytes(3, &node.name);
    for (name, output) in &node.command_labels {
        spec = spec.message(4, Wire::default().bytes(1, name).message(2, Wire::default().bytes(3, output)));
    }
    let spec = spec.message(5, no_rotation()).bytes(7, &core.settings.version);
    header(core, "node", "v2", &node.id, &node.labels).message(5, spec)
}

fn kube(core: &Core, kube: &Kube) -> Wire {
    let empty = Wire::default;
    let spec = empty().message(3, empty()).message(4, empty()).message(5, empty());
    let cluster = empty()
        .bytes(1, "kube_cluster")
        .bytes(3, "v3")
        .message(
            4,
            kube.labels.iter().fold(metadata(&kube.name), |wire, (name, value)| wire.message(5, label(name, value))),
        )
        .message(5, spec);
    let server = empty()
        .bytes(1, &core.settings.version)
        .bytes(2, "remote.kube.proxy.teleport.cluster.local")
        .bytes(3, "e6bdac47-5f8d-4e97-a077-2ee983bd1b5d")
        .message(4, no_rotation())
        .message(5, cluster);
    header(core, "kube_server", "v3", &kube.name, &[]).message(5, server)
}

/// The numbers within the database's own specification (protocol 1, address 2) are not recorded.
fn database(core: &Core, database: &Database) -> Wire {
    let spec = Wire::default().bytes(1, &database.protocol).bytes(2, "localhost:5432");
    let item = Wire::default().bytes(1, "db").bytes(3, "v3").message(4, metadata(&database.name)).message(5, spec);
    let server = Wire::default().bytes(8, "e6bdac47-5f8d-4e97-a077-2ee983bd1b5d").message(12, item);
    header(core, "db_server", "v3", &database.name, &[]).message(5, server)
}

/// Numbers within the application's server are not recorded: URI 1 and public address 2 of the
/// application, the application 5 of its server's specification.
fn app(core: &Core, app: &App) -> Wire {
    let spec = Wire::default().bytes(1, &app.uri).bytes(2, &app.public_address);
    let item = Wire::default().bytes(1, "app").bytes(3, "v3").message(4, metadata(&app.name)).message(5, spec);
    let server = Wire::default()
        .bytes(1, &core.settings.version)
        .bytes(3, "e6bdac47-5f8d-4e97-a077-2ee983bd1b5d")
        .message(5, item);
    header(core, "app_server", "v3", &app.name, &[]).message(5, server)
}
