//! The tunnels of a lease: `tunnels` in `acquire` of `contract/README.md`.

use crate::config::diagnostic::Diagnostics;
use crate::config::model::{LeaseTunnel, OutputType, TunnelKind};
use crate::config::read::output::required_name;
use crate::config::read::tree::{Section, Tree};
use crate::config::read::value;
use crate::vocabulary::limits;

/// Reads the list. Only a lease that ends has tunnels, and those of a leaf cluster are no target of its root.
pub(super) fn tunnels(
    tree: Option<Tree>,
    standing: bool,
    leaf: Option<&str>,
    diagnostics: &mut Diagnostics,
) -> Vec<LeaseTunnel> {
    let Some(tree) = tree else { return Vec::new() };
    let whole = tree.place.clone();
    let mut tunnels: Vec<LeaseTunnel> = Vec::new();
    for entry in tree.list(diagnostics, limits::TUNNELS) {
        let place = entry.place.clone();
        let Some(tunnel) = tunnel(entry, diagnostics) else { continue };
        if tunnels.iter().any(|other| other.kind == tunnel.kind) {
            diagnostics.error(&place, "is the same as a tunnel before it; each once");
        }
        tunnels.push(tunnel);
    }
    if tunnels.is_empty() {
        return tunnels;
    }
    if standing {
        diagnostics.error(&whole, "stands beside standing, and a tunnel ends with its lease; leave one of them out");
    }
    if leaf.is_some() {
        let message = "stands beside route_to_cluster, and a tunnel leads to what the root cluster has; take a lease of \
                       its own for it";
        diagnostics.error(&whole, message);
    }
    tunnels
}

fn tunnel(tree: Tree, diagnostics: &mut Diagnostics) -> Option<LeaseTunnel> {
    let mut section = tree.section(diagnostics)?;
    let how = format!("write {} or {}", OutputType::Database, OutputType::Application);
    let kind = section.require("type", diagnostics, &how).and_then(|tree| tree.parse(diagnostics, tunnel_type));
    let Some(kind) = kind else {
        section.ignore_rest();
        return None;
    };
    let kind = match kind {
        OutputType::Database => {
            let service = required_name(&mut section, "service", diagnostics);
            let username = said(&mut section, "username", "write the user of the database", diagnostics);
            let database = said(&mut section, "database", "write the name of the database", diagnostics);
            service.zip(username).zip(database).map(|((service, username), database)| TunnelKind::Database {
                service,
                username,
                database,
            })
        }
        _ => required_name(&mut section, "app", diagnostics).map(|app| TunnelKind::Application { app }),
    };
    let port = section.take("port").and_then(|tree| {
        let place = tree.place.clone();
        let port = tree.number(diagnostics, 0, limits::TUNNEL_PORT_MAX)?;
        if port != 0 && port < limits::TUNNEL_PORT_MIN {
            let message = format!("is {port}; write 0 for any free port, or one from {} on", limits::TUNNEL_PORT_MIN);
            diagnostics.error(&place, message);
        }
        u16::try_from(port).ok()
    });
    section.finish(diagnostics);
    Some(LeaseTunnel { kind: kind?, port })
}

fn tunnel_type(text: &str) -> Result<OutputType, String> {
    let known = [OutputType::Database, OutputType::Application];
    let found = known.into_iter().find(|known| known.as_str() == text);
    found.ok_or_else(|| format!("is {}; write {} or {}", value::shown(text), known[0], known[1]))
}

fn said(section: &mut Section, key: &'static str, how: &str, diagnostics: &mut Diagnostics) -> Option<String> {
    section.require(key, diagnostics, how)?.parse(diagnostics, value::name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::AcquireRequest;

    fn read(rest: &str) -> Result<Vec<LeaseTunnel>, String> {
        let text = format!(r#"{{"lease":"{}","identity":"api","directory":"/d",{rest}}}"#, "a".repeat(32));
        let request = AcquireRequest::from_json(text.as_bytes()).map_err(|error| error.to_string());
        request.map(|(request, _)| request.tunnels)
    }

    fn application(app: &str, port: Option<u16>) -> LeaseTunnel {
        LeaseTunnel { kind: TunnelKind::Application { app: app.to_owned() }, port }
    }

    #[test]
    fn tunnels_are_read_as_the_contract_says() {
        let text = include_bytes!("../../../../../contract/acquire-tunnels.request.json");
        let (request, _) = AcquireRequest::from_json(text).unwrap();
        let orders = TunnelKind::Database {
            service: "orders".to_owned(),
            username: "ci".to_owned(),
            database: "orders".to_owned(),
        };
        let orders = LeaseTunnel { kind: orders, port: Some(0) };
        assert_eq!(request.tunnels, [orders, application("grafana", Some(0))]);
        let read = read(r#""tunnels":[{"type":"application","app":"a"},{"type":"application","app":"b","port":1024}]"#);
        assert_eq!(read.unwrap(), [application("a", None), application("b", Some(1024))]);
    }

    #[test]
    fn what_can_be_no_tunnel_of_a_lease_is_said() {
        let many = format!(r#""tunnels":[{}]"#, vec![r#"{"type":"application","app":"a"}"#; 17].join(","));
        for (rest, words) in [
            (r#""tunnels":[{"type":"identity"}]"#, "tunnels[0].type: is \"identity\"; write database or application"),
            (r#""tunnels":[{"type":"database","service":"d"}]"#, "tunnels[0].username: is missing"),
            (r#""tunnels":[{"type":"database","service":"d","username":"u","database":"d","format":"tls"}]"#, "format"),
            (r#""tunnels":[{"type":"application","app":"a","port":1023}]"#, "from 1024 on"),
            (r#""tunnels":[{"type":"application","app":"a","port":65536}]"#, "allowed are 0 to 65535"),
            (
                r#""tunnels":[{"type":"application","app":"a"},{"type":"application","app":"a","port":0}]"#,
                "tunnels[1]: is the same as a tunnel before it",
            ),
            (r#""standing":true,"tunnels":[{"type":"application","app":"a"}]"#, "stands beside standing"),
            (
                r#""route_to_cluster":"leaf","tunnels":[{"type":"application","app":"a"}]"#,
                "stands beside route_to_cluster",
            ),
            (&many, "16"),
        ] {
            let error = read(rest).unwrap_err();
            assert!(error.contains(words), "{rest}: {error}");
        }
    }
}
